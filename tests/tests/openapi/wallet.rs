//! A wallet that has something of everything, and requests of which something comes.

use anchor_core::account::ContractId;
use anchor_core::keys::SigningKey;
use anchor_core::stellar::Network;
use anchor_tests::contract_wallet;
use anchor_tests::web::sign;
use anyhow::{Context as _, Result, ensure};
use reqwest::{Client, Method, RequestBuilder};
use serde_json::{Value, json};

/// Requests that are granted, as `GET /path` and the values of its parameters and its body.
pub(crate) type Examples = Vec<(&'static str, Value)>;

/// Whoever asks.
pub(crate) struct Wallet<'a> {
    pub(crate) url: &'a str,
    pub(crate) http: &'a Client,
    pub(crate) key: &'a SigningKey,
    pub(crate) token: &'a str,
    /// As SEP-38 names it.
    pub(crate) asset: &'a str,
}

/// What the wallet has now.
pub(crate) struct Belongings {
    pub(crate) ids: Vec<String>,
    /// Of a browser in the first flow.
    pub(crate) cookie: String,
    pub(crate) examples: Examples,
}

impl Wallet<'_> {
    pub(crate) async fn makes_something_of_everything(&self) -> Result<Belongings> {
        let account = self.key.account().to_string();
        let hosted = |kind: &str| format!("/sep24/transactions/{kind}/interactive");
        let start = json!({ "asset_code": "TEST", "amount": "10" });
        let deposit = self.json(Method::POST, &hosted("deposit"), start.clone()).await?;
        let withdrawal = self.json(Method::POST, &hosted("withdraw"), start.clone()).await?;
        let (cookie, form) = self.opens(text(&deposit, "/url")?).await?;
        let (deposit, withdrawal) = (id(&deposit)?, id(&withdrawal)?);
        let shown = self.get(&format!("/sep24/transaction?id={deposit}")).await?;
        let info: url::Url = text(&shown, "/transaction/more_info_url")?.parse()?;
        let info: serde_json::Map<_, _> =
            info.query_pairs().map(|(name, value)| (name.into_owned(), json!(value))).collect();

        let price = json!({
            "sell_asset": self.asset, "buy_asset": "iso4217:BRL", "sell_amount": "10", "buy_delivery_method": "PIX",
            "context": "sep31",
        });
        let bought = json!({
            "sell_asset": "iso4217:BRL", "buy_asset": self.asset, "sell_amount": "547.4",
            "sell_delivery_method": "bank_account", "context": "sep6",
        });
        let sold = with(&price, json!({ "context": "sep6", "buy_delivery_method": "bank_account" }));
        let mut quotes = Vec::new();
        for wanted in [&price, &bought, &sold] {
            quotes.push(id(&self.json(Method::POST, "/sep38/quote", wanted.clone()).await?)?);
        }

        let ada =
            json!({ "first_name": "Ada", "last_name": "Lovelace", "email_address": "ada@wallet.example" });
        let mut customers = Vec::new();
        let whom = [
            json!({ "type": "sep6" }),
            json!({ "type": "sep31-sender", "memo": "1" }),
            json!({ "type": "sep31-receiver", "memo": "2" }),
        ];
        for who in whom {
            customers.push(id(&self.json(Method::PUT, "/sep12/customer", with(&ada, who)).await?)?);
        }
        let api = json!({ "asset_code": "TEST", "funding_method": "bank_account", "amount": "10", "account": account });
        let query = "asset_code=TEST&funding_method=bank_account&amount=10";
        let by_api = id(&self.get(&format!("/sep6/deposit?{query}&account={account}")).await?)?;
        let announced = json!({
            "asset_code": "TEST", "amount": "10", "funding_method": "SEPA",
            "sender_id": customers[1], "receiver_id": customers[2],
        });
        let payment = id(&self.json(Method::POST, "/sep31/transactions", announced.clone()).await?)?;

        let one = json!({ "id": payment });
        let listed = json!({ "asset_code": "TEST", "limit": 5, "no_older_than": "2020-01-01T00:00:00Z" });
        let examples = vec![
            ("GET /auth", json!({ "account": account, "memo": "7" })),
            ("POST /auth", json!({ "transaction": self.signed_challenge().await? })),
            (
                "GET /auth/contracts",
                json!({ "account": contract(self.key), "home_domain": self.home_domain() }),
            ),
            ("POST /auth/contracts", json!({ "authorization_entries": self.signed_entries().await? })),
            ("GET /sep12/customer", json!({ "type": "sep6" })),
            ("PUT /sep12/customer", with(&ada, json!({ "type": "sep6" }))),
            ("PUT /sep12/customer/callback", json!({ "id": customers[0], "url": "http://localhost:9/news" })),
            ("GET /sep12/customer/files", json!({ "customer_id": customers[0] })),
            ("GET /sep24/transaction", json!({ "id": deposit })),
            ("GET /sep24/transactions", listed.clone()),
            ("POST /sep24/transactions/deposit/interactive", start.clone()),
            ("POST /sep24/transactions/withdraw/interactive", start),
            ("GET /sep24/interactive/{id}", json!({ "id": deposit })),
            ("POST /sep24/interactive/{id}", with(&form, json!({ "id": deposit, "_step": "preview" }))),
            ("GET /sep24/interactive/{id}/preview", json!({ "id": deposit, "amount": "10" })),
            ("GET /sep24/transaction/more_info", info.into()),
            ("GET /sep24/static/{hash}/{name}", json!({ "hash": "0", "name": "pages.css" })),
            ("POST /sep31/transactions", announced),
            ("GET /sep31/transactions/{id}", one.clone()),
            (
                "PUT /sep31/transactions/{id}/callback",
                with(&one, json!({ "url": "http://localhost:9/news" })),
            ),
            (
                "GET /sep38/prices",
                json!({ "sell_asset": self.asset, "sell_amount": "10", "buy_delivery_method": "PIX" }),
            ),
            ("GET /sep38/price", price.clone()),
            ("POST /sep38/quote", price),
            ("GET /sep38/quote/{id}", json!({ "id": quotes[0] })),
            ("GET /sep6/deposit", api.clone()),
            ("GET /sep6/withdraw", api),
            (
                "GET /sep6/deposit-exchange",
                json!({
                    "destination_asset": "TEST", "source_asset": "iso4217:BRL", "amount": "547.4", "account": account,
                    "quote_id": quotes[1], "funding_method": "bank_account",
                }),
            ),
            (
                "GET /sep6/withdraw-exchange",
                json!({
                    "source_asset": "TEST", "destination_asset": "iso4217:BRL", "amount": "10", "account": account,
                    "quote_id": quotes[2], "funding_method": "bank_account",
                }),
            ),
            ("GET /sep6/transaction", json!({ "id": by_api })),
            ("GET /sep6/transactions", with(&listed, json!({ "account": account, "kind": "deposit" }))),
        ];
        let mut ids = vec![deposit, withdrawal, by_api, payment];
        ids.extend(quotes);
        ids.extend(customers);
        Ok(Belongings { ids, cookie, examples })
    }

    /// Enters the hosted flow: the cookie, and what is hidden in the form.
    async fn opens(&self, address: &str) -> Result<(String, Value)> {
        let entered = self.http.get(address).send().await?;
        let cookie = entered.headers().get("set-cookie").and_then(|cookie| cookie.to_str().ok());
        let cookie = cookie.and_then(|cookie| cookie.split(';').next()).context("a cookie")?.to_owned();
        let place =
            entered.headers().get("location").and_then(|place| place.to_str().ok()).context("a place")?;
        let page = self.http.get(format!("{}{place}", self.url)).header("cookie", &cookie).send().await?;
        let page = page.text().await?;
        let hidden = |name: &str| {
            let value = page.split(&format!("name=\"{name}\" value=\"")).nth(1)?.split('"').next()?;
            Some(value.to_owned())
        };
        let form = json!({ "_csrf": hidden("_csrf").context("a form")?, "_page": hidden("_page").context("a form")? });
        Ok((cookie.split_once('=').context("a value")?.1.to_owned(), form))
    }

    /// The domain that the anchor knows itself by: where it listens.
    fn home_domain(&self) -> &str {
        self.url.trim_start_matches("http://")
    }

    /// A contract account's challenge with its signature.
    async fn signed_entries(&self) -> Result<String> {
        let query = format!("account={}&home_domain={}", contract(self.key), self.home_domain());
        let challenge = self.get(&format!("/auth/contracts?{query}")).await?;
        let mut entries = contract_wallet::decode(text(&challenge, "/authorization_entries")?)?;
        let network = Network::new(text(&challenge, "/network_passphrase")?);
        let client = entries.first_mut().context("an entry")?;
        // long enough for the slowest run
        contract_wallet::sign(client, self.key, 100_000, &network)?;
        contract_wallet::encode(entries)
    }

    async fn signed_challenge(&self) -> Result<String> {
        let challenge = self.get(&format!("/auth?account={}", self.key.account())).await?;
        sign(
            text(&challenge, "/transaction")?,
            &Network::new(text(&challenge, "/network_passphrase")?),
            &[self.key],
        )
    }

    async fn get(&self, path: &str) -> Result<Value> {
        // `/auth` would take a token for its own
        let request = self.http.get(format!("{}{path}", self.url));
        let request = if path.starts_with("/auth") { request } else { request.bearer_auth(self.token) };
        answer(request).await
    }

    async fn json(&self, method: Method, path: &str, body: Value) -> Result<Value> {
        let request = self.http.request(method, format!("{}{path}", self.url)).json(&body);
        answer(request.bearer_auth(self.token)).await
    }
}

async fn answer(request: RequestBuilder) -> Result<Value> {
    let answer = request.send().await?;
    let (status, body) = (answer.status(), answer.text().await?);
    ensure!(status.is_success(), "{status}: {body}");
    Ok(serde_json::from_str(&body)?)
}

fn text<'a>(answer: &'a Value, pointer: &str) -> Result<&'a str> {
    answer.pointer(pointer).and_then(Value::as_str).with_context(|| format!("no {pointer} in {answer}"))
}

fn id(answer: &Value) -> Result<String> {
    text(answer, "/id").map(str::to_owned)
}

fn with(one: &Value, other: Value) -> Value {
    let mut both = one.clone();
    if let (Some(members), Value::Object(others)) = (both.as_object_mut(), other) {
        members.extend(others);
    }
    both
}

/// Writes the examples into the document, where schemathesis looks for them; `HEAD` has those of `GET`.
pub(crate) fn illustrate(document: &mut Value, examples: &Examples) -> Result<()> {
    for (operation, values) in examples {
        let (method, path) = operation.split_once(' ').context("a method")?;
        let method = method.to_lowercase();
        for method in [method.as_str()].into_iter().chain((method == "get").then_some("head")) {
            let Some(operation) = document["paths"].get_mut(path).and_then(|item| item.get_mut(method))
            else {
                continue;
            };
            let mut body = values.clone();
            let members = body.as_object_mut().context("an object")?;
            for parameter in
                operation.pointer_mut("/parameters").and_then(Value::as_array_mut).into_iter().flatten()
            {
                if let Some(value) = members.remove(parameter["name"].as_str().unwrap_or_default()) {
                    parameter["example"] = value;
                }
            }
            let contents = operation.pointer_mut("/requestBody/content").and_then(Value::as_object_mut);
            ensure!(members.is_empty() || contents.is_some(), "{path} does not describe {members:?}");
            for content in contents.into_iter().flat_map(|contents| contents.values_mut()) {
                content["example"] = members.clone().into();
            }
        }
    }
    Ok(())
}

/// The contract account that this key signs for.
pub(crate) fn contract(key: &SigningKey) -> ContractId {
    ContractId::from_bytes(*key.account().as_bytes())
}
