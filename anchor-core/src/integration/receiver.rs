//! Payments that another anchor sends for its customer: whether they are taken, and what is missing.

use std::collections::BTreeMap;

use async_trait::async_trait;

use super::IntegrationError;
use super::form::Answers;
use crate::asset::Asset;
use crate::transaction::{InfoField, Transaction};

/// Who sends, or who is paid.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Party {
    /// The customer of the sending anchor.
    Sender,
    /// Whoever gets the money from us.
    Receiver,
}

/// A payment that a sending anchor has announced.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct ReceiveView {
    /// As it would be, or is: `transaction.request` says what was announced, with the customers' ids, and
    /// `transaction.amounts` what will come and go. Nobody has been told yet where to pay, as long as there are no `terms`.
    pub transaction: Transaction,
    /// What is taken, with its limits and its fee.
    pub asset: Asset,
    /// What was said with it: on the page `transaction`.
    pub answers: Answers,
    /// The language of the sending anchor's people: a tag such as `en` or `pt-BR`.
    pub language: String,
}

impl ReceiveView {
    /// For tests of your own integration.
    pub fn new(
        transaction: Transaction,
        asset: Asset,
        answers: Answers,
        language: impl Into<String>,
    ) -> Self {
        Self { transaction, asset, answers, language: language.into() }
    }
}

/// Whether a payment is taken.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ReceiveOutcome {
    /// It is: the sending anchor is told where to pay.
    Agreed {
        /// Who is paid, fit to be shown to your people (a masked account number).
        counterpart: Option<String>,
    },
    /// Not before more is known of a customer. The sending anchor gives it to the customers' endpoint, and you are asked
    /// again.
    NeedsCustomerInfo {
        /// Of whom.
        party: Party,
        /// What they are to you: one of your customer integration's types for this role.
        customer_type: Option<String>,
    },
    /// Not before these things are said.
    NeedsTransactionInfo {
        /// What is asked; at least one.
        fields: Vec<InfoField>,
    },
    /// Not known yet: you are asked again, with growing pauses. The sending anchor waits.
    Later,
    /// It is not.
    Refused {
        /// For the people at the sending anchor, in their language.
        reason: String,
    },
}

impl ReceiveOutcome {
    /// Taken, with nothing to be shown of who is paid.
    pub const fn agreed() -> Self {
        Self::Agreed { counterpart: None }
    }
}

/// Whether what was missing is of use.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum UpdateOutcome {
    /// It is.
    Accepted,
    /// It is not; nothing is stored.
    Invalid {
        /// For the people at the sending anchor.
        reason: String,
    },
}

/// The business's word on payments that other anchors send.
///
/// Limits, ways to pay, quotes and whose customers are named were looked at before you are asked, and so was what your
/// customer integration wants to know of senders and receivers.
///
/// # Example
/// ```
/// use anchor_core::integration::*;
/// use async_trait::async_trait;
///
/// struct Remittances;
/// # impl Remittances {
/// #     async fn is_blocked(&self, _: Option<&str>) -> std::io::Result<Option<bool>> { Ok(Some(false)) }
/// # }
///
/// #[async_trait]
/// impl ReceiverIntegration for Remittances {
///     async fn accept(&self, view: &ReceiveView) -> Result<ReceiveOutcome, IntegrationError> {
///         let receiver = view.answers.find("receiver_account_number");
///         Ok(match self.is_blocked(receiver).await.map_err(IntegrationError::transient)? {
///             Some(false) => ReceiveOutcome::agreed(),
///             Some(true) => ReceiveOutcome::Refused { reason: "this account cannot be paid".into() },
///             None => ReceiveOutcome::Later,
///         })
///     }
/// }
/// ```
#[async_trait]
pub trait ReceiverIntegration: Send + Sync {
    /// Whether this payment is taken.
    ///
    /// The default takes everything that passed the framework's own checks, which is right where nothing else decides.
    ///
    /// # When it is called
    /// When a sending anchor announces it, before anything is stored, and again after each answer to what you missed, and
    /// after each `Later`. Never again once `Agreed` was stored.
    /// # What to return
    /// `Agreed` as soon as you know that you will pay it out. A refusal ends it; while the sending anchor waits for its
    /// first answer, nothing is stored of it.
    /// # If it is called twice
    /// It is a question: it must not change anything, or only in ways that may happen twice.
    /// # If it fails
    /// At first the sending anchor is told to come back later, and nothing was stored. Afterwards you are asked again.
    async fn accept(&self, view: &ReceiveView) -> Result<ReceiveOutcome, IntegrationError> {
        let _ = view;
        Ok(ReceiveOutcome::agreed())
    }

    /// Whether what the sending anchor says about a payment that misses something is of use.
    ///
    /// The default takes everything: [`accept`](Self::accept), or your rails, see it next.
    ///
    /// # When it is called
    /// After each answer that has all required fields, and only fields and choices that were asked for, before it is stored.
    /// # What to return
    /// `Accepted`, or `Invalid` with words for the sending anchor.
    /// # If it is called twice
    /// It is a question: it must not change anything.
    /// # If it fails
    /// The sending anchor is told to come back later, and nothing was stored.
    async fn update(
        &self,
        view: &ReceiveView,
        fields: &BTreeMap<String, String>,
    ) -> Result<UpdateOutcome, IntegrationError> {
        let _ = (view, fields);
        Ok(UpdateOutcome::Accepted)
    }
}

/// Takes everything that passed the framework's own checks.
#[derive(Debug, Clone, Copy, Default)]
pub struct TakeAll;

impl ReceiverIntegration for TakeAll {}
