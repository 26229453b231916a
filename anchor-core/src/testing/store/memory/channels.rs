//! Accounts whose sequence numbers envelopes use.

use chrono::{DateTime, Utc};

use super::books::{Books, ChannelRow, claim_limit, until};
use crate::account::AccountId;
use crate::id::AttemptId;
use crate::store::{Channel, ChannelCount, Claim, ClaimedChannel, LeaseToken};

impl Books {
    pub(super) fn channel_put(&mut self, wanted: &[(AccountId, Option<u32>)]) {
        for (account, position) in wanted {
            let new = || ChannelRow { position: *position, ..ChannelRow::default() };
            self.channels.entry(*account).or_insert_with(new).retired = false;
        }
    }

    pub(super) fn channel_list(&self) -> Vec<Channel> {
        let mut listed: Vec<Channel> =
            self.channels.iter().map(|(account, row)| row.show(*account)).collect();
        let place = |one: &Channel| (one.position.is_none(), one.position, one.account.to_string());
        listed.sort_by_cached_key(place);
        listed
    }

    pub(super) fn channel_count(&self, now: DateTime<Utc>) -> ChannelCount {
        let lacks_pool = self.lacks_pool();
        let usable = || self.channels.values().filter(|row| row.is_usable(lacks_pool));
        let number = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
        ChannelCount {
            free: number(usable().filter(|row| row.is_idle(now)).count()),
            all: number(usable().count()),
            has_pool: !lacks_pool,
        }
    }

    pub(super) fn channel_claim(&mut self, claim: &Claim) -> Vec<ClaimedChannel> {
        let lacks_pool = self.lacks_pool();
        self.channel_take(claim, |_, row| row.is_usable(lacks_pool))
    }

    pub(super) fn channel_claim_of(&mut self, accounts: &[AccountId], claim: &Claim) -> Vec<ClaimedChannel> {
        self.channel_take(claim, |account, row| accounts.contains(account) && !row.retired)
    }

    fn channel_take(
        &mut self,
        claim: &Claim,
        is_wanted: impl Fn(&AccountId, &ChannelRow) -> bool,
    ) -> Vec<ClaimedChannel> {
        let is_free =
            |account: &AccountId, row: &ChannelRow| is_wanted(account, row) && row.is_idle(claim.now);
        let mut found: Vec<_> =
            self.channels.iter_mut().filter(|(account, row)| is_free(account, row)).collect();
        found.sort_by_cached_key(|(account, row)| (row.position, account.to_string()));
        found.truncate(claim_limit(claim));
        let until = until(claim.now, claim.lease);
        let claimed = found.into_iter().map(|(account, row)| ClaimedChannel {
            lease: row.lease.take(&claim.owner, until),
            channel: row.show(*account),
        });
        claimed.collect()
    }

    pub(super) fn channel_release(&mut self, claims: &[(AccountId, LeaseToken)]) {
        for (account, lease) in claims {
            let row = self.channels.get_mut(account).filter(|row| row.lease.is_held_with(*lease));
            if let Some(row) = row {
                row.lease.end();
            }
        }
    }

    pub(super) fn channel_retire(&mut self, account: &AccountId, now: DateTime<Utc>) -> bool {
        let row = self.channels.get_mut(account).filter(|row| row.is_idle(now));
        row.map(|row| row.retired = true).is_some()
    }

    pub(super) fn channel_find(&self, accounts: &[AccountId]) -> Vec<Channel> {
        let mut found: Vec<Channel> = accounts
            .iter()
            .filter_map(|account| self.channels.get(account).map(|row| row.show(*account)))
            .collect();
        found.sort_by_cached_key(|channel| channel.account.to_string());
        found.dedup_by_key(|channel| channel.account);
        found
    }

    pub(super) fn channel_forget(&mut self, accounts: &[AccountId]) {
        for account in accounts {
            if let Some(row) = self.channels.get_mut(account).filter(|row| row.attempt.is_none()) {
                row.sequence = None;
            }
        }
    }

    /// The account has an open attempt from now on. Not every source account is a channel.
    pub(super) fn occupy(&mut self, account: &AccountId, attempt: AttemptId) {
        if let Some(row) = self.channels.get_mut(account) {
            row.attempt = Some(attempt);
            row.lease.end();
        }
    }

    /// The account's attempt is closed; nobody but us uses the keys of the pool.
    pub(super) fn vacate(&mut self, account: &AccountId, attempt: AttemptId, sequence: Option<i64>) {
        let row = self.channels.get_mut(account).filter(|row| row.attempt == Some(attempt));
        if let Some(row) = row {
            row.attempt = None;
            row.sequence = sequence.filter(|_| row.position.is_some());
        }
    }

    /// Whether distribution accounts stand in.
    fn lacks_pool(&self) -> bool {
        !self.channels.values().any(|row| row.position.is_some() && !row.retired)
    }
}

impl ChannelRow {
    fn is_usable(&self, lacks_pool: bool) -> bool {
        !self.retired && self.position.is_none() == lacks_pool
    }

    fn is_idle(&self, now: DateTime<Utc>) -> bool {
        self.attempt.is_none() && self.lease.is_free(now)
    }

    fn show(&self, account: AccountId) -> Channel {
        Channel {
            account,
            position: self.position,
            retired: self.retired,
            sequence: self.sequence,
            attempt: self.attempt,
        }
    }
}
