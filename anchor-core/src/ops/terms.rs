//! What is agreed: the same for what a user agrees to on pages, and for what a business decides on a request by API.

use std::time::Duration;

use chrono::{DateTime, Utc};

use super::OpsError;
use crate::account::AccountId;
use crate::anchor::Anchor;
use crate::asset::Asset;
use crate::integration::Agreement;
use crate::memo::Memo;
use crate::transaction::{Amounts, Kind, Receiving, Terms, Transaction};

/// With a new memo each time: one that is taken is not tried twice.
pub(super) fn terms(
    anchor: &Anchor,
    transaction: &Transaction,
    asset: &Asset,
    agreement: Agreement,
    amounts: Option<Amounts>,
) -> Terms {
    let kind = transaction.kind;
    let receiving = match kind {
        Kind::Deposit => None,
        Kind::Withdrawal => Some(Receiving { account: asset.distribution, memo: Memo::Id(random_memo_id()) }),
    };
    let deadline = after(anchor.clock().now(), asset.funding_window);
    // a quote is not kept for longer than it holds
    let deadline = transaction.quote.as_ref().map_or(deadline, |quote| deadline.min(quote.expires_at));
    Terms {
        kind,
        amounts,
        instructions: agreement.instructions,
        receiving,
        counterpart: agreement.counterpart,
        deadline: Some(deadline),
    }
}

/// Before anybody is told to pay to an account, it is known from where on its history is read: a payment that is
/// made before the first watcher runs is found all the same.
pub(super) async fn watch(anchor: &Anchor, account: &AccountId) -> Result<(), OpsError> {
    if anchor.store().watch_fetch(account).await?.is_none() {
        let start = anchor.ledger().movements_start(account).await?;
        anchor.store().watch_start(account, &start).await?;
    }
    Ok(())
}

/// Unguessable, and at most 2^53 so that wallets that read numbers as floats keep every digit. Never 0, which
/// some wallets take for "no memo".
fn random_memo_id() -> u64 {
    (rand::random::<u64>() >> 11).max(1)
}

pub(super) fn after(now: DateTime<Utc>, window: Duration) -> DateTime<Utc> {
    let window = chrono::Duration::from_std(window).unwrap_or(chrono::Duration::MAX);
    now.checked_add_signed(window).unwrap_or(DateTime::<Utc>::MAX_UTC)
}
