//! A running devnet and a client for it.

use std::{collections::VecDeque, time::Duration};

use anchor_devnet::{
    CloseMode, Devnet, DevnetBuilder,
    ledger::build::{self, Draft},
};
use ed25519_dalek::SigningKey;
use reqwest::{Client, Response, StatusCode};
use serde_json::Value;
use stellar_xdr::{AccountId, Asset, Limits, OperationBody, TransactionEnvelope, WriteXdr};

/// Long enough for any answer on a busy machine; a test that waits for it has failed.
const PATIENCE: Duration = Duration::from_secs(20);

pub(crate) struct World {
    pub(crate) devnet: Devnet,
    pub(crate) http: Client,
}

impl World {
    pub(crate) async fn instant() -> Self {
        Self::start(Devnet::builder()).await
    }

    pub(crate) async fn manual() -> Self {
        Self::start(Devnet::builder().close(CloseMode::Manual)).await
    }

    pub(crate) async fn start(builder: DevnetBuilder) -> Self {
        let http = Client::builder().timeout(PATIENCE).build().expect("a client");
        Self { devnet: builder.start().await.expect("a devnet"), http }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("{}{path}", self.devnet.url())
    }

    pub(crate) async fn get(&self, path: &str) -> (StatusCode, Value) {
        answer(self.http.get(self.url(path)).send().await.expect("an answer")).await
    }

    /// The body of a 200 answer.
    pub(crate) async fn body(&self, path: &str) -> Value {
        let (status, body) = self.get(path).await;
        assert_eq!(status, 200, "{path}: {body}");
        body
    }

    /// The records of a listing.
    pub(crate) async fn records(&self, path: &str) -> Vec<Value> {
        records(&self.body(path).await)
    }

    /// Accounts by name, each with 10,000 lumens.
    pub(crate) async fn funded<const N: usize>(&self, names: [&str; N]) -> [SigningKey; N] {
        for name in names {
            self.devnet.fund(&id(&build::key(name))).await.expect("a new account");
        }
        names.map(build::key)
    }

    /// A transaction with the account's next sequence number.
    pub(crate) fn draft(&self, key: &SigningKey) -> Draft {
        let sequence = self.devnet.network().account(&id(key)).expect("an account").seq_num.0;
        Draft::new(&id(key), sequence + 1)
    }

    pub(crate) fn sign(&self, draft: &Draft, key: &SigningKey) -> TransactionEnvelope {
        draft.sign(self.network_id(), &[key])
    }

    pub(crate) fn network_id(&self) -> [u8; 32] {
        self.devnet.network().network_id()
    }

    pub(crate) async fn post(&self, path: &str, envelope: &TransactionEnvelope) -> (StatusCode, Value) {
        let form = [("tx", base64(envelope))];
        answer(self.http.post(self.url(path)).form(&form).send().await.expect("an answer")).await
    }

    /// Submits an operation of `key` and waits for its ledger.
    pub(crate) async fn submit(&self, key: &SigningKey, operation: OperationBody) -> (StatusCode, Value) {
        let envelope = self.sign(&self.draft(key).operation(operation), key);
        self.post("/transactions", &envelope).await
    }

    /// As [`World::submit`] for what has to succeed.
    pub(crate) async fn done(&self, key: &SigningKey, operation: OperationBody) -> Value {
        let (status, body) = self.submit(key, operation).await;
        assert_eq!(status, 200, "{body}");
        body
    }

    /// Accepted, but in no ledger yet.
    pub(crate) fn accept(&self, key: &SigningKey, operation: OperationBody) -> TransactionEnvelope {
        let envelope = self.sign(&self.draft(key).operation(operation), key);
        let submitted = self.devnet.submit(envelope.clone());
        assert!(matches!(submitted, anchor_devnet::ledger::Submitted::Pending { .. }), "{submitted:?}");
        envelope
    }

    pub(crate) fn close(&self) -> u32 {
        self.devnet.close_ledger().expect("a ledger in memory").sequence
    }

    pub(crate) async fn stream(&self, path: &str) -> Events {
        self.stream_after(path, None).await
    }

    pub(crate) async fn stream_after(&self, path: &str, last_event_id: Option<&str>) -> Events {
        let mut request = self.http.get(self.url(path)).header("Accept", "text/event-stream");
        if let Some(id) = last_event_id {
            request = request.header("Last-Event-ID", id);
        }
        let response = request.send().await.expect("a stream");
        assert_eq!(response.status(), 200);
        let mut events = Events { response, text: String::new(), ready: VecDeque::new() };
        let hello = events.next().await.expect("a greeting");
        assert_eq!((hello.event.as_str(), hello.data.as_str()), ("open", "\"hello\""));
        events
    }
}

/// One event of a stream; comments are left out.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(crate) struct Event {
    pub(crate) id: String,
    pub(crate) event: String,
    pub(crate) retry: String,
    pub(crate) data: String,
}

impl Event {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.data).expect("JSON")
    }
}

pub(crate) struct Events {
    response: Response,
    text: String,
    ready: VecDeque<Event>,
}

impl Events {
    /// The next event; `None` when the connection has broken or ended.
    pub(crate) async fn next(&mut self) -> Option<Event> {
        loop {
            if let Some(event) = self.ready.pop_front() {
                return Some(event);
            }
            let chunk = self.response.chunk().await.ok().flatten()?;
            self.text.push_str(std::str::from_utf8(&chunk).expect("UTF-8"));
            while let Some(end) = self.text.find("\n\n") {
                let frame: String = self.text.drain(..end + 2).collect();
                self.ready.extend(parse(&frame));
            }
        }
    }

    /// The next event's JSON.
    pub(crate) async fn record(&mut self) -> Value {
        self.next().await.expect("an event").json()
    }
}

fn parse(frame: &str) -> Option<Event> {
    let mut event = Event::default();
    let mut found = false;
    for line in frame.lines() {
        if let Some((name, value)) = line.split_once(": ") {
            found = true;
            match name {
                "id" => value.clone_into(&mut event.id),
                "event" => value.clone_into(&mut event.event),
                "retry" => value.clone_into(&mut event.retry),
                "data" => value.clone_into(&mut event.data),
                _ => {}
            }
        }
    }
    found.then_some(event)
}

pub(crate) async fn answer(response: Response) -> (StatusCode, Value) {
    let status = response.status();
    let text = response.text().await.expect("a body");
    (status, serde_json::from_str(&text).unwrap_or(Value::String(text)))
}

pub(crate) fn records(page: &Value) -> Vec<Value> {
    page["_embedded"]["records"].as_array().expect("records").clone()
}

/// The path and query of a link on a page.
pub(crate) fn path_of(world: &World, link: &Value) -> String {
    let href = link["href"].as_str().expect("a link");
    href.strip_prefix(&world.devnet.url()).expect("a link to this server").to_owned()
}

pub(crate) fn base64(envelope: &TransactionEnvelope) -> String {
    envelope.to_xdr_base64(Limits::none()).expect("an encodable envelope")
}

pub(crate) fn id(key: &SigningKey) -> AccountId {
    build::account(key)
}

pub(crate) fn lumens(to: &SigningKey, stroops: i64) -> OperationBody {
    build::payment(id(to), &Asset::Native, stroops)
}
