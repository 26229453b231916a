//! What arrived on a watched account, readable or not.

use chrono::{DateTime, NaiveDateTime, Utc};
use diesel::prelude::*;
use sha2::{Digest as _, Sha256};

use super::codec::{Reader, free_text, hex32, stamp, time};
use crate::account::AccountId;
use crate::amount::StellarAmount;
use crate::id::TransactionId;
use crate::memo::Memo;
use crate::stellar::{Movement, PoisonRecord};
use crate::store::diesel::bulk::in_columns;
use crate::store::diesel::connection::AnyBackend;
use crate::store::diesel::fault::Fault;
use crate::store::diesel::schema::{payments, poison_records};
use crate::store::{PaymentRecord, SuspenseReason};

#[derive(Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = payments, treat_none_as_default_value = false)]
pub(in crate::store::diesel) struct PaymentRow {
    operation_id: String,
    account: String,
    transaction_hash: String,
    ledger: i64,
    ledger_closed_at: NaiveDateTime,
    sender: String,
    receiver: String,
    asset: String,
    amount: i64,
    memo_type: String,
    memo: String,
    transaction_id: Option<String>,
    suspense: Option<String>,
    recorded_at: NaiveDateTime,
    settled_by: Option<String>,
    settled_at: Option<NaiveDateTime>,
}

in_columns!(PaymentRow of "payments":
    operation_id, account, transaction_hash, ledger, ledger_closed_at, sender, receiver, asset, amount, memo_type,
    memo, transaction_id, suspense, recorded_at, settled_by, settled_at
);

impl PaymentRow {
    pub(in crate::store::diesel) fn columns() -> <Self as Selectable<AnyBackend>>::SelectExpression {
        <Self as Selectable<AnyBackend>>::construct_selection()
    }

    pub(in crate::store::diesel) fn new(
        account: &AccountId,
        movement: &Movement,
        transaction: Option<TransactionId>,
        suspense: Option<SuspenseReason>,
        settled_by: Option<TransactionId>,
        at: DateTime<Utc>,
    ) -> Self {
        let (memo_type, memo) = movement.memo.to_storage();
        Self {
            operation_id: free_text(&movement.id),
            account: account.to_string(),
            transaction_hash: movement.hash.to_string(),
            ledger: i64::from(movement.ledger),
            ledger_closed_at: stamp(movement.at),
            sender: movement.from.to_string(),
            receiver: movement.to.to_string(),
            asset: movement.asset.to_string(),
            amount: movement.amount.stroops(),
            memo_type,
            memo,
            transaction_id: transaction.map(|id| id.to_string()),
            suspense: suspense.map(|reason| reason.as_str().to_owned()),
            recorded_at: stamp(at),
            settled_by: settled_by.map(|id| id.to_string()),
            settled_at: settled_by.map(|_| stamp(at)),
        }
    }

    pub(in crate::store::diesel) fn read(self) -> Result<PaymentRecord, Fault> {
        let reader = Reader { table: "payments", id: &self.operation_id };
        let amount = StellarAmount::from_stroops(self.amount);
        let memo = Memo::from_storage(&self.memo_type, &self.memo);
        let reason = |word: &str| {
            SuspenseReason::from_word(word).ok_or_else(|| reader.corrupt("suspense: not a known reason"))
        };
        let suspense = self.suspense.as_deref().map(reason).transpose()?;
        let transaction = self.transaction_id.as_deref();
        let transaction = transaction.map(|id| reader.parse("transaction_id", id)).transpose()?;
        let settled_by = self.settled_by.as_deref();
        let settled_by = settled_by.map(|id| reader.parse("settled_by", id)).transpose()?;
        Ok(PaymentRecord {
            account: reader.parse("account", &self.account)?,
            movement: Movement {
                id: self.operation_id.clone(),
                hash: reader.parse("transaction_hash", &self.transaction_hash)?,
                ledger: reader.number("ledger", self.ledger)?,
                at: time(self.ledger_closed_at),
                from: reader.parse("sender", &self.sender)?,
                to: reader.parse("receiver", &self.receiver)?,
                asset: reader.parse("asset", &self.asset)?,
                amount: amount.map_err(|error| reader.corrupt(format_args!("amount: {error}")))?,
                memo: memo.map_err(|error| reader.corrupt(format_args!("memo: {error}")))?,
            },
            transaction,
            suspense,
            settled_by,
            recorded_at: time(self.recorded_at),
        })
    }
}

#[derive(Debug, Insertable)]
#[diesel(table_name = poison_records, treat_none_as_default_value = false)]
pub(in crate::store::diesel) struct PoisonRow {
    pub(in crate::store::diesel) id: String,
    account: String,
    cursor: String,
    raw: String,
    reason: String,
    recorded_at: NaiveDateTime,
}

impl PoisonRow {
    pub(in crate::store::diesel) fn new(
        account: &AccountId,
        poison: &PoisonRecord,
        at: DateTime<Utc>,
    ) -> Self {
        let (account, cursor) = (account.to_string(), poison.cursor.as_str());
        let mut content = Sha256::new();
        for part in [account.as_str(), cursor, &poison.raw] {
            content.update(part.len().to_be_bytes());
            content.update(part);
        }
        Self {
            id: hex32(&content.finalize().into()),
            account,
            cursor: free_text(cursor),
            raw: free_text(&poison.raw),
            reason: free_text(&poison.reason),
            recorded_at: stamp(at),
        }
    }
}
