//! The devnet's entries and records, as an anchor sees them.

use std::sync::Arc;

use anchor_core::account::AccountId;
use anchor_core::amount::StellarAmount;
use anchor_core::asset::StellarAsset;
use anchor_core::stellar::decode::{self, ForeignTransaction, Outcome};
use anchor_core::stellar::{
    AccountSnapshot, BalanceLookup, Cursor, Failure, LedgerError, Lookup, MovementPage, Network,
    PoisonRecord, SignerKey, TrustLine,
};
use anchor_core::transaction::TransactionHash;
use anchor_devnet::ledger::{
    Network as Engine, TransactionRecord, account as entry, asset, line_liabilities,
};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use chrono::DateTime;
use stellar_xdr::{
    AccountEntry, AccountFlags, ClaimableBalanceId, Hash, Limits, PublicKey, TransactionResult,
    TrustLineEntry, TrustLineFlags, Uint256, WriteXdr as _,
};

/// The same account, in the network's own terms.
pub(super) fn xdr_account(id: &AccountId) -> stellar_xdr::AccountId {
    stellar_xdr::AccountId(PublicKey::PublicKeyTypeEd25519(Uint256(*id.as_bytes())))
}

fn account_id(id: &stellar_xdr::AccountId) -> AccountId {
    AccountId::from_bytes(asset::public_key(id))
}

fn amount(stroops: i64) -> Result<StellarAmount, LedgerError> {
    StellarAmount::from_stroops(stroops).map_err(|error| malformed(&error))
}

fn malformed(error: &dyn std::error::Error) -> LedgerError {
    LedgerError::Malformed(error.to_string())
}

/// An account as it is after the last ledger.
pub(super) fn account(engine: &Engine, id: &AccountId) -> Result<Option<AccountSnapshot>, LedgerError> {
    let address = xdr_account(id);
    let Some(account) = engine.account(&address) else { return Ok(None) };
    let lines = engine.trust_lines_of(&address).filter_map(|(_, line)| trust_line(line));
    let wants_memo = |data: &stellar_xdr::DataEntry| {
        data.data_name.0.as_slice() == b"config.memo_required" && data.data_value.0.as_slice() == b"1"
    };
    Ok(Some(AccountSnapshot {
        id: *id,
        as_of: Some(engine.latest().sequence),
        sequence: account.seq_num.0,
        balance: amount(account.balance)?,
        selling_liabilities: amount(entry::liabilities(account).selling)?,
        subentries: account.num_sub_entries,
        sponsoring: entry::num_sponsoring(account),
        sponsored: entry::num_sponsored(account),
        signers: signers(id, account),
        low_threshold: u32::from(account.thresholds.0[1]),
        medium_threshold: u32::from(account.thresholds.0[2]),
        trust_lines: lines.collect::<Result<_, _>>()?,
        memo_required: engine.data_of(&address).any(|(_, data)| wants_memo(data)),
        auth_required: account.flags & AccountFlags::RequiredFlag as u32 != 0,
        home_domain: Some(account.home_domain.to_string()).filter(|domain| !domain.is_empty()),
    }))
}

fn signers(id: &AccountId, account: &AccountEntry) -> Vec<(SignerKey, u32)> {
    let others = account.signers.iter().map(|signer| {
        let key = match &signer.key {
            stellar_xdr::SignerKey::Ed25519(Uint256(key)) => SignerKey::Ed25519(AccountId::from_bytes(*key)),
            _ => SignerKey::Other,
        };
        (key, signer.weight)
    });
    others.chain([(SignerKey::Ed25519(*id), u32::from(account.thresholds.0[0]))]).collect()
}

fn trust_line(line: &TrustLineEntry) -> Option<Result<TrustLine, LedgerError>> {
    let held = asset::of_trust_line(&line.asset)?;
    let issuer = account_id(asset::issuer(&held)?);
    let read = || {
        let code = std::str::from_utf8(asset::code(&held)).map_err(|error| malformed(&error))?;
        let liabilities = line_liabilities(line);
        Ok(TrustLine {
            asset: StellarAsset::Credit { code: code.parse().map_err(|error| malformed(&error))?, issuer },
            balance: amount(line.balance)?,
            limit: amount(line.limit)?,
            buying_liabilities: amount(liabilities.buying)?,
            selling_liabilities: amount(liabilities.selling)?,
            authorized: line.flags & TrustLineFlags::AuthorizedFlag as u32 != 0,
            limited: line.flags & TrustLineFlags::AuthorizedToMaintainLiabilitiesFlag as u32 != 0,
        })
    };
    Some(read())
}

/// Why the network refused an envelope.
pub(super) fn failure(result: &TransactionResult) -> Option<Failure> {
    match decode::outcome(&result.to_xdr_base64(Limits::none()).ok()?) {
        Ok(Outcome::Failed(failure)) => Some(failure),
        _ => None,
    }
}

/// What became of a transaction that a ledger holds.
pub(super) fn lookup(record: &TransactionRecord) -> Result<Lookup, LedgerError> {
    let ledger = record.ledger;
    let outcome = decode::outcome(&BASE64_STANDARD.encode(record.result_xdr()));
    match outcome.map_err(|error| malformed(&error))? {
        Outcome::Succeeded { claimable_balances } => Ok(Lookup::Succeeded { ledger, claimable_balances }),
        Outcome::Failed(failure) => Ok(Lookup::Failed { ledger, failure }),
        _ => Err(LedgerError::Malformed("an outcome of a new kind".to_owned())),
    }
}

/// A claimable balance as it is after the last ledger.
pub(super) fn balance(engine: &Engine, id: &str) -> Result<BalanceLookup, LedgerError> {
    let hash = id.strip_prefix("00000000").and_then(|hash| hash.parse().ok());
    let hash: Hash = hash.ok_or_else(|| LedgerError::Malformed("the id of a balance".to_owned()))?;
    match engine.claimable_balance(&ClaimableBalanceId::ClaimableBalanceIdTypeV0(hash)) {
        Some((_, balance)) => {
            let asset = match asset::issuer(&balance.asset) {
                Some(issuer) => {
                    let code = std::str::from_utf8(asset::code(&balance.asset))
                        .map_err(|error| malformed(&error))?;
                    let code = code.parse().map_err(|error| malformed(&error))?;
                    StellarAsset::Credit { code, issuer: account_id(issuer) }
                }
                None => StellarAsset::Native,
            };
            let as_of = super::point(engine).sequence;
            Ok(BalanceLookup::Held { asset, amount: amount(balance.amount)?, as_of })
        }
        None => Ok(BalanceLookup::Absent { checked: super::point(engine) }),
    }
}

/// What these transactions brought to the account.
pub(super) fn page(
    records: &[Arc<TransactionRecord>],
    more: bool,
    account: &AccountId,
    after: &Cursor,
    network: &Network,
) -> Result<MovementPage, LedgerError> {
    let mut page = MovementPage { more, ..MovementPage::empty(after.clone()) };
    for record in records {
        page.next = Cursor::from(record.toid().to_string());
        // as in Horizon's listings: they moved nothing
        if !record.successful {
            continue;
        }
        let time = i64::try_from(record.closed_at).ok().and_then(|at| DateTime::from_timestamp(at, 0));
        let transaction = ForeignTransaction {
            hash: TransactionHash::from_bytes(record.hash),
            ledger: record.ledger,
            at: time.ok_or_else(|| LedgerError::Malformed("a close time".to_owned()))?,
            id: u64::try_from(record.toid()).map_err(|error| malformed(&error))?,
            envelope: &BASE64_STANDARD.encode(record.envelope_xdr()),
            result: &BASE64_STANDARD.encode(record.result_xdr()),
            meta: None,
        };
        match decode::brought(&transaction, account, network) {
            Ok(brought) => page.add(brought),
            Err(error) => page.poison.push(PoisonRecord {
                cursor: page.next.clone(),
                raw: transaction.envelope.to_owned(),
                reason: error.to_string(),
            }),
        }
    }
    Ok(page)
}
