use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use sha2::{Digest as _, Sha256};
use stellar_xdr::{
    InvokeContractArgs, Limits, ReadXdr as _, ScAddress, ScVal, SorobanAddressCredentials,
    SorobanAuthorizationEntries, SorobanAuthorizationEntry, SorobanAuthorizedFunction,
    SorobanAuthorizedInvocation, SorobanCredentials, SorobanDelegateSignature, WriteXdr as _,
};

use super::arguments::Arguments;
use super::build::{account, contract, payload};
use super::{ContractChallengeError, ReadContractChallenge, nonce};
use crate::account::{AccountId, ContractId};
use crate::domain::HomeDomains;
use crate::keys;
use crate::stellar::challenge::ClientDomain;
use crate::stellar::contracts::FUNCTION;
use crate::stellar::{Network, codec};

/// Longer than any challenge whose signatures are not meant to keep us busy.
const TEXT_MAX: usize = 50_000;

/// Nesting beyond this is refused; a stack overflow would end the process.
const DEPTH_MAX: u32 = 200;

/// A challenge is good for no longer than this after now, or it is not one of ours.
const FUTURE_MAX: u64 = 2 * crate::stellar::challenge::CHALLENGE_SECONDS;

/// Accounts that sign for an account, all of one entry together, and how many stand one behind the other.
const DELEGATES_MAX: usize = 32;
const DELEGATE_DEPTH_MAX: usize = 8;

/// What a challenge of ours has to look like.
#[derive(Debug, Clone, Copy)]
pub struct ContractReadRules<'a> {
    /// The network whose passphrase signatures cover.
    pub network: &'a Network,
    /// `SIGNING_KEY` of our stellar.toml, and what it was before.
    pub servers: &'a [AccountId],
    /// `WEB_AUTH_CONTRACT_ID` of our stellar.toml.
    pub contract: ContractId,
    /// The domains that we issue tokens for.
    pub home_domains: &'a HomeDomains,
    /// Host (and port) of the endpoint, as clients see it.
    pub web_auth_domain: &'a str,
    /// Unix seconds.
    pub now: u64,
}

/// One of the expected entries, in whatever kind of credentials.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Entry(pub(super) SorobanAuthorizationEntry);

impl Entry {
    /// The entry has the credentials of an address, or it would not be here.
    pub(super) const fn credentials(&self) -> Option<&SorobanAddressCredentials> {
        address_credentials(&self.0.credentials)
    }

    pub(super) fn expiration_ledger(&self) -> u32 {
        self.credentials().map_or(0, |credentials| credentials.signature_expiration_ledger)
    }
}

/// Reads a list of entries and checks all that can be checked without the network (SEP-45, "Token").
///
/// # Errors
/// The first rule that it breaks.
pub fn read(
    text: &str,
    rules: &ContractReadRules<'_>,
) -> Result<ReadContractChallenge, ContractChallengeError> {
    let entries = decode(text)?;
    let first = entries.first().ok_or(ContractChallengeError::Empty)?;
    // before anything else is looked at: nothing is compared with or hashed for what nobody would sign
    for entry in &entries {
        check_credentials(&entry.credentials)?;
        check_invocation(&entry.root_invocation, &rules.contract)?;
    }
    if entries.iter().any(|entry| entry.root_invocation != first.root_invocation) {
        return Err(ContractChallengeError::DifferentArguments);
    }
    let SorobanAuthorizedFunction::ContractFn(called) = &first.root_invocation.function else {
        return Err(ContractChallengeError::Invocation);
    };
    let said = Said::read(called, rules)?;
    let invocation = first.root_invocation.clone();
    let entries = said.sort(entries)?;
    if !entries.first().is_some_and(|entry| is_signed_by(entry, &said.server, rules.network)) {
        return Err(ContractChallengeError::ServerSignature);
    }
    // The network need not be asked about what nobody signed. An account always wants a signature; whether a contract does is
    // its own business, but even then somebody has to say until when.
    let is_unsigned = |entry: &Entry| entry.credentials().is_none_or(|it| it.signature == ScVal::Void);
    if said.client_domain.is_some() && entries.get(2).is_none_or(is_unsigned) {
        return Err(ContractChallengeError::ClientDomainSignature);
    }
    if entries.iter().any(|entry| entry.expiration_ledger() == 0) {
        return Err(ContractChallengeError::NotSigned);
    }
    let hash = invocation.to_xdr(codec::limits()).map_err(|_| ContractChallengeError::Xdr)?;
    Ok(ReadContractChallenge {
        client: said.client,
        home_domain: said.home_domain,
        client_domain: said.client_domain,
        hash: Sha256::digest(hash).into(),
        max_time: said.max_time,
        entries,
    })
}

fn decode(text: &str) -> Result<Vec<SorobanAuthorizationEntry>, ContractChallengeError> {
    if text.len() > TEXT_MAX {
        return Err(ContractChallengeError::TooLong);
    }
    if text.contains(' ') {
        return Err(ContractChallengeError::Spaces);
    }
    let bytes = BASE64_STANDARD.decode(text).map_err(|_| ContractChallengeError::Base64)?;
    let limits = Limits { depth: DEPTH_MAX, len: TEXT_MAX };
    let entries =
        SorobanAuthorizationEntries::from_xdr(bytes, limits).map_err(|_| ContractChallengeError::Xdr)?;
    Ok(entries.0.into())
}

/// What the arguments say, and that all of it is of this server.
struct Said {
    server: AccountId,
    client: ContractId,
    home_domain: String,
    client_domain: Option<ClientDomain>,
    max_time: u64,
}

impl Said {
    fn read(
        called: &InvokeContractArgs,
        rules: &ContractReadRules<'_>,
    ) -> Result<Self, ContractChallengeError> {
        let strange = ContractChallengeError::Arguments;
        let arguments = Arguments::read(&called.args)?;
        if !rules.home_domains.covers(&arguments.home_domain) {
            return Err(ContractChallengeError::HomeDomain);
        }
        if arguments.web_auth_domain != rules.web_auth_domain {
            return Err(ContractChallengeError::WebAuthDomain);
        }
        let server = rules
            .servers
            .iter()
            .find(|server| server.to_string() == arguments.web_auth_domain_account)
            .ok_or(ContractChallengeError::Server)?;
        let client = arguments.account.parse().map_err(|_| strange("account is not a contract (C…)"))?;
        let client_domain = match (arguments.client_domain, arguments.client_domain_account) {
            (None, None) => None,
            (Some(domain), Some(account)) => {
                let account =
                    account.parse().map_err(|_| strange("client_domain_account is not an account"))?;
                Some(ClientDomain { domain, account })
            }
            (Some(_), None) | (None, Some(_)) => return Err(ContractChallengeError::ClientDomain),
        };
        let is_ours = |wallet: &ClientDomain| rules.servers.contains(&wallet.account);
        if client == rules.contract || client_domain.as_ref().is_some_and(is_ours) {
            return Err(ContractChallengeError::ReservedAccount);
        }
        let max_time =
            nonce::max_time(&arguments.nonce).ok_or(strange("the nonce was not issued by this server"))?;
        if rules.now > max_time || max_time > rules.now.saturating_add(FUTURE_MAX) {
            return Err(ContractChallengeError::Expired);
        }
        Ok(Self { server: *server, client, home_domain: arguments.home_domain, client_domain, max_time })
    }

    /// One entry for each: ours, the client's, the client domain's. And no other.
    fn sort(&self, entries: Vec<SorobanAuthorizationEntry>) -> Result<Vec<Entry>, ContractChallengeError> {
        let wallet = self.client_domain.as_ref().map(|wallet| account(&wallet.account));
        let wanted: Vec<ScAddress> =
            [account(&self.server), contract(&self.client)].into_iter().chain(wallet).collect();
        let mut sorted = Vec::with_capacity(wanted.len());
        for address in &wanted {
            let is_of = |entry: &&SorobanAuthorizationEntry| address_of(&entry.credentials) == Some(address);
            let mut found = entries.iter().filter(is_of);
            let (Some(entry), None) = (found.next(), found.next()) else {
                return Err(ContractChallengeError::Entries);
            };
            sorted.push(Entry(entry.clone()));
        }
        if entries.len() == wanted.len() { Ok(sorted) } else { Err(ContractChallengeError::Entries) }
    }
}

/// Whose agreement it is, whatever the kind of credentials; nobody's if they are those of a transaction's source.
const fn address_credentials(credentials: &SorobanCredentials) -> Option<&SorobanAddressCredentials> {
    match credentials {
        SorobanCredentials::SourceAccount => None,
        SorobanCredentials::Address(it) | SorobanCredentials::AddressV2(it) => Some(it),
        SorobanCredentials::AddressWithDelegates(it) => Some(&it.address_credentials),
    }
}

fn address_of(credentials: &SorobanCredentials) -> Option<&ScAddress> {
    address_credentials(credentials).map(|credentials| &credentials.address)
}

fn check_credentials(credentials: &SorobanCredentials) -> Result<(), ContractChallengeError> {
    match credentials {
        SorobanCredentials::SourceAccount => Err(ContractChallengeError::SourceAccount),
        SorobanCredentials::Address(_) | SorobanCredentials::AddressV2(_) => Ok(()),
        SorobanCredentials::AddressWithDelegates(it) => {
            let mut left = DELEGATES_MAX;
            check_delegates(&it.delegates, DELEGATE_DEPTH_MAX, &mut left)
        }
    }
}

fn check_delegates(
    delegates: &[SorobanDelegateSignature],
    depth: usize,
    left: &mut usize,
) -> Result<(), ContractChallengeError> {
    if delegates.is_empty() {
        return Ok(());
    }
    let depth = depth.checked_sub(1).ok_or(ContractChallengeError::Delegates)?;
    *left = left.checked_sub(delegates.len()).ok_or(ContractChallengeError::Delegates)?;
    delegates.iter().try_for_each(|delegate| check_delegates(&delegate.nested_delegates, depth, left))
}

fn check_invocation(
    invocation: &SorobanAuthorizedInvocation,
    ours: &ContractId,
) -> Result<(), ContractChallengeError> {
    let SorobanAuthorizedFunction::ContractFn(called) = &invocation.function else {
        return Err(ContractChallengeError::Invocation);
    };
    if !invocation.sub_invocations.is_empty() {
        return Err(ContractChallengeError::SubInvocations);
    }
    if called.contract_address != contract(ours) {
        return Err(ContractChallengeError::Contract);
    }
    if called.function_name.as_slice() != FUNCTION.as_bytes() {
        return Err(ContractChallengeError::Function);
    }
    Ok(())
}

/// Whether our entry is what we issued, to the last bit: our signature covers the arguments, the entry's own nonce and its
/// expiration, and there is nothing else in it. Ours are always of the first kind.
fn is_signed_by(entry: &Entry, server: &AccountId, network: &Network) -> bool {
    let SorobanCredentials::Address(credentials) = &entry.0.credentials else { return false };
    let Some(signature) = signature_of(&credentials.signature, server) else { return false };
    let invocation = &entry.0.root_invocation;
    payload(network, credentials.nonce, credentials.signature_expiration_ledger, invocation)
        .is_ok_and(|payload| keys::verify(server, &payload, &signature))
}

/// The signature, if it is written exactly as we write one of `key`.
fn signature_of(written: &ScVal, key: &AccountId) -> Option<[u8; 64]> {
    let ScVal::Vec(Some(list)) = written else { return None };
    let [ScVal::Map(Some(map))] = list.as_slice() else { return None };
    let [_, second] = map.as_slice() else { return None };
    let ScVal::Bytes(bytes) = &second.val else { return None };
    let signature = <[u8; 64]>::try_from(bytes.as_slice()).ok()?;
    let ours = super::build::signature(key, &signature).ok()?;
    (*written == ours).then_some(signature)
}
