//! What we ask our customers, and what we tell them.

use anchor_core::integration::form::{Agreement, Field, FlowStep, FlowView, Page, ValidForm, amount_page};
use anchor_core::integration::{DepositIntegration, IntegrationError, WithdrawalIntegration};
use async_trait::async_trait;

// ANCHOR: deposit
/// Asks for name and amount, and answers with our bank account.
#[derive(Debug)]
pub(crate) struct DepositForms;

#[async_trait]
impl DepositIntegration for DepositForms {
    async fn page(&self, view: &FlowView) -> Result<Page, IntegrationError> {
        let name = Field::text("first_name", "First name", 60).autocomplete("given-name");
        Ok(amount_page(view).field(name))
    }

    async fn submit(&self, view: &FlowView, form: ValidForm) -> Result<FlowStep, IntegrationError> {
        let Some(amount) = form.amount("amount") else { return Ok(FlowStep::Next) };
        Ok(FlowStep::Done(
            Agreement::new(amount)
                .instruction("Bank", "Test Bank")
                .instruction("Account number", "0011 2233 4455")
                .instruction("Reference", view.transaction.id.to_string()),
        ))
    }
}
// ANCHOR_END: deposit

// ANCHOR: withdrawal
/// Asks for the amount first and for the bank account on a second page.
#[derive(Debug)]
pub(crate) struct WithdrawalForms;

#[async_trait]
impl WithdrawalIntegration for WithdrawalForms {
    async fn page(&self, view: &FlowView) -> Result<Page, IntegrationError> {
        if !view.answers.has("amount") {
            return Ok(amount_page(view));
        }
        let account =
            Field::text("bank_account_number", "Account number", 34).help("Where we send the money.");
        Ok(Page::new("bank", "Your bank account").field(account))
    }

    async fn submit(&self, view: &FlowView, form: ValidForm) -> Result<FlowStep, IntegrationError> {
        let amount = view.answers.text("amount", "amount").and_then(|amount| amount.parse().ok());
        let (Some(amount), Some(account)) = (amount, form.text("bank_account_number")) else {
            return Ok(FlowStep::Next);
        };
        let last: String = account.chars().skip(account.chars().count().saturating_sub(3)).collect();
        Ok(FlowStep::Done(Agreement::new(amount).counterpart(format!("••• {last}"))))
    }
}
// ANCHOR_END: withdrawal
