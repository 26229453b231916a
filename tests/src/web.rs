//! An anchor with its web side, without a socket: requests go straight into the App.
//!
//! Time stands still at [`samples::start`] until a test moves it; the ledger and the bank are fakes that the test holds.

use actix_web::http::header::{self, HeaderMap};
use actix_web::test::{TestRequest, call_service, init_service, read_body};
use actix_web::{App, web::Bytes};
use anchor_core::asset::{Asset, StellarAsset};
use anchor_core::clock::ManualClock;
use anchor_core::keys::SigningKey;
use anchor_core::ops::{self, Committed};
use anchor_core::stellar::Network;
use anchor_core::store::diesel::DieselStore;
use anchor_core::testing::fakes::{AmountForms, samples};
use anchor_core::testing::ledger::FakeLedger;
use anchor_core::testing::rails::ScriptedRails;
use anchor_core::transaction::{Actor, Fact, Transaction};
use anchor_core::{Anchor, AnchorBuilder, Config};
use anchor_web::Web;
use anyhow::{Context as _, Result, bail, ensure};
use serde_json::Value;
use stellar_xdr::{
    DecoratedSignature, Hash, Limits, ReadXdr as _, Signature, SignatureHint, TransactionEnvelope,
    TransactionSignaturePayload, TransactionSignaturePayloadTaggedTransaction, WriteXdr as _,
};

use crate::database::TestDatabase;

/// An anchor on SQLite for `USDC` (both ways) and lumens (deposits only), mounted as in production.
#[derive(Debug)]
#[non_exhaustive]
pub struct TestAnchor {
    /// The web side.
    pub web: Web,
    /// All parts.
    pub anchor: Anchor,
    /// Knows no accounts at first.
    pub ledger: FakeLedger,
    /// Stands still.
    pub clock: ManualClock,
    /// Has no money at first.
    pub rails: ScriptedRails,
    database: TestDatabase,
}

/// What came back.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// All headers.
    pub headers: HeaderMap,
    /// The whole body.
    pub body: Bytes,
}

impl TestAnchor {
    /// The ordinary one.
    ///
    /// # Errors
    /// When database or anchor cannot be made.
    pub async fn new() -> Result<Self> {
        Self::with(&[], |builder| builder).await
    }

    /// With other settings (names as in the environment) and other parts.
    ///
    /// # Errors
    /// When database or anchor cannot be made.
    pub async fn with(
        settings: &[(&str, &str)],
        change: impl FnOnce(AnchorBuilder) -> AnchorBuilder,
    ) -> Result<Self> {
        Self::configured(config(settings)?, change).await
    }

    /// With a configuration that no settings could express.
    ///
    /// # Errors
    /// When database or anchor cannot be made.
    pub async fn configured(
        config: Config,
        change: impl FnOnce(AnchorBuilder) -> AnchorBuilder,
    ) -> Result<Self> {
        crate::logs::install();
        let database = TestDatabase::migrated_sqlite();
        let store = DieselStore::open(database.url())?;
        let clock = ManualClock::new(samples::start());
        let now = u64::try_from(samples::start().timestamp())?;
        let (ledger, rails) = (FakeLedger::new(config.network.clone(), now), ScriptedRails::new());
        let lumens = Asset { id: StellarAsset::Native, withdrawal: None, ..samples::asset() };
        let builder = Anchor::builder(config)
            .store(store)
            .ledger(ledger.clone())
            .rails(rails.clone())
            .deposit(AmountForms)
            .withdrawal(AmountForms)
            .clock(clock.clone())
            .asset(samples::asset())
            .asset(lumens);
        let anchor = change(builder).build().await?;
        let web = Web::new(anchor.clone())?;
        Ok(Self { web, anchor, ledger, clock, rails, database })
    }

    /// One request to an App that has nothing but the anchor.
    pub async fn call(&self, request: TestRequest) -> Answer {
        let app = init_service(App::new().configure(self.web.routes())).await;
        let response = call_service(&app, request.to_request()).await;
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        Answer { status, headers, body: read_body(response).await }
    }

    /// A `GET` with this token, or without one if it is empty.
    pub async fn get(&self, path: &str, token: &str) -> Answer {
        self.call(bearing(TestRequest::get().uri(path), token)).await
    }

    /// A JSON `POST` with this token, or without one if it is empty.
    pub async fn post(&self, path: &str, token: &str, body: Value) -> Answer {
        self.call(bearing(TestRequest::post().uri(path), token).set_json(body)).await
    }

    /// A fresh challenge: `query` is everything after the `?` of the request.
    ///
    /// # Errors
    /// When there is none.
    pub async fn challenge(&self, query: &str) -> Result<String> {
        let answer = self.get(&format!("/auth?{query}"), "").await;
        ensure!(answer.status == 200, "no challenge: {answer:?}");
        Ok(answer.json()?["transaction"].as_str().context("a transaction")?.to_owned())
    }

    /// Answers a challenge that these keys signed in addition.
    ///
    /// # Errors
    /// When the challenge cannot be read.
    pub async fn redeem(&self, challenge: &str, keys: &[&SigningKey]) -> Result<Answer> {
        let signed = sign(challenge, &self.anchor.config().network, keys)?;
        Ok(self.post("/auth", "", serde_json::json!({ "transaction": signed })).await)
    }

    /// The token of `key`'s own account, which need not exist on the ledger.
    ///
    /// # Errors
    /// When it is refused.
    pub async fn log_in(&self, key: &SigningKey) -> Result<String> {
        self.log_in_as(&format!("account={}", key.account()), key).await
    }

    /// The token for a challenge of this query, signed by `key`.
    ///
    /// # Errors
    /// When it is refused.
    pub async fn log_in_as(&self, query: &str, key: &SigningKey) -> Result<String> {
        let answer = self.redeem(&self.challenge(query).await?, &[key]).await?;
        ensure!(answer.status == 200, "no token: {answer:?}");
        Ok(answer.json()?["token"].as_str().context("a token")?.to_owned())
    }

    /// Starts a transaction over the API (`deposit` or `withdraw`) and reads it from the store.
    ///
    /// # Errors
    /// When it is refused.
    pub async fn start(&self, kind: &str, token: &str, body: Value) -> Result<Transaction> {
        let answer = self.post(&format!("/sep24/transactions/{kind}/interactive"), token, body).await;
        ensure!(answer.status == 200, "not started: {answer:?}");
        let id = answer.json()?["id"].as_str().context("an id")?.parse()?;
        self.anchor.store().transaction_fetch(id).await?.context("stored")
    }

    /// Something happens to a transaction.
    ///
    /// # Errors
    /// When it does not fit.
    pub async fn commit(&self, transaction: &Transaction, fact: Fact) -> Result<Transaction> {
        match ops::commit(&self.anchor, transaction, fact, Actor::Worker, false).await? {
            Committed::Moved(next) => Ok(next),
            other => bail!("not moved: {other:?}"),
        }
    }

    /// The object that the API shows of a transaction.
    ///
    /// # Errors
    /// When it shows none.
    pub async fn shown(&self, transaction: &Transaction, token: &str) -> Result<Value> {
        let answer = self.get(&format!("/sep24/transaction?id={}", transaction.id), token).await;
        ensure!(answer.status == 200, "not shown: {answer:?}");
        Ok(answer.json()?["transaction"].take())
    }

    /// Where the data are.
    #[must_use]
    pub fn database(&self) -> &TestDatabase {
        &self.database
    }
}

impl Answer {
    /// The body as JSON.
    ///
    /// # Errors
    /// When it is none, or is not said to be.
    pub fn json(&self) -> Result<Value> {
        let content_type = self.header(header::CONTENT_TYPE.as_str());
        ensure!(content_type.starts_with("application/json"), "not JSON but {content_type}: {:?}", self.body);
        Ok(serde_json::from_slice(&self.body)?)
    }

    /// One header, empty if it is absent.
    #[must_use]
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// The text of a SEP error.
    ///
    /// # Errors
    /// When the body is not one that wallets understand, on any origin.
    pub fn error(&self) -> Result<String> {
        ensure!(self.header("access-control-allow-origin") == "*", "not open to all origins: {self:?}");
        let body = self.json()?;
        let members = body.as_object().context("an object")?;
        ensure!(members.keys().all(|key| key == "error" || key == "type"), "unknown members: {body}");
        let error = members.get("error").and_then(Value::as_str).context("an error text")?;
        ensure!(!error.is_empty(), "an empty error text");
        Ok(error.to_owned())
    }
}

/// The samples' settings with these on top.
///
/// # Errors
/// When they are not usable.
pub fn config(settings: &[(&str, &str)]) -> Result<Config> {
    let seed = samples::distribution().to_strkey();
    let setting = |name: &str| settings.iter().find(|(known, _)| *known == name);
    Ok(Config::from_source(|name| match (setting(name), name) {
        (Some((_, value)), _) => Some((*value).to_owned()),
        (None, "SIGNING_SEED" | "DISTRIBUTION_SEEDS") => Some(seed.expose().clone()),
        (None, "SERVER_JWT_KEY") => Some("a-key-for-tests-0123456789-abcdefgh".to_owned()),
        (None, "CUSTOMER_KEYS") => Some(samples::CUSTOMER_KEY.to_owned()),
        _ => None,
    })?)
}

/// Adds the signatures of these keys to a base64 envelope, in this order.
///
/// # Errors
/// When it is no version 1 envelope.
pub fn sign(envelope: &str, network: &Network, keys: &[&SigningKey]) -> Result<String> {
    let limits = || Limits { depth: 100, len: 100_000 };
    let TransactionEnvelope::Tx(mut inner) = TransactionEnvelope::from_xdr_base64(envelope, limits())? else {
        bail!("not a version 1 envelope");
    };
    let payload = TransactionSignaturePayload {
        network_id: Hash(*network.id()),
        tagged_transaction: TransactionSignaturePayloadTaggedTransaction::Tx(inner.tx.clone()),
    };
    let hash = sha256(&payload.to_xdr(limits())?);
    let mut signatures = inner.signatures.to_vec();
    for key in keys {
        let account = key.account();
        let hint = *account.as_bytes().last_chunk().context("32 bytes")?;
        let signature = Signature(key.sign(&hash).to_vec().try_into()?);
        signatures.push(DecoratedSignature { hint: SignatureHint(hint), signature });
    }
    inner.signatures = signatures.try_into()?;
    Ok(TransactionEnvelope::Tx(inner).to_xdr_base64(limits())?)
}

fn sha256(bytes: &[u8]) -> [u8; 32] {
    use sha2::Digest as _;
    sha2::Sha256::digest(bytes).into()
}

fn bearing(request: TestRequest, token: &str) -> TestRequest {
    if token.is_empty() {
        request
    } else {
        request.insert_header((header::AUTHORIZATION, format!("Bearer {token}")))
    }
}
