//! A dearer wrapping for an envelope that the network leaves behind.
//!
//! The wrapping (CAP-15) carries the very same envelope under a hash of its own. It is stored before it is sent, as the
//! attempt was: whatever lands uses the attempt's sequence number, within the attempt's bound. Killed before it is
//! stored, nobody has seen it; killed after, it is looked up and sent with the attempt.

use std::time::Duration;

use super::work::JobSettings;
use super::{OpsError, chain};
use crate::anchor::Anchor;
use crate::keys::SigningKey;
use crate::stellar::envelope::bump;
use crate::store::{Bump, ClaimedAttempt};
use crate::transaction::Attempt;

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
    let newest = one.bumps.last();
    let envelope = newest.map_or_else(|| one.attempt.envelope.clone(), |bump| bump.envelope.clone());
    let attempt = Attempt { envelope, ..one.attempt.clone() };
    let rounds = u32::try_from(one.bumps.len()).unwrap_or(u32::MAX).saturating_add(1);
    if age < settings.bump_after.saturating_mul(rounds) {
        return attempt;
    }
    match dearer(anchor, settings, one).await {
        Ok(Some(bump)) => Attempt { envelope: bump.envelope, ..attempt },
        Ok(None) => attempt,
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
    if anchor.ledger().latest().await?.closed_at.saturating_add(WORTH_IT_SECONDS) > one.attempt.max_time {
        return Ok(None);
    }
    let payer = anchor.config().fee_key.as_ref().map_or(one.attempt.source, SigningKey::account);
    let unsigned = bump::wrap(anchor.ledger().network(), &one.attempt.envelope, payer, wanted);
    let unsigned = unsigned.map_err(|error| OpsError::Envelope(error.to_string()))?;
    let fee = unsigned.fee();
    let signature = anchor.signer().sign(&payer, unsigned.hash().as_bytes()).await?;
    let signed = unsigned.sign(&signature).map_err(|error| OpsError::Envelope(error.to_string()))?;
    let bump = Bump { hash: signed.hash, envelope: signed.xdr.into(), fee, opened_at: anchor.clock().now() };
    if !anchor.store().attempt_bump(one.attempt.id, &bump).await? {
        return Ok(None);
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
