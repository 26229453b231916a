//! Rates from an address: a JSON document that says how old it is.
//!
//! ```json
//! {"as_of": "2026-11-27T12:00:00Z",
//!  "rates": [{"sell": "iso4217:BRL", "buy": "stellar:USDC:G…", "price": "5.42"}]}
//! ```
//!
//! A document that is older than allowed, or dated in the future, is no document: there is no price rather than a stale
//! one.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use serde::Deserialize;
use tokio::sync::Mutex;
use url::Url;

use super::{Rate, RateSource};
use crate::asset::AssetId;
use crate::clock::{Clock, parse_utc};
use crate::http::{GuardError, GuardedClient};
use crate::integration::IntegrationError;
use crate::quote::{Price, Ratio};

/// Largest document.
const BYTES_MAX: usize = 256 * 1024;
/// A document that was fetched this recently is not fetched again; nor is one that could not be.
const KEPT: Duration = Duration::from_secs(2);
/// Clocks differ: a document may seem to be this much from the future.
const SKEW: chrono::Duration = chrono::Duration::seconds(30);

/// How rates are fetched.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct FetchOptions {
    /// Where the document is: https, a host name on the public internet, port 443; with `LOCAL_MODE` also this machine.
    pub url: Url,
    /// How old the rates may be, by what the document says.
    pub max_age: Duration,
    /// How long it may take to get them.
    pub deadline: Duration,
}

impl FetchOptions {
    /// Not older than `max_age`, and here within three seconds.
    pub const fn new(url: Url, max_age: Duration) -> Self {
        Self { url, max_age, deadline: Duration::from_secs(3) }
    }
}

/// Rates from an address.
pub struct FetchedRates {
    client: GuardedClient,
    options: FetchOptions,
    clock: Arc<dyn Clock>,
    /// Held while fetching: one request serves all who wait for it.
    last: Mutex<Option<Try>>,
    /// The one before failed, and nobody waits for the next one but who makes it: whoever asks needs no token, and those who
    /// wait for a dead server would be in everybody's way.
    is_trying_again: AtomicBool,
}

/// The address may carry a provider's key: only its host is shown.
impl fmt::Debug for FetchedRates {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FetchedRates").field("host", &self.options.url.host_str()).finish_non_exhaustive()
    }
}

struct Try {
    at: DateTime<Utc>,
    /// Nothing if it failed, or if whoever made it did not wait for its end.
    fetched: Option<Fetched>,
}

struct Fetched {
    as_of: DateTime<Utc>,
    rates: BTreeMap<(AssetId, AssetId), Ratio>,
}

#[derive(Deserialize)]
struct Document {
    as_of: String,
    rates: Vec<Row>,
}

#[derive(Deserialize)]
struct Row {
    sell: AssetId,
    buy: AssetId,
    price: Price,
}

impl FetchedRates {
    /// `local_mode` also allows this machine.
    ///
    /// # Errors
    /// [`GuardError::Setup`].
    pub fn new(options: FetchOptions, local_mode: bool, clock: Arc<dyn Clock>) -> Result<Self, GuardError> {
        let client = GuardedClient::new(local_mode)?;
        let is_trying_again = AtomicBool::new(false);
        Ok(Self { client, options, clock, last: Mutex::new(None), is_trying_again })
    }

    async fn fetch(&self) -> Result<Fetched, IntegrationError> {
        let request = self.client.fetch_text(self.options.url.as_str(), BYTES_MAX);
        let text = tokio::time::timeout(self.options.deadline, request).await;
        let text = text.map_err(IntegrationError::transient)?.map_err(IntegrationError::transient)?;
        let unreadable = |_| IntegrationError::transient("the document of rates cannot be read");
        let document: Document = serde_json::from_str(&text).map_err(unreadable)?;
        let as_of = parse_utc(&document.as_of).map_err(IntegrationError::transient)?;
        let rows = document.rates.into_iter().map(|row| ((row.sell, row.buy), row.price.ratio()));
        Ok(Fetched { as_of, rates: rows.collect() })
    }

    fn is_fresh(&self, fetched: &Fetched) -> bool {
        let max_age = chrono::Duration::from_std(self.options.max_age).unwrap_or(chrono::Duration::MAX);
        let age = self.clock.now().signed_duration_since(fetched.as_of);
        (-SKEW..=max_age).contains(&age)
    }

    fn is_kept(&self, last: &Try) -> bool {
        let kept = chrono::Duration::from_std(KEPT).unwrap_or_default();
        let since = self.clock.now().signed_duration_since(last.at);
        (chrono::Duration::zero()..=kept).contains(&since)
    }
}

#[async_trait]
impl RateSource for FetchedRates {
    async fn rate(&self, sell: &AssetId, buy: &AssetId) -> Result<Option<Rate>, IntegrationError> {
        let failed = || IntegrationError::transient("the rates could not be fetched a moment ago");
        let mut last = if self.is_trying_again.load(Ordering::Relaxed) {
            self.last.try_lock().map_err(|_| failed())?
        } else {
            self.last.lock().await
        };
        if last.as_ref().is_none_or(|last| !self.is_kept(last)) {
            let is_again = last.as_ref().is_some_and(|last| last.fetched.is_none());
            self.is_trying_again.store(is_again, Ordering::Relaxed);
            // nothing is left of the earlier one if this fails, or if nobody waits for its end
            *last = Some(Try { at: self.clock.now(), fetched: None });
            let fetched = self.fetch().await;
            self.is_trying_again.store(false, Ordering::Relaxed);
            let at = self.clock.now();
            match fetched {
                Ok(fetched) => *last = Some(Try { at, fetched: Some(fetched) }),
                Err(error) => {
                    *last = Some(Try { at, fetched: None });
                    return Err(error);
                }
            }
        }
        let fetched = last.as_ref().and_then(|last| last.fetched.as_ref()).ok_or_else(failed)?;
        let fetched = Some(fetched).filter(|fetched| self.is_fresh(fetched));
        let fetched = fetched.ok_or_else(|| IntegrationError::transient("the rates are too old"))?;
        let rate = fetched.rates.get(&(sell.clone(), buy.clone()));
        Ok(rate.map(|rate| Rate {
            rate: rate.clone(),
            source: format!("{} {}", self.options.url.host_str().unwrap_or_default(), fetched.as_of),
        }))
    }
}
