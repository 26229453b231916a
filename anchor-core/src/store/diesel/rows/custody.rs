//! Orders to the custodian.

use chrono::{DateTime, NaiveDateTime, Utc};
use diesel::prelude::*;

use super::codec::{Reader, stamp, time, to_word};
use crate::amount::StellarAmount;
use crate::memo::Memo;
use crate::store::CustodyRecord;
use crate::store::diesel::connection::AnyBackend;
use crate::store::diesel::fault::Fault;
use crate::store::diesel::schema::custody_orders;
use crate::transaction::{CustodyOrder, CustodyStatus};

#[derive(Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = custody_orders, treat_none_as_default_value = false)]
pub(in crate::store::diesel) struct CustodyRow {
    id: String,
    transaction_id: String,
    purpose: String,
    source: String,
    destination: String,
    asset: String,
    amount: i64,
    memo_type: String,
    memo: String,
    creates_account: bool,
    since: i64,
    status: String,
    opened_at: NaiveDateTime,
}

impl CustodyRow {
    pub(in crate::store::diesel) fn columns() -> <Self as Selectable<AnyBackend>>::SelectExpression {
        <Self as Selectable<AnyBackend>>::construct_selection()
    }

    pub(in crate::store::diesel) fn open(order: &CustodyOrder, at: DateTime<Utc>) -> Result<Self, Fault> {
        let (memo_type, memo) = order.memo.to_storage();
        Ok(Self {
            id: order.id.to_string(),
            transaction_id: order.transaction.to_string(),
            purpose: to_word(&order.purpose)?,
            source: order.source.to_string(),
            destination: order.destination.to_string(),
            asset: order.asset.to_string(),
            amount: order.amount.stroops(),
            memo_type,
            memo,
            creates_account: order.creates_account,
            since: i64::from(order.since),
            status: CustodyStatus::Open.as_str().to_owned(),
            opened_at: stamp(at),
        })
    }

    pub(in crate::store::diesel) fn read(self) -> Result<CustodyRecord, Fault> {
        let reader = Reader { table: "custody_orders", id: &self.id };
        let memo = Memo::from_storage(&self.memo_type, &self.memo);
        let amount = StellarAmount::from_stroops(self.amount);
        let order = CustodyOrder {
            id: reader.parse("id", &self.id)?,
            transaction: reader.parse("transaction_id", &self.transaction_id)?,
            purpose: reader.word("purpose", &self.purpose)?,
            source: reader.parse("source", &self.source)?,
            destination: reader.parse("destination", &self.destination)?,
            asset: reader.parse("asset", &self.asset)?,
            amount: amount.map_err(|error| reader.corrupt(format_args!("amount: {error}")))?,
            memo: memo.map_err(|error| reader.corrupt(format_args!("memo: {error}")))?,
            creates_account: self.creates_account,
            since: reader.number("since", self.since)?,
        };
        let status = reader.word("status", &self.status)?;
        Ok(CustodyRecord { order, status, opened_at: time(self.opened_at) })
    }
}
