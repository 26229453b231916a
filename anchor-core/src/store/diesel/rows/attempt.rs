//! Attempts on the ledger, the channels that carry them, and orders to the rails.

use chrono::{DateTime, NaiveDateTime, Utc};
use diesel::prelude::*;

use super::codec::{Reader, stamp, time, to_word};
use crate::amount::Money;
use crate::id::{AttemptId, TransactionId};
use crate::store::diesel::bulk::in_columns;
use crate::store::diesel::connection::AnyBackend;
use crate::store::diesel::fault::Fault;
use crate::store::diesel::schema::{attempt_bumps, attempt_items, attempts, channels, orders};
use crate::store::{Bump, Channel};
use crate::transaction::{Attempt, AttemptStatus, Order, OrderStatus};

#[derive(Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = attempts, treat_none_as_default_value = false)]
pub(in crate::store::diesel) struct AttemptRow {
    id: String,
    purpose: String,
    hash: String,
    envelope: String,
    source: String,
    sequence: i64,
    max_time: i64,
    status: String,
    opened_at: NaiveDateTime,
    fee: i64,
    due_at: NaiveDateTime,
}

in_columns!(AttemptRow of "attempts":
    id, purpose, hash, envelope, source, sequence, max_time, status, opened_at, fee, due_at
);

impl AttemptRow {
    pub(in crate::store::diesel) fn columns() -> <Self as Selectable<AnyBackend>>::SelectExpression {
        <Self as Selectable<AnyBackend>>::construct_selection()
    }

    pub(in crate::store::diesel) fn id(&self) -> &str {
        &self.id
    }

    pub(in crate::store::diesel) fn source(&self) -> &str {
        &self.source
    }

    pub(in crate::store::diesel) const fn opened_at(&self) -> NaiveDateTime {
        self.opened_at
    }

    /// Its place in the queue.
    pub(in crate::store::diesel) fn place(&self) -> (NaiveDateTime, &str) {
        (self.due_at, &self.id)
    }

    /// Due at once.
    pub(in crate::store::diesel) fn open(attempt: &Attempt, at: DateTime<Utc>) -> Result<Self, Fault> {
        let max_time = i64::try_from(attempt.max_time);
        Ok(Self {
            id: attempt.id.to_string(),
            purpose: to_word(&attempt.purpose)?,
            hash: attempt.hash.to_string(),
            envelope: attempt.envelope.to_string(),
            source: attempt.source.to_string(),
            sequence: attempt.sequence,
            max_time: max_time.map_err(|_| Fault::Corrupt("an attempt without an end".to_owned()))?,
            status: AttemptStatus::Open.as_str().to_owned(),
            opened_at: stamp(at),
            fee: attempt.fee,
            due_at: stamp(at),
        })
    }

    pub(in crate::store::diesel) fn read(self) -> Result<Attempt, Fault> {
        let reader = Reader { table: "attempts", id: &self.id };
        Ok(Attempt {
            id: reader.parse("id", &self.id)?,
            purpose: reader.word("purpose", &self.purpose)?,
            hash: reader.parse("hash", &self.hash)?,
            envelope: self.envelope.into(),
            source: reader.parse("source", &self.source)?,
            sequence: self.sequence,
            max_time: reader.number("max_time", self.max_time)?,
            fee: self.fee,
            unsigned: None,
            reclaim: None,
        })
    }
}

/// One operation of an attempt.
#[derive(Debug, Insertable)]
#[diesel(table_name = attempt_items, treat_none_as_default_value = false)]
pub(in crate::store::diesel) struct AttemptItemRow {
    attempt_id: String,
    position: i64,
    transaction_id: String,
}

in_columns!(AttemptItemRow of "attempt_items": attempt_id, position, transaction_id);

impl AttemptItemRow {
    pub(in crate::store::diesel) fn open(
        attempt: &Attempt,
        position: i64,
        transaction: TransactionId,
    ) -> Self {
        Self { attempt_id: attempt.id.to_string(), position, transaction_id: transaction.to_string() }
    }
}

#[derive(Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = attempt_bumps, treat_none_as_default_value = false)]
pub(in crate::store::diesel) struct BumpRow {
    hash: String,
    attempt_id: String,
    envelope: String,
    fee: i64,
    opened_at: NaiveDateTime,
}

impl BumpRow {
    pub(in crate::store::diesel) fn columns() -> <Self as Selectable<AnyBackend>>::SelectExpression {
        <Self as Selectable<AnyBackend>>::construct_selection()
    }

    pub(in crate::store::diesel) fn new(attempt: AttemptId, bump: &Bump) -> Self {
        Self {
            hash: bump.hash.to_string(),
            attempt_id: attempt.to_string(),
            envelope: bump.envelope.to_string(),
            fee: bump.fee,
            opened_at: stamp(bump.opened_at),
        }
    }

    pub(in crate::store::diesel) fn attempt_id(&self) -> &str {
        &self.attempt_id
    }

    /// With the id of its attempt.
    pub(in crate::store::diesel) fn read(self) -> Result<(String, Bump), Fault> {
        let reader = Reader { table: "attempt_bumps", id: &self.hash };
        let bump = Bump {
            hash: reader.parse("hash", &self.hash)?,
            envelope: self.envelope.into(),
            fee: self.fee,
            opened_at: time(self.opened_at),
            unsigned: None,
        };
        Ok((self.attempt_id, bump))
    }
}

#[derive(Debug, Queryable, Selectable)]
#[diesel(table_name = channels)]
pub(in crate::store::diesel) struct ChannelRow {
    account: String,
    position: Option<i64>,
    retired: bool,
    sequence: Option<i64>,
    attempt_id: Option<String>,
}

impl ChannelRow {
    pub(in crate::store::diesel) fn columns() -> <Self as Selectable<AnyBackend>>::SelectExpression {
        <Self as Selectable<AnyBackend>>::construct_selection()
    }

    pub(in crate::store::diesel) fn place(&self) -> (Option<i64>, &str) {
        (self.position, &self.account)
    }

    pub(in crate::store::diesel) fn read(self) -> Result<Channel, Fault> {
        let reader = Reader { table: "channels", id: &self.account };
        let position = self.position.map(|position| reader.number("position", position));
        let attempt = self.attempt_id.as_deref().map(|attempt| reader.parse("attempt_id", attempt));
        Ok(Channel {
            account: reader.parse("account", &self.account)?,
            position: position.transpose()?,
            retired: self.retired,
            sequence: self.sequence,
            attempt: attempt.transpose()?,
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
