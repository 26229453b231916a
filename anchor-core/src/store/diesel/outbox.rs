//! News for others, in order.

use chrono::NaiveDateTime;
use diesel::dsl::{exists, not};
use diesel::prelude::*;

use super::claims::{Lease, candidates, readable};
use super::connection::AnyConnection;
use super::fault::Fault;
use super::rows::event::EventRow;
use super::schema::events;
use crate::id::EventId;
use crate::store::{Claim, ClaimedEvent, EventProgress, LeaseToken};

diesel::alias!(const OLDER: Alias<Older> = events as older);

pub(super) fn claim(connection: &mut AnyConnection, claim: &Claim) -> Result<Vec<ClaimedEvent>, Fault> {
    let lease = Lease::from(claim);
    let due = || {
        events::delivered_at
            .is_null()
            .and(events::due_at.le(lease.now))
            .and(events::lease_until.is_null().or(events::lease_until.le(lease.now)))
    };
    // Older news never comes back once it is delivered, so this need not be asked again below.
    let older = OLDER
        .filter(OLDER.field(events::transaction_id).eq(events::transaction_id))
        .filter(OLDER.field(events::delivered_at).is_null())
        .filter(
            OLDER.field(events::version).lt(events::version).or(OLDER
                .field(events::version)
                .eq(events::version)
                .and(OLDER.field(events::position).lt(events::position))),
        );
    let search = events::table
        .filter(due())
        .filter(not(exists(older)))
        .order((events::due_at, events::id))
        .limit(lease.limit)
        .select(events::id);
    let ids = candidates!(connection, search)?;
    let mut rows: Vec<(EventRow, i64)> =
        diesel::update(events::table.filter(events::id.eq_any(ids)).filter(due()))
            .set((
                events::lease_owner.eq(&lease.owner),
                events::lease_until.eq(lease.until),
                events::lease_token.eq(events::lease_token + 1),
                events::tries.eq(events::tries + 1),
            ))
            .returning((EventRow::columns(), events::lease_token))
            .get_results(connection)?;
    rows.sort_by_key(|(row, _)| row.due_at);
    readable(rows.into_iter().map(|(row, token)| row.read(token)))
}

/// A row that the caller still has the lease on.
macro_rules! held {
    ($id:expr, $lease:expr) => {
        events::table
            .filter(events::id.eq($id.to_string()))
            .filter(events::lease_token.eq($lease.0))
            .filter(events::lease_owner.is_not_null())
    };
}

pub(super) fn ack(
    connection: &mut AnyConnection,
    id: EventId,
    lease: LeaseToken,
    at: NaiveDateTime,
) -> Result<(), Fault> {
    diesel::update(held!(id, lease))
        .set((
            events::delivered_at.eq(at),
            events::lease_owner.eq(None::<String>),
            events::lease_until.eq(None::<NaiveDateTime>),
        ))
        .execute(connection)?;
    Ok(())
}

pub(super) fn mark(
    connection: &mut AnyConnection,
    id: EventId,
    lease: LeaseToken,
    progress: EventProgress,
) -> Result<bool, Fault> {
    let marked = diesel::update(held!(id, lease))
        .set((events::sink_done.eq(progress.sink), events::callback_done.eq(progress.callback)))
        .execute(connection)?;
    Ok(marked == 1)
}

pub(super) fn defer(
    connection: &mut AnyConnection,
    id: EventId,
    lease: LeaseToken,
    progress: EventProgress,
    due: NaiveDateTime,
) -> Result<(), Fault> {
    diesel::update(held!(id, lease))
        .set((
            events::sink_done.eq(progress.sink),
            events::callback_done.eq(progress.callback),
            events::due_at.eq(due),
            events::lease_owner.eq(None::<String>),
            events::lease_until.eq(None::<NaiveDateTime>),
        ))
        .execute(connection)?;
    Ok(())
}
