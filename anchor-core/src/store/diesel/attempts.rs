//! Attempts: opened, worked on, closed.

use chrono::{DateTime, NaiveDateTime, Utc};
use diesel::prelude::*;

use super::bulk::insert_all;
use super::channels;
use super::claims::{Lease, candidates};
use super::connection::AnyConnection;
use super::fault::{Fault, Rule};
use super::rows::attempt::{AttemptRow, BumpRow};
use super::rows::codec::{Reader, free_text, stamp, time};
use super::rows::transaction::TransactionRow;
use super::schema::{attempt_bumps, attempt_items, attempts, transactions};
use super::signing;
use crate::account::AccountId;
use crate::id::{AttemptId, TransactionId};
use crate::store::{Bump, Claim, ClaimedAttempt, GivenUp, LeaseToken, Stored};
use crate::transaction::{Attempt, AttemptStatus};

/// The end of an attempt, with the transactions of all its operations.
pub(super) struct Closing {
    pub(super) id: String,
    pub(super) status: AttemptStatus,
    pub(super) note: Option<String>,
    pub(super) at: NaiveDateTime,
    pub(super) transactions: Vec<String>,
}

/// Stores attempts; their channels are taken until they are closed.
pub(super) fn open(connection: &mut AnyConnection, rows: Vec<AttemptRow>) -> Result<(), Fault> {
    let taken: Vec<_> = rows.iter().map(|row| (row.source().to_owned(), row.id().to_owned())).collect();
    insert_all!(connection, attempts::table, rows);
    for (account, attempt) in taken {
        channels::occupy(connection, &account, &attempt)?;
    }
    Ok(())
}

/// Closes open attempts, each with exactly these transactions, and sets their channels free.
pub(super) fn close(connection: &mut AnyConnection, closings: &[Closing]) -> Result<(), Fault> {
    for closing in closings {
        let Some(()) = end(connection, closing)? else {
            return Err(Fault::Corrupt(format!("attempts {}: not open", closing.id)));
        };
        let open = attempt_items::table
            .filter(attempt_items::attempt_id.eq(&closing.id))
            .filter(attempt_items::closed_at.is_null());
        let items: Vec<String> = open.select(attempt_items::transaction_id).load(connection)?;
        let is_all = items.len() == closing.transactions.len()
            && closing.transactions.iter().all(|id| items.contains(id));
        if !is_all {
            return Err(Fault::Corrupt(format!("attempts {}: closed for other transactions", closing.id)));
        }
        diesel::update(open).set(attempt_items::closed_at.eq(closing.at)).execute(connection)?;
    }
    Ok(())
}

/// `None`: it is not open.
fn end(connection: &mut AnyConnection, closing: &Closing) -> Result<Option<()>, Fault> {
    let open = attempts::table.filter(attempts::id.eq(&closing.id)).filter(attempts::closed_at.is_null());
    let closed: Option<(String, i64)> = diesel::update(open)
        .set((
            attempts::status.eq(closing.status.as_str()),
            attempts::note.eq(&closing.note),
            attempts::closed_at.eq(closing.at),
            attempts::lease_owner.eq(None::<String>),
            attempts::lease_until.eq(None::<NaiveDateTime>),
        ))
        .returning((attempts::source, attempts::sequence))
        .get_result(connection)
        .optional()?;
    let Some((source, sequence)) = closed else { return Ok(None) };
    let proved = (closing.status == AttemptStatus::Applied).then_some(sequence);
    channels::vacate(connection, &source, &closing.id, proved)?;
    Ok(Some(()))
}

pub(super) fn open_alone(
    connection: &mut AnyConnection,
    attempt: &Attempt,
    at: DateTime<Utc>,
) -> Result<Stored, Fault> {
    // the same envelope once more is no other attempt: its hash would be the first thing that stands in the way
    if open_of(connection, &attempt.source)?.is_some() {
        return Ok(Stored::SourceBusy);
    }
    let opened = open(connection, vec![AttemptRow::open(attempt, at)?]);
    match opened.as_ref().err().and_then(Fault::rule) {
        Some(Rule::OneOpenAttemptOfSource) => Ok(Stored::SourceBusy),
        _ => {
            opened?;
            signing::open(connection, [attempt], at)?;
            Ok(Stored::Applied)
        }
    }
}

pub(super) fn close_alone(
    connection: &mut AnyConnection,
    id: AttemptId,
    status: AttemptStatus,
    note: &str,
    at: DateTime<Utc>,
) -> Result<(), Fault> {
    let closing = Closing {
        id: id.to_string(),
        status,
        note: Some(free_text(note)),
        at: stamp(at),
        transactions: Vec::new(),
    };
    let items: i64 = attempt_items::table
        .filter(attempt_items::attempt_id.eq(&closing.id))
        .count()
        .get_result(connection)?;
    if items > 0 {
        return Err(Fault::Corrupt(format!("attempts {}: closed without its transactions", closing.id)));
    }
    end(connection, &closing).map(|_| ())
}

pub(super) fn claim(connection: &mut AnyConnection, claim: &Claim) -> Result<Vec<ClaimedAttempt>, Fault> {
    let lease = Lease::from(claim);
    let due = || {
        attempts::closed_at
            .is_null()
            .and(attempts::due_at.le(lease.now))
            .and(attempts::lease_until.is_null().or(attempts::lease_until.le(lease.now)))
    };
    let search = attempts::table
        .filter(due())
        .order((attempts::due_at, attempts::id))
        .limit(lease.limit)
        .select(attempts::id);
    let ids = candidates!(connection, search)?;
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let found = attempts::table.filter(attempts::id.eq_any(ids)).filter(due());
    let mut rows: Vec<(AttemptRow, i64)> = diesel::update(found)
        .set((
            attempts::lease_owner.eq(&lease.owner),
            attempts::lease_until.eq(lease.until),
            attempts::lease_token.eq(attempts::lease_token + 1),
        ))
        .returning((AttemptRow::columns(), attempts::lease_token))
        .get_results(connection)?;
    rows.sort_by(|(one, _), (other, _)| one.place().cmp(&other.place()));
    let ids: Vec<&str> = rows.iter().map(|(row, _)| row.id()).collect();
    let items: Vec<(String, TransactionRow)> = attempt_items::table
        .inner_join(transactions::table)
        .filter(attempt_items::attempt_id.eq_any(&ids))
        .order((attempt_items::attempt_id, attempt_items::position))
        .select((attempt_items::attempt_id, TransactionRow::columns()))
        .load(connection)?;
    let bumps: Vec<BumpRow> = attempt_bumps::table
        .filter(attempt_bumps::attempt_id.eq_any(&ids))
        .order((attempt_bumps::opened_at, attempt_bumps::fee))
        .select(BumpRow::columns())
        .load(connection)?;
    let mut claimed: std::collections::HashMap<String, ClaimedAttempt> = std::collections::HashMap::new();
    let order: Vec<String> = ids.into_iter().map(str::to_owned).collect();
    for (row, token) in rows {
        let (id, opened_at) = (row.id().to_owned(), time(row.opened_at()));
        let attempt = row.read()?;
        claimed.insert(
            id,
            ClaimedAttempt {
                attempt,
                bumps: Vec::new(),
                opened_at,
                transactions: Vec::new(),
                lease: LeaseToken(token),
            },
        );
    }
    for (attempt, row) in items {
        if let Some(one) = claimed.get_mut(&attempt) {
            one.transactions.push(row.read()?);
        }
    }
    for row in bumps {
        let (attempt, bump) = row.read()?;
        if let Some(one) = claimed.get_mut(&attempt) {
            one.bumps.push(bump);
        }
    }
    Ok(order.iter().filter_map(|id| claimed.remove(id)).collect())
}

pub(super) fn release(
    connection: &mut AnyConnection,
    claims: &[(AttemptId, LeaseToken, DateTime<Utc>)],
) -> Result<(), Fault> {
    for (id, lease, due) in claims {
        let held = attempts::table
            .filter(attempts::id.eq(id.to_string()))
            .filter(attempts::lease_token.eq(lease.0))
            .filter(attempts::lease_owner.is_not_null());
        diesel::update(held)
            .set((
                attempts::due_at.eq(stamp(*due)),
                attempts::lease_owner.eq(None::<String>),
                attempts::lease_until.eq(None::<NaiveDateTime>),
            ))
            .execute(connection)?;
    }
    Ok(())
}

pub(super) fn bump(connection: &mut AnyConnection, id: AttemptId, bump: &Bump) -> Result<bool, Fault> {
    // locks the row: nobody closes the attempt in between
    let open = attempts::table.filter(attempts::id.eq(id.to_string())).filter(attempts::closed_at.is_null());
    if diesel::update(open).set(attempts::id.eq(id.to_string())).execute(connection)? == 0 {
        return Ok(false);
    }
    let known: i64 = attempt_bumps::table
        .filter(attempt_bumps::hash.eq(bump.hash.to_string()))
        .count()
        .get_result(connection)?;
    if known == 0 {
        diesel::insert_into(attempt_bumps::table).values(BumpRow::new(id, bump)).execute(connection)?;
        signing::open_bump(connection, id, bump)?;
    }
    Ok(true)
}

pub(super) fn void_list(
    connection: &mut AnyConnection,
    ids: &[TransactionId],
) -> Result<Vec<GivenUp>, Fault> {
    let ids: Vec<String> = ids.iter().map(ToString::to_string).collect();
    let rows: Vec<(String, AttemptRow)> = attempt_items::table
        .inner_join(attempts::table)
        .filter(attempt_items::transaction_id.eq_any(ids))
        .filter(attempts::status.eq(AttemptStatus::Void.as_str()))
        .order((attempts::opened_at, attempts::id))
        .select((attempt_items::transaction_id, AttemptRow::columns()))
        .load(connection)?;
    let attempts: Vec<&str> = rows.iter().map(|(_, row)| row.id()).collect();
    let bumps: Vec<BumpRow> = attempt_bumps::table
        .filter(attempt_bumps::attempt_id.eq_any(attempts))
        .order((attempt_bumps::opened_at, attempt_bumps::fee))
        .select(BumpRow::columns())
        .load(connection)?;
    let bumps: Vec<(String, Bump)> = bumps.into_iter().map(BumpRow::read).collect::<Result<_, Fault>>()?;
    let read = |(id, row): (String, AttemptRow)| {
        let of_attempt = bumps.iter().filter(|(attempt, _)| attempt == row.id());
        Ok(GivenUp {
            transaction: Reader { table: "attempt_items", id: &id }.parse("transaction_id", &id)?,
            wrappings: of_attempt.map(|(_, bump)| bump.hash).collect(),
            attempt: row.read()?,
        })
    };
    rows.into_iter().map(read).collect()
}

pub(super) fn fees_since(connection: &mut AnyConnection, since: DateTime<Utc>) -> Result<i64, Fault> {
    let since = stamp(since);
    let fees: Vec<i64> =
        attempts::table.filter(attempts::opened_at.ge(since)).select(attempts::fee).load(connection)?;
    let bumps: Vec<i64> = attempt_bumps::table
        .filter(attempt_bumps::opened_at.ge(since))
        .select(attempt_bumps::fee)
        .load(connection)?;
    Ok(fees.into_iter().chain(bumps).fold(0_i64, i64::saturating_add))
}

pub(super) fn fetch(connection: &mut AnyConnection, id: AttemptId) -> Result<Option<Attempt>, Fault> {
    let row: Option<AttemptRow> = attempts::table
        .filter(attempts::id.eq(id.to_string()))
        .select(AttemptRow::columns())
        .first(connection)
        .optional()?;
    row.map(AttemptRow::read).transpose()
}

pub(super) fn open_of(connection: &mut AnyConnection, source: &AccountId) -> Result<Option<Attempt>, Fault> {
    let row: Option<AttemptRow> = attempts::table
        .filter(attempts::source.eq(source.to_string()))
        .filter(attempts::closed_at.is_null())
        .select(AttemptRow::columns())
        .first(connection)
        .optional()?;
    row.map(AttemptRow::read).transpose()
}

pub(super) fn applied_at(
    connection: &mut AnyConnection,
    source: &AccountId,
    sequence: i64,
) -> Result<Option<Attempt>, Fault> {
    let row: Option<AttemptRow> = attempts::table
        .filter(attempts::source.eq(source.to_string()))
        .filter(attempts::sequence.eq(sequence))
        .filter(attempts::status.eq(AttemptStatus::Applied.as_str()))
        .select(AttemptRow::columns())
        .first(connection)
        .optional()?;
    row.map(AttemptRow::read).transpose()
}
