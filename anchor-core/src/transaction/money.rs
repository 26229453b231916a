//! What was agreed, what arrived, what went back.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::attempt::TransactionHash;
use super::state::{Kind, RefundVia};
use crate::account::{Account, AccountId};
use crate::amount::{Amount, Money};
use crate::asset::AssetId;
use crate::fee::FeeBreakdown;
use crate::memo::Memo;

/// What goes in, what the anchor keeps, what comes out.
///
/// For assets of equal value, with the fee in the asset of `amount_in`, `amount_out = amount_in - fee.total`, exactly.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Amounts {
    /// What the user gives.
    pub amount_in: Money,
    /// What the anchor keeps.
    pub fee: FeeBreakdown,
    /// In which asset, if not in that of `amount_in`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fee_asset: Option<AssetId>,
    /// What the user gets.
    pub amount_out: Money,
}

impl Amounts {
    /// What the anchor keeps, with its asset.
    pub fn fee(&self) -> Money {
        Money { amount: self.fee.total, asset: self.fee_asset().clone() }
    }

    /// The asset of the fee.
    pub fn fee_asset(&self) -> &AssetId {
        self.fee_asset.as_ref().unwrap_or(&self.amount_in.asset)
    }
}

/// Something that the user has to know to send money: `("Account number", "123")`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Instruction {
    /// What it is, for people.
    pub label: String,
    /// What to copy.
    pub value: String,
    /// Shown as a QR code too: for what the user's banking app scans.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub qr: bool,
    /// Its name among SEP-9's financial account fields, if it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
}

impl Instruction {
    /// For people.
    pub fn new(label: impl Into<String>, value: impl Into<String>) -> Self {
        Self { label: label.into(), value: value.into(), qr: false, field: None }
    }
}

/// Where a withdrawal's tokens have to be paid. The pair is never given to another transaction.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receiving {
    /// The anchor's account.
    pub account: AccountId,
    /// What identifies the transaction; always of type `id`, which every wallet and contract can carry.
    pub memo: Memo,
}

/// What user and anchor agreed on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Terms {
    /// The kind of transaction that these terms are for.
    pub kind: Kind,
    /// The expected amounts; `None` where the user may send what they like, within the limits.
    pub amounts: Option<Amounts>,
    /// Deposit: how to send the money.
    pub instructions: Vec<Instruction>,
    /// Withdrawal: where the tokens go.
    pub receiving: Option<Receiving>,
    /// Off-chain counterpart as shown to people (masked account number, name of a shop).
    pub counterpart: Option<String>,
    /// When an unfunded transaction expires.
    pub deadline: Option<DateTime<Utc>>,
}

/// The ledger's side of a receipt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LedgerReceipt {
    /// The transaction that carried the payment.
    pub hash: TransactionHash,
    /// Who paid, as written on the ledger (muxed if it was).
    pub from: Account,
    /// The memo of that transaction.
    pub memo: Memo,
}

/// Money that became ours, as the bank or the ledger reports it: never as somebody announced it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipt {
    /// Unique at its source: the bank's reference, or the ledger's operation id. Makes a repeated report harmless.
    /// At most [`Receipt::REFERENCE_MAX`] bytes.
    pub reference: String,
    /// What arrived.
    pub amount: Money,
    /// Who sent it, as far as the source says.
    pub from: Option<String>,
    /// For payments on the ledger.
    pub ledger: Option<LedgerReceipt>,
    /// What the anchor keeps of it for sending it back, in its asset; nothing if absent. Decided when it arrived, and
    /// only for money that could not be used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub return_fee: Option<Amount>,
}

impl Receipt {
    /// Longest reference, in bytes.
    pub const REFERENCE_MAX: usize = 255;

    /// What goes back if this cannot be used; `None` if the fee leaves nothing of it.
    pub fn returned(&self) -> Option<Amount> {
        let (amount, fee) = (self.amount.amount, self.return_fee);
        let left = fee.map_or(Some(amount), |fee| amount.checked_sub(fee))?;
        (!left.is_zero()).then_some(left)
    }

    /// Whether receipts can be told apart by this reference.
    pub const fn is_reference(reference: &str) -> bool {
        !reference.is_empty() && reference.len() <= Self::REFERENCE_MAX
    }
}

/// One payment back to the user.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refund {
    /// The ledger transaction's hash or the rails' reference.
    pub id: String,
    /// Which of the two.
    pub via: RefundVia,
    /// What went back, in the asset of `amount_in`.
    pub amount: Amount,
    /// What the anchor kept for it, in the same asset.
    pub fee: Amount,
}
