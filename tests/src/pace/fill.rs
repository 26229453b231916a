//! Fills an anchor's books: one transaction is made as always, and copied.

use anchor_core::memo::Memo;
use anchor_core::testing::fakes::samples;
use anchor_core::transaction::Transaction;
use anyhow::Result;

use super::rows;

/// The template's memo, replaced by each copy's own; no number within a copy looks like it.
const MARKER: u64 = 7_777_777_777;

/// What the template has for a memo.
pub(super) const fn marker() -> Memo {
    Memo::Id(MARKER)
}

/// Copies a deposit until there are so many, for these users in turns; the first one is the template's.
pub(super) fn deposits(url: &str, template: &Transaction, users: &[String], count: u32) -> Result<()> {
    let request = format!(
        "replace(replace(t.request, '{}', u.account), '{MARKER}', CAST(n.number AS TEXT))",
        samples::user().account()
    );
    rows::execute(
        url,
        &format!(
            "{}; {}; DROP TABLE pace_users",
            table_of(users),
            copies(url, template, count, users.len(), &request, "t.terms")
        ),
    )
}

/// Copies a withdrawal until there are so many, under the memos from 1 on (the template keeps its own).
pub(super) fn withdrawals(url: &str, template: &Transaction, users: &[String], count: u32) -> Result<()> {
    let terms = format!("replace(t.terms, '{MARKER}', CAST(n.number AS TEXT))");
    let account = samples::distribution().account();
    rows::execute(
        url,
        &format!(
            "{}; {}; DROP TABLE pace_users; \
             WITH RECURSIVE n (number) AS (SELECT 1 UNION ALL SELECT number + 1 FROM n WHERE number < {}) \
             INSERT INTO receiving_memos (account, memo_type, memo, transaction_id) \
             SELECT '{account}', 'id', CAST(n.number AS TEXT), {} FROM n",
            table_of(users),
            copies(url, template, count, users.len(), "t.request", &terms),
            count.saturating_sub(1).max(1),
            id(url),
        ),
    )
}

fn table_of(users: &[String]) -> String {
    let users: Vec<String> =
        users.iter().enumerate().map(|(number, account)| format!("({number}, '{account}')")).collect();
    format!(
        "CREATE TEMPORARY TABLE pace_users (number INTEGER PRIMARY KEY, account TEXT); \
         INSERT INTO pace_users VALUES {}",
        users.join(", ")
    )
}

/// Copies numbered from 1, one less than `count`.
fn copies(url: &str, template: &Transaction, count: u32, users: usize, request: &str, terms: &str) -> String {
    format!(
        "INSERT INTO transactions (id, subject_key, subject, request, terms, {SAME}) \
         WITH RECURSIVE n (number) AS (SELECT 1 UNION ALL SELECT number + 1 FROM n WHERE number < {}) \
         SELECT {}, u.account, u.account, {request}, {terms}, {SAME} \
         FROM n JOIN pace_users AS u ON u.number = n.number % {users} JOIN transactions AS t ON t.id = '{}'",
        count.saturating_sub(1).max(1),
        id(url),
        template.id,
    )
}

/// The id of a copy.
fn id(url: &str) -> &'static str {
    if rows::is_file(url) {
        "printf('%08x-0000-7000-8000-000000000000', n.number)"
    } else {
        "lpad(to_hex(n.number), 8, '0') || '-0000-7000-8000-000000000000'"
    }
}

/// What all copies share.
const SAME: &str = "version, kind, protocol, state, state_data, queue, due_at, deadline, client_domain, asset, \
     off_chain_asset, amounts, receipt, refunds, stellar_transaction_id, external_transaction_id, \
     claimable_balance_id, message, started_at, updated_at, completed_at, variant";
