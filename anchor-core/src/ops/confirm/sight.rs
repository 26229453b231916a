//! What the look-ups of one process have seen, so that they are not repeated for nothing.

use std::sync::{Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, Utc};

use super::PAUSE;
use crate::anchor::Anchor;
use crate::store::ClaimedAttempt;

/// So many payments are looked at in one round: they are all in memory.
const PAYMENTS_MAX: u32 = 2_000;

/// And so many envelopes, with one payment each.
const ENVELOPES_MAX: u32 = 500;

/// What one process remembers between its rounds: nothing that a restart would miss.
#[derive(Debug, Default)]
pub struct Sight(Mutex<Seen>);

#[derive(Debug, Clone, Copy)]
struct Seen {
    /// When everything that was due was last looked up, if some of it was found nowhere, and how far the ledger had been
    /// read by then.
    open: Option<(DateTime<Utc>, u32)>,
    /// Envelopes of one round, so that their payments are not too many.
    envelopes: u32,
}

impl Default for Seen {
    fn default() -> Self {
        Self { open: None, envelopes: PAYMENTS_MAX / 100 }
    }
}

impl Sight {
    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// No ledger has closed since everything was looked up: nothing can have landed or died, and one question is enough to
    /// know that. Not for long, because another server may know more.
    pub(super) async fn is_up_to_date(&self, anchor: &Anchor) -> bool {
        let Some((at, ledger)) = self.seen().open else { return false };
        let (now, pause) = (anchor.clock().now(), chrono::Duration::from_std(PAUSE).unwrap_or_default());
        if now < at || now >= at + pause {
            return false;
        }
        // without an answer everything is looked up: that says more about the trouble
        anchor.ledger().latest().await.is_ok_and(|latest| latest.sequence <= ledger)
    }

    /// From now on until `remember` everything has to be looked up.
    pub(super) fn forget(&self) {
        self.seen().open = None;
    }

    /// Everything that was due at `began` was looked up; `read`: up to this ledger, where something was not found.
    pub(super) fn remember(&self, began: DateTime<Utc>, read: Option<u32>) {
        self.seen().open = read.map(|ledger| (began, ledger));
    }

    /// So many envelopes are looked at in the next round.
    pub(super) fn envelopes(&self) -> u32 {
        self.seen().envelopes
    }

    pub(super) fn learn(&self, claimed: &[ClaimedAttempt]) {
        let payments: usize = claimed.iter().map(|one| one.transactions.len()).sum();
        let each = u32::try_from(payments.div_ceil(claimed.len().max(1))).unwrap_or(u32::MAX).max(1);
        self.seen().envelopes = (PAYMENTS_MAX / each).clamp(1, ENVELOPES_MAX);
    }
}
