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

mod accounts;
mod history;
mod submission;

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

#[test]
fn address_of_the_server_is_not_shown() {
    let url = "https://horizon.example/secret-key/".parse().unwrap();
    let ledger = HorizonLedger::new(&url, Network::new(Network::TESTNET), HorizonOptions::default()).unwrap();
    let shown = format!("{ledger:?}");
    assert!(shown.contains("horizon.example") && !shown.contains("secret"), "{shown}");
}
