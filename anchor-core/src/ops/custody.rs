//! Payments that a custodian makes: ordered, followed, and believed only when the ledger shows them.
//!
//! ```text
//! ReadyToPay, RefundDue  -- plan --  order stored  -- hand over -->  find ... find  -- look at the ledger -->  paid
//!                                  (1)            (2)                              (3)
//! ```
//! The same discipline as with the rails. Killed at (1), nothing happened. At (2), before or during the call, nobody knows:
//! the custodian is asked for the order first, and only "never seen" hands it over again, under the same id. At (3) the
//! same question is asked again. Whatever the custodian says, the ledger has to show exactly this payment, in an operation
//! that stands for no other order; the schema holds that line too.

use std::time::Duration;

use chrono::{DateTime, Utc};
use futures_util::FutureExt as _;

use super::ask::{Answer, ask};
use super::commit::Committed;
use super::submit::{Decision, Send, plans};
use super::work::{JobSettings, Progress, Step, work_off};
use super::{OpsError, chain, commit};
use crate::anchor::Anchor;
use crate::asset::StellarAsset;
use crate::id::AttemptId;
use crate::integration::{CustodyIntegration, CustodyOutcome, Retry};
use crate::stellar::envelope::Payment;
use crate::stellar::{Lookup, Movement};
use crate::store::{Claim, Claimed};
use crate::transaction::{
    Actor, AttemptPurpose, CustodyOrder, CustodyStatus, Effect, Fact, Queue, Transaction, TransactionHash,
};

/// Plans what is due and orders it from the custodian, side by side.
///
/// # Errors
/// The store's, before anything was claimed. Later trouble gives the touched transactions back.
pub async fn hand_over(anchor: &Anchor, settings: &JobSettings) -> Result<Progress, OpsError> {
    let Some(custodian) = anchor.custody() else { return Ok(Progress::default()) };
    let claim = settings.claim(anchor);
    let claimed = anchor.store().transaction_claim(Queue::Payments, &claim).await?;
    if claimed.is_empty() {
        return Ok(Progress::default());
    }
    let desk = &Desk { anchor, settings, custodian, latest_start: latest_start(&claim) };
    let (since, decisions) = match plans(anchor, settings, &claimed, claim.now).await {
        Ok((latest, decisions)) => (latest.sequence, decisions),
        Err(error) => {
            tracing::warn!(error = chain(&error), "the ledger did not answer: nothing is ordered now");
            (0, claimed.iter().map(|_| Decision::Wait(settings.pause_min)).collect())
        }
    };
    let works = claimed.iter().zip(decisions).map(|(one, decision)| {
        let work = async move {
            match decision {
                Decision::Send(send) => desk.order(one, send, since).await,
                Decision::Fact(fact) => desk.tell(&one.transaction, fact).await,
                Decision::Wait(pause) => Ok(Step::Wait(pause)),
                Decision::Failed(error) => Err(error),
            }
        };
        (one, work.boxed())
    });
    Ok(work_off(anchor, settings, settings.width, works).await)
}

/// Asks the custodian what became of the payments that were ordered.
///
/// # Errors
/// As for [`hand_over`].
pub async fn follow(anchor: &Anchor, settings: &JobSettings) -> Result<Progress, OpsError> {
    let Some(custodian) = anchor.custody() else { return Ok(Progress::default()) };
    let claim = settings.claim(anchor);
    let claimed = anchor.store().transaction_claim(Queue::Attempts, &claim).await?;
    let desk = &Desk { anchor, settings, custodian, latest_start: latest_start(&claim) };
    let works = claimed.iter().map(|one| (one, desk.follow(one).boxed()));
    Ok(work_off(anchor, settings, settings.width, works).await)
}

/// Until then something may be begun: the questions that it takes end within the other half of the lease.
fn latest_start(claim: &Claim) -> DateTime<Utc> {
    claim.now + chrono::Duration::from_std(claim.lease / 2).unwrap_or(chrono::Duration::days(1))
}

struct Desk<'a> {
    anchor: &'a Anchor,
    settings: &'a JobSettings,
    custodian: &'a dyn CustodyIntegration,
    latest_start: DateTime<Utc>,
}

impl Desk<'_> {
    fn is_late(&self) -> bool {
        self.anchor.clock().now() > self.latest_start
    }

    async fn tell(&self, transaction: &Transaction, fact: Fact) -> Result<Step, OpsError> {
        let committed = commit(self.anchor, transaction, fact, Actor::Worker, false).await?;
        Ok(Step::after(&committed, self.settings.pause(self.anchor, transaction)))
    }

    async fn order(&self, one: &Claimed, send: Send, since: u32) -> Result<Step, OpsError> {
        let transaction = &one.transaction;
        if self.is_late() {
            return Ok(Step::Wait(Duration::ZERO));
        }
        let id = AttemptId::new(self.anchor.ids().next());
        let Some(order) = order_of(id, transaction, send, since) else {
            let reason = "a custodian cannot set balances aside".to_owned();
            return self.tell(transaction, Fact::Held { reason }).await;
        };
        if let Some(reason) = self.contradiction(transaction).await? {
            return self.tell(transaction, Fact::Held { reason }).await;
        }
        let fact = Fact::CustodyIntended { order: order.clone() };
        match commit(self.anchor, transaction, fact, Actor::Worker, true).await? {
            Committed::Moved(transaction) => self.give(&transaction, &order).await,
            other => Ok(Step::after(&other, self.settings.pause(self.anchor, transaction))),
        }
    }

    /// An earlier order that was rejected, and that the custodian says something else about now.
    async fn contradiction(&self, transaction: &Transaction) -> Result<Option<String>, OpsError> {
        for earlier in self.anchor.store().custody_list(transaction.id).await? {
            if earlier.status != CustodyStatus::Rejected {
                continue;
            }
            match self.find(&earlier.order).await? {
                CustodyOutcome::Rejected { .. } | CustodyOutcome::NeverSeen => {}
                CustodyOutcome::Applied { hash } => {
                    return Ok(Some(format!(
                        "the custodian rejected order {} and now says that {hash} paid it: nothing more is paid",
                        earlier.order.id
                    )));
                }
                CustodyOutcome::Pending => {
                    return Ok(Some(format!(
                        "the custodian rejected order {} and now says that it is under way",
                        earlier.order.id
                    )));
                }
            }
        }
        Ok(None)
    }

    async fn find(&self, order: &CustodyOrder) -> Answer<CustodyOutcome> {
        ask(self.settings.call_timeout(), self.custodian.find(order)).await.map_err(Into::into)
    }

    async fn give(&self, transaction: &Transaction, order: &CustodyOrder) -> Result<Step, OpsError> {
        if self.is_late() {
            // this process stood still: whoever comes next asks for the order first, and may have done so already
            return Ok(Step::Wait(Duration::ZERO));
        }
        let given = ask(self.settings.call_timeout(), self.custodian.hand_over(order)).await;
        self.record(transaction, order, given.map_err(Into::into)).await
    }

    async fn follow(&self, one: &Claimed) -> Result<Step, OpsError> {
        let transaction = &one.transaction;
        if self.is_late() {
            return Ok(Step::Wait(Duration::ZERO));
        }
        let orders = self.anchor.store().custody_list(transaction.id).await?;
        let Some(record) = orders.into_iter().find(|record| record.status == CustodyStatus::Open) else {
            // an envelope from before there was a custodian
            return Ok(Step::Wait(self.settings.pause_max));
        };
        match self.find(&record.order).await {
            Ok(CustodyOutcome::NeverSeen) => self.give(transaction, &record.order).await,
            answer => self.record(transaction, &record.order, answer).await,
        }
    }

    /// Writes down what the custodian says. "I do not know" leaves everything as it is; a breach of the contract and "do
    /// not ask again" put the transaction on hold, with the order open.
    async fn record(
        &self,
        transaction: &Transaction,
        order: &CustodyOrder,
        answer: Answer<CustodyOutcome>,
    ) -> Result<Step, OpsError> {
        let attempt = order.id;
        let disputed = |reason: String| Fact::CustodyDisputed { attempt, reason };
        let fact = match answer {
            Ok(CustodyOutcome::Applied { hash }) => match self.shown(order, hash).await? {
                Some(Ok((movement, ledger))) => {
                    let effect = match order.purpose {
                        AttemptPurpose::CreateAccount => Effect::AccountCreated,
                        AttemptPurpose::Payment
                        | AttemptPurpose::Refund
                        | AttemptPurpose::Channels
                        | AttemptPurpose::Reclaim => Effect::Delivered { claimable_balance: None },
                    };
                    Fact::CustodyApplied { attempt, hash, ledger, movement, effect }
                }
                Some(Err(reason)) => disputed(reason),
                None => return Ok(Step::Wait(self.settings.pause(self.anchor, transaction))),
            },
            Ok(CustodyOutcome::Pending) => {
                return Ok(Step::Wait(self.settings.pause(self.anchor, transaction)));
            }
            Ok(CustodyOutcome::Rejected { reason }) => Fact::CustodyRejected { attempt, reason },
            Ok(CustodyOutcome::NeverSeen) => {
                disputed("the custodian says that it has never seen an order that it was given".to_owned())
            }
            Err(error) if error.retry() == Retry::Permanent => {
                disputed(format!("the custodian cannot tell: {}", chain(&error)))
            }
            Err(error) => return Err(error.into()),
        };
        self.tell(transaction, fact).await
    }

    /// The operation that paid the order, and its ledger; or why this transaction did not. `None`: our own server does
    /// not know the transaction (yet).
    async fn shown(
        &self,
        order: &CustodyOrder,
        hash: TransactionHash,
    ) -> Result<Option<Result<(String, u32), String>>, OpsError> {
        match self.anchor.ledger().lookup(&hash).await? {
            Lookup::Succeeded { .. } => {}
            Lookup::Failed { failure, .. } => {
                let codes = failure.codes;
                return Ok(Some(Err(format!("the custodian says that {hash} paid, which failed: {codes}"))));
            }
            Lookup::NotFound { .. } => {
                tracing::warn!(order.id = %order.id, %hash, "a custodian's payment is not on the ledger yet");
                return Ok(None);
            }
        }
        let Some(receiver) = order.destination.ledger_account() else {
            return Ok(Some(Err("a contract cannot be paid by a custodian".to_owned())));
        };
        let Some(arrived) = self.anchor.ledger().arrivals(&hash, &receiver).await? else { return Ok(None) };
        let used = self.anchor.store().custody_movements(&hash).await?;
        let found = arrived.into_iter().find(|one| pays(order, one) && !used.contains(&one.id));
        Ok(Some(found.map(|one| (one.id, one.ledger)).ok_or_else(|| {
            format!(
                "the custodian says that {hash} paid, but it holds no payment of {} {} from {} to {} for this order alone",
                order.amount, order.asset, order.source, order.destination
            )
        })))
    }
}

/// Whether a movement on the ledger is exactly what was ordered.
fn pays(order: &CustodyOrder, movement: &Movement) -> bool {
    movement.to == order.destination
        && movement.from.ledger_account() == Some(order.source)
        && movement.asset == order.asset
        && movement.amount == order.amount
        && movement.memo == order.memo
        && movement.ledger > order.since
}

/// `None`: nothing that a custodian does.
fn order_of(id: AttemptId, transaction: &Transaction, send: Send, since: u32) -> Option<CustodyOrder> {
    let (destination, asset, amount, creates_account) = match send.payment {
        Payment::Pay { destination, asset, amount } => (destination, asset, amount, false),
        Payment::CreateAccount { destination, starting_balance } => {
            (destination.into(), StellarAsset::Native, starting_balance, true)
        }
        Payment::ClaimableBalance { .. } => return None,
    };
    Some(CustodyOrder {
        id,
        transaction: transaction.id,
        purpose: send.purpose,
        source: send.payer,
        destination,
        asset,
        amount,
        memo: send.memo,
        creates_account,
        since,
    })
}
