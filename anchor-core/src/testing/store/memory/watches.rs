//! The right to read an account's history, one reader at a time.

use std::time::Duration;

use chrono::{DateTime, Utc};

use super::books::{Books, until};
use crate::account::AccountId;
use crate::stellar::Cursor;
use crate::store::{LeaseToken, WatchLease};

impl Books {
    pub(super) fn watch_claim(
        &mut self,
        account: &AccountId,
        owner: &str,
        now: DateTime<Utc>,
        lease: Duration,
    ) -> Option<WatchLease> {
        let until = until(now, lease);
        let watch = self.watches.entry(*account).or_default();
        let is_mine = watch.lease.holder.as_ref().is_some_and(|(holder, _)| holder == owner);
        let token = if is_mine {
            // the same reader keeps its token: it would fence itself otherwise
            watch.lease.holder = Some((owner.to_owned(), until));
            LeaseToken(watch.lease.token)
        } else if watch.lease.is_free(now) {
            watch.lease.take(owner, until)
        } else {
            return None;
        };
        Some(WatchLease { account: *account, cursor: watch.cursor.clone(), token })
    }

    pub(super) fn watch_forget(&mut self, account: &AccountId) {
        if let Some(watch) = self.watches.get_mut(account) {
            watch.cursor = None;
            watch.lease.token = watch.lease.token.saturating_add(1);
            watch.lease.end();
        }
    }

    pub(super) fn watch_release(&mut self, lease: &WatchLease) {
        let watch = self.watches.get_mut(&lease.account);
        if let Some(watch) = watch.filter(|watch| watch.lease.token == lease.token.0) {
            watch.lease.end();
        }
    }

    /// Lease and cursor still are as the reader believes.
    pub(super) fn may_advance(&self, lease: &WatchLease) -> bool {
        let watch = self.watches.get(&lease.account);
        watch.is_some_and(|watch| watch.lease.is_held_with(lease.token) && watch.cursor == lease.cursor)
    }

    pub(super) fn advance(&mut self, lease: &WatchLease, next: &Cursor) {
        if let Some(watch) = self.watches.get_mut(&lease.account) {
            watch.cursor = Some(next.clone());
        }
    }
}
