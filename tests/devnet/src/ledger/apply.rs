//! What a transaction does to the ledger.

use std::collections::{BTreeMap, BTreeSet};

use stellar_xdr::{
    AccountId, ExtensionPoint, LedgerEntryChanges, OperationMetaV2, OperationResult, SignerKey,
    TransactionMeta, TransactionMetaV4, TransactionResult, TransactionResultResult as Code, Uint256, VecM,
};

use super::account;
use super::asset::account_of;
use super::frame::{Frame, list};
use super::operations::{self, Context};
use super::result;
use super::signatures::{Signatures, Verification};
use super::sponsorship::Sponsorships;
use super::state::State;
use super::validate::{self, Charge, Moment};

/// What came of a transaction in a ledger.
#[derive(Debug)]
pub(crate) struct Applied {
    pub(crate) result: TransactionResult,
    pub(crate) meta: TransactionMeta,
}

/// Takes the fee, before any transaction of the ledger is applied: `rate` per operation, never more than offered
/// or than there is. Returns the fee and what taking it changed.
pub(crate) fn charge_fee(state: &mut State, frame: &Frame, rate: i64) -> (i64, LedgerEntryChanges) {
    let mark = state.mark();
    let wanted = frame.min_fee(rate).min(frame.max_fee());
    let mut charged = 0;
    if let Some(payer) = state.account_mut(&frame.fee_source()) {
        charged = wanted.min(payer.balance);
        payer.balance -= charged;
        state.header.fee_pool += charged;
    }
    let changes = state.changes_since(mark);
    state.commit();
    (charged, changes)
}

/// Applies a transaction whose fee was taken. Whatever comes of it, its sequence number is used up (unless it was
/// wrong to begin with) and its one-time signers are gone.
pub(crate) fn transaction(
    state: &mut State,
    frame: &Frame,
    fee_charged: i64,
    last_sequences: &BTreeMap<AccountId, i64>,
    verification: Verification,
) -> Applied {
    let mark = state.mark();
    let mut signatures = frame.signatures(verification);
    if frame.fee_bump().is_some() {
        drop_one_time_signer(state, &frame.fee_source(), frame.hash);
    }
    let mut results: Vec<OperationResult> =
        frame.tx().operations.iter().map(|operation| operations::untouched(&operation.body)).collect();
    let admitted = admit(state, frame, &mut signatures, &mut results);
    let before = state.changes_since(mark);
    let (code, changes) = match admitted {
        Err(Code::TxFailed(_)) => (Code::TxFailed(list(results)), Vec::new()),
        Err(code) => (code, Vec::new()),
        Ok(()) => apply_operations(state, frame, last_sequences, results),
    };
    state.commit();
    let operations = changes
        .into_iter()
        .map(|changes| OperationMetaV2 { ext: ExtensionPoint::V0, changes, events: VecM::default() })
        .collect();
    let meta = TransactionMeta::V4(TransactionMetaV4 {
        ext: ExtensionPoint::V0,
        tx_changes_before: before,
        operations: list(operations),
        tx_changes_after: LedgerEntryChanges(VecM::default()),
        soroban_meta: None,
        events: VecM::default(),
        diagnostic_events: VecM::default(),
    });
    Applied { result: result::of(frame, fee_charged, code), meta }
}

/// Judges the transaction once more, on the ledger as its predecessors left it, and uses up its number.
fn admit(
    state: &mut State,
    frame: &Frame,
    signatures: &mut Signatures<'_>,
    results: &mut [OperationResult],
) -> Result<(), Code> {
    let (ledger, closed_at) = (state.header.sequence, state.header.closed_at);
    let moment = Moment { ledger, earliest: closed_at, latest: closed_at };
    let charge = if frame.fee_bump().is_some() { Charge::ByFeeBump } else { Charge::Paid };
    let judged = validate::common(state, frame, moment, charge, signatures);
    let uses_sequence = judged.as_ref().err().is_none_or(|invalid| invalid.uses_sequence);
    if uses_sequence && let Some(source) = state.account_mut(&frame.source()) {
        account::set_sequence(source, frame.sequence(), ledger, closed_at);
    }
    let signed = judged.is_err() || validate::operations_signed(state, frame, signatures, results);
    for source in sources(frame) {
        drop_one_time_signer(state, &source, frame.signed_hash());
    }
    judged.map_err(|invalid| invalid.code)?;
    if !signed {
        return Err(Code::TxFailed(VecM::default()));
    }
    if signatures.all_used() { Ok(()) } else { Err(Code::TxBadAuthExtra) }
}

/// Applies every operation, also after one has failed (as the network does, so that all results are told); if one
/// has, nothing of them stays.
fn apply_operations(
    state: &mut State,
    frame: &Frame,
    last_sequences: &BTreeMap<AccountId, i64>,
    mut results: Vec<OperationResult>,
) -> (Code, Vec<LedgerEntryChanges>) {
    let start = state.mark();
    let mut sponsorships = Sponsorships::new();
    let mut changes = Vec::with_capacity(results.len());
    let mut success = true;
    for (index, operation) in frame.tx().operations.iter().enumerate() {
        let source = operation.source_account.as_ref().map_or_else(|| frame.source(), account_of);
        let mark = state.mark();
        let settled = if state.account(&source).is_none() {
            Some((OperationResult::OpNoAccount, false))
        } else if let Err(refusal) = operations::check(&operation.body, &source) {
            Some((*refusal, false))
        } else {
            let mut context = Context {
                state,
                sponsorships: &mut sponsorships,
                source,
                tx_source: frame.source(),
                tx_sequence: frame.sequence(),
                index: u32::try_from(index).unwrap_or(u32::MAX),
                last_sequences,
            };
            operations::settle(operations::apply(&mut context, &operation.body))
        };
        let Some((result, done)) = settled else {
            state.rollback(start);
            return (Code::TxInternalError, Vec::new());
        };
        results[index] = result;
        if done {
            changes.push(state.changes_since(mark));
        } else {
            success = false;
            state.rollback(mark);
        }
    }
    let code = match (success, sponsorships.is_empty()) {
        (true, true) => return (Code::TxSuccess(list(results)), changes),
        (true, false) => Code::TxBadSponsorship,
        (false, _) => Code::TxFailed(list(results)),
    };
    state.rollback(start);
    (code, Vec::new())
}

fn sources(frame: &Frame) -> BTreeSet<AccountId> {
    let operations = frame.tx().operations.iter().filter_map(|operation| operation.source_account.as_ref());
    operations.map(account_of).chain([frame.source()]).collect()
}

fn drop_one_time_signer(state: &mut State, account: &AccountId, hash: [u8; 32]) {
    let key = SignerKey::PreAuthTx(Uint256(hash));
    let position = state.account(account).and_then(|account| account::signer_position(account, &key).ok());
    if let Some(position) = position {
        operations::remove_signer(state, account, position);
    }
}
