//! The pool of channel accounts: created, fed and retired. Their lumens are the anchor's own.
//!
//! Everything is done by attempts that pay for no transaction: stored before they are sent, closed by `confirm`. What a
//! killed process has left undone, the next call finds undone, because it looks at the ledger first.

use std::collections::HashMap;

use super::submit::sign::{Signed, signed};
use super::work::{JobSettings, Progress};
use super::{OpsError, submit};
use crate::account::AccountId;
use crate::amount::StellarAmount;
use crate::anchor::Anchor;
use crate::asset::StellarAsset;
use crate::id::AttemptId;
use crate::integration::{CHANNELS_MAX, channel_key};
use crate::memo::Memo;
use crate::stellar::envelope::{EnvelopeSpec, Operation, Payment};
use crate::stellar::{AccountSnapshot, LedgerPoint};
use crate::store::{Channel, Stored};
use crate::transaction::{Attempt, AttemptPurpose};

mod merge;

pub use merge::{Merging, merge};

/// What a channel holds when it is full: its minimum balance and thousands of fees.
const FULL: i64 = 20_000_000;

/// The network's limit for one envelope.
const OPERATIONS_MAX: usize = 100;

/// How long an envelope of the pool's may land, in seconds of ledger time.
const LIFETIME: u64 = 60;

/// The same where somebody else has to sign it.
const LIFETIME_ELSEWHERE: u64 = 3600;

const FEE: u32 = 10_000;

/// Why the pool is not what was asked for. What was done stays done.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ChannelsError {
    /// There is nothing to derive keys from.
    #[error("CHANNEL_SEED is not set: `keys generate` makes one")]
    NoSeed,
    /// More than there can be.
    #[error("there can be {CHANNELS_MAX} channels at most")]
    TooMany,
    /// What is in the database cannot be signed for with this seed.
    #[error(
        "the pool was made with another CHANNEL_SEED: place {position} is {account}. Go on with that seed, the places of a \
        pool belong to it. Where it is lost, `channels retire --count 0` takes the pool out of use, and payments go by the \
        distribution accounts"
    )]
    OtherSeed {
        /// The first such place.
        position: u32,
        /// Whose place it is.
        account: AccountId,
    },
    /// The account that pays for it does not exist.
    #[error("the account {0} does not exist on the ledger")]
    NoPayer(AccountId),
    /// Somebody else feeds the pool at this moment, or the account's last envelope is not closed.
    #[error("the account {0} has an open envelope: wait for `confirm_payments` and try again")]
    Busy(AccountId),
    /// Store, ledger or signer.
    #[error("the pool could not be looked at or changed")]
    Ops(#[from] OpsError),
}

/// The accounts of the first `count` places of the pool.
///
/// # Errors
/// No seed, or too many.
pub fn pool(anchor: &Anchor, count: u32) -> Result<Vec<AccountId>, ChannelsError> {
    let seed = anchor.config().channel_seed.as_ref().ok_or(ChannelsError::NoSeed)?;
    if count > CHANNELS_MAX {
        return Err(ChannelsError::TooMany);
    }
    Ok((0..count).map(|position| channel_key(seed, position).account()).collect())
}

/// Brings the pool to `count` accounts: `payer` creates those that the ledger does not have, at most a hundred with each
/// call. Those that exist are used from now on. Answers how many are still missing: call again once the open envelope is
/// closed.
///
/// # Errors
/// See [`ChannelsError`].
pub async fn grow(anchor: &Anchor, payer: AccountId, count: u32) -> Result<u32, ChannelsError> {
    let wanted = pool(anchor, count)?;
    let known = anchor.store().channel_list().await.map_err(OpsError::from)?;
    // a place is never given twice, also when its channel is retired: before anything is paid for
    for channel in &known {
        let Some(position) = channel.position else { continue };
        let own = usize::try_from(position).ok().and_then(|place| wanted.get(place));
        if own.is_some_and(|own| *own != channel.account) {
            return Err(ChannelsError::OtherSeed { position, account: channel.account });
        }
    }
    let retired: HashMap<AccountId, Channel> = known
        .into_iter()
        .filter(|channel| channel.retired)
        .map(|channel| (channel.account, channel))
        .collect();
    let shown = anchor.ledger().accounts(&wanted).await;
    let (mut there, mut missing, mut closing) = (Vec::new(), Vec::new(), 0_usize);
    let mut back = Vec::new();
    for ((position, account), shown) in (0..).zip(wanted).zip(shown) {
        if let Some(channel) = retired.get(&account) {
            // perhaps it is being merged: what its number will be is known when that is closed
            if channel.attempt.is_some() {
                closing = closing.saturating_add(1);
                continue;
            }
            back.push(account);
        }
        match shown.map_err(OpsError::from)? {
            Some(_) => there.push((account, Some(position))),
            None => missing.push(account),
        }
    }
    // an account that was merged and comes back begins with another number than its last one
    for some in back.chunks(OPERATIONS_MAX) {
        anchor.store().channel_forget(some).await.map_err(OpsError::from)?;
    }
    for some in there.chunks(OPERATIONS_MAX) {
        anchor.store().channel_put(some).await.map_err(OpsError::from)?;
    }
    let create = |account: &AccountId| Payment::CreateAccount {
        destination: *account,
        starting_balance: stroops(FULL),
    };
    let payments: Vec<Payment> = missing.iter().take(OPERATIONS_MAX).map(create).collect();
    if !payments.is_empty() {
        send(anchor, payer, payments).await?;
    }
    Ok(u32::try_from(missing.len().saturating_add(closing)).unwrap_or(u32::MAX))
}

/// Tops up the channels that hold less than `channel_balance_min`, from the first distribution account.
///
/// # Errors
/// The store's or the ledger's, before anything was sent.
pub async fn feed(anchor: &Anchor, settings: &JobSettings) -> Result<Progress, OpsError> {
    let mut progress = Progress::default();
    let channels = anchor.store().channel_list().await?;
    let pool: Vec<AccountId> = channels
        .iter()
        .filter(|channel| channel.position.is_some() && !channel.retired)
        .map(|channel| channel.account)
        .collect();
    let Some(payer) = anchor.assets().first().map(|asset| asset.distribution) else { return Ok(progress) };
    if pool.is_empty() {
        return Ok(progress);
    }
    let (mut hungry, mut short) = (Vec::new(), 0_u32);
    for (account, shown) in pool.iter().zip(anchor.ledger().accounts(&pool).await) {
        progress.claimed = progress.claimed.saturating_add(1);
        match shown {
            Ok(Some(shown)) => {
                short =
                    short.saturating_add(u32::from(shown.balance.stroops() < settings.channel_balance_min));
                hungry.extend(lack(settings, &shown).map(|amount| (*account, amount)));
            }
            Ok(None) => {
                short = short.saturating_add(1);
                tracing::error!(%account, "a channel account does not exist on the ledger");
            }
            Err(error) => {
                progress.failed = progress.failed.saturating_add(1);
                tracing::warn!(%account, error = super::chain(&error), "a channel account could not be read");
            }
        }
    }
    anchor.noted().channels_short(short);
    let top_up = |(account, amount): &(AccountId, StellarAmount)| Payment::Pay {
        destination: (*account).into(),
        asset: StellarAsset::Native,
        amount: *amount,
    };
    let payments: Vec<Payment> = hungry.iter().take(OPERATIONS_MAX).map(top_up).collect();
    if payments.is_empty() {
        return Ok(progress);
    }
    match send(anchor, payer, payments).await {
        Ok(()) | Err(ChannelsError::Busy(_)) => Ok(progress),
        Err(ChannelsError::Ops(error)) => Err(error),
        Err(error) => {
            tracing::error!(%error, "channel accounts are short of lumens and cannot be topped up");
            Ok(progress)
        }
    }
}

fn lack(settings: &JobSettings, shown: &AccountSnapshot) -> Option<StellarAmount> {
    let held = shown.balance.stroops();
    if held >= settings.channel_balance_min {
        return None;
    }
    StellarAmount::from_stroops(FULL.checked_sub(held)?).ok().filter(|lack| !lack.is_zero())
}

/// Takes a channel out of use; `false` while an envelope of its is open.
///
/// # Errors
/// The store's.
pub async fn retire(anchor: &Anchor, channel: &Channel) -> Result<bool, OpsError> {
    Ok(anchor.store().channel_retire(&channel.account, anchor.clock().now()).await?)
}

/// One envelope of `payer`'s own: stored, then sent.
async fn send(anchor: &Anchor, payer: AccountId, payments: Vec<Payment>) -> Result<(), ChannelsError> {
    let latest = anchor.ledger().latest().await.map_err(OpsError::from)?;
    let shown = anchor.ledger().account(&payer).await.map_err(OpsError::from)?;
    let shown = shown.ok_or(ChannelsError::NoPayer(payer))?;
    let operations = payments.into_iter().map(Into::into).collect();
    let attempt = store(anchor, &shown, operations, latest).await?.ok_or(ChannelsError::Busy(payer))?;
    submit::send_all(anchor, &[attempt]).await;
    Ok(())
}

/// An envelope with the next sequence number of this account, signed and stored; `None` if another one is open. It may
/// be sent from now on, whoever does it.
async fn store(
    anchor: &Anchor,
    source: &AccountSnapshot,
    operations: Vec<Operation>,
    latest: LedgerPoint,
) -> Result<Option<Attempt>, OpsError> {
    let (source, last, purpose) = (source.id, source.sequence, AttemptPurpose::Channels);
    let attempt = sign(anchor, Envelope { source, last, payer: source, operations, purpose, latest })?;
    let opened = anchor.store().attempt_open(&attempt, anchor.clock().now()).await?;
    if opened != Stored::Applied {
        return Ok(None);
    }
    if !attempt.is_signed() {
        anchor.wake().signings().notify_one();
    }
    Ok(Some(attempt))
}

/// An envelope for no transaction of a user.
pub(super) struct Envelope {
    pub(super) source: AccountId,
    /// The last sequence number that the source used.
    pub(super) last: i64,
    /// Who does what it does; the source itself, or whoever uses that as a channel.
    pub(super) payer: AccountId,
    pub(super) operations: Vec<Operation>,
    pub(super) purpose: AttemptPurpose,
    pub(super) latest: LedgerPoint,
}

/// An attempt that pays for no transaction. To be stored before it is sent.
pub(super) fn sign(anchor: &Anchor, envelope: Envelope) -> Result<Attempt, OpsError> {
    let Envelope { source, last, payer, operations, purpose, latest } = envelope;
    let count = i64::try_from(operations.len()).unwrap_or(i64::MAX);
    let is_signed_elsewhere = [source, payer].iter().any(|account| anchor.is_signed_elsewhere(account));
    let lifetime = if is_signed_elsewhere { LIFETIME_ELSEWHERE } else { LIFETIME };
    let (sequence, max_time) = (last.saturating_add(1), latest.closed_at.saturating_add(lifetime));
    let unsigned = EnvelopeSpec {
        network: anchor.ledger().network(),
        transaction_source: source,
        sequence,
        operation_source: (payer != source).then_some(payer),
        operations,
        memo: Memo::None,
        fee_per_operation: FEE,
        max_time,
    }
    .build()
    .map_err(|error| OpsError::Envelope(error.to_string()))?;
    let Signed { hash, envelope, unsigned } = signed(anchor, unsigned, None, latest.closed_at)?;
    Ok(Attempt {
        id: AttemptId::new(anchor.ids().next()),
        purpose,
        hash,
        envelope,
        source,
        sequence,
        max_time,
        fee: i64::from(FEE).saturating_mul(count),
        unsigned,
        reclaim: None,
    })
}

fn stroops(stroops: i64) -> StellarAmount {
    StellarAmount::from_stroops(stroops).unwrap_or_default()
}
