//! The anchor as a wallet sees it: SEP-1 and SEP-24. Quotes are in `quotes.rs`, customers in `customers.rs`.

use anchor_core::account::AccountId;
use anchor_core::amount::StellarAmount;
use anchor_core::asset::StellarAsset;
use anchor_core::stellar::Network;
use anyhow::{Context as _, Result, bail};
use reqwest::Client;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use url::Url;

/// Which way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Money in, tokens out.
    Deposit,
    /// Tokens in, money out.
    Withdraw,
}

/// What stellar.toml says.
#[derive(Debug, Clone)]
pub struct Toml {
    /// The network of everything below.
    pub network: Network,
    /// Signs the anchor's challenges.
    pub signing_key: AccountId,
    /// SEP-10.
    pub web_auth: Url,
    /// SEP-24.
    pub transfer_server: String,
    /// SEP-6, if the anchor serves it.
    pub api_server: Option<String>,
    /// SEP-12, if the anchor asks anything.
    pub kyc_server: Option<String>,
    /// SEP-38, if the anchor gives quotes.
    pub quote_server: Option<String>,
    /// SEP-31, if the anchor receives payments.
    pub direct_payment_server: Option<String>,
    /// Where to read the ledger.
    pub horizon: Url,
    /// The token that was asked for.
    pub asset: StellarAsset,
    /// Host, with the port unless it is the default one.
    pub home_domain: String,
}

/// An anchor, found by its address.
#[derive(Debug, Clone)]
pub struct AnchorClient {
    /// Keeps connections.
    pub http: Client,
    /// How to reach it.
    pub toml: Toml,
}

/// A started flow.
#[derive(Debug, Deserialize)]
pub struct Started {
    /// The anchor's id.
    pub id: String,
    /// The anchor's page; good for one visit.
    pub url: String,
}

/// What the anchor says of a transaction (SEP-24 §Transaction; the names are the protocol's own).
#[derive(Debug, Clone, Deserialize)]
#[expect(missing_docs, reason = "documented in SEP-24")]
pub struct Transaction {
    pub id: String,
    pub kind: String,
    pub status: String,
    pub amount_in: Option<String>,
    pub amount_out: Option<String>,
    pub amount_fee: Option<String>,
    pub message: Option<String>,
    pub withdraw_anchor_account: Option<String>,
    pub withdraw_memo: Option<String>,
    pub withdraw_memo_type: Option<String>,
    pub stellar_transaction_id: Option<String>,
    pub external_transaction_id: Option<String>,
}

impl Transaction {
    /// Nothing more happens to it.
    pub fn is_over(&self) -> bool {
        let ends = ["completed", "error", "expired", "refunded", "no_market", "too_small", "too_large"];
        ends.contains(&self.status.as_str())
    }

    /// In one line.
    pub fn line(&self) -> String {
        let show = |amount: &Option<String>| amount.clone().unwrap_or_else(|| "?".into());
        format!(
            "{} {} {}: in {}, fee {}, out {}",
            self.kind,
            self.id,
            self.status,
            show(&self.amount_in),
            show(&self.amount_fee),
            show(&self.amount_out)
        )
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "UPPERCASE")]
struct RawToml {
    network_passphrase: String,
    signing_key: AccountId,
    web_auth_endpoint: Url,
    transfer_server_sep0024: String,
    transfer_server: Option<String>,
    kyc_server: Option<String>,
    anchor_quote_server: Option<String>,
    direct_payment_server: Option<String>,
    horizon_url: Option<Url>,
    currencies: Vec<RawCurrency>,
}

#[derive(Deserialize)]
struct RawCurrency {
    code: String,
    issuer: Option<AccountId>,
}

impl AnchorClient {
    /// Reads the anchor's stellar.toml.
    pub async fn discover(address: &str, asset: &str, horizon: Option<Url>) -> Result<Self> {
        let http = Client::builder().cookie_store(true).build()?;
        let address = Url::parse(address).context("the anchor's address is not one")?;
        let toml_address = address.join("/.well-known/stellar.toml")?;
        let answer = http.get(toml_address).send().await.context("is the anchor running?")?;
        let raw: RawToml = toml::from_str(&answer.error_for_status()?.text().await?)?;
        let currency = raw.currencies.iter().find(|currency| currency.code == asset);
        let currency = currency.with_context(|| format!("the anchor has no asset {asset}"))?;
        let asset = match &currency.issuer {
            Some(issuer) => format!("{}:{issuer}", currency.code).parse()?,
            None => StellarAsset::Native,
        };
        let host = address.host_str().unwrap_or_default();
        let toml = Toml {
            network: Network::new(raw.network_passphrase),
            signing_key: raw.signing_key,
            web_auth: raw.web_auth_endpoint,
            transfer_server: raw.transfer_server_sep0024,
            api_server: raw.transfer_server,
            kyc_server: raw.kyc_server,
            quote_server: raw.anchor_quote_server,
            direct_payment_server: raw.direct_payment_server,
            horizon: horizon.or(raw.horizon_url).context("stellar.toml names no HORIZON_URL")?,
            asset,
            home_domain: address.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}")),
        };
        Ok(Self { http, toml })
    }

    /// Starts a hosted flow.
    pub async fn start(
        &self,
        kind: Kind,
        token: &str,
        account: &AccountId,
        amount: StellarAmount,
    ) -> Result<Started> {
        self.start_quoted(kind, token, account, amount, None).await
    }

    /// As [`start`](Self::start), at the price of a quote if there is one.
    pub async fn start_quoted(
        &self,
        kind: Kind,
        token: &str,
        account: &AccountId,
        amount: StellarAmount,
        quote: Option<&str>,
    ) -> Result<Started> {
        let path = match kind {
            Kind::Deposit => "deposit",
            Kind::Withdraw => "withdraw",
        };
        let body = serde_json::json!({
            "asset_code": self.toml.asset.code(),
            "account": account.to_string(),
            "amount": amount.to_string(),
            // null is the same as nothing
            "quote_id": quote,
        });
        let address = format!("{}/transactions/{path}/interactive", self.toml.transfer_server);
        answer(self.http.post(address).bearer_auth(token).json(&body).send().await?).await
    }

    /// One transaction.
    pub async fn transaction(&self, token: &str, id: &str) -> Result<Transaction> {
        #[derive(Deserialize)]
        struct Answer {
            transaction: Transaction,
        }
        let address = format!("{}/transaction", self.toml.transfer_server);
        let sent = self.http.get(address).query(&[("id", id)]).bearer_auth(token).send().await?;
        Ok(answer::<Answer>(sent).await?.transaction)
    }

    /// All transactions, newest first.
    pub async fn all_transactions(&self, token: &str) -> Result<Vec<Transaction>> {
        let mut all: Vec<Transaction> = Vec::new();
        loop {
            let page = self.transactions(token, all.last().map(|last| last.id.as_str())).await?;
            if page.is_empty() {
                return Ok(all);
            }
            all.extend(page);
        }
    }

    /// The newest transactions, or those before one of them.
    pub async fn transactions(&self, token: &str, before: Option<&str>) -> Result<Vec<Transaction>> {
        #[derive(Deserialize)]
        struct Answer {
            transactions: Vec<Transaction>,
        }
        let address = format!("{}/transactions", self.toml.transfer_server);
        let mut query = vec![("asset_code", self.toml.asset.code()), ("limit", "50")];
        query.extend(before.map(|id| ("paging_id", id)));
        let sent = self.http.get(address).query(&query).bearer_auth(token).send().await?;
        Ok(answer::<Answer>(sent).await?.transactions)
    }
}

/// The answer, or the anchor's own words about why there is none.
pub async fn answer<T: DeserializeOwned>(response: reqwest::Response) -> Result<T> {
    let status = response.status();
    let text = response.text().await?;
    if !status.is_success() {
        bail!("{status}: {text}");
    }
    serde_json::from_str(&text).with_context(|| format!("unexpected answer: {text}"))
}
