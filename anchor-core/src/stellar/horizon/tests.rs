//! Answers that a devnet does not give: proxies, other networks, servers that lag, lie or fall silent.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use futures_util::StreamExt as _;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use super::*;
use crate::keys::SigningKey;
use crate::memo::Memo;
use crate::stellar::FailureKind;
use crate::stellar::envelope::{EnvelopeSpec, Payment, SignedEnvelope};

type Answers = Arc<Mutex<VecDeque<(&'static str, String)>>>;

/// A server that gives these answers, each once, to questions that start with their text; the last one for such a
/// question again and again. Anything else is a 500.
struct Server {
    ledger: HorizonLedger,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Server {
    async fn new(answers: impl IntoIterator<Item = (&'static str, String)>) -> Self {
        let root = http("200 OK", HAL, &json!({"network_passphrase": Network::TESTNET}).to_string());
        let mut all: VecDeque<_> = answers.into_iter().collect();
        if !all.iter().any(|(question, _)| *question == ROOT) {
            all.push_back((ROOT, root));
        }
        let (answers, asked): (Answers, Arc<Mutex<Vec<String>>>) =
            (Arc::new(Mutex::new(all)), Arc::default());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://127.0.0.1:{}/", listener.local_addr().unwrap().port());
        let questions = Arc::clone(&asked);
        tokio::spawn(async move {
            while let Ok((mut socket, _)) = listener.accept().await {
                let (answers, questions) = (Arc::clone(&answers), Arc::clone(&questions));
                tokio::spawn(async move {
                    let mut request = Vec::new();
                    let mut chunk = [0; 65_536];
                    while !ends(&request) {
                        match socket.read(&mut chunk).await {
                            Ok(0) | Err(_) => return,
                            Ok(read) => request.extend_from_slice(&chunk[..read]),
                        }
                    }
                    let text = String::from_utf8_lossy(&request).into_owned();
                    let answer = pick(&answers, &text);
                    questions.lock().unwrap().push(text);
                    socket.write_all(answer.as_bytes()).await.ok();
                    if answer.contains("event-stream") {
                        std::future::pending::<()>().await;
                    }
                });
            }
        });
        let options = HorizonOptions {
            backoff: Duration::from_millis(1),
            silence: Duration::from_millis(50),
            timeout: Duration::from_millis(500),
            body_max: 100_000,
            ..HorizonOptions::default()
        };
        let network = Network::new(Network::TESTNET);
        Self { ledger: HorizonLedger::new(&url.parse().unwrap(), network, options).unwrap(), asked }
    }

    fn asked(&self) -> Vec<String> {
        let asked = self.asked.lock().unwrap();
        asked.iter().map(|question| question.lines().next().unwrap_or_default().to_owned()).collect()
    }
}

const ROOT: &str = "GET / ";
const LATEST: &str = "GET /ledgers?";
const ACCOUNT: &str = "GET /accounts/";
const TRANSACTION: &str = "GET /transactions/";
const ASYNC: &str = "POST /transactions_async ";
const SYNC: &str = "POST /transactions ";
const FEES: &str = "GET /fee_stats ";

const HAL: &str = "content-type: application/hal+json; charset=utf-8\r\n";
const PROBLEM: &str = "content-type: application/problem+json; charset=utf-8\r\n";
const HTML: &str = "content-type: text/html\r\n";

fn pick(answers: &Answers, question: &str) -> String {
    let mut answers = answers.lock().unwrap();
    let fitting: Vec<usize> =
        (0..answers.len()).filter(|index| question.starts_with(answers[*index].0)).collect();
    match fitting.as_slice() {
        [] => http("500 Internal Server Error", HTML, "unexpected"),
        [only] => answers[*only].1.clone(),
        [first, ..] => answers.remove(*first).unwrap().1,
    }
}

fn ends(request: &[u8]) -> bool {
    let text = String::from_utf8_lossy(request).to_ascii_lowercase();
    let Some((head, body)) = text.split_once("\r\n\r\n") else { return false };
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
    body.len() >= length.and_then(|length| length.parse().ok()).unwrap_or(0)
}

fn http(status: &str, headers: &str, body: &str) -> String {
    let length = body.len();
    format!("HTTP/1.1 {status}\r\n{headers}content-length: {length}\r\nconnection: close\r\n\r\n{body}")
}

fn ok(body: &Value) -> String {
    http("200 OK", HAL, &body.to_string())
}

fn problem(status: &str, kind: &str, headers: &str) -> String {
    let code: u16 = status[..3].parse().unwrap();
    let body = json!({
        "type": format!("https://stellar.org/horizon-errors/{kind}"),
        "title": kind,
        "status": code,
    });
    http(status, &format!("{PROBLEM}{headers}"), &body.to_string())
}

fn not_found() -> String {
    problem("404 Not Found", "not_found", "")
}

fn ledger(sequence: u32) -> Value {
    let at = i64::from(sequence) * 10;
    json!({"sequence": sequence, "closed_at": chrono::DateTime::from_timestamp(at, 0).unwrap().to_rfc3339()})
}

fn latest(sequence: u32) -> String {
    ok(&json!({"_embedded": {"records": [ledger(sequence)]}}))
}

fn point(sequence: u32) -> LedgerPoint {
    LedgerPoint { sequence, closed_at: u64::from(sequence) * 10 }
}

fn hash() -> TransactionHash {
    TransactionHash::from_bytes([0xab; 32])
}

fn key() -> SigningKey {
    SigningKey::from_seed([1; 32])
}

fn id() -> AccountId {
    key().account()
}

fn envelope() -> SignedEnvelope {
    let network = Network::new(Network::TESTNET);
    let payment = Payment::CreateAccount {
        destination: AccountId::from_bytes([2; 32]),
        starting_balance: crate::amount::StellarAmount::ONE_STROOP,
    };
    let spec = EnvelopeSpec {
        network: &network,
        transaction_source: id(),
        sequence: 1,
        operation_source: None,
        operations: vec![payment.into()],
        memo: Memo::None,
        fee_per_operation: 100,
        max_time: 1000,
    };
    let unsigned = spec.build().unwrap();
    let signature = key().sign(unsigned.hash().as_bytes());
    unsigned.sign(&[(id(), signature)]).unwrap()
}

fn is_malformed<T>(answer: &Result<T, LedgerError>) -> bool {
    matches!(answer, Err(LedgerError::Malformed(_)))
}

#[tokio::test]
async fn only_horizons_own_404_proves_absence() {
    let server = Server::new([(ACCOUNT, not_found())]).await;
    assert_eq!(server.ledger.account(&id()).await.unwrap(), None);
    let body = json!({"type": "https://stellar.org/horizon-errors/not_found", "status": 404}).to_string();
    let lies = [
        http("404 Not Found", HTML, "<html>not found</html>"),
        http("404 Not Found", PROBLEM, "{}"),
        http("404 Not Found", HAL, &body),
        http("404 Not Found", PROBLEM, &body.replace("404", "400")),
        problem("404 Not Found", "stale_history", ""),
        http("404 Not Found", "", ""),
    ];
    for lie in lies {
        let server = Server::new([(ACCOUNT, lie.clone()), (LATEST, latest(5)), (TRANSACTION, lie)]).await;
        assert!(is_malformed(&server.ledger.account(&id()).await));
        assert!(is_malformed(&server.ledger.lookup(&hash()).await));
        let after = Cursor::from("5".to_owned());
        assert!(is_malformed(&server.ledger.movements(&id(), &after).await));
    }
}

#[tokio::test]
async fn r_10_087_t_10_10_trouble_is_never_absence() {
    for (status, code) in
        [("500 A", 500), ("502 A", 502), ("503 A", 503), ("504 A", 504), ("400 A", 400), ("301 A", 301)]
    {
        let server = Server::new([
            (ACCOUNT, http(status, HTML, "")),
            (LATEST, latest(5)),
            (TRANSACTION, http(status, HTML, "")),
        ])
        .await;
        let answer = server.ledger.account(&id()).await;
        assert!(matches!(answer, Err(LedgerError::Server { status }) if status == code), "{answer:?}");
        server.ledger.lookup(&hash()).await.unwrap_err();
    }
}

#[tokio::test]
async fn throttling_tells_how_long_to_wait() {
    for (headers, after) in [
        ("retry-after: 7\r\n", Some(7)),
        ("x-ratelimit-reset: 9\r\n", Some(9)),
        ("retry-after: Wed, 21 Oct 2015 07:28:00 GMT\r\n", None),
        ("", None),
    ] {
        let answer = problem("429 Too Many Requests", "rate_limit_exceeded", headers);
        let server = Server::new([(ACCOUNT, answer)]).await;
        let error = server.ledger.account(&id()).await.unwrap_err();
        assert!(matches!(error, LedgerError::Throttled { .. }), "{error}");
        assert_eq!(error.retry_after(), after.map(Duration::from_secs));
    }
}

#[tokio::test]
async fn server_of_another_network_is_not_believed() {
    let root = ok(&json!({"network_passphrase": Network::PUBLIC}));
    let server = Server::new([(ROOT, root), (ACCOUNT, not_found())]).await;
    assert!(matches!(server.ledger.account(&id()).await, Err(LedgerError::OtherNetwork)));
    assert!(matches!(server.ledger.submit(&envelope().xdr).await, Err(LedgerError::OtherNetwork)));
    assert_eq!(server.asked(), ["GET / HTTP/1.1"; 2]);
}

#[tokio::test]
async fn network_is_compared_once() {
    let server = Server::new([(ACCOUNT, not_found())]).await;
    for _ in 0..3 {
        server.ledger.account(&id()).await.unwrap();
    }
    assert_eq!(server.asked().iter().filter(|question| *question == "GET / HTTP/1.1").count(), 1);
}

#[tokio::test]
async fn endless_and_late_answers_are_cut_off() {
    let endless = "HTTP/1.1 200 OK\r\ncontent-length: 99999999\r\n\r\n".to_owned();
    let chunked = format!(
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n30d40\r\n{}\r\n0\r\n\r\n",
        "a".repeat(200_000)
    );
    for answer in [endless, chunked] {
        let server = Server::new([(ACCOUNT, answer)]).await;
        assert!(is_malformed(&server.ledger.account(&id()).await));
    }
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://127.0.0.1:{}", silent.local_addr().unwrap().port()).parse().unwrap();
    let options = HorizonOptions { timeout: Duration::from_millis(20), ..HorizonOptions::default() };
    let ledger = HorizonLedger::new(&url, Network::new(Network::TESTNET), options).unwrap();
    assert!(matches!(ledger.latest().await, Err(LedgerError::Timeout(_))));
}

#[tokio::test]
async fn nobody_there_is_unreachable() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://127.0.0.1:{}", listener.local_addr().unwrap().port()).parse().unwrap();
    drop(listener);
    let network = Network::new(Network::TESTNET);
    let ledger = HorizonLedger::new(&url, network, HorizonOptions::default()).unwrap();
    assert!(matches!(ledger.latest().await, Err(LedgerError::Unreachable(_))));
}

#[test]
fn addresses_that_are_no_servers_are_refused() {
    for url in ["ftp://horizon.example/", "data:text/plain,a", "file:///etc/passwd"] {
        let network = Network::new(Network::TESTNET);
        let ledger = HorizonLedger::new(&url.parse().unwrap(), network, HorizonOptions::default());
        assert!(matches!(ledger, Err(HorizonError::Url)), "{url}");
    }
}

#[tokio::test]
async fn latest_ledger_is_read_before_the_transaction() {
    let server = Server::new([(LATEST, latest(5)), (TRANSACTION, not_found())]).await;
    assert_eq!(server.ledger.lookup(&hash()).await.unwrap(), Lookup::NotFound { checked: point(5) });
    let asked = server.asked();
    assert!(asked[1].starts_with(LATEST) && asked[2].starts_with(TRANSACTION), "{asked:?}");
}

#[tokio::test]
async fn lookup_by_a_server_that_lags_behind_counts_only_up_to_what_it_has() {
    let lagging = problem("404 Not Found", "not_found", "latest-ledger: 3\r\n");
    let third = ("GET /ledgers/3 ", ok(&ledger(3)));
    let server = Server::new([(LATEST, latest(5)), (TRANSACTION, lagging.clone()), third]).await;
    assert_eq!(server.ledger.lookup(&hash()).await.unwrap(), Lookup::NotFound { checked: point(3) });
    // and if that cannot be found out, nothing is known
    let server = Server::new([(LATEST, latest(5)), (TRANSACTION, lagging)]).await;
    server.ledger.lookup(&hash()).await.unwrap_err();
    let ahead = problem("404 Not Found", "not_found", "latest-ledger: 9\r\n");
    let server = Server::new([(LATEST, latest(5)), (TRANSACTION, ahead)]).await;
    assert_eq!(server.ledger.lookup(&hash()).await.unwrap(), Lookup::NotFound { checked: point(5) });
}

fn transaction(hash: &TransactionHash, successful: bool, result: &str) -> Value {
    json!({
        "hash": hash.to_string(), "successful": successful, "ledger": 4, "paging_token": "17179869184",
        "created_at": "1970-01-01T00:00:40Z", "envelope_xdr": "", "result_xdr": result,
    })
}

/// `tx_bad_seq`, and a success without operations.
const BAD_SEQ: &str = "AAAAAAAAAGT////7AAAAAA==";
const SUCCESS: &str = "AAAAAAAAAGQAAAAAAAAAAAAAAAA=";

#[tokio::test]
async fn transaction_that_contradicts_itself_or_the_question_is_not_believed() {
    let other = TransactionHash::from_bytes([1; 32]);
    for (record, is_believed) in [
        (transaction(&hash(), true, SUCCESS), true),
        (transaction(&hash(), false, BAD_SEQ), true),
        (transaction(&hash(), true, BAD_SEQ), false),
        (transaction(&hash(), false, SUCCESS), false),
        (transaction(&other, true, SUCCESS), false),
        (transaction(&hash(), true, "AAAA"), false),
        (json!({}), false),
    ] {
        let server = Server::new([(LATEST, latest(5)), (TRANSACTION, ok(&record))]).await;
        let found = server.ledger.lookup(&hash()).await;
        assert_eq!(found.is_ok(), is_believed, "{found:?}");
        assert!(is_believed || is_malformed(&found));
    }
}

async fn submit(
    answers: impl IntoIterator<Item = (&'static str, String)>,
) -> Result<Submission, LedgerError> {
    Server::new(answers).await.ledger.submit(&envelope().xdr).await
}

fn status(status: &str, word: &str) -> String {
    let body = json!({"tx_status": word, "hash": envelope().hash.to_string(), "error_result_xdr": BAD_SEQ});
    http(status, HAL, &body.to_string())
}

#[tokio::test]
async fn asynchronous_answers_have_their_meaning() {
    let answer = submit([(ASYNC, status("201 Created", "PENDING"))]).await;
    assert_eq!(answer.unwrap(), Submission::Accepted);
    let answer = submit([(ASYNC, status("409 Conflict", "DUPLICATE"))]).await;
    assert_eq!(answer.unwrap(), Submission::Accepted);
    let answer = submit([(ASYNC, status("503 Service Unavailable", "TRY_AGAIN_LATER"))]).await;
    assert_eq!(answer.unwrap(), Submission::TryAgain);
    let Submission::Rejected(failure) = submit([(ASYNC, status("400 Bad Request", "ERROR"))]).await.unwrap()
    else {
        panic!("not rejected")
    };
    assert_eq!((failure.kind, failure.codes.as_str()), (FailureKind::BadSequence, "tx_bad_seq"));
}

#[tokio::test]
async fn doubt_about_a_submission_is_an_error() {
    let other = json!({"tx_status": "PENDING", "hash": hash().to_string()});
    for answer in [
        http("500 Internal Server Error", HTML, ""),
        http("502 Bad Gateway", HTML, "<html>"),
        http("504 Gateway Timeout", HTML, "<html>"),
        problem("504 Gateway Timeout", "timeout", ""),
        problem("503 Service Unavailable", "stale_history", ""),
        http("201 Created", HAL, &other.to_string()),
        status("200 OK", "WHATEVER"),
        http("200 OK", HAL, ""),
    ] {
        let said = submit([(ASYNC, answer.clone())]).await;
        assert!(said.is_err(), "{answer}: {said:?}");
    }
}

#[tokio::test]
async fn server_without_asynchronous_submission_is_asked_the_old_way() {
    for missing in [not_found(), http("405 Method Not Allowed", HTML, "")] {
        let applied = ok(&transaction(&envelope().hash, true, SUCCESS));
        let server = Server::new([(ASYNC, missing), (SYNC, applied)]).await;
        for _ in 0..2 {
            let said = server.ledger.submit(&envelope().xdr).await.unwrap();
            assert_eq!(said, Submission::Applied { ledger: 4 });
        }
        let asked = server.asked();
        assert_eq!(asked.iter().filter(|question| question.starts_with(ASYNC)).count(), 1, "{asked:?}");
    }
}

#[tokio::test]
async fn synchronous_answers_have_their_meaning() {
    let with_extras = |kind: &str| {
        let body = json!({
            "type": format!("https://stellar.org/horizon-errors/{kind}"), "status": 400,
            "extras": {"result_xdr": BAD_SEQ, "result_codes": {"transaction": "tx_bad_seq"}},
        });
        http("400 Bad Request", PROBLEM, &body.to_string())
    };
    let submit = |answer| submit([(ASYNC, not_found()), (SYNC, answer)]);
    let timeout = problem("504 Gateway Timeout", "transaction_submission_timeout", "");
    assert_eq!(submit(timeout).await.unwrap(), Submission::Accepted);
    assert!(submit(problem("504 Gateway Timeout", "timeout", "")).await.is_err());
    let Submission::Rejected(failure) = submit(with_extras("transaction_failed")).await.unwrap() else {
        panic!("not rejected")
    };
    assert_eq!(failure.kind, FailureKind::BadSequence);
    let Submission::Rejected(failure) = submit(with_extras("transaction_malformed")).await.unwrap() else {
        panic!("not rejected")
    };
    assert_eq!(failure.kind, FailureKind::Other);
    assert!(submit(ok(&transaction(&hash(), true, SUCCESS))).await.is_err());
}

#[tokio::test]
async fn what_is_no_envelope_is_not_sent() {
    let server = Server::new([(ASYNC, status("201 Created", "PENDING"))]).await;
    assert!(is_malformed(&server.ledger.submit("AAAA").await));
    assert_eq!(server.asked(), ["GET / HTTP/1.1"]);
}

#[tokio::test]
async fn fee_bid_is_never_below_the_base_fee_and_always_a_number() {
    let stats = |base: &str, p95: &str| {
        (FEES, ok(&json!({"last_ledger_base_fee": base, "fee_charged": {"p95": p95}})))
    };
    for (base, p95, bid) in
        [("100", "250", Some(250)), ("200", "100", Some(200)), ("x", "1", None), ("1", "-1", None)]
    {
        let server = Server::new([stats(base, p95)]).await;
        assert_eq!(server.ledger.fee_bid().await.ok(), bid);
    }
}

fn account() -> Value {
    json!({
        "account_id": id().to_string(), "sequence": "5", "subentry_count": 1,
        "thresholds": {"low_threshold": 0, "med_threshold": 2, "high_threshold": 3},
        "balances": [
            {"asset_type": "liquidity_pool_shares", "balance": "1.0", "limit": "2.0", "liquidity_pool_id": "ab"},
            {"asset_type": "credit_alphanum4", "asset_code": "USD", "asset_issuer": id().to_string(),
             "balance": "1.5000000", "limit": "922337203685.4775807", "is_authorized": false},
            {"asset_type": "native", "balance": "10.0000001", "selling_liabilities": "0.0000002"},
        ],
        "signers": [
            {"type": "sha256_hash", "key": "X", "weight": 1},
            {"type": "ed25519_public_key", "key": id().to_string(), "weight": 255},
        ],
        "flags": {"auth_required": true, "auth_revocable": true, "auth_immutable": false},
        "data": {"config.memo_required": "MQ=="},
    })
}

#[tokio::test]
async fn account_is_read_as_it_is_shown() {
    let server = Server::new([(ACCOUNT, ok(&account()))]).await;
    let read = server.ledger.account(&id()).await.unwrap().unwrap();
    assert_eq!(
        (read.sequence, read.balance.stroops(), read.selling_liabilities.stroops()),
        (5, 100_000_001, 2)
    );
    assert_eq!(read.medium_threshold, 2);
    let signers =
        vec![(crate::stellar::SignerKey::Other, 1), (crate::stellar::SignerKey::Ed25519(id()), 255)];
    assert_eq!(read.signers, signers);
    assert_eq!(read.trust_lines.len(), 1);
    assert!(!read.trust_lines[0].authorized);
    assert_eq!(read.trust_lines[0].limit.stroops(), i64::MAX);
    assert!(read.memo_required && read.auth_required);
    // authorised lines may keep their offers too, which is not what "limited" means
    for (authorized, maintains, limited) in [(true, true, false), (false, true, true), (false, false, false)]
    {
        let mut shown = account();
        shown["balances"][1]["is_authorized"] = authorized.into();
        shown["balances"][1]["is_authorized_to_maintain_liabilities"] = maintains.into();
        let server = Server::new([(ACCOUNT, ok(&shown))]).await;
        let line = server.ledger.account(&id()).await.unwrap().unwrap().trust_lines.remove(0);
        assert_eq!((line.authorized, line.limited), (authorized, limited));
    }
}

#[tokio::test]
async fn account_that_makes_no_sense_is_not_believed() {
    let with = |pointer: &str, value: Value| {
        let mut account = account();
        *account.pointer_mut(pointer).unwrap() = value;
        account
    };
    for account in [
        with("/account_id", json!(AccountId::from_bytes([3; 32]).to_string())),
        with("/balances", json!([])),
        with("/balances/2/balance", json!("-1.0")),
        with("/balances/2/balance", json!("1.00000001")),
        with("/balances/1/limit", json!("1e3")),
        with("/balances/1/asset_code", json!("U$D")),
        with("/signers/1/key", json!("G")),
        with("/signers/1/weight", json!(-1)),
        with("/sequence", json!("9223372036854775808")),
    ] {
        let server = Server::new([(ACCOUNT, ok(&account))]).await;
        assert!(is_malformed(&server.ledger.account(&id()).await), "{account}");
    }
}

fn records(records: &[Value]) -> String {
    ok(&json!({"_embedded": {"records": records}}))
}

fn cursor(number: u64) -> Cursor {
    Cursor::from(number.to_string())
}

#[tokio::test]
async fn history_that_is_gone_is_said_so() {
    let server = Server::new([(ACCOUNT, problem("410 Gone", "before_history", ""))]).await;
    let error = server.ledger.movements(&id(), &cursor(7)).await.unwrap_err();
    assert!(matches!(error, LedgerError::HistoryGone { cursor } if cursor == "7"));
}

#[tokio::test]
async fn unreadable_record_is_kept_and_the_history_goes_on() {
    let page = [
        json!({"paging_token": "8", "hash": "nonsense"}),
        json!({"paging_token": "17179869184", "hash": hash().to_string(), "successful": true, "ledger": 4,
               "created_at": "1970-01-01T00:00:40Z", "envelope_xdr": "AAAA", "result_xdr": SUCCESS}),
    ];
    let server = Server::new([(ACCOUNT, records(&page))]).await;
    let read = server.ledger.movements(&id(), &cursor(7)).await.unwrap();
    assert_eq!(read.next, cursor(17_179_869_184));
    let kept: Vec<Value> = read.poison.iter().map(|each| serde_json::from_str(&each.raw).unwrap()).collect();
    assert_eq!(kept, page);
    assert_eq!(read.poison[0].cursor, cursor(8));
}

#[tokio::test]
async fn history_without_order_or_positions_is_not_believed() {
    for page in [
        vec![json!({"paging_token": "7"})],
        vec![json!({"paging_token": "9"}), json!({"paging_token": "8"})],
        vec![json!({"paging_token": "x"})],
        vec![json!({"paging_token": 9})],
        vec![json!({})],
    ] {
        let server = Server::new([(ACCOUNT, records(&page))]).await;
        assert!(is_malformed(&server.ledger.movements(&id(), &cursor(7)).await), "{page:?}");
    }
    let server = Server::new([]).await;
    assert!(is_malformed(&server.ledger.movements(&id(), &Cursor::from("now".to_owned())).await));
}

#[tokio::test]
async fn page_that_is_too_long_is_read_in_smaller_ones() {
    let long = records(&[json!({"paging_token": "9", "padding": "a".repeat(200_000)})]);
    let short = records(&[json!({"paging_token": "8"})]);
    let server = Server::new([(ACCOUNT, long), (ACCOUNT, short)]).await;
    assert_eq!(server.ledger.movements(&id(), &cursor(7)).await.unwrap().next, cursor(8));
    let asked = server.asked();
    assert!(asked[1].contains("limit=200") && asked[2].contains("limit=50"), "{asked:?}");
}

fn event_stream(events: &str) -> String {
    format!("HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n{events}")
}

#[tokio::test]
async fn silent_stream_is_no_trouble_and_nothing_is_missed_or_repeated() {
    let event = "retry: 1000\nevent: open\ndata: \"hello\"\n\nid: 8\ndata: {\"paging_token\":\"8\"}\n\n";
    let server = Server::new([
        (ACCOUNT, records(&[])),
        (ACCOUNT, event_stream(event)),
        // silence; then paging finds what the stream did not say
        (ACCOUNT, records(&[json!({"paging_token": "9"})])),
        (ACCOUNT, records(&[])),
        (ACCOUNT, event_stream("event: close\ndata: \"byebye\"\n\n")),
        (ACCOUNT, records(&[json!({"paging_token": "10"})])),
    ])
    .await;
    let mut stream = server.ledger.follow(id(), cursor(7));
    assert_eq!(stream.next().await.unwrap().unwrap().next, cursor(8));
    assert_eq!(stream.next().await.unwrap().unwrap().next, cursor(9));
    assert_eq!(stream.next().await.unwrap().unwrap().next, cursor(10));
    let asked = server.asked();
    let cursors: Vec<_> = asked[1..].iter().filter_map(|question| question.split("cursor=").nth(1)).collect();
    let cursors: Vec<_> = cursors.iter().filter_map(|text| text.split('&').next()).collect();
    assert_eq!(cursors, ["7", "7", "8", "9", "9", "9"]);
}

#[tokio::test]
async fn stream_reports_trouble_and_goes_on_after_it() {
    let server = Server::new([
        (ACCOUNT, http("500 Internal Server Error", HTML, "")),
        (ACCOUNT, http("502 Bad Gateway", HTML, "")),
        (ACCOUNT, records(&[json!({"paging_token": "8"})])),
    ])
    .await;
    let mut stream = server.ledger.follow(id(), cursor(7));
    for status in [500, 502] {
        let item = stream.next().await.unwrap();
        assert!(matches!(item, Err(LedgerError::Server { status: code }) if code == status), "{item:?}");
    }
    assert_eq!(stream.next().await.unwrap().unwrap().next, cursor(8));
}

#[tokio::test]
async fn event_that_repeats_or_makes_no_sense_breaks_the_stream_but_not_the_order() {
    for event in ["{\"paging_token\":\"7\"}", "{}", "nonsense"] {
        let server = Server::new([
            (ACCOUNT, records(&[])),
            (ACCOUNT, event_stream(&format!("data: {event}\n\n"))),
            (ACCOUNT, records(&[json!({"paging_token": "8"})])),
        ])
        .await;
        let mut stream = server.ledger.follow(id(), cursor(7));
        assert!(is_malformed(&stream.next().await.unwrap()), "{event}");
        assert_eq!(stream.next().await.unwrap().unwrap().next, cursor(8));
    }
}

#[test]
fn address_of_the_server_is_not_shown() {
    let url = "https://horizon.example/secret-key/".parse().unwrap();
    let ledger = HorizonLedger::new(&url, Network::new(Network::TESTNET), HorizonOptions::default()).unwrap();
    let shown = format!("{ledger:?}");
    assert!(shown.contains("horizon.example") && !shown.contains("secret"), "{shown}");
}
