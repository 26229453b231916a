//! Accounts whose sequence numbers envelopes use.

use chrono::{DateTime, NaiveDateTime, Utc};
use diesel::prelude::*;

use super::claims::{Lease, candidates};
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

macro_rules! free {
    ($lacks_pool:expr, $now:expr) => {
        channels::retired
            .eq(false)
            .and(channels::position.is_null().eq($lacks_pool))
            .and(channels::attempt_id.is_null())
            .and(channels::lease_until.is_null().or(channels::lease_until.le($now)))
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
    Ok(ChannelCount { free: number(free), all: number(all) })
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
    let found =
        channels::table.filter(channels::account.eq_any(accounts)).filter(free!(lacks_pool, lease.now));
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
    rows.into_iter().map(read).collect()
}

pub(super) fn release(
    connection: &mut AnyConnection,
    claims: &[(AccountId, LeaseToken)],
) -> Result<(), Fault> {
    for (account, lease) in claims {
        let held = channels::table
            .filter(channels::account.eq(account.to_string()))
            .filter(channels::lease_token.eq(lease.0));
        diesel::update(held)
            .set((channels::lease_owner.eq(None::<String>), channels::lease_until.eq(None::<NaiveDateTime>)))
            .execute(connection)?;
    }
    Ok(())
}

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

/// The account has an open attempt from now on. Not every source account is a channel.
pub(super) fn occupy(connection: &mut AnyConnection, account: &str, attempt: &str) -> QueryResult<()> {
    diesel::update(channels::table.filter(channels::account.eq(account)))
        .set((
            channels::attempt_id.eq(attempt),
            channels::lease_owner.eq(None::<String>),
            channels::lease_until.eq(None::<NaiveDateTime>),
        ))
        .execute(connection)
        .map(|_| ())
}

/// The account's attempt is closed. Its last sequence number is known if the attempt was applied; nobody but us uses
/// the keys of the pool, but a distribution account may be used from elsewhere.
pub(super) fn vacate(
    connection: &mut AnyConnection,
    account: &str,
    attempt: &str,
    sequence: Option<i64>,
) -> QueryResult<()> {
    let occupied = || {
        channels::table
            .filter(channels::account.eq(account.to_owned()))
            .filter(channels::attempt_id.eq(attempt))
    };
    diesel::update(occupied().filter(channels::position.is_not_null()))
        .set(channels::sequence.eq(sequence))
        .execute(connection)?;
    diesel::update(occupied()).set(channels::attempt_id.eq(None::<String>)).execute(connection).map(|_| ())
}
