//! Claimable balances that the anchor may take back.

use std::collections::HashMap;

use chrono::{DateTime, NaiveDateTime, Utc};
use diesel::prelude::*;

use super::attempts as envelopes;
use super::claims::{Lease, candidates, readable};
use super::connection::AnyConnection;
use super::fault::Fault;
use super::pool::End;
use super::rows::set_aside::{LastRow, MAKING, SetAsideRow};
use super::schema::{attempts, set_asides};
use crate::account::AccountId;
use crate::id::{AttemptId, TransactionId};
use crate::store::{Claim, SetAside, SetAsideState, Stored};
use crate::transaction::{Attempt, Change, Effect, Fact};

/// Most that are listed.
const LIST_MAX: i64 = 200;

/// In the commit that opens the attempt.
pub(super) fn make(
    connection: &mut AnyConnection,
    attempt: &Attempt,
    transaction: TransactionId,
) -> Result<(), Fault> {
    let Some(reclaim) = &attempt.reclaim else { return Ok(()) };
    let row = SetAsideRow::making(attempt, transaction, reclaim)?;
    diesel::insert_into(set_asides::table).values(row).execute(connection)?;
    Ok(())
}

/// In the commit that closes the attempt. Without effect on what only the user may claim.
pub(super) fn made(connection: &mut AnyConnection, change: &Change) -> Result<(), Fault> {
    let Fact::AttemptApplied {
        attempt,
        ledger,
        effect: Effect::Delivered { claimable_balance: Some(balance) },
        ..
    } = &change.fact().fact
    else {
        return Ok(());
    };
    let made = set_asides::table
        .filter(set_asides::attempt_id.eq(attempt.to_string()))
        .filter(set_asides::state.eq(MAKING));
    diesel::update(made)
        .set((
            set_asides::state.eq(SetAsideState::Open.as_str()),
            set_asides::balance_id.eq(balance),
            set_asides::ledger.eq(i64::from(*ledger)),
        ))
        .execute(connection)?;
    Ok(())
}

/// In the commit that records what came back.
pub(super) fn reclaimed(connection: &mut AnyConnection, balances: &[&str]) -> Result<(), Fault> {
    for balance in balances {
        diesel::update(set_asides::table.filter(set_asides::balance_id.eq(balance)))
            .set(set_asides::state.eq(SetAsideState::Reclaimed.as_str()))
            .execute(connection)?;
    }
    Ok(())
}

pub(super) fn claim(
    connection: &mut AnyConnection,
    claim: &Claim,
    until: u64,
) -> Result<Vec<SetAside>, Fault> {
    let lease = Lease::from(claim);
    let until = i64::try_from(until).unwrap_or(i64::MAX);
    let due = || {
        set_asides::state
            .eq(SetAsideState::Open.as_str())
            .and(set_asides::due_at.le(lease.now))
            .and(set_asides::reclaim_from.le(until))
    };
    let search = set_asides::table
        .filter(due())
        .order((set_asides::due_at, set_asides::attempt_id))
        .limit(lease.limit)
        .select(set_asides::attempt_id);
    let ids = candidates!(connection, search)?;
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let found = set_asides::table.filter(set_asides::attempt_id.eq_any(ids)).filter(due());
    let rows: Vec<SetAsideRow> = diesel::update(found)
        .set(set_asides::due_at.eq(lease.until))
        .returning(SetAsideRow::columns())
        .get_results(connection)?;
    readable(read(connection, rows)?)
}

pub(super) fn wait(connection: &mut AnyConnection, balance: &str, due: NaiveDateTime) -> Result<(), Fault> {
    diesel::update(set_asides::table.filter(set_asides::balance_id.eq(balance)))
        .set(set_asides::due_at.eq(due))
        .execute(connection)?;
    Ok(())
}

/// The attempt first, because the row refers to it.
pub(super) fn reclaim(
    connection: &mut AnyConnection,
    balance: &str,
    before: Option<AttemptId>,
    attempt: &Attempt,
    at: DateTime<Utc>,
) -> Result<End<Stored>, Fault> {
    match claimant(connection, balance, before)? {
        None => return Ok(End::Rollback(Stored::Stale)),
        Some(by) if has_claim(connection, &by)? => return Ok(End::Rollback(Stored::SourceBusy)),
        Some(_) => {}
    }
    let stored = envelopes::open_alone(connection, attempt, at)?;
    if stored != Stored::Applied {
        return Ok(End::Rollback(stored));
    }
    let reclaim_id = set_asides::reclaim_id.eq(attempt.id.to_string());
    let updated = still_open(connection, balance, before, |connection, row| {
        diesel::update(set_asides::table.filter(set_asides::attempt_id.eq(row)))
            .set(reclaim_id)
            .execute(connection)
    })?;
    Ok(if updated { End::Commit(Stored::Applied) } else { End::Rollback(Stored::Stale) })
}

/// Who may claim it, if it is open and its last attempt is this one.
fn claimant(
    connection: &mut AnyConnection,
    balance: &str,
    before: Option<AttemptId>,
) -> Result<Option<String>, Fault> {
    let row: Option<(String, Option<String>)> = set_asides::table
        .filter(set_asides::balance_id.eq(balance))
        .filter(set_asides::state.eq(SetAsideState::Open.as_str()))
        .select((set_asides::claimant, set_asides::reclaim_id))
        .first(connection)
        .optional()?;
    let before = before.map(|id| id.to_string());
    Ok(row.filter(|(_, last)| *last == before).map(|(by, _)| by))
}

/// Whether a claim by this account is open. Two that begin at the same moment do no harm: it keeps whoever does not sign them
/// from holding many sequence numbers.
fn has_claim(connection: &mut AnyConnection, by: &str) -> Result<bool, Fault> {
    let open: i64 = set_asides::table
        .inner_join(attempts::table.on(set_asides::reclaim_id.eq(attempts::id.nullable())))
        .filter(set_asides::claimant.eq(by))
        .filter(attempts::closed_at.is_null())
        .count()
        .get_result(connection)?;
    Ok(open > 0)
}

pub(super) fn end(
    connection: &mut AnyConnection,
    balance: &str,
    before: Option<AttemptId>,
) -> Result<bool, Fault> {
    still_open(connection, balance, before, |connection, row| {
        diesel::update(set_asides::table.filter(set_asides::attempt_id.eq(row)))
            .set(set_asides::state.eq(SetAsideState::Claimed.as_str()))
            .execute(connection)
    })
}

/// Writes, if the balance is open and its last attempt is this one. The row is locked before it is looked at.
fn still_open(
    connection: &mut AnyConnection,
    balance: &str,
    before: Option<AttemptId>,
    write: impl FnOnce(&mut AnyConnection, &str) -> QueryResult<usize>,
) -> Result<bool, Fault> {
    let open = set_asides::table
        .filter(set_asides::balance_id.eq(balance))
        .filter(set_asides::state.eq(SetAsideState::Open.as_str()));
    let locked: Option<SetAsideRow> = diesel::update(open)
        .set(set_asides::balance_id.eq(balance))
        .returning(SetAsideRow::columns())
        .get_result(connection)
        .optional()?;
    let before = before.map(|id| id.to_string());
    match locked.filter(|row| row.reclaim_id() == before.as_deref()) {
        Some(row) => Ok(write(connection, row.place().1)? == 1),
        None => Ok(false),
    }
}

pub(super) fn find(connection: &mut AnyConnection, balances: &[String]) -> Result<Vec<SetAside>, Fault> {
    if balances.is_empty() {
        return Ok(Vec::new());
    }
    let rows: Vec<SetAsideRow> = set_asides::table
        .filter(set_asides::balance_id.eq_any(balances))
        .select(SetAsideRow::columns())
        .load(connection)?;
    // strict: what cannot be read here must not be passed over
    read(connection, rows)?.into_iter().collect()
}

pub(super) fn list(connection: &mut AnyConnection) -> Result<Vec<SetAside>, Fault> {
    let rows: Vec<SetAsideRow> = set_asides::table
        .filter(set_asides::state.ne(MAKING))
        .order((set_asides::reclaim_from.desc(), set_asides::attempt_id.desc()))
        .limit(LIST_MAX)
        .select(SetAsideRow::columns())
        .load(connection)?;
    let mut listed = readable(read(connection, rows)?)?;
    listed.sort_by(|one, other| (other.from, &other.balance).cmp(&(one.from, &one.balance)));
    Ok(listed)
}

pub(super) fn is_pending(connection: &mut AnyConnection, by: &AccountId, until: u64) -> Result<bool, Fault> {
    let until = i64::try_from(until).unwrap_or(i64::MAX);
    let making: i64 = set_asides::table
        .inner_join(attempts::table.on(attempts::id.eq(set_asides::attempt_id)))
        .filter(set_asides::state.eq(MAKING))
        .filter(set_asides::claimant.eq(by.to_string()))
        .filter(set_asides::reclaim_from.le(until))
        .filter(attempts::closed_at.is_null())
        .count()
        .get_result(connection)?;
    Ok(making > 0)
}

/// In the order of the queue.
fn read(
    connection: &mut AnyConnection,
    mut rows: Vec<SetAsideRow>,
) -> Result<Vec<Result<SetAside, Fault>>, Fault> {
    rows.sort_by(|one, other| one.place().cmp(&other.place()));
    let ids: Vec<&str> = rows.iter().filter_map(SetAsideRow::reclaim_id).collect();
    let last: Vec<(String, LastRow)> = attempts::table
        .filter(attempts::id.eq_any(ids))
        .select((attempts::id, (attempts::status, attempts::max_time, attempts::ledger)))
        .load(connection)?;
    let last: HashMap<String, LastRow> = last.into_iter().collect();
    let one = |row: SetAsideRow| {
        let last = row.reclaim_id().and_then(|id| last.get(id));
        row.read(last)
    };
    Ok(rows.into_iter().map(one).collect())
}
