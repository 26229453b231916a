//! The configuration for the official validation suite, which lies beside the example anchor: it fits the anchor, and the
//! transactions that it needs can be made.

use anchor_core::keys::SigningKey;
use anchor_core::testing::fakes::samples;
use anchor_devnet::{CloseMode, Devnet};
use anchor_tests::anchor_process::AnchorProgram;
use anchor_tests::database::TestDatabase;
use anchor_tests::found::workspace;
use anyhow::{Context as _, Result};
use demo_wallet::anchor::AnchorClient;
use demo_wallet::ledger::Account;
use demo_wallet::{auth, suite};
use serde_json::{Map, Value};

fn config() -> Result<Value> {
    let file = workspace().join("examples/testnet-anchor/anchor-tests.json");
    Ok(serde_json::from_slice(&std::fs::read(file)?)?)
}

fn members(value: &Value) -> Result<&Map<String, Value>> {
    value.as_object().with_context(|| format!("not an object: {value}"))
}

fn names(value: &Value) -> Vec<&str> {
    let mut names: Vec<&str> =
        value.as_object().into_iter().flat_map(Map::keys).map(String::as_str).collect();
    names.sort_unstable();
    names
}

/// What the suite checks before it asks anything, and what it says of itself without checking.
#[test]
fn configuration_has_the_suites_own_form() -> Result<()> {
    let config = config()?;
    assert_eq!(names(&config), ["12", "24", "31", "38", "6"]);
    assert_eq!(names(&config["6"]), ["deposit", "withdraw"]);
    assert_eq!(names(&config["6"]["deposit"]), ["transactionFields"]);
    assert_eq!(names(&config["6"]["withdraw"]), ["types"]);
    for each in members(&config["6"]["withdraw"]["types"])?.values() {
        assert_eq!(names(each), ["transactionFields"]);
    }
    let people = &config["12"];
    assert_eq!(names(people), ["createCustomer", "customers", "deleteCustomer", "sameAccountDifferentMemos"]);
    assert!(members(&people["customers"])?.len() >= 4);
    let pair = people["sameAccountDifferentMemos"].as_array().context("a pair")?;
    let named = [&people["createCustomer"], &people["deleteCustomer"], &pair[0], &pair[1]];
    for (index, name) in named.iter().enumerate() {
        assert!(people["customers"][name.as_str().context("a name")?].is_object(), "{name}");
        assert!(!named[..index].contains(name), "{name} twice");
    }
    assert_eq!(pair.len(), 2);
    let sending = &config["31"];
    let known =
        ["receivingClientName", "sendingAnchorClientSecret", "sendingClientName", "transactionFields"];
    assert_eq!(names(sending), known);
    assert_ne!(sending["sendingClientName"], sending["receivingClientName"]);
    for name in ["sendingClientName", "receivingClientName"] {
        assert!(pair.contains(&sending[name]), "{name}");
    }
    assert_eq!(names(&config["38"]), ["contexts"]);
    for context in config["38"]["contexts"].as_array().context("a list")? {
        assert!(["sep6", "sep31"].contains(&context.as_str().unwrap_or_default()), "{context}");
    }
    // or a quote of the one could not be used by the other
    assert_eq!(config["24"]["account"]["secretKey"], sending["sendingAnchorClientSecret"]);
    Ok(())
}

/// The example anchor on a network of its own.
struct Example {
    anchor: AnchorClient,
    _process: tokio::process::Child,
    _devnet: Devnet,
    _folder: tempfile::TempDir,
}

impl Example {
    async fn start(config: &Value) -> Result<Self> {
        let (folder, database) = (tempfile::tempdir()?, TestDatabase::sqlite());
        let devnet = Devnet::builder().close(CloseMode::Instant).start().await?;
        let program = AnchorProgram::new(folder.path(), database.url(), &devnet.url()).await?;
        let program = program.with("SENDING_ANCHORS", &suite::key(config)?.account().to_string());
        let program = program.with("CUSTOMER_KEYS", samples::CUSTOMER_KEY);
        program.run_once(&["testnet", "issue", "--asset", "TEST"]).await?;
        let process = program.start_server(&["all"]).await?;
        let anchor = AnchorClient::discover(&program.url, "TEST", None).await?;
        Ok(Self { anchor, _process: process, _devnet: devnet, _folder: folder })
    }

    async fn ask(&self, server: Option<&String>, path: &str) -> Result<Value> {
        let address = format!("{}{path}", server.context("no such server in stellar.toml")?);
        Ok(self.anchor.http.get(address).send().await?.error_for_status()?.json().await?)
    }

    async fn quoted_first(&self) -> Result<Value> {
        let server = self.anchor.toml.quote_server.as_ref();
        let token = format!("stellar:{}", self.anchor.toml.asset);
        let prices = self.ask(server, &format!("/prices?sell_asset={token}&sell_amount=100")).await?;
        let info = self.ask(server, "/info").await?;
        let mut assets = info["assets"].as_array().context("a list")?.iter();
        let first = assets.find(|asset| asset["asset"] == prices["buy_assets"][0]["asset"]);
        Ok(first.context("the first price is of an asset that /info lists")?.clone())
    }

    /// Sent by a user of its own: how they stand afterwards.
    async fn customer(&self, told: &Value) -> Result<(Value, Value)> {
        let account = Account::with_key(SigningKey::generate(), &self.anchor.toml).await?;
        let token = auth::authenticate(&self.anchor, &account.key).await?;
        let of = told["type"].as_str().context("a type")?;
        let before = serde_json::to_value(self.anchor.customer(&token, of).await?.status)?;
        let fields: Vec<(String, String)> = serde_json::from_value::<Map<String, Value>>(told.clone())?
            .into_iter()
            .filter(|(name, _)| name != "type")
            .map(|(name, value)| (name, value.as_str().unwrap_or_default().to_owned()))
            .collect();
        self.anchor.tell(&token, of, &fields).await?;
        Ok((before, serde_json::to_value(self.anchor.customer(&token, of).await?.status)?))
    }
}

/// Each of these is a test of the suite that would fail.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn configuration_fits_the_example_anchor_and_can_be_completed() -> Result<()> {
    let mut config = config()?;
    let example = Example::start(&config).await?;
    let toml = &example.anchor.toml;

    let info = example.ask(toml.api_server.as_ref(), "/info").await?;
    let deposit = &info["deposit"]["TEST"]["fields"];
    assert_eq!(names(deposit), names(&config["6"]["deposit"]["transactionFields"]));
    assert!(deposit.as_object().into_iter().flat_map(Map::values).all(|field| field["optional"] == true));
    let (listed, configured) = (&info["withdraw"]["TEST"]["types"], &config["6"]["withdraw"]["types"]);
    assert_eq!(names(listed), names(configured));
    for (name, each) in members(listed)? {
        assert_eq!(names(&each["fields"]), names(&configured[name]["transactionFields"]), "{name}");
    }

    for (name, told) in members(&config["12"]["customers"])? {
        let (before, after) = example.customer(told).await?;
        assert_eq!((before.as_str(), after.as_str()), (Some("NEEDS_INFO"), Some("ACCEPTED")), "{name}");
    }

    let info = example.ask(toml.direct_payment_server.as_ref(), "/info").await?;
    let receive = &info["receive"]["TEST"];
    let wanted = names(&receive["fields"]["transaction"]);
    assert_eq!(wanted, names(&config["31"]["transactionFields"]));
    for (role, name) in [("sender", "sendingClientName"), ("receiver", "receivingClientName")] {
        let client = config["31"][name].as_str().context("a name")?;
        let of = config["12"]["customers"][client]["type"].as_str().context("a type")?;
        assert!(receive["sep12"][role]["types"][of].is_object(), "{role}: {receive}");
    }
    // the suite pays by SEPA, also where it uses a quote, which is for the first way to deliver the first asset
    assert!(receive["funding_methods"].as_array().is_some_and(|ways| ways.contains(&"SEPA".into())));
    let first = example.quoted_first().await?;
    assert_eq!(first["buy_delivery_methods"][0]["name"], "SEPA", "{first}");

    suite::complete(&example.anchor, &mut config).await?;
    let token = auth::authenticate(&example.anchor, &suite::key(&config)?).await?;
    for (name, wanted) in [
        ("depositPendingTransaction", ["id", "status", "status"]),
        ("depositCompletedTransaction", ["id", "status", "stellar_transaction_id"]),
        ("withdrawCompletedTransaction", ["id", "status", "stellar_transaction_id"]),
        ("withdrawPendingUserTransferStartTransaction", ["amount_in", "withdraw_memo", "withdraw_memo_type"]),
    ] {
        let part = &config["24"][name];
        assert!(wanted.iter().all(|name| part[*name].is_string()), "{name}: {part}");
        let found = example.anchor.transaction(&token, part["id"].as_str().context("an id")?).await?;
        assert_eq!(part["status"], found.status.as_str(), "{name}");
    }
    assert_eq!(config["24"]["depositPendingTransaction"]["status"], "pending_trust");
    Ok(())
}
