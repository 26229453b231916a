//! News for others, in order.

use chrono::{DateTime, Utc};

use super::books::{Books, EventKey, EventRow, claim_limit, until};
use crate::id::EventId;
use crate::store::{Claim, ClaimedEvent, EventProgress, LeaseToken};

impl Books {
    pub(super) fn event_claim(&mut self, claim: &Claim) -> Vec<ClaimedEvent> {
        let mut found: Vec<(DateTime<Utc>, EventId, EventKey)> = Vec::new();
        let mut previous = None;
        for (key, row) in self.events.iter().filter(|(_, row)| !row.delivered) {
            // only the oldest of each transaction that is not delivered
            let is_oldest = previous.replace(key.0) != Some(key.0);
            if is_oldest && row.due_at <= claim.now && row.lease.is_free(claim.now) {
                found.push((row.due_at, row.event.id, *key));
            }
        }
        found.sort_unstable();
        found.truncate(claim_limit(claim));
        let until = until(claim.now, claim.lease);
        let mut claimed = Vec::with_capacity(found.len());
        for (_, _, key) in found {
            let Some(row) = self.events.get_mut(&key) else { continue };
            let lease = row.lease.take(&claim.owner, until);
            let (event, progress) = (row.event.clone(), row.progress);
            claimed.push(ClaimedEvent { event, tries: row.tries, progress, lease });
            row.tries = row.tries.saturating_add(1);
        }
        claimed
    }

    pub(super) fn event_ack(&mut self, id: EventId, lease: LeaseToken, _at: DateTime<Utc>) {
        if let Some(row) = self.event_held(id, lease) {
            row.delivered = true;
            row.lease.end();
        }
    }

    pub(super) fn event_mark(&mut self, id: EventId, lease: LeaseToken, progress: EventProgress) -> bool {
        let row = self.event_held(id, lease);
        row.map(|row| row.progress = progress).is_some()
    }

    pub(super) fn event_defer(
        &mut self,
        id: EventId,
        lease: LeaseToken,
        progress: EventProgress,
        due: DateTime<Utc>,
    ) {
        if let Some(row) = self.event_held(id, lease) {
            row.progress = progress;
            row.due_at = due;
            row.lease.end();
        }
    }

    /// A row that the caller still has the lease on.
    fn event_held(&mut self, id: EventId, lease: LeaseToken) -> Option<&mut EventRow> {
        let row = self.events.get_mut(self.event_keys.get(&id)?)?;
        row.lease.is_held_with(lease).then_some(row)
    }
}
