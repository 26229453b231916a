//! What can be used once or for a while: URL tokens, browser sessions, challenges. Only hashes are kept.

use std::collections::HashSet;

use chrono::NaiveDateTime;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::sql_types::{Text, Timestamp};

use super::connection::{AnyBackend, AnyConnection};
use super::fault::Fault;
use super::rows::codec::{Reader, free_text, time};
use super::schema::{sessions, url_tokens, used_challenges};
use super::{answers, customer_codes, customer_files, documents};
use crate::store::{Callbacks, Session};

pub(super) struct NewSession {
    pub(super) url_token: String,
    pub(super) cookie: String,
    pub(super) csrf: String,
    pub(super) callbacks: Callbacks,
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
    let session = read(&new.cookie, &transaction, csrf, new.expires_at)?;
    if new.callbacks != Callbacks::default() {
        documents::callbacks_insert(connection, session.transaction, &new.callbacks)?;
    }
    Ok(Some(session))
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

/// A challenge that was answered: its hash, and how long that is remembered.
pub(super) type UsedChallenge = (String, NaiveDateTime);

/// Which of them are used for the first time; of equal ones, the first.
pub(super) fn challenges_use(
    connection: &mut AnyConnection,
    used: &[UsedChallenge],
) -> Result<Vec<bool>, Fault> {
    // in the order of their keys: two processes that wait for each other's rows would wait for ever
    let mut rows: Vec<&UsedChallenge> = used.iter().collect();
    rows.sort_unstable();
    rows.dedup_by(|(one, _), (other, _)| one == other);
    let mut new: HashSet<String> = InsertChallenges { rows }.load(connection)?.into_iter().collect();
    Ok(used.iter().map(|(hash, _)| new.remove(hash)).collect())
}

/// One statement for all: the keys themselves say which challenges are new. Diesel writes no ON CONFLICT for two
/// databases.
///
/// To be run inside a transaction: what PostgreSQL says after the rows, when it commits by itself, diesel does not hear.
struct InsertChallenges<'a> {
    rows: Vec<&'a UsedChallenge>,
}

impl QueryFragment<AnyBackend> for InsertChallenges<'_> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, AnyBackend>) -> QueryResult<()> {
        out.push_sql("INSERT INTO used_challenges (hash, expires_at) VALUES ");
        for (number, (hash, expires_at)) in self.rows.iter().enumerate() {
            out.push_sql(if number == 0 { "(" } else { ", (" });
            out.push_bind_param::<Text, _>(hash)?;
            out.push_sql(", ");
            out.push_bind_param::<Timestamp, _>(expires_at)?;
            out.push_sql(")");
        }
        out.push_sql(" ON CONFLICT DO NOTHING RETURNING hash");
        Ok(())
    }
}

impl QueryId for InsertChallenges<'_> {
    type QueryId = ();
    // the text depends on how many rows there are
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl Query for InsertChallenges<'_> {
    type SqlType = Text;
}

impl RunQueryDsl<AnyConnection> for InsertChallenges<'_> {}

pub(super) fn expired_delete(connection: &mut AnyConnection, now: NaiveDateTime) -> Result<u64, Fault> {
    let ended = url_tokens::used_at.is_not_null().or(url_tokens::expires_at.le(now));
    let tokens = diesel::delete(url_tokens::table.filter(ended)).execute(connection)?;
    let sessions =
        diesel::delete(sessions::table.filter(sessions::expires_at.le(now))).execute(connection)?;
    let challenges = diesel::delete(used_challenges::table.filter(used_challenges::expires_at.le(now)))
        .execute(connection)?;
    let codes = customer_codes::delete_old(connection, now)?;
    let files = customer_files::delete_old(connection, now)?;
    let answers = answers::delete_forgotten(connection)?;
    Ok([tokens, sessions, challenges, codes, files, answers]
        .into_iter()
        .filter_map(|count| u64::try_from(count).ok())
        .sum())
}
