//! What the business says to a request by API (SEP-6, SEP-31), in place of pages.

use super::form::{Agreement, Answers};
use crate::asset::Asset;
use crate::transaction::{InfoField, Transaction};

/// What the integration may look at to decide on the terms.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct StartView {
    /// The transaction; `transaction.request` is what the wallet asked for. **It may never come to be**: a request that is
    /// refused, or a process that ends meanwhile, leaves nothing behind.
    pub transaction: Transaction,
    /// What is moved, with its limits; for a quote, as it is exchanged there.
    pub asset: Asset,
    /// What the wallet told besides: page `request` with the request, page `transaction` since.
    pub answers: Answers,
    /// The user's language: a lower-case tag such as `en` or `pt-br`.
    pub language: String,
}

impl StartView {
    /// For tests of your own implementation.
    pub fn new(
        transaction: Transaction,
        asset: Asset,
        answers: Answers,
        language: impl Into<String>,
    ) -> Self {
        Self { transaction, asset, answers, language: language.into() }
    }
}

/// What the business says to a request.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum StartStep {
    /// Agreed: the user can send the money. Limits and fees are checked by the framework afterwards.
    Agreed(Agreement),
    /// The customer has to tell more first: the wallet is sent to SEP-12 with the transaction's id. You are asked again until
    /// you say something else.
    NeedsCustomerInfo {
        /// For the user.
        message: Option<String>,
    },
    /// The wallet has to tell more about this transaction first. You are asked again when it has, with what it told in
    /// [`StartView::answers`].
    NeedsTransactionInfo {
        /// At least one.
        fields: Vec<InfoField>,
        /// For the user.
        message: Option<String>,
    },
    /// Not decided yet: you are asked again.
    Later,
    /// Definitely not.
    Refused {
        /// For the user.
        reason: String,
    },
}

/// What is agreed where the business has nothing to say: the amount that the wallet announced, or any amount within the
/// limits if it announced none.
pub fn start_step(view: &StartView) -> StartStep {
    let announced = view.transaction.request.amount;
    StartStep::Agreed(announced.map_or_else(Agreement::open, Agreement::new))
}
