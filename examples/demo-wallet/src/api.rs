//! The anchor as a wallet sees it that has no pages: SEP-6.

use anchor_core::account::AccountId;
use anchor_core::amount::StellarAmount;
use anyhow::{Context as _, Result};
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::anchor::{AnchorClient, Kind, Transaction, answer};

/// A request that the anchor has taken.
#[derive(Debug, Deserialize)]
pub struct Requested {
    /// The anchor's id.
    pub id: String,
    /// What the user has to do, in words, if that is known already.
    pub how: Option<String>,
}

/// What the anchor says of a transaction, and what it waits for.
#[derive(Debug, Clone, Deserialize)]
pub struct Asked {
    /// As for hosted ones.
    #[serde(flatten)]
    pub transaction: Transaction,
    /// How to send the money, by the names of SEP-9.
    #[serde(default)]
    pub instructions: Map<String, Value>,
    /// What has to be told: under `transaction`, by name.
    #[serde(default)]
    required_info_updates: Map<String, Value>,
}

impl Asked {
    /// The names of what has to be told.
    pub fn wanted(&self) -> Vec<String> {
        let fields = self.required_info_updates.get("transaction").and_then(Value::as_object);
        fields.into_iter().flat_map(Map::keys).cloned().collect()
    }
}

#[derive(Deserialize)]
struct Answer {
    transaction: Asked,
}

impl AnchorClient {
    fn api_server(&self) -> Result<&str> {
        self.toml.api_server.as_deref().context("the anchor serves no SEP-6")
    }

    /// Asks for a deposit or withdrawal, at the price of a quote if there is one.
    pub async fn request(
        &self,
        kind: Kind,
        token: &str,
        account: &AccountId,
        amount: StellarAmount,
        quote: Option<&str>,
        money: &str,
    ) -> Result<Requested> {
        let (account, amount, code) = (account.to_string(), amount.to_string(), self.toml.asset.code());
        let mut query =
            vec![("account", account.as_str()), ("amount", &amount), ("claimable_balance_supported", "true")];
        let path = match (kind, quote) {
            (Kind::Deposit, None) => "deposit",
            (Kind::Withdraw, None) => "withdraw",
            (Kind::Deposit, Some(_)) => "deposit-exchange",
            (Kind::Withdraw, Some(_)) => "withdraw-exchange",
        };
        match (kind, quote) {
            (_, None) => query.push(("asset_code", code)),
            (Kind::Deposit, Some(quote)) => {
                query.extend([("destination_asset", code), ("source_asset", money), ("quote_id", quote)]);
            }
            (Kind::Withdraw, Some(quote)) => {
                query.extend([("source_asset", code), ("destination_asset", money), ("quote_id", quote)]);
            }
        }
        let address = format!("{}/{path}", self.api_server()?);
        answer(self.http.get(address).query(&query).bearer_auth(token).send().await?).await
    }

    /// One transaction.
    pub async fn asked(&self, token: &str, id: &str) -> Result<Asked> {
        let address = format!("{}/transaction", self.api_server()?);
        let sent = self.http.get(address).query(&[("id", id)]).bearer_auth(token).send().await?;
        Ok(answer::<Answer>(sent).await?.transaction)
    }

    /// Tells what the transaction waits for.
    pub async fn tell_more(&self, token: &str, id: &str, told: &Map<String, Value>) -> Result<Asked> {
        let address = format!("{}/transactions/{id}", self.api_server()?);
        let body = serde_json::json!({ "transaction": told });
        let sent = self.http.patch(address).bearer_auth(token).json(&body).send().await?;
        Ok(answer::<Answer>(sent).await?.transaction)
    }
}
