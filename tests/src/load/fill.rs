//! Fills an anchor's database: one deposit goes its whole way, and is copied for a thousand accounts.

use std::time::Duration;

use anchor_core::keys::SigningKey;
use anyhow::{Context as _, Result, bail};
use demo_wallet::anchor::{AnchorClient, Kind};
use demo_wallet::ledger::Account;
use demo_wallet::{auth, pages};
use diesel::connection::SimpleConnection as _;
use diesel::{Connection as _, PgConnection, SqliteConnection};

use crate::anchor_process::AnchorProgram;

/// Rows of each account.
pub(super) const ROWS_OF_ACCOUNT: usize = 100;
/// Accounts with rows.
const ACCOUNTS: usize = 1_000;
/// Between two looks.
const PAUSE: Duration = Duration::from_millis(100);
const DEPOSIT_MAX: Duration = Duration::from_secs(120);

/// Makes a deposit with the example's own wallet and waits until it is completed.
pub(super) async fn deposit(anchor: &AnchorProgram) -> Result<String> {
    let client = AnchorClient::discover(&anchor.url, "TEST", None).await?;
    let account = Account::with_key(SigningKey::generate(), &client.toml).await?;
    account.trust(&client.toml.asset).await?;
    let token = auth::authenticate(&client, &account.key).await?;
    let amount = "100".parse()?;
    let started = client.start(Kind::Deposit, &token, &account.key.account(), amount).await?;
    pages::fill(&started.url, amount).await?;
    let completed = async {
        loop {
            let transaction = client.transaction(&token, &started.id).await?;
            match transaction.status.as_str() {
                "completed" => return anyhow::Ok(()),
                "error" | "expired" => bail!("the deposit ended as {}", transaction.status),
                _ => tokio::time::sleep(PAUSE).await,
            }
        }
    };
    tokio::time::timeout(DEPOSIT_MAX, completed).await.context("the deposit is not completed")??;
    Ok(started.id)
}

/// The id of an account's row.
pub(super) fn row_id(account: usize, row: usize) -> String {
    format!("{row:08x}-0000-7000-8000-{account:012x}")
}

/// Copies the transaction: `accounts` and so many others get a hundred each, started one second after the other.
pub(super) fn copy(url: &str, template: &str, accounts: &[String]) -> Result<()> {
    let others = (accounts.len()..ACCOUNTS).map(|_| SigningKey::generate().account().to_string());
    let accounts: Vec<String> = accounts.iter().cloned().chain(others).collect();
    let accounts =
        values(accounts.iter().enumerate().map(|(number, account)| format!("({number}, '{account}')")));
    let begin = chrono::Utc::now() - chrono::TimeDelta::hours(1);
    let rows = values((0..ROWS_OF_ACCOUNT).map(|row| {
        let at = begin + chrono::TimeDelta::seconds(i64::try_from(row).unwrap_or_default());
        format!("({row}, '{}')", at.format("%Y-%m-%d %H:%M:%S%.6f"))
    }));
    let sql = |id: &str, at: &str| {
        format!(
            "CREATE TEMPORARY TABLE load_accounts (number INTEGER, account TEXT); \
             INSERT INTO load_accounts VALUES {accounts}; \
             CREATE TEMPORARY TABLE load_rows (number INTEGER, at TEXT); \
             INSERT INTO load_rows VALUES {rows}; \
             INSERT INTO transactions (id, subject_key, subject, started_at, {SAME}) \
             SELECT {id}, a.account, a.account, {at}, {SAME} \
             FROM transactions AS t, load_accounts AS a, load_rows AS r WHERE t.id = '{template}'; \
             DROP TABLE load_accounts; DROP TABLE load_rows"
        )
    };
    if let Some(path) = url.strip_prefix("sqlite://") {
        let id = "printf('%08x-0000-7000-8000-%012x', r.number, a.number)";
        SqliteConnection::establish(path)?.batch_execute(&format!("BEGIN; {}; COMMIT", sql(id, "r.at")))?;
    } else {
        let id = "lpad(to_hex(r.number), 8, '0') || '-0000-7000-8000-' || lpad(to_hex(a.number), 12, '0')";
        let sql = sql(id, "CAST(r.at AS TIMESTAMP)");
        // as its own housekeeping would after so many rows
        PgConnection::establish(url)?.batch_execute(&format!("{sql}; ANALYZE"))?;
    }
    Ok(())
}

/// What all copies share.
const SAME: &str = "version, kind, protocol, state, state_data, queue, due_at, deadline, client_domain, asset, \
     off_chain_asset, request, terms, amounts, receipt, refunds, stellar_transaction_id, external_transaction_id, \
     claimable_balance_id, message, updated_at, completed_at, variant";

fn values(rows: impl Iterator<Item = String>) -> String {
    rows.collect::<Vec<_>>().join(", ")
}
