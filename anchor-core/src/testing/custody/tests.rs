use super::conformance::{CustodyHarness, check, is_paid_by, order};
use super::*;
use crate::stellar::Network;
use crate::testing::fakes::samples;

struct Harness<C>(C, FakeLedger);

#[async_trait]
impl<C: CustodyIntegration> CustodyHarness for Harness<C> {
    fn custody(&self) -> &dyn CustodyIntegration {
        &self.0
    }

    fn order(&self, id: AttemptId) -> CustodyOrder {
        order(id, samples::distribution().account(), samples::user().account())
    }

    async fn payments(&self, order: &CustodyOrder) -> usize {
        self.1.applied(0).iter().filter(|(_, made)| is_paid_by(order, made)).count()
    }

    async fn settle(&self) {
        self.1.close();
    }
}

fn ledger() -> FakeLedger {
    let ledger = FakeLedger::new(Network::new(Network::TESTNET), 1_767_225_600);
    ledger.fund(samples::distribution().account(), "1000".parse().unwrap());
    ledger.fund(samples::user().account(), "10".parse().unwrap());
    ledger
}

#[tokio::test]
async fn scripted_custodian_keeps_all_rules() {
    let ledger = ledger();
    let custody = ScriptedCustody::new(ledger.clone(), samples::distribution());
    assert_eq!(check(&Harness(custody, ledger)).await, []);
}

/// Pays whenever it is told to, and remembers only the last time.
struct Careless(FakeLedger, Mutex<Option<(AttemptId, ScriptedCustody)>>);

impl Careless {
    fn last(&self) -> Option<(AttemptId, ScriptedCustody)> {
        self.1.lock().unwrap().clone()
    }
}

#[async_trait]
impl CustodyIntegration for Careless {
    async fn hand_over(&self, order: &CustodyOrder) -> Result<CustodyOutcome, IntegrationError> {
        let anew = ScriptedCustody::new(self.0.clone(), samples::distribution());
        *self.1.lock().unwrap() = Some((order.id, anew.clone()));
        let outcome = anew.hand_over(order).await;
        self.0.close();
        outcome
    }

    async fn find(&self, order: &CustodyOrder) -> Result<CustodyOutcome, IntegrationError> {
        match self.last() {
            Some((id, last)) if id == order.id => last.find(order).await,
            _ => Ok(CustodyOutcome::NeverSeen),
        }
    }
}

#[tokio::test]
async fn suite_finds_what_a_careless_custodian_does() {
    let ledger = ledger();
    let careless = Careless(ledger.clone(), Mutex::default());
    let broken: Vec<_> =
        check(&Harness(careless, ledger)).await.into_iter().map(|violation| violation.rule).collect();
    let expected = [
        "handed over twice under one id, it is paid once",
        "handed over at the same time under one id, it is paid once",
        "an order that was handed over is applied in the end",
    ];
    assert_eq!(broken, expected);
}
