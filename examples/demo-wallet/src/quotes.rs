//! The anchor's prices as a wallet sees them: SEP-38.

use anchor_core::amount::StellarAmount;
use anyhow::{Context as _, Result};
use serde::Deserialize;

use crate::anchor::{AnchorClient, answer};

/// What one asset costs in another.
#[derive(Debug, Clone, Deserialize)]
pub struct Price {
    /// What can be had.
    pub asset: String,
    /// How much of the other asset for one of it.
    pub price: String,
}

/// A firm quote (SEP-38 §POST quote; the names are the protocol's own).
#[derive(Debug, Clone, Deserialize)]
#[expect(missing_docs, reason = "documented in SEP-38")]
pub struct Quote {
    pub id: String,
    pub expires_at: String,
    pub total_price: String,
    pub sell_asset: String,
    pub sell_amount: String,
    pub buy_asset: String,
    pub buy_amount: String,
    pub fee: Fee,
}

/// What the anchor keeps.
#[derive(Debug, Clone, Deserialize)]
pub struct Fee {
    /// How much.
    pub total: String,
    /// Of what.
    pub asset: String,
}

impl Quote {
    /// In one line.
    pub fn line(&self) -> String {
        let Self { sell_amount, sell_asset, buy_amount, buy_asset, total_price, fee, .. } = self;
        format!(
            "{sell_amount} {sell_asset} for {buy_amount} {buy_asset}: {total_price} each, fee {} {}",
            fee.total, fee.asset
        )
    }
}

impl AnchorClient {
    /// What this much of an asset is worth in others.
    pub async fn prices(&self, sell: &str, amount: StellarAmount) -> Result<Vec<Price>> {
        #[derive(Deserialize)]
        struct Answer {
            buy_assets: Vec<Price>,
        }
        let query = [("sell_asset", sell.to_owned()), ("sell_amount", amount.to_string())];
        let sent = self.http.get(format!("{}/prices", self.quote_server()?)).query(&query).send().await?;
        Ok(answer::<Answer>(sent).await?.buy_assets)
    }

    /// A promise of the token for this much of an asset.
    pub async fn quote(
        &self,
        token: &str,
        sell: &str,
        amount: StellarAmount,
        by: Option<&str>,
    ) -> Result<Quote> {
        let body = serde_json::json!({
            "sell_asset": sell,
            "buy_asset": format!("stellar:{}", self.toml.asset),
            "sell_amount": amount.to_string(),
            "sell_delivery_method": by,
            "context": "sep24",
        });
        let address = format!("{}/quote", self.quote_server()?);
        answer(self.http.post(address).bearer_auth(token).json(&body).send().await?).await
    }

    fn quote_server(&self) -> Result<&str> {
        self.toml.quote_server.as_deref().context("this anchor gives no quotes")
    }
}
