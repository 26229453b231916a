//! The wallet of a contract account: it checks what it is asked to sign (SEP-45), and signs with one key.

use anchor_core::account::{AccountId, ContractId};
use anchor_core::keys::SigningKey;
use anchor_core::stellar::Network;
use anyhow::{Context as _, Result, bail, ensure};
use sha2::{Digest as _, Sha256};
use stellar_xdr::{
    Hash, HashIdPreimage, HashIdPreimageSorobanAuthorization, HashIdPreimageSorobanAuthorizationWithAddress,
    InvokeContractArgs, Limits, PublicKey, ReadXdr as _, ScAddress, ScBytes, ScMap, ScMapEntry, ScSymbol,
    ScVal, ScVec, SorobanAddressCredentials, SorobanAuthorizationEntries, SorobanAuthorizationEntry,
    SorobanAuthorizedFunction, SorobanAuthorizedInvocation, SorobanCredentials, Uint256, WriteXdr as _,
};

const LIMITS: Limits = Limits { depth: 200, len: 100_000 };

/// What came from the server, decoded.
///
/// # Errors
/// When it is no list of entries.
pub fn decode(entries: &str) -> Result<Vec<SorobanAuthorizationEntry>> {
    Ok(SorobanAuthorizationEntries::from_xdr_base64(entries, LIMITS)?.0.into())
}

/// As it is sent.
///
/// # Errors
/// When it is too long.
pub fn encode(entries: Vec<SorobanAuthorizationEntry>) -> Result<String> {
    Ok(SorobanAuthorizationEntries(entries.try_into()?).to_xdr_base64(LIMITS)?)
}

/// The address that an entry is of, with nonce, expiration and signature.
///
/// # Errors
/// When it is the one of a transaction's source.
pub fn credentials(entry: &SorobanAuthorizationEntry) -> Result<&SorobanAddressCredentials> {
    match &entry.credentials {
        SorobanCredentials::Address(it) | SorobanCredentials::AddressV2(it) => Ok(it),
        SorobanCredentials::AddressWithDelegates(it) => Ok(&it.address_credentials),
        SorobanCredentials::SourceAccount => bail!("credentials of a source account"),
    }
}

/// The same, to be changed.
///
/// # Errors
/// When it is the one of a transaction's source.
pub fn credentials_mut(entry: &mut SorobanAuthorizationEntry) -> Result<&mut SorobanAddressCredentials> {
    match &mut entry.credentials {
        SorobanCredentials::Address(it) | SorobanCredentials::AddressV2(it) => Ok(it),
        SorobanCredentials::AddressWithDelegates(it) => Ok(&mut it.address_credentials),
        SorobanCredentials::SourceAccount => bail!("credentials of a source account"),
    }
}

/// The call that an entry authorizes.
///
/// # Errors
/// When it is no call of a contract.
pub fn call(entry: &SorobanAuthorizationEntry) -> Result<&InvokeContractArgs> {
    match &entry.root_invocation.function {
        SorobanAuthorizedFunction::ContractFn(call) => Ok(call),
        _ => bail!("not a call"),
    }
}

/// The arguments as texts, in the order in which they come.
///
/// # Errors
/// When they are not one map of symbols to strings.
pub fn arguments(entry: &SorobanAuthorizationEntry) -> Result<Vec<(String, String)>> {
    let [ScVal::Map(Some(map))] = call(entry)?.args.as_slice() else { bail!("not one map") };
    let text = |entry: &ScMapEntry| match (&entry.key, &entry.val) {
        (ScVal::Symbol(key), ScVal::String(value)) => {
            Ok((key.0.to_utf8_string()?, value.0.to_utf8_string()?))
        }
        _ => bail!("not a symbol and a string"),
    };
    map.0.iter().map(text).collect()
}

/// The address of a `G…` in entries.
#[must_use]
pub fn account(account: &AccountId) -> ScAddress {
    let key = PublicKey::PublicKeyTypeEd25519(Uint256(*account.as_bytes()));
    ScAddress::Account(stellar_xdr::AccountId(key))
}

/// The address of a `C…` in entries.
#[must_use]
pub fn contract(contract: &ContractId) -> ScAddress {
    ScAddress::Contract(stellar_xdr::ContractId(Hash(*contract.as_bytes())))
}

/// What has to be signed for an entry, as its kind of credentials has it.
///
/// # Errors
/// When nothing has.
pub fn payload(entry: &SorobanAuthorizationEntry, network: &Network) -> Result<[u8; 32]> {
    let it = credentials(entry)?;
    let (nonce, signature_expiration_ledger) = (it.nonce, it.signature_expiration_ledger);
    let (network_id, invocation) = (Hash(*network.id()), entry.root_invocation.clone());
    let preimage = match entry.credentials {
        SorobanCredentials::Address(_) => {
            HashIdPreimage::SorobanAuthorization(HashIdPreimageSorobanAuthorization {
                network_id,
                nonce,
                signature_expiration_ledger,
                invocation,
            })
        }
        _ => HashIdPreimage::SorobanAuthorizationWithAddress(HashIdPreimageSorobanAuthorizationWithAddress {
            network_id,
            nonce,
            signature_expiration_ledger,
            address: it.address.clone(),
            invocation,
        }),
    };
    Ok(Sha256::digest(preimage.to_xdr(LIMITS)?).into())
}

/// The signature of one key, as accounts and most contracts have it.
///
/// # Errors
/// Never, for a key.
pub fn signature(key: &SigningKey, payload: &[u8; 32]) -> Result<ScVal> {
    let entry = |name: &str, bytes: &[u8]| -> Result<ScMapEntry> {
        Ok(ScMapEntry {
            key: ScVal::Symbol(ScSymbol(name.try_into()?)),
            val: ScVal::Bytes(ScBytes(bytes.try_into()?)),
        })
    };
    let map = [entry("public_key", key.account().as_bytes())?, entry("signature", &key.sign(payload))?];
    let map = ScVal::Map(Some(ScMap(map.try_into()?)));
    Ok(ScVal::Vec(Some(ScVec([map].try_into()?))))
}

/// Signs an entry until `expiration`.
///
/// # Errors
/// When it is the one of a transaction's source.
pub fn sign(
    entry: &mut SorobanAuthorizationEntry,
    key: &SigningKey,
    expiration: u32,
    network: &Network,
) -> Result<()> {
    credentials_mut(entry)?.signature_expiration_ledger = expiration;
    let payload = payload(entry, network)?;
    credentials_mut(entry)?.signature = signature(key, &payload)?;
    Ok(())
}

/// What a wallet knows before it signs: from the anchor's stellar.toml, and what it asked for.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Expected {
    /// `WEB_AUTH_CONTRACT_ID`.
    pub contract: ContractId,
    /// `SIGNING_KEY`.
    pub server: AccountId,
    /// Who logs in.
    pub client: ContractId,
    /// `home_domain` as asked.
    pub home_domain: String,
    /// Host of the endpoint.
    pub web_auth_domain: String,
    /// The wallet's own domain and its key, if it asked for that.
    pub client_domain: Option<(String, AccountId)>,
}

impl Expected {
    /// Everything that a wallet may know, without a domain of its own.
    #[must_use]
    pub fn new(
        contract: ContractId,
        server: AccountId,
        client: ContractId,
        home_domain: &str,
        web_auth_domain: &str,
    ) -> Self {
        let (home_domain, web_auth_domain) = (home_domain.to_owned(), web_auth_domain.to_owned());
        Self { contract, server, client, home_domain, web_auth_domain, client_domain: None }
    }

    /// Whether it may be signed (SEP-45, duties of the client before it signs).
    ///
    /// # Errors
    /// What is wrong with the challenge.
    pub fn check(&self, entries: &[SorobanAuthorizationEntry], network: &Network) -> Result<()> {
        for entry in entries {
            let SorobanAuthorizedInvocation { sub_invocations, .. } = &entry.root_invocation;
            ensure!(sub_invocations.is_empty(), "sub-invocations");
            let call = call(entry)?;
            ensure!(call.contract_address == contract(&self.contract), "another contract");
            ensure!(call.function_name.0.as_slice() == b"web_auth_verify", "another function");
            self.check_arguments(entry)?;
        }
        let first = entries.first().context("no entry")?;
        ensure!(
            entries.iter().all(|each| each.root_invocation == first.root_invocation),
            "several challenges"
        );
        let of = |address: &ScAddress| {
            entries.iter().find(|entry| credentials(entry).is_ok_and(|it| it.address == *address))
        };
        let server = of(&account(&self.server)).context("no entry of the server")?;
        let signed =
            server_signature(&credentials(server)?.signature).context("no signature of the server")?;
        let payload = payload(server, network)?;
        ensure!(anchor_core::keys::verify(&self.server, &payload, &signed), "not signed by the server");
        of(&contract(&self.client)).context("no entry of the client")?;
        Ok(())
    }

    fn check_arguments(&self, entry: &SorobanAuthorizationEntry) -> Result<()> {
        let mut wanted = vec![
            ("account", self.client.to_string()),
            ("home_domain", self.home_domain.clone()),
            ("web_auth_domain", self.web_auth_domain.clone()),
            ("web_auth_domain_account", self.server.to_string()),
        ];
        if let Some((domain, key)) = &self.client_domain {
            wanted.extend([("client_domain", domain.clone()), ("client_domain_account", key.to_string())]);
        }
        let found = arguments(entry)?;
        for (name, value) in wanted {
            ensure!(found.contains(&(name.to_owned(), value)), "{name} is another one");
        }
        Ok(())
    }
}

fn server_signature(signature: &ScVal) -> Option<Vec<u8>> {
    let ScVal::Vec(Some(list)) = signature else { return None };
    let ScVal::Map(Some(map)) = list.0.first()? else { return None };
    match &map.0.get(1)?.val {
        ScVal::Bytes(bytes) => Some(bytes.0.to_vec()),
        _ => None,
    }
}
