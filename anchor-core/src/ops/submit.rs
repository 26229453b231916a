//! Ledger payments: planned from what the ledger shows now, signed, stored, and only then sent.
//!
//! ```text
//! ReadyToPay, RefundDue  -- plan, sign --  attempt stored  -- submit -->  confirm
//!                       (1)           (2)                 (3)
//! ```
//! Killed at (1) nothing happened; at (2) a signature was made that nobody ever sees. What somebody else has to sign is
//! stored unsigned and sent by `ops::signing`. Killed at (3), before,
//! during or after the submission, it looks the same: an open attempt, which `confirm` resolves by its hash. What
//! a server answers to a submission is logged and decides nothing.
//!
//! Each envelope uses the sequence number of a channel account, which has one open attempt at most; the value moves from
//! the distribution account. Payments without a memo share envelopes. As many are under way at once as there are
//! channels: that, and nothing else, holds the work back. A process that cannot sign for any channel pays as if there were
//! no pool, and says so.

use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU32, Ordering};
use std::time::Duration;

use chrono::{DateTime, Utc};

use super::accounts::Accounts;
use super::commit::moved;
use super::route::accounts_of;
use super::work::{JobSettings, Progress};
use super::{OpsError, chain, commit, custody};
use crate::amount::StellarAmount;
use crate::anchor::Anchor;
use crate::id::TransactionId;
use crate::stellar::{LedgerPoint, Submission};
use crate::store::{ChannelCount, Claim, Claimed, LeaseToken, Stored};
use crate::transaction::{Actor, Attempt, Change, ChangeEffect, Fact, Queue};

pub(super) mod channel;
mod decide;
mod group;
pub(super) mod sign;

use channel::{Channels, Foreign, Reserved};
pub(super) use decide::{Decision, Send};

use decide::decide;
use group::{Parcel, parcels};

/// What has to wait for a channel or a server is looked at again after this time: less than a ledger.
const PAUSE: Duration = Duration::from_secs(1);

/// What cannot be paid for out of the budget of a day is looked at again after this time.
const PAUSE_BUDGET: Duration = Duration::from_secs(15);

/// The network's minimum for one operation, in stroops.
const FEE_MIN: u32 = 100;

/// A round with fewer channels than this part of the pool is not worth its questions, if one began a moment ago.
const CHANNELS_WORTH_IT: u32 = 8;

/// A moment, in milliseconds.
const MOMENT: i64 = 100;

/// So many envelopes are stored in one commit, and sent while the next ones are signed.
const AT_ONCE: usize = 250;

/// What one process remembers between its rounds: nothing that a restart would miss.
#[derive(Debug)]
pub struct Pace {
    /// Distribution accounts are known as stand-ins for channels.
    introduced: AtomicBool,
    /// Payments that found place in one envelope lately, so that no more are taken than will.
    per_envelope: AtomicU32,
    /// When the last round began, in milliseconds.
    began: AtomicI64,
    /// The last round found something to pay: the next one takes its channels first. Otherwise a worker takes payments that it
    /// has no channel for, which others have, as soon as there are several workers.
    is_busy: AtomicBool,
    /// Whose keys are not here.
    foreign: Foreign,
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            introduced: AtomicBool::new(false),
            per_envelope: AtomicU32::new(100),
            began: AtomicI64::new(0),
            is_busy: AtomicBool::new(false),
            foreign: Foreign::default(),
        }
    }
}

impl Pace {
    /// A round began a moment ago.
    fn has_begun(&self, now: DateTime<Utc>) -> bool {
        let since = now.timestamp_millis().saturating_sub(self.began.load(Ordering::Relaxed));
        (0..MOMENT).contains(&since)
    }
}

/// What is the same for all envelopes of a round.
struct Round<'a> {
    anchor: &'a Anchor,
    settings: &'a JobSettings,
    /// Read before the accounts were: what they show has to be as new as this.
    latest: LedgerPoint,
    /// Bid for one operation.
    fee: u32,
    /// Whoever pays bids, too: there are no channels that would.
    payers_bid: bool,
    /// Nothing is asked about earlier envelopes any more after this: whoever is known by then is paid.
    asked_until: DateTime<Utc>,
    /// Nothing is signed any more after this: the leases end soon.
    until: DateTime<Utc>,
}

/// Plans, signs, stores and submits what is due, oldest first; or orders it from the custodian, if there is one.
///
/// # Errors
/// The store's, before anything was claimed. Later trouble gives the touched transactions back.
pub async fn submit(anchor: &Anchor, settings: &JobSettings, pace: &Pace) -> Result<Progress, OpsError> {
    if anchor.custody().is_some() {
        return custody::hand_over(anchor, settings).await;
    }
    if !pace.introduced.load(Ordering::Relaxed) {
        let stand_ins: Vec<_> = anchor.assets().iter().map(|asset| (asset.distribution, None)).collect();
        anchor.store().channel_put(&stand_ins).await?;
        pace.introduced.store(true, Ordering::Relaxed);
    }
    let now = anchor.clock().now();
    let ChannelCount { free, all, has_pool } = pace.foreign.count(anchor, now).await?;
    if free == 0 || (free < all / CHANNELS_WORTH_IT && pace.has_begun(now)) {
        return Ok(Progress::default());
    }
    let allowance = allowance(anchor, settings).await?;
    if allowance == Some(0) {
        return Ok(Progress::default());
    }
    pace.began.store(now.timestamp_millis(), Ordering::Relaxed);
    let mut reserved = Reserved::default();
    if pace.is_busy.load(Ordering::Relaxed) {
        let wanted = settings.payments().div_ceil(pace.per_envelope.load(Ordering::Relaxed).max(1));
        reserved.add(anchor, settings, &pace.foreign, wanted).await?;
        if reserved.count() == 0 {
            // other workers have them by now
            return Ok(Progress::default());
        }
    }
    let claimed = match claim(anchor, settings, pace, free, &reserved).await {
        Ok(claimed) => claimed,
        Err(error) => {
            reserved.close(anchor).await;
            return Err(error);
        }
    };
    pace.is_busy.store(!claimed.is_empty(), Ordering::Relaxed);
    if claimed.is_empty() {
        reserved.close(anchor).await;
        return Ok(Progress::default());
    }
    let mut desk =
        Desk { anchor, settings, claimed: &claimed, back: Vec::new(), progress: Progress::default() };
    desk.progress.claimed = u32::try_from(claimed.len()).unwrap_or(u32::MAX);
    match Round::open(anchor, settings, now, !has_pool).await {
        Ok(round) => round.work(&mut desk, pace, reserved, allowance).await,
        Err(error) => {
            tracing::warn!(error = chain(&error), "the ledger did not answer: nothing is signed now");
            for place in 0..claimed.len() {
                desk.failed(place, &error);
            }
            reserved.close(anchor).await;
        }
    }
    Ok(desk.close().await)
}

/// No more than there are channels for: those that are reserved, or else as many as seem to be free.
async fn claim(
    anchor: &Anchor,
    settings: &JobSettings,
    pace: &Pace,
    free: u32,
    reserved: &Reserved,
) -> Result<Vec<Claimed>, OpsError> {
    let per_envelope = pace.per_envelope.load(Ordering::Relaxed);
    let room = match reserved.count() {
        0 => free.saturating_mul(per_envelope).saturating_add(1),
        channels => channels.saturating_mul(per_envelope),
    };
    let claim = Claim { limit: settings.payments().min(room), ..settings.claim(anchor) };
    Ok(anchor.store().transaction_claim(Queue::Payments, &claim).await?)
}

/// What becomes of these, where somebody else pays: the same plans, without channels and envelopes. With the ledger
/// that was the last one before.
pub(super) async fn plans(
    anchor: &Anchor,
    settings: &JobSettings,
    claimed: &[Claimed],
    claimed_at: DateTime<Utc>,
) -> Result<(LedgerPoint, Vec<Decision>), OpsError> {
    let round = Round::open(anchor, settings, claimed_at, true).await?;
    let mut accounts = Accounts::read(anchor, accounts_of(anchor, claimed)).await;
    Ok((round.latest, decide(&round, claimed, &mut accounts).await))
}

/// What may still be bid, by what was bid in the last 24 hours; `None` without a budget.
pub(super) async fn allowance(anchor: &Anchor, settings: &JobSettings) -> Result<Option<i64>, OpsError> {
    let Some(budget) = settings.fee_budget else { return Ok(None) };
    let since = anchor.clock().now() - chrono::Duration::hours(24);
    let rest = budget.saturating_sub(anchor.store().attempt_fees_since(since).await?).max(0);
    if rest == 0 {
        tracing::error!(budget, "the fees of the last 24 hours have reached FEE_BUDGET: payments wait");
    }
    Ok(Some(rest))
}

impl<'a> Round<'a> {
    /// From when on the anchor may take back what is set aside now: so long after the last ledger that may hold it.
    fn reclaim_from(&self) -> Option<u64> {
        let after = self.anchor.config().claimable_reclaim_after?;
        let lifetime = self.settings.attempt_lifetime.max(self.settings.signer_lifetime);
        Some(self.latest.closed_at.saturating_add(lifetime.as_secs()).saturating_add(after.as_secs()))
    }

    async fn open(
        anchor: &'a Anchor,
        settings: &'a JobSettings,
        claimed_at: DateTime<Utc>,
        payers_bid: bool,
    ) -> Result<Self, OpsError> {
        let latest = anchor.ledger().latest().await?;
        let fee = anchor.ledger().fee_bid().await?.min(settings.fee_cap).max(FEE_MIN);
        let part = |of: u32| {
            claimed_at + chrono::Duration::from_std(settings.lease / of).unwrap_or(chrono::Duration::days(1))
        };
        Ok(Self { anchor, settings, latest, fee, payers_bid, asked_until: part(4), until: part(2) })
    }

    async fn work(
        &self,
        desk: &mut Desk<'_>,
        pace: &Pace,
        mut reserved: Reserved,
        mut allowance: Option<i64>,
    ) {
        let mut accounts = Accounts::read(self.anchor, accounts_of(self.anchor, desk.claimed)).await;
        let decisions = decide(self, desk.claimed, &mut accounts).await;
        let mut sends = Vec::new();
        for (place, decision) in decisions.into_iter().enumerate() {
            match decision {
                Decision::Send(send) => sends.push((place, send)),
                Decision::Fact(fact) => desk.tell(place, fact).await,
                Decision::Wait(pause) => desk.wait(place, pause),
                Decision::Failed(error) => desk.failed(place, &error),
            }
        }
        let payments = sends.len();
        let parcels = parcels(sends, self.settings.operations_max);
        if !parcels.is_empty() {
            let average = payments.div_ceil(parcels.len());
            pace.per_envelope.store(u32::try_from(average).unwrap_or(1).max(1), Ordering::Relaxed);
        }
        let mut channels =
            match Channels::claim(self, &parcels, &pace.foreign, &mut reserved, &mut accounts).await {
                Ok(channels) => channels,
                Err(error) => {
                    parcels.iter().flat_map(Parcel::places).for_each(|place| desk.failed(place, &error));
                    return reserved.close(self.anchor).await;
                }
            };
        let mut addressed = Vec::with_capacity(parcels.len());
        let mut too_dear = 0_usize;
        for parcel in parcels {
            let cost = parcel.fee(self.fee);
            let is_affordable = allowance.is_none_or(|rest| cost <= rest);
            if !is_affordable {
                too_dear += parcel.places().count();
                parcel.places().for_each(|place| desk.wait(place, PAUSE_BUDGET));
                continue;
            }
            match channels.take(&parcel) {
                Some(channel) => {
                    allowance = allowance.map(|rest| rest.saturating_sub(cost));
                    addressed.push((parcel, channel));
                }
                // whoever has to wait keeps the place in the queue
                None => parcel.places().for_each(|place| desk.wait(place, PAUSE)),
            }
        }
        if too_dear > 0 {
            tracing::error!(
                budget = self.settings.fee_budget,
                rest = allowance,
                payments = too_dear,
                "what is left of FEE_BUDGET does not suffice for the bids of now: payments wait"
            );
        }
        let mut sending: Vec<Attempt> = Vec::new();
        let mut rest = addressed.into_iter().peekable();
        while rest.peek().is_some() {
            let some: Vec<_> = rest.by_ref().take(AT_ONCE).collect();
            if self.anchor.clock().now() >= self.until {
                // the signer is slow
                for (parcel, channel) in some {
                    parcel.places().for_each(|place| desk.wait(place, PAUSE));
                    channels.give_back(channel);
                }
                continue;
            }
            let (_, opened) =
                tokio::join!(send_all(self.anchor, &sending), self.sign_and_store(some, desk, &mut channels));
            sending = opened;
            // some may be in a ledger already
            self.anchor.wake().queue(Queue::Attempts).notify_one();
        }
        send_all(self.anchor, &sending).await;
        self.anchor.wake().queue(Queue::Attempts).notify_one();
        channels.close(self.anchor).await;
    }

    /// The attempts that are stored now, and may be sent.
    async fn sign_and_store(
        &self,
        parcels: Vec<(Parcel, channel::Taken)>,
        desk: &mut Desk<'_>,
        channels: &mut Channels,
    ) -> Vec<Attempt> {
        let (mut groups, mut carried) = (Vec::new(), Vec::new());
        for (parcel, channel) in parcels {
            let signed = match self.sign(&parcel, &channel) {
                Ok(Ok(attempt)) => desk.changes(&parcel, &attempt),
                Ok(Err(refused)) => {
                    // built from checked values: what cannot be built says something about this one payment
                    desk.refused(&parcel, &refused).await;
                    None
                }
                Err(error) => {
                    parcel.places().for_each(|place| desk.failed(place, &error));
                    None
                }
            };
            match signed {
                Some(changes) => {
                    groups.push(changes);
                    carried.push((parcel, channel));
                }
                None => channels.give_back(channel),
            }
        }
        if groups.is_empty() {
            return Vec::new();
        }
        let stored = match self.anchor.store().transaction_apply_groups(&groups).await {
            Ok(stored) => stored,
            Err(error) => {
                // perhaps they are stored: then `confirm` sends them, and the leases are gone already
                let error = OpsError::Store(error);
                carried
                    .iter()
                    .flat_map(|(parcel, _)| parcel.places())
                    .for_each(|place| desk.failed(place, &error));
                return Vec::new();
            }
        };
        if groups.iter().any(|group| waits_for_signatures(group)) {
            self.anchor.wake().signings().notify_one();
        }
        let mut opened = Vec::with_capacity(groups.len());
        for ((changes, stored), (parcel, channel)) in groups.into_iter().zip(stored).zip(carried) {
            if stored != Stored::Applied {
                parcel.places().for_each(|place| desk.wait(place, PAUSE));
                channels.give_back(channel);
                continue;
            }
            if let Some(ChangeEffect::OpenAttempt(attempt)) = changes.first().map(Change::effect) {
                opened.push(attempt.clone());
            }
            for change in changes {
                desk.progress.moved = desk.progress.moved.saturating_add(1);
                moved(self.anchor, change.transaction(), change.fact().fact.name());
            }
        }
        opened
    }

    /// What an operation may cost whoever pays, besides what it moves.
    fn most(&self) -> StellarAmount {
        if !self.payers_bid {
            return StellarAmount::ZERO;
        }
        StellarAmount::from_stroops(i64::from(self.fee)).unwrap_or_default()
    }
}

fn waits_for_signatures(group: &[Change]) -> bool {
    matches!(group.first().map(Change::effect), Some(ChangeEffect::OpenAttempt(attempt)) if !attempt.is_signed())
}

/// The claimed transactions of a round, and where each of them ended.
struct Desk<'a> {
    anchor: &'a Anchor,
    settings: &'a JobSettings,
    claimed: &'a [Claimed],
    back: Vec<(TransactionId, LeaseToken, DateTime<Utc>)>,
    progress: Progress,
}

impl Desk<'_> {
    /// Looked at again after `pause`; those of one round in their order.
    fn wait(&mut self, place: usize, pause: Duration) {
        let Some(one) = self.claimed.get(place) else { return };
        let place = Duration::from_micros(u64::try_from(place).unwrap_or_default());
        let pause =
            chrono::Duration::from_std(pause.saturating_add(place)).unwrap_or(chrono::Duration::days(1));
        self.back.push((one.transaction.id, one.lease, self.anchor.clock().now() + pause));
    }

    fn failed(&mut self, place: usize, error: &OpsError) {
        let Some(one) = self.claimed.get(place) else { return };
        self.progress.failed = self.progress.failed.saturating_add(1);
        tracing::warn!(
            transaction.id = %one.transaction.id,
            error = chain(error),
            "a payment is not known to have been prepared; it is tried again"
        );
        let pause = error.retry_after().unwrap_or_default();
        self.wait(place, pause.max(self.settings.pause(self.anchor, &one.transaction)));
    }

    async fn tell(&mut self, place: usize, fact: Fact) {
        let Some(one) = self.claimed.get(place) else { return };
        match commit(self.anchor, &one.transaction, fact, Actor::Worker, false).await {
            Ok(super::Committed::Moved(_)) => self.progress.moved = self.progress.moved.saturating_add(1),
            Ok(_) => self.wait(place, PAUSE),
            Err(error) => self.failed(place, &error),
        }
    }

    async fn refused(&mut self, parcel: &Parcel, refused: &crate::stellar::envelope::EnvelopeError) {
        let places: Vec<usize> = parcel.places().collect();
        if let [place] = *places {
            return self.tell(place, Fact::Held { reason: refused.to_string() }).await;
        }
        tracing::error!(%refused, payments = places.len(), "an envelope of several payments could not be built");
        places.into_iter().for_each(|place| self.wait(place, self.settings.pause_max));
    }

    /// What the attempt changes, one for each of its operations; `None` if one of them does not fit any more.
    fn changes(&mut self, parcel: &Parcel, attempt: &Attempt) -> Option<Vec<Change>> {
        let at = self.anchor.clock().now();
        let context = crate::transaction::ApplyContext { ids: self.anchor.ids(), actor: Actor::Worker, at };
        let change = |place: usize| {
            let fact = Fact::AttemptOpened { attempt: attempt.clone() };
            match self.claimed.get(place)?.transaction.apply(fact, &context) {
                crate::transaction::Applied::Changed(change) => Some(change),
                _ => None,
            }
        };
        let changes: Option<Vec<Change>> = parcel.places().map(change).collect();
        if changes.is_none() {
            parcel.places().for_each(|place| self.wait(place, PAUSE));
        }
        changes
    }

    /// Gives back what did not move.
    async fn close(self) -> Progress {
        if let Err(error) = self.anchor.store().transaction_release_all(&self.back).await {
            tracing::warn!(error = chain(&error), "leases were not given back; they will run out");
        }
        self.progress
    }
}

/// Sends stored envelopes, for the first time or again: each lands at most once. Nothing is concluded from the answers.
/// Those that wait for somebody else's signature are left out.
pub(super) async fn send_all(anchor: &Anchor, attempts: &[Attempt]) {
    let attempts: Vec<&Attempt> = attempts.iter().filter(|attempt| attempt.is_signed()).collect();
    let envelopes: Vec<&str> = attempts.iter().map(|attempt| &*attempt.envelope).collect();
    if envelopes.is_empty() {
        return;
    }
    let answers = anchor.ledger().submit_all(&envelopes).await;
    for (attempt, answer) in attempts.iter().zip(answers) {
        let hash = attempt.hash;
        match answer {
            Ok(Submission::Rejected(failure)) => tracing::warn!(
                attempt.id = %attempt.id,
                %hash,
                codes = failure.codes,
                "an envelope was refused for now; it stays open until it cannot land any more"
            ),
            Ok(answer) => tracing::debug!(attempt.id = %attempt.id, %hash, ?answer, "an envelope was sent"),
            Err(error) => tracing::warn!(
                attempt.id = %attempt.id,
                %hash,
                error = chain(&error),
                "it is unknown whether an envelope was taken"
            ),
        }
    }
}
