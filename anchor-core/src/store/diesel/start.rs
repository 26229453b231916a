//! New transactions, many in one commit.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, NaiveDateTime, Utc};
use diesel::prelude::*;

use super::bulk::{in_columns, insert_all};
use super::changes::memo_reserve;
use super::connection::AnyConnection;
use super::fault::Fault;
use super::rows::codec::{Reader, hex32, stamp};
use super::rows::transaction::TransactionRow;
use super::schema::{account_sharing, transactions, url_tokens};
use crate::account::Sharing;
use crate::transaction::Transaction;

/// A transaction to insert.
pub(super) struct Start {
    pub(super) transaction: Transaction,
    /// Its hash, and when it ends.
    pub(super) url_token: Option<([u8; 32], DateTime<Utc>)>,
    /// Inserted only if the account is used so.
    pub(super) sharing: Option<(String, Sharing)>,
}

#[derive(Debug, Insertable)]
#[diesel(table_name = url_tokens, treat_none_as_default_value = false)]
struct UrlTokenRow {
    hash: String,
    transaction_id: String,
    expires_at: NaiveDateTime,
}

in_columns!(UrlTokenRow of "url_tokens": hash, transaction_id, expires_at);

#[derive(Debug, Insertable)]
#[diesel(table_name = account_sharing, treat_none_as_default_value = false)]
struct SharingRow {
    account: String,
    sharing: String,
}

in_columns!(SharingRow of "account_sharing": account, sharing);

/// Answers each how its account is used, if that was asked.
pub(super) fn insert(
    connection: &mut AnyConnection,
    starts: &[Start],
) -> Result<Vec<Option<Sharing>>, Fault> {
    let decided = decide(connection, starts)?;
    let is_admitted = |(start, decided): &(&Start, &Option<Sharing>)| match (&start.sharing, decided) {
        (Some((_, wanted)), Some(decided)) => decided.admits(*wanted),
        _ => true,
    };
    let admitted: Vec<&Start> =
        starts.iter().zip(&decided).filter(is_admitted).map(|(start, _)| start).collect();
    let row = |start: &&Start| TransactionRow::new(&start.transaction, start.transaction.started_at);
    let rows: Vec<TransactionRow> = admitted.iter().map(row).collect::<Result<_, Fault>>()?;
    insert_all!(connection, transactions::table, rows);
    for Start { transaction, .. } in &admitted {
        if let Some(receiving) = transaction.receiving() {
            memo_reserve(connection, transaction.id, receiving)?;
        }
    }
    let token = |start: &&Start| {
        start.url_token.map(|(hash, expires_at)| UrlTokenRow {
            hash: hex32(&hash),
            transaction_id: start.transaction.id.to_string(),
            expires_at: stamp(expires_at),
        })
    };
    let tokens: Vec<UrlTokenRow> = admitted.iter().filter_map(token).collect();
    insert_all!(connection, url_tokens::table, tokens);
    Ok(decided)
}

/// How each account is used: as it was decided before, or as the first one wants.
fn decide(connection: &mut AnyConnection, starts: &[Start]) -> Result<Vec<Option<Sharing>>, Fault> {
    let accounts: BTreeSet<&str> = starts.iter().filter_map(Start::account).collect();
    if accounts.is_empty() {
        return Ok(vec![None; starts.len()]);
    }
    let known: Vec<(String, String)> = account_sharing::table
        .filter(account_sharing::account.eq_any(accounts))
        .select((account_sharing::account, account_sharing::sharing))
        .load(connection)?;
    let read = |(account, word): &(String, String)| {
        let sharing = Reader { table: "account_sharing", id: account }.parse("sharing", word)?;
        Ok((account.clone(), sharing))
    };
    let mut uses: BTreeMap<String, Sharing> = known.iter().map(read).collect::<Result<_, Fault>>()?;
    let mut first = Vec::new();
    for (account, wanted) in starts.iter().filter_map(|start| start.sharing.as_ref()) {
        if !uses.contains_key(account) {
            uses.insert(account.clone(), *wanted);
            first.push(SharingRow { account: account.clone(), sharing: wanted.as_str().to_owned() });
        }
    }
    insert_all!(connection, account_sharing::table, first);
    Ok(starts.iter().map(|start| start.account().and_then(|account| uses.get(account).copied())).collect())
}

impl Start {
    fn account(&self) -> Option<&str> {
        self.sharing.as_ref().map(|(account, _)| account.as_str())
    }
}
