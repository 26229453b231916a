//! One payment's idempotent instruction to a custodian, who signs and sends by itself.

use serde::{Deserialize, Serialize};

use super::attempt::AttemptPurpose;
use crate::account::{Account, AccountId};
use crate::amount::StellarAmount;
use crate::asset::StellarAsset;
use crate::id::{AttemptId, TransactionId};
use crate::memo::Memo;

/// An instruction to the custodian, stored before it hears of it. Its id is the idempotency key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CustodyOrder {
    /// The idempotency key; the attempt that the transaction's state names.
    pub id: AttemptId,
    /// What it pays for.
    pub transaction: TransactionId,
    /// What it does.
    pub purpose: AttemptPurpose,
    /// The account that pays: the asset's distribution account.
    pub source: AccountId,
    /// Who is to be paid, as it has to be written on the ledger: `M…` if it is muxed.
    pub destination: Account,
    /// What is to be paid.
    pub asset: StellarAsset,
    /// How much, exactly.
    pub amount: StellarAmount,
    /// The memo that has to go with it.
    pub memo: Memo,
    /// The destination does not exist: it has to be created with these lumens.
    pub creates_account: bool,
    /// The last ledger when it was ordered: the payment is in a later one.
    pub since: u32,
}

/// How an order to the custodian stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CustodyStatus {
    /// Stored; the custodian may or may not know it.
    Open,
    /// The ledger shows the payment.
    Applied,
    /// The custodian definitely did not and will not make it.
    Rejected,
}

impl CustodyStatus {
    /// The word that is stored.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Applied => "applied",
            Self::Rejected => "rejected",
        }
    }
}
