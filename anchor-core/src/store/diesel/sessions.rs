//! What can be used once or for a while: URL tokens, browser sessions, challenges. Only hashes are kept.

use chrono::NaiveDateTime;
use diesel::prelude::*;

use super::connection::AnyConnection;
use super::fault::Fault;
use super::pool::End;
use super::rows::codec::{Reader, free_text, time};
use super::schema::{sessions, url_tokens, used_challenges};
use crate::store::Session;

pub(super) struct NewSession {
    pub(super) url_token: String,
    pub(super) cookie: String,
    pub(super) csrf: String,
    pub(super) now: NaiveDateTime,
    pub(super) expires_at: NaiveDateTime,
}

pub(super) fn open(connection: &mut AnyConnection, new: &NewSession) -> Result<Option<Session>, Fault> {
    let unused = url_tokens::table
        .filter(url_tokens::hash.eq(&new.url_token))
        .filter(url_tokens::used_at.is_null())
        .filter(url_tokens::expires_at.gt(new.now));
    let transaction: Option<String> = diesel::update(unused)
        .set(url_tokens::used_at.eq(new.now))
        .returning(url_tokens::transaction_id)
        .get_result(connection)
        .optional()?;
    let Some(transaction) = transaction else { return Ok(None) };
    let csrf = free_text(&new.csrf);
    diesel::insert_into(sessions::table)
        .values((
            sessions::hash.eq(&new.cookie),
            sessions::transaction_id.eq(&transaction),
            sessions::csrf.eq(&csrf),
            sessions::expires_at.eq(new.expires_at),
        ))
        .execute(connection)?;
    read(&new.cookie, &transaction, csrf, new.expires_at).map(Some)
}

pub(super) fn fetch(
    connection: &mut AnyConnection,
    cookie: &str,
    now: NaiveDateTime,
) -> Result<Option<Session>, Fault> {
    let row: Option<(String, String, NaiveDateTime)> = sessions::table
        .filter(sessions::hash.eq(cookie))
        .filter(sessions::expires_at.gt(now))
        .select((sessions::transaction_id, sessions::csrf, sessions::expires_at))
        .first(connection)
        .optional()?;
    row.map(|(transaction, csrf, expires_at)| read(cookie, &transaction, csrf, expires_at)).transpose()
}

fn read(cookie: &str, transaction: &str, csrf: String, expires_at: NaiveDateTime) -> Result<Session, Fault> {
    let reader = Reader { table: "sessions", id: cookie.get(..8).unwrap_or_default() };
    let transaction = reader.parse("transaction_id", transaction)?;
    Ok(Session { transaction, csrf, expires_at: time(expires_at) })
}

/// One statement: the key itself says whether the challenge is new.
pub(super) fn challenge_use(
    connection: &mut AnyConnection,
    hash: &str,
    expires_at: NaiveDateTime,
) -> Result<End<bool>, Fault> {
    let inserted = diesel::insert_into(used_challenges::table)
        .values((used_challenges::hash.eq(hash), used_challenges::expires_at.eq(expires_at)))
        .execute(connection);
    match inserted.map_err(Fault::from) {
        Ok(_) => Ok(End::Commit(true)),
        Err(fault) if fault.unique_violation().is_some() => Ok(End::Rollback(false)),
        Err(fault) => Err(fault),
    }
}

pub(super) fn expired_delete(connection: &mut AnyConnection, now: NaiveDateTime) -> Result<u64, Fault> {
    let ended = url_tokens::used_at.is_not_null().or(url_tokens::expires_at.le(now));
    let tokens = diesel::delete(url_tokens::table.filter(ended)).execute(connection)?;
    let sessions =
        diesel::delete(sessions::table.filter(sessions::expires_at.le(now))).execute(connection)?;
    let challenges = diesel::delete(used_challenges::table.filter(used_challenges::expires_at.le(now)))
        .execute(connection)?;
    Ok([tokens, sessions, challenges].into_iter().filter_map(|count| u64::try_from(count).ok()).sum())
}
