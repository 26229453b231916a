use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use sha2::{Digest as _, Sha256};
use stellar_xdr::{
    Hash, HashIdPreimage, HashIdPreimageSorobanAuthorization, InvokeContractArgs, ScAddress, ScBytes, ScMap,
    ScMapEntry, ScSymbol, ScVal, ScVec, SorobanAddressCredentials, SorobanAuthorizationEntries,
    SorobanAuthorizationEntry, SorobanAuthorizedFunction, SorobanAuthorizedInvocation, SorobanCredentials,
    VecM, WriteXdr as _,
};

use super::arguments::Arguments;
use super::{ContractChallengeError, nonce};
use crate::account::{AccountId, ContractId};
use crate::domain::Domain;
use crate::keys::SigningKey;
use crate::stellar::challenge::ClientDomain;
use crate::stellar::contracts::FUNCTION;
use crate::stellar::{Network, codec};

/// Fresh random numbers, never used twice.
#[derive(Debug, Clone, Copy)]
pub struct Entropy {
    /// What makes the challenge unique: in its arguments.
    pub challenge: u128,
    /// What makes each signature unique: in the entries of the client, ours, and the client domain's.
    pub entries: [i64; 3],
}

impl Entropy {
    /// From the thread's cryptographic generator.
    pub fn generate() -> Self {
        Self { challenge: rand::random(), entries: rand::random() }
    }
}

/// Everything that goes into a challenge (SEP-45, "Challenge").
#[derive(Debug, Clone)]
pub struct ContractChallengeSpec<'a> {
    /// The network whose passphrase signatures cover.
    pub network: &'a Network,
    /// `SIGNING_KEY` of our stellar.toml.
    pub server: &'a SigningKey,
    /// `WEB_AUTH_CONTRACT_ID` of our stellar.toml.
    pub contract: ContractId,
    /// Who wants in.
    pub client: ContractId,
    /// The domain that the token will be for.
    pub home_domain: &'a str,
    /// Host (and port) of the endpoint, as clients see it.
    pub web_auth_domain: &'a str,
    /// The wallet that wants to be known.
    pub client_domain: Option<ClientDomain>,
    /// Never used twice.
    pub entropy: Entropy,
    /// Until when it is good, in Unix seconds, inclusive.
    pub max_time: u64,
    /// The last ledger that our signature is good for; see [`CHALLENGE_LEDGERS`](super::CHALLENGE_LEDGERS).
    pub expiration_ledger: u32,
}

impl ContractChallengeSpec<'_> {
    /// The challenge, with our entry signed: the base64 XDR of a list for the `authorization_entries` field of the answer.
    ///
    /// # Errors
    /// An account or domain that cannot be challenged.
    pub fn build(&self) -> Result<String, ContractChallengeError> {
        self.check()?;
        let invocation = self.invocation()?;
        let [client, server, wallet] = self.entropy.entries;
        let unsigned = |address, nonce| SorobanAuthorizationEntry {
            credentials: SorobanCredentials::Address(SorobanAddressCredentials {
                address,
                nonce,
                signature_expiration_ledger: 0,
                signature: ScVal::Void,
            }),
            root_invocation: invocation.clone(),
        };
        let mut entries = vec![unsigned(contract(&self.client), client), self.signed(&invocation, server)?];
        if let Some(domain) = &self.client_domain {
            entries.push(unsigned(account(&domain.account), wallet));
        }
        let entries = SorobanAuthorizationEntries(entries.try_into().map_err(failed)?);
        Ok(BASE64_STANDARD.encode(entries.to_xdr(codec::limits()).map_err(failed)?))
    }

    fn check(&self) -> Result<(), ContractChallengeError> {
        let server = self.server.account();
        let is_ours = self.client_domain.as_ref().is_some_and(|wallet| wallet.account == server);
        if self.client == self.contract || is_ours {
            return Err(ContractChallengeError::ReservedAccount);
        }
        check_domain("home_domain", self.home_domain)?;
        check_domain("web_auth_domain", self.web_auth_domain)?;
        match &self.client_domain {
            Some(wallet) => check_domain("client_domain", &wallet.domain),
            None => Ok(()),
        }
    }

    fn invocation(&self) -> Result<SorobanAuthorizedInvocation, ContractChallengeError> {
        let nonce = nonce::write(self.max_time, self.entropy.challenge);
        let wallet = self.client_domain.as_ref();
        let arguments = Arguments {
            account: self.client.to_string(),
            client_domain: wallet.map(|wallet| wallet.domain.clone()),
            client_domain_account: wallet.map(|wallet| wallet.account.to_string()),
            home_domain: self.home_domain.to_owned(),
            nonce: nonce.ok_or_else(|| ContractChallengeError::Build("a time without a date".to_owned()))?,
            web_auth_domain: self.web_auth_domain.to_owned(),
            web_auth_domain_account: self.server.account().to_string(),
        };
        Ok(SorobanAuthorizedInvocation {
            function: SorobanAuthorizedFunction::ContractFn(InvokeContractArgs {
                contract_address: contract(&self.contract),
                function_name: ScSymbol(FUNCTION.try_into().map_err(failed)?),
                args: arguments.write()?,
            }),
            sub_invocations: VecM::default(),
        })
    }

    fn signed(
        &self,
        invocation: &SorobanAuthorizedInvocation,
        nonce: i64,
    ) -> Result<SorobanAuthorizationEntry, ContractChallengeError> {
        let payload = payload(self.network, nonce, self.expiration_ledger, invocation).map_err(failed)?;
        let server = self.server.account();
        Ok(SorobanAuthorizationEntry {
            credentials: SorobanCredentials::Address(SorobanAddressCredentials {
                address: account(&server),
                nonce,
                signature_expiration_ledger: self.expiration_ledger,
                signature: signature(&server, &self.server.sign(&payload)).map_err(failed)?,
            }),
            root_invocation: invocation.clone(),
        })
    }
}

/// What the credentials of an address sign.
pub(super) fn payload(
    network: &Network,
    nonce: i64,
    signature_expiration_ledger: u32,
    invocation: &SorobanAuthorizedInvocation,
) -> Result<[u8; 32], stellar_xdr::Error> {
    let preimage = HashIdPreimage::SorobanAuthorization(HashIdPreimageSorobanAuthorization {
        network_id: Hash(*network.id()),
        nonce,
        signature_expiration_ledger,
        invocation: invocation.clone(),
    });
    Ok(Sha256::digest(preimage.to_xdr(codec::limits())?).into())
}

/// As the network wants the signature of an account with one key.
pub(super) fn signature(key: &AccountId, signature: &[u8; 64]) -> Result<ScVal, stellar_xdr::Error> {
    let bytes = |bytes: &[u8]| Ok::<_, stellar_xdr::Error>(ScVal::Bytes(ScBytes(bytes.try_into()?)));
    let entry = |name: &str, val| {
        Ok::<_, stellar_xdr::Error>(ScMapEntry { key: ScVal::Symbol(ScSymbol(name.try_into()?)), val })
    };
    let map =
        [entry("public_key", bytes(key.as_bytes())?)?, entry("signature", bytes(signature.as_slice())?)?];
    let map = ScVal::Map(Some(ScMap(map.try_into()?)));
    Ok(ScVal::Vec(Some(ScVec([map].try_into()?))))
}

pub(super) fn account(account: &AccountId) -> ScAddress {
    ScAddress::Account(codec::to_account_id(account))
}

pub(super) const fn contract(contract: &ContractId) -> ScAddress {
    ScAddress::Contract(stellar_xdr::ContractId(Hash(*contract.as_bytes())))
}

/// A host, with a port in development.
fn check_domain(what: &'static str, domain: &str) -> Result<(), ContractChallengeError> {
    match domain.parse::<Domain>() {
        Ok(parsed) if parsed.as_str() == domain => Ok(()),
        Ok(_) | Err(_) => Err(ContractChallengeError::Domain(what)),
    }
}

fn failed(error: stellar_xdr::Error) -> ContractChallengeError {
    ContractChallengeError::Build(error.to_string())
}
