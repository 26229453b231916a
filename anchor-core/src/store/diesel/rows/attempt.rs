//! Attempts on the ledger and orders to the rails.

use chrono::{DateTime, NaiveDateTime, Utc};
use diesel::prelude::*;

use super::codec::{Reader, stamp, to_word};
use crate::amount::Money;
use crate::store::diesel::connection::AnyBackend;
use crate::store::diesel::fault::Fault;
use crate::store::diesel::schema::{attempts, orders};
use crate::transaction::{Attempt, AttemptStatus, Order, OrderStatus};

#[derive(Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = attempts, treat_none_as_default_value = false)]
pub(in crate::store::diesel) struct AttemptRow {
    id: String,
    transaction_id: String,
    purpose: String,
    hash: String,
    envelope: String,
    source: String,
    sequence: i64,
    max_time: i64,
    status: String,
    opened_at: NaiveDateTime,
}

impl AttemptRow {
    pub(in crate::store::diesel) fn columns() -> <Self as Selectable<AnyBackend>>::SelectExpression {
        <Self as Selectable<AnyBackend>>::construct_selection()
    }

    pub(in crate::store::diesel) fn open(attempt: &Attempt, at: DateTime<Utc>) -> Result<Self, Fault> {
        let max_time = i64::try_from(attempt.max_time);
        Ok(Self {
            id: attempt.id.to_string(),
            transaction_id: attempt.transaction.to_string(),
            purpose: to_word(&attempt.purpose)?,
            hash: attempt.hash.to_string(),
            envelope: attempt.envelope.clone(),
            source: attempt.source.to_string(),
            sequence: attempt.sequence,
            max_time: max_time.map_err(|_| Fault::Corrupt("an attempt without an end".to_owned()))?,
            status: AttemptStatus::Open.as_str().to_owned(),
            opened_at: stamp(at),
        })
    }

    pub(in crate::store::diesel) fn read(self) -> Result<Attempt, Fault> {
        let reader = Reader { table: "attempts", id: &self.id };
        Ok(Attempt {
            id: reader.parse("id", &self.id)?,
            transaction: reader.parse("transaction_id", &self.transaction_id)?,
            purpose: reader.word("purpose", &self.purpose)?,
            hash: reader.parse("hash", &self.hash)?,
            envelope: self.envelope,
            source: reader.parse("source", &self.source)?,
            sequence: self.sequence,
            max_time: reader.number("max_time", self.max_time)?,
        })
    }
}

#[derive(Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = orders, treat_none_as_default_value = false)]
pub(in crate::store::diesel) struct OrderRow {
    id: String,
    transaction_id: String,
    purpose: String,
    amount: String,
    asset: String,
    status: String,
    reference: Option<String>,
    opened_at: NaiveDateTime,
}

impl OrderRow {
    pub(in crate::store::diesel) fn columns() -> <Self as Selectable<AnyBackend>>::SelectExpression {
        <Self as Selectable<AnyBackend>>::construct_selection()
    }

    pub(in crate::store::diesel) fn open(order: &Order, at: DateTime<Utc>) -> Result<Self, Fault> {
        Ok(Self {
            id: order.id.to_string(),
            transaction_id: order.transaction.to_string(),
            purpose: to_word(&order.purpose)?,
            amount: order.amount.amount.to_string(),
            asset: order.amount.asset.to_string(),
            status: OrderStatus::Open.as_str().to_owned(),
            reference: None,
            opened_at: stamp(at),
        })
    }

    pub(in crate::store::diesel) fn read(self) -> Result<(Order, Option<String>), Fault> {
        let reader = Reader { table: "orders", id: &self.id };
        let amount = Money {
            amount: reader.parse("amount", &self.amount)?,
            asset: reader.parse("asset", &self.asset)?,
        };
        let order = Order {
            id: reader.parse("id", &self.id)?,
            transaction: reader.parse("transaction_id", &self.transaction_id)?,
            purpose: reader.word("purpose", &self.purpose)?,
            amount,
        };
        Ok((order, self.reference))
    }
}
