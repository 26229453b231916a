//! Positions in history: the number behind ids and paging tokens.

use std::fmt;

/// Ledger sequence, application order in the ledger (from 1) and operation order (from 1; 0 is the transaction
/// itself), packed so that numbers order as history does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Toid(pub(crate) i64);

impl Toid {
    const TRANSACTION_BITS: u32 = 20;
    const OPERATION_BITS: u32 = 12;

    pub(crate) fn new(ledger: u32, transaction: u32, operation: u32) -> Self {
        let transaction = i64::from(transaction) & ((1 << Self::TRANSACTION_BITS) - 1);
        let operation = i64::from(operation) & ((1 << Self::OPERATION_BITS) - 1);
        Self(i64::from(ledger) << 32 | transaction << Self::OPERATION_BITS | operation)
    }

    /// Beyond everything in the ledger.
    pub(crate) fn after_ledger(ledger: u32) -> Self {
        Self::new(ledger, u32::MAX, u32::MAX)
    }

    pub(crate) fn ledger(self) -> u32 {
        u32::try_from(self.0 >> 32).unwrap_or(0)
    }

    pub(crate) fn transaction(self) -> u32 {
        u32::try_from(self.0 >> Self::OPERATION_BITS & ((1 << Self::TRANSACTION_BITS) - 1)).unwrap_or(0)
    }
}

impl fmt::Display for Toid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_come_back() {
        let toid = Toid::new(7, 3, 2);
        assert_eq!((toid.ledger(), toid.transaction()), (7, 3));
        assert_eq!(toid.to_string(), "30064783362");
        assert!(Toid::after_ledger(7) < Toid::new(8, 0, 0));
        assert!(Toid::after_ledger(7) > Toid::new(7, 1_000_000, 100));
    }
}
