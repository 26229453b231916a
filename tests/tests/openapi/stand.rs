//! An anchor with everything switched on, and two wallets: one has something of everything, the other nothing.

use std::collections::BTreeMap;

use anchor_core::account::ContractId;
use anchor_core::keys::SigningKey;
use anchor_core::testing::fakes::samples;
use anchor_devnet::{CloseMode, ContractKind, Devnet};
use anchor_tests::anchor_process::AnchorProgram;
use anchor_tests::database::TestDatabase;
use anyhow::{Context as _, Result, ensure};
use demo_wallet::anchor::AnchorClient;
use demo_wallet::auth;
use demo_wallet::ledger::Account;
use reqwest::{Client, redirect};
use serde_json::Value;
use tempfile::TempDir;
use tokio::process::Child;

use crate::fuzz::Caller;
use crate::wallet::{Belongings, Examples, Wallet, contract, illustrate};

const DOCUMENT: &str = "/openapi.json";

/// The web authentication contract.
const WEB_AUTH: [u8; 32] = [45; 32];

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
    examples: Examples,
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
            .with("WEB_AUTH_CONTRACT_ID", &ContractId::from_bytes(WEB_AUTH).to_string())
            .with("SEP45_RPC_URI", &devnet.rpc_url())
            .with("OPENAPI_PATH", DOCUMENT);
        devnet.install_contract(WEB_AUTH, ContractKind::WebAuth);
        let key = *owner.account().as_bytes();
        devnet.install_contract(*contract(&owner).as_bytes(), ContractKind::Key { key });
        devnet.fund_key(*program.signing_key().await?.account().as_bytes()).await?;
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
        let wallet = Wallet { url: &program.url, http: &http, key: &owner, token: &token, asset: &asset };
        let Belongings { ids, cookie, examples } = wallet.makes_something_of_everything().await?;
        let account = owner.account().to_string();
        let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
        let known = BTreeMap::from([
            ("hosted", ids[..2].to_vec()),
            ("payments", vec![ids[3].clone()]),
            ("ids", ids),
            ("accounts", vec![account]),
            ("amounts", words(&["10", "100.5", "0.0000001", "0", "99999999999", "922337203685.4775807"])),
            ("assets", vec!["TEST".to_owned(), asset, "iso4217:BRL".to_owned(), "iso4217:EUR".to_owned()]),
            ("files", words(&["pages.css", "pages.js"])),
            ("memo_types", words(&["id", "text", "hash"])),
            ("methods", words(&["bank_account", "SEPA", "PIX"])),
            ("times", words(&["2020-01-01T00:00:00Z", "2100-01-01T00:00:00+01:00"])),
            ("urls", words(&["http://localhost:9/news", "https://wallet.example/news"])),
        ]);
        Ok(Self {
            url: program.url.clone(),
            owner: Caller { token, cookie },
            stranger: Caller { token: other, cookie: "somebody-elses".to_owned() },
            known,
            examples,
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

    /// With requests of the owner that are granted.
    pub(crate) async fn illustrated_document(&self) -> Result<Value> {
        let mut document = self.document().await?;
        illustrate(&mut document, &self.examples)?;
        Ok(document)
    }

    /// After all that, it is still there and well.
    pub(crate) async fn is_alive(&self) -> Result<()> {
        ensure!(self.process.lock().unwrap().try_wait()?.is_none(), "the anchor ended");
        let answer = self.http.get(format!("{}/health", self.url)).send().await?;
        ensure!(answer.status() == 200, "not well: {}", answer.text().await?);
        Ok(())
    }
}
