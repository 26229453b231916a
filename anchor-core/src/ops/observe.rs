//! Withdrawals: what arrived on the anchor's accounts, and whose it is.

use std::cmp::Ordering;
use std::collections::{HashMap, HashSet};

use chrono::{DateTime, Utc};

use super::settle::{is_after_quote, receipt, settlement};
use super::suspense::{Back, ReturnFee};
use super::{OpsError, own, reclaim};
use crate::account::AccountId;
use crate::amount::Amount;
use crate::anchor::Anchor;
use crate::asset::{OtherAmount, Remedy, StellarAsset};
use crate::id::TransactionId;
use crate::memo::Memo;
use crate::stellar::{Movement, MovementPage};
use crate::store::{Disposition, Observation, Observed, Recorded, SuspenseReason, WatchLease};
use crate::transaction::{
    Actor, Applied, ApplyContext, Change, Fact, FactRecord, Refusal, Settlement, State, Transaction,
};

/// How often a page is decided anew because a transaction changed meanwhile.
const TRIES: u32 = 8;

/// What became of a page.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Watched {
    /// Written; reading goes on with this lease.
    On(WatchLease),
    /// Somebody else watches this account by now: stop.
    Lost,
}

/// Writes down what arrived, credits it where it belongs, and moves the cursor: all in one commit.
///
/// Killed before the commit, the same page is read and decided again; killed after it, reading goes on behind
/// it. So nothing is skipped and nothing is credited twice. Whatever cannot be credited is kept in suspense, or begins to go
/// back in the same commit.
///
/// # Errors
/// The store's: the page is to be read again from the lease's cursor.
pub async fn record(anchor: &Anchor, lease: &WatchLease, page: &MovementPage) -> Result<Watched, OpsError> {
    for poison in &page.poison {
        tracing::error!(
            account = %lease.account,
            cursor = %poison.cursor,
            reason = poison.reason,
            "a record on a watched account could not be read and was kept; look at it"
        );
    }
    for _ in 0..TRIES {
        let decided = decide(anchor, &lease.account, page).await?;
        for anomaly in &decided.anomalies {
            anchor.store().fact_anomaly(anomaly).await?;
        }
        let observation = Observation {
            lease: lease.clone(),
            next: page.next.clone(),
            observed: decided.observed,
            poison: page.poison.clone(),
            at: anchor.clock().now(),
        };
        match anchor.store().payments_record(&observation).await? {
            Recorded::Recorded => {
                announce(anchor, &observation);
                let lease = WatchLease { cursor: Some(observation.next), ..observation.lease };
                return Ok(Watched::On(lease));
            }
            Recorded::Fenced => return Ok(Watched::Lost),
            Recorded::Stale => {}
        }
    }
    Err(OpsError::Contended)
}

/// A page's movements with what they are. Nothing is written yet.
#[derive(Debug, Default)]
struct Decided {
    observed: Vec<Observed>,
    anomalies: Vec<FactRecord>,
}

/// Decides one movement after the other, each on what the ones before it made of the transactions.
async fn decide(anchor: &Anchor, account: &AccountId, page: &MovementPage) -> Result<Decided, OpsError> {
    let taken_back = reclaim::taken_back(anchor, account, &page.claims).await?;
    let is_taken_back =
        |movement: &&Movement| taken_back.iter().any(|observed| observed.movement.id == movement.id);
    let movements: Vec<&Movement> = page.movements.iter().filter(|one| !is_taken_back(one)).collect();
    let mut decided = Decided::default();
    let references: Vec<Memo> = movements.iter().map(|movement| movement.reference()).collect();
    let asked: HashSet<&Memo> = references.iter().filter(|reference| **reference != Memo::None).collect();
    let asked: Vec<Memo> = asked.into_iter().cloned().collect();
    let stored = anchor.store().transactions_by_memos(account, &asked).await?;
    let channels = channels_among(anchor, &movements).await?;
    let mut changed: HashMap<TransactionId, Transaction> = HashMap::new();
    for (movement, reference) in movements.into_iter().zip(&references) {
        let stored = stored.get(reference);
        let current = stored.map(|stored| changed.get(&stored.id).unwrap_or(stored).clone());
        let found = match &current {
            Some(transaction) => credit(anchor, movement, transaction, &mut decided.anomalies),
            None if is_own(anchor, account, movement, &channels) => Found::Own,
            None => Found::Nobodys(SuspenseReason::Unmatched),
        };
        let disposition = match found {
            Found::Credited(change) => {
                changed.insert(change.transaction().id, change.transaction().clone());
                Disposition::Matched(change)
            }
            Found::Known => continue,
            Found::Own => Disposition::Own,
            Found::Nobodys(reason) => nobodys(anchor, account, movement, current.as_ref(), reason),
        };
        decided.observed.push(Observed { movement: movement.clone(), disposition });
    }
    decided.observed.extend(taken_back);
    Ok(decided)
}

/// Whose a movement is.
enum Found {
    /// A transaction's, by this change.
    Credited(Box<Change>),
    /// A transaction's, which has it already.
    Known,
    /// The anchor's.
    Own,
    /// Nobody can be credited.
    Nobodys(SuspenseReason),
}

/// What a movement with a known memo is.
fn credit(
    anchor: &Anchor,
    movement: &Movement,
    transaction: &Transaction,
    anomalies: &mut Vec<FactRecord>,
) -> Found {
    // code *and* issuer: anybody can issue a token of the same name
    if movement.asset != transaction.asset {
        return Found::Nobodys(SuspenseReason::WrongAsset);
    }
    let asset = anchor.asset(&transaction.asset);
    let policy = asset.map(|asset| asset.suspense).unwrap_or_default();
    let amount = movement.amount.into();
    let settlement = settlement(anchor.fee(), asset, transaction, amount, movement.at);
    let deviation = deviation(transaction, amount, movement.at);
    let is_late = deviation == Some(SuspenseReason::Late);
    let goes_back = is_late || (deviation.is_some() && matches!(settlement, Settlement::Return { .. }));
    let receipt = receipt(movement, goes_back.then_some(policy.refund_fee));
    if let Some(reason) = deviation {
        let is_held =
            if is_late { policy.late == Remedy::Hold } else { policy.other_amount == OtherAmount::Hold };
        // nor is there a refund of nothing
        if is_held || (goes_back && receipt.returned().is_none()) {
            return Found::Nobodys(reason);
        }
    }
    let context = ApplyContext { ids: anchor.ids(), actor: Actor::Worker, at: anchor.clock().now() };
    match transaction.apply(Fact::PaymentSeen { receipt, settlement }, &context) {
        Applied::Changed(change) => Found::Credited(Box::new(change)),
        Applied::Unchanged => Found::Known,
        Applied::Anomaly(record, refusal) => {
            anomalies.push(record);
            Found::Nobodys(match refusal {
                Refusal::AlreadyFunded | Refusal::ReceiptTaken => SuspenseReason::Duplicate,
                Refusal::Unexpected
                | Refusal::OtherInstruction
                | Refusal::OtherKind
                | Refusal::QuoteEnded => SuspenseReason::Unexpected,
            })
        }
    }
}

/// What is wrong with a payment for a transaction that could take one.
fn deviation(transaction: &Transaction, amount: Amount, at: DateTime<Utc>) -> Option<SuspenseReason> {
    match &transaction.state {
        State::Expired | State::Failed { .. } => Some(SuspenseReason::Late),
        // the job that writes it down may be late
        State::AwaitingPayment if is_after_quote(transaction, at) => Some(SuspenseReason::Late),
        State::AwaitingPayment => {
            let agreed = transaction.terms.as_ref()?.amounts.as_ref()?.amount_in.amount;
            match amount.cmp(&agreed) {
                Ordering::Less => Some(SuspenseReason::Underpaid),
                Ordering::Equal => None,
                Ordering::Greater => Some(SuspenseReason::Overpaid),
            }
        }
        _ => None,
    }
}

/// Goes back from this commit on, or waits for the operator: as the asset's policy wants it, and as is possible.
fn nobodys(
    anchor: &Anchor,
    account: &AccountId,
    movement: &Movement,
    meant: Option<&Transaction>,
    reason: SuspenseReason,
) -> Disposition {
    let transaction = meant.map(|meant| meant.id);
    let back = Back { movement, meant, reason, fee: ReturnFee::Policy };
    if back.remedy(anchor.assets()) == Remedy::Refund {
        let context = ApplyContext { ids: anchor.ids(), actor: Actor::Worker, at: anchor.clock().now() };
        match back.begin(anchor.assets(), account, &context) {
            Ok(change) => return Disposition::Returned { reason, transaction, by: Box::new(change) },
            Err(obstacle) => tracing::warn!(movement.id, %obstacle, "a payment cannot be sent back"),
        }
    }
    Disposition::Suspense { reason, transaction }
}

/// Between the anchor's own accounts, or from an issuer: nobody's withdrawal.
fn is_own(anchor: &Anchor, account: &AccountId, movement: &Movement, channels: &HashSet<AccountId>) -> bool {
    let Some(from) = movement.from.ledger_account() else { return false };
    from == *account || own::is_known(anchor, &from) || channels.contains(&from)
}

/// Channel accounts that sent lumens: those that were merged give back what they held.
async fn channels_among(anchor: &Anchor, movements: &[&Movement]) -> Result<HashSet<AccountId>, OpsError> {
    let of_lumens = movements.iter().filter(|movement| movement.asset == StellarAsset::Native);
    let senders: HashSet<AccountId> =
        of_lumens.filter_map(|movement| movement.from.ledger_account()).collect();
    let senders: Vec<AccountId> = senders.into_iter().collect();
    let channels = anchor.store().channel_find(&senders).await?;
    Ok(channels.into_iter().filter(|one| one.position.is_some()).map(|one| one.account).collect())
}

fn announce(anchor: &Anchor, observation: &Observation) {
    for observed in &observation.observed {
        let movement = &observed.movement;
        match &observed.disposition {
            Disposition::Matched(change) => {
                let transaction = change.transaction();
                tracing::info!(
                    transaction.id = %transaction.id,
                    transaction.state = transaction.state.name(),
                    movement.id,
                    "a payment was found for its transaction"
                );
                anchor.wake().moved_to(&transaction.state);
            }
            Disposition::Suspense { reason, .. } => tracing::warn!(
                account = %observation.lease.account,
                movement.id,
                reason = reason.as_str(),
                "a payment was not credited and waits for the operator"
            ),
            Disposition::Returned { reason, by, .. } => {
                tracing::info!(
                    account = %observation.lease.account,
                    transaction.id = %by.transaction().id,
                    movement.id,
                    reason = reason.as_str(),
                    "a payment was not credited and goes back"
                );
                anchor.wake().moved_to(&by.transaction().state);
            }
            Disposition::Reclaimed { balance, transaction } => tracing::warn!(
                account = %observation.lease.account,
                transaction.id = %transaction,
                movement.id,
                balance,
                "what was set aside was taken back and waits for the operator"
            ),
            Disposition::Own => {}
        }
    }
}
