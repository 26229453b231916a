//! Withdrawals: what arrived on the anchor's accounts, and whose it is.

use std::collections::{HashMap, HashSet};

use super::OpsError;
use super::settle::settlement;
use crate::account::AccountId;
use crate::amount::Money;
use crate::anchor::Anchor;
use crate::id::TransactionId;
use crate::memo::Memo;
use crate::stellar::{Movement, MovementPage};
use crate::store::{Disposition, Observation, Observed, Recorded, SuspenseReason, WatchLease};
use crate::transaction::{
    Actor, Applied, ApplyContext, Fact, FactRecord, LedgerReceipt, Receipt, Refusal, Transaction,
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
/// it. So nothing is skipped and nothing is credited twice. Whatever cannot be credited is kept in suspense.
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
        let decided = decide(anchor, &lease.account, &page.movements).await?;
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
async fn decide(anchor: &Anchor, account: &AccountId, movements: &[Movement]) -> Result<Decided, OpsError> {
    let mut decided = Decided::default();
    let references: Vec<Memo> = movements.iter().map(Movement::reference).collect();
    let asked: HashSet<&Memo> = references.iter().filter(|reference| **reference != Memo::None).collect();
    let asked: Vec<Memo> = asked.into_iter().cloned().collect();
    let stored = anchor.store().transactions_by_memos(account, &asked).await?;
    let mut changed: HashMap<TransactionId, Transaction> = HashMap::new();
    for (movement, reference) in movements.iter().zip(&references) {
        let stored = stored.get(reference);
        let current = stored.map(|stored| changed.get(&stored.id).unwrap_or(stored).clone());
        let disposition = match current {
            Some(transaction) => credit(anchor, movement, &transaction, &mut decided.anomalies),
            None if is_own(anchor, account, movement) => Some(Disposition::Own),
            None => Some(Disposition::Suspense { reason: SuspenseReason::Unmatched, transaction: None }),
        };
        let Some(disposition) = disposition else { continue };
        if let Disposition::Matched(change) = &disposition {
            changed.insert(change.transaction().id, change.transaction().clone());
        }
        decided.observed.push(Observed { movement: movement.clone(), disposition });
    }
    Ok(decided)
}

/// What a movement with a known memo is; `None` if it was credited already.
fn credit(
    anchor: &Anchor,
    movement: &Movement,
    transaction: &Transaction,
    anomalies: &mut Vec<FactRecord>,
) -> Option<Disposition> {
    let suspense = |reason| Some(Disposition::Suspense { reason, transaction: Some(transaction.id) });
    // code *and* issuer: anybody can issue a token of the same name
    if movement.asset != transaction.asset {
        return suspense(SuspenseReason::WrongAsset);
    }
    let amount = movement.amount.into();
    let settlement = settlement(anchor.fee(), anchor.asset(&transaction.asset), transaction, amount);
    let receipt = Receipt {
        reference: movement.id.clone(),
        amount: Money { amount, asset: movement.asset.clone().into() },
        from: Some(movement.from.to_string()),
        ledger: Some(LedgerReceipt { hash: movement.hash, from: movement.from, memo: movement.memo.clone() }),
    };
    let context = ApplyContext { ids: anchor.ids(), actor: Actor::Worker, at: anchor.clock().now() };
    match transaction.apply(Fact::PaymentSeen { receipt, settlement }, &context) {
        Applied::Changed(change) => Some(Disposition::Matched(Box::new(change))),
        Applied::Unchanged => None,
        Applied::Anomaly(record, refusal) => {
            anomalies.push(record);
            suspense(match refusal {
                Refusal::AlreadyFunded | Refusal::ReceiptTaken => SuspenseReason::Duplicate,
                Refusal::Unexpected | Refusal::OtherInstruction | Refusal::OtherKind => {
                    SuspenseReason::Unexpected
                }
            })
        }
    }
}

/// Between the anchor's own accounts, or from an issuer: nobody's withdrawal.
fn is_own(anchor: &Anchor, account: &AccountId, movement: &Movement) -> bool {
    let Some(from) = movement.from.ledger_account() else { return false };
    let ours = |asset: &crate::asset::Asset| asset.distribution == from || asset.id.issuer() == Some(&from);
    from == *account || anchor.assets().iter().any(ours)
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
            Disposition::Own => {}
        }
    }
}
