//! Answers that a devnet does not give: what is known of both kinds of server (the numbers are those of the table of
//! facts about Stellar RPC), and servers that lag, lie or make no sense.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use stellar_xdr::{
    CreateAccountResult, OperationResult, OperationResultTr, TransactionResult, TransactionResultExt,
    TransactionResultResult, WriteXdr as _,
};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use super::*;
use crate::keys::SigningKey;
use crate::memo::Memo;
use crate::stellar::codec;
use crate::stellar::envelope::{EnvelopeSpec, Payment, SignedEnvelope};

mod contracts;
mod history;
mod questions;

/// What is answered to one question.
#[derive(Debug, Clone)]
enum Reply {
    Result(Value),
    Error(i64, &'static str),
    /// The whole HTTP answer.
    Raw(String),
}

type Replies = Arc<Mutex<VecDeque<(&'static str, Reply)>>>;

/// A question about a transaction that cannot exist, which adapters ask to learn how far a server has read.
const PROBE: &str = "probe";

/// A server that gives these answers, each once, to questions of their method; the last one for a method again and
/// again. Anything else is a 500.
struct Server {
    ledger: RpcLedger,
    asked: Arc<Mutex<Vec<(String, Value)>>>,
    heads: Arc<Mutex<Vec<String>>>,
}

impl Server {
    async fn new(replies: impl IntoIterator<Item = (&'static str, Reply)>) -> Self {
        Self::with(replies, |_| {}).await
    }

    async fn with(
        replies: impl IntoIterator<Item = (&'static str, Reply)>,
        change: impl FnOnce(&mut RpcOptions),
    ) -> Self {
        let mut all: VecDeque<_> = replies.into_iter().collect();
        if !all.iter().any(|(method, _)| *method == "getNetwork") {
            all.push_back(("getNetwork", result(json!({ "passphrase": Network::TESTNET }))));
        }
        let replies: Replies = Arc::new(Mutex::new(all));
        let (asked, heads) = (Arc::default(), Arc::default());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://127.0.0.1:{}/key-in-path", listener.local_addr().unwrap().port());
        let (questions, texts) = (Arc::clone(&asked), Arc::clone(&heads));
        tokio::spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                tokio::spawn(serve(socket, Arc::clone(&replies), Arc::clone(&questions), Arc::clone(&texts)));
            }
        });
        let mut options = RpcOptions {
            backoff: Duration::from_millis(1),
            poll: Duration::from_millis(1),
            timeout: Duration::from_millis(500),
            body_max: 100_000,
            ..RpcOptions::default()
        };
        change(&mut options);
        let network = Network::new(Network::TESTNET);
        Self { ledger: RpcLedger::new(&url.parse().unwrap(), network, [], options).unwrap(), asked, heads }
    }

    /// The methods in order, without the comparison of networks.
    fn asked(&self) -> Vec<String> {
        let asked = self.asked.lock().unwrap();
        asked.iter().map(|(method, _)| method.clone()).filter(|method| method != "getNetwork").collect()
    }

    fn params(&self, method: &str) -> Vec<Value> {
        let asked = self.asked.lock().unwrap();
        asked.iter().filter(|(asked, _)| asked == method).map(|(_, params)| params.clone()).collect()
    }
}

async fn serve(
    mut socket: TcpStream,
    replies: Replies,
    asked: Arc<Mutex<Vec<(String, Value)>>>,
    heads: Arc<Mutex<Vec<String>>>,
) {
    let mut request = Vec::new();
    let mut chunk = vec![0; 65_536];
    let (head, body) = loop {
        if let Some(parts) = parts(&request) {
            break parts;
        }
        match socket.read(&mut chunk).await {
            Ok(0) | Err(_) => return,
            Ok(read) => request.extend_from_slice(&chunk[..read]),
        }
    };
    let question: Value = serde_json::from_str(&body).unwrap();
    let probes = question["params"]["hash"] == "0".repeat(64);
    let method = if probes { PROBE } else { question["method"].as_str().unwrap() };
    asked.lock().unwrap().push((method.to_owned(), question["params"].clone()));
    heads.lock().unwrap().push(head);
    let answer = match pick(&replies, method) {
        Some(Reply::Result(value)) => ok(&json!({ "jsonrpc": "2.0", "id": question["id"], "result": value })),
        Some(Reply::Error(code, message)) => ok(&json!({
            "jsonrpc": "2.0", "id": question["id"], "error": { "code": code, "message": message },
        })),
        Some(Reply::Raw(text)) => text,
        None => http("500 Internal Server Error", "unexpected"),
    };
    socket.write_all(answer.as_bytes()).await.ok();
}

fn parts(request: &[u8]) -> Option<(String, String)> {
    let text = String::from_utf8_lossy(request).into_owned();
    let (head, body) = text.split_once("\r\n\r\n")?;
    let lower = head.to_ascii_lowercase();
    let length =
        lower.lines().find_map(|line| line.strip_prefix("content-length: "))?.parse::<usize>().ok()?;
    (body.len() >= length).then(|| (head.to_owned(), body.to_owned()))
}

fn pick(replies: &Replies, method: &str) -> Option<Reply> {
    let mut replies = replies.lock().unwrap();
    let fitting: Vec<usize> = (0..replies.len()).filter(|index| replies[*index].0 == method).collect();
    match fitting.as_slice() {
        [] => None,
        [only] => Some(replies[*only].1.clone()),
        [first, ..] => replies.remove(*first).map(|(_, reply)| reply),
    }
}

fn http(status: &str, body: &str) -> String {
    let length = body.len();
    format!("HTTP/1.1 {status}\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}")
}

fn ok(body: &Value) -> String {
    http("200 OK", &body.to_string())
}

const fn result(value: Value) -> Reply {
    Reply::Result(value)
}

/// With these members instead.
fn with(value: &Value, changes: Value) -> Value {
    let mut value = value.clone();
    let (Value::Object(members), Value::Object(changes)) = (&mut value, changes) else { panic!("objects") };
    members.extend(changes);
    members.retain(|_, member| !member.is_null());
    value
}

/// Not found by a server that has the ledgers 2 to `latest`.
fn missing(latest: u32) -> Value {
    json!({
        "status": "NOT_FOUND", "latestLedger": latest, "latestLedgerCloseTime": (latest * 10).to_string(),
        "oldestLedger": 2, "oldestLedgerCloseTime": "20",
    })
}

fn probe(latest: u32) -> (&'static str, Reply) {
    (PROBE, result(missing(latest)))
}

fn point(sequence: u32) -> LedgerPoint {
    LedgerPoint { sequence, closed_at: u64::from(sequence) * 10 }
}

fn key() -> SigningKey {
    SigningKey::from_seed([1; 32])
}

/// Who is paid by [`envelope`].
fn paid() -> AccountId {
    AccountId::from_bytes([2; 32])
}

fn envelope() -> SignedEnvelope {
    let network = Network::new(Network::TESTNET);
    let payment = Payment::CreateAccount {
        destination: paid(),
        starting_balance: crate::amount::StellarAmount::ONE_STROOP,
    };
    let spec = EnvelopeSpec {
        network: &network,
        transaction_source: key().account(),
        sequence: 1,
        operation_source: None,
        operations: vec![payment.into()],
        memo: Memo::None,
        fee_per_operation: 100,
        max_time: 1000,
    };
    let unsigned = spec.build().unwrap();
    let signature = key().sign(unsigned.hash().as_bytes());
    unsigned.sign(&[(key().account(), signature)]).unwrap()
}

fn result_xdr(result: TransactionResultResult) -> String {
    let result = TransactionResult { fee_charged: 100, result, ext: TransactionResultExt::V0 };
    result.to_xdr_base64(codec::limits()).unwrap()
}

fn success() -> String {
    let created = OperationResultTr::CreateAccount(CreateAccountResult::Success);
    let results = vec![OperationResult::OpInner(created)].try_into().unwrap();
    result_xdr(TransactionResultResult::TxSuccess(results))
}

fn is_malformed<T>(answer: &Result<T, LedgerError>) -> bool {
    matches!(answer, Err(LedgerError::Malformed(_)))
}
