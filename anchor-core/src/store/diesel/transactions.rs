//! Transactions: find, list, count.

use std::collections::{BTreeMap, HashMap};

use chrono::NaiveDateTime;
use diesel::connection::DefaultLoadingMode;
use diesel::dsl::{count_star, min};
use diesel::prelude::*;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::sql_types::BigInt;

use super::connection::{AnyBackend, AnyConnection};
use super::fault::Fault;
use super::rows::codec::{indexed_text, stamp, time, to_word};
use super::rows::transaction::{TransactionColumns, TransactionRow};
use super::schema::{receiving_memos, transactions};
use crate::id::TransactionId;
use crate::memo::Memo;
use crate::store::{StateCount, TransactionFilter, TransactionLookup};
use crate::transaction::{Protocol, State, Transaction};

/// Most transactions of one list.
const LIST_MAX: u32 = 200;

/// The row that a query finds. Not boxed where that is possible, for then diesel knows the statement without writing
/// it down. Not `first`: SQLite plans a statement anew each time that a parameter of its LIMIT is bound.
macro_rules! one {
    ($connection:expr, $query:expr) => {{
        let row: Option<TransactionRow> =
            $query.select(TransactionColumns).get_result($connection).optional()?;
        row.map(TransactionRow::read).transpose()
    }};
}

/// Most memos asked for in one query.
const MEMOS_CHUNK: usize = 500;

type Boxed<'a> = transactions::BoxedQuery<'a, AnyBackend>;

pub(super) fn fetch(connection: &mut AnyConnection, id: TransactionId) -> Result<Option<Transaction>, Fault> {
    one!(connection, transactions::table.filter(transactions::id.eq(id.to_string())))
}

pub(super) fn find(
    connection: &mut AnyConnection,
    subject: &str,
    protocol: Protocol,
    lookup: &TransactionLookup,
) -> Result<Option<Transaction>, Fault> {
    if lookup.id.is_none() && lookup.stellar.is_none() && lookup.external.is_none() {
        return Ok(None);
    }
    let of_user = transactions::table
        .filter(transactions::subject_key.eq(subject))
        .filter(transactions::protocol.eq(to_word(&protocol)?));
    // by far the most frequent question; and an id names one row at most
    if let TransactionLookup { id: Some(id), stellar: None, external: None } = lookup {
        return one!(connection, of_user.filter(transactions::id.eq(id.to_string())));
    }
    let mut query = of_user.into_boxed();
    if let Some(id) = lookup.id {
        query = query.filter(transactions::id.eq(id.to_string()));
    }
    if let Some(hash) = lookup.stellar {
        query = query.filter(transactions::stellar_transaction_id.eq(hash.to_string()));
    }
    if let Some(reference) = &lookup.external {
        query = query.filter(transactions::external_transaction_id.eq(indexed_text(reference)));
    }
    if lookup.id.is_some() { one!(connection, query) } else { one!(connection, newest_first(query).limit(1)) }
}

pub(super) fn list(
    connection: &mut AnyConnection,
    filter: &TransactionFilter,
) -> Result<Vec<Transaction>, Fault> {
    let mut query = newest_first(filtered(filter)?);
    if let Some(state) = filter.state {
        query = query.filter(transactions::state.eq(state));
    }
    if let Some(before) = filter.before {
        let before = before.to_string();
        let started_at: Option<NaiveDateTime> = filtered(filter)?
            .filter(transactions::id.eq(before.clone()))
            .select(transactions::started_at)
            .first(connection)
            .optional()?;
        let Some(started_at) = started_at else { return Ok(Vec::new()) };
        // the first condition alone lets the index find the place
        query = query.filter(
            transactions::started_at
                .le(started_at)
                .and(transactions::started_at.lt(started_at).or(transactions::id.lt(before))),
        );
    }
    let limit = filter.limit.unwrap_or(LIST_MAX).min(LIST_MAX);
    let query = AtMost { query: query.select(TransactionColumns), limit: i64::from(limit) };
    let mut found = Vec::new();
    // row by row: none is kept twice
    for row in query.load_iter::<TransactionRow, DefaultLoadingMode>(connection)? {
        found.push(row?.read()?);
    }
    Ok(found)
}

/// A query with a LIMIT that SQLite keeps a plan for: where a parameter is the whole of it, the statement is planned
/// anew each time that the parameter is bound.
struct AtMost<Q> {
    query: Q,
    limit: i64,
}

impl<Q: QueryFragment<AnyBackend>> QueryFragment<AnyBackend> for AtMost<Q> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, AnyBackend>) -> QueryResult<()> {
        self.query.walk_ast(out.reborrow())?;
        out.push_sql(" LIMIT (");
        out.push_bind_param::<BigInt, _>(&self.limit)?;
        out.push_sql(" + 0)");
        Ok(())
    }
}

impl<Q> QueryId for AtMost<Q> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<Q: Query> Query for AtMost<Q> {
    type SqlType = Q::SqlType;
}

impl<Q> RunQueryDsl<AnyConnection> for AtMost<Q> {}

pub(super) fn by_memo(
    connection: &mut AnyConnection,
    account: &str,
    memo: (String, String),
) -> Result<Option<Transaction>, Fault> {
    let row: Option<TransactionRow> = receiving_memos::table
        .inner_join(transactions::table)
        .filter(receiving_memos::account.eq(account))
        .filter(receiving_memos::memo_type.eq(memo.0))
        .filter(receiving_memos::memo.eq(memo.1))
        .select(TransactionColumns)
        .first(connection)
        .optional()?;
    row.map(TransactionRow::read).transpose()
}

pub(super) fn by_memos(
    connection: &mut AnyConnection,
    account: &str,
    memos: &[Memo],
) -> Result<HashMap<Memo, Transaction>, Fault> {
    let mut wanted: BTreeMap<String, BTreeMap<String, &Memo>> = BTreeMap::new();
    for memo in memos {
        let (kind, text) = memo.to_storage();
        wanted.entry(kind).or_default().insert(text, memo);
    }
    let mut found = HashMap::new();
    for (kind, memos) in &wanted {
        let texts: Vec<&String> = memos.keys().collect();
        for chunk in texts.chunks(MEMOS_CHUNK) {
            let rows: Vec<(String, TransactionRow)> = receiving_memos::table
                .inner_join(transactions::table)
                .filter(receiving_memos::account.eq(account))
                .filter(receiving_memos::memo_type.eq(kind))
                .filter(receiving_memos::memo.eq_any(chunk.iter().copied()))
                .select((receiving_memos::memo, TransactionColumns))
                .load(connection)?;
            for (text, row) in rows {
                if let Some(memo) = memos.get(&text) {
                    found.insert((*memo).clone(), row.read()?);
                }
            }
        }
    }
    Ok(found)
}

pub(super) fn count(connection: &mut AnyConnection) -> Result<Vec<StateCount>, Fault> {
    let rows: Vec<(String, i64, Option<NaiveDateTime>)> = transactions::table
        .filter(transactions::state.eq_any(State::OPEN))
        .group_by(transactions::state)
        .select((transactions::state, count_star(), min(transactions::updated_at)))
        .order(transactions::state)
        .load(connection)?;
    let counts = rows.into_iter().map(|(state, count, oldest)| StateCount {
        state,
        count: u64::try_from(count).unwrap_or_default(),
        oldest: oldest.map(time),
    });
    Ok(counts.collect())
}

pub(super) fn count_ended(connection: &mut AnyConnection) -> Result<Vec<StateCount>, Fault> {
    let rows: Vec<(String, i64)> = transactions::table
        .filter(transactions::state.eq_any(State::ENDED))
        .group_by(transactions::state)
        .select((transactions::state, count_star()))
        .order(transactions::state)
        .load(connection)?;
    let counts = rows.into_iter().map(|(state, count)| StateCount {
        state,
        count: u64::try_from(count).unwrap_or_default(),
        oldest: None,
    });
    Ok(counts.collect())
}

fn newest_first(query: Boxed<'_>) -> Boxed<'_> {
    query.order((transactions::started_at.desc(), transactions::id.desc()))
}

fn filtered(filter: &TransactionFilter) -> Result<Boxed<'static>, Fault> {
    let mut query = transactions::table.into_boxed();
    if let Some(subject) = &filter.subject {
        query = query.filter(transactions::subject_key.eq(subject.clone()));
    }
    if let Some(protocol) = &filter.protocol {
        query = query.filter(transactions::protocol.eq(to_word(protocol)?));
    }
    if let Some(asset) = &filter.asset {
        query = query.filter(transactions::asset.eq(asset.to_string()));
    }
    if !filter.variants.is_empty() {
        let words: Vec<&str> = filter.variants.iter().map(|variant| variant.as_str()).collect();
        query = query.filter(transactions::variant.eq_any(words));
    }
    if let Some(hash) = filter.stellar {
        query = query.filter(transactions::stellar_transaction_id.eq(hash.to_string()));
    }
    if let Some(reference) = &filter.external {
        query = query.filter(transactions::external_transaction_id.eq(indexed_text(reference)));
    }
    if let Some(at) = filter.no_older_than {
        query = query.filter(transactions::started_at.ge(stamp(at)));
    }
    Ok(query)
}
