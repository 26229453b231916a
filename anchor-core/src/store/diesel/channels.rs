//! Accounts whose sequence numbers envelopes use.

use chrono::{DateTime, Utc};
use diesel::prelude::*;

#[cfg(feature = "postgres")]
use super::bulk::{AT_ONCE, Cell, Many};
#[cfg(feature = "sqlite")]
use super::bulk::{Bind, Fixed};
use super::claims::{Lease, candidates, readable};
use super::connection::AnyConnection;
use super::fault::Fault;
use super::rows::attempt::ChannelRow;
use super::rows::codec::stamp;
use super::schema::channels;
use crate::account::AccountId;
use crate::store::{Channel, ChannelCount, Claim, ClaimedChannel, LeaseToken};

pub(super) fn put(connection: &mut AnyConnection, wanted: &[(AccountId, Option<u32>)]) -> Result<(), Fault> {
    for (account, position) in wanted {
        let account = account.to_string();
        let known = diesel::update(channels::table.filter(channels::account.eq(&account)))
            .set(channels::retired.eq(false))
            .execute(connection)?;
        if known == 0 {
            diesel::insert_into(channels::table)
                .values((
                    channels::account.eq(&account),
                    channels::position.eq(position.map(i64::from)),
                    channels::retired.eq(false),
                    channels::lease_token.eq(0),
                ))
                .execute(connection)?;
        }
    }
    Ok(())
}

pub(super) fn list(connection: &mut AnyConnection) -> Result<Vec<Channel>, Fault> {
    let rows: Vec<ChannelRow> = channels::table
        .order((channels::position.is_null(), channels::position, channels::account))
        .select(ChannelRow::columns())
        .load(connection)?;
    rows.into_iter().map(ChannelRow::read).collect()
}

/// Whether distribution accounts stand in.
fn lacks_pool(connection: &mut AnyConnection) -> QueryResult<bool> {
    let pool = channels::table
        .filter(channels::position.is_not_null())
        .filter(channels::retired.eq(false))
        .select(channels::account)
        .limit(1);
    Ok(pool.first::<String>(connection).optional()?.is_none())
}

macro_rules! idle {
    ($now:expr) => {
        channels::retired
            .eq(false)
            .and(channels::attempt_id.is_null())
            .and(channels::lease_until.is_null().or(channels::lease_until.le($now)))
    };
}

macro_rules! free {
    ($lacks_pool:expr, $now:expr) => {
        idle!($now).and(channels::position.is_null().eq($lacks_pool))
    };
}

pub(super) fn count(connection: &mut AnyConnection, now: DateTime<Utc>) -> Result<ChannelCount, Fault> {
    let lacks_pool = lacks_pool(connection)?;
    let free: i64 = channels::table.filter(free!(lacks_pool, stamp(now))).count().get_result(connection)?;
    let all: i64 = channels::table
        .filter(channels::retired.eq(false))
        .filter(channels::position.is_null().eq(lacks_pool))
        .count()
        .get_result(connection)?;
    let number = |count: i64| u32::try_from(count).unwrap_or(u32::MAX);
    Ok(ChannelCount { free: number(free), all: number(all), has_pool: !lacks_pool })
}

pub(super) fn claim(connection: &mut AnyConnection, claim: &Claim) -> Result<Vec<ClaimedChannel>, Fault> {
    let lease = Lease::from(claim);
    let lacks_pool = lacks_pool(connection)?;
    let search = channels::table
        .filter(free!(lacks_pool, lease.now))
        .order((channels::position, channels::account))
        .limit(lease.limit)
        .select(channels::account);
    let accounts = candidates!(connection, search)?;
    take(connection, accounts, &lease)
}

pub(super) fn claim_of(
    connection: &mut AnyConnection,
    accounts: &[AccountId],
    claim: &Claim,
) -> Result<Vec<ClaimedChannel>, Fault> {
    let lease = Lease::from(claim);
    let accounts: Vec<String> = accounts.iter().map(ToString::to_string).collect();
    let search = channels::table
        .filter(channels::account.eq_any(accounts))
        .filter(idle!(lease.now))
        .order(channels::account)
        .limit(lease.limit)
        .select(channels::account);
    let accounts = candidates!(connection, search)?;
    take(connection, accounts, &lease)
}

fn take(
    connection: &mut AnyConnection,
    accounts: Vec<String>,
    lease: &Lease,
) -> Result<Vec<ClaimedChannel>, Fault> {
    let found = channels::table.filter(channels::account.eq_any(accounts)).filter(idle!(lease.now));
    let mut rows: Vec<(ChannelRow, i64)> = diesel::update(found)
        .set((
            channels::lease_owner.eq(&lease.owner),
            channels::lease_until.eq(lease.until),
            channels::lease_token.eq(channels::lease_token + 1),
        ))
        .returning((ChannelRow::columns(), channels::lease_token))
        .get_results(connection)?;
    rows.sort_by(|(one, _), (other, _)| one.place().cmp(&other.place()));
    let read = |(row, token): (ChannelRow, i64)| {
        Ok(ClaimedChannel { channel: row.read()?, lease: LeaseToken(token) })
    };
    readable(rows.into_iter().map(read))
}

pub(super) fn release(
    connection: &mut AnyConnection,
    claims: &[(AccountId, LeaseToken)],
) -> Result<(), Fault> {
    let back: Vec<(String, i64)> =
        claims.iter().map(|(account, lease)| (account.to_string(), lease.0)).collect();
    match connection {
        #[cfg(feature = "postgres")]
        AnyConnection::Postgres(postgres) => {
            for some in back.chunks(AT_ONCE) {
                let columns = vec![
                    Cell::column(some.iter().map(|(account, _)| account)),
                    Cell::column(some.iter().map(|(_, lease)| lease)),
                ];
                Many::new(RELEASE, columns, RELEASE_HELD).execute(postgres)?;
            }
        }
        #[cfg(feature = "sqlite")]
        AnyConnection::Sqlite(sqlite) => {
            for (account, lease) in &back {
                Fixed::new(RELEASE_ONE, vec![Bind::from(account), Bind::from(lease)]).execute(sqlite)?;
            }
        }
    }
    Ok(())
}

#[cfg(feature = "postgres")]
const RELEASE: &str = "UPDATE channels AS c SET lease_owner = NULL, lease_until = NULL FROM ";
#[cfg(feature = "postgres")]
const RELEASE_HELD: &str =
    " AS u (account, lease_token) WHERE c.account = u.account AND c.lease_token = u.lease_token";
#[cfg(feature = "sqlite")]
const RELEASE_ONE: &str =
    "UPDATE channels SET lease_owner = NULL, lease_until = NULL WHERE account = ? AND lease_token = ?";

pub(super) fn retire(
    connection: &mut AnyConnection,
    account: &AccountId,
    now: DateTime<Utc>,
) -> Result<bool, Fault> {
    let idle = channels::table
        .filter(channels::account.eq(account.to_string()))
        .filter(channels::attempt_id.is_null())
        .filter(channels::lease_until.is_null().or(channels::lease_until.le(stamp(now))));
    Ok(diesel::update(idle).set(channels::retired.eq(true)).execute(connection)? == 1)
}

/// An account that has an open attempt from now on.
pub(super) struct Taken {
    pub(super) account: String,
    pub(super) attempt: String,
}

/// Not every source account is a channel.
pub(super) fn occupy(connection: &mut AnyConnection, taken: &[Taken]) -> QueryResult<()> {
    match connection {
        #[cfg(feature = "postgres")]
        AnyConnection::Postgres(postgres) => {
            for some in taken.chunks(AT_ONCE) {
                let columns = vec![
                    Cell::column(some.iter().map(|one| &one.account)),
                    Cell::column(some.iter().map(|one| &one.attempt)),
                ];
                Many::new(OCCUPY, columns, OCCUPY_ACCOUNT).execute(postgres)?;
            }
        }
        #[cfg(feature = "sqlite")]
        AnyConnection::Sqlite(sqlite) => {
            for Taken { account, attempt } in taken {
                let binds = vec![Bind::from(attempt), Bind::from(account)];
                Fixed::new(OCCUPY_ONE, binds).execute(sqlite)?;
            }
        }
    }
    Ok(())
}

#[cfg(feature = "postgres")]
const OCCUPY: &str =
    "UPDATE channels AS c SET attempt_id = u.attempt_id, lease_owner = NULL, lease_until = NULL FROM ";
#[cfg(feature = "postgres")]
const OCCUPY_ACCOUNT: &str = " AS u (account, attempt_id) WHERE c.account = u.account";
#[cfg(feature = "sqlite")]
const OCCUPY_ONE: &str =
    "UPDATE channels SET attempt_id = ?, lease_owner = NULL, lease_until = NULL WHERE account = ?";

/// An account whose attempt is closed.
pub(super) struct Left {
    pub(super) account: String,
    pub(super) attempt: String,
    /// The last number that it used, if that is proved.
    pub(super) sequence: Option<i64>,
}

/// The accounts are free again. Nobody but us uses the keys of the pool, but a distribution account may be used from
/// elsewhere: its number is never remembered.
pub(super) fn vacate(connection: &mut AnyConnection, left: &[Left]) -> QueryResult<()> {
    match connection {
        #[cfg(feature = "postgres")]
        AnyConnection::Postgres(postgres) => {
            for some in left.chunks(AT_ONCE) {
                let columns = vec![
                    Cell::column(some.iter().map(|one| &one.account)),
                    Cell::column(some.iter().map(|one| &one.attempt)),
                    Cell::column(some.iter().map(|one| &one.sequence)),
                ];
                Many::new(VACATE, columns, VACATE_OCCUPIED).execute(postgres)?;
            }
        }
        #[cfg(feature = "sqlite")]
        AnyConnection::Sqlite(sqlite) => {
            for Left { account, attempt, sequence } in left {
                let binds = vec![Bind::from(sequence), Bind::from(account), Bind::from(attempt)];
                Fixed::new(VACATE_ONE, binds).execute(sqlite)?;
            }
        }
    }
    Ok(())
}

#[cfg(feature = "postgres")]
const VACATE: &str = "UPDATE channels AS c SET attempt_id = NULL, \
     sequence = CASE WHEN c.position IS NULL THEN c.sequence ELSE u.sequence END FROM ";
#[cfg(feature = "postgres")]
const VACATE_OCCUPIED: &str = " AS u (account, attempt_id, sequence) \
     WHERE c.account = u.account AND c.attempt_id = u.attempt_id";
#[cfg(feature = "sqlite")]
const VACATE_ONE: &str = "UPDATE channels SET attempt_id = NULL, \
     sequence = CASE WHEN position IS NULL THEN sequence ELSE ? END WHERE account = ? AND attempt_id = ?";
