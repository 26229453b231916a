//! What the schema itself guards, and that both databases have the same one.

use std::collections::BTreeSet;
use std::time::Duration;

use anchor_core::id::{IdSource as _, SequentialIds, TransactionId};
use anchor_core::store::diesel::DieselStore;
use anchor_core::store::{Callbacks, Claim, Store as _, StoreError};
use anchor_core::testing::fakes::samples;
use anchor_core::transaction::Kind;
use anchor_tests::database::TestDatabase;
use anchor_tests::on_each_database;
use anyhow::{Context as _, Result};
use diesel::connection::SimpleConnection as _;
use diesel::prelude::*;
use diesel::sql_types::Text;

#[derive(QueryableByName)]
struct Line {
    #[diesel(sql_type = Text)]
    line: String,
}

/// As an operator would, past the store.
pub(super) fn execute(database: &TestDatabase, sql: &str) -> QueryResult<()> {
    match database {
        TestDatabase::Sqlite { url, .. } => sqlite(url).batch_execute(sql),
        TestDatabase::Postgres(database) => postgres(database.url()).batch_execute(sql),
    }
}

pub(super) fn lines(
    database: &TestDatabase,
    sqlite_query: &str,
    postgres_query: &str,
) -> Result<BTreeSet<String>> {
    let lines: Vec<Line> = match database {
        TestDatabase::Sqlite { url, .. } => diesel::sql_query(sqlite_query).load(&mut sqlite(url))?,
        TestDatabase::Postgres(database) => {
            diesel::sql_query(postgres_query).load(&mut postgres(database.url()))?
        }
    };
    Ok(lines.into_iter().map(|line| line.line).collect())
}

fn sqlite(url: &str) -> SqliteConnection {
    let mut connection = SqliteConnection::establish(url).expect("the file is there");
    let setup = "PRAGMA busy_timeout = 5000; PRAGMA foreign_keys = ON";
    connection.batch_execute(setup).expect("pragmas never fail");
    connection
}

fn postgres(url: &str) -> PgConnection {
    PgConnection::establish(url).expect("the server is there")
}

async fn migrated(database: &TestDatabase) -> Result<DieselStore> {
    let store = DieselStore::open(database.url())?;
    store.migrate().await?;
    Ok(store)
}

async fn with_transaction(database: &TestDatabase) -> Result<(DieselStore, TransactionId)> {
    let store = migrated(database).await?;
    store.asset_put(&samples::asset()).await?;
    let id = TransactionId::new(SequentialIds::default().next());
    store.transaction_insert(&samples::withdrawal(id, "10"), None).await?;
    Ok((store, id))
}

/// The migration that makes the table of transactions anew.
const REBUILT: &str = "20261127080000";

/// The migration that makes the table of payments anew.
const REBUILT_PAYMENTS: &str = "20261128015000";

/// All migrations, the last one first.
fn down(database: &TestDatabase) -> Result<Vec<std::fs::DirEntry>> {
    let folder = match database {
        TestDatabase::Sqlite { .. } => "sqlite",
        TestDatabase::Postgres(_) => "postgres",
    };
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../migrations").join(folder);
    let mut down: Vec<_> = std::fs::read_dir(folder)?.collect::<Result<_, _>>()?;
    down.sort_by_key(|entry| std::cmp::Reverse(entry.file_name()));
    Ok(down)
}

/// A promise for a minute.
const QUOTE: &str = "INSERT INTO quotes VALUES ('q', 'u', 'sep24', 'iso4217:BRL', 'stellar:native', '{}',
    '2026-01-01 00:00:00', '2026-01-01 00:01:00')";

/// `table.column type null?`, with PostgreSQL's richer types as SQLite keeps them.
pub(super) const SQLITE_COLUMNS: &str = r#"
    SELECT t.name || '.' || c.name || ' ' || c.type || CASE c."notnull" WHEN 1 THEN ' not null' ELSE '' END
        || CASE WHEN c.pk > 0 THEN ' key ' || c.pk ELSE '' END AS line
    FROM sqlite_schema t JOIN pragma_table_info(t.name) c
    WHERE t.type = 'table' AND t.name NOT LIKE '\_\_%' ESCAPE '\' AND t.name NOT LIKE 'sqlite\_%' ESCAPE '\'"#;

pub(super) const POSTGRES_COLUMNS: &str = r#"
    SELECT c.table_name || '.' || c.column_name || ' '
        || CASE c.data_type WHEN 'bigint' THEN 'INTEGER' WHEN 'boolean' THEN 'INTEGER' WHEN 'text' THEN 'TEXT'
           WHEN 'timestamp without time zone' THEN 'TEXT' ELSE c.data_type END
        || CASE c.is_nullable WHEN 'NO' THEN ' not null' ELSE '' END
        || COALESCE(' key ' || k.ordinal_position, '') AS line
    FROM information_schema.columns c
    LEFT JOIN information_schema.table_constraints p
        ON p.table_name = c.table_name AND p.table_schema = c.table_schema AND p.constraint_type = 'PRIMARY KEY'
    LEFT JOIN information_schema.key_column_usage k
        ON k.constraint_name = p.constraint_name AND k.table_name = c.table_name
        AND k.column_name = c.column_name
    WHERE c.table_schema = 'public' AND c.table_name NOT LIKE '\_\_%'"#;

/// `table (columns) unique? partial? name`; indexes that belong to a constraint have no name of ours.
const SQLITE_INDEXES: &str = r#"
    SELECT t.name || ' (' || (SELECT group_concat(name, ', ') FROM
            (SELECT name FROM pragma_index_info(i.name) ORDER BY seqno)) || ')'
        || CASE i."unique" WHEN 1 THEN ' unique' ELSE '' END
        || CASE i.partial WHEN 1 THEN ' partial' ELSE '' END
        || CASE i.origin WHEN 'c' THEN ' ' || i.name ELSE '' END AS line
    FROM sqlite_schema t JOIN pragma_index_list(t.name) i
    WHERE t.type = 'table' AND t.name NOT LIKE '\_\_%' ESCAPE '\'"#;

const POSTGRES_INDEXES: &str = r#"
    SELECT t.relname || ' (' || (SELECT string_agg(trim('"' FROM pg_get_indexdef(i.indexrelid, n, true)), ', ' ORDER BY n)
            FROM generate_series(1, i.indnatts) n) || ')'
        || CASE WHEN i.indisunique THEN ' unique' ELSE '' END
        || CASE WHEN i.indpred IS NOT NULL THEN ' partial' ELSE '' END
        || CASE WHEN EXISTS (SELECT 1 FROM pg_constraint k WHERE k.conindid = i.indexrelid AND k.contype IN ('p', 'u'))
           THEN '' ELSE ' ' || x.relname END AS line
    FROM pg_index i JOIN pg_class t ON t.oid = i.indrelid JOIN pg_class x ON x.oid = i.indexrelid
    JOIN pg_namespace s ON s.oid = t.relnamespace
    WHERE s.nspname = 'public' AND t.relname NOT LIKE '\_\_%'"#;

/// `table.column -> table.column`
const SQLITE_REFERENCES: &str = r#"
    SELECT t.name || '.' || f."from" || ' -> ' || f."table" || '.' || f."to" AS line
    FROM sqlite_schema t JOIN pragma_foreign_key_list(t.name) f WHERE t.type = 'table'"#;

const POSTGRES_REFERENCES: &str = r#"
    SELECT f.conrelid::regclass || '.' || a.attname || ' -> ' || f.confrelid::regclass || '.' || b.attname AS line
    FROM pg_constraint f
    JOIN pg_attribute a ON a.attrelid = f.conrelid AND a.attnum = f.conkey[1]
    JOIN pg_attribute b ON b.attrelid = f.confrelid AND b.attnum = f.confkey[1]
    WHERE f.contype = 'f'"#;

const SQLITE_TRIGGERS: &str =
    "SELECT tbl_name || ' ' || name AS line FROM sqlite_schema WHERE type = 'trigger'";
const POSTGRES_TRIGGERS: &str =
    "SELECT tgrelid::regclass || ' ' || tgname AS line FROM pg_trigger WHERE NOT tgisinternal";

#[tokio::test]
async fn both_databases_have_the_same_schema() -> Result<()> {
    let Some(other) = TestDatabase::postgres() else { return Ok(()) };
    let one = TestDatabase::sqlite();
    migrated(&one).await?;
    migrated(&other).await?;
    for (what, on_sqlite, on_postgres) in [
        ("columns", SQLITE_COLUMNS, POSTGRES_COLUMNS),
        ("indexes", SQLITE_INDEXES, POSTGRES_INDEXES),
        ("references", SQLITE_REFERENCES, POSTGRES_REFERENCES),
        ("triggers", SQLITE_TRIGGERS, POSTGRES_TRIGGERS),
    ] {
        let one = lines(&one, on_sqlite, on_postgres)?;
        let other = lines(&other, on_sqlite, on_postgres)?;
        assert!(one.len() >= 5, "{what}: {one:?}");
        let difference: Vec<_> = one.symmetric_difference(&other).collect();
        assert!(difference.is_empty(), "{what}: {difference:#?}");
    }
    Ok(())
}

on_each_database! {
    async fn migrations_can_be_taken_back(database: TestDatabase) -> Result<()> {
        let store = migrated(&database).await?;
        let down = down(&database)?;
        for entry in &down {
            execute(&database, &std::fs::read_to_string(entry.path().join("down.sql"))?)?;
        }
        execute(&database, "DELETE FROM __diesel_schema_migrations")?;
        assert_eq!(store.pending_migrations().await?.len(), down.len());
        assert_eq!(store.migrate().await?.len(), down.len());
        store.asset_put(&samples::asset()).await?;
        Ok(())
    }

    /// SQLite makes the table of transactions anew, to which most others refer.
    async fn migrations_keep_transactions_and_what_refers_to_them(database: TestDatabase) -> Result<()> {
        let (store, id) = with_transaction(&database).await?;
        let callbacks =
            Callbacks { on_change: Some("https://wallet.example/".to_owned()), ..Callbacks::default() };
        store.callbacks_put(id, &callbacks).await?;
        let before = store.transaction_fetch(id).await?;
        for entry in down(&database)?.iter().filter(|entry| entry.file_name() >= *REBUILT) {
            let sql = std::fs::read_to_string(entry.path().join("down.sql"))?;
            execute(&database, &format!("BEGIN; {sql}; COMMIT"))?;
        }
        execute(&database, &format!("DELETE FROM __diesel_schema_migrations WHERE version >= '{REBUILT}'"))?;
        assert!(!store.migrate().await?.is_empty());
        assert!(before.is_some());
        assert_eq!(store.transaction_fetch(id).await?, before);
        assert_eq!(store.callbacks_fetch(id).await?, callbacks);
        Ok(())
    }

    /// SQLite makes the payments anew and gives attempts another purpose.
    async fn migrations_keep_payments_and_attempts(database: TestDatabase) -> Result<()> {
        let (store, id) = with_transaction(&database).await?;
        execute(&database, "INSERT INTO watches (account, lease_token) VALUES ('G', 0)")?;
        for (number, purpose, suspense, settled) in [
            ("1", "payment", "NULL", "NULL, NULL".to_owned()),
            ("2", "create_account", "'unmatched'", "NULL, NULL".to_owned()),
            ("3", "refund", "'overpaid'", format!("'{id}', '2026-01-01 00:00:00'")),
            ("4", "channels", "'late'", "NULL, NULL".to_owned()),
        ] {
            let to = if suspense == "NULL" { format!("'{id}'") } else { "NULL".to_owned() };
            execute(&database, &format!(
                "INSERT INTO payments VALUES ('{number}', 'G', 'h', 1, '2026-01-01 00:00:00', 'F', 'G', 'native', {number},
                    'id', '{number}', {to}, {suspense}, '2026-01-01 00:00:00', {settled});
                 INSERT INTO attempts (id, purpose, hash, envelope, source, sequence, max_time, status, note, opened_at,
                    closed_at, due_at) VALUES ('{number}', '{purpose}', 'h{number}', 'e', 'G{number}', {number}, 9, 'void', 'n',
                    '2026-01-01 00:00:00', '2026-01-01 00:00:00', '2026-01-01 00:00:00');
                 UPDATE attempts SET status = 'open', closed_at = NULL WHERE id = '4'"
            ))?;
        }
        let payments = "SELECT operation_id || ' ' || account || ' ' || sender || ' ' || amount || ' ' || memo || ' ' || \
            coalesce(transaction_id, '-') || ' ' || coalesce(suspense, '-') || ' ' || coalesce(settled_by, '-') AS line \
            FROM payments";
        let attempts = "SELECT id || ' ' || purpose || ' ' || hash || ' ' || source || ' ' || sequence || ' ' || status \
            AS line FROM attempts";
        let kept = || -> Result<_> {
            Ok((lines(&database, payments, payments)?, lines(&database, attempts, attempts)?))
        };
        let before = kept()?;
        assert_eq!((before.0.len(), before.1.len()), (4, 4));
        for entry in down(&database)?.iter().filter(|entry| entry.file_name() >= *REBUILT_PAYMENTS) {
            let sql = std::fs::read_to_string(entry.path().join("down.sql"))?;
            execute(&database, &format!("BEGIN; {sql}; COMMIT"))?;
        }
        assert_eq!(kept()?, before);
        let applied = format!("DELETE FROM __diesel_schema_migrations WHERE version >= '{REBUILT_PAYMENTS}'");
        execute(&database, &applied)?;
        assert!(!store.migrate().await?.is_empty());
        assert_eq!(kept()?, before);
        let refused = execute(&database, "UPDATE payments SET memo = '' WHERE operation_id = '3'");
        assert!(refused.expect_err("it is settled").to_string().contains("does not allow"));
        Ok(())
    }

    /// As after a kill before the last of its writes.
    async fn session_whose_callbacks_are_not_written_leaves_the_link_as_it_was(database: TestDatabase) -> Result<()> {
        let store = migrated(&database).await?;
        store.asset_put(&samples::asset()).await?;
        let started = samples::started(TransactionId::new(anchor_core::id::RandomIds.next()), Kind::Deposit);
        let (now, end) = (samples::start(), samples::start() + chrono::Duration::hours(1));
        store.transaction_insert(&started, Some((&[1; 32], end))).await?;
        let callbacks = Callbacks { finished: Some("https://wallet.example/".to_owned()), on_change: None };
        let (kill, revive) = match &database {
            TestDatabase::Postgres(_) => (
                "CREATE TRIGGER killed BEFORE INSERT ON callbacks FOR EACH ROW EXECUTE FUNCTION anchor_refuse()",
                "DROP TRIGGER killed ON callbacks",
            ),
            TestDatabase::Sqlite { .. } => (
                "CREATE TRIGGER killed BEFORE INSERT ON callbacks BEGIN SELECT RAISE(ABORT, 'killed'); END",
                "DROP TRIGGER killed",
            ),
        };
        execute(&database, kill)?;
        assert!(store.session_open(&[1; 32], &[2; 32], "x", &callbacks, now, end).await.is_err());
        assert_eq!(store.session_fetch(&[2; 32], now).await?, None);
        execute(&database, revive)?;
        assert!(store.session_open(&[1; 32], &[2; 32], "x", &callbacks, now, end).await?.is_some());
        assert_eq!(store.callbacks_fetch(started.id).await?, callbacks);
        Ok(())
    }

    async fn questions_in_the_book_have_answers(database: TestDatabase) -> Result<()> {
        let _store = with_transaction(&database).await?;
        let page = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/reference/schema.md");
        let page = std::fs::read_to_string(page)?;
        let sql = page.split("```sql").nth(1).and_then(|rest| rest.split("```").next());
        execute(&database, sql.context("the page has a block of SQL")?)?;
        Ok(())
    }

    async fn history_cannot_be_rewritten(database: TestDatabase) -> Result<()> {
        let (_store, id) = with_transaction(&database).await?;
        execute(&database, &format!(
            "INSERT INTO facts (id, transaction_id, version, fact, data, actor, at)
             VALUES ('f', '{id}', 1, 'held', '{{}}', 'worker', '2026-01-01 00:00:00')"
        ))?;
        execute(&database, &format!("INSERT INTO receipts VALUES ('iso4217:USD', 'credit', '{id}')"))?;
        execute(&database, "INSERT INTO watches (account, lease_token) VALUES ('G', 0)")?;
        execute(&database, &format!(
            "INSERT INTO payments VALUES ('1', 'G', 'h', 1, '2026-01-01 00:00:00', 'G', 'G', 'native', 1,
                'none', '', NULL, 'unmatched', '2026-01-01 00:00:00', '{id}', '2026-01-01 00:00:00')"
        ))?;
        execute(&database, QUOTE)?;
        execute(&database, &format!("INSERT INTO quote_uses VALUES ('q', '{id}', '2026-01-01 00:00:01')"))?;
        for sql in [
            "UPDATE quotes SET document = '{}'",
            "DELETE FROM quotes",
            "UPDATE quote_uses SET quote_id = 'p'",
            "DELETE FROM quote_uses",
            "UPDATE payments SET settled_by = NULL, settled_at = NULL",
            "DELETE FROM payments",
            "UPDATE facts SET refused = 'no'",
            "DELETE FROM facts",
            "UPDATE receiving_memos SET memo = '2'",
            "DELETE FROM receiving_memos",
            "UPDATE receipts SET reference = '2'",
            "DELETE FROM receipts",
        ] {
            let refused = execute(&database, sql).expect_err(sql).to_string();
            assert!(refused.contains("does not allow"), "{sql}: {refused}");
        }
        Ok(())
    }

    async fn r_38_083_schema_knows_one_transaction_of_a_quote_and_one_quote_of_a_transaction(database: TestDatabase) -> Result<()> {
        let (store, id) = with_transaction(&database).await?;
        let other = TransactionId::new(anchor_core::id::RandomIds.next());
        store.transaction_insert(&samples::deposit(other, "10"), None).await?;
        execute(&database, QUOTE)?;
        execute(&database, &QUOTE.replace("'q'", "'p'"))?;
        let used = |quote: &str, id: TransactionId| {
            format!("INSERT INTO quote_uses VALUES ('{quote}', '{id}', '2026-01-01 00:00:01')")
        };
        execute(&database, &used("q", id))?;
        assert!(execute(&database, &used("q", other)).is_err(), "the quote is used");
        assert!(execute(&database, &used("p", id)).is_err(), "the transaction has a quote");
        assert!(execute(&database, &used("none", other)).is_err(), "there is no such quote");
        execute(&database, &used("p", other))?;
        Ok(())
    }

    async fn rows_that_cannot_be_are_refused(database: TestDatabase) -> Result<()> {
        let (_store, id) = with_transaction(&database).await?;
        for sql in [
            "INSERT INTO quote_sums VALUES ('u', 'a', 0, -1)",
            "INSERT INTO quote_sums VALUES ('u', 'a', -1, 0)",
            &QUOTE.replace("sep24", "sep10"),
            &QUOTE.replace("00:01:00", "00:00:00"),
            "UPDATE transactions SET state = 'somewhere'",
            "UPDATE transactions SET kind = 'gift'",
            "UPDATE transactions SET queue = 'sometime'",
            "UPDATE transactions SET version = -1",
            "UPDATE transactions SET asset = 'stellar:NONE'",
            "UPDATE transactions SET lease_owner = 'me'",
            "INSERT INTO payments VALUES ('1', 'G', 'h', 1, '2026-01-01 00:00:00', 'G', 'G', 'native', 1,
                'none', '', NULL, NULL, '2026-01-01 00:00:00', NULL, NULL)",
            &format!("INSERT INTO orders VALUES
                ('o', '{id}', 'payout', '-1', 'iso4217:USD', 'open', NULL, '2026-01-01 00:00:00', NULL)"),
            &format!("INSERT INTO attempts VALUES ('a', '{id}', 'payment', 'h', 'AAAA', 'G', 1, 1, 'open', NULL,
                '2026-01-01 00:00:00', '2026-01-01 00:00:00')"),
        ] {
            assert!(execute(&database, sql).is_err(), "{sql}");
        }
        Ok(())
    }

    async fn row_that_cannot_be_read_keeps_nobody_waiting(database: TestDatabase) -> Result<()> {
        let (store, bad) = with_transaction(&database).await?;
        let good = TransactionId::new(anchor_core::id::RandomIds.next());
        store.transaction_insert(&samples::deposit(good, "10"), None).await?;
        execute(&database, &format!("UPDATE transactions SET request = '{{}}' WHERE id = '{bad}'"))?;
        execute(&database, "UPDATE transactions SET deadline = '2000-01-01 00:00:00'")?;
        let now = chrono::Utc::now() + chrono::TimeDelta::days(3650);
        let claim = Claim { owner: "a".to_owned(), now, lease: Duration::from_secs(60), limit: 9 };
        let claimed = store.transaction_claim_overdue(&claim).await?;
        let ids: Vec<_> = claimed.iter().map(|claimed| claimed.transaction.id).collect();
        assert_eq!(ids, [good]);
        assert!(store.transaction_claim_overdue(&claim).await?.is_empty(), "until the lease runs out");
        Ok(())
    }

    async fn corrupt_rows_are_never_believed(database: TestDatabase) -> Result<()> {
        let (store, id) = with_transaction(&database).await?;
        let before = store.transaction_fetch(id).await?.context("it was inserted")?;
        execute(&database, "CREATE TABLE saved AS SELECT * FROM transactions")?;
        for (sql, column) in [
            ("UPDATE transactions SET state = 'paid_out'", "state"),
            ("UPDATE transactions SET state_data = '{\"name\":\"paid_out\"}'", "state_data"),
            ("UPDATE transactions SET queue = 'payouts', due_at = started_at", "queue"),
            ("UPDATE transactions SET amounts = '{}'", "amounts"),
            ("UPDATE transactions SET amounts = replace(amounts, '9.75', '-9.75')", "amounts"),
            ("UPDATE transactions SET amounts = replace(amounts, '9.75', '9e75')", "amounts"),
            ("UPDATE transactions SET subject_key = 'GA'", "subject_key"),
            ("UPDATE transactions SET subject = 'GA'", "subject"),
            ("UPDATE transactions SET stellar_transaction_id = 'AB'", "stellar_transaction_id"),
            ("UPDATE transactions SET terms = ''", "terms"),
        ] {
            execute(&database, sql)?;
            let read = store.transaction_fetch(id).await;
            let Err(StoreError::Corrupt(what)) = read else { panic!("{sql}: {read:?}") };
            assert!(what.contains(column) && what.contains(&id.to_string()), "{sql}: {what}");
            assert!(!what.contains("9.75"), "content stays out of errors: {what}");
            let columns = ["state", "state_data", "queue", "due_at", "amounts", "terms", "subject_key", "subject",
                "stellar_transaction_id"];
            let restore = columns.map(|name| format!("{name} = (SELECT {name} FROM saved)")).join(", ");
            execute(&database, &format!("UPDATE transactions SET {restore}"))?;
            assert_eq!(store.transaction_fetch(id).await?.as_ref(), Some(&before), "{sql}");
        }
        Ok(())
    }
}
