//! What the anchor wants to know of this wallet's user: SEP-12.

use std::collections::BTreeMap;

use anyhow::{Context as _, Result};
use serde::Deserialize;

use crate::anchor::{AnchorClient, answer};

/// How the user stands (SEP-12 §GET customer).
#[derive(Debug, Clone, Deserialize)]
pub struct Customer {
    /// Once something was sent.
    pub id: Option<String>,
    /// `ACCEPTED`, `PROCESSING`, `NEEDS_INFO` or `REJECTED`.
    pub status: String,
    /// What is asked.
    #[serde(default)]
    pub fields: BTreeMap<String, Field>,
    /// From the anchor.
    pub message: Option<String>,
}

/// One thing that is asked.
#[derive(Debug, Clone, Deserialize)]
pub struct Field {
    /// For people.
    pub description: String,
    /// It can be left out.
    #[serde(default)]
    pub optional: bool,
}

impl Customer {
    /// In a few lines.
    pub fn lines(&self) -> Vec<String> {
        let message = self.message.as_ref().map(|message| format!(": {message}")).unwrap_or_default();
        let mut lines = vec![format!("{}{message}", self.status)];
        for (name, field) in &self.fields {
            let optional = if field.optional { " (optional)" } else { "" };
            lines.push(format!("{name}: {}{optional}", field.description));
        }
        lines
    }
}

impl AnchorClient {
    /// How the user stands.
    pub async fn customer(&self, token: &str, of: &str) -> Result<Customer> {
        let request = self.http.get(format!("{}/customer", self.kyc_server()?)).query(&[("type", of)]);
        answer(request.bearer_auth(token).send().await?).await
    }

    /// Tells the anchor about the user.
    pub async fn tell(&self, token: &str, of: &str, fields: &[(String, String)]) -> Result<()> {
        let mut body: BTreeMap<&str, &str> = fields.iter().map(|(name, value)| (&**name, &**value)).collect();
        body.insert("type", of);
        let request = self.http.put(format!("{}/customer", self.kyc_server()?)).json(&body);
        let _: serde_json::Value = answer(request.bearer_auth(token).send().await?).await?;
        Ok(())
    }

    fn kyc_server(&self) -> Result<&str> {
        self.toml.kyc_server.as_deref().context("this anchor asks nothing of its customers")
    }
}
