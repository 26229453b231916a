//! News in the outbox.

use chrono::NaiveDateTime;
use diesel::prelude::*;

use super::codec::{Reader, stamp, time, to_json, to_word};
use crate::store::diesel::bulk::in_columns;
use crate::store::diesel::connection::AnyBackend;
use crate::store::diesel::fault::Fault;
use crate::store::diesel::schema::events;
use crate::store::{ClaimedEvent, EventProgress, LeaseToken};
use crate::transaction::{Event, Transaction};

#[derive(Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = events, treat_none_as_default_value = false)]
pub(in crate::store::diesel) struct EventRow {
    id: String,
    transaction_id: String,
    version: i64,
    position: i64,
    kind: String,
    snapshot: String,
    at: NaiveDateTime,
    tries: i64,
    sink_done: bool,
    callback_done: bool,
    pub(in crate::store::diesel) due_at: NaiveDateTime,
}

in_columns!(EventRow of "events":
    id, transaction_id, version, position, kind, snapshot, at, tries, sink_done, callback_done, due_at
);

impl EventRow {
    pub(in crate::store::diesel) fn columns() -> <Self as Selectable<AnyBackend>>::SelectExpression {
        <Self as Selectable<AnyBackend>>::construct_selection()
    }

    /// `position`: among the news of one change.
    pub(in crate::store::diesel) fn new(event: &Event, position: i64) -> Result<Self, Fault> {
        Ok(Self {
            id: event.id.to_string(),
            transaction_id: event.transaction.id.to_string(),
            version: event.transaction.version,
            position,
            kind: to_word(&event.kind)?,
            snapshot: to_json(&event.transaction)?,
            at: stamp(event.at),
            tries: 0,
            sink_done: false,
            callback_done: false,
            due_at: stamp(event.at),
        })
    }

    /// As it was just claimed: the try that now begins does not count yet.
    pub(in crate::store::diesel) fn read(self, lease: i64) -> Result<ClaimedEvent, Fault> {
        let reader = Reader { table: "events", id: &self.id };
        let transaction: Transaction = reader.json("snapshot", &self.snapshot)?;
        if transaction.id.to_string() != self.transaction_id || transaction.version != self.version {
            return Err(reader.corrupt("snapshot: of another transaction or version"));
        }
        Ok(ClaimedEvent {
            event: Event {
                id: reader.parse("id", &self.id)?,
                kind: reader.word("kind", &self.kind)?,
                transaction,
                at: time(self.at),
            },
            tries: reader.number("tries", self.tries.saturating_sub(1))?,
            progress: EventProgress { sink: self.sink_done, callback: self.callback_done },
            lease: LeaseToken(lease),
        })
    }
}
