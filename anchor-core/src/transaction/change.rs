//! A committed step: everything that has to be written together, or not at all.

use super::Transaction;
use super::attempt::{Attempt, AttemptStatus, TransactionHash};
use super::custody::{CustodyOrder, CustodyStatus};
use super::event::Event;
use super::fact::FactRecord;
use super::machine::Refusal;
use super::order::{Order, OrderStatus};
use super::state::Protocol;
use crate::customer::Kept;
use crate::id::{AttemptId, OrderId};

/// What else is written in the commit of a change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ChangeEffect {
    /// Nothing.
    None,
    /// A new open attempt. The store refuses a second open one of the transaction or of the source account.
    OpenAttempt(Attempt),
    /// The open attempt ends.
    CloseAttempt {
        /// Which one.
        id: AttemptId,
        /// Applied or void.
        status: AttemptStatus,
        /// The ledger that holds it: its sequence number is used. `None` if none does, or if that is not known.
        ledger: Option<u32>,
        /// For the operator.
        note: Option<String>,
    },
    /// A new open order to the custodian. The store refuses a second open one of the transaction.
    OpenCustody(CustodyOrder),
    /// The open order to the custodian ends.
    CloseCustody {
        /// Which one.
        id: AttemptId,
        /// Applied or rejected.
        status: CustodyStatus,
        /// Transaction and operation that carried it; an operation stands for one order.
        carried: Option<(TransactionHash, String)>,
        /// For the operator.
        note: Option<String>,
    },
    /// A new open order. The store refuses a second open one of the transaction.
    OpenOrder(Order),
    /// The open order's news.
    UpdateOrder {
        /// Which one.
        id: OrderId,
        /// How it stands now.
        status: OrderStatus,
        /// The rails' own reference, if they gave one.
        reference: Option<String>,
    },
}

/// One step of a transaction, made only by [`Transaction::apply`]. A store writes all of it in one database
/// transaction, and only if the stored version is still [`Change::expected_version`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    pub(super) expected_version: i64,
    pub(super) transaction: Transaction,
    pub(super) fact: FactRecord,
    pub(super) effect: ChangeEffect,
    pub(super) events: Vec<Event>,
    pub(super) answers: Option<Kept>,
}

impl Change {
    /// The version that was read.
    pub const fn expected_version(&self) -> i64 {
        self.expected_version
    }

    /// Whether the transaction begins with this change: what returns a payment is not stored before it has a payment.
    pub const fn begins(&self) -> bool {
        self.expected_version == 0 && matches!(self.transaction.protocol, Protocol::Suspense)
    }

    /// The transaction as it is afterwards.
    pub const fn transaction(&self) -> &Transaction {
        &self.transaction
    }

    /// What happened.
    pub const fn fact(&self) -> &FactRecord {
        &self.fact
    }

    /// What else is written.
    pub const fn effect(&self) -> &ChangeEffect {
        &self.effect
    }

    /// The news for the outbox.
    pub fn events(&self) -> &[Event] {
        &self.events
    }

    /// What the user answered, written together with the terms: nothing that is sent at the same moment from
    /// another tab can replace it.
    #[must_use]
    pub fn with_answers(self, answers: Kept) -> Self {
        Self { answers: Some(answers), ..self }
    }

    /// The user's answers, if they are written with this change.
    pub const fn answers(&self) -> Option<&Kept> {
        self.answers.as_ref()
    }

    /// What is kept of a change that the store refused.
    #[must_use]
    pub fn into_anomaly(self, refusal: Refusal) -> FactRecord {
        FactRecord { refused: Some(refusal.to_string()), ..self.fact }
    }

    /// The transaction as it is afterwards, once this change is stored.
    pub fn into_transaction(self) -> Transaction {
        self.transaction
    }
}
