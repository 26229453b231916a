use super::conformance::{RailsHarness, check};
use super::*;

/// A bank that forgets its keys: what the suite has to find.
struct Careless {
    bank: ScriptedRails,
    sent: Mutex<Vec<OrderId>>,
}

#[async_trait]
impl RailsIntegration for Careless {
    async fn poll_pending_deposit(&self, deposit: &PendingDeposit) -> Result<FundsOutcome, IntegrationError> {
        self.bank.poll_pending_deposit(deposit).await
    }

    async fn execute_outgoing_transaction(
        &self,
        order: &PayoutOrder,
    ) -> Result<PayoutOutcome, IntegrationError> {
        self.sent.lock().unwrap().push(order.id);
        Ok(PayoutOutcome::Delivered { reference: None })
    }

    async fn find_outgoing_transaction(
        &self,
        _order: &PayoutOrder,
    ) -> Result<PayoutOutcome, IntegrationError> {
        Ok(PayoutOutcome::NeverSeen)
    }
}

#[async_trait]
impl RailsHarness for Careless {
    fn rails(&self) -> &dyn RailsIntegration {
        self
    }

    async fn transfers(&self, order: OrderId) -> usize {
        self.sent.lock().unwrap().iter().filter(|sent| **sent == order).count()
    }

    async fn credit(&self, deposit: TransactionId, money: &Money) -> bool {
        // another reference each time that anybody looks would be one more way to fail
        self.bank.credit(deposit, money.amount, "credit");
        true
    }
}

struct Good(ScriptedRails);

#[async_trait]
impl RailsHarness for Good {
    fn rails(&self) -> &dyn RailsIntegration {
        &self.0
    }

    async fn transfers(&self, order: OrderId) -> usize {
        self.0.transfers().iter().filter(|transfer| transfer.order == order).count()
    }

    async fn credit(&self, deposit: TransactionId, money: &Money) -> bool {
        self.0.credit(deposit, money.amount, "credit");
        true
    }
}

#[tokio::test]
async fn scripted_bank_keeps_all_rules() {
    assert_eq!(check(&Good(ScriptedRails::new())).await, []);
}

#[tokio::test]
async fn suite_finds_what_a_careless_bank_does() {
    let careless = Careless { bank: ScriptedRails::new(), sent: Mutex::default() };
    let broken: Vec<_> = check(&careless).await.into_iter().map(|violation| violation.rule).collect();
    assert_eq!(
        broken,
        [
            "execute twice under one key pays once",
            "an executed order is found",
            "finding an executed order sends nothing",
            "execute at the same time under one key pays once",
            "polling knows an executed order",
        ]
    );
}

#[tokio::test]
async fn fault_after_the_effect_leaves_the_effect() {
    let rails = ScriptedRails::new();
    rails.inject(RailsCall::Find, RailsFault::ErrorBefore);
    let harness = Good(rails.clone());
    let broken = check(&harness).await;
    assert_eq!(broken.len(), 1, "{broken:?}");
    assert_eq!(rails.calls(RailsCall::Execute), 2 + 4 + 2 + 1);
}
