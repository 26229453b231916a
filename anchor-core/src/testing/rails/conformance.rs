//! The rules that every [`RailsIntegration`] has to keep, to be run against your own bank's sandbox.
//!
//! ```
//! use anchor_core::amount::Money;
//! use anchor_core::id::{OrderId, TransactionId};
//! use anchor_core::integration::RailsIntegration;
//! use anchor_core::testing::rails::{ScriptedRails, conformance};
//! use async_trait::async_trait;
//!
//! struct Sandbox(ScriptedRails);
//!
//! #[async_trait]
//! impl conformance::RailsHarness for Sandbox {
//!     fn rails(&self) -> &dyn RailsIntegration {
//!         &self.0
//!     }
//!
//!     async fn transfers(&self, order: OrderId) -> usize {
//!         self.0.transfers().iter().filter(|transfer| transfer.order == order).count()
//!     }
//!
//!     async fn credit(&self, deposit: TransactionId, money: &Money) -> bool {
//!         self.0.credit(deposit, money.amount, format!("credit-{deposit}"));
//!         true
//!     }
//! }
//!
//! # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
//! assert_eq!(conformance::check(&Sandbox(ScriptedRails::new())).await, []);
//! # });
//! ```

use async_trait::async_trait;
use futures_util::future::join_all;

use crate::amount::Money;
use crate::id::{IdSource as _, OrderId, RandomIds, TransactionId};
use crate::integration::{
    Answers, FundsOutcome, PayoutOrder, PayoutOutcome, PendingDeposit, RailsIntegration,
};
use crate::testing::fakes::samples;
use crate::transaction::OrderPurpose;

/// What the rules are checked on.
#[async_trait]
pub trait RailsHarness: Send + Sync {
    /// The integration under test.
    fn rails(&self) -> &dyn RailsIntegration;

    /// How often money really left the bank under this key: from the bank's own books, not from the integration.
    async fn transfers(&self, order: OrderId) -> usize;

    /// Makes the money of a deposit arrive; `false` if the sandbox cannot do that.
    async fn credit(&self, deposit: TransactionId, money: &Money) -> bool;
}

/// A rule that was broken.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Violation {
    /// The rule, as a sentence.
    pub rule: &'static str,
    /// What was found instead.
    pub found: String,
}

/// Checks all rules, with orders of 1.00 USD. An empty list means that they are kept.
pub async fn check(harness: &dyn RailsHarness) -> Vec<Violation> {
    let mut suite = Suite { harness, violations: Vec::new() };
    suite.unknown_order_is_never_seen().await;
    suite.one_key_pays_once().await;
    suite.one_key_pays_once_at_the_same_time().await;
    suite.two_keys_pay_twice().await;
    suite.polling_agrees_with_finding().await;
    suite.deposits_are_asked_about_without_changing_them().await;
    suite.violations
}

struct Suite<'a> {
    harness: &'a dyn RailsHarness,
    violations: Vec<Violation>,
}

impl Suite<'_> {
    fn rule(&mut self, rule: &'static str, kept: bool, found: impl FnOnce() -> String) {
        if !kept {
            self.violations.push(Violation { rule, found: found() });
        }
    }

    async fn unknown_order_is_never_seen(&mut self) {
        let order = order();
        for _ in 0..2 {
            let answer = self.harness.rails().find_outgoing_transaction(&order).await;
            let kept = matches!(answer, Ok(PayoutOutcome::NeverSeen));
            self.rule("an order that was never executed is NeverSeen", kept, || format!("{answer:?}"));
        }
        let count = self.harness.transfers(order.id).await;
        self.rule("asking for an order sends nothing", count == 0, || format!("{count} transfers"));
    }

    async fn one_key_pays_once(&mut self) {
        let order = order();
        for _ in 0..2 {
            let answer = self.harness.rails().execute_outgoing_transaction(&order).await;
            let kept = !matches!(answer, Ok(PayoutOutcome::NeverSeen));
            self.rule("execute never answers NeverSeen", kept, || format!("{answer:?}"));
        }
        let count = self.harness.transfers(order.id).await;
        self.rule("execute twice under one key pays once", count == 1, || format!("{count} transfers"));
        let found = self.harness.rails().find_outgoing_transaction(&order).await;
        let kept = !matches!(found, Ok(PayoutOutcome::NeverSeen));
        self.rule("an executed order is found", kept, || format!("{found:?}"));
        let count = self.harness.transfers(order.id).await;
        self.rule("finding an executed order sends nothing", count == 1, || format!("{count} transfers"));
    }

    async fn one_key_pays_once_at_the_same_time(&mut self) {
        let order = order();
        let rails = self.harness.rails();
        join_all((0..4).map(|_| rails.execute_outgoing_transaction(&order))).await;
        let count = self.harness.transfers(order.id).await;
        let rule = "execute at the same time under one key pays once";
        self.rule(rule, count == 1, || format!("{count} transfers"));
    }

    async fn two_keys_pay_twice(&mut self) {
        let (one, two) = (order(), order());
        let mut counts = Vec::new();
        for order in [&one, &two] {
            let answer = self.harness.rails().execute_outgoing_transaction(order).await;
            self.rule("an order is executed", answer.is_ok(), || format!("{answer:?}"));
        }
        for order in [&one, &two] {
            counts.push(self.harness.transfers(order.id).await);
        }
        self.rule("equal orders under two keys are two payments", counts == [1, 1], || format!("{counts:?}"));
    }

    async fn polling_agrees_with_finding(&mut self) {
        let (known, unknown) = (order(), order());
        let rails = self.harness.rails();
        let executed = rails.execute_outgoing_transaction(&known).await;
        self.rule("an order is executed", executed.is_ok(), || format!("{executed:?}"));
        let polled = rails.poll_outgoing_transactions(&[known.clone(), unknown.clone()]).await;
        let polled = match polled {
            Ok(polled) => polled,
            Err(error) => {
                return self.rule("orders can be polled", false, || format!("{error:?}"));
            }
        };
        let never = |id| {
            polled.iter().any(|(key, answer)| *key == id && matches!(answer, Ok(PayoutOutcome::NeverSeen)))
        };
        self.rule("polling knows an executed order", !never(known.id), || format!("{polled:?}"));
        let invented = polled.iter().any(|(key, answer)| {
            *key == unknown.id && !matches!(answer, Ok(PayoutOutcome::NeverSeen) | Err(_))
        });
        self.rule("polling does not invent an order", !invented, || format!("{polled:?}"));
        let count = self.harness.transfers(unknown.id).await;
        self.rule("polling sends nothing", count == 0, || format!("{count} transfers"));
    }

    async fn deposits_are_asked_about_without_changing_them(&mut self) {
        let deposit = deposit();
        let rails = self.harness.rails();
        for _ in 0..2 {
            let answer = rails.poll_pending_deposit(&deposit).await;
            let kept = matches!(answer, Ok(FundsOutcome::StillWaiting));
            self.rule("a deposit without money is StillWaiting", kept, || format!("{answer:?}"));
        }
        let id = deposit.transaction.id;
        let money = samples::usd("1.00");
        if !self.harness.credit(id, &money).await {
            return;
        }
        let mut references = Vec::new();
        for _ in 0..2 {
            match rails.poll_pending_deposit(&deposit).await {
                Ok(
                    FundsOutcome::Received { amount, reference, .. }
                    | FundsOutcome::ReceivedAt { amount, reference, .. },
                ) => {
                    self.rule("the amount is what arrived", amount == money.amount, || amount.to_string());
                    references.push(reference);
                }
                other => self.rule("arrived money is Received", false, || format!("{other:?}")),
            }
        }
        let same = references.windows(2).all(|pair| pair.first() == pair.last());
        self.rule("the same credit always has the same reference", same, || format!("{references:?}"));
    }
}

fn order() -> PayoutOrder {
    let transaction = samples::withdrawal(TransactionId::new(RandomIds.next()), "1.00");
    PayoutOrder {
        id: OrderId::new(RandomIds.next()),
        purpose: OrderPurpose::Payout,
        amount: samples::usd("1.00"),
        transaction,
        answers: Answers::default(),
    }
}

fn deposit() -> PendingDeposit {
    let transaction = samples::deposit(TransactionId::new(RandomIds.next()), "1.00");
    PendingDeposit { transaction, answers: Answers::default() }
}
