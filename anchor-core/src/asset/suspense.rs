//! What becomes of payments that nobody can be credited for, as the operator wants it for each asset.

use serde::{Deserialize, Serialize};

use crate::amount::Amount;

/// What becomes of a payment that nobody can be credited for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(clap::ValueEnum))]
#[serde(rename_all = "snake_case")]
pub enum Remedy {
    /// It waits for the operator.
    #[default]
    Hold,
    /// It goes back to its sender, less the fee for that.
    Refund,
}

/// What becomes of a payment for a withdrawal that is not the agreed amount.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(clap::ValueEnum))]
#[serde(rename_all = "snake_case")]
pub enum OtherAmount {
    /// Within the limits of the asset it counts, with a fee that is computed anew; else it goes back.
    #[default]
    Credit,
    /// It goes back, and that ends the withdrawal.
    Refund,
    /// It waits for the operator, and the withdrawal for the agreed amount.
    Hold,
}

/// What becomes of payments of one asset on the ledger that are not what was agreed.
///
/// Senders at exchanges are many users behind one account: a payment without a memo goes back to the exchange, not to
/// them. So nothing that nobody expected is sent back by itself unless that is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct SuspensePolicy {
    /// No transaction has its memo, or the transaction cannot take it.
    pub unmatched: Remedy,
    /// The transaction with its memo is about another asset. It is the policy of the asset that was paid that counts.
    pub wrong_asset: Remedy,
    /// The transaction with its memo was funded already.
    pub duplicate: Remedy,
    /// The transaction with its memo has ended without money.
    pub late: Remedy,
    /// It is less or more than was agreed.
    pub other_amount: OtherAmount,
    /// What the anchor keeps of everything that goes back for one of these reasons. What is not more than that stays in
    /// suspense.
    pub refund_fee: Amount,
}

impl Default for SuspensePolicy {
    fn default() -> Self {
        Self {
            unmatched: Remedy::Hold,
            wrong_asset: Remedy::Hold,
            duplicate: Remedy::Hold,
            late: Remedy::Refund,
            other_amount: OtherAmount::Credit,
            refund_fee: Amount::zero(0),
        }
    }
}
