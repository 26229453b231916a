//! The right to read an account's history, one reader at a time.

use chrono::{DateTime, NaiveDateTime, Utc};
use diesel::prelude::*;

use super::claims::until;
use super::connection::AnyConnection;
use super::fault::Fault;
use super::rows::codec::{Reader, free_text, stamp};
use super::schema::watches;
use crate::account::AccountId;
use crate::stellar::Cursor;
use crate::store::{LeaseToken, WatchLease};

pub(super) fn claim(
    connection: &mut AnyConnection,
    account: &AccountId,
    owner: &str,
    now: DateTime<Utc>,
    lease: std::time::Duration,
) -> Result<Option<WatchLease>, Fault> {
    let until = until(now, lease);
    let claimed = |(cursor, token): (Option<String>, i64)| {
        Some(WatchLease { account: *account, cursor: cursor.map(Cursor::from), token: LeaseToken(token) })
    };
    let this = || watches::table.filter(watches::account.eq(account.to_string()));

    let renewed = diesel::update(this().filter(watches::lease_owner.eq(owner)))
        .set(watches::lease_until.eq(until))
        .returning((watches::cursor, watches::lease_token))
        .get_result(connection)
        .optional()?;
    if let Some(renewed) = renewed {
        return Ok(claimed(renewed));
    }
    let free = watches::lease_until.is_null().or(watches::lease_until.le(stamp(now)));
    let taken = diesel::update(this().filter(free))
        .set((
            watches::lease_owner.eq(owner),
            watches::lease_until.eq(until),
            watches::lease_token.eq(watches::lease_token + 1),
        ))
        .returning((watches::cursor, watches::lease_token))
        .get_result(connection)
        .optional()?;
    if let Some(taken) = taken {
        return Ok(claimed(taken));
    }
    if this().count().get_result::<i64>(connection)? > 0 {
        return Ok(None);
    }
    diesel::insert_into(watches::table)
        .values((
            watches::account.eq(account.to_string()),
            watches::lease_owner.eq(owner),
            watches::lease_until.eq(until),
            watches::lease_token.eq(1),
        ))
        .execute(connection)?;
    Ok(claimed((None, 1)))
}

pub(super) fn fetch(connection: &mut AnyConnection, account: &AccountId) -> Result<Option<Cursor>, Fault> {
    let cursor: Option<Option<String>> = watches::table
        .filter(watches::account.eq(account.to_string()))
        .select(watches::cursor)
        .first(connection)
        .optional()?;
    Ok(cursor.flatten().map(Cursor::from))
}

pub(super) fn list(connection: &mut AnyConnection) -> Result<Vec<AccountId>, Fault> {
    let accounts: Vec<String> =
        watches::table.select(watches::account).order(watches::account).load(connection)?;
    let read = |account: String| Reader { table: "watches", id: &account }.parse("account", &account);
    accounts.into_iter().map(read).collect()
}

pub(super) fn start(
    connection: &mut AnyConnection,
    account: &AccountId,
    cursor: &Cursor,
) -> Result<(), Fault> {
    let this = || watches::table.filter(watches::account.eq(account.to_string()));
    let cursor = || watches::cursor.eq(free_text(cursor.as_str()));
    diesel::update(this().filter(watches::cursor.is_null())).set(cursor()).execute(connection)?;
    if this().count().get_result::<i64>(connection)? == 0 {
        diesel::insert_into(watches::table)
            .values((watches::account.eq(account.to_string()), cursor(), watches::lease_token.eq(0)))
            .execute(connection)?;
    }
    Ok(())
}

pub(super) fn forget(connection: &mut AnyConnection, account: &AccountId) -> Result<(), Fault> {
    diesel::update(watches::table.filter(watches::account.eq(account.to_string())))
        .set((
            watches::cursor.eq(None::<String>),
            watches::lease_token.eq(watches::lease_token + 1),
            watches::lease_owner.eq(None::<String>),
            watches::lease_until.eq(None::<NaiveDateTime>),
        ))
        .execute(connection)?;
    Ok(())
}

pub(super) fn release(connection: &mut AnyConnection, lease: &WatchLease) -> Result<(), Fault> {
    let held = watches::table
        .filter(watches::account.eq(lease.account.to_string()))
        .filter(watches::lease_token.eq(lease.token.0));
    diesel::update(held)
        .set((watches::lease_owner.eq(None::<String>), watches::lease_until.eq(None::<NaiveDateTime>)))
        .execute(connection)?;
    Ok(())
}

/// Moves the cursor, if lease and cursor still are as the reader believes. The row stays locked until the end of
/// the transaction, so that nobody takes the account over in between.
pub(super) fn advance(
    connection: &mut AnyConnection,
    lease: &WatchLease,
    next: &Cursor,
) -> Result<bool, Fault> {
    let held = watches::table
        .filter(watches::account.eq(lease.account.to_string()))
        .filter(watches::lease_token.eq(lease.token.0))
        .filter(watches::lease_owner.is_not_null());
    let next = watches::cursor.eq(free_text(next.as_str()));
    let moved = match &lease.cursor {
        Some(cursor) => {
            diesel::update(held.filter(watches::cursor.eq(cursor.as_str()))).set(next).execute(connection)?
        }
        None => diesel::update(held.filter(watches::cursor.is_null())).set(next).execute(connection)?,
    };
    Ok(moved == 1)
}
