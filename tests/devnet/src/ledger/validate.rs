//! Whether a transaction may enter a ledger.

use stellar_xdr::{
    AccountEntry, OperationResult, SignerKey, TransactionExt, TransactionResult,
    TransactionResultResult as Code,
};

use super::account;
use super::asset::account_of;
use super::frame::{Frame, list};
use super::operations;
use super::result;
use super::signatures::{Signatures, Verification, Weighted};
use super::state::State;

/// The ledger and the time a transaction is judged for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Moment {
    pub(crate) ledger: u32,
    /// Time that lower bounds are held against.
    pub(crate) earliest: u64,
    /// Time that upper bounds are held against.
    pub(crate) latest: u64,
}

/// Who pays the fee, and whether it is paid already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Charge {
    /// The transaction's source, and it has not paid yet.
    Due,
    /// The transaction's source, which has paid.
    Paid,
    /// A fee bump around the transaction.
    ByFeeBump,
}

/// Why a transaction is not valid.
#[derive(Debug)]
pub(crate) struct Invalid {
    pub(crate) code: Code,
    /// Whether it still uses up its sequence number when found in a ledger.
    pub(crate) uses_sequence: bool,
}

/// Judges an envelope for the pending queue or for a ledger about to close. `Err` is what the network answers.
pub(crate) fn check(
    state: &State,
    frame: &Frame,
    moment: Moment,
    verification: Verification,
) -> Result<(), Box<TransactionResult>> {
    let fee = frame.min_fee(i64::from(state.header.base_fee));
    if frame.fee_bump().is_some() {
        check_fee_bump(state, frame, verification).map_err(Box::new)?;
    }
    check_transaction(state, frame, moment, verification)
        .map_err(|code| Box::new(result::of(frame, fee, code)))
}

/// What every transaction has to meet, in the network's order of checks.
pub(crate) fn common(
    state: &State,
    frame: &Frame,
    moment: Moment,
    charge: Charge,
    signatures: &mut Signatures<'_>,
) -> Result<(), Invalid> {
    let refuse = |code| Err(Invalid { code, uses_sequence: false });
    let account = match before_sequence(state, frame, moment, charge) {
        Ok(account) => account,
        Err(code) => return refuse(code),
    };
    if bad_sequence(frame, account.seq_num.0, moment.ledger) {
        return refuse(Code::TxBadSeq);
    }
    let refuse = |code| Err(Invalid { code, uses_sequence: true });
    if too_early_for_account(frame, account, moment) {
        return refuse(Code::TxBadMinSeqAgeOrGap);
    }
    if !signatures.satisfy(account, account.thresholds.0[1]) || !extra_signers_signed(frame, signatures) {
        return refuse(Code::TxBadAuth);
    }
    let due = match charge {
        Charge::Due => Some(frame.max_fee()),
        Charge::Paid => Some(0),
        Charge::ByFeeBump => None,
    };
    if due.is_some_and(|due| account::available(account, state.header.base_reserve) < due) {
        return refuse(Code::TxInsufficientBalance);
    }
    Ok(())
}

/// Whether the signers of every operation's source account have signed; the results of those that lack
/// signatures say so.
pub(crate) fn operations_signed(
    state: &State,
    frame: &Frame,
    signatures: &mut Signatures<'_>,
    results: &mut [OperationResult],
) -> bool {
    let mut all = true;
    for (index, result) in results.iter_mut().enumerate() {
        if let Err(refusal) = operation_signed(state, frame, index, signatures) {
            *result = *refusal;
            all = false;
        }
    }
    all
}

fn check_fee_bump(state: &State, frame: &Frame, verification: Verification) -> Result<(), TransactionResult> {
    let base_fee = i64::from(state.header.base_fee);
    let min_fee = frame.min_fee(base_fee);
    let refuse = |code| Err(result::outer(min_fee, code));
    if frame.max_fee() < 0 {
        return Err(result::outer(0, Code::TxMalformed));
    }
    if frame.max_fee() < min_fee {
        return refuse(Code::TxInsufficientFee);
    }
    // The bump has to pay at least the rate that the transaction inside offers by itself.
    let inner_min = base_fee * i64::try_from(frame.tx().operations.len().max(1)).unwrap_or(i64::MAX);
    let offered = i128::from(frame.max_fee()) * i128::from(inner_min);
    let matched = i128::from(frame.tx().fee) * i128::from(min_fee);
    if offered < matched {
        let needed = (matched + i128::from(inner_min) - 1) / i128::from(inner_min);
        return Err(result::outer(i64::try_from(needed).unwrap_or(i64::MAX), Code::TxInsufficientFee));
    }
    let Some(payer) = state.account(&frame.fee_source()) else { return refuse(Code::TxNoAccount) };
    let mut signatures = frame.fee_bump_signatures(verification);
    if !signatures.satisfy(payer, payer.thresholds.0[1]) {
        return refuse(Code::TxBadAuth);
    }
    if account::available(payer, state.header.base_reserve) < frame.max_fee() {
        return refuse(Code::TxInsufficientBalance);
    }
    if !signatures.all_used() {
        return refuse(Code::TxBadAuthExtra);
    }
    Ok(())
}

fn check_transaction(
    state: &State,
    frame: &Frame,
    moment: Moment,
    verification: Verification,
) -> Result<(), Code> {
    let mut signatures = frame.signatures(verification);
    let charge = if frame.fee_bump().is_some() { Charge::ByFeeBump } else { Charge::Due };
    common(state, frame, moment, charge, &mut signatures).map_err(|invalid| invalid.code)?;
    for (index, operation) in frame.tx().operations.iter().enumerate() {
        let source = operation.source_account.as_ref().map_or_else(|| frame.source(), account_of);
        let checked = operations::supported(&operation.body)
            .and_then(|()| operation_signed(state, frame, index, &mut signatures))
            .and_then(|()| operations::check(&operation.body, &source));
        if let Err(refusal) = checked {
            let mut results: Vec<OperationResult> = frame
                .tx()
                .operations
                .iter()
                .map(|operation| operations::untouched(&operation.body))
                .collect();
            results[index] = *refusal;
            return Err(Code::TxFailed(list(results)));
        }
    }
    if signatures.all_used() { Ok(()) } else { Err(Code::TxBadAuthExtra) }
}

fn operation_signed(
    state: &State,
    frame: &Frame,
    index: usize,
    signatures: &mut Signatures<'_>,
) -> Result<(), Box<OperationResult>> {
    let operation = &frame.tx().operations[index];
    let source = operation.source_account.as_ref().map_or_else(|| frame.source(), account_of);
    let signed = match state.account(&source) {
        Some(account) => {
            let level = operations::level(&operation.body);
            signatures.satisfy(account, account.thresholds.0[level as usize])
        }
        None if operation.source_account.is_none() => return Err(Box::new(OperationResult::OpNoAccount)),
        None => signatures.satisfy_missing(&source),
    };
    if signed { Ok(()) } else { Err(Box::new(OperationResult::OpBadAuth)) }
}

fn before_sequence<'a>(
    state: &'a State,
    frame: &Frame,
    moment: Moment,
    charge: Charge,
) -> Result<&'a AccountEntry, Code> {
    let tx = frame.tx();
    if let Some(v2) = frame.v2() {
        let twice = v2.extra_signers.len() == 2 && v2.extra_signers[0] == v2.extra_signers[1];
        let empty = |key: &SignerKey| matches!(key, SignerKey::Ed25519SignedPayload(signed) if signed.payload.is_empty());
        if twice || v2.extra_signers.iter().any(empty) {
            return Err(Code::TxMalformed);
        }
    }
    if tx.operations.is_empty() {
        return Err(Code::TxMissingOperation);
    }
    let soroban = tx.operations.iter().filter(|operation| operations::is_soroban(&operation.body)).count();
    let resources = !matches!(tx.ext, TransactionExt::V0);
    if soroban > 0 && tx.operations.len() > 1 || soroban == 0 && resources {
        return Err(Code::TxMalformed);
    }
    let (times, ledgers) = (frame.time_bounds(), frame.ledger_bounds());
    if times.is_some_and(|bounds| bounds.min_time.0 > moment.earliest)
        || ledgers.is_some_and(|bounds| bounds.min_ledger > moment.ledger)
    {
        return Err(Code::TxTooEarly);
    }
    if times.is_some_and(|bounds| bounds.max_time.0 != 0 && bounds.max_time.0 < moment.latest)
        || ledgers.is_some_and(|bounds| bounds.max_ledger != 0 && bounds.max_ledger <= moment.ledger)
    {
        return Err(Code::TxTooLate);
    }
    if charge != Charge::ByFeeBump && frame.max_fee() < frame.min_fee(i64::from(state.header.base_fee)) {
        return Err(Code::TxInsufficientFee);
    }
    state.account(&frame.source()).ok_or(Code::TxNoAccount)
}

fn bad_sequence(frame: &Frame, current: i64, ledger: u32) -> bool {
    let sequence = frame.sequence();
    if sequence == i64::from(ledger) << 32 {
        return true;
    }
    match frame.min_sequence() {
        Some(minimum) => current < minimum || current >= sequence,
        None => current.checked_add(1) != Some(sequence),
    }
}

fn too_early_for_account(frame: &Frame, account: &AccountEntry, moment: Moment) -> bool {
    let Some(v2) = frame.v2() else { return false };
    let (ledger, time) = account::sequence_age(account);
    moment.earliest.checked_sub(v2.min_seq_age.0).is_none_or(|since| since < time)
        || moment.ledger.checked_sub(v2.min_seq_ledger_gap).is_none_or(|since| since < ledger)
}

fn extra_signers_signed(frame: &Frame, signatures: &mut Signatures<'_>) -> bool {
    let Some(v2) = frame.v2() else { return true };
    if v2.extra_signers.is_empty() {
        return true;
    }
    let signers: Vec<Weighted> =
        v2.extra_signers.iter().map(|key| Weighted { key: key.clone(), weight: 1 }).collect();
    let needed = u32::try_from(signers.len()).unwrap_or(u32::MAX);
    signatures.reach(signers, needed)
}
