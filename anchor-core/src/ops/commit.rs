//! A fact becomes a stored change.

use super::{OpsError, answers};
use crate::anchor::Anchor;
use crate::integration::Answers;
use crate::store::Stored;
use crate::transaction::{Actor, Applied, ApplyContext, Fact, FactRecord, Refusal, State, Transaction};

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
    /// The store refused it, because another attempt or order is open.
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
    store(anchor, transaction, fact, actor, Also { keep_lease, answers: None }).await
}

/// As [`commit`], for what comes with answers: they are stored in the same commit, because the rails pay by them.
///
/// # Errors
/// As [`commit`].
pub(super) async fn commit_with(
    anchor: &Anchor,
    transaction: &Transaction,
    fact: Fact,
    actor: Actor,
    answers: &Answers,
) -> Result<Committed, OpsError> {
    let also = Also { keep_lease: false, answers: Some(answers) };
    store(anchor, transaction, fact, actor, also).await
}

struct Also<'a> {
    keep_lease: bool,
    answers: Option<&'a Answers>,
}

async fn store(
    anchor: &Anchor,
    transaction: &Transaction,
    fact: Fact,
    actor: Actor,
    also: Also<'_>,
) -> Result<Committed, OpsError> {
    let name = fact.name();
    let context = ApplyContext { ids: anchor.ids(), actor, at: anchor.clock().now() };
    let change = match transaction.apply(fact, &context) {
        Applied::Unchanged => return Ok(Committed::Unchanged),
        Applied::Anomaly(record, refusal) => return anomaly(anchor, transaction, &record, refusal).await,
        Applied::Changed(change) => match also.answers {
            Some(told) => change.with_answers(answers::keep(anchor, transaction.id, told)?),
            None => change,
        },
    };
    match anchor.store().transaction_apply(&change, also.keep_lease).await? {
        Stored::Applied => {
            let next = change.into_transaction();
            moved(anchor, &next, name);
            Ok(Committed::Moved(next))
        }
        Stored::Stale => Ok(Committed::Stale),
        Stored::SourceBusy => Ok(Committed::SourceBusy),
        Stored::MemoTaken => Ok(Committed::MemoTaken),
        Stored::ReceiptTaken => {
            let refusal = Refusal::ReceiptTaken;
            anomaly(anchor, transaction, &change.into_anomaly(refusal), refusal).await
        }
    }
}

/// Says that a stored change moved a transaction, and wakes whoever goes on with it.
pub(super) fn moved(anchor: &Anchor, next: &Transaction, fact: &str) {
    tracing::info!(
        transaction.id = %next.id,
        transaction.state = next.state.name(),
        fact,
        "transaction moved"
    );
    if matches!(next.state, State::OnHold { .. }) {
        tracing::warn!(transaction.id = %next.id, "a transaction is on hold and waits for the operator");
    }
    anchor.wake().moved_to(&next.state);
}

/// Keeps a fact that did not fit.
pub(super) async fn anomaly(
    anchor: &Anchor,
    transaction: &Transaction,
    record: &FactRecord,
    refusal: Refusal,
) -> Result<Committed, OpsError> {
    tracing::warn!(
        transaction.id = %transaction.id,
        transaction.state = transaction.state.name(),
        fact = record.fact.name(),
        %refusal,
        "a fact does not fit its transaction and was kept as an anomaly"
    );
    anchor.store().fact_anomaly(record).await?;
    Ok(Committed::Anomaly(refusal))
}
