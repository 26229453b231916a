//! The same document for the API and for callbacks.

use std::sync::Arc;

use anchor_core::Config;
use anchor_core::clock::{Clock, SystemClock};
use anchor_core::customer::Answer;
use anchor_core::integration::TransactionDocuments;
use anchor_core::transaction::{Protocol, Transaction};
use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

use crate::interactive::{Language, Languages, Pages};
use crate::links::Links;
use crate::wire::customer::CustomerWire;
use crate::wire::received::ReceivedWire;
use crate::wire::sep6::transaction::ApiTransactionWire;
use crate::wire::transaction::TransactionWire;

/// Writes transactions as `GET /transaction` of their protocol answers them, and customers as `GET /customer` does (SEP-12).
#[derive(Debug, Clone)]
pub struct Documents {
    links: Links,
    clock: Arc<dyn Clock>,
    english: Language,
}

/// For [`AnchorBuilder::documents`](anchor_core::AnchorBuilder::documents): callbacks carry what the API answers.
pub fn documents(config: &Config) -> Documents {
    Documents::new(config, SystemClock)
}

impl Documents {
    /// `clock` dates the links in the documents: give it the clock that the anchor has.
    pub fn new(config: &Config, clock: impl Clock + 'static) -> Self {
        // files that cannot be used are said so by `Web::new`
        let pages = Pages::load(&config.pages);
        let english = pages.map_or_else(|_| Languages::new(&[]).english(), |pages| pages.languages.english());
        Self { links: Links::new(config), clock: Arc::new(clock), english }
    }
}

impl TransactionDocuments for Documents {
    fn document(&self, transaction: &Transaction) -> Value {
        json!({ "transaction": transaction_wire(&self.links, transaction, self.clock.now()) })
    }

    fn customer(&self, answer: &Answer) -> Value {
        json!(CustomerWire::new(answer, &self.english.messages))
    }
}

/// A transaction in its protocol's form.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AnyTransaction)]
#[serde(untagged)]
pub(crate) enum DocumentWire<'a> {
    /// SEP-6.
    ByApi(ApiTransactionWire<'a>),
    /// SEP-24.
    Hosted(TransactionWire<'a>),
    /// SEP-31.
    Received(ReceivedWire<'a>),
}

/// What stands under `transaction`, and in the list under `transactions`.
pub(crate) fn transaction_wire<'a>(
    links: &Links,
    transaction: &'a Transaction,
    now: DateTime<Utc>,
) -> DocumentWire<'a> {
    let more_info_url = || links.more_info_url(transaction, now);
    match transaction.protocol {
        Protocol::Sep6 => DocumentWire::ByApi(ApiTransactionWire::new(transaction, more_info_url())),
        Protocol::Sep31 => DocumentWire::Received(ReceivedWire::new(transaction)),
        _ => DocumentWire::Hosted(TransactionWire::new(transaction, more_info_url())),
    }
}
