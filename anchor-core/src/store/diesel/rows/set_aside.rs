//! Claimable balances that the anchor may take back.

use chrono::{DateTime, NaiveDateTime, Utc};
use diesel::prelude::*;

use super::codec::{Reader, stamp};
use crate::amount::StellarAmount;
use crate::id::TransactionId;
use crate::store::diesel::connection::AnyBackend;
use crate::store::diesel::fault::Fault;
use crate::store::diesel::schema::set_asides;
use crate::store::{LastReclaim, SetAside, SetAsideState};
use crate::transaction::{Attempt, AttemptStatus, Reclaim};

/// Stored with the attempt that makes it; nothing is known of it on the ledger.
pub(in crate::store::diesel) const MAKING: &str = "making";

/// Status, bound and ledger of an attempt.
pub(in crate::store::diesel) type LastRow = (String, i64, Option<i64>);

#[derive(Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = set_asides, treat_none_as_default_value = false)]
pub(in crate::store::diesel) struct SetAsideRow {
    attempt_id: String,
    transaction_id: String,
    claimant: String,
    asset: String,
    amount: i64,
    reclaim_from: i64,
    state: String,
    balance_id: Option<String>,
    ledger: Option<i64>,
    reclaim_id: Option<String>,
    due_at: NaiveDateTime,
}

impl SetAsideRow {
    pub(in crate::store::diesel) fn columns() -> <Self as Selectable<AnyBackend>>::SelectExpression {
        <Self as Selectable<AnyBackend>>::construct_selection()
    }

    pub(in crate::store::diesel) fn making(
        attempt: &Attempt,
        transaction: TransactionId,
        reclaim: &Reclaim,
    ) -> Result<Self, Fault> {
        let endless = || Fault::Corrupt("a balance that is never taken back".to_owned());
        let from = i64::try_from(reclaim.from).map_err(|_| endless())?;
        let due: DateTime<Utc> = DateTime::from_timestamp(from, 0).ok_or_else(endless)?;
        Ok(Self {
            attempt_id: attempt.id.to_string(),
            transaction_id: transaction.to_string(),
            claimant: reclaim.by.to_string(),
            asset: reclaim.asset.to_string(),
            amount: reclaim.amount.stroops(),
            reclaim_from: from,
            state: MAKING.to_owned(),
            balance_id: None,
            ledger: None,
            reclaim_id: None,
            due_at: stamp(due),
        })
    }

    /// Its place in the queue.
    pub(in crate::store::diesel) fn place(&self) -> (NaiveDateTime, &str) {
        (self.due_at, &self.attempt_id)
    }

    /// The last attempt to take it back.
    pub(in crate::store::diesel) fn reclaim_id(&self) -> Option<&str> {
        self.reclaim_id.as_deref()
    }

    /// With what became of that attempt.
    pub(in crate::store::diesel) fn read(self, last: Option<&LastRow>) -> Result<SetAside, Fault> {
        let reader = Reader { table: "set_asides", id: &self.attempt_id };
        let state = SetAsideState::from_word(&self.state);
        let amount = StellarAmount::from_stroops(self.amount);
        let attempt = match (&self.reclaim_id, last) {
            (None, _) => None,
            (Some(id), Some((status, max_time, ledger))) => Some(LastReclaim {
                id: reader.parse("reclaim_id", id)?,
                status: AttemptStatus::from_word(status)
                    .ok_or_else(|| reader.corrupt("reclaim_id: status"))?,
                max_time: reader.number("max_time", *max_time)?,
                ledger: ledger.map(|ledger| reader.number("ledger", ledger)).transpose()?,
            }),
            (Some(_), None) => return Err(reader.corrupt("reclaim_id: no such attempt")),
        };
        Ok(SetAside {
            transaction: reader.parse("transaction_id", &self.transaction_id)?,
            by: reader.parse("claimant", &self.claimant)?,
            asset: reader.parse("asset", &self.asset)?,
            amount: amount.map_err(|error| reader.corrupt(format_args!("amount: {error}")))?,
            from: reader.number("reclaim_from", self.reclaim_from)?,
            ledger: reader.number("ledger", self.ledger.unwrap_or(-1))?,
            state: state.ok_or_else(|| reader.corrupt("state: not a known word"))?,
            attempt,
            balance: self.balance_id.clone().ok_or_else(|| reader.corrupt("balance_id: missing"))?,
        })
    }
}
