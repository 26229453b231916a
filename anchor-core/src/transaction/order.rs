//! One payout's idempotent instruction to the rails.

use serde::{Deserialize, Serialize};

use crate::amount::Money;
use crate::id::{OrderId, TransactionId};

/// What an order is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OrderPurpose {
    /// Deliver a withdrawal.
    Payout,
    /// Return a deposit's money.
    Refund,
}

impl OrderPurpose {
    /// The word that is stored.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Payout => "payout",
            Self::Refund => "refund",
        }
    }
}

/// An instruction to the rails, stored before the rails hear of it. Its id is the idempotency key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Order {
    /// The idempotency key.
    pub id: OrderId,
    /// What it pays for.
    pub transaction: TransactionId,
    /// What it does.
    pub purpose: OrderPurpose,
    /// What is to be paid.
    pub amount: Money,
}

/// How an order stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum OrderStatus {
    /// Stored; the rails may or may not know it.
    Open,
    /// The rails delivered it.
    Delivered,
    /// The rails definitely refused it.
    Refused,
}

impl OrderStatus {
    /// The word that is stored.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Delivered => "delivered",
            Self::Refused => "refused",
        }
    }
}
