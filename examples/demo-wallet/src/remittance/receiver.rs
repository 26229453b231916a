//! The receiving anchor as its partner sees it: SEP-31, and SEP-38 for it.

use crate::anchor::{AnchorClient, answer};
use crate::quotes::Quote;
use anchor_core::amount::StellarAmount;
use anyhow::{Context as _, Result, ensure};
use serde::{Deserialize, Serialize};
use url::Url;

/// An anchor that pays people out, and our login there.
#[derive(Debug)]
pub struct Receiver {
    /// How to reach it.
    pub client: AnchorClient,
    /// Ours.
    pub token: String,
}

/// What is announced (SEP-31 §POST transactions; the names are the protocol's own).
#[derive(Debug, Clone, Serialize)]
#[expect(missing_docs, reason = "documented in SEP-31")]
pub struct Announcement {
    pub amount: String,
    pub asset_code: String,
    pub asset_issuer: Option<String>,
    pub funding_method: String,
    pub sender_id: String,
    pub receiver_id: String,
    pub quote_id: Option<String>,
}

/// What the receiving anchor says of a payment (SEP-31 §GET transaction; the names are the protocol's own).
#[derive(Debug, Clone, Deserialize)]
#[expect(missing_docs, reason = "documented in SEP-31")]
pub struct Payment {
    pub id: String,
    pub status: String,
    pub status_message: Option<String>,
    pub amount_in: Option<String>,
    pub amount_out: Option<String>,
    pub stellar_account_id: Option<String>,
    pub stellar_memo_type: Option<String>,
    pub stellar_memo: Option<String>,
    pub stellar_transaction_id: Option<String>,
}

impl Payment {
    /// Nothing more happens to it.
    pub fn is_over(&self) -> bool {
        matches!(self.status.as_str(), "completed" | "refunded" | "expired" | "error")
    }
}

/// The answer to an announcement. Where to pay is only said if everything is decided already.
#[derive(Debug, Clone, Deserialize)]
#[expect(missing_docs, reason = "documented in SEP-31")]
pub struct Announced {
    pub id: String,
    pub stellar_account_id: Option<String>,
}

impl Receiver {
    /// A promise of money for so much of the token.
    pub async fn quote(&self, money: &str, amount: StellarAmount, by: &str) -> Result<Quote> {
        let server = self.client.toml.quote_server.as_deref().context("this anchor gives no quotes")?;
        let body = serde_json::json!({
            "sell_asset": format!("stellar:{}", self.client.toml.asset),
            "buy_asset": money,
            "sell_amount": amount.to_string(),
            "buy_delivery_method": by,
            "context": "sep31",
        });
        let sent = self.client.http.post(format!("{server}/quote")).bearer_auth(&self.token).json(&body);
        answer(sent.send().await?).await
    }

    /// Announces a payment. With the same key it can be said again: it is the same payment.
    pub async fn announce(&self, announcement: &Announcement, key: &str) -> Result<Announced> {
        let request = self.client.http.post(self.transactions()?).bearer_auth(&self.token);
        let request = request.header("Idempotency-Key", key).json(announcement);
        answer(request.send().await?).await
    }

    /// How a payment stands.
    pub async fn payment(&self, id: &str) -> Result<Payment> {
        #[derive(Deserialize)]
        struct Answer {
            transaction: Payment,
        }
        let address = format!("{}/{id}", self.transactions()?);
        let sent = self.client.http.get(address).bearer_auth(&self.token).send().await?;
        Ok(answer::<Answer>(sent).await?.transaction)
    }

    /// Asks to be told of every change.
    pub async fn call_back(&self, id: &str, url: &Url) -> Result<()> {
        let address = format!("{}/{id}/callback", self.transactions()?);
        let body = serde_json::json!({ "url": url });
        let sent = self.client.http.put(address).bearer_auth(&self.token).json(&body).send().await?;
        ensure!(sent.status() == 204, "no callbacks: {}", sent.text().await?);
        Ok(())
    }

    fn transactions(&self) -> Result<String> {
        let server = self.client.toml.direct_payment_server.as_deref();
        Ok(format!("{}/transactions", server.context("this anchor receives no payments")?))
    }
}
