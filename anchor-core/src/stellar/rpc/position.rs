//! Positions in the network's history (SEP-35): ledger, transaction and operation in one number.

use super::malformed;
use crate::stellar::{Cursor, LedgerError};

/// More transactions than this do not fit in a ledger.
const ORDER_MAX: u32 = (1 << 20) - 1;

/// The one before it, with which a network begins, holds no transactions; not all servers count it as theirs.
pub(super) const FIRST_LEDGER: u32 = 2;

/// After this transaction, or at the end of this ledger. Ordered as history is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Position {
    pub(super) ledger: u32,
    /// Order of application, from 1; all bits set for the end of the ledger.
    order: u32,
}

impl Position {
    /// After everything in this ledger, whatever it holds.
    pub(super) const fn end_of(ledger: u32) -> Self {
        Self { ledger, order: ORDER_MAX }
    }

    /// A transaction's place.
    pub(super) fn of_transaction(ledger: u32, order: u64) -> Option<Self> {
        let order = u32::try_from(order).ok().filter(|order| (1..ORDER_MAX).contains(order))?;
        Some(Self { ledger, order })
    }

    /// Reads a cursor of ours, or one of Horizon's.
    pub(super) fn parse(cursor: &Cursor) -> Result<Self, LedgerError> {
        let number: u64 = cursor.as_str().parse().map_err(|_| malformed("a cursor is not a number"))?;
        let ledger = u32::try_from(number >> 32).map_err(|_| malformed("a cursor is not a position"))?;
        let order = u32::try_from(number >> 12 & u64::from(ORDER_MAX)).unwrap_or(ORDER_MAX);
        // before the first transaction of a ledger is at the end of the one before
        Ok(if order == 0 { Self::end_of(ledger.saturating_sub(1)) } else { Self { ledger, order } })
    }

    /// The transaction's own number; operations count on from it.
    pub(super) fn number(self) -> u64 {
        u64::from(self.ledger) << 32 | u64::from(self.order) << 12
    }

    /// For storing, and, of a transaction, for the server. The end of a ledger is written as Horizon's adapter does.
    pub(super) fn cursor(self) -> Cursor {
        let operation = if self.is_end() { 0xfff } else { 0 };
        Cursor::from((self.number() | operation).to_string())
    }

    /// Nothing more can come in this ledger.
    pub(super) const fn is_end(self) -> bool {
        self.order == ORDER_MAX
    }

    /// The first ledger that has to be read to go on from here without a gap.
    pub(super) fn needs(self) -> u32 {
        let next = if self.is_end() { self.ledger.saturating_add(1) } else { self.ledger };
        next.max(FIRST_LEDGER)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Position {
        Position::parse(&Cursor::from(text.to_owned())).unwrap()
    }

    #[test]
    fn cursors_come_back() {
        for position in [Position::end_of(7), Position::of_transaction(7, 3).unwrap()] {
            assert_eq!(Position::parse(&position.cursor()).unwrap(), position);
        }
    }

    #[test]
    fn order_0_is_the_end_of_the_ledger_before_and_horizons_cursors_are_understood() {
        assert_eq!(read(&(7_u64 << 32).to_string()), Position::end_of(6));
        assert_eq!(read(&(7_u64 << 32 | u64::from(u32::MAX)).to_string()), Position::end_of(7));
        assert_eq!(read("0"), Position::end_of(0));
        assert_eq!((read("0").needs(), Position::end_of(6).needs()), (2, 7));
        Position::parse(&Cursor::from("now".to_owned())).unwrap_err();
    }

    #[test]
    fn places_that_no_transaction_has_are_refused() {
        for order in [0, 1 << 20, u64::from(ORDER_MAX), u64::MAX] {
            assert_eq!(Position::of_transaction(7, order), None);
        }
        assert!(Position::of_transaction(7, 9).unwrap() < Position::end_of(7));
        assert!(Position::end_of(7) < Position::of_transaction(8, 1).unwrap());
    }
}
