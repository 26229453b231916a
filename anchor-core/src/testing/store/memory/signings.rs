//! Envelopes that somebody else has to sign.

use chrono::{DateTime, Utc};

use super::books::{Books, Lease, SigningRow, claim_limit, until};
use crate::id::AttemptId;
use crate::store::{Claim, ClaimedSigning, LeaseToken, Signing, SigningEnd};
use crate::transaction::{AttemptStatus, TransactionHash, Unsigned};

impl Books {
    /// With the attempt or wrapping that it belongs to.
    pub(super) fn signing_open(
        &mut self,
        hash: TransactionHash,
        attempt: AttemptId,
        unsigned: &Unsigned,
        at: DateTime<Utc>,
    ) {
        let row = SigningRow {
            attempt,
            unsigned: unsigned.clone(),
            opened_at: at,
            due_at: at,
            refused: None,
            closed: false,
            lease: Lease::default(),
        };
        self.signings.insert(hash, row);
    }

    pub(super) fn signing_claim(&mut self, claim: &Claim) -> Vec<ClaimedSigning> {
        let attempts = &self.attempts;
        let is_due = |row: &SigningRow| {
            let attempt = attempts.get(&row.attempt);
            !row.closed
                && attempt.is_some_and(|attempt| attempt.status == AttemptStatus::Open)
                && row.due_at <= claim.now
                && row.lease.is_free(claim.now)
        };
        let mut found: Vec<_> = self.signings.iter_mut().filter(|(_, row)| is_due(row)).collect();
        found.sort_by_key(|(hash, row)| (row.due_at, **hash));
        found.truncate(claim_limit(claim));
        let until = until(claim.now, claim.lease);
        let claimed = found.into_iter().filter_map(|(hash, row)| {
            Some(ClaimedSigning {
                hash: *hash,
                attempt: attempts.get(&row.attempt)?.attempt.clone(),
                envelope: row.unsigned.envelope.clone(),
                opened_at: row.opened_at,
                lease: row.lease.take(&claim.owner, until),
            })
        });
        claimed.collect()
    }

    pub(super) fn signing_release(&mut self, claims: &[(TransactionHash, LeaseToken, DateTime<Utc>)]) {
        for (hash, lease, due) in claims {
            let row = self.signings.get_mut(hash).filter(|row| row.lease.is_held_with(*lease));
            if let Some(row) = row {
                row.due_at = *due;
                row.lease.end();
            }
        }
    }

    pub(super) fn signing_close(
        &mut self,
        hash: &TransactionHash,
        lease: LeaseToken,
        end: &SigningEnd,
        at: DateTime<Utc>,
    ) -> bool {
        let row = self.signings.get_mut(hash).filter(|row| !row.closed && row.lease.token == lease.0);
        let Some(row) = row else { return false };
        let attempt = self.attempts.get_mut(&row.attempt).filter(|row| row.status == AttemptStatus::Open);
        let Some(attempt) = attempt else { return false };
        row.closed = true;
        row.lease.end();
        attempt.due_at = at;
        match end {
            SigningEnd::Refused { reason } => row.refused = Some(reason.clone()),
            SigningEnd::Signed { envelope } if attempt.attempt.hash == *hash => {
                attempt.attempt.envelope = envelope.clone();
            }
            SigningEnd::Signed { envelope } => {
                for bump in attempt.bumps.iter_mut().filter(|bump| bump.hash == *hash) {
                    bump.envelope = envelope.clone();
                }
            }
        }
        true
    }

    pub(super) fn signing_fetch(&self, hash: &TransactionHash) -> Option<Signing> {
        let row = self.signings.get(hash)?;
        Some(Signing { since: row.unsigned.since, refused: row.refused.clone() })
    }
}
