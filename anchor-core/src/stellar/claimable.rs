//! Claimable balances, as far as the anchor may have to do with them after it made them.

use chrono::{DateTime, Utc};

use super::LedgerPoint;
use crate::account::Account;
use crate::amount::StellarAmount;
use crate::asset::StellarAsset;
use crate::memo::Memo;
use crate::transaction::TransactionHash;

/// What a server knows of a claimable balance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BalanceLookup {
    /// It is there.
    Held {
        /// What it holds.
        asset: StellarAsset,
        /// How much.
        amount: StellarAmount,
        /// The ledger that this server had read at least.
        as_of: u32,
    },
    /// Not in this server's ledger as of `checked`, which was read **before** the look-up, from the same server: not made yet, or
    /// gone for ever. By whom it was claimed is not known from that.
    Absent {
        /// How far that server had read.
        checked: LedgerPoint,
    },
}

/// A claimable balance that a watched account claimed. Who set it aside, and what it held, not every server tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BalanceClaim {
    /// Unique on the network: the operation's id, as of the [`Movement`](super::Movement) that shows what it brought, where a
    /// server tells that.
    pub id: String,
    /// The transaction that carried it.
    pub hash: TransactionHash,
    /// The ledger that holds it.
    pub ledger: u32,
    /// When that ledger closed.
    pub at: DateTime<Utc>,
    /// Who claimed it, as written on the ledger.
    pub by: Account,
    /// Which one: 72 hex characters.
    pub balance: String,
    /// The transaction's memo.
    pub memo: Memo,
}
