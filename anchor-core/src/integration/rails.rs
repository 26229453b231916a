//! The bank: has the money arrived, and send this money.

use async_trait::async_trait;
use chrono::{DateTime, Utc};

use super::IntegrationError;
use super::form::Answers;
use crate::amount::{Amount, Money};
use crate::id::{OrderId, TransactionId};
use crate::transaction::{InfoNeed, OrderPurpose, Transaction};

/// A deposit whose money is awaited.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct PendingDeposit {
    /// The transaction as it stands; `transaction.amounts` says what was agreed.
    pub transaction: Transaction,
    /// What the user typed into the forms.
    pub answers: Answers,
}

/// What the rails know of an awaited deposit.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum FundsOutcome {
    /// Nothing yet.
    StillWaiting,
    /// On its way, not ours yet (a pending credit).
    InTransit {
        /// The rails' own reference, if there is one already.
        reference: Option<String>,
    },
    /// Ours, for good. Fee and payout are computed from `amount`, whatever was agreed.
    Received {
        /// What really arrived, in the deposit's off-chain asset.
        amount: Amount,
        /// The rails' own reference of this credit: the same credit must always have the same one, and no other
        /// credit in this money may have it. 1 to 255 bytes. One credit funds one deposit: reported for a second
        /// one it is kept as an anomaly and pays nothing.
        reference: String,
        /// Who sent it, for people.
        from: Option<String>,
    },
    /// As `Received`, where the rails say when it became ours: a firm quote is kept for money that came before its end,
    /// however late anybody hears of it.
    ReceivedAt {
        /// As above.
        amount: Amount,
        /// As above.
        reference: String,
        /// As above.
        from: Option<String>,
        /// When it became ours. Without it the moment of the report counts.
        at: DateTime<Utc>,
    },
    /// Will never arrive.
    Rejected {
        /// For the user.
        reason: String,
    },
}

/// An instruction to pay money. Every question about it carries the same id.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct PayoutOrder {
    /// Minted by the framework, stored before you see it. **Your idempotency key.**
    pub id: OrderId,
    /// Pay out a withdrawal, or return a deposit.
    pub purpose: OrderPurpose,
    /// What to pay, exactly.
    pub amount: Money,
    /// Whose it is, and all that is known about it.
    pub transaction: Transaction,
    /// What the user typed into the forms: where to pay.
    pub answers: Answers,
}

/// What became of a payout order.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum PayoutOutcome {
    /// The user has the money.
    Delivered {
        /// The rails' own reference.
        reference: Option<String>,
    },
    /// The user can fetch the money.
    ReadyForPickup {
        /// The rails' own reference.
        reference: Option<String>,
    },
    /// Under way.
    Initiated {
        /// The rails' own reference.
        reference: Option<String>,
    },
    /// Definitely not carried out, and never will be under this id.
    Refused {
        /// For the user.
        reason: String,
        /// `true`: give the user's value back. `false`: hold it for the operator.
        refund: bool,
    },
    /// Definitely not carried out, and never will be under this id: the user has to tell more first (another account, a
    /// document). The money stays here meanwhile; when the user has told, there is another order. Only requests by API
    /// (SEP-6, SEP-31) have a way to ask: everybody else's money waits for the operator.
    NeedsInfo {
        /// What.
        need: InfoNeed,
    },
    /// The order never reached the rails. Only a *look-up* may answer this, and it is **the only answer that
    /// allows another `execute`**.
    NeverSeen,
}

/// The business's connection to money outside the ledger.
///
/// # Example
/// ```
/// use anchor_core::integration::*;
/// use async_trait::async_trait;
///
/// struct Bank;
/// # impl Bank {
/// #     async fn credit_with_reference(&self, _: &str) -> std::io::Result<Option<(String, String)>> { Ok(None) }
/// #     async fn transfer(&self, _key: &str, _amount: String) -> std::io::Result<String> { Ok("T1".into()) }
/// #     async fn transfer_by_key(&self, _key: &str) -> std::io::Result<Option<String>> { Ok(None) }
/// # }
///
/// #[async_trait]
/// impl RailsIntegration for Bank {
///     async fn poll_pending_deposit(&self, deposit: &PendingDeposit) -> Result<FundsOutcome, IntegrationError> {
///         let id = deposit.transaction.id.to_string();
///         let credit = self.credit_with_reference(&id).await.map_err(IntegrationError::transient)?;
///         let Some((reference, amount)) = credit else { return Ok(FundsOutcome::StillWaiting) };
///         let amount = amount.parse().map_err(IntegrationError::permanent)?;
///         Ok(FundsOutcome::Received { amount, reference, from: None })
///     }
///
///     async fn execute_outgoing_transaction(&self, order: &PayoutOrder) -> Result<PayoutOutcome, IntegrationError> {
///         // the bank refuses a second transfer under the same key
///         let key = order.id.to_string();
///         let transfer = self.transfer(&key, order.amount.amount.to_string()).await;
///         let reference = transfer.map_err(IntegrationError::transient)?;
///         Ok(PayoutOutcome::Initiated { reference: Some(reference) })
///     }
///
///     async fn find_outgoing_transaction(&self, order: &PayoutOrder) -> Result<PayoutOutcome, IntegrationError> {
///         let found = self.transfer_by_key(&order.id.to_string()).await.map_err(IntegrationError::transient)?;
///         Ok(match found {
///             Some(reference) => PayoutOutcome::Delivered { reference: Some(reference) },
///             None => PayoutOutcome::NeverSeen,
///         })
///     }
/// }
/// ```
#[async_trait]
pub trait RailsIntegration: Send + Sync {
    /// Has the money for this deposit arrived?
    ///
    /// # When it is called
    /// By `process_pending_deposits`, for every deposit that awaits money, until it is answered with `Received`
    /// or `Rejected`, or the deposit expires.
    /// # What to return
    /// What the bank says now. `Received` only for money that cannot be taken back.
    /// # If it is called twice
    /// It is a question: it must not change anything. The same credit reported again has no effect.
    /// # If it fails
    /// `Err` is "unknown": the deposit keeps waiting and the question is asked again.
    async fn poll_pending_deposit(&self, deposit: &PendingDeposit) -> Result<FundsOutcome, IntegrationError>;

    /// [`poll_pending_deposit`](Self::poll_pending_deposit) for many deposits in one question to the bank.
    ///
    /// # When it is called
    /// By `process_pending_deposits`, with up to 100 deposits.
    /// # What to return
    /// One answer for each deposit you know something about, in any order. A deposit that is missing in the
    /// answer keeps waiting; answers for others are ignored; of several for one deposit the first counts.
    /// # If it is called twice
    /// As for the single question.
    /// # If it fails
    /// `Err` as a whole: all of them keep waiting. The default asks for each deposit alone, so that one failure
    /// touches one deposit.
    async fn poll_pending_deposits(
        &self,
        deposits: &[PendingDeposit],
    ) -> Result<Vec<(TransactionId, Result<FundsOutcome, IntegrationError>)>, IntegrationError> {
        let mut answers = Vec::with_capacity(deposits.len());
        for deposit in deposits {
            answers.push((deposit.transaction.id, self.poll_pending_deposit(deposit).await));
        }
        Ok(answers)
    }

    /// Send this money.
    ///
    /// # When it is called
    /// By `execute_outgoing_transactions`, right after the order was stored, and again only after
    /// [`find_outgoing_transaction`](Self::find_outgoing_transaction) answered `NeverSeen`.
    /// # What to return
    /// How the order stands. `Refused` only if it is certain that no money moved and none will.
    /// # If it is called twice
    /// Must be idempotent on `order.id`: hand it to the bank as the idempotency key.
    /// # If it fails
    /// `Err` is "unknown": the framework calls `find_outgoing_transaction` next, never `execute` again at once.
    async fn execute_outgoing_transaction(
        &self,
        order: &PayoutOrder,
    ) -> Result<PayoutOutcome, IntegrationError>;

    /// Has this order ever reached you, and what became of it?
    ///
    /// # When it is called
    /// After a crash or an `Err` of `execute`, and to follow an order that is under way.
    /// # What to return
    /// How the order stands, or `NeverSeen` if it is certain that the bank has never heard of `order.id`.
    /// # If it is called twice
    /// It is a question: it must not change anything.
    /// # If it fails
    /// `Err` is "unknown": asked again later. A bank without any look-up answers `Err(permanent)`: the
    /// transaction goes on hold for the operator, visible and never paid twice.
    async fn find_outgoing_transaction(&self, order: &PayoutOrder)
    -> Result<PayoutOutcome, IntegrationError>;

    /// [`find_outgoing_transaction`](Self::find_outgoing_transaction) for many orders that are under way.
    ///
    /// # When it is called
    /// By `poll_outgoing_transactions`, with up to 100 orders.
    /// # What to return
    /// One answer for each order you know something about. A missing one is asked about again later.
    /// # If it is called twice
    /// As for the single question.
    /// # If it fails
    /// `Err` as a whole: nothing moves. The default asks for each order alone.
    async fn poll_outgoing_transactions(
        &self,
        orders: &[PayoutOrder],
    ) -> Result<Vec<(OrderId, Result<PayoutOutcome, IntegrationError>)>, IntegrationError> {
        let mut answers = Vec::with_capacity(orders.len());
        for order in orders {
            answers.push((order.id, self.find_outgoing_transaction(order).await));
        }
        Ok(answers)
    }
}
