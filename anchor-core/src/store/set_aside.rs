//! Claimable balances that the anchor may take back.

use crate::account::AccountId;
use crate::amount::StellarAmount;
use crate::asset::StellarAsset;
use crate::id::{AttemptId, TransactionId};
use crate::transaction::AttemptStatus;

/// What became of a claimable balance.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SetAsideState {
    /// It is there, as far as is known.
    Open,
    /// It is gone, and the anchor does not have it.
    Claimed,
    /// A claim by the anchor's account was read on the ledger: what came back is in the books as a payment.
    Reclaimed,
}

impl SetAsideState {
    /// The word that is stored.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Claimed => "claimed",
            Self::Reclaimed => "reclaimed",
        }
    }

    /// The state of a stored word.
    pub fn from_word(word: &str) -> Option<Self> {
        [Self::Open, Self::Claimed, Self::Reclaimed].into_iter().find(|state| state.as_str() == word)
    }
}

/// A claimable balance that a deposit was delivered as, and that the anchor may claim too, from a time on. Balances that only
/// the user can claim have no record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SetAside {
    /// Its id: 72 hex characters.
    pub balance: String,
    /// The deposit.
    pub transaction: TransactionId,
    /// The account of the anchor's that may claim it.
    pub by: AccountId,
    /// What it holds.
    pub asset: StellarAsset,
    /// How much.
    pub amount: StellarAmount,
    /// From when on the anchor may claim it, in Unix seconds of ledger time.
    pub from: u64,
    /// The ledger that it was made in.
    pub ledger: u32,
    /// What became of it.
    pub state: SetAsideState,
    /// The last attempt to take it back, if there was one.
    pub attempt: Option<LastReclaim>,
}

/// The last attempt to take a balance back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LastReclaim {
    /// Which one.
    pub id: AttemptId,
    /// How it stands.
    pub status: AttemptStatus,
    /// Its upper time bound.
    pub max_time: u64,
    /// The ledger that holds it, be it as failed; `None` if none does, or if that is not known.
    pub ledger: Option<u32>,
}
