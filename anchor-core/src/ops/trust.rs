//! Deposits whose user lacks a trust line: is it there by now?

use futures_util::FutureExt as _;

use super::accounts::Accounts;
use super::route::{Route, accounts_of, route};
use super::work::{JobSettings, Progress, Step, work_off};
use super::{OpsError, authorize, commit};
use crate::amount::StellarAmount;
use crate::anchor::Anchor;
use crate::store::Claimed;
use crate::transaction::{Actor, Fact, Queue};

/// Looks at the accounts again, the less often the longer they wait. Only asks: what the ledger shows then is
/// planned anew before anything is signed.
///
/// # Errors
/// The store's, before anything was claimed. Later trouble gives the touched transactions back.
pub async fn check(anchor: &Anchor, settings: &JobSettings) -> Result<Progress, OpsError> {
    let claimed = anchor.store().transaction_claim(Queue::Trust, &settings.claim(anchor)).await?;
    let accounts = Accounts::read(anchor, accounts_of(anchor, &claimed)).await;
    let works = claimed.iter().map(|one| (one, check_one(anchor, settings, &accounts, one).boxed()));
    Ok(work_off(anchor, settings, settings.width, works).await)
}

async fn check_one(
    anchor: &Anchor,
    settings: &JobSettings,
    accounts: &Accounts,
    claimed: &Claimed,
) -> Result<Step, OpsError> {
    let transaction = &claimed.transaction;
    let pause = settings.pause(anchor, transaction);
    let fee = StellarAmount::from_stroops(i64::from(settings.fee_cap)).unwrap_or_default();
    // whether, not when: this is not what is sent
    let reclaim_from = anchor.config().claimable_reclaim_after.map(|_| 0);
    let fact = match route(anchor, transaction, accounts, fee, reclaim_from).await? {
        Route::AwaitTrust => return Ok(Step::Wait(pause)),
        Route::Send { authorize: Some(_), .. } => {
            match authorize::decide(anchor, settings, transaction).await? {
                Some(fact) => fact,
                None => return Ok(Step::Wait(pause)),
            }
        }
        Route::Send { .. } => Fact::TrustSeen,
        Route::Hold(reason) => Fact::Held { reason },
    };
    let committed = commit(anchor, transaction, fact, Actor::Worker, false).await?;
    Ok(Step::after(&committed, pause))
}
