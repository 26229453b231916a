//! An anchor with pages, and somebody who visits them.
#![allow(dead_code, reason = "two test binaries use different parts")]

use std::time::Duration;

use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderMap};
use actix_web::{App, body, test};
use anchor_core::account::{Account, AccountId, Subject};
use anchor_core::asset::{Asset, AssetDescription, Authorization, Offer, StellarAsset, SuspensePolicy};
use anchor_core::clock::{Clock as _, ManualClock};
use anchor_core::id::TransactionId;
use anchor_core::integration::form::{
    Agreement, Field, FieldError, FieldKind, FileType, FlowStep, FlowView, Page, Sep9, ValidForm, amount_page,
};
use anchor_core::integration::{
    DepositIntegration, FundsOutcome, IntegrationError, PayoutOrder, PayoutOutcome, PendingDeposit,
    RailsIntegration, WithdrawalIntegration,
};
use anchor_core::keys::SigningKey;
use anchor_core::stellar::Network;
use anchor_core::store::diesel::DieselStore;
use anchor_core::testing::fakes::samples;
use anchor_core::testing::ledger::FakeLedger;
use anchor_core::transaction::{Kind, NewTransaction, Protocol, Request, Transaction};
use anchor_core::{Anchor, Config};
use anchor_tests::database::TestDatabase;
use anchor_web::Web;
use async_trait::async_trait;
use chrono::{DateTime, Utc};
use diesel::SqliteConnection;
use diesel::connection::{Connection as _, SimpleConnection as _};

pub(crate) const HOST: &str = "https://anchor.example";
pub(crate) const START: i64 = 1_800_000_000;

/// An anchor whose clock stands still.
pub(crate) struct Site {
    pub(crate) anchor: Anchor,
    pub(crate) web: Web,
    pub(crate) clock: ManualClock,
    pub(crate) asset: Asset,
    database: TestDatabase,
}

/// A transaction that a wallet has just started, and the secret of its address.
pub(crate) struct Started {
    pub(crate) id: TransactionId,
    pub(crate) token: String,
}

/// What was answered.
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

/// A browser with one cookie.
pub(crate) struct Visitor<'a> {
    pub(crate) site: &'a Site,
    pub(crate) path: String,
    pub(crate) cookie: String,
    pub(crate) csrf: String,
}

impl Site {
    pub(crate) async fn new() -> Self {
        Self::at(HOST, SystemOrManual::Manual).await
    }

    /// `host` decides over the cookie's `Secure` and local mode.
    pub(crate) async fn at(host: &str, time: SystemOrManual) -> Self {
        Self::with(host, time, &[]).await
    }

    /// With other settings (names as in the environment).
    pub(crate) async fn with(host: &str, time: SystemOrManual, settings: &[(&str, &str)]) -> Self {
        Self::try_with(host, time, settings).await.unwrap()
    }

    /// An error if the pages cannot be served with these settings.
    pub(crate) async fn try_with(
        host: &str,
        time: SystemOrManual,
        settings: &[(&str, &str)],
    ) -> Result<Self, anchor_web::WebError> {
        let database = TestDatabase::migrated_sqlite();
        let now = match time {
            SystemOrManual::Manual => DateTime::from_timestamp(START, 0).unwrap(),
            SystemOrManual::System => Utc::now(),
        };
        let clock = ManualClock::new(now);
        let config = config(host, settings);
        let store = DieselStore::open(database.url()).unwrap();
        let network = Network::new(Network::TESTNET);
        let asset = asset();
        let anchor = Anchor::builder(config.clone())
            .store(store)
            .ledger(FakeLedger::new(network, u64::try_from(now.timestamp()).unwrap()))
            .rails(NoRails)
            .deposit(Forms)
            .withdrawal(Forms)
            .asset(asset.clone())
            .documents(anchor_web::Documents::new(&config, clock.clone()))
            .clock(clock.clone())
            .build()
            .await
            .unwrap();
        let web = Web::new(anchor.clone())?;
        Ok(Self { anchor, web, clock, asset, database })
    }

    pub(crate) async fn start(&self, kind: Kind) -> Started {
        self.start_with(kind, |_| {}).await
    }

    pub(crate) async fn start_with(&self, kind: Kind, change: impl FnOnce(&mut NewTransaction)) -> Started {
        let account = account(7);
        let now = self.clock.now();
        let mut new = NewTransaction {
            id: TransactionId::new(self.anchor.ids().next()),
            kind,
            protocol: Protocol::Sep24,
            asset: self.asset.id.clone(),
            off_chain_asset: self.asset.off_chain.clone(),
            subject: Subject::from(account),
            client_domain: None,
            request: Request::new(account),
            at: now,
            deadline: now + Duration::from_secs(3600),
        };
        change(&mut new);
        let transaction = Transaction::start(new);
        let token = format!("token-of-{}", transaction.id);
        let hash = anchor_core::ops::start::url_token_hash(&token);
        let ends = now + Duration::from_secs(300);
        self.anchor.store().transaction_insert(&transaction, Some((&hash, ends))).await.unwrap();
        Started { id: transaction.id, token }
    }

    pub(crate) async fn transaction(&self, id: TransactionId) -> Transaction {
        self.anchor.store().transaction_fetch(id).await.unwrap().unwrap()
    }

    /// Behind the anchor's back.
    pub(crate) fn sql(&self, sql: &str) {
        let path = self.database.url().strip_prefix("sqlite://").unwrap();
        SqliteConnection::establish(path).unwrap().batch_execute(sql).unwrap();
    }

    /// As the wallet gets it from the API.
    pub(crate) async fn more_info_path(&self, id: TransactionId) -> String {
        let document = self.anchor.documents().unwrap().document(&self.transaction(id).await);
        let url = document["transaction"]["more_info_url"].as_str().unwrap().to_owned();
        url.strip_prefix(self.anchor.config().host_url()).unwrap().to_owned()
    }

    pub(crate) async fn send(&self, request: test::TestRequest) -> Answer {
        let app = test::init_service(App::new().configure(self.web.routes())).await;
        let response = test::call_service(&app, request.to_request()).await;
        let (request, response) = response.into_parts();
        drop(request);
        let (status, headers) = (response.status(), response.headers().clone());
        let bytes = body::to_bytes(response.into_body()).await.unwrap_or_default();
        Answer { status, headers, body: String::from_utf8(bytes.to_vec()).unwrap() }
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.send(test::TestRequest::get().uri(path)).await
    }

    /// Opens the address as the wallet's browser does, `extra` being what the wallet appends.
    pub(crate) async fn open(&self, started: &Started, extra: &str) -> Answer {
        self.get(&format!("/sep24/interactive/{}?token={}{extra}", started.id, started.token)).await
    }

    /// Opens the address and follows it to the first page.
    pub(crate) async fn visit(&self, started: &Started) -> Visitor<'_> {
        self.visit_with(started, "").await
    }

    pub(crate) async fn visit_with(&self, started: &Started, extra: &str) -> Visitor<'_> {
        let opened = self.open(started, extra).await;
        assert_eq!(opened.status, StatusCode::SEE_OTHER, "{}", opened.body);
        let mut visitor =
            Visitor { site: self, path: opened.location(), cookie: opened.cookie(), csrf: String::new() };
        visitor.csrf = visitor.get().await.csrf().unwrap_or_default();
        visitor
    }
}

#[derive(Clone, Copy)]
pub(crate) enum SystemOrManual {
    System,
    Manual,
}

impl Visitor<'_> {
    pub(crate) fn request(&self, request: test::TestRequest) -> test::TestRequest {
        request.insert_header((header::COOKIE, self.cookie.clone()))
    }

    pub(crate) async fn get(&self) -> Answer {
        self.get_at(&self.path).await
    }

    pub(crate) async fn get_at(&self, path: &str) -> Answer {
        self.site.send(self.request(test::TestRequest::get().uri(path))).await
    }

    /// Sends one page with the right secret.
    pub(crate) async fn post(&self, page: &str, fields: &[(&str, &str)]) -> Answer {
        let mut all = vec![("_csrf", self.csrf.as_str()), ("_page", page)];
        all.extend(fields);
        self.post_raw(&all).await
    }

    pub(crate) async fn post_raw(&self, fields: &[(&str, &str)]) -> Answer {
        let request = test::TestRequest::post().uri(&self.path).set_form(fields);
        self.site.send(self.request(request)).await
    }
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    pub(crate) fn location(&self) -> String {
        self.header("location").to_owned()
    }

    /// Name and value of the cookie that was set.
    pub(crate) fn cookie(&self) -> String {
        self.header("set-cookie").split(';').next().unwrap().to_owned()
    }

    pub(crate) fn csrf(&self) -> Option<String> {
        let (_, rest) = self.body.split_once("name=\"_csrf\" value=\"")?;
        Some(rest.split_once('"')?.0.to_owned())
    }
}

pub(crate) fn account(seed: u8) -> Account {
    Account::Classic(key(seed).account())
}

fn key(seed: u8) -> SigningKey {
    SigningKey::from_seed([seed; 32])
}

pub(crate) fn config(host: &str, settings: &[(&str, &str)]) -> Config {
    Config::from_source(|name| {
        if let Some((_, value)) = settings.iter().find(|(known, _)| *known == name) {
            return Some((*value).to_owned());
        }
        Some(match name {
            "HOST_URL" => host.to_owned(),
            "SERVER_JWT_KEY" => "a key for tests of 0123456789abcdef".to_owned(),
            "SIGNING_SEED" => key(1).to_strkey().expose().clone(),
            "DISTRIBUTION_SEEDS" => key(2).to_strkey().expose().clone(),
            "CUSTOMER_KEYS" => samples::CUSTOMER_KEY.to_owned(),
            "ORG_NAME" => "Example & Sons <Bank>".to_owned(),
            _ => return None,
        })
    })
    .unwrap()
}

pub(crate) fn distribution() -> AccountId {
    key(2).account()
}

fn asset() -> Asset {
    let issuer = key(3).account();
    let offer = Offer {
        min: Some("5".parse().unwrap()),
        max: Some("10000".parse().unwrap()),
        fee: serde_json::from_value(serde_json::json!({ "fixed": "1", "percent": "0.5" })).unwrap(),
        funding_methods: Vec::new(),
    };
    Asset {
        receive: None,
        id: StellarAsset::Credit { code: "USDC".parse().unwrap(), issuer },
        off_chain: "iso4217:USD".parse().unwrap(),
        off_chain_scale: 2,
        distribution: distribution(),
        deposit: Some(offer.clone()),
        withdrawal: Some(offer),
        funding_window: Duration::from_secs(86_400),
        suspense: SuspensePolicy::default(),
        authorization: Authorization::default(),
        description: AssetDescription {
            name: Some("Test dollar".to_owned()),
            desc: "A dollar for tests".to_owned(),
            status: "test".to_owned(),
            display_decimals: 2,
            anchor_asset_type: "fiat".to_owned(),
            anchor_asset: Some("USD".to_owned()),
            redemption_instructions: None,
            image: None,
        },
    }
}

/// Deposits: one page with every kind of field. Withdrawals: the amount, then the bank account.
#[derive(Debug)]
pub(crate) struct Forms;

#[async_trait]
impl DepositIntegration for Forms {
    async fn page(&self, view: &FlowView) -> Result<Page, IntegrationError> {
        if view.transaction.request.customer.as_deref() == Some("unreachable") {
            return Err(IntegrationError::transient("our customer system is down: secret-host.internal"));
        }
        if view.transaction.request.customer.as_deref() == Some("panics") {
            panic!("a bug of the business");
        }
        if view.transaction.request.customer.as_deref() == Some("plain") {
            return Ok(amount_page(view));
        }
        if view.transaction.request.customer.as_deref() == Some("photo") {
            let accept = vec![FileType::Jpeg, FileType::Png];
            return Ok(Page::new("photo", "Photo").field(Field::new(
                "photo",
                "Photo",
                FieldKind::File { accept },
            )));
        }
        if view.transaction.request.customer.as_deref() == Some("unknown") {
            return Ok(if view.answers.has("amount") { identity_page() } else { amount_page(view) });
        }
        if view.transaction.request.customer.as_deref() == Some("sep9") {
            let page = Sep9::ALL
                .iter()
                .fold(Page::new("person", "Sep 9"), |page, field| page.field(Field::sep9(*field).optional()));
            return Ok(page.field(Field::number("children", "Children", 0..=20)));
        }
        let countries = [("US", "United States"), ("ID", "Indonesia"), ("BR", "Brazil")];
        Ok(amount_page(view)
            .intro("By bank transfer, usually within one working day.")
            .field(Field::text("first_name", "First name", 60))
            .field(Field::new("email_address", "E-mail address", FieldKind::Email))
            .field(Field::new("birth_date", "Date of birth", FieldKind::Date).optional())
            .field(Field::select("address_country_code", "Country", countries))
            .field(Field::new("terms", "I agree to the terms", FieldKind::Checkbox)))
    }

    async fn submit(&self, view: &FlowView, form: ValidForm) -> Result<FlowStep, IntegrationError> {
        if form.file("photo_id_front").is_some() {
            let amount = view.answers.find("amount").and_then(|amount| amount.parse().ok());
            let amount = amount.ok_or_else(|| IntegrationError::permanent("no amount was asked for"))?;
            return Ok(FlowStep::Done(Agreement::new(amount).instruction("Bank", "Test Bank")));
        }
        if let Some(photo) = form.file("photo") {
            let size = format!("The business got {} bytes.", photo.content.len());
            return Ok(FlowStep::Invalid(vec![FieldError::custom("photo", size)]));
        }
        let unknown = view.transaction.request.customer.as_deref() == Some("unknown");
        let Some(amount) = form.amount("amount").filter(|_| !unknown) else { return Ok(FlowStep::Next) };
        match form.text("first_name") {
            Some("Redirect") => return Ok(FlowStep::Redirect("https://kyc.example/start?a=1&b=2".into())),
            Some("Elsewhere") => return Ok(FlowStep::Redirect("javascript:alert(1)".into())),
            Some("Nobody") => {
                return Ok(FlowStep::Invalid(vec![FieldError::custom(
                    "first_name",
                    "Nobody <b>cannot</b> pay.",
                )]));
            }
            Some("Panic") => panic!("a bug of the business"),
            _ => {}
        }
        Ok(FlowStep::Done(
            Agreement::new(amount)
                .instruction("Bank", "Test Bank")
                .instruction("Account number", "0011 2233 4455")
                .instruction("Reference", view.transaction.id.to_string()),
        ))
    }
}

/// What a business asks somebody whom it does not know yet.
fn identity_page() -> Page {
    let accept = vec![FileType::Jpeg, FileType::Png, FileType::Pdf];
    let document =
        Field::new("photo_id_front", "Photo of your identity document", FieldKind::File { accept });
    Page::new("identity", "About you")
        .intro("The law asks us to know who you are.")
        .field(Field::sep9(Sep9::FirstName))
        .field(Field::sep9(Sep9::LastName))
        .field(Field::sep9(Sep9::BirthDate))
        .field(Field::sep9(Sep9::MobileNumber))
        .field(Field::sep9(Sep9::AddressCountryCode))
        .field(Field::sep9(Sep9::TaxId).optional())
        .field(Field::number("children", "Children", 0..=20).optional())
        .field(document.help("The side with your photo, well lit and complete."))
}

#[async_trait]
impl WithdrawalIntegration for Forms {
    async fn page(&self, view: &FlowView) -> Result<Page, IntegrationError> {
        if !view.answers.has("amount") {
            return Ok(amount_page(view));
        }
        Ok(Page::new("bank", "Your bank account")
            .field(Field::text("bank_account_number", "Account number", 34).help("Where we send the money.")))
    }

    async fn submit(&self, view: &FlowView, form: ValidForm) -> Result<FlowStep, IntegrationError> {
        let amount = view.answers.text("amount", "amount").and_then(|amount| amount.parse().ok());
        let (Some(amount), Some(account)) = (amount, form.text("bank_account_number")) else {
            return Ok(FlowStep::Next);
        };
        let last: String = account.chars().skip(account.chars().count().saturating_sub(3)).collect();
        Ok(FlowStep::Done(Agreement::new(amount).counterpart(format!("••• {last}"))))
    }
}

/// A bank that knows nothing.
#[derive(Debug)]
pub(crate) struct NoRails;

#[async_trait]
impl RailsIntegration for NoRails {
    async fn poll_pending_deposit(&self, _: &PendingDeposit) -> Result<FundsOutcome, IntegrationError> {
        Ok(FundsOutcome::StillWaiting)
    }

    async fn execute_outgoing_transaction(&self, _: &PayoutOrder) -> Result<PayoutOutcome, IntegrationError> {
        Err(IntegrationError::permanent("there is no bank"))
    }

    async fn find_outgoing_transaction(&self, _: &PayoutOrder) -> Result<PayoutOutcome, IntegrationError> {
        Err(IntegrationError::permanent("there is no bank"))
    }
}
