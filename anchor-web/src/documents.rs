//! The same document for the API and for callbacks.

use std::sync::Arc;

use anchor_core::Config;
use anchor_core::clock::{Clock, SystemClock};
use anchor_core::customer::Answer;
use anchor_core::integration::TransactionDocuments;
use anchor_core::transaction::{Protocol, Transaction};
use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use crate::interactive::{Language, Languages, Pages};
use crate::links::Links;
use crate::wire::customer::CustomerWire;
use crate::wire::received::ReceivedWire;
use crate::wire::transaction::TransactionWire;

/// Writes transactions as their protocol answers them (SEP-31 in its own words, all others as SEP-24 does), and customers as
/// `GET /customer` does (SEP-12).
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
        if transaction.protocol == Protocol::Sep31 {
            return json!({ "transaction": ReceivedWire::new(transaction) });
        }
        json!({ "transaction": transaction_wire(&self.links, transaction, self.clock.now()) })
    }

    fn customer(&self, answer: &Answer) -> Value {
        json!(CustomerWire::new(answer, &self.english.messages))
    }
}

/// What stands under `transaction`, and in the list under `transactions`.
pub(crate) fn transaction_wire<'a>(
    links: &Links,
    transaction: &'a Transaction,
    now: DateTime<Utc>,
) -> TransactionWire<'a> {
    TransactionWire::new(transaction, links.more_info_url(transaction, now))
}
