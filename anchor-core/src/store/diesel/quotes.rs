//! Firm quotes: what is promised, what is in reserve for it, and who used it.
//!
//! Sums stand in rows of their own, one for each user, for each user and asset, and for each asset. Whoever changes them
//! locks them in this order, and a quote's reserve before them: nobody waits in a circle.

use chrono::NaiveDateTime;
use diesel::prelude::*;

use super::connection::AnyConnection;
use super::fault::Fault;
use super::pool::End;
use super::rows::codec::{Reader, stamp, to_json};
use super::schema::{quote_reserves, quote_sums, quote_uses, quotes};
use super::start::{self, Start};
use crate::id::{QuoteId, TransactionId};
use crate::quote::Quote;
use crate::store::{QuoteHold, QuoteUsed, Quoted};

/// In the place of a holder: everybody. In the place of an asset: all of them, where only quotes are counted.
const ALL: &str = "";

/// Most quotes of one list.
const LIST_MAX: u32 = 500;

pub(super) fn insert(
    connection: &mut AnyConnection,
    quote: &Quote,
    hold: &QuoteHold,
) -> Result<Quoted, Fault> {
    let (id, holder, asset) = (quote.id.to_string(), quote.subject.key(), quote.buy_asset.to_string());
    let of_user = lock(connection, &holder, ALL)?;
    let of_user_in_asset = lock(connection, &holder, &asset)?;
    let of_all = lock(connection, ALL, &asset)?;
    if of_user.quotes >= i64::from(hold.open_of_user) {
        return Ok(Quoted::TooManyOpen);
    }
    let fits = |sum: &Sum, limit: Option<i64>| {
        let after = sum.reserved.checked_add(hold.amount);
        after.is_some_and(|after| limit.is_none_or(|limit| after <= limit))
    };
    if !fits(&of_user_in_asset, hold.of_user) {
        return Ok(Quoted::TooMuchOpen);
    }
    if !fits(&of_all, hold.of_all) {
        return Ok(Quoted::NothingLeft);
    }
    add(connection, &holder, ALL, 1, 0)?;
    add(connection, &holder, &asset, 0, hold.amount)?;
    add(connection, ALL, &asset, 0, hold.amount)?;
    let expires_at = stamp(quote.expires_at);
    diesel::insert_into(quotes::table)
        .values((
            quotes::id.eq(&id),
            quotes::subject_key.eq(&holder),
            quotes::context.eq(quote.context.as_str()),
            quotes::sell_asset.eq(quote.sell_asset.to_string()),
            quotes::buy_asset.eq(&asset),
            quotes::document.eq(to_json(quote)?),
            quotes::created_at.eq(stamp(quote.created_at)),
            quotes::expires_at.eq(expires_at),
        ))
        .execute(connection)?;
    diesel::insert_into(quote_reserves::table)
        .values((
            quote_reserves::quote_id.eq(&id),
            quote_reserves::subject_key.eq(&holder),
            quote_reserves::asset.eq(&asset),
            quote_reserves::amount.eq(hold.amount),
            quote_reserves::expires_at.eq(expires_at),
        ))
        .execute(connection)?;
    Ok(Quoted::Stored)
}

pub(super) fn fetch(connection: &mut AnyConnection, id: QuoteId) -> Result<Option<Quote>, Fault> {
    let id = id.to_string();
    let document: Option<String> = quotes::table
        .filter(quotes::id.eq(&id))
        .select(quotes::document)
        .get_result(connection)
        .optional()?;
    let reader = Reader { table: "quotes", id: &id };
    let read = |document: String| {
        let quote: Quote = reader.json("document", &document)?;
        if quote.id.to_string() == id { Ok(quote) } else { Err(reader.corrupt("document: of another quote")) }
    };
    document.map(read).transpose()
}

/// What is in reserve stays there: the promise holds until the quote's end. What was released has ended, whatever the
/// caller takes for the time: the sums no longer count it.
pub(super) fn use_for(
    connection: &mut AnyConnection,
    quote: QuoteId,
    start: &Start,
    now: NaiveDateTime,
) -> Result<End<QuoteUsed>, Fault> {
    let id = quote.to_string();
    // whoever comes second waits here, and then finds it used
    let unused = quote_reserves::table
        .filter(quote_reserves::quote_id.eq(&id))
        .filter(quote_reserves::used_at.is_null())
        .filter(quote_reserves::released_at.is_null())
        .filter(quote_reserves::expires_at.gt(now));
    let holder: Option<String> = diesel::update(unused)
        .set(quote_reserves::used_at.eq(now))
        .returning(quote_reserves::subject_key)
        .get_result(connection)
        .optional()?;
    let Some(holder) = holder else {
        let is_used = used_by(connection, quote)?.is_some();
        return Ok(End::Rollback(if is_used { QuoteUsed::Taken } else { QuoteUsed::Ended }));
    };
    add(connection, &holder, ALL, -1, 0)?;
    let decided = start::insert(connection, std::slice::from_ref(start))?;
    if let (Some((_, wanted)), Some(Some(decided))) = (&start.sharing, decided.first())
        && !decided.admits(*wanted)
    {
        return Ok(End::Rollback(QuoteUsed::NotAdmitted(*wanted)));
    }
    let transaction = start.transaction.id.to_string();
    diesel::insert_into(quote_uses::table)
        .values((
            quote_uses::quote_id.eq(&id),
            quote_uses::transaction_id.eq(&transaction),
            quote_uses::used_at.eq(now),
        ))
        .execute(connection)?;
    Ok(End::Commit(QuoteUsed::Used))
}

pub(super) fn used_by(connection: &mut AnyConnection, id: QuoteId) -> Result<Option<TransactionId>, Fault> {
    let id = id.to_string();
    let transaction: Option<String> = quote_uses::table
        .filter(quote_uses::quote_id.eq(&id))
        .select(quote_uses::transaction_id)
        .get_result(connection)
        .optional()?;
    let reader = Reader { table: "quote_uses", id: &id };
    transaction.map(|transaction| reader.parse("transaction_id", &transaction)).transpose()
}

pub(super) fn overdue(
    connection: &mut AnyConnection,
    now: NaiveDateTime,
    limit: u32,
) -> Result<Vec<QuoteId>, Fault> {
    let ids: Vec<String> = quote_reserves::table
        .filter(quote_reserves::released_at.is_null())
        .filter(quote_reserves::expires_at.le(now))
        .order((quote_reserves::expires_at, quote_reserves::quote_id))
        .limit(limit.min(LIST_MAX).into())
        .select(quote_reserves::quote_id)
        .load(connection)?;
    ids.iter().map(|id| Reader { table: "quote_reserves", id }.parse("quote_id", id)).collect()
}

pub(super) fn release(
    connection: &mut AnyConnection,
    id: QuoteId,
    now: NaiveDateTime,
) -> Result<bool, Fault> {
    let held = quote_reserves::table
        .filter(quote_reserves::quote_id.eq(id.to_string()))
        .filter(quote_reserves::released_at.is_null())
        .filter(quote_reserves::expires_at.le(now));
    let released: Option<(String, String, i64, Option<NaiveDateTime>)> = diesel::update(held)
        .set(quote_reserves::released_at.eq(now))
        .returning((
            quote_reserves::subject_key,
            quote_reserves::asset,
            quote_reserves::amount,
            quote_reserves::used_at,
        ))
        .get_result(connection)
        .optional()?;
    let Some((holder, asset, amount, used_at)) = released else { return Ok(false) };
    if used_at.is_none() {
        add(connection, &holder, ALL, -1, 0)?;
    }
    add(connection, &holder, &asset, 0, -amount)?;
    add(connection, ALL, &asset, 0, -amount)?;
    // a user who comes once leaves nothing behind
    let nothing = quote_sums::table
        .filter(quote_sums::holder.eq(&holder))
        .filter(quote_sums::asset.eq_any([ALL, asset.as_str()]))
        .filter(quote_sums::quotes.eq(0))
        .filter(quote_sums::reserved.eq(0));
    diesel::delete(nothing).execute(connection)?;
    Ok(true)
}

pub(super) fn reserved(connection: &mut AnyConnection, asset: &str) -> Result<i64, Fault> {
    let sum: Option<i64> = quote_sums::table
        .filter(quote_sums::holder.eq(ALL))
        .filter(quote_sums::asset.eq(asset))
        .select(quote_sums::reserved)
        .get_result(connection)
        .optional()?;
    Ok(sum.unwrap_or_default())
}

#[derive(Queryable)]
struct Sum {
    quotes: i64,
    reserved: i64,
}

/// Nobody else changes this sum until the end of the transaction.
fn lock(connection: &mut AnyConnection, holder: &str, asset: &str) -> Result<Sum, Fault> {
    let row = quote_sums::table.filter(quote_sums::holder.eq(holder)).filter(quote_sums::asset.eq(asset));
    let locked: Option<Sum> = diesel::update(row)
        // writes nothing new
        .set(quote_sums::quotes.eq(quote_sums::quotes))
        .returning((quote_sums::quotes, quote_sums::reserved))
        .get_result(connection)
        .optional()?;
    if let Some(locked) = locked {
        return Ok(locked);
    }
    diesel::insert_into(quote_sums::table)
        .values((
            quote_sums::holder.eq(holder),
            quote_sums::asset.eq(asset),
            quote_sums::quotes.eq(0),
            quote_sums::reserved.eq(0),
        ))
        .execute(connection)?;
    Ok(Sum { quotes: 0, reserved: 0 })
}

/// The schema refuses sums below zero.
fn add(
    connection: &mut AnyConnection,
    holder: &str,
    asset: &str,
    quotes: i64,
    reserved: i64,
) -> Result<(), Fault> {
    let row = quote_sums::table.filter(quote_sums::holder.eq(holder)).filter(quote_sums::asset.eq(asset));
    let changed = diesel::update(row)
        .set((
            quote_sums::quotes.eq(quote_sums::quotes + quotes),
            quote_sums::reserved.eq(quote_sums::reserved + reserved),
        ))
        .execute(connection)?;
    if changed == 1 { Ok(()) } else { Err(Fault::Corrupt("quote_sums: a sum is missing".to_owned())) }
}
