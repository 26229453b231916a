//! Has an envelope that nobody finds been applied?
//!
//! Behind one address there may be several servers, of which one that lags behind does not know what another one has.
//! So "not found" is no proof, not even after the envelope's upper bound: its sequence number has to agree. As long as
//! the account has not used it, a new envelope with the same number can stand beside the old one, because the ledger
//! takes one of them at most. Once it is used, somebody used it: perhaps this very envelope.

use super::OpsError;
use crate::anchor::Anchor;
use crate::stellar::{AccountSnapshot, LedgerPoint, Lookup};
use crate::store::GivenUp;
use crate::transaction::{Attempt, TransactionHash};

/// Seconds of ledger time after which a server that still does not know an envelope is believed, although its
/// sequence number was used: somebody else used it. No server that lags behind for longer than this may answer.
const LAG_MAX: u64 = 15 * 60;

/// No envelope that was signed at once lives longer, in seconds of ledger time: so far back is searched for it.
pub(super) const LIFETIME_MAX: u64 = 15 * 60;

/// Whether an envelope that was not found up to `checked`, after its upper bound, was not applied and never will be.
/// `account` is the one whose sequence number it would use, as it is shown now.
pub(super) async fn is_absent(
    anchor: &Anchor,
    attempt: &Attempt,
    checked: LedgerPoint,
    account: Option<&AccountSnapshot>,
) -> Result<bool, OpsError> {
    // one answer says how far its server had read and which sequence number was the last one used
    let is_unused = account.is_some_and(|account| {
        account.id == attempt.source
            && account.sequence < attempt.sequence
            && account.as_of.is_some_and(|as_of| as_of >= checked.sequence)
    });
    if is_unused {
        return Ok(true);
    }
    if checked.closed_at > attempt.max_time.saturating_add(LAG_MAX) {
        // somebody may have wrapped it into a fee bump, and some servers know it by that hash only
        let from = match anchor.store().signing_fetch(&attempt.hash).await? {
            Some(signing) => signing.since,
            None => attempt.max_time.saturating_sub(LIFETIME_MAX),
        };
        let found = anchor.ledger().search(&attempt.hash, from, attempt.max_time).await?;
        return Ok(matches!(found, Lookup::NotFound { .. }));
    }
    let user = anchor.store().attempt_landed_at(&attempt.source, attempt.sequence).await?;
    if user.is_some_and(|user| user.hash != attempt.hash) {
        return Ok(true);
    }
    tracing::warn!(
        attempt.id = %attempt.id,
        hash = %attempt.hash,
        "an envelope is not found, but its account does not prove that it was not applied; asked again"
    );
    Ok(false)
}

/// What the envelopes that a transaction gave up say about a new one.
pub(super) enum Earlier {
    /// None of them can be applied beside it.
    Dead,
    /// One may have been: ask again.
    Unknown,
    /// This one has been, although it was given up.
    Applied(TransactionHash),
}

/// Looks again for envelopes that a transaction gave up, before it gets a new one: perhaps another server knows more, or a
/// wrapping landed that nobody looked for when the envelope was given up.
pub(super) async fn earlier(anchor: &Anchor, given_up: &[GivenUp]) -> Result<Earlier, OpsError> {
    for GivenUp { attempt, wrappings, .. } in given_up {
        let mut checked = None;
        for hash in std::iter::once(&attempt.hash).chain(wrappings) {
            match anchor.ledger().lookup(hash).await? {
                Lookup::Failed { .. } => {
                    checked = None;
                    break;
                }
                Lookup::Succeeded { .. } => return Ok(Earlier::Applied(*hash)),
                Lookup::NotFound { checked: point } => {
                    checked = Some(checked.map_or(point, |before: LedgerPoint| before.min(point)));
                }
            }
        }
        let Some(checked) = checked else { continue };
        let account = anchor.ledger().account(&attempt.source).await?;
        if !is_absent(anchor, attempt, checked, account.as_ref()).await? {
            return Ok(Earlier::Unknown);
        }
    }
    Ok(Earlier::Dead)
}
