//! A line of the history.

use chrono::NaiveDateTime;
use diesel::prelude::*;

use super::codec::{Reader, free_text, stamp, time, to_json};
use crate::store::diesel::bulk::in_columns;
use crate::store::diesel::connection::AnyBackend;
use crate::store::diesel::fault::Fault;
use crate::store::diesel::schema::facts;
use crate::transaction::{Actor, Fact, FactRecord};

#[derive(Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = facts, treat_none_as_default_value = false)]
pub(in crate::store::diesel) struct FactRow {
    pub(in crate::store::diesel) id: String,
    pub(in crate::store::diesel) transaction_id: String,
    version: i64,
    fact: String,
    data: String,
    actor: String,
    actor_name: Option<String>,
    at: NaiveDateTime,
    refused: Option<String>,
    pub(in crate::store::diesel) anomaly_key: Option<String>,
}

in_columns!(FactRow of "facts": id, transaction_id, version, fact, data, actor, actor_name, at, refused, anomaly_key);

impl FactRow {
    pub(in crate::store::diesel) fn columns() -> <Self as Selectable<AnyBackend>>::SelectExpression {
        <Self as Selectable<AnyBackend>>::construct_selection()
    }

    /// `version`: of the transaction, after the fact.
    pub(in crate::store::diesel) fn new(record: &FactRecord, version: i64) -> Result<Self, Fault> {
        let (actor, actor_name) = match &record.actor {
            Actor::User => ("user", None),
            Actor::Worker => ("worker", None),
            Actor::Operator(name) => ("operator", Some(free_text(name))),
        };
        Ok(Self {
            id: record.id.to_string(),
            transaction_id: record.transaction.to_string(),
            version,
            fact: record.fact.name().to_owned(),
            data: to_json(&record.fact)?,
            actor: actor.to_owned(),
            actor_name,
            at: stamp(record.at),
            refused: record.refused.as_deref().map(free_text),
            anomaly_key: record.refused.as_ref().and_then(|_| anomaly_key(&record.fact)),
        })
    }

    pub(in crate::store::diesel) fn read(self) -> Result<FactRecord, Fault> {
        let reader = Reader { table: "facts", id: &self.id };
        let fact: Fact = reader.json("data", &self.data)?;
        if fact.name() != self.fact {
            return Err(reader.corrupt("fact and data contradict each other"));
        }
        let actor = match (self.actor.as_str(), self.actor_name) {
            ("user", None) => Actor::User,
            ("worker", None) => Actor::Worker,
            ("operator", Some(name)) => Actor::Operator(name),
            _ => return Err(reader.corrupt("actor: not a known one")),
        };
        Ok(FactRecord {
            id: reader.parse("id", &self.id)?,
            transaction: reader.parse("transaction_id", &self.transaction_id)?,
            fact,
            actor,
            at: time(self.at),
            refused: self.refused,
        })
    }
}

/// What makes two anomalies the same one: jobs report them again at every turn.
fn anomaly_key(fact: &Fact) -> Option<String> {
    let subject = match fact {
        Fact::FundsReceived { receipt, .. } | Fact::PaymentSeen { receipt, .. } => {
            return Some(format!("receipt:{}", free_text(&receipt.reference)));
        }
        Fact::PayoutInitiated { order, .. }
        | Fact::PayoutReadyForPickup { order, .. }
        | Fact::PayoutDelivered { order, .. }
        | Fact::PayoutRefused { order, .. }
        | Fact::PayoutNeedsInfo { order, .. } => order.to_string(),
        Fact::PayoutIntended { order } => order.id.to_string(),
        Fact::AttemptOpened { attempt } => attempt.id.to_string(),
        Fact::CustodyIntended { order } => order.id.to_string(),
        Fact::AttemptApplied { attempt, .. }
        | Fact::AttemptVoided { attempt, .. }
        | Fact::CustodyApplied { attempt, .. }
        | Fact::CustodyRejected { attempt, .. }
        | Fact::CustodyDisputed { attempt, .. } => attempt.to_string(),
        _ => return None,
    };
    Some(format!("{}:{subject}", fact.name()))
}
