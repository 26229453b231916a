//! A fact becomes a stored change.

use super::OpsError;
use crate::anchor::Anchor;
use crate::store::Stored;
use crate::transaction::{Actor, Applied, ApplyContext, Fact, Refusal, Transaction};

/// What became of a fact.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::large_enum_variant, reason = "short-lived, and nearly always the large one")]
pub enum Committed {
    /// Stored; this is the transaction now.
    Moved(Transaction),
    /// It was known already.
    Unchanged,
    /// It does not fit, and was kept as an anomaly.
    Anomaly(Refusal),
    /// The transaction was changed by somebody else meanwhile: read it again.
    Stale,
    /// The store refused it, because another attempt is open.
    SourceBusy,
    /// The store refused it, because the receiving memo is taken.
    MemoTaken,
}

/// Applies `fact` to the transaction as it was read and stores the result, or keeps the anomaly.
///
/// The only way from a fact to the store, except for payments seen on the ledger, which are stored together with
/// their cursor. `keep_lease` keeps the caller's claim for the moment between an intent and its effect.
///
/// # Errors
/// The store's. It is then unknown whether the change was stored; doing it again is harmless.
pub async fn commit(
    anchor: &Anchor,
    transaction: &Transaction,
    fact: Fact,
    actor: Actor,
    keep_lease: bool,
) -> Result<Committed, OpsError> {
    let name = fact.name();
    let context = ApplyContext { ids: anchor.ids(), actor, at: anchor.clock().now() };
    let change = match transaction.apply(fact, &context) {
        Applied::Unchanged => return Ok(Committed::Unchanged),
        Applied::Anomaly(record, refusal) => {
            tracing::warn!(
                transaction.id = %transaction.id,
                transaction.state = transaction.state.name(),
                fact = name,
                %refusal,
                "a fact does not fit its transaction and was kept as an anomaly"
            );
            anchor.store().fact_anomaly(&record).await?;
            return Ok(Committed::Anomaly(refusal));
        }
        Applied::Changed(change) => change,
    };
    match anchor.store().transaction_apply(&change, keep_lease).await? {
        Stored::Applied => {
            let next = change.into_transaction();
            tracing::info!(
                transaction.id = %next.id,
                transaction.state = next.state.name(),
                fact = name,
                "transaction moved"
            );
            anchor.wake().moved_to(&next.state);
            Ok(Committed::Moved(next))
        }
        Stored::Stale => Ok(Committed::Stale),
        Stored::SourceBusy => Ok(Committed::SourceBusy),
        Stored::MemoTaken => Ok(Committed::MemoTaken),
    }
}
