//! Every statement that the store sends is found in an index. Alone in its process, because it listens to all of them.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

use anchor_core::store::diesel::DieselStore;
use anchor_core::testing::store::{
    answers, changes, claims, documents, history, outbox, payments, quotes, sessions, suspense, transactions,
    watches,
};
use anchor_tests::database::TestDatabase;
use anyhow::Result;
use diesel::connection::{InstrumentationEvent, SimpleConnection as _};
use diesel::prelude::*;
use diesel::sql_types::Text;

static STATEMENTS: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());

fn listen(event: InstrumentationEvent<'_>) {
    if let InstrumentationEvent::StartQuery { query, .. } = event {
        let query = query.to_string();
        let statement = query.split("-- binds:").next().unwrap_or_default().trim().to_owned();
        let mut statements = STATEMENTS.lock().unwrap_or_else(PoisonError::into_inner);
        if ["SELECT `", "SELECT \"", "UPDATE `", "UPDATE \"", "DELETE FROM", "SELECT COUNT"]
            .iter()
            .any(|start| statement.starts_with(start))
            && !statement.contains("__diesel")
        {
            statements.insert(statement);
        }
    }
}

/// Statements that look at a whole table on purpose: a small table, or a count of all.
fn may_scan(statement: &str) -> bool {
    let quoteless = statement.replace(['`', '"'], "");
    quoteless.starts_with("SELECT assets.id") || quoteless.starts_with("DELETE FROM url_tokens")
}

#[derive(QueryableByName)]
struct Plan {
    #[diesel(sql_type = Text)]
    detail: String,
}

#[derive(QueryableByName)]
struct PostgresPlan {
    #[diesel(sql_type = Text, column_name = "QUERY PLAN")]
    detail: String,
}

/// Every verb once, with all that it may be asked.
async fn use_everything(database: &TestDatabase) -> Result<BTreeSet<String>> {
    let store = DieselStore::open(database.url())?;
    store.migrate().await?;
    STATEMENTS.lock().unwrap_or_else(PoisonError::into_inner).clear();
    macro_rules! on_one_of_its_own {
        ($($rule:path),+ $(,)?) => {$(
            let own = match database {
                TestDatabase::Sqlite { .. } => Some(TestDatabase::sqlite()),
                TestDatabase::Postgres(_) => TestDatabase::postgres(),
            };
            if let Some(own) = own {
                let store = DieselStore::open(own.url())?;
                store.migrate().await?;
                $rule(&store).await;
            }
        )+};
    }
    on_one_of_its_own!(
        answers::answers_are_replaced,
        answers::last_answers_come_with_the_terms,
        answers::answers_go_with_their_user_and_not_before_the_end,
        answers::answers_go_with_the_customer_that_they_name,
        answers::answers_are_sealed_anew,
        changes::applied_change_is_there_with_all_that_belongs_to_it,
        changes::order_follows_its_reports,
        claims::lost_lease_releases_nothing,
        claims::overdue_transactions_are_claimed_while_they_can_expire,
        documents::callbacks_take_the_place_of_others,
        history::same_anomaly_is_kept_once,
        outbox::deferred_news_keeps_its_progress,
        outbox::news_is_delivered_in_order,
        payments::peer_second_payment_with_the_same_memo_is_kept,
        payments::unreadable_record_is_kept_once,
        quotes::promise_is_in_reserve_until_its_end,
        quotes::quote_is_used_once,
        sessions::session_opens_with_its_callbacks,
        sessions::what_has_ended_is_deleted,
        suspense::payment_leaves_suspense_once,
        suspense::suspense_is_listed_by_reason,
        transactions::all_given_references_have_to_fit,
        transactions::list_is_filtered,
        transactions::list_pages_through_equal_times,
        transactions::transaction_is_found_by_its_memo_in_any_state,
        transactions::states_are_counted,
        watches::released_watch_goes_to_the_next_reader,
        watches::forgotten_watch_begins_anew,
    );
    Ok(STATEMENTS.lock().unwrap_or_else(PoisonError::into_inner).clone())
}

fn check(statements: &BTreeSet<String>, plan: impl Fn(&str) -> Vec<String>, is_scan: impl Fn(&str) -> bool) {
    assert!(statements.len() > 40, "{}", statements.len());
    let mut wrong = Vec::new();
    for statement in statements {
        let plan = plan(statement);
        assert!(!plan.is_empty(), "{statement}");
        if plan.iter().any(|line| is_scan(line)) && !may_scan(statement) {
            wrong.push(format!("{statement}\n    {}", plan.join("\n    ")));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[tokio::test]
async fn peer_every_statement_uses_an_index() -> Result<()> {
    diesel::connection::set_default_instrumentation(|| Some(Box::new(listen)))?;

    let database = TestDatabase::sqlite();
    let statements = use_everything(&database).await?;
    let plan = |statement: &str| {
        let mut sqlite = SqliteConnection::establish(database.url()).expect("the file is there");
        let plans = diesel::sql_query(format!("EXPLAIN QUERY PLAN {statement}")).load::<Plan>(&mut sqlite);
        plans.expect(statement).into_iter().map(|plan| plan.detail).collect()
    };
    check(&statements, plan, |line| line.starts_with("SCAN ") && !line.contains("USING"));

    let Some(database) = TestDatabase::postgres() else { return Ok(()) };
    let statements = use_everything(&database).await?;
    let plan = |statement: &str| {
        let mut postgres = PgConnection::establish(database.url()).expect("the server is there");
        // only where there is no index is a sequential scan left
        let prepare = format!(
            "SET enable_seqscan = off; SET plan_cache_mode = force_generic_plan; PREPARE statement AS {statement}"
        );
        postgres.batch_execute(&prepare).expect(statement);
        let count = (1..100).take_while(|number| statement.contains(&format!("${number}"))).count();
        let nulls = vec!["NULL"; count].join(", ");
        let nulls = if nulls.is_empty() { nulls } else { format!("({nulls})") };
        let plans = diesel::sql_query(format!("EXPLAIN EXECUTE statement{nulls}"))
            .load::<PostgresPlan>(&mut postgres);
        plans.expect(statement).into_iter().map(|plan| plan.detail).collect()
    };
    check(&statements, plan, |line| line.contains("Seq Scan"));
    Ok(())
}
