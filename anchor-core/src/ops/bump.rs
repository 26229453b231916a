//! A dearer wrapping for an envelope that the network leaves behind.
//!
//! The wrapping (CAP-15) carries the very same envelope under a hash of its own. It is stored before it is sent, as the
//! attempt was: whatever lands uses the attempt's sequence number, within the attempt's bound. Killed before it is
//! stored, nobody has seen it; killed after, it is looked up and sent with the attempt. Where somebody else has to sign
//! for its payer, it is stored without the signature, and sent once it has it.

use std::time::Duration;

use super::work::JobSettings;
use super::{OpsError, chain};
use crate::anchor::Anchor;
use crate::keys::SigningKey;
use crate::stellar::envelope::{EnvelopeError, bump};
use crate::store::{Bump, ClaimedAttempt};
use crate::transaction::{Attempt, Unsigned};

/// The network takes a replacement only if it bids ten times as much.
const FACTOR: u32 = 10;

/// So much of the bound has to be left, or a wrapping comes too late.
const WORTH_IT_SECONDS: u64 = 10;

/// The attempt with the newest form of its envelope, made dearer if it is worth it.
pub(super) async fn newest(
    anchor: &Anchor,
    settings: &JobSettings,
    one: &ClaimedAttempt,
    age: Duration,
) -> Attempt {
    let newest = one.bumps.iter().rfind(|bump| !bump.envelope.is_empty());
    let envelope = newest.map_or_else(|| one.attempt.envelope.clone(), |bump| bump.envelope.clone());
    let attempt = Attempt { envelope, ..one.attempt.clone() };
    let rounds = u32::try_from(one.bumps.len()).unwrap_or(u32::MAX).saturating_add(1);
    let waits = one.bumps.last().is_some_and(|bump| bump.envelope.is_empty());
    if waits || age < settings.bump_after.saturating_mul(rounds) {
        return attempt;
    }
    match dearer(anchor, settings, one).await {
        Ok(Some(bump)) if !bump.envelope.is_empty() => Attempt { envelope: bump.envelope, ..attempt },
        Ok(Some(_) | None) => attempt,
        Err(error) => {
            tracing::warn!(attempt.id = %attempt.id, error = chain(&error), "an envelope could not be made dearer");
            attempt
        }
    }
}

/// `None`: the network does not ask for more, or the cap forbids it.
async fn dearer(
    anchor: &Anchor,
    settings: &JobSettings,
    one: &ClaimedAttempt,
) -> Result<Option<Bump>, OpsError> {
    let bid = anchor.ledger().fee_bid().await?;
    let before = per_operation(one);
    let wanted = bid.max(before.saturating_mul(FACTOR));
    if bid <= before || wanted > settings.fee_cap {
        return Ok(None);
    }
    let closed_at = anchor.ledger().latest().await?.closed_at;
    if closed_at.saturating_add(WORTH_IT_SECONDS) > one.attempt.max_time {
        return Ok(None);
    }
    let config = anchor.config();
    let payer = config.fee_key.as_ref().map(SigningKey::account).or(config.fee_account);
    let payer = payer.unwrap_or(one.attempt.source);
    let broken = |error: EnvelopeError| OpsError::Envelope(error.to_string());
    let wrapped = bump::wrap(anchor.ledger().network(), &one.attempt.envelope, payer, wanted);
    let wrapped = wrapped.map_err(broken)?;
    let (hash, fee, opened_at) = (wrapped.hash(), wrapped.fee(), anchor.clock().now());
    let bump = if anchor.is_signed_elsewhere(&payer) {
        let envelope = wrapped.xdr().map_err(broken)?.into();
        let unsigned = Some(Unsigned { envelope, since: closed_at });
        Bump { hash, envelope: "".into(), fee, opened_at, unsigned }
    } else {
        let signature = anchor.keys().sign_hash(&payer, hash.as_bytes())?;
        let envelope = wrapped.sign(&signature).map_err(broken)?.xdr.into();
        Bump { hash, envelope, fee, opened_at, unsigned: None }
    };
    if !anchor.store().attempt_bump(one.attempt.id, &bump).await? {
        return Ok(None);
    }
    if bump.unsigned.is_some() {
        anchor.wake().signings().notify_one();
    }
    tracing::info!(attempt.id = %one.attempt.id, hash = %bump.hash, fee, "an envelope was made dearer");
    Ok(Some(bump))
}

/// What the dearest form of an envelope bids for one operation; a wrapping pays for one more than it carries. Where the
/// issuer's authorisation goes before a payment it is less than this: the envelope is made dearer a little later.
fn per_operation(one: &ClaimedAttempt) -> u32 {
    let operations = i64::try_from(one.transactions.len().max(1)).unwrap_or(i64::MAX);
    let bid = match one.bumps.last() {
        Some(bump) => bump.fee.checked_div(operations.saturating_add(1)),
        None => one.attempt.fee.checked_div(operations),
    };
    bid.and_then(|bid| u32::try_from(bid).ok()).unwrap_or(u32::MAX)
}
