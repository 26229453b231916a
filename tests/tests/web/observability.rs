//! What operators see of requests: in the log, and in the answers.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use actix_web::test::TestRequest;
use anchor_core::amount::StellarAmount;
use anchor_core::memo::Memo;
use anchor_core::metrics;
use anchor_core::stellar::Ledger;
use anchor_core::stellar::failover::{FailoverLedger, FailoverOptions};
use anchor_core::testing::fakes::samples;
use anchor_core::testing::ledger::{FakeLedger, Fault};
use anchor_core::transaction::Fact;
use anchor_tests::logs::Log;
use anchor_tests::web::{Answer, TestAnchor};
use anchor_worker::{Worker, WorkerConfig};
use anyhow::Result;
use serde_json::{Value, json};

fn id(answer: &Answer) -> String {
    answer.header("x-request-id").to_owned()
}

/// The lines of one request.
fn lines_of<'a>(log: &'a str, id: &'a str) -> impl Iterator<Item = Value> + 'a {
    log.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok()).filter(move |line| {
        let mut spans = line["spans"].as_array().into_iter().flatten();
        spans.any(|span| span["request_id"] == id)
    })
}

#[actix_web::test]
async fn every_answer_has_an_id_of_its_own() -> Result<()> {
    let anchor = TestAnchor::new().await?;
    let paths = [
        "/.well-known/stellar.toml",
        "/auth",
        "/sep24/info",
        "/sep24/transaction",
        "/sep24/nothing/here",
        "/sep24/interactive/unknown",
        "/sep24/transaction/more_info",
        "/health",
        "/health/live",
    ];
    let mut ids = BTreeSet::new();
    for path in paths {
        let id = id(&anchor.get(path, "").await);
        assert_eq!(id.len(), 32, "{path}: {id}");
        assert!(ids.insert(id), "{path}");
    }
    let info = anchor.get("/sep24/info", "").await;
    assert!(info.header("access-control-expose-headers").contains("X-Request-Id"));
    Ok(())
}

#[actix_web::test]
async fn only_our_own_proxies_name_requests_and_only_plainly() -> Result<()> {
    let named =
        |name: &str| TestRequest::get().uri("/sep24/info").insert_header(("x-request-id", name.to_owned()));
    let direct = TestAnchor::new().await?;
    assert_ne!(id(&direct.call(named("mine")).await), "mine");
    let behind = TestAnchor::with(&[("TRUSTED_PROXIES", "1")], |builder| builder).await?;
    assert_eq!(id(&behind.call(named("7f-A_1.b")).await), "7f-A_1.b");
    for strange in ["", "two words", "a\"b", "a=b", "{}", "x".repeat(65).as_str()] {
        assert_eq!(id(&behind.call(named(strange)).await).len(), 32, "{strange}");
    }
    Ok(())
}

#[actix_web::test]
async fn every_line_of_a_request_has_its_id_and_one_says_how_it_went() -> Result<()> {
    let anchor = TestAnchor::new().await?;
    let challenge = anchor.challenge(&format!("account={}", samples::user().account())).await?;
    anchor.ledger.inject(Fault::Account);
    let log = Log::of_this_thread();
    let failed = anchor.redeem(&challenge, &[&samples::user()]).await?;
    let succeeded = anchor.redeem(&challenge, &[&samples::user()]).await?;
    let log = log.end()?;
    assert_eq!((failed.status, succeeded.status), (503, 200));
    for (answer, said) in [(&failed, "ledger"), (&succeeded, "a wallet authenticated")] {
        let lines: Vec<Value> = lines_of(&log, &id(answer)).collect();
        let messages: Vec<_> = lines.iter().filter_map(|line| line["fields"]["message"].as_str()).collect();
        assert!(messages.iter().any(|message| message.contains(said)), "{messages:?}");
        let last = lines.last().unwrap();
        assert_eq!(last["fields"]["status"], answer.status);
        assert_eq!((&last["span"]["method"], &last["span"]["route"]), (&json!("POST"), &json!("/auth")));
    }
    Ok(())
}

#[actix_web::test]
async fn what_stands_in_addresses_and_forms_is_never_logged() -> Result<()> {
    let anchor = TestAnchor::new().await?;
    let token = anchor.log_in(&samples::user()).await?;
    let log = Log::of_this_thread();
    let body = json!({ "asset_code": "USDC", "email_address": "ada@users.example", "lang": "de" });
    let started = anchor.post("/sep24/transactions/deposit/interactive", &token, body).await.json()?;
    let address = url::Url::parse(started["url"].as_str().unwrap())?;
    let secret = address.query_pairs().find(|(name, _)| name == "token").unwrap().1.into_owned();
    let entered = anchor.get(&format!("{}?{}", address.path(), address.query().unwrap()), "").await;
    assert_eq!(entered.status, 303);
    let cookie = entered.header("set-cookie").split(['=', ';']).nth(1).unwrap().to_owned();
    anchor.get("/sep24/transaction?id=1&external_transaction_id=IBAN1234", &token).await;
    let strange = TestRequest::default().method("STEAL".parse()?).uri("/sep24/info");
    anchor.call(strange).await;
    let log = log.end()?;
    assert!(log.contains("/sep24/interactive/{id}"), "{log}");
    for secret in [&token, &secret, &cookie, "ada@users.example", "IBAN1234", "STEAL"] {
        assert!(!log.contains(secret), "{secret}: {log}");
    }
    Ok(())
}

fn worker(anchor: &TestAnchor) -> Result<Worker> {
    Ok(Worker::new(anchor.anchor.clone(), WorkerConfig::default())?)
}

fn has(page: &str, line: &str) {
    assert!(page.lines().any(|each| each == line), "{line} is not in\n{page}");
}

#[actix_web::test]
async fn metrics_count_requests_by_pattern_and_never_by_what_clients_invent() -> Result<()> {
    let anchor = TestAnchor::new().await?;
    for invented in 0..50 {
        anchor.get(&format!("/sep24/interactive/{invented}?token=secret{invented}"), "").await;
        anchor.get(&format!("/sep24/{invented}"), "").await;
        let request = TestRequest::default().method(format!("STEAL{invented}").parse()?).uri("/sep24/info");
        anchor.call(request).await;
    }
    let page = anchor.web.metrics().page().await;
    has(&page, r#"anchor_http_requests_total{route="/sep24/info",method="other",status="405"} 50"#);
    let route = "/sep24/interactive/{id}";
    let status = anchor.get("/sep24/interactive/1?token=1", "").await.status;
    has(
        &page,
        &format!(r#"anchor_http_requests_total{{route="{route}",method="GET",status="{status}"}} 50"#),
    );
    assert!(page.contains(&format!(r#"anchor_http_request_seconds_count{{route="{route}"}} 50"#)), "{page}");
    assert!(page.lines().count() < 150 && !page.contains("secret") && !page.contains("STEAL"), "{page}");
    assert!(page.ends_with("# EOF\n"));
    Ok(())
}

#[actix_web::test]
async fn peer_metrics_tell_transactions_by_state_and_age_balances_and_the_ledgers_lag() -> Result<()> {
    let anchor = TestAnchor::new().await?;
    let token = anchor.log_in(&samples::user()).await?;
    for _ in 0..2 {
        anchor.start("deposit", &token, json!({ "asset_code": "USDC" })).await?;
    }
    anchor.clock.advance(Duration::from_secs(40));
    let page = anchor.web.metrics().page().await;
    has(&page, r#"anchor_transactions{state="collecting"} 2"#);
    has(&page, r#"anchor_transactions_oldest_seconds{state="collecting"} 40"#);
    has(&page, "anchor_ledger_lag_seconds 40");
    has(&page, "anchor_database_up 1");
    has(&page, "anchor_ledger_up 1");
    let asset = samples::asset();
    let account = asset.distribution;
    has(&page, &format!(r#"anchor_account_balance_stroops{{account="{account}",asset="native"}} 0"#));
    anchor.ledger.fund(account, StellarAmount::from_stroops(125_000_001)?);
    anchor.ledger.trust(account, &asset.id, StellarAmount::from_stroops(7)?);
    let strange = "SPAM:GA7QYNF7SOWQ3GLR2BGMZEHXAVIRZA4KVWLTJJFC7MGXUA74P7UJVSGZ".parse()?;
    anchor.ledger.trust(account, &strange, StellarAmount::from_stroops(9)?);
    let page = anchor.web.metrics().page().await;
    has(&page, &format!(r#"anchor_account_balance_stroops{{account="{account}",asset="native"}} 125000001"#));
    has(&page, &format!(r#"anchor_account_balance_stroops{{account="{account}",asset="{}"}} 7"#, asset.id));
    assert!(!page.contains("SPAM"), "{page}");
    anchor.ledger.inject(Fault::Latest);
    let page = anchor.web.metrics().page().await;
    has(&page, "anchor_ledger_up 0");
    assert!(!page.contains("anchor_ledger_lag_seconds"), "an old lag would look like a good one: {page}");
    Ok(())
}

#[actix_web::test]
async fn metrics_tell_suspense_channels_fees_and_how_far_watching_has_come() -> Result<()> {
    let anchor = TestAnchor::new().await?;
    let worker = worker(&anchor)?;
    worker.run_until_idle().await?;
    let (asset, user) = (samples::asset(), samples::user().account());
    let account = asset.distribution;
    let arrives = || {
        let amount = StellarAmount::from_stroops(7)?;
        anchor.ledger.arrives(user.into(), account.into(), asset.id.clone(), amount, Memo::None);
        anyhow::Ok(())
    };
    arrives()?;
    worker.run_until_idle().await?;
    let metrics = worker.metrics();
    let page = metrics.page().await;
    has(&page, r#"anchor_suspense{reason="unmatched"} 1"#);
    has(&page, r#"anchor_suspense{reason="late"} 0"#);
    for line in ["anchor_poison_records 0", "anchor_fees_stroops 0", "anchor_fee_bumps 0"] {
        has(&page, line);
    }
    for state in ["free", "busy", "retired"] {
        has(&page, &format!(r#"anchor_channels{{state="{state}"}} 0"#));
    }
    let watch = |what: &str, number: i64| format!(r#"anchor_watch_{what}{{account="{account}"}} {number}"#);
    for what in ["lag_ledgers", "lag_seconds", "history_gone"] {
        has(&page, &watch(what, 0));
    }
    assert!(!anchor.web.metrics().page().await.contains("anchor_watch"), "asked by processes that watch");
    // nobody reads it
    arrives()?;
    anchor.clock.advance(Duration::from_secs(40));
    let page = metrics.page().await;
    has(&page, &watch("lag_ledgers", 1));
    has(&page, &watch("lag_seconds", 30));
    anchor.ledger.inject(Fault::HistoryGone);
    anchor.clock.advance(Duration::from_secs(40));
    has(&metrics.page().await, &watch("history_gone", 1));
    Ok(())
}

#[actix_web::test]
async fn health_and_metrics_tell_how_each_of_several_ledger_servers_is() -> Result<()> {
    let network = samples::config().network;
    let now = u64::try_from(samples::start().timestamp())?;
    let (one, two) = (FakeLedger::new(network.clone(), now), FakeLedger::new(network, now));
    for _ in 0..20 {
        one.close();
    }
    let servers: Vec<(String, Arc<dyn Ledger>)> =
        vec![("one".to_owned(), Arc::new(one)), ("two".to_owned(), Arc::new(two))];
    let ledger = FailoverLedger::new(servers, FailoverOptions::default())?;
    let anchor = TestAnchor::with(&[], |builder| builder.ledger(ledger)).await?;
    let health = anchor.get("/health", "").await;
    let told = health.json()?;
    assert_eq!((health.status, &told["status"]), (200, &json!("degraded")), "{told}");
    assert_eq!(told["ledger"]["servers"], json!({ "well": 1, "all": 2 }));
    let page = anchor.web.metrics().page().await;
    has(&page, r#"anchor_ledger_server_up{server="one",state="well"} 1"#);
    has(&page, r#"anchor_ledger_server_up{server="two",state="behind"} 0"#);
    has(&page, r#"anchor_ledger_server_sequence{server="two"} 2"#);
    has(&page, r#"anchor_ledger_server_errors_total{server="one"} 0"#);
    has(&page, "anchor_ledger_contradictions_total 0");
    Ok(())
}

#[actix_web::test]
async fn metrics_count_what_has_ended_every_five_minutes_and_the_rest_each_time() -> Result<()> {
    let anchor = TestAnchor::new().await?;
    let token = anchor.log_in(&samples::user()).await?;
    let metrics = anchor.web.metrics();
    for ended in 0..3 {
        for _ in 0..2 {
            let started = anchor.start("deposit", &token, json!({ "asset_code": "USDC" })).await?;
            let page = metrics.page().await;
            has(&page, r#"anchor_transactions{state="collecting"} 1"#);
            has_as_counted(&page, "expired", ended);
            anchor.commit(&started, Fact::DeadlinePassed).await?;
            let page = metrics.page().await;
            assert!(!page.contains(r#"state="collecting""#), "{page}");
            has_as_counted(&page, "expired", ended);
        }
        anchor.clock.advance(Duration::from_secs(300));
        let page = metrics.page().await;
        has(&page, &format!(r#"anchor_transactions{{state="expired"}} {}"#, 2 * (ended + 1)));
        assert!(!page.contains(r#"oldest_seconds{state="expired""#), "nobody waits there: {page}");
    }
    Ok(())
}

/// As it was counted the last time.
fn has_as_counted(page: &str, state: &str, rounds: u32) {
    let line = page
        .lines()
        .find_map(|line| line.strip_prefix(&format!(r#"anchor_transactions{{state="{state}"}} "#)));
    let expected = (rounds > 0).then(|| (2 * rounds).to_string());
    assert_eq!(line, expected.as_deref(), "{page}");
}

#[actix_web::test]
async fn metrics_and_health_tell_when_each_job_last_worked_on_any_machine() -> Result<()> {
    let anchor = TestAnchor::new().await?;
    let worker = worker(&anchor)?;
    worker.run_until_idle().await?;
    let page = worker.metrics().page().await;
    let now = samples::start().timestamp();
    for job in anchor_worker::jobs::NAMES {
        has(&page, &format!(r#"anchor_job_last_success_timestamp_seconds{{job="{job}"}} {now}"#));
        has(&page, &format!(r#"anchor_job_failures_total{{job="{job}"}} 0"#));
        // a server knows it from the database
        has(
            &anchor.web.metrics().page().await,
            &format!(r#"anchor_job_heartbeat_timestamp_seconds{{job="{job}"}} {now}"#),
        );
    }
    let health = anchor.get("/health", "").await.json()?;
    let jobs = health["jobs"].as_array().unwrap();
    assert_eq!((jobs.len(), &health["status"]), (anchor_worker::jobs::NAMES.len(), &json!("ok")));

    anchor.clock.advance(Duration::from_secs(151));
    anchor.ledger.close_at(u64::try_from(samples::start().timestamp())? + 151);
    let late = anchor.get("/health", "").await;
    assert_eq!(late.status, 200, "servers are not at fault");
    let late = late.json()?;
    assert_eq!(late["status"], "degraded");
    let expected = json!({ "name": "expire", "status": "late", "age_seconds": 151 });
    assert!(late["jobs"].as_array().unwrap().contains(&expected), "{late}");
    Ok(())
}

#[actix_web::test]
async fn idle_anchor_stays_healthy_although_a_job_looks_only_every_five_minutes() -> Result<()> {
    let anchor = TestAnchor::new().await?;
    let worker = worker(&anchor)?.jobs(["expire", "feed_channels"])?;
    let health = worker.health();
    let (trigger, shutdown) = anchor_worker::shutdown::channel();
    let running = tokio::spawn(worker.run(shutdown));
    let asleep = || {
        let jobs = health.snapshot();
        jobs.get("feed_channels").is_some_and(|job| job.asleep_until.is_some())
    };
    let mut often = tokio::time::interval(Duration::from_millis(10));
    while !asleep() {
        often.tick().await;
    }
    anchor.clock.advance(Duration::from_secs(200));
    anchor.ledger.close_at(u64::try_from(samples::start().timestamp())? + 200);
    let told = async || {
        let beats = anchor.anchor.store().heartbeat_list().await?;
        anyhow::Ok(beats.iter().filter(|beat| beat.at > samples::start()).count())
    };
    while told().await? < 2 {
        often.tick().await;
    }
    let well = anchor.get("/health", "").await.json()?;
    assert_eq!(well["status"], "ok", "{well}");

    // who stops it stops the beats, too
    trigger.stop();
    running.await??;
    anchor.clock.advance(Duration::from_secs(151));
    anchor.ledger.close_at(u64::try_from(samples::start().timestamp())? + 351);
    let late = anchor.get("/health", "").await.json()?;
    let feed = late["jobs"].as_array().unwrap().iter().find(|job| job["name"] == "feed_channels");
    assert_eq!((&late["status"], &feed.unwrap()["status"]), (&json!("degraded"), &json!("late")), "{late}");
    Ok(())
}

#[actix_web::test]
async fn metrics_are_served_at_their_own_address_only() -> Result<()> {
    let anchor = TestAnchor::new().await?;
    let public = anchor.get("/metrics", "").await;
    assert_eq!(public.status, 404);
    let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
    let address = format!("http://{}", listener.local_addr()?);
    let serving = actix_web::rt::spawn(metrics::serve(anchor.web.metrics(), listener));
    let client = reqwest::Client::new();
    let answer = client.get(format!("{address}/metrics")).send().await?;
    assert_eq!(answer.status(), 200);
    assert!(answer.headers()["content-type"].to_str()?.starts_with("application/openmetrics-text"));
    has(&answer.text().await?, "anchor_database_up 1");
    assert_eq!(client.get(format!("{address}/")).send().await?.status(), 404);
    assert_eq!(client.post(format!("{address}/metrics")).send().await?.status(), 405);
    serving.abort();
    Ok(())
}
