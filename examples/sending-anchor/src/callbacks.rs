//! News from the receiving anchor, taken only if it is its own.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use actix_web::{HttpRequest, HttpResponse, web};
use anchor_core::account::AccountId;
use anchor_core::clock::{Clock as _, SystemClock};
use anchor_core::keys::verify;
use anyhow::{Context as _, Result, ensure};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde::Deserialize;

use crate::receiver::Payment;

/// How old news may be, in seconds: an answer that was overheard is worth nothing later.
const AGE_MAX: i64 = 300;

/// Where news comes in.
#[derive(Debug)]
pub struct Inbox {
    key: AccountId,
    host: String,
    payments: Mutex<BTreeMap<String, Vec<String>>>,
}

impl Inbox {
    /// For news that is signed with `key`, the receiving anchor's `SIGNING_KEY`, and comes to `host` (with the port, if the
    /// address names one).
    pub fn new(key: AccountId, host: impl Into<String>) -> Self {
        Self { key, host: host.into(), payments: Mutex::default() }
    }

    /// From now on this payment is known.
    pub fn expect(&self, id: &str) {
        self.payments().entry(id.to_owned()).or_default();
    }

    /// The statuses that were told of a payment, in the order in which they came.
    pub fn statuses(&self, id: &str) -> Vec<String> {
        self.payments().get(id).cloned().unwrap_or_default()
    }

    /// Takes what was posted, if it is signed, about one of our payments, and makes sense.
    pub fn take(&self, signature: Option<&str>, body: &[u8], now: i64) -> Result<()> {
        #[derive(Deserialize)]
        struct News {
            transaction: Payment,
        }
        self.check(signature.context("the signature is missing")?, body, now)?;
        let news: News = serde_json::from_slice(body).context("the body is not a transaction")?;
        let mut payments = self.payments();
        let statuses = payments.get_mut(&news.transaction.id).context("the transaction is not known")?;
        statuses.push(news.transaction.status);
        Ok(())
    }

    /// `t=<seconds>, s=<base64>`, over `<seconds>.<host>.<body>`.
    fn check(&self, header: &str, body: &[u8], now: i64) -> Result<()> {
        let parts = header.split_once(',').context("the signature has no two parts")?;
        let time = parts.0.trim().strip_prefix("t=").context("the signature has no time")?;
        let signature = parts.1.trim().strip_prefix("s=").context("the signature has no value")?;
        let age = now.saturating_sub(time.parse::<i64>().context("the time is not a number")?);
        ensure!(age.abs() <= AGE_MAX, "the signature is too old");
        let mut signed = format!("{time}.{}.", self.host).into_bytes();
        signed.extend_from_slice(body);
        let signature = BASE64_STANDARD.decode(signature).context("the signature is not base64")?;
        ensure!(verify(&self.key, &signed, &signature), "the signature is wrong");
        Ok(())
    }

    fn payments(&self) -> MutexGuard<'_, BTreeMap<String, Vec<String>>> {
        self.payments.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The endpoint itself: `204`, or `400` and why.
pub async fn post(inbox: web::Data<Inbox>, request: HttpRequest, body: web::Bytes) -> HttpResponse {
    let headers = request.headers();
    let signature = headers.get("signature").or_else(|| headers.get("x-stellar-signature"));
    let signature = signature.and_then(|value| value.to_str().ok());
    match inbox.take(signature, &body, SystemClock.now().timestamp()) {
        Ok(()) => HttpResponse::NoContent().finish(),
        Err(error) => HttpResponse::BadRequest().json(serde_json::json!({ "error": format!("{error:#}") })),
    }
}

#[cfg(test)]
mod tests {
    use anchor_core::keys::SigningKey;
    use anchor_core::ops::callback::CallbackRequest;

    use super::*;

    const NEWS: &str = r#"{"transaction":{"id":"known","status":"completed"}}"#;
    const NOW: i64 = 1_700_000_000;

    fn signature(url: &str, body: &str) -> String {
        let at = chrono::DateTime::from_timestamp(NOW, 0).unwrap();
        CallbackRequest::sign(&key(), url.parse().unwrap(), body.into(), at).signature
    }

    fn key() -> SigningKey {
        SigningKey::from_seed([7; 32])
    }

    #[test]
    fn r_31_094_only_signed_news_of_known_transactions_is_taken() {
        let inbox = Inbox::new(key().account(), "sender.example:8443");
        let url = "https://sender.example:8443/news";
        let good = signature(url, NEWS);
        assert!(inbox.take(Some(&good), NEWS.as_bytes(), NOW).is_err(), "not known yet");
        inbox.expect("known");
        inbox.take(Some(&good), NEWS.as_bytes(), NOW + 10).unwrap();
        assert_eq!(inbox.statuses("known"), ["completed"]);

        let elsewhere = signature("https://other.example/news", NEWS);
        let nonsense = "{}";
        for (header, body, now, wanted) in [
            (None, NEWS, NOW, "missing"),
            (Some("x"), NEWS, NOW, "two parts"),
            (Some("t=1, s=!"), NEWS, 1, "base64"),
            (Some(elsewhere.as_str()), NEWS, NOW, "wrong"),
            (Some(good.as_str()), NEWS, NOW + 301, "old"),
            (Some(good.as_str()), &NEWS.replace("completed", "refunded"), NOW, "wrong"),
            (Some(signature(url, nonsense).as_str()), nonsense, NOW, "not a transaction"),
        ] {
            let error = format!("{:#}", inbox.take(header, body.as_bytes(), now).unwrap_err());
            assert!(error.contains(wanted), "{error}");
        }
        assert_eq!(inbox.statuses("known").len(), 1);
    }
}
