//! SEP-6, 12, 31 and 38. What reads is measured against its likes of SEP-24, in the same run.

use anchor_core::asset::StellarAsset;
use anyhow::{Context as _, Result};
use demo_wallet::anchor::Kind;
use sending_anchor::people::Person;
use sending_anchor::receiver::{Announcement, Receiver};

use super::client::Plan;
use super::report::{Figure, Measured};
use super::{Stand, fill, get, post, put};

const AMOUNT: &str = "100";

/// What is quoted, without a limit that thousands of promises would reach.
pub(super) fn quotes(asset: &StellarAsset) -> String {
    format!(
        r#"
lifetime_seconds = 60
open_of_user = 1000000000

[[assets]]
id = "iso4217:BRL"
decimals = 2
country_codes = ["BR"]
sell_delivery_methods = [{{ name = "PIX", description = "Instant payment by PIX" }}]

[[assets]]
id = "stellar:{asset}"
decimals = 7
open_max = "1000000000"
open_max_of_user = "1000000000"

[[pairs]]
sell = "iso4217:BRL"
buy = "stellar:{asset}"
price = "5.42"
margin_percent = "0.5"
fee = {{ fixed = "1" }}
fee_in = "sell"
"#
    )
}

impl Stand<'_> {
    pub(super) async fn sep6(&self) -> Result<Vec<Figure>> {
        let mut ids = Vec::new();
        for (key, token) in self.keys.iter().zip(&self.tokens) {
            self.client.tell(token, "sep6", &person()).await?;
            let mut own = Vec::new();
            for _ in 0..fill::ROWS_OF_ACCOUNT {
                let (account, amount) = (key.account(), AMOUNT.parse()?);
                let asked = self.client.request(Kind::Deposit, token, &account, amount, None, "").await?;
                own.push(asked.id);
            }
            ids.push(own);
        }
        let infos = self.infos().await?;
        let info = self.beside("GET /sep6/info", "/sep6/info", &infos).await?;
        let row = self.rows("GET /sep6/transaction", "/sep6/transaction?id=", &ids).await?;
        let path = format!("/transactions?asset_code=TEST&limit={}", fill::ROWS_OF_ACCOUNT);
        let likes = self.anchor(|at| Plan::Cycle(vec![get(&format!("/sep24{path}"), self.token_of(at))]));
        let likes = likes.await?;
        let list = self.anchor(|at| {
            let account = self.keys.get(at).map(|key| key.account().to_string()).unwrap_or_default();
            Plan::Cycle(vec![get(&format!("/sep6{path}&account={account}"), self.token_of(at))])
        });
        let anchor = list.await?;
        let list = Figure { name: "GET /sep6/transactions (100)", anchor, ceiling: Some(likes) };
        Ok(vec![info, row, list])
    }

    pub(super) async fn sep12(&self) -> Result<Vec<Figure>> {
        for token in &self.tokens {
            self.client.tell(token, "sep6", &person()).await?;
        }
        let likes = self.row24().await?;
        let read = self.beside("GET /sep12/customer", "/sep12/customer?type=sep6", &likes).await?;
        let body =
            r#"{"type":"sep6","first_name":"Maria","last_name":"Souza","email_address":"m@example.com"}"#;
        let write = self.anchor(|at| Plan::Cycle(vec![put("/sep12/customer", self.token_of(at), body)]));
        let write = Figure { name: "PUT /sep12/customer (3 fields)", anchor: write.await?, ceiling: None };
        Ok(vec![read, write])
    }

    pub(super) async fn sep31(&self) -> Result<Vec<Figure>> {
        let asset = &self.client.toml.asset;
        let mut ids = Vec::new();
        for token in &self.tokens {
            let client = self.client.clone();
            let partner = Receiver { client, token: token.clone() };
            let sender = partner.make_known(&customer("sep31-sender", 1)).await?;
            let receiver = partner.make_known(&customer("sep31-receiver", 2)).await?;
            let mut own = Vec::new();
            for number in 0..fill::ROWS_OF_ACCOUNT {
                let announcement = Announcement {
                    amount: AMOUNT.to_owned(),
                    asset_code: asset.code().to_owned(),
                    asset_issuer: asset.issuer().map(|issuer| issuer.to_string()),
                    funding_method: "SEPA".to_owned(),
                    sender_id: sender.clone(),
                    receiver_id: receiver.clone(),
                    quote_id: None,
                };
                own.push(partner.announce(&announcement, &number.to_string()).await?.id);
            }
            ids.push(own);
        }
        let infos = self.infos().await?;
        let info = self.beside("GET /sep31/info", "/sep31/info", &infos).await?;
        let row = self.rows("GET /sep31/transactions/:id", "/sep31/transactions/", &ids).await?;
        Ok(vec![info, row])
    }

    pub(super) async fn sep38(&self) -> Result<Vec<Figure>> {
        let infos = self.infos().await?;
        let asset = format!("stellar:{}", self.client.toml.asset);
        let mut ids = Vec::new();
        for token in &self.tokens {
            let quote = self.client.quote(token, "iso4217:BRL", AMOUNT.parse()?, Some("PIX")).await?;
            ids.push(vec![quote.id]);
        }
        let row = self.row24().await?;
        let sold = "sell_asset=iso4217:BRL&sell_amount=100&sell_delivery_method=PIX";
        let prices = format!("/sep38/prices?{sold}");
        let price = format!("/sep38/price?{sold}&buy_asset={asset}&context=sep6");
        let body = serde_json::json!({
            "sell_asset": "iso4217:BRL",
            "buy_asset": asset,
            "sell_amount": "10",
            "sell_delivery_method": "PIX",
            "context": "sep6",
        })
        .to_string();
        let mut figures = vec![
            self.beside("GET /sep38/info", "/sep38/info", &infos).await?,
            self.beside("GET /sep38/prices", &prices, &row).await?,
            self.beside("GET /sep38/price", &price, &row).await?,
            self.rows("GET /sep38/quote/:id", "/sep38/quote/", &ids).await?,
        ];
        let write = self.anchor(|at| Plan::Cycle(vec![post("/sep38/quote", self.token_of(at), &body)]));
        figures.push(Figure { name: "POST /sep38/quote", anchor: write.await?, ceiling: None });
        Ok(figures)
    }

    /// The same answer again and again, beside SEP-24's.
    async fn beside(&self, name: &'static str, path: &str, likes: &Measured) -> Result<Figure> {
        let anchor = self.anchor(|at| Plan::Cycle(vec![get(path, self.token_of(at))])).await?;
        Ok(Figure { name, anchor, ceiling: Some(likes.clone()) })
    }

    /// Each connection's own, in turn, beside SEP-24's.
    async fn rows(&self, name: &'static str, path: &str, ids: &[Vec<String>]) -> Result<Figure> {
        let likes = self.row24().await?;
        let anchor = self.anchor(|at| {
            let token = self.token_of(at);
            let own = ids.get(at).into_iter().flatten();
            Plan::Cycle(own.map(|id| get(&format!("{path}{id}"), token)).collect())
        });
        Ok(Figure { name, anchor: anchor.await?, ceiling: Some(likes) })
    }

    async fn infos(&self) -> Result<Measured> {
        self.anchor(|_| Plan::Cycle(vec![get("/sep24/info", None)])).await
    }

    async fn row24(&self) -> Result<Measured> {
        self.anchor(|at| {
            let ids = (0..fill::ROWS_OF_ACCOUNT).map(|row| fill::row_id(at, row));
            let path = |id| format!("/sep24/transaction?id={id}");
            Plan::Cycle(ids.map(|id| get(&path(id), self.token_of(at))).collect())
        })
        .await
        .context("GET /transaction")
    }
}

fn person() -> Vec<(String, String)> {
    let known = [("first_name", "Maria"), ("last_name", "Silva"), ("email_address", "maria@example.com")];
    known.map(|(name, value)| (name.to_owned(), value.to_owned())).into()
}

fn customer(of: &str, memo: u64) -> Person {
    Person { of: of.to_owned(), known: person().into_iter().collect(), memo: Some(memo) }
}
