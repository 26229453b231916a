//! What we ask our customers, and what we tell them.

use anchor_core::integration::form::{
    Agreement, Field, FlowStep, FlowView, Page, Sep9, ValidForm, amount_page,
};
use anchor_core::integration::{
    DepositIntegration, IntegrationError, StartStep, StartView, WithdrawalIntegration,
};
use anchor_core::transaction::InfoField;
use async_trait::async_trait;

// ANCHOR: deposit
/// Asks for name and amount, and answers with our bank account.
#[derive(Debug)]
pub(crate) struct DepositForms;

#[async_trait]
impl DepositIntegration for DepositForms {
    async fn page(&self, view: &FlowView) -> Result<Page, IntegrationError> {
        Ok(amount_page(view).field(Field::sep9(Sep9::FirstName)))
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

    // ANCHOR: start
    /// By API nobody is asked a name: the reference says whose money it is.
    async fn start(&self, view: &StartView) -> Result<StartStep, IntegrationError> {
        let amount = view.transaction.request.amount;
        let agreement = amount.map_or_else(Agreement::open, Agreement::new);
        Ok(StartStep::Agreed(
            agreement
                .field("organization.bank_name", "Bank", "Test Bank")
                .field("organization.bank_account_number", "Account number", "0011 2233 4455")
                .field("organization.external_transfer_memo", "Reference", view.transaction.id.to_string()),
        ))
    }
    // ANCHOR_END: start
}
// ANCHOR_END: deposit

// ANCHOR: withdrawal
/// Asks for the amount first and for the bank account on a second page.
#[derive(Debug)]
pub(crate) struct WithdrawalForms {
    /// What may come with a request by API.
    fields: [InfoField; 1],
}

impl WithdrawalForms {
    pub(crate) fn new() -> Self {
        Self { fields: [InfoField::new("dest", "Where we send the money").optional()] }
    }
}

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
        Ok(FlowStep::Done(Agreement::new(amount).counterpart(masked(account))))
    }

    // ANCHOR: start_withdrawal
    fn fields(&self) -> &[InfoField] {
        &self.fields
    }

    /// By API the account comes with the request (`dest`), or is asked for.
    async fn start(&self, view: &StartView) -> Result<StartStep, IntegrationError> {
        let told = view.answers.find("bank_account_number").or(view.answers.find("dest"));
        let Some(account) = told else {
            let field = InfoField::new("bank_account_number", "Where we send the money");
            return Ok(StartStep::NeedsTransactionInfo { fields: vec![field], message: None });
        };
        let amount = view.transaction.request.amount;
        let agreement = amount.map_or_else(Agreement::open, Agreement::new);
        Ok(StartStep::Agreed(agreement.counterpart(masked(account))))
    }
    // ANCHOR_END: start_withdrawal
}
// ANCHOR_END: withdrawal

/// As it may be shown.
fn masked(account: &str) -> String {
    let last: String = account.chars().skip(account.chars().count().saturating_sub(3)).collect();
    format!("••• {last}")
}
