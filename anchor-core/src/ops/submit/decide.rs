//! What becomes of each claimed payment in this round.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use super::super::OpsError;
use super::super::absence::{Earlier, earlier};
use super::super::accounts::Accounts;
use super::super::authorize;
use super::super::route::{Route, route};
use super::super::signing::Issuer;
use super::{PAUSE, Round};
use crate::account::AccountId;
use crate::id::TransactionId;
use crate::memo::Memo;
use crate::stellar::envelope::Payment;
use crate::store::{Claimed, GivenUp};
use crate::transaction::{AttemptPurpose, Fact};

/// What becomes of a claimed payment.
#[expect(clippy::large_enum_variant, reason = "short-lived, and nearly always the large one")]
pub(in crate::ops) enum Decision {
    /// It goes into an envelope.
    Send(Send),
    /// Something else is true of it.
    Fact(Fact),
    /// Not now.
    Wait(Duration),
    /// It could not be found out.
    Failed(OpsError),
}

/// One operation to be sent.
#[derive(Debug, Clone)]
pub(in crate::ops) struct Send {
    pub(in crate::ops) payment: Payment,
    pub(in crate::ops) purpose: AttemptPurpose,
    pub(in crate::ops) memo: Memo,
    /// The account whose value moves.
    pub(in crate::ops) payer: AccountId,
    /// Together with this issuer's authorisation of the trust line: it goes alone too.
    pub(in crate::ops) authorize: Option<Issuer>,
    /// An envelope with it was given up or failed: it goes alone, so that it spoils no other's again. One that nobody signed
    /// says nothing about its payments.
    pub(in crate::ops) was_tried: bool,
}

/// One decision for each, in their order. What is to be sent is booked on `accounts`.
pub(super) async fn decide(round: &Round<'_>, claimed: &[Claimed], accounts: &mut Accounts) -> Vec<Decision> {
    let given_up = match given_up(round, claimed).await {
        Ok(given_up) => given_up,
        Err(error) => {
            tracing::warn!(
                error = super::chain(&error),
                "earlier envelopes could not be looked up: nothing is signed"
            );
            return claimed.iter().map(|_| Decision::Wait(round.settings.pause_min)).collect();
        }
    };
    let known = earlier(round.anchor, round.latest, round.asked_until, &given_up).await;
    let mut of_transaction: HashMap<TransactionId, Vec<GivenUp>> = HashMap::new();
    for one in given_up {
        of_transaction.entry(one.transaction).or_default().push(one);
    }
    let mut creating = HashSet::new();
    let mut decisions = Vec::with_capacity(claimed.len());
    for one in claimed {
        let given_up = of_transaction.get(&one.transaction.id).map_or(&[][..], Vec::as_slice);
        let before = Before { given_up, said: known.of(given_up) };
        decisions.push(decide_one(round, one, before, accounts, &mut creating).await);
    }
    decisions
}

/// The envelopes that these transactions gave up.
async fn given_up(round: &Round<'_>, claimed: &[Claimed]) -> Result<Vec<GivenUp>, OpsError> {
    let ids: Vec<TransactionId> = claimed.iter().map(|one| one.transaction.id).collect();
    Ok(round.anchor.store().attempt_void_list(&ids).await?)
}

/// The envelopes that one transaction gave up, and what they say about a new one.
struct Before<'a> {
    given_up: &'a [GivenUp],
    said: Earlier,
}

async fn decide_one(
    round: &Round<'_>,
    claimed: &Claimed,
    before: Before<'_>,
    accounts: &mut Accounts,
    creating: &mut HashSet<AccountId>,
) -> Decision {
    let fee = round.most();
    let routed = route(round.anchor, &claimed.transaction, accounts, fee, round.reclaim_from()).await;
    let (payment, purpose, memo, payer, authorize) = match routed {
        Ok(Route::AwaitTrust) => return Decision::Fact(Fact::TrustMissing),
        Ok(Route::Hold(reason)) => return Decision::Fact(Fact::Held { reason }),
        Ok(Route::Send { payment, purpose, memo, payer, authorize }) => {
            (payment, purpose, memo, payer, authorize.map(|issuer| *issuer))
        }
        Err(error) => return Decision::Failed(error),
    };
    if authorize.is_some() {
        match authorize::is_approved(round.anchor, &claimed.transaction).await {
            Ok(true) => {}
            Ok(false) => return Decision::Fact(Fact::TrustMissing),
            Err(error) => return Decision::Failed(error),
        }
    }
    match before.said {
        Earlier::Dead => {}
        Earlier::Unknown => return Decision::Wait(PAUSE),
        Earlier::Applied(hash) => {
            return Decision::Fact(Fact::Held {
                reason: format!(
                    "{hash}, which was given up as not applied, is in the ledger: nothing more is paid"
                ),
            });
        }
        Earlier::Failed(error) => return Decision::Failed(OpsError::Ledger(error)),
    }
    if let Payment::CreateAccount { destination, .. } = &payment
        && !creating.insert(*destination)
    {
        // once it is there, the next one pays into it
        return Decision::Wait(PAUSE);
    }
    let fee = if authorize.is_some() { fee.checked_add(fee).unwrap_or(fee) } else { fee };
    accounts.book(&payer, &payment, fee);
    Decision::Send(Send {
        payment,
        purpose,
        memo,
        payer,
        authorize,
        was_tried: before.given_up.iter().any(|one| one.attempt.is_signed()),
    })
}
