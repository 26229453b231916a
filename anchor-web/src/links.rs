//! Addresses of the hosted pages.

use anchor_core::Config;
use anchor_core::transaction::Transaction;
use chrono::{DateTime, Utc};

use crate::config::transfer_server;
use crate::tokens::Tokens;

/// Makes the addresses that wallets open in a browser.
#[derive(Debug, Clone)]
pub(crate) struct Links {
    base: String,
    tokens: Tokens,
}

impl Links {
    pub(crate) fn new(config: &Config) -> Self {
        Self { base: transfer_server(config), tokens: Tokens::new(config) }
    }

    /// Where the user goes through the flow; good for one visit.
    pub(crate) fn interactive_url(&self, transaction: &Transaction, url_token: &str) -> String {
        let id = transaction.id;
        format!("{}/interactive?transaction_id={id}&token={url_token}{}", self.base, lang(transaction))
    }

    /// Where the user looks at the transaction; good for some days.
    pub(crate) fn more_info_url(&self, transaction: &Transaction, now: DateTime<Utc>) -> String {
        let id = transaction.id;
        let token = self.tokens.more_info_sign(id, now).unwrap_or_default();
        format!("{}/more_info?id={id}&token={token}{}", self.base, lang(transaction))
    }
}

fn lang(transaction: &Transaction) -> String {
    transaction.request.language.as_ref().map(|lang| format!("&lang={lang}")).unwrap_or_default()
}
