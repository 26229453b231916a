//! The rules that every [`CustodyIntegration`] has to keep, to be run against your own custodian's sandbox.
//!
//! ```
//! use anchor_core::id::AttemptId;
//! use anchor_core::integration::CustodyIntegration;
//! use anchor_core::stellar::Network;
//! use anchor_core::testing::custody::{ScriptedCustody, conformance};
//! use anchor_core::testing::fakes::samples;
//! use anchor_core::testing::ledger::FakeLedger;
//! use anchor_core::transaction::CustodyOrder;
//! use async_trait::async_trait;
//!
//! struct Sandbox(ScriptedCustody, FakeLedger);
//!
//! #[async_trait]
//! impl conformance::CustodyHarness for Sandbox {
//!     fn custody(&self) -> &dyn CustodyIntegration {
//!         &self.0
//!     }
//!
//!     fn order(&self, id: AttemptId) -> CustodyOrder {
//!         conformance::order(id, samples::distribution().account(), samples::user().account())
//!     }
//!
//!     async fn payments(&self, order: &CustodyOrder) -> usize {
//!         // each order has an amount of its own, so that the ledger itself tells
//!         let applied = self.1.applied(0);
//!         applied.iter().filter(|(_, made)| conformance::is_paid_by(order, made)).count()
//!     }
//!
//!     async fn settle(&self) {
//!         self.1.close();
//!     }
//! }
//!
//! # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
//! let ledger = FakeLedger::new(Network::new(Network::TESTNET), 1_767_225_600);
//! ledger.fund(samples::distribution().account(), "1000".parse().unwrap());
//! ledger.fund(samples::user().account(), "10".parse().unwrap());
//! let custody = ScriptedCustody::new(ledger.clone(), samples::distribution());
//! assert_eq!(conformance::check(&Sandbox(custody, ledger)).await, []);
//! # });
//! ```

use async_trait::async_trait;
use futures_util::future::join_all;

use crate::account::AccountId;
use crate::amount::StellarAmount;
use crate::asset::StellarAsset;
use crate::id::{AttemptId, IdSource as _, RandomIds, TransactionId};
use crate::integration::{CustodyIntegration, CustodyOutcome};
use crate::memo::Memo;
use crate::stellar::envelope::{Operation, Payment};
use crate::transaction::{AttemptPurpose, CustodyOrder};

/// So often one order is asked about before it counts as never settled.
const PATIENCE: usize = 30;

/// What the rules are checked on.
#[async_trait]
pub trait CustodyHarness: Send + Sync {
    /// The integration under test.
    fn custody(&self) -> &dyn CustodyIntegration;

    /// An order that the sandbox can carry out, under this id.
    fn order(&self, id: AttemptId) -> CustodyOrder;

    /// How many payments on the ledger, or in the custodian's own books, are this order's: not from the integration.
    async fn payments(&self, order: &CustodyOrder) -> usize;

    /// Lets the sandbox go on: time passes, a ledger closes.
    async fn settle(&self);
}

/// A few stroops, another amount for each order.
pub fn order(id: AttemptId, source: AccountId, destination: AccountId) -> CustodyOrder {
    let (_, random) = id.as_uuid().as_u64_pair();
    let stroops = i64::try_from(random % 1_000_000).unwrap_or_default().saturating_add(1);
    CustodyOrder {
        id,
        transaction: TransactionId::new(RandomIds.next()),
        purpose: AttemptPurpose::Payment,
        source,
        destination: destination.into(),
        asset: StellarAsset::Native,
        amount: StellarAmount::from_stroops(stroops).unwrap_or_default(),
        memo: Memo::None,
        creates_account: false,
        since: 0,
    }
}

/// Whether these operations hold a payment of the order's amount to its destination.
pub fn is_paid_by(order: &CustodyOrder, operations: &[Operation]) -> bool {
    let is_its = |operation: &Operation| match operation {
        Operation::Pay(Payment::Pay { destination, asset, amount }) => {
            *destination == order.destination && *asset == order.asset && *amount == order.amount
        }
        _ => false,
    };
    operations.iter().any(is_its)
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

/// Checks all rules. An empty list means that they are kept.
pub async fn check(harness: &dyn CustodyHarness) -> Vec<Violation> {
    let mut suite = Suite { harness, violations: Vec::new() };
    suite.unknown_order_is_never_seen().await;
    suite.one_id_pays_once().await;
    suite.one_id_pays_once_at_the_same_time().await;
    suite.two_ids_pay_twice().await;
    suite.violations
}

struct Suite<'a> {
    harness: &'a dyn CustodyHarness,
    violations: Vec<Violation>,
}

impl Suite<'_> {
    fn rule(&mut self, rule: &'static str, kept: bool, found: impl FnOnce() -> String) {
        if !kept {
            self.violations.push(Violation { rule, found: found() });
        }
    }

    fn order(&self) -> CustodyOrder {
        self.harness.order(AttemptId::new(RandomIds.next()))
    }

    /// Asks, as the job does, until the custodian says that it paid.
    async fn applied(&mut self, order: &CustodyOrder) {
        let mut last = None;
        for _ in 0..PATIENCE {
            self.harness.settle().await;
            let answer = self.harness.custody().find(order).await;
            if let Ok(CustodyOutcome::Applied { hash }) = answer {
                let again = self.harness.custody().find(order).await;
                let kept = matches!(again, Ok(CustodyOutcome::Applied { hash: same }) if same == hash);
                return self.rule("what is applied stays so, under one hash", kept, || format!("{again:?}"));
            }
            last = Some(answer);
        }
        self.rule("an order that was handed over is applied in the end", false, || format!("{last:?}"));
    }

    async fn unknown_order_is_never_seen(&mut self) {
        let order = self.order();
        for _ in 0..2 {
            let answer = self.harness.custody().find(&order).await;
            let kept = matches!(answer, Ok(CustodyOutcome::NeverSeen));
            self.rule("an order that was never handed over is NeverSeen", kept, || format!("{answer:?}"));
        }
        self.harness.settle().await;
        let count = self.harness.payments(&order).await;
        self.rule("asking for an order pays nothing", count == 0, || format!("{count} payments"));
    }

    async fn one_id_pays_once(&mut self) {
        let order = self.order();
        for _ in 0..2 {
            let answer = self.harness.custody().hand_over(&order).await;
            let kept = matches!(answer, Ok(CustodyOutcome::Pending | CustodyOutcome::Applied { .. }));
            self.rule("an order is taken", kept, || format!("{answer:?}"));
            let found = self.harness.custody().find(&order).await;
            let kept = !matches!(found, Ok(CustodyOutcome::NeverSeen));
            self.rule("an order that was handed over is found", kept, || format!("{found:?}"));
        }
        self.applied(&order).await;
        // once more, after everything
        let answer = self.harness.custody().hand_over(&order).await;
        let kept = matches!(answer, Ok(CustodyOutcome::Applied { .. } | CustodyOutcome::Pending));
        self.rule("an order that is handed over again is the same one", kept, || format!("{answer:?}"));
        for _ in 0..3 {
            self.harness.settle().await;
        }
        let count = self.harness.payments(&order).await;
        self.rule("handed over twice under one id, it is paid once", count == 1, || {
            format!("{count} payments")
        });
    }

    async fn one_id_pays_once_at_the_same_time(&mut self) {
        let order = self.order();
        let custody = self.harness.custody();
        join_all((0..4).map(|_| custody.hand_over(&order))).await;
        self.applied(&order).await;
        for _ in 0..3 {
            self.harness.settle().await;
        }
        let count = self.harness.payments(&order).await;
        let rule = "handed over at the same time under one id, it is paid once";
        self.rule(rule, count == 1, || format!("{count} payments"));
    }

    async fn two_ids_pay_twice(&mut self) {
        let one = self.order();
        let two = CustodyOrder { id: AttemptId::new(RandomIds.next()), ..one.clone() };
        for order in [&one, &two] {
            let answer = self.harness.custody().hand_over(order).await;
            self.rule("an order is taken", answer.is_ok(), || format!("{answer:?}"));
        }
        self.applied(&one).await;
        self.applied(&two).await;
        let count = self.harness.payments(&one).await;
        self.rule("equal orders under two ids are two payments", count == 2, || format!("{count} payments"));
    }
}
