//! An anchor where contract accounts log in, on a network that knows contracts.

use actix_web::test::TestRequest;
use anchor_core::AnchorBuilder;
use anchor_core::account::{AccountId, ContractId};
use anchor_core::keys::SigningKey;
use anchor_core::testing::fakes::samples;
use anchor_devnet::{CloseMode, ContractKind, Devnet, DevnetBuilder};
use anchor_tests::contract_wallet::{call, credentials, decode, encode, sign};
use anchor_tests::web::{Answer, TestAnchor};
use anyhow::{Context as _, Result, ensure};
use serde_json::json;
use stellar_xdr::{
    PublicKey, ScMap, ScMapEntry, ScString, ScSymbol, ScVal, SorobanAuthorizationEntry,
    SorobanAuthorizedFunction, Uint256,
};

/// Path of both methods.
pub(super) const PATH: &str = "/auth/contracts";

/// What ledgers a wallet signs for beyond the last one.
pub(super) const LEDGERS: u32 = 60;

pub(super) struct Stand {
    pub(super) devnet: Devnet,
    pub(super) anchor: TestAnchor,
}

/// The web authentication contract.
pub(super) fn web_auth() -> ContractId {
    ContractId::from_bytes([45; 32])
}

/// An account with one key, [`key`].
pub(super) fn client() -> ContractId {
    ContractId::from_bytes([7; 32])
}

/// What the client signs with.
pub(super) fn key() -> SigningKey {
    SigningKey::from_seed([77; 32])
}

pub(super) fn on_devnet(account: &AccountId) -> stellar_xdr::AccountId {
    stellar_xdr::AccountId(PublicKey::PublicKeyTypeEd25519(Uint256(*account.as_bytes())))
}

impl Stand {
    pub(super) async fn new() -> Result<Self> {
        Self::with(&[], |devnet| devnet).await
    }

    pub(super) async fn with(
        settings: &[(&str, &str)],
        change: impl FnOnce(DevnetBuilder) -> DevnetBuilder,
    ) -> Result<Self> {
        Self::of(settings, change, |builder| builder).await
    }

    /// With other parts of the anchor as well.
    pub(super) async fn of(
        settings: &[(&str, &str)],
        change: impl FnOnce(DevnetBuilder) -> DevnetBuilder,
        parts: impl FnOnce(AnchorBuilder) -> AnchorBuilder,
    ) -> Result<Self> {
        let devnet = change(Devnet::builder().close(CloseMode::Manual)).start().await?;
        devnet.fund(&on_devnet(&samples::distribution().account())).await?;
        devnet.install_contract(*web_auth().as_bytes(), ContractKind::WebAuth);
        devnet.install_contract(*client().as_bytes(), ContractKind::Key { key: *key().account().as_bytes() });
        let (contract, rpc) = (web_auth().to_string(), devnet.rpc_url());
        let ours = [("WEB_AUTH_CONTRACT_ID", contract.as_str()), ("SEP45_RPC_URI", rpc.as_str())];
        let settings: Vec<_> = settings.iter().copied().chain(ours).collect();
        let anchor = TestAnchor::with(&settings, parts).await?;
        Ok(Self { devnet, anchor })
    }

    pub(super) fn latest(&self) -> u32 {
        self.devnet.network().latest().sequence
    }

    /// What `GET` answers for this account, and these further parameters.
    pub(super) async fn ask(&self, account: &ContractId, more: &str) -> Answer {
        self.anchor.get(&format!("{PATH}?account={account}&home_domain=localhost:8000{more}"), "").await
    }

    /// The entries of a fresh challenge.
    pub(super) async fn challenge(&self, account: &ContractId) -> Result<Vec<SorobanAuthorizationEntry>> {
        entries(&self.ask(account, "").await)
    }

    /// A challenge of [`client`] that is signed.
    pub(super) async fn signed(&self) -> Result<Vec<SorobanAuthorizationEntry>> {
        let mut entries = self.challenge(&client()).await?;
        self.sign(&mut entries, &key())?;
        Ok(entries)
    }

    /// Signs the client's entry.
    pub(super) fn sign(&self, entries: &mut [SorobanAuthorizationEntry], key: &SigningKey) -> Result<()> {
        self.sign_until(entries, key, self.latest() + LEDGERS)
    }

    pub(super) fn sign_until(
        &self,
        entries: &mut [SorobanAuthorizationEntry],
        key: &SigningKey,
        expiration: u32,
    ) -> Result<()> {
        sign(of_client(entries)?, key, expiration, &self.anchor.anchor.config().network)
    }

    /// Sends entries as JSON.
    pub(super) async fn send(&self, entries: &[SorobanAuthorizationEntry]) -> Result<Answer> {
        Ok(self.send_text(&encode(entries.to_vec())?).await)
    }

    pub(super) async fn send_text(&self, entries: &str) -> Answer {
        self.anchor.post(PATH, "", json!({ "authorization_entries": entries })).await
    }

    /// The same as a form, as it is written.
    pub(super) async fn send_form(&self, form: String) -> Answer {
        let request = TestRequest::post().uri(PATH);
        let request = request.insert_header(("content-type", "application/x-www-form-urlencoded"));
        self.anchor.call(request.set_payload(form)).await
    }

    /// The token of [`client`].
    pub(super) async fn log_in(&self) -> Result<String> {
        let answer = self.send(&self.signed().await?).await?;
        ensure!(answer.status == 200, "no token: {answer:?}");
        Ok(answer.json()?["token"].as_str().context("a token")?.to_owned())
    }
}

/// What a challenge contains.
pub(super) fn entries(answer: &Answer) -> Result<Vec<SorobanAuthorizationEntry>> {
    ensure!(answer.status == 200, "no challenge: {answer:?}");
    decode(answer.json()?["authorization_entries"].as_str().context("a text")?)
}

/// The one that a contract account signs.
pub(super) fn of_client(entries: &mut [SorobanAuthorizationEntry]) -> Result<&mut SorobanAuthorizationEntry> {
    let is_contract = |entry: &&mut SorobanAuthorizationEntry| {
        credentials(entry).is_ok_and(|it| matches!(it.address, stellar_xdr::ScAddress::Contract(_)))
    };
    entries.iter_mut().find(is_contract).context("an entry of the client")
}

/// The one of this account.
pub(super) fn of_account<'a>(
    entries: &'a mut [SorobanAuthorizationEntry],
    account: &AccountId,
) -> Result<&'a mut SorobanAuthorizationEntry> {
    let address = anchor_tests::contract_wallet::account(account);
    let is_of =
        |entry: &&mut SorobanAuthorizationEntry| credentials(entry).is_ok_and(|it| it.address == address);
    entries.iter_mut().find(is_of).context("an entry of the account")
}

/// Another challenge than was issued, with our signature all the same: what no wallet can make, so that each rule is seen to
/// hold by itself. Changes the arguments of all entries, and signs those of the server and the client.
pub(super) fn forge(
    stand: &Stand,
    entries: &mut [SorobanAuthorizationEntry],
    change: impl FnOnce(&mut Vec<ScMapEntry>),
) -> Result<()> {
    let [ScVal::Map(Some(map))] = call(&entries[0])?.args.as_slice() else { anyhow::bail!("not one map") };
    let mut arguments = map.0.to_vec();
    change(&mut arguments);
    let map = ScVal::Map(Some(ScMap(arguments.try_into()?)));
    for entry in entries.iter_mut() {
        let SorobanAuthorizedFunction::ContractFn(call) = &mut entry.root_invocation.function else {
            anyhow::bail!("not a call");
        };
        call.args = [map.clone()].try_into()?;
    }
    sign_all(stand, entries)
}

/// Signs for the server and the client.
pub(super) fn sign_all(stand: &Stand, entries: &mut [SorobanAuthorizationEntry]) -> Result<()> {
    let server = samples::distribution();
    let network = &stand.anchor.anchor.config().network;
    sign(of_account(entries, &server.account())?, &server, stand.latest() + 180, network)?;
    stand.sign(entries, &key())
}

/// A symbol and a string.
pub(super) fn argument(name: &str, value: &str) -> Result<ScMapEntry> {
    Ok(ScMapEntry {
        key: ScVal::Symbol(ScSymbol(name.try_into()?)),
        val: ScVal::String(ScString(value.try_into()?)),
    })
}

/// Puts this value in the place of the one of that name.
pub(super) fn replace(arguments: &mut [ScMapEntry], name: &str, value: &str) {
    let replaced = argument(name, value).unwrap();
    let place = arguments.iter_mut().find(|entry| entry.key == replaced.key).unwrap();
    *place = replaced;
}
