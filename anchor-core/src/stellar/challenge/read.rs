use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use stellar_xdr::{
    DecoratedSignature, ManageDataOp, Memo, Operation, OperationBody, Transaction, TransactionEnvelope,
    TransactionExt,
};

use super::{AUTH, CLIENT_DOMAIN, ChallengeError, ClientDomain, ReadChallenge, WEB_AUTH_DOMAIN};
use crate::account::{Account, AccountId};
use crate::domain::HomeDomains;
use crate::keys;
use crate::stellar::{DecodeError, Network, codec, envelope};

/// Longer than any challenge with 20 signatures and every operation that we issue.
const TEXT_MAX: usize = 50_000;

/// A wallet's clock may be behind ours, or our replicas' clocks may differ.
const MIN_TIME_GRACE: u64 = 300;

const NONCE_TEXT: usize = 64;

const NONCE: usize = 48;

/// What a challenge of ours has to look like.
#[derive(Debug, Clone, Copy)]
pub struct ReadRules<'a> {
    /// The network whose passphrase signatures cover.
    pub network: &'a Network,
    /// `SIGNING_KEY` of our stellar.toml, and what it was before.
    pub servers: &'a [AccountId],
    /// The domains that we issue tokens for.
    pub home_domains: &'a HomeDomains,
    /// Host (and port) of the endpoint, as clients see it.
    pub web_auth_domain: &'a str,
    /// Unix seconds.
    pub now: u64,
}

/// Reads a signed challenge and checks all of it but the client's signatures (SEP-10, "Token").
///
/// # Errors
/// The first rule that it breaks.
pub fn read(text: &str, rules: &ReadRules<'_>) -> Result<ReadChallenge, ChallengeError> {
    if text.len() > TEXT_MAX {
        return Err(ChallengeError::TooLong);
    }
    if text.contains(' ') {
        return Err(ChallengeError::Spaces);
    }
    let envelope = codec::read(text).map_err(|error| match error {
        DecodeError::Base64 => ChallengeError::Base64,
        DecodeError::TooLong => ChallengeError::TooLong,
        DecodeError::Xdr(_) | DecodeError::Content(_) => ChallengeError::Xdr,
    })?;
    let TransactionEnvelope::Tx(envelope) = envelope else {
        return Err(ChallengeError::EnvelopeType);
    };
    let content = content(&envelope.tx, rules)?;
    let hash = envelope::hash(&envelope.tx, rules.network).map_err(|_| ChallengeError::Xdr)?;
    let is_ours = |each: &DecoratedSignature| {
        is_signature_of(&content.server, &hash, &each.hint.0, each.signature.as_slice())
    };
    let (ours, others): (Vec<_>, Vec<_>) = envelope.signatures.iter().partition(|each| is_ours(each));
    if ours.len() != 1 {
        return Err(ChallengeError::ServerSignature);
    }
    Ok(ReadChallenge {
        client: content.client,
        memo: content.memo,
        home_domain: content.home_domain,
        client_domain: content.client_domain,
        hash,
        min_time: content.min_time,
        max_time: content.max_time,
        servers: rules.servers.to_vec(),
        signatures: others.iter().map(|each| (each.hint.0, each.signature.to_vec())).collect(),
    })
}

/// As the network does it: the hint has to fit too.
pub(super) fn is_signature_of(
    account: &AccountId,
    hash: &[u8; 32],
    hint: &[u8; 4],
    signature: &[u8],
) -> bool {
    account.as_bytes().ends_with(hint) && keys::verify(account, hash, signature)
}

/// What the transaction itself says.
struct Content {
    /// Which of our accounts issued it.
    server: AccountId,
    client: Account,
    memo: Option<u64>,
    home_domain: String,
    client_domain: Option<ClientDomain>,
    min_time: u64,
    max_time: u64,
}

/// All rules but those about signatures.
fn content(transaction: &Transaction, rules: &ReadRules<'_>) -> Result<Content, ChallengeError> {
    let Account::Classic(server) = codec::account(&transaction.source_account) else {
        return Err(ChallengeError::Source);
    };
    if !rules.servers.contains(&server) {
        return Err(ChallengeError::Source);
    }
    if transaction.seq_num.0 != 0 {
        return Err(ChallengeError::Sequence);
    }
    let (min_time, max_time) = envelope::bounds(transaction).ok_or(ChallengeError::TimeBounds)?;
    if max_time == 0 || min_time > max_time {
        return Err(ChallengeError::TimeBounds);
    }
    if rules.now.saturating_add(MIN_TIME_GRACE) < min_time || rules.now > max_time {
        return Err(ChallengeError::Expired);
    }
    if transaction.ext != TransactionExt::V0 {
        return Err(ChallengeError::Operation);
    }
    let (first, others) = transaction.operations.split_first().ok_or(ChallengeError::FirstOperation)?;
    let (client, home_domain) = first_operation(first, rules)?;
    let client_domain = other_operations(others, server, rules)?;
    let memo = memo(&transaction.memo, &client)?;
    let is_reserved = |account: AccountId| {
        rules.servers.contains(&account)
            || client_domain.as_ref().is_some_and(|wallet| wallet.account == account)
    };
    if client.ledger_account().is_none_or(is_reserved) {
        return Err(ChallengeError::ReservedAccount);
    }
    Ok(Content { server, client, memo, home_domain, client_domain, min_time, max_time })
}

fn first_operation(
    operation: &Operation,
    rules: &ReadRules<'_>,
) -> Result<(Account, String), ChallengeError> {
    let (client, data) = manage_data(operation).ok_or(ChallengeError::FirstOperation)?;
    let name = std::str::from_utf8(&data.data_name).map_err(|_| ChallengeError::FirstOperation)?;
    let domain = name.strip_suffix(AUTH).ok_or(ChallengeError::FirstOperation)?;
    if !rules.home_domains.covers(domain) {
        return Err(ChallengeError::HomeDomain);
    }
    let nonce = value(data).filter(|nonce| nonce.len() == NONCE_TEXT).ok_or(ChallengeError::Nonce)?;
    let nonce = BASE64_STANDARD.decode(nonce).map_err(|_| ChallengeError::Nonce)?;
    if nonce.len() != NONCE {
        return Err(ChallengeError::Nonce);
    }
    Ok((client, domain.to_owned()))
}

fn other_operations(
    operations: &[Operation],
    server: AccountId,
    rules: &ReadRules<'_>,
) -> Result<Option<ClientDomain>, ChallengeError> {
    let mut client_domain = None;
    let mut has_web_auth_domain = false;
    for operation in operations {
        let (source, data) = manage_data(operation).ok_or(ChallengeError::Operation)?;
        if data.data_name.as_slice() == CLIENT_DOMAIN.as_bytes() {
            let wallet = wallet(source, data, rules)?;
            if client_domain.replace(wallet).is_some() {
                return Err(ChallengeError::ClientDomain);
            }
            continue;
        }
        if source != Account::Classic(server) {
            return Err(ChallengeError::Operation);
        }
        if data.data_name.as_slice() == WEB_AUTH_DOMAIN.as_bytes() {
            if value(data) != Some(rules.web_auth_domain.as_bytes()) {
                return Err(ChallengeError::WebAuthDomain);
            }
            has_web_auth_domain = true;
        }
    }
    if has_web_auth_domain { Ok(client_domain) } else { Err(ChallengeError::WebAuthDomain) }
}

fn wallet(
    source: Account,
    data: &ManageDataOp,
    rules: &ReadRules<'_>,
) -> Result<ClientDomain, ChallengeError> {
    let Account::Classic(account) = source else {
        return Err(ChallengeError::ClientDomain);
    };
    let domain = value(data).and_then(|value| std::str::from_utf8(value).ok());
    let domain = domain.filter(|domain| !domain.is_empty()).ok_or(ChallengeError::ClientDomain)?;
    if rules.servers.contains(&account) {
        return Err(ChallengeError::ReservedAccount);
    }
    Ok(ClientDomain { domain: domain.to_owned(), account })
}

fn memo(memo: &Memo, client: &Account) -> Result<Option<u64>, ChallengeError> {
    match memo {
        Memo::None => Ok(None),
        Memo::Id(_) if client.muxed_id().is_some() => Err(ChallengeError::MuxedWithMemo),
        Memo::Id(id) => Ok(Some(*id)),
        Memo::Text(_) | Memo::Hash(_) | Memo::Return(_) => Err(ChallengeError::Memo),
    }
}

/// A manage data operation with a source of its own.
fn manage_data(operation: &Operation) -> Option<(Account, &ManageDataOp)> {
    match &operation.body {
        OperationBody::ManageData(data) => {
            operation.source_account.as_ref().map(|source| (codec::account(source), data))
        }
        _ => None,
    }
}

fn value(data: &ManageDataOp) -> Option<&[u8]> {
    data.data_value.as_ref().map(|value| value.0.as_slice())
}
