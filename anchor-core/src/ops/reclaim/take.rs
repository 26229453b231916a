//! One claim: stored, then sent.

use super::{Next, PAUSE, PAUSE_LONG};
use crate::account::AccountId;
use crate::anchor::Anchor;
use crate::asset::StellarAsset;
use crate::id::AttemptId;
use crate::ops::channels::{self, Envelope};
use crate::ops::submit::channel::{can_sign, give_back};
use crate::ops::work::JobSettings;
use crate::ops::{OpsError, submit};
use crate::stellar::envelope::Operation;
use crate::stellar::{AccountSnapshot, LedgerPoint};
use crate::store::{Claim, LeaseToken, SetAside, Stored};
use crate::transaction::AttemptPurpose;

/// Whose sequence number the envelope uses.
enum Source {
    /// A channel of the pool, until the envelope is stored.
    Channel { account: AccountId, last: i64, lease: LeaseToken },
    /// The account that claims.
    Own,
    /// All channels carry something, or show an old number.
    None,
}

/// Stores an attempt to claim the balance, and sends it.
pub(super) async fn take(anchor: &Anchor, settings: &JobSettings, one: &SetAside) -> Result<Next, OpsError> {
    let cannot = |why: &str| {
        tracing::error!(
            transaction.id = %one.transaction,
            balance = one.balance,
            account = %one.by,
            "what was set aside cannot be taken back: {why}"
        );
        Ok(Next::Wait(PAUSE_LONG))
    };
    let is_signed_elsewhere = anchor.is_signed_elsewhere(&one.by);
    if !anchor.keys().has(&one.by) && !is_signed_elsewhere {
        return cannot("nobody has the account's key");
    }
    // read before the accounts are: what they show has to be as new as this
    let latest = anchor.ledger().latest().await?;
    let Some(shown) = anchor.ledger().account(&one.by).await? else {
        return cannot("the account does not exist");
    };
    if is_old(&shown, latest) {
        return Ok(Next::Wait(PAUSE));
    }
    if !can_hold(&shown, one) {
        return cannot("the account has no authorized trust line with room for it");
    }
    let has_pool = anchor.store().channel_count(anchor.clock().now()).await?.has_pool;
    if is_signed_elsewhere && !has_pool {
        return cannot("without channel accounts, payments would wait until somebody signs it");
    }
    match if has_pool { channel(anchor, settings, latest).await? } else { Source::Own } {
        Source::None => Ok(Next::Wait(PAUSE)),
        Source::Own => open(anchor, one, (shown.id, shown.sequence), latest).await,
        Source::Channel { account, last, lease } => {
            let opened = open(anchor, one, (account, last), latest).await;
            if !matches!(opened, Ok(Next::Moved)) {
                give_back(anchor, &[(account, lease)]).await;
            }
            opened
        }
    }
}

async fn channel(anchor: &Anchor, settings: &JobSettings, latest: LedgerPoint) -> Result<Source, OpsError> {
    let claimed = anchor.store().channel_claim(&Claim { limit: 1, ..settings.claim(anchor) }).await?;
    let Some(claimed) = claimed.into_iter().next() else { return Ok(Source::None) };
    let (account, lease) = (claimed.channel.account, claimed.lease);
    let can_sign = can_sign(anchor, &claimed);
    let last = match claimed.channel.sequence {
        Some(last) => Ok(Some(last)),
        None => {
            let shown = anchor.ledger().account(&account).await;
            shown.map(|shown| shown.filter(|shown| !is_old(shown, latest)).map(|shown| shown.sequence))
        }
    };
    match last {
        Ok(Some(last)) if can_sign => Ok(Source::Channel { account, last, lease }),
        Ok(_) => {
            give_back(anchor, &[(account, lease)]).await;
            Ok(Source::None)
        }
        Err(error) => {
            give_back(anchor, &[(account, lease)]).await;
            Err(error.into())
        }
    }
}

/// With the number after `last` of this account.
async fn open(
    anchor: &Anchor,
    one: &SetAside,
    (source, last): (AccountId, i64),
    latest: LedgerPoint,
) -> Result<Next, OpsError> {
    let envelope = Envelope {
        source,
        last,
        payer: one.by,
        operations: vec![Operation::Claim { balance: one.balance.clone() }],
        purpose: AttemptPurpose::Reclaim,
        latest,
    };
    let attempt = channels::sign(anchor, envelope)?;
    let before: Option<AttemptId> = one.attempt.map(|last| last.id);
    let now = anchor.clock().now();
    match anchor.store().set_aside_reclaim(&one.balance, before, &attempt, now).await? {
        Stored::Applied => {}
        Stored::SourceBusy => return Ok(Next::Busy),
        _ => return Ok(Next::Wait(PAUSE)),
    }
    let (id, balance, hash) = (one.transaction, &one.balance, attempt.hash);
    tracing::info!(transaction.id = %id, balance, %hash, "a balance is taken back");
    if !attempt.is_signed() {
        anchor.wake().signings().notify_one();
    }
    submit::send_all(anchor, &[attempt]).await;
    Ok(Next::Moved)
}

/// Its sequence number may be an old one.
fn is_old(shown: &AccountSnapshot, latest: LedgerPoint) -> bool {
    shown.as_of.is_some_and(|as_of| as_of < latest.sequence)
}

/// An issuer takes its own asset out of the world, and can always do that.
fn can_hold(shown: &AccountSnapshot, one: &SetAside) -> bool {
    match &one.asset {
        StellarAsset::Native => true,
        StellarAsset::Credit { issuer, .. } if *issuer == one.by => true,
        StellarAsset::Credit { .. } => {
            let line = shown.trust_lines.iter().find(|line| line.asset == one.asset && line.authorized);
            let room = line
                .and_then(|line| line.limit.checked_sub(line.balance)?.checked_sub(line.buying_liabilities));
            room.is_some_and(|room| room >= one.amount)
        }
    }
}
