//! What can go wrong inside a verb.

use diesel::result::{DatabaseErrorInformation, DatabaseErrorKind, Error as DieselError};

use crate::store::StoreError;

/// A verb did not come to its end; its transaction is rolled back.
#[derive(Debug)]
pub(super) enum Fault {
    Database(DieselError),
    Corrupt(String),
}

/// Rules of the schema that a verb answers to, instead of failing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Rule {
    OneOpenAttempt,
    OneOpenAttemptOfSource,
    OneOpenOrder,
    OneOpenCustody,
    OneOrderOfMovement,
    MemoUnique,
    ReceiptUnique,
}

impl Rule {
    /// The name on PostgreSQL, and how SQLite's message starts to name the columns.
    const ALL: [(Self, &str, &str); 7] = [
        (Self::OneOpenAttempt, "attempt_items_open", "attempt_items.transaction_id"),
        (Self::OneOpenAttemptOfSource, "attempts_open_source", "attempts.source"),
        (Self::OneOpenOrder, "orders_open_transaction", "orders.transaction_id"),
        (Self::OneOpenCustody, "custody_orders_open", "custody_orders.transaction_id"),
        (Self::OneOrderOfMovement, "custody_orders_movement", "custody_orders.movement"),
        (Self::MemoUnique, "receiving_memos_pkey", "receiving_memos.account"),
        (Self::ReceiptUnique, "receipts_pkey", "receipts.asset"),
    ];
}

impl Fault {
    /// The rule that was broken, if that is what went wrong.
    pub(super) fn rule(&self) -> Option<Rule> {
        let information = self.unique_violation()?;
        let broken = |(_, constraint, column): &&(Rule, &str, &str)| match information.constraint_name() {
            Some(name) => name == *constraint,
            None => {
                let columns = information.message().strip_prefix("UNIQUE constraint failed: ");
                columns.and_then(|columns| columns.split(", ").next()) == Some(column)
            }
        };
        Rule::ALL.iter().find(broken).map(|(rule, _, _)| *rule)
    }

    /// A row with this key is there already.
    pub(super) fn unique_violation(&self) -> Option<&dyn DatabaseErrorInformation> {
        match self {
            Self::Database(DieselError::DatabaseError(DatabaseErrorKind::UniqueViolation, information)) => {
                Some(&**information)
            }
            Self::Database(_) | Self::Corrupt(_) => None,
        }
    }

    pub(super) fn into_error(self, operation: &'static str) -> StoreError {
        match self {
            Self::Database(source) => StoreError::Failed { operation, source: Box::new(source) },
            Self::Corrupt(what) => StoreError::Corrupt(what),
        }
    }
}

impl From<DieselError> for Fault {
    fn from(error: DieselError) -> Self {
        Self::Database(error)
    }
}
