//! Ledger payments: planned from what the ledger shows now, signed, stored, and only then sent.
//!
//! ```text
//! ReadyToPay, RefundDue  -- plan, sign --  attempt stored  -- submit -->  confirm
//!                       (1)           (2)                 (3)
//! ```
//! Killed at (1) nothing happened; at (2) a signature was made that nobody ever sees. Killed at (3), before,
//! during or after the submission, it looks the same: an open attempt, which `confirm` resolves by its hash. What
//! a server answers to a submission is logged and decides nothing.

use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use futures_util::FutureExt as _;

use super::absence::{Earlier, earlier};
use super::route::{Route, route};
use super::work::{JobSettings, Progress, Step, chain, work_off};
use super::{Committed, OpsError, commit};
use crate::account::AccountId;
use crate::anchor::Anchor;
use crate::id::AttemptId;
use crate::memo::Memo;
use crate::stellar::envelope::{EnvelopeError, EnvelopeSpec, Payment, SignedEnvelope, UnsignedEnvelope};
use crate::stellar::{AccountSnapshot, LedgerPoint, Submission};
use crate::store::Claimed;
use crate::transaction::{Actor, Attempt, AttemptPurpose, Fact, Queue, Transaction};

/// While an account's envelope is open, its other payments wait this long: less than a ledger.
const PAUSE: Duration = Duration::from_secs(1);

/// The network's minimum for one operation, in stroops.
const FEE_MIN: u32 = 100;

/// The accounts that have an open attempt: each has one at most, because each attempt uses its sequence number.
type Busy = Mutex<HashSet<AccountId>>;

/// Plans, signs, stores and submits what is due, oldest first: one envelope for each paying account at a time.
///
/// # Errors
/// The store's, before anything was claimed. Later trouble gives the touched transactions back.
pub async fn submit(anchor: &Anchor, settings: &JobSettings) -> Result<Progress, OpsError> {
    let sources: HashSet<_> = anchor.assets().iter().map(|asset| asset.distribution).collect();
    let mut busy = HashSet::new();
    for source in &sources {
        if anchor.store().attempt_open_of(source).await?.is_some() {
            busy.insert(*source);
        }
    }
    if busy.len() == sources.len() {
        return Ok(Progress::default());
    }
    let busy = Mutex::new(busy);
    let claimed = anchor.store().transaction_claim(Queue::Payments, &settings.claim(anchor)).await?;
    let works = (0_u64..).zip(&claimed).map(|(place, one)| {
        // whoever has to wait keeps the place in the queue
        let pause = PAUSE.saturating_add(Duration::from_millis(place));
        (one, submit_one(anchor, settings, &busy, one, pause).boxed())
    });
    Ok(work_off(anchor, settings, 1, works).await)
}

async fn submit_one(
    anchor: &Anchor,
    settings: &JobSettings,
    busy: &Busy,
    claimed: &Claimed,
    pause: Duration,
) -> Result<Step, OpsError> {
    let transaction = &claimed.transaction;
    let source = anchor.asset(&transaction.asset).ok_or(OpsError::UnknownAsset)?.distribution;
    if lock(busy).contains(&source) {
        return Ok(Step::Wait(pause));
    }
    // before the accounts are: what they show has to be as new as this
    let latest = anchor.ledger().latest().await?;
    let fee = anchor.ledger().fee_bid().await?.min(settings.fee_cap).max(FEE_MIN);
    let fact = match route(anchor, transaction, fee).await? {
        Route::AwaitTrust => Fact::TrustMissing,
        Route::Hold(reason) => Fact::Held { reason },
        Route::Send { source, .. } if is_older(&source, &latest) => return Ok(Step::Wait(pause)),
        Route::Send { payment, purpose, memo, source } => {
            match earlier(anchor, transaction.id, &source).await? {
                Earlier::Unknown => return Ok(Step::Wait(pause)),
                Earlier::Applied(hash) => Fact::Held {
                    reason: format!(
                        "{hash}, which was given up as not applied, is in the ledger: nothing more is paid"
                    ),
                },
                Earlier::Dead => {
                    let sending = Sending { payment, purpose, memo, source, fee, latest };
                    match sign(anchor, settings, transaction, sending).await? {
                        Ok(attempt) => return open(anchor, busy, transaction, attempt, pause).await,
                        Err(refused) => Fact::Held { reason: refused.to_string() },
                    }
                }
            }
        }
    };
    let committed = commit(anchor, transaction, fact, Actor::Worker, false).await?;
    Ok(Step::after(&committed, pause))
}

/// Whether an account was read from a server that lags behind what is known already. Its sequence number may be used:
/// an envelope with it could not land, and would block the account until its bound has passed.
fn is_older(source: &AccountSnapshot, latest: &LedgerPoint) -> bool {
    source.as_of.is_some_and(|as_of| as_of < latest.sequence)
}

/// What is to be signed.
struct Sending {
    payment: Payment,
    purpose: AttemptPurpose,
    memo: Memo,
    source: AccountSnapshot,
    fee: u32,
    latest: LedgerPoint,
}

/// Builds and signs. The inner error is about the envelope itself: trying again would not help.
async fn sign(
    anchor: &Anchor,
    settings: &JobSettings,
    transaction: &Transaction,
    sending: Sending,
) -> Result<Result<Attempt, EnvelopeError>, OpsError> {
    let Sending { payment, purpose, memo, source, fee, latest } = sending;
    // a bound on *ledger* time: this machine's clock may be wrong
    let max_time = latest.closed_at.saturating_add(settings.attempt_lifetime.as_secs());
    let sequence = source.sequence.saturating_add(1);
    let spec = EnvelopeSpec {
        network: anchor.ledger().network(),
        transaction_source: source.id,
        sequence,
        operation_source: None,
        operations: vec![payment.into()],
        memo,
        fee_per_operation: fee,
        max_time,
    };
    let unsigned = match spec.build() {
        Ok(unsigned) => unsigned,
        Err(error) => return Ok(Err(error)),
    };
    let SignedEnvelope { hash, xdr } = signed(anchor, unsigned).await?;
    Ok(Ok(Attempt {
        id: AttemptId::new(anchor.ids().next()),
        transaction: transaction.id,
        purpose,
        hash,
        envelope: xdr,
        source: source.id,
        sequence,
        max_time,
    }))
}

async fn signed(anchor: &Anchor, unsigned: UnsignedEnvelope) -> Result<SignedEnvelope, OpsError> {
    let hash = unsigned.hash();
    let mut signatures = Vec::new();
    for signer in unsigned.signers() {
        signatures.push((*signer, anchor.signer().sign(signer, hash.as_bytes()).await?));
    }
    unsigned.sign(&signatures).map_err(|error| OpsError::Envelope(error.to_string()))
}

/// Stores the attempt, then sends it.
async fn open(
    anchor: &Anchor,
    busy: &Busy,
    transaction: &Transaction,
    attempt: Attempt,
    pause: Duration,
) -> Result<Step, OpsError> {
    lock(busy).insert(attempt.source);
    let fact = Fact::AttemptOpened { attempt: attempt.clone() };
    let committed = commit(anchor, transaction, fact, Actor::Worker, false).await?;
    if matches!(committed, Committed::Moved(_)) {
        send(anchor, &attempt).await;
    }
    Ok(Step::after(&committed, pause))
}

/// Sends a stored envelope, for the first time or again: it lands at most once. Nothing is concluded from the
/// answer.
pub(super) async fn send(anchor: &Anchor, attempt: &Attempt) {
    let (transaction, hash) = (attempt.transaction, attempt.hash);
    match anchor.ledger().submit(&attempt.envelope).await {
        Ok(Submission::Rejected(failure)) => tracing::warn!(
            transaction.id = %transaction,
            %hash,
            codes = failure.codes,
            "an envelope was refused for now; it stays open until it cannot land any more"
        ),
        Ok(answer) => tracing::debug!(transaction.id = %transaction, %hash, ?answer, "an envelope was sent"),
        Err(error) => {
            let error = chain(&error);
            tracing::warn!(transaction.id = %transaction, %hash, error, "it is unknown whether an envelope was taken");
        }
    }
}

fn lock(busy: &Busy) -> std::sync::MutexGuard<'_, HashSet<AccountId>> {
    busy.lock().unwrap_or_else(PoisonError::into_inner)
}
