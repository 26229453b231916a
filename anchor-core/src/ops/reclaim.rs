//! Takes back what was set aside and nobody claimed, from the time on that the balance itself says.
//!
//! ```text
//! open -- there? --  sign  --  attempt stored  -- submit -->  confirm,  and the watcher reads what came
//!            (1)         (2)                  (3)
//! ```
//! Killed at (1) or (2) nothing happened; at (3), before, during or after the submission, there is an open attempt, which
//! `confirm` closes like any other. No attempt is made while another one is open, and a balance can be claimed once: that is
//! the ledger's own rule. An attempt that was applied changes nothing here. What came back is written by the watcher, in the
//! commit of its cursor, whoever claimed it with the account's key; see `observe`.
//!
//! That a balance is gone proves only that. It is closed as the user's if none of the anchor's attempts can have taken it; if a
//! watcher reads a claim by the anchor's account later, that prevails.

use std::collections::HashSet;
use std::time::Duration;

use super::channels::{self, Envelope};
use super::work::{JobSettings, Progress};
use super::{OpsError, chain, submit};
use crate::account::AccountId;
use crate::anchor::Anchor;
use crate::asset::StellarAsset;
use crate::id::AttemptId;
use crate::stellar::envelope::Operation;
use crate::stellar::{AccountSnapshot, BalanceClaim, BalanceLookup, LedgerError, LedgerPoint, Movement};
use crate::store::{Disposition, LastReclaim, Observed, SetAside, Stored};
use crate::transaction::{AttemptPurpose, AttemptStatus, TransactionHash};

/// What is under way, or waits for the account's other envelope, is looked at again after this time.
const PAUSE: Duration = Duration::from_secs(15);

/// What a person has to change something for is looked at again after this time.
const PAUSE_LONG: Duration = Duration::from_secs(3600);

/// What to do about one balance.
enum Next {
    Wait(Duration),
    /// Somebody has it, or it is on its way.
    Moved,
}

/// Looks at the balances that may be taken back by now: makes an attempt for those that are there, and closes those that
/// are gone. Does nothing unless the settings want it.
///
/// # Errors
/// The ledger's or the store's, before anything was claimed. Later trouble gives the balance back.
pub async fn reclaim(anchor: &Anchor, settings: &JobSettings) -> Result<Progress, OpsError> {
    let mut progress = Progress::default();
    if anchor.config().claimable_reclaim_after.is_none() || anchor.custody().is_some() {
        return Ok(progress);
    }
    let latest = anchor.ledger().latest().await?;
    let due = anchor.store().set_aside_claim(&settings.claim(anchor), latest.closed_at).await?;
    progress.claimed = u32::try_from(due.len()).unwrap_or(u32::MAX);
    // an account has one open envelope at most
    let mut busy = HashSet::new();
    for one in &due {
        let pause = match look(anchor, latest, one, &mut busy).await {
            Ok(Next::Wait(pause)) => pause,
            Ok(Next::Moved) => {
                progress.moved = progress.moved.saturating_add(1);
                PAUSE
            }
            Err(error) => {
                progress.failed = progress.failed.saturating_add(1);
                let (balance, error) = (&one.balance, chain(&error));
                tracing::warn!(balance, error, "a balance could not be looked at; tried again");
                PAUSE
            }
        };
        let due = anchor.clock().now() + pause;
        if let Err(error) = anchor.store().set_aside_wait(&one.balance, due).await {
            tracing::warn!(error = chain(&error), "a balance was not given back; its lease will run out");
        }
    }
    Ok(progress)
}

async fn look(
    anchor: &Anchor,
    latest: LedgerPoint,
    one: &SetAside,
    busy: &mut HashSet<AccountId>,
) -> Result<Next, OpsError> {
    match one.attempt.map(|last| last.status) {
        Some(AttemptStatus::Open) => return Ok(Next::Wait(PAUSE)),
        Some(AttemptStatus::Applied) => {
            tracing::debug!(balance = one.balance, "taken back; the watcher has not read that yet");
            return Ok(Next::Wait(PAUSE));
        }
        Some(AttemptStatus::Void) | None => {}
    }
    match anchor.ledger().claimable_balance(&one.balance).await? {
        BalanceLookup::Absent { checked } => {
            let before = one.attempt.map(|last| last.id);
            let is_past = one.attempt.is_none_or(|last| checked.closed_at > last.max_time);
            if checked.sequence < one.ledger || !is_past {
                // a server that lags behind
                return Ok(Next::Wait(PAUSE));
            }
            if anchor.store().set_aside_end(&one.balance, before).await? {
                tracing::info!(
                    transaction.id = %one.transaction,
                    balance = one.balance,
                    "what was set aside has been claimed, and not by the anchor"
                );
            }
            Ok(Next::Moved)
        }
        BalanceLookup::Held { asset, amount } if (&asset, amount) != (&one.asset, one.amount) => {
            let error = format!("balance {} holds something else than it was made with", one.balance);
            Err(LedgerError::Malformed(error).into())
        }
        BalanceLookup::Held { .. } if has_just_failed(one, latest) => {
            tracing::error!(
                transaction.id = %one.transaction,
                balance = one.balance,
                "the ledger refused to give back what was set aside: the attempt's note says why"
            );
            Ok(Next::Wait(PAUSE_LONG))
        }
        BalanceLookup::Held { .. } if busy.contains(&one.by) => Ok(Next::Wait(PAUSE)),
        BalanceLookup::Held { .. } => {
            busy.insert(one.by);
            take(anchor, latest, one).await
        }
    }
}

/// Each failure costs a fee. One that no ledger holds costs nothing, and is made again at once.
fn has_just_failed(one: &SetAside, latest: LedgerPoint) -> bool {
    let until = |last: LastReclaim| last.max_time.saturating_add(PAUSE_LONG.as_secs());
    one.attempt.is_some_and(|last| last.ledger.is_some() && latest.closed_at < until(last))
}

/// Stores an attempt to claim the balance, and sends it.
async fn take(anchor: &Anchor, latest: LedgerPoint, one: &SetAside) -> Result<Next, OpsError> {
    let cannot = |why: &str| {
        tracing::error!(
            transaction.id = %one.transaction,
            balance = one.balance,
            account = %one.by,
            "what was set aside cannot be taken back: {why}"
        );
        Ok(Next::Wait(PAUSE_LONG))
    };
    if !anchor.keys().has(&one.by) && !anchor.is_signed_elsewhere(&one.by) {
        return cannot("nobody has the account's key");
    }
    let Some(shown) = anchor.ledger().account(&one.by).await? else {
        return cannot("the account does not exist");
    };
    if shown.as_of.is_some_and(|as_of| as_of < latest.sequence) {
        // its sequence number may be an old one
        return Ok(Next::Wait(PAUSE));
    }
    if !can_hold(&shown, one) {
        return cannot("the account has no authorized trust line with room for it");
    }
    let envelope = Envelope {
        source: &shown,
        operations: vec![Operation::Claim { balance: one.balance.clone() }],
        purpose: AttemptPurpose::Reclaim,
        latest,
    };
    let attempt = channels::sign(anchor, envelope)?;
    let before: Option<AttemptId> = one.attempt.map(|last| last.id);
    let now = anchor.clock().now();
    match anchor.store().set_aside_reclaim(&one.balance, before, &attempt, now).await? {
        Stored::Applied => {
            let hash: TransactionHash = attempt.hash;
            tracing::info!(transaction.id = %one.transaction, balance = one.balance, %hash, "a balance is taken back");
            if !attempt.is_signed() {
                anchor.wake().signings().notify_one();
            }
            submit::send_all(anchor, &[attempt]).await;
            Ok(Next::Moved)
        }
        _ => Ok(Next::Wait(PAUSE)),
    }
}

/// An issuer takes its own asset out of the world, and can always do that.
fn can_hold(shown: &AccountSnapshot, one: &SetAside) -> bool {
    match &one.asset {
        StellarAsset::Native => true,
        StellarAsset::Credit { issuer, .. } if *issuer == one.by => true,
        StellarAsset::Credit { .. } => {
            let line = shown.trust_lines.iter().find(|line| line.asset == one.asset && line.authorized);
            let room = line
                .and_then(|line| line.limit.checked_sub(line.balance)?.checked_sub(line.buying_liabilities));
            room.is_some_and(|room| room >= one.amount)
        }
    }
}

/// What came back with these claims, as the watcher writes it: as if the one had paid whom it was set aside for, so that
/// whoever sends it back, sends it there. Not every server tells what a claim brought; what the balance was made with is known
/// here, and cannot have changed.
///
/// # Errors
/// The store's. [`OpsError::Contended`] if one of them may be of a balance that is just being made: `confirm` has to close
/// its attempt first.
pub(super) async fn taken_back(
    anchor: &Anchor,
    account: &AccountId,
    claims: &[BalanceClaim],
) -> Result<Vec<Observed>, OpsError> {
    let Some(latest) = claims.iter().map(|claim| claim.at).max() else { return Ok(Vec::new()) };
    let store = anchor.store();
    // asked first: what is made after this cannot be claimed by the anchor for long
    let until = u64::try_from(latest.timestamp()).unwrap_or_default();
    let is_pending = store.set_aside_is_pending(account, until).await?;
    let balances: Vec<String> = claims.iter().map(|claim| claim.balance.clone()).collect();
    let known = store.set_aside_find(&balances).await?;
    let mut observed = Vec::with_capacity(known.len());
    for claim in claims {
        let Some(one) = known.iter().find(|one| one.balance == claim.balance) else {
            if is_pending {
                tracing::error!(
                    %account,
                    balance = claim.balance,
                    "a balance was claimed while deposits that may have made it are not confirmed: reading waits for that"
                );
                return Err(OpsError::Contended);
            }
            continue;
        };
        let deposit = store.transaction_fetch(one.transaction).await?.ok_or(OpsError::Contended)?;
        let movement = Movement {
            id: claim.id.clone(),
            hash: claim.hash,
            ledger: claim.ledger,
            at: claim.at,
            from: deposit.request.account,
            to: claim.by,
            asset: one.asset.clone(),
            amount: one.amount,
            memo: claim.memo.clone(),
        };
        let balance = one.balance.clone();
        let disposition = Disposition::Reclaimed { balance, transaction: one.transaction };
        observed.push(Observed { movement, disposition });
    }
    Ok(observed)
}
