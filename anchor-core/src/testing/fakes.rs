//! Small stand-ins for everything around an anchor but bank and ledger.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;

use crate::customer::Answer;
use crate::integration::{
    DepositIntegration, EventSink, IntegrationError, TransactionDocuments, WithdrawalIntegration,
};
use crate::ops::callback::{CallbackError, CallbackRequest, CallbackSender};
use crate::transaction::{Event, Transaction};

mod customers;
mod quotes;
pub mod samples;
mod terms;

pub use customers::ScriptedCustomers;
pub use quotes::ScriptedQuotes;
pub use terms::ScriptedTerms;

/// The default pages, which only ask for an amount.
#[derive(Debug, Clone, Copy, Default)]
pub struct AmountForms;

impl DepositIntegration for AmountForms {}

impl WithdrawalIntegration for AmountForms {}

/// Writes id and status of a transaction or customer, and nothing else.
#[derive(Debug, Clone, Copy, Default)]
pub struct PlainDocuments;

impl TransactionDocuments for PlainDocuments {
    fn document(&self, transaction: &Transaction) -> serde_json::Value {
        serde_json::json!({
            "transaction": { "id": transaction.id.to_string(), "status": transaction.status().as_str() }
        })
    }

    fn customer(&self, answer: &Answer) -> serde_json::Value {
        let id = answer.id.map(|id| id.to_string());
        serde_json::json!({ "id": id, "status": answer.standing.as_str() })
    }
}

/// Remembers all news, and refuses some when told to. Clones share what they remember.
#[derive(Debug, Clone, Default)]
pub struct RecordedEvents(Arc<Mutex<(Vec<Event>, u32)>>);

impl RecordedEvents {
    /// What was delivered, oldest first.
    pub fn all(&self) -> Vec<Event> {
        lock(&self.0).0.clone()
    }

    /// The next so many deliveries are answered by "I do not know".
    pub fn refuse(&self, times: u32) {
        lock(&self.0).1 = times;
    }
}

#[async_trait]
impl EventSink for RecordedEvents {
    async fn deliver(&self, event: &Event) -> Result<(), IntegrationError> {
        let mut recorded = lock(&self.0);
        if recorded.1 > 0 {
            recorded.1 = recorded.1.saturating_sub(1);
            return Err(IntegrationError::transient("the recorder refuses, as it was told to"));
        }
        recorded.0.push(event.clone());
        Ok(())
    }
}

/// What a wallet's server does with a callback.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum CallbackAnswer {
    /// Takes the request and answers with this status.
    Status(u16),
    /// Cannot be reached.
    Unreachable,
    /// Takes the request, and never answers.
    Silent,
}

/// Wallets' servers: they remember what was posted, and answer as scripted, or with 200. Clones share everything.
#[derive(Debug, Clone, Default)]
pub struct ScriptedCallbacks(Arc<Mutex<Wallets>>);

#[derive(Debug, Default)]
struct Wallets {
    taken: Vec<CallbackRequest>,
    tries: usize,
    answers: VecDeque<CallbackAnswer>,
}

impl ScriptedCallbacks {
    /// The next request is answered so.
    pub fn answer(&self, answer: CallbackAnswer) {
        lock(&self.0).answers.push_back(answer);
    }

    /// What arrived at a wallet, oldest first.
    pub fn taken(&self) -> Vec<CallbackRequest> {
        lock(&self.0).taken.clone()
    }

    /// How often a request was tried.
    pub fn tries(&self) -> usize {
        lock(&self.0).tries
    }
}

#[async_trait]
impl CallbackSender for ScriptedCallbacks {
    async fn post(&self, request: &CallbackRequest) -> Result<u16, CallbackError> {
        let answer = {
            let mut wallets = lock(&self.0);
            wallets.tries = wallets.tries.saturating_add(1);
            let answer = wallets.answers.pop_front().unwrap_or(CallbackAnswer::Status(200));
            if answer != CallbackAnswer::Unreachable {
                wallets.taken.push(request.clone());
            }
            answer
        };
        match answer {
            CallbackAnswer::Status(status) => Ok(status),
            CallbackAnswer::Unreachable => Err(CallbackError::NotSent("no route to the wallet".into())),
            CallbackAnswer::Silent => {
                Err(CallbackError::Unknown("the wallet took it and said nothing".into()))
            }
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
