//! Leases on transactions. The condition stands in the search and again in the update: without the second one,
//! PostgreSQL gives a row that several searches found to all of them.

use chrono::{DateTime, NaiveDateTime, Utc};
use diesel::prelude::*;

#[cfg(feature = "postgres")]
use super::bulk::{AT_ONCE, Cell, Column, Many};
#[cfg(feature = "sqlite")]
use super::bulk::{Bind, Fixed};
use super::connection::AnyConnection;
use super::fault::Fault;
use super::rows::codec::stamp;
use super::rows::transaction::{TransactionColumns, TransactionRow};
use super::schema::transactions;
use crate::id::TransactionId;
use crate::store::{Claim, Claimed, LeaseToken};
use crate::transaction::{Queue, State};

/// Most rows of one claim.
const CLAIM_MAX: u32 = 500;

/// Loads the ids of rows that can be claimed. On PostgreSQL it locks them and leaves out those that another
/// claim has locked at this moment, so that many claimers do not wait in line for the same rows.
macro_rules! candidates {
    ($connection:expr, $query:expr) => {
        match $connection {
            #[cfg(feature = "sqlite")]
            AnyConnection::Sqlite(sqlite) => $query.load::<String>(sqlite),
            #[cfg(feature = "postgres")]
            AnyConnection::Postgres(postgres) => $query.for_update().skip_locked().load::<String>(postgres),
        }
    };
}
pub(super) use candidates;

/// The values that a claim writes.
pub(super) struct Lease {
    pub(super) owner: String,
    pub(super) now: NaiveDateTime,
    pub(super) until: NaiveDateTime,
    pub(super) limit: i64,
}

impl From<&Claim> for Lease {
    fn from(claim: &Claim) -> Self {
        Self {
            owner: claim.owner.clone(),
            now: stamp(claim.now),
            until: until(claim.now, claim.lease),
            limit: i64::from(claim.limit.min(CLAIM_MAX)),
        }
    }
}

/// The end of a lease; one too long to be written lasts as long as can be written.
pub(super) fn until(now: DateTime<Utc>, lease: std::time::Duration) -> NaiveDateTime {
    let lease = chrono::Duration::from_std(lease).unwrap_or(chrono::Duration::MAX);
    stamp(now.checked_add_signed(lease).unwrap_or(DateTime::<Utc>::MAX_UTC))
}

/// Nobody has a lease on the row.
macro_rules! free {
    ($now:expr) => {
        transactions::lease_until.is_null().or(transactions::lease_until.le($now))
    };
}

pub(super) fn claim(
    connection: &mut AnyConnection,
    queue: Queue,
    claim: &Claim,
) -> Result<Vec<Claimed>, Fault> {
    let lease = Lease::from(claim);
    let due = || {
        transactions::queue.eq(queue.as_str()).and(transactions::due_at.le(lease.now)).and(free!(lease.now))
    };
    let search = transactions::table
        .filter(due())
        .order((transactions::queue, transactions::due_at, transactions::id))
        .limit(lease.limit)
        .select(transactions::id);
    let ids = candidates!(connection, search)?;
    let found = transactions::table.filter(transactions::id.eq_any(ids)).filter(due());
    let mut rows: Vec<(TransactionRow, i64)> = diesel::update(found)
        .set((
            transactions::lease_owner.eq(&lease.owner),
            transactions::lease_until.eq(lease.until),
            transactions::lease_token.eq(transactions::lease_token + 1),
        ))
        .returning((TransactionColumns, transactions::lease_token))
        .get_results(connection)?;
    rows.sort_by(|(one, _), (other, _)| (one.due_at, &one.id).cmp(&(other.due_at, &other.id)));
    readable(rows.into_iter().map(claimed))
}

pub(super) fn claim_overdue(connection: &mut AnyConnection, claim: &Claim) -> Result<Vec<Claimed>, Fault> {
    let lease = Lease::from(claim);
    let overdue = || {
        transactions::deadline
            .le(lease.now)
            .and(transactions::state.eq_any(State::EXPIRING))
            // it waits for somebody's word; where nobody is asked, the job that looks at it does not keep it alive
            .and(
                transactions::due_at
                    .is_null()
                    .or(transactions::due_at.le(lease.now))
                    .or(transactions::queue.eq(Queue::Terms.as_str())),
            )
            .and(free!(lease.now))
    };
    let search = transactions::table
        .filter(overdue())
        .order((transactions::deadline, transactions::id))
        .limit(lease.limit)
        .select(transactions::id);
    let ids = candidates!(connection, search)?;
    let found = transactions::table.filter(transactions::id.eq_any(ids)).filter(overdue());
    let mut rows: Vec<(TransactionRow, i64)> = diesel::update(found)
        .set((
            transactions::lease_owner.eq(&lease.owner),
            transactions::lease_until.eq(lease.until),
            transactions::lease_token.eq(transactions::lease_token + 1),
        ))
        .returning((TransactionColumns, transactions::lease_token))
        .get_results(connection)?;
    rows.sort_by(|(one, _), (other, _)| (one.deadline, &one.id).cmp(&(other.deadline, &other.id)));
    readable(rows.into_iter().map(claimed))
}

fn claimed((row, token): (TransactionRow, i64)) -> Result<Claimed, Fault> {
    Ok(Claimed { transaction: row.read()?, lease: LeaseToken(token) })
}

/// One that cannot be read stays as it is until its lease runs out: it does not keep those waiting that come after it.
pub(super) fn readable<T>(claimed: impl IntoIterator<Item = Result<T, Fault>>) -> Result<Vec<T>, Fault> {
    let mut readable = Vec::new();
    for one in claimed {
        match one {
            Ok(one) => readable.push(one),
            Err(Fault::Corrupt(what)) => {
                tracing::error!(what, "a row cannot be read: nobody works on it");
            }
            Err(fault @ Fault::Database(_)) => return Err(fault),
        }
    }
    Ok(readable)
}

/// A claim that is given back.
pub(super) struct Back {
    pub(super) id: String,
    pub(super) lease: i64,
    pub(super) due: NaiveDateTime,
}

impl Back {
    #[cfg(feature = "postgres")]
    pub(super) fn columns_of(rows: &[Self]) -> Vec<Column<'_>> {
        vec![
            Cell::column(rows.iter().map(|row| &row.id)),
            Cell::column(rows.iter().map(|row| &row.lease)),
            Cell::column(rows.iter().map(|row| &row.due)),
        ]
    }
}

pub(super) fn release(
    connection: &mut AnyConnection,
    claims: &[(TransactionId, LeaseToken, DateTime<Utc>)],
) -> Result<(), Fault> {
    let back =
        claims.iter().map(|(id, lease, due)| Back { id: id.to_string(), lease: lease.0, due: stamp(*due) });
    let back: Vec<Back> = back.collect();
    match connection {
        #[cfg(feature = "postgres")]
        AnyConnection::Postgres(postgres) => {
            for some in back.chunks(AT_ONCE) {
                Many::new(RELEASE, Back::columns_of(some), RELEASE_HELD).execute(postgres)?;
            }
        }
        #[cfg(feature = "sqlite")]
        AnyConnection::Sqlite(sqlite) => {
            for Back { id, lease, due } in &back {
                let binds = vec![Bind::from(due), Bind::from(id), Bind::from(lease)];
                Fixed::new(RELEASE_ONE, binds).execute(sqlite)?;
            }
        }
    }
    Ok(())
}

#[cfg(feature = "postgres")]
const RELEASE: &str =
    "UPDATE transactions AS t SET due_at = u.due_at, lease_owner = NULL, lease_until = NULL FROM ";
#[cfg(feature = "postgres")]
const RELEASE_HELD: &str = " AS u (id, lease_token, due_at) \
     WHERE t.id = u.id AND t.lease_token = u.lease_token AND t.lease_owner IS NOT NULL";
#[cfg(feature = "sqlite")]
const RELEASE_ONE: &str = "UPDATE transactions SET due_at = ?, lease_owner = NULL, lease_until = NULL \
     WHERE id = ? AND lease_token = ? AND lease_owner IS NOT NULL";
