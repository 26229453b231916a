//! Attempts: opened, worked on, closed.

use std::collections::{BTreeSet, HashMap};

use chrono::{DateTime, NaiveDateTime, Utc};
use diesel::dsl::sql;
use diesel::expression::SqlLiteral;
use diesel::prelude::*;
use diesel::sql_types::BigInt;

#[cfg(feature = "postgres")]
use super::bulk::Many;
use super::bulk::{AT_ONCE, insert_all};
#[cfg(feature = "sqlite")]
use super::bulk::{Bind, Fixed};
use super::channels::{self, Taken};
use super::claims::{Back, Lease, candidates, readable};
use super::closing::{self, Closing};
use super::connection::AnyConnection;
use super::fault::{Fault, Rule};
use super::rows::attempt::{AttemptRow, BumpRow};
use super::rows::codec::{Reader, free_text, stamp, time};
use super::rows::transaction::{TransactionColumns, TransactionRow};
use super::schema::{attempt_bumps, attempt_items, attempts, transactions};
use super::signing;
use crate::account::AccountId;
use crate::id::{AttemptId, TransactionId};
use crate::store::{Bump, Claim, ClaimedAttempt, GivenUp, LeaseToken, Stored};
use crate::transaction::{Attempt, AttemptStatus, Transaction};

/// Stores attempts; their channels are taken until they are closed.
pub(super) fn open(connection: &mut AnyConnection, rows: Vec<AttemptRow>) -> Result<(), Fault> {
    let taken =
        rows.iter().map(|row| Taken { account: row.source().to_owned(), attempt: row.id().to_owned() });
    let taken: Vec<Taken> = taken.collect();
    insert_all!(connection, attempts::table, rows);
    channels::occupy(connection, &taken)?;
    Ok(())
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
    ledger: Option<u32>,
    note: &str,
    at: DateTime<Utc>,
) -> Result<(), Fault> {
    let closing = Closing {
        id: id.to_string(),
        status: status.as_str().to_owned(),
        ledger: ledger.map(i64::from),
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
    closing::end(connection, &[closing]).map(|_| ())
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
    // not joined: as long as PostgreSQL does not know how many items an attempt has, it would read both tables for that
    let items: Vec<(String, String)> = attempt_items::table
        .filter(attempt_items::attempt_id.eq_any(&ids))
        .order((attempt_items::attempt_id, attempt_items::position))
        .select((attempt_items::attempt_id, attempt_items::transaction_id))
        .load(connection)?;
    let mut carried = carried(connection, &items)?;
    let bumps: Vec<BumpRow> = attempt_bumps::table
        .filter(attempt_bumps::attempt_id.eq_any(&ids))
        .order((attempt_bumps::opened_at, attempt_bumps::fee))
        .select(BumpRow::columns())
        .load(connection)?;
    let mut carried_by: HashMap<String, Vec<Result<Transaction, Fault>>> = HashMap::new();
    for (attempt, transaction) in items {
        // an open attempt is the only one that its transactions have
        let row = carried.remove(&transaction);
        let row =
            row.ok_or_else(|| Fault::Corrupt(format!("attempts {attempt}: no transaction {transaction}")));
        carried_by.entry(attempt).or_default().push(row.and_then(TransactionRow::read));
    }
    let mut bumps_of: HashMap<String, Vec<Result<Bump, Fault>>> = HashMap::new();
    for row in bumps {
        bumps_of.entry(row.attempt_id().to_owned()).or_default().push(row.read().map(|(_, bump)| bump));
    }
    let whole = rows.into_iter().map(|(row, token)| {
        let (id, opened_at) = (row.id().to_owned(), time(row.opened_at()));
        Ok(ClaimedAttempt {
            attempt: row.read()?,
            bumps: bumps_of.remove(&id).unwrap_or_default().into_iter().collect::<Result<_, _>>()?,
            opened_at,
            transactions: carried_by.remove(&id).unwrap_or_default().into_iter().collect::<Result<_, _>>()?,
            lease: LeaseToken(token),
        })
    });
    readable(whole)
}

/// The transactions of these items, in parts: a round may carry more than fit into one statement.
fn carried(
    connection: &mut AnyConnection,
    items: &[(String, String)],
) -> Result<HashMap<String, TransactionRow>, Fault> {
    let mut rows = HashMap::with_capacity(items.len());
    for some in items.chunks(AT_ONCE) {
        let ids = some.iter().map(|(_, transaction)| transaction.as_str());
        let found: Vec<(String, TransactionRow)> = transactions::table
            .filter(transactions::id.eq_any(ids))
            .select((transactions::id, TransactionColumns))
            .load(connection)?;
        rows.extend(found);
    }
    Ok(rows)
}

pub(super) fn release(
    connection: &mut AnyConnection,
    claims: &[(AttemptId, LeaseToken, DateTime<Utc>)],
) -> Result<(), Fault> {
    let back: Vec<Back> = claims
        .iter()
        .map(|(id, lease, due)| Back { id: id.to_string(), lease: lease.0, due: stamp(*due) })
        .collect();
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
    "UPDATE attempts AS a SET due_at = u.due_at, lease_owner = NULL, lease_until = NULL FROM ";
#[cfg(feature = "postgres")]
const RELEASE_HELD: &str = " AS u (id, lease_token, due_at) \
     WHERE a.id = u.id AND a.lease_token = u.lease_token AND a.lease_owner IS NOT NULL";
#[cfg(feature = "sqlite")]
const RELEASE_ONE: &str = "UPDATE attempts SET due_at = ?, lease_owner = NULL, lease_until = NULL \
     WHERE id = ? AND lease_token = ? AND lease_owner IS NOT NULL";

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
    let mut items: Vec<(String, String)> = Vec::new();
    for some in ids.chunks(AT_ONCE) {
        let found: Vec<(String, String)> = attempt_items::table
            .inner_join(attempts::table)
            .filter(attempt_items::transaction_id.eq_any(some))
            .filter(attempts::status.eq(AttemptStatus::Void.as_str()))
            .select((attempt_items::attempt_id, attempt_items::transaction_id))
            .load(connection)?;
        items.extend(found);
    }
    // each once, however many transactions gave it up
    let mut given_up = given_up(connection, items.iter().map(|(attempt, _)| attempt.as_str()).collect())?;
    let mut listed = Vec::with_capacity(items.len());
    for (attempt, transaction) in items {
        let known = given_up.get_mut(&attempt);
        let known = known.ok_or_else(|| Fault::Corrupt(format!("attempts {attempt}: has items alone")))?;
        let id: TransactionId =
            Reader { table: "attempt_items", id: &attempt }.parse("transaction_id", &transaction)?;
        listed.push((known.opened_at, GivenUp { transaction: id, ..known.given_up.clone() }));
    }
    listed.sort_by_key(|(opened_at, one)| (*opened_at, one.attempt.id));
    Ok(listed.into_iter().map(|(_, one)| one).collect())
}

/// An attempt that was given up, for whichever of its transactions.
struct Known {
    opened_at: NaiveDateTime,
    given_up: GivenUp,
}

fn given_up(connection: &mut AnyConnection, ids: BTreeSet<&str>) -> Result<HashMap<String, Known>, Fault> {
    let ids: Vec<&str> = ids.into_iter().collect();
    let mut known = HashMap::with_capacity(ids.len());
    for some in ids.chunks(AT_ONCE) {
        let rows: Vec<(AttemptRow, Option<i64>)> = attempts::table
            .filter(attempts::id.eq_any(some))
            .select((AttemptRow::columns(), attempts::ledger))
            .load(connection)?;
        for (row, ledger) in rows {
            let (id, opened_at) = (row.id().to_owned(), row.opened_at());
            let reader = Reader { table: "attempts", id: &id };
            let ledger = ledger.map(|ledger| reader.number("ledger", ledger)).transpose()?;
            let given_up = GivenUp {
                transaction: TransactionId::new(uuid::Uuid::nil()),
                attempt: row.read()?,
                wrappings: Vec::new(),
                ledger,
                is_superseded: false,
            };
            known.insert(id, Known { opened_at, given_up });
        }
        let bumps: Vec<BumpRow> = attempt_bumps::table
            .filter(attempt_bumps::attempt_id.eq_any(some))
            .order((attempt_bumps::opened_at, attempt_bumps::fee))
            .select(BumpRow::columns())
            .load(connection)?;
        for row in bumps {
            let (attempt, bump) = row.read()?;
            if let Some(one) = known.get_mut(&attempt) {
                one.given_up.wrappings.push(bump.hash);
            }
        }
    }
    let numbers = known.values().map(|one| (one.given_up.attempt.source, one.given_up.attempt.sequence));
    let numbers = numbers.collect::<BTreeSet<_>>().into_iter().collect::<Vec<_>>();
    let landed = landed(connection, &numbers)?;
    for one in known.values_mut() {
        let attempt = &one.given_up.attempt;
        let other = landed.get(&(attempt.source.to_string(), attempt.sequence));
        one.given_up.is_superseded = other.is_some_and(|other| *other != attempt.id.to_string());
    }
    Ok(known)
}

/// So many accounts at once: with as many numbers, that is what is found at most, squared.
const NUMBERS_AT_ONCE: usize = 50;

/// The attempts that a ledger holds, by account and sequence number; of these and, where accounts have numbers in common, of
/// more.
fn landed(
    connection: &mut AnyConnection,
    numbers: &[(AccountId, i64)],
) -> Result<HashMap<(String, i64), String>, Fault> {
    let mut landed = HashMap::new();
    for some in numbers.chunks(NUMBERS_AT_ONCE) {
        let sources: Vec<String> = some.iter().map(|(source, _)| source.to_string()).collect();
        let sequences: Vec<i64> = some.iter().map(|(_, sequence)| *sequence).collect();
        let found: Vec<(String, i64, String)> = attempts::table
            .filter(attempts::source.eq_any(sources))
            .filter(attempts::sequence.eq_any(sequences))
            .filter(attempts::ledger.is_not_null().or(attempts::status.eq(AttemptStatus::Applied.as_str())))
            .select((attempts::source, attempts::sequence, attempts::id))
            .load(connection)?;
        landed.extend(found.into_iter().map(|(source, sequence, id)| ((source, sequence), id)));
    }
    Ok(landed)
}

pub(super) fn fees_since(connection: &mut AnyConnection, since: DateTime<Utc>) -> Result<i64, Fault> {
    let since = stamp(since);
    let opened: (i64, i64) =
        attempts::table.filter(attempts::opened_at.ge(since)).select(fees()).get_result(connection)?;
    let bumped: (i64, i64) = attempt_bumps::table
        .filter(attempt_bumps::opened_at.ge(since))
        .select(fees())
        .get_result(connection)?;
    let sum = |(high, low): (i64, i64)| high.saturating_mul(FEES_PART).saturating_add(low);
    Ok(sum(opened).saturating_add(sum(bumped)))
}

/// The sum of all fees in two parts, of which neither can get too large for either database: SQLite's sum of integers fails
/// where it does, PostgreSQL's is of another type.
const FEES_PART: i64 = 1_000_000;

type Part = SqlLiteral<BigInt>;

fn fees() -> (Part, Part) {
    (
        sql("CAST(COALESCE(SUM(fee / 1000000), 0) AS BIGINT)"),
        sql("CAST(COALESCE(SUM(fee % 1000000), 0) AS BIGINT)"),
    )
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

pub(super) fn landed_at(
    connection: &mut AnyConnection,
    source: &AccountId,
    sequence: i64,
) -> Result<Option<Attempt>, Fault> {
    let row: Option<AttemptRow> = attempts::table
        .filter(attempts::source.eq(source.to_string()))
        .filter(attempts::sequence.eq(sequence))
        // those that were closed before ledgers were written down were applied in one
        .filter(attempts::ledger.is_not_null().or(attempts::status.eq(AttemptStatus::Applied.as_str())))
        .select(AttemptRow::columns())
        .first(connection)
        .optional()?;
    row.map(AttemptRow::read).transpose()
}

#[cfg(all(test, feature = "sqlite"))]
mod tests {
    use super::*;
    use crate::store::diesel::DieselStore;
    use crate::store::diesel::pool::End;

    #[tokio::test]
    async fn round_carries_more_transactions_than_sqlite_takes_values() {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite://{}", folder.path().join("anchor.sqlite3").display());
        let store = DieselStore::open(&url).unwrap();
        store.migrate().await.unwrap();
        let items: Vec<_> = (0..40_000).map(|number| (String::new(), format!("{number:036}"))).collect();
        let found = store.database.transact(|connection| Ok(End::Commit(carried(connection, &items)?.len())));
        assert_eq!(found.unwrap().unwrap(), 0);
    }
}
