//! The accounts whose sequence numbers the envelopes of a round use.

use std::collections::HashSet;
use std::sync::atomic::{AtomicI64, Ordering};

use chrono::{DateTime, Utc};

use super::super::OpsError;
use super::super::accounts::Accounts;
use super::super::chain;
use super::super::work::JobSettings;
use super::Round;
use super::group::Parcel;
use crate::account::AccountId;
use crate::anchor::Anchor;
use crate::store::{ChannelCount, Claim, ClaimedChannel, LeaseToken, StoreError};

/// A channel for one envelope.
#[derive(Debug, Clone)]
pub(super) struct Taken {
    pub(super) account: AccountId,
    /// The number that the envelope uses.
    pub(super) sequence: i64,
    lease: LeaseToken,
}

/// What was claimed for a round.
#[derive(Debug, Default)]
pub(super) struct Channels {
    /// Of the pool: each can carry any payment.
    pool: Vec<Taken>,
    /// Distribution accounts, which stand in: each carries what it pays itself.
    own: Vec<Taken>,
    unused: Vec<(AccountId, LeaseToken)>,
}

impl Channels {
    /// At most one for each parcel, those that were reserved first. Reads those accounts whose last sequence number is not
    /// known.
    pub(super) async fn claim(
        round: &Round<'_>,
        parcels: &[Parcel],
        foreign: &Foreign,
        reserved: &mut Reserved,
        accounts: &mut Accounts,
    ) -> Result<Self, OpsError> {
        let missing = parcels.len().saturating_sub(reserved.0.len());
        let missing = u32::try_from(missing).unwrap_or(u32::MAX);
        reserved.add(round.anchor, round.settings, foreign, missing).await?;
        if reserved.lacks_payer_of(parcels) {
            // stand-ins are handed out in their own order, and each carries what it pays itself: all of them, then
            reserved.add(round.anchor, round.settings, foreign, count(&distributions(round.anchor))).await?;
        }
        let claimed = std::mem::take(&mut reserved.0);
        let unknown = claimed.iter().filter(|one| one.channel.sequence.is_none());
        let unknown = unknown.map(|one| one.channel.account).collect();
        accounts.read_more(round.anchor, unknown).await;
        let mut channels = Self::default();
        for one in claimed {
            channels.add(round, one, accounts);
        }
        Ok(channels)
    }

    fn add(&mut self, round: &Round<'_>, claimed: ClaimedChannel, accounts: &Accounts) {
        let ClaimedChannel { channel, lease } = claimed;
        let last = match channel.sequence {
            Some(sequence) => Some(sequence),
            None => shown(round, &channel.account, accounts),
        };
        let Some(last) = last else {
            self.unused.push((channel.account, lease));
            return;
        };
        let taken = Taken { account: channel.account, sequence: last.saturating_add(1), lease };
        if channel.position.is_some() { self.pool.push(taken) } else { self.own.push(taken) }
    }

    /// One that can carry the parcel.
    pub(super) fn take(&mut self, parcel: &Parcel) -> Option<Taken> {
        if let Some(own) = self.own.iter().position(|one| one.account == parcel.payer) {
            return Some(self.own.swap_remove(own));
        }
        self.pool.pop()
    }

    /// It carries nothing after all.
    pub(super) fn give_back(&mut self, taken: Taken) {
        self.unused.push((taken.account, taken.lease));
    }

    /// Gives back what carried nothing.
    pub(super) async fn close(self, anchor: &Anchor) {
        let rest = self.pool.into_iter().chain(self.own).map(|one| (one.account, one.lease));
        give_back(anchor, &self.unused.into_iter().chain(rest).collect::<Vec<_>>()).await;
    }
}

/// Claimed before anybody knows which envelopes there will be, so that no more payments are claimed than several workers
/// together have channels for.
#[derive(Debug, Default)]
pub(super) struct Reserved(Vec<ClaimedChannel>);

impl Reserved {
    pub(super) fn count(&self) -> u32 {
        u32::try_from(self.0.len()).unwrap_or(u32::MAX)
    }

    /// Distribution accounts stand in, and one that pays is not among them.
    fn lacks_payer_of(&self, parcels: &[Parcel]) -> bool {
        let is_there = |payer: &AccountId| self.0.iter().any(|one| one.channel.account == *payer);
        self.0.iter().any(|one| one.channel.position.is_none())
            && parcels.iter().any(|parcel| !is_there(&parcel.payer))
    }

    /// So many more, if there are.
    pub(super) async fn add(
        &mut self,
        anchor: &Anchor,
        settings: &JobSettings,
        foreign: &Foreign,
        count: u32,
    ) -> Result<(), StoreError> {
        if count > 0 {
            let claim = Claim { limit: count, ..settings.claim(anchor) };
            let claimed = foreign.claim(anchor, &claim).await?;
            self.0.extend(claimed);
        }
        Ok(())
    }

    /// Gives them back.
    pub(super) async fn close(self, anchor: &Anchor) {
        give_back(
            anchor,
            &self.0.into_iter().map(|one| (one.channel.account, one.lease)).collect::<Vec<_>>(),
        )
        .await;
    }
}

/// What this process found out about channels whose keys it does not have: made with another `CHANNEL_SEED`, or with one
/// that came into the settings after its start. A pool that it cannot use at all must not stop payments: distribution
/// accounts stand in then, as if there were no pool. Each still has one open attempt, whoever uses the pool meanwhile.
#[derive(Debug)]
pub(super) struct Foreign {
    /// When the log last said so, in milliseconds.
    said: AtomicI64,
    /// When none of the pool's channels could be used, in milliseconds.
    all: AtomicI64,
}

/// How long the pool is left alone after that, and how often the log says so, in milliseconds.
const FOREIGN_FOR: i64 = 60_000;

impl Default for Foreign {
    fn default() -> Self {
        Self { said: AtomicI64::new(i64::MIN), all: AtomicI64::new(i64::MIN) }
    }
}

impl Foreign {
    /// How many channels there are of the kind that [`claim`](Self::claim) gives; those of the pool may turn out to be
    /// foreign.
    pub(super) async fn count(
        &self,
        anchor: &Anchor,
        now: DateTime<Utc>,
    ) -> Result<ChannelCount, StoreError> {
        if is_recent(&self.all, now) {
            let count = count(&distributions(anchor));
            return Ok(ChannelCount { free: count, all: count, has_pool: false });
        }
        anchor.store().channel_count(now).await
    }

    /// Channels for which this process can sign.
    async fn claim(&self, anchor: &Anchor, claim: &Claim) -> Result<Vec<ClaimedChannel>, StoreError> {
        let stand_ins = distributions(anchor);
        if is_recent(&self.all, claim.now) {
            return anchor.store().channel_claim_of(&stand_ins, claim).await;
        }
        let claimed = anchor.store().channel_claim(claim).await?;
        let (usable, foreign): (Vec<_>, Vec<_>) = claimed.into_iter().partition(|one| can_sign(anchor, one));
        let Some(first) = foreign.first() else { return Ok(usable) };
        if !is_recent(&self.said, claim.now) {
            self.said.store(claim.now.timestamp_millis(), Ordering::Relaxed);
            tracing::error!(
                account = %first.channel.account,
                foreign = foreign.len(),
                usable = usable.len(),
                "there are channels whose keys this process does not have: put the CHANNEL_SEED that they were created \
                 with into its settings and restart it"
            );
        }
        let back: Vec<_> = foreign.iter().map(|one| (one.channel.account, one.lease)).collect();
        give_back(anchor, &back).await;
        if !usable.is_empty() {
            return Ok(usable);
        }
        self.all.store(claim.now.timestamp_millis(), Ordering::Relaxed);
        anchor.store().channel_claim_of(&stand_ins, claim).await
    }
}

fn is_recent(at: &AtomicI64, now: DateTime<Utc>) -> bool {
    let since = now.timestamp_millis().saturating_sub(at.load(Ordering::Relaxed));
    (0..FOREIGN_FOR).contains(&since)
}

/// What signs for a distribution account is known at the start, whoever has its key.
pub(in crate::ops) fn can_sign(anchor: &Anchor, claimed: &ClaimedChannel) -> bool {
    let account = &claimed.channel.account;
    let has = |position| anchor.keys().has_channel(account, position) || anchor.is_signed_elsewhere(account);
    claimed.channel.position.is_none_or(has)
}

fn distributions(anchor: &Anchor) -> Vec<AccountId> {
    let accounts: HashSet<AccountId> = anchor.assets().iter().map(|asset| asset.distribution).collect();
    accounts.into_iter().collect()
}

fn count(accounts: &[AccountId]) -> u32 {
    u32::try_from(accounts.len()).unwrap_or(u32::MAX)
}

/// Before their leases end.
pub(in crate::ops) async fn give_back(anchor: &Anchor, unused: &[(AccountId, LeaseToken)]) {
    if unused.is_empty() {
        return;
    }
    if let Err(error) = anchor.store().channel_release(unused).await {
        tracing::warn!(error = chain(&error), "channels were not given back; their leases will run out");
    }
}

/// The last sequence number that the ledger shows. An account that was read from a server that lags behind what is known
/// already may have used more: an envelope with it could not land, and would block the channel until its bound.
fn shown(round: &Round<'_>, account: &AccountId, accounts: &Accounts) -> Option<i64> {
    match accounts.get(account) {
        Ok(Some(shown)) if shown.as_of.is_some_and(|as_of| as_of < round.latest.sequence) => None,
        Ok(Some(shown)) => Some(shown.sequence),
        Ok(None) => {
            tracing::error!(%account, "a channel account does not exist on the ledger");
            None
        }
        Err(error) => {
            tracing::warn!(%account, error = chain(&error), "a channel account could not be read");
            None
        }
    }
}
