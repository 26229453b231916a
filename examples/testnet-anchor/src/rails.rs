//! Our bank, as the framework sees it: has the money arrived, and send this money.

use std::time::Duration;

use anchor_core::clock::{Clock as _, SystemClock};
use anchor_core::integration::{
    FundsOutcome, IntegrationError, PayoutOrder, PayoutOutcome, PendingDeposit, RailsIntegration,
};
use async_trait::async_trait;

use crate::bank::{Bank, Transfer};

/// The bank, and how long it takes until a deposit arrives.
#[derive(Debug)]
pub(crate) struct TestRails {
    /// Where transfers go.
    pub(crate) bank: Bank,
    /// How long a customer's transfer takes.
    pub(crate) transfer_time: Duration,
}

// ANCHOR: rails
#[async_trait]
impl RailsIntegration for TestRails {
    /// Every customer pays what was agreed, a few seconds later.
    async fn poll_pending_deposit(&self, deposit: &PendingDeposit) -> Result<FundsOutcome, IntegrationError> {
        let transaction = &deposit.transaction;
        let waited = SystemClock.now() - transaction.updated_at;
        let (Some(amounts), true) =
            (&transaction.amounts, waited.to_std().unwrap_or_default() >= self.transfer_time)
        else {
            return Ok(FundsOutcome::StillWaiting);
        };
        Ok(FundsOutcome::Received {
            amount: amounts.amount_in.amount,
            reference: format!("credit-{}", transaction.id),
            from: deposit.answers.find("first_name").map(str::to_owned),
        })
    }

    /// The order's id is the idempotency key: the bank sends the money once, however often it is asked.
    async fn execute_outgoing_transaction(
        &self,
        order: &PayoutOrder,
    ) -> Result<PayoutOutcome, IntegrationError> {
        let transfer = Transfer {
            key: order.id.to_string(),
            amount: order.amount.amount.to_string(),
            to: order
                .answers
                .find("bank_account_number")
                .or(order.answers.find("dest"))
                .unwrap_or("sender")
                .to_owned(),
        };
        self.bank.transfer(&transfer).map_err(IntegrationError::transient)?;
        Ok(PayoutOutcome::Delivered { reference: Some(transfer.key) })
    }

    /// Only the bank's own books say what happened; `NeverSeen` means they have no such key.
    async fn find_outgoing_transaction(
        &self,
        order: &PayoutOrder,
    ) -> Result<PayoutOutcome, IntegrationError> {
        let found = self.bank.find(&order.id.to_string()).map_err(IntegrationError::transient)?;
        Ok(found.map_or(PayoutOutcome::NeverSeen, |transfer| PayoutOutcome::Delivered {
            reference: Some(transfer.key),
        }))
    }
}
// ANCHOR_END: rails
