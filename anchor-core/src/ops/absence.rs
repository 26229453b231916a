//! Has an envelope that nobody finds been applied?
//!
//! Behind one address there may be several servers, of which one that lags behind does not know what another one has.
//! So "not found" is no proof, not even after the envelope's upper bound: its sequence number has to agree. As long as
//! the account has not used it, a new envelope with the same number can stand beside the old one, because the ledger
//! takes one of them at most. Once it is used, somebody used it: perhaps this very envelope. If another one of ours is
//! known to have used it, that is a proof for ever, and costs nothing.

use crate::anchor::Anchor;
use crate::stellar::{AccountSnapshot, LedgerPoint, Lookup};
use crate::transaction::Attempt;

use super::OpsError;

mod earlier;

pub(super) use earlier::{Earlier, earlier};

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
    if number(attempt, checked, account) == Number::Unused {
        return Ok(true);
    }
    let user = anchor.store().attempt_landed_at(&attempt.source, attempt.sequence).await?;
    if user.is_some_and(|user| user.hash != attempt.hash) {
        return Ok(true);
    }
    is_absent_by_now(anchor, attempt, checked).await
}

/// The same where nobody is known to have used the number: a search, after so long a time that no server lags any more.
async fn is_absent_by_now(
    anchor: &Anchor,
    attempt: &Attempt,
    checked: LedgerPoint,
) -> Result<bool, OpsError> {
    if checked.closed_at > attempt.max_time.saturating_add(LAG_MAX) {
        // somebody may have wrapped it into a fee bump, and some servers know it by that hash only
        let from = match anchor.store().signing_fetch(&attempt.hash).await? {
            Some(signing) => signing.since,
            None => attempt.max_time.saturating_sub(LIFETIME_MAX),
        };
        let found = anchor.ledger().search(&attempt.hash, from, attempt.max_time).await?;
        return Ok(matches!(found, Lookup::NotFound { .. }));
    }
    tracing::warn!(
        attempt.id = %attempt.id,
        hash = %attempt.hash,
        "an envelope is not found, but its account does not prove that it was not applied; asked again"
    );
    Ok(false)
}

/// What an account says about an envelope's sequence number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Number {
    /// Nobody has used it up to a ledger that closed after the envelope's upper bound: it cannot be applied any more.
    Unused,
    /// Somebody has, or the account is gone.
    Used,
    /// The answer is too old to tell.
    Unknown,
}

/// One answer says how far its server had read and which sequence number was the last one used.
fn number(attempt: &Attempt, point: LedgerPoint, account: Option<&AccountSnapshot>) -> Number {
    match account {
        Some(account) if account.id == attempt.source && account.sequence < attempt.sequence => {
            let is_new = account.as_of.is_some_and(|as_of| as_of >= point.sequence);
            // the bound is inclusive
            if is_new && point.closed_at > attempt.max_time { Number::Unused } else { Number::Unknown }
        }
        Some(account) if account.id != attempt.source => Number::Unknown,
        Some(_) | None => Number::Used,
    }
}
