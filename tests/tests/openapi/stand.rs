//! An anchor with everything switched on, and two wallets: one has something of everything, the other nothing.

use std::collections::BTreeMap;

use anchor_core::keys::SigningKey;
use anchor_core::testing::fakes::samples;
use anchor_devnet::{CloseMode, Devnet};
use anchor_tests::anchor_process::AnchorProgram;
use anchor_tests::database::TestDatabase;
use anyhow::{Context as _, Result, ensure};
use demo_wallet::anchor::AnchorClient;
use demo_wallet::auth;
use demo_wallet::ledger::Account;
use reqwest::{Client, Method, RequestBuilder, redirect};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::process::Child;

use crate::fuzz::Caller;

const DOCUMENT: &str = "/openapi.json";

/// Running.
pub(crate) struct Stand {
    /// Where it listens.
    pub(crate) url: String,
    /// Has transactions, customers, files and quotes, and is a sending anchor.
    pub(crate) owner: Caller,
    /// Has a token.
    pub(crate) stranger: Caller,
    /// What the owner has, and words that mean something.
    pub(crate) known: BTreeMap<&'static str, Vec<String>>,
    http: Client,
    process: std::sync::Mutex<Child>,
    _devnet: Devnet,
    _database: TestDatabase,
    _folder: TempDir,
}

impl Stand {
    pub(crate) async fn start() -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let database = TestDatabase::sqlite();
        let devnet = Devnet::builder().close(CloseMode::Instant).start().await?;
        let (owner, stranger) = (SigningKey::generate(), SigningKey::generate());
        let program = AnchorProgram::new(folder.path(), database.url(), &devnet.url()).await?;
        let program = program
            .with("SENDING_ANCHORS", &owner.account().to_string())
            .with("CUSTOMER_KEYS", samples::CUSTOMER_KEY)
            .with("OPENAPI_PATH", DOCUMENT);
        program.run_once(&["testnet", "issue", "--asset", "TEST"]).await?;
        let process = program.start_server(&["all"]).await?;
        let client = AnchorClient::discover(&program.url, "TEST", None).await?;
        let http = Client::builder().redirect(redirect::Policy::none()).build()?;

        // both have an account that could be paid
        let mut tokens = Vec::new();
        for key in [&owner, &stranger] {
            let account = Account::with_key(key.clone(), &client.toml).await?;
            account.trust(&client.toml.asset).await?;
            tokens.push(auth::authenticate(&client, key).await?);
        }
        let [token, other] = <[String; 2]>::try_from(tokens).ok().context("two tokens")?;
        let asset = format!("stellar:{}", client.toml.asset);
        let wallet = Wallet { url: &program.url, http: &http, token: &token };
        let account = owner.account().to_string();
        let (ids, cookie) = wallet.makes_something_of_everything(&asset, &account).await?;
        let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
        let known = BTreeMap::from([
            ("ids", ids),
            ("accounts", vec![account]),
            ("amounts", words(&["10", "100.5", "0.0000001", "0", "99999999999", "922337203685.4775807"])),
            ("assets", vec!["TEST".to_owned(), asset, "iso4217:BRL".to_owned(), "iso4217:EUR".to_owned()]),
            ("files", words(&["pages.css", "pages.js"])),
            ("memo_types", words(&["id", "text", "hash"])),
            ("methods", words(&["bank_account", "PIX"])),
            ("times", words(&["2020-01-01T00:00:00Z", "2100-01-01T00:00:00+01:00"])),
            ("urls", words(&["http://localhost:9/news", "https://wallet.example/news"])),
        ]);
        Ok(Self {
            url: program.url.clone(),
            owner: Caller { token, cookie },
            stranger: Caller { token: other, cookie: "somebody-elses".to_owned() },
            known,
            http,
            process: std::sync::Mutex::new(process),
            _devnet: devnet,
            _database: database,
            _folder: folder,
        })
    }

    /// As the anchor serves it.
    pub(crate) async fn document(&self) -> Result<Value> {
        let answer = self.http.get(format!("{}{DOCUMENT}", self.url)).send().await?;
        ensure!(answer.status() == 200, "no document: {answer:?}");
        Ok(serde_json::from_slice(&answer.bytes().await?)?)
    }

    /// After all that, it is still there and well.
    pub(crate) async fn is_alive(&self) -> Result<()> {
        ensure!(self.process.lock().unwrap().try_wait()?.is_none(), "the anchor ended");
        let answer = self.http.get(format!("{}/health", self.url)).send().await?;
        ensure!(answer.status() == 200, "not well: {}", answer.text().await?);
        Ok(())
    }
}

/// Whoever asks.
struct Wallet<'a> {
    url: &'a str,
    http: &'a Client,
    token: &'a str,
}

impl Wallet<'_> {
    /// The ids, and the cookie of a browser that fills in the first of them.
    async fn makes_something_of_everything(
        &self,
        asset: &str,
        account: &str,
    ) -> Result<(Vec<String>, String)> {
        let hosted = "/sep24/transactions/deposit/interactive";
        let deposit =
            self.json(Method::POST, hosted, json!({ "asset_code": "TEST", "amount": "10" })).await?;
        let address = deposit["url"].as_str().context("an address")?;
        let entered = self.http.get(address).send().await?;
        let cookie = entered.headers().get("set-cookie").and_then(|cookie| cookie.to_str().ok());
        let cookie = cookie.and_then(|cookie| cookie.split(';').next()?.split_once('='));
        let cookie = cookie.context("a cookie")?.1.to_owned();

        let hosted = "/sep24/transactions/withdraw/interactive";
        let withdrawal = self.json(Method::POST, hosted, json!({ "asset_code": "TEST" })).await?;
        let quote = json!({
            "sell_asset": asset, "buy_asset": "iso4217:BRL", "sell_amount": "10", "buy_delivery_method": "PIX",
            "context": "sep31",
        });
        let quote = self.json(Method::POST, "/sep38/quote", quote).await?;
        let mut ids = vec![id(&deposit)?, id(&withdrawal)?, id(&quote)?];

        let known =
            [("first_name", "Ada"), ("last_name", "Lovelace"), ("email_address", "ada@wallet.example")];
        let mut customers = Vec::new();
        for (kind, memo) in [("sep6", None), ("sep31-sender", Some("1")), ("sep31-receiver", Some("2"))] {
            let mut customer = json!({ "type": kind });
            known.iter().for_each(|(name, value)| customer[*name] = json!(value));
            if let Some(memo) = memo {
                customer["memo"] = json!(memo);
            }
            customers.push(id(&self.json(Method::PUT, "/sep12/customer", customer).await?)?);
        }
        let by_api =
            format!("/sep6/deposit?asset_code=TEST&funding_method=bank_account&amount=10&account={account}");
        let by_api = self.answer(self.http.get(format!("{}{by_api}", self.url))).await?;
        let received = json!({
            "asset_code": "TEST", "amount": "10", "funding_method": "SEPA",
            "sender_id": customers[1], "receiver_id": customers[2],
        });
        let received = self.json(Method::POST, "/sep31/transactions", received).await?;
        ids.extend(customers);
        ids.extend([id(&by_api)?, id(&received)?]);
        Ok((ids, cookie))
    }

    async fn json(&self, method: Method, path: &str, body: Value) -> Result<Value> {
        self.answer(self.http.request(method, format!("{}{path}", self.url)).json(&body)).await
    }

    async fn answer(&self, request: RequestBuilder) -> Result<Value> {
        let answer = request.bearer_auth(self.token).send().await?;
        let (status, body) = (answer.status(), answer.text().await?);
        ensure!(status.is_success(), "{status}: {body}");
        Ok(serde_json::from_str(&body)?)
    }
}

fn id(answer: &Value) -> Result<String> {
    let id = answer["id"].as_str();
    id.map(str::to_owned).with_context(|| format!("no id in {answer}"))
}
