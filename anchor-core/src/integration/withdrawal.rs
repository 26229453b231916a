//! The withdrawal's pages.

use async_trait::async_trait;

use super::form::{FlowStep, FlowView, Page, ValidForm, amount_page, amount_step};
use super::{IntegrationError, StartStep, StartView, start_step};
use crate::transaction::InfoField;

/// What the user is asked before a withdrawal: how much, and where the money goes.
///
/// # Example
/// ```
/// use anchor_core::integration::form::{Agreement, Field, FlowStep, FlowView, Page, ValidForm, amount_page};
/// use anchor_core::integration::{IntegrationError, WithdrawalIntegration};
/// use async_trait::async_trait;
///
/// struct ToBankAccount;
///
/// /// The last three characters: enough for its owner to know it again.
/// fn masked(account: &str) -> String {
///     let hidden = account.chars().count().saturating_sub(3);
///     format!("***{}", account.chars().skip(hidden).collect::<String>())
/// }
///
/// #[async_trait]
/// impl WithdrawalIntegration for ToBankAccount {
///     async fn page(&self, view: &FlowView) -> Result<Page, IntegrationError> {
///         Ok(amount_page(view).field(Field::text("bank_account_number", "Account number", 34)))
///     }
///
///     async fn submit(&self, view: &FlowView, form: ValidForm) -> Result<FlowStep, IntegrationError> {
///         let Some(amount) = form.amount("amount") else { return Ok(FlowStep::Next) };
///         let account = form.text("bank_account_number").unwrap_or_default();
///         Ok(FlowStep::Done(Agreement::new(amount).counterpart(masked(&account))))
///     }
/// }
///
/// assert_eq!(masked("DE02123456789"), "***789");
/// assert_eq!(masked("7"), "***7");
/// ```
#[async_trait]
pub trait WithdrawalIntegration: Send + Sync {
    /// The page to show next.
    ///
    /// # When it is called
    /// Each time the user opens the flow, and after each `FlowStep::Next`. `view.answers` has what was answered.
    /// # What to return
    /// The next page. Page names are unique within the flow.
    /// # If it is called twice
    /// It is a question: it must not change anything.
    /// # If it fails
    /// The user sees an apology and can try again; nothing is lost.
    async fn page(&self, view: &FlowView) -> Result<Page, IntegrationError> {
        Ok(amount_page(view))
    }

    /// The user sent a page, and every field passed its own checks.
    ///
    /// # When it is called
    /// After each valid submission, before it is stored.
    /// # What to return
    /// `Next` (store and show the next page), `Invalid` (show it again with errors), `Redirect` (the user goes
    /// on elsewhere), or `Done` with what was agreed. Limits and fees are checked by the framework afterwards.
    /// # If it is called twice
    /// A user may press twice: only one `Done` is stored.
    /// # If it fails
    /// The user sees an apology and can try again.
    async fn submit(&self, view: &FlowView, form: ValidForm) -> Result<FlowStep, IntegrationError> {
        let _ = view;
        Ok(amount_step(&form))
    }

    /// What a wallet may tell with its request by API (SEP-6), by name: `dest` is where the money goes.
    ///
    /// # When it is called
    /// For `/info`, which lists them for every funding method, and for each request.
    /// # What to return
    /// Always the same. A request without one that is not optional, or with a value that is not one of its choices, is
    /// refused; whatever came is in the answers. What only some requests need is better asked for in [`start`](Self::start).
    /// # If it is called twice
    /// It is a question: it must not change anything.
    fn fields(&self) -> &[InfoField] {
        &[]
    }

    /// A wallet asks by API, without any page (SEP-6).
    ///
    /// # When it is called
    /// While the wallet waits for an answer, for at most ten seconds; and afterwards by `decide_terms`, until it is agreed on,
    /// refused, or its time has passed. What the framework can check was checked: account, limits, memo, quote.
    /// # What to return
    /// `Agreed`, with where the money goes, fit to be shown; or what is missing; or `Later`. A `Refused` on the first call is an
    /// error to the wallet, and nothing is kept.
    /// # If it is called twice
    /// It is a question: it must not change anything that is not keyed by `view.transaction.id`, which a request that was
    /// never stored may have had, too.
    /// # If it fails
    /// Undecided: asked again.
    async fn start(&self, view: &StartView) -> Result<StartStep, IntegrationError> {
        Ok(start_step(view))
    }
}
