//! Addresses of the hosted pages. An id in them authorises nothing: each carries a token of its own kind.

use anchor_core::Config;
use anchor_core::transaction::Transaction;
use chrono::{DateTime, Utc};

use crate::config::{INTERACTIVE_PATH, MORE_INFO_PATH};
use crate::tokens::Tokens;

/// Makes the addresses that wallets open in a browser.
#[derive(Debug, Clone)]
pub(crate) struct Links {
    host: String,
    tokens: Tokens,
}

impl Links {
    pub(crate) fn new(config: &Config) -> Self {
        Self { host: config.host_url().to_owned(), tokens: Tokens::new(config) }
    }

    /// Where the user goes through the flow; good for one visit. The wallet appends `callback` and
    /// `on_change_callback`.
    pub(crate) fn interactive_url(&self, transaction: &Transaction, url_token: &str) -> String {
        let id = transaction.id;
        format!("{}{INTERACTIVE_PATH}/{id}?token={url_token}{}", self.host, lang(transaction))
    }

    /// Where the user looks at the transaction; good for some days.
    pub(crate) fn more_info_url(&self, transaction: &Transaction, now: DateTime<Utc>) -> String {
        let id = transaction.id;
        let token = self.tokens.more_info_sign(id, now).unwrap_or_default();
        format!("{}{MORE_INFO_PATH}?id={id}&token={token}{}", self.host, lang(transaction))
    }
}

fn lang(transaction: &Transaction) -> String {
    let encoded =
        |lang: &String| -> String { url::form_urlencoded::byte_serialize(lang.as_bytes()).collect() };
    let lang = transaction.request.language.as_ref().map(encoded);
    lang.map(|lang| format!("&lang={lang}")).unwrap_or_default()
}
