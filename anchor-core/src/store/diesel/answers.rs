//! What users told: kept as it comes, which is sealed, and erased with them.

use chrono::NaiveDateTime;
use diesel::prelude::*;

use super::connection::AnyConnection;
use super::fault::Fault;
use super::rows::codec::Reader;
use super::schema::{answers, transactions};
use crate::customer::{CustomerOwner, Kept, Place, Sealed};
use crate::id::{CustomerId, TransactionId};
use crate::store::SealedRow;
use crate::transaction::State;

/// Rows of one statement.
const AT_ONCE: usize = 500;
/// The protocol of sending anchors, as it is stored.
const SEP31: &str = "sep31";
/// What is left of a flow that begins anew.
const NOTHING: &str = "{}";

type Columns = (Option<String>, String);

pub(super) fn fetch(
    connection: &mut AnyConnection,
    transaction: TransactionId,
) -> Result<Option<Kept>, Fault> {
    let row: Option<Columns> = answers::table
        .filter(answers::transaction_id.eq(transaction.to_string()))
        .select((answers::key_name, answers::data))
        .first(connection)
        .optional()?;
    Ok(row.map(read))
}

fn read((key, text): Columns) -> Kept {
    match key {
        Some(key) => Kept::Sealed(Sealed { key, text }),
        None => Kept::Clear(text),
    }
}

fn columns(kept: &Kept) -> Columns {
    match kept {
        Kept::Sealed(Sealed { key, text }) => (Some(key.clone()), text.clone()),
        Kept::Clear(text) => (None, text.clone()),
    }
}

/// Answers from a page of the flow. Once the terms are agreed, what was answered stays.
pub(super) fn put_collecting(
    connection: &mut AnyConnection,
    transaction: TransactionId,
    kept: &Kept,
) -> Result<(), Fault> {
    let collecting = transactions::table
        .filter(transactions::id.eq(transaction.to_string()))
        .filter(transactions::state.eq(State::Collecting.name()));
    // writes nothing new: it keeps the terms from being agreed meanwhile
    let held = diesel::update(collecting)
        .set(transactions::version.eq(transactions::version))
        .execute(connection)?;
    if held == 1 { put(connection, transaction, kept) } else { Ok(()) }
}

/// What is to be forgotten at the end of the transaction stays so.
pub(super) fn put(
    connection: &mut AnyConnection,
    transaction: TransactionId,
    kept: &Kept,
) -> Result<(), Fault> {
    let id = transaction.to_string();
    let (key, text) = columns(kept);
    let values = (answers::key_name.eq(key), answers::data.eq(text));
    let stored = answers::table.filter(answers::transaction_id.eq(&id));
    if diesel::update(stored).set(values.clone()).execute(connection)? == 0 {
        diesel::insert_into(answers::table)
            .values((answers::transaction_id.eq(&id), values))
            .execute(connection)?;
    }
    Ok(())
}

/// The transactions of a user, and those that name it as a customer. What a sending anchor told is about its customers: it
/// goes with those that its transactions name.
macro_rules! of {
    ($owner:expr, $names:expr) => {
        transactions::subject_key.eq($owner.key()).and(transactions::protocol.ne(SEP31)).or(
            transactions::subject_key
                .eq_any([$owner.key(), $owner.account().to_string()])
                .and(transactions::request.like($names)),
        )
    };
}

/// Erases what a user told, at once where nothing depends on it. A transaction that is under way may have to pay by it: there
/// it goes with the end ([`delete_forgotten`]).
pub(super) fn forget(
    connection: &mut AnyConnection,
    owner: &CustomerOwner,
    customer: Option<CustomerId>,
    now: NaiveDateTime,
) -> Result<bool, Fault> {
    // an id as JSON has it; no transaction has an empty request
    let names = customer.map(|id| format!("%\"{id}\"%")).unwrap_or_default();
    // writes nothing new: what stands here stays so until the end, and nothing is agreed on what is erased meanwhile
    let under_way: Vec<(String, String)> = diesel::update(
        transactions::table.filter(transactions::state.eq_any(State::OPEN)).filter(of!(owner, &names)),
    )
    .set(transactions::version.eq(transactions::version))
    .returning((transactions::id, transactions::state))
    .get_results(connection)?;
    let collecting = State::Collecting.name();
    let (begun, agreed): (Vec<_>, Vec<_>) = under_way.into_iter().partition(|(_, state)| state == collecting);
    let mut count = 0_usize;
    for chunk in begun.chunks(AT_ONCE) {
        let rows = answers::table.filter(answers::transaction_id.eq_any(chunk.iter().map(|(id, _)| id)));
        let nothing =
            (answers::data.eq(NOTHING), answers::key_name.eq(None::<String>), answers::forget_since.eq(now));
        count = count.saturating_add(diesel::update(rows).set(nothing).execute(connection)?);
    }
    for chunk in agreed.chunks(AT_ONCE) {
        let rows = answers::table.filter(answers::transaction_id.eq_any(chunk.iter().map(|(id, _)| id)));
        count = count
            .saturating_add(diesel::update(rows).set(answers::forget_since.eq(now)).execute(connection)?);
    }
    let ended = transactions::table
        .filter(transactions::state.eq_any(State::ENDED))
        .filter(of!(owner, &names))
        .select(transactions::id);
    let ended = diesel::delete(answers::table.filter(answers::transaction_id.eq_any(ended)));
    Ok(count.saturating_add(ended.execute(connection)?) > 0)
}

/// Of transactions that have ended since their user was erased.
pub(super) fn delete_forgotten(connection: &mut AnyConnection) -> Result<usize, Fault> {
    let limit = i64::try_from(AT_ONCE).unwrap_or(i64::MAX);
    let ended: Vec<String> = answers::table
        .inner_join(transactions::table)
        .filter(answers::forget_since.is_not_null())
        .filter(transactions::state.eq_any(State::ENDED))
        .limit(limit)
        .select(answers::transaction_id)
        .load(connection)?;
    if ended.is_empty() {
        return Ok(0);
    }
    Ok(diesel::delete(answers::table.filter(answers::transaction_id.eq_any(ended))).execute(connection)?)
}

/// What is sealed with any other key than this one, or not at all.
pub(super) fn sealed_list(
    connection: &mut AnyConnection,
    current: &str,
    limit: i64,
) -> Result<Vec<SealedRow>, Fault> {
    let mut found = Vec::new();
    let columns = (answers::transaction_id, answers::key_name, answers::data);
    // each by the index, where nearly all may be under the present key
    let clear = answers::table.filter(answers::key_name.is_null()).limit(limit).select(columns);
    let before = answers::table.filter(answers::key_name.lt(current)).limit(limit).select(columns);
    let after = answers::table.filter(answers::key_name.gt(current)).limit(limit).select(columns);
    let mut rows: Vec<(String, Option<String>, String)> = clear.load(connection)?;
    if rows.is_empty() {
        rows = before.load(connection)?;
    }
    if rows.is_empty() {
        rows = after.load(connection)?;
    }
    for (id, key, text) in rows {
        let place = Place::Answers(Reader { table: "answers", id: &id }.parse("transaction_id", &id)?);
        found.push(SealedRow { place, kept: read((key, text)) });
    }
    Ok(found)
}

pub(super) fn reseal(
    connection: &mut AnyConnection,
    transaction: TransactionId,
    kept: &Kept,
    by: &Sealed,
) -> Result<usize, Fault> {
    let (_, text) = columns(kept);
    // no text is both sealed and clear, or sealed twice
    let stored = answers::table
        .filter(answers::transaction_id.eq(transaction.to_string()))
        .filter(answers::data.eq(text));
    let by = (answers::key_name.eq(&by.key), answers::data.eq(&by.text));
    Ok(diesel::update(stored).set(by).execute(connection)?)
}
