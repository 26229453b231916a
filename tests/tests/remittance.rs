//! Money from one anchor to a receiver of another: the example of a sending anchor, and the example anchor as a program.

use std::collections::BTreeMap;
use std::net::TcpListener;
use std::path::PathBuf;

use actix_web::{App, HttpServer, web};
use anchor_core::keys::SigningKey;
use anchor_core::testing::fakes::samples;
use anchor_devnet::{CloseMode, Devnet};
use anchor_tests::anchor_process::AnchorProgram;
use anchor_tests::database::TestDatabase;
use anyhow::{Context as _, Result};
use demo_wallet::anchor::{AnchorClient, Kind};
use demo_wallet::ledger::Account;
use demo_wallet::{auth, pages};
use sending_anchor::callbacks::{self, Inbox};
use sending_anchor::customers::Person;
use sending_anchor::receiver::Receiver;
use sending_anchor::send::{self, Order, Sending};
use tempfile::TempDir;
use tokio::process::Child;
use url::Url;

/// The receiving anchor, and the other one's account there.
struct Partners {
    receiver: Receiver,
    account: Account,
    inbox: web::Data<Inbox>,
    news: Url,
    bank: PathBuf,
    _devnet: Devnet,
    _process: Child,
    _folder: TempDir,
}

impl Partners {
    async fn on(database: &TestDatabase) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let devnet = Devnet::builder().close(CloseMode::Instant).start().await?;
        let key = SigningKey::generate();
        let program = AnchorProgram::new(folder.path(), database.url(), &devnet.url()).await?;
        let program = program.with("SENDING_ANCHORS", &key.account().to_string());
        let program = program.with("CUSTOMER_KEYS", samples::CUSTOMER_KEY);
        program.run_once(&["testnet", "issue", "--asset", "TEST"]).await?;
        let process = program.start_server(&["all"]).await?;
        let client = AnchorClient::discover(&program.url, "TEST", None).await?;
        let account = Account::with_key(key, &client.toml).await?;
        account.trust(&client.toml.asset).await?;
        let token = auth::authenticate(&client, &account.key).await?;

        // the endpoint for news
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let host = format!("localhost:{}", listener.local_addr()?.port());
        let inbox = web::Data::new(Inbox::new(client.toml.signing_key, host.as_str()));
        let data = inbox.clone();
        let app = move || App::new().app_data(data.clone()).route("/news", web::post().to(callbacks::post));
        actix_web::rt::spawn(HttpServer::new(app).workers(1).listen(listener)?.run());
        let news = Url::parse(&format!("http://{host}/news"))?;
        let receiver = Receiver { client, token };
        let bank = program.bank_book();
        Ok(Self { receiver, account, inbox, news, bank, _devnet: devnet, _process: process, _folder: folder })
    }

    /// Buys the token that it will pay with.
    async fn stock_up(&self, amount: &str) -> Result<()> {
        let Receiver { client, token } = &self.receiver;
        let amount = amount.parse()?;
        let started = client.start(Kind::Deposit, token, &self.account.key.account(), amount).await?;
        pages::fill(&started.url, amount).await?;
        loop {
            let transaction = client.transaction(token, &started.id).await?;
            match transaction.status.as_str() {
                "completed" => return Ok(()),
                "error" | "expired" | "refunded" => anyhow::bail!("no token: {transaction:?}"),
                _ => tokio::time::sleep(std::time::Duration::from_millis(100)).await,
            }
        }
    }

    /// Until all news is there, which comes after the change it tells of.
    async fn news_of(&self, sending: &Sending) -> Vec<String> {
        for _ in 0..100 {
            if self.inbox.statuses(&sending.id).last().is_some_and(|last| last == "completed") {
                break;
            }
            tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        }
        self.inbox.statuses(&sending.id)
    }
}

fn person(of: &str, memo: u64, first: &str, last: &str) -> Person {
    let known = [
        ("first_name", first),
        ("last_name", last),
        ("email_address", "somebody@example.com"),
        ("id_number", "A-1815"),
    ];
    let known = known.map(|(name, value)| (name.to_owned(), value.to_owned()));
    Person { of: of.to_owned(), known: BTreeMap::from(known), memo: Some(memo) }
}

fn order(key: &str, receiver: &str, money: Option<&str>, funding_method: &str) -> Result<Order> {
    Ok(Order {
        key: key.to_owned(),
        amount: "100".parse()?,
        money: money.map(str::to_owned),
        funding_method: funding_method.to_owned(),
        sender: person("sep31-sender", 1, "Ada", "Lovelace"),
        receiver: person("sep31-receiver", 2, "Mary", receiver),
    })
}

/// SQLite, and PostgreSQL where there is one.
fn databases() -> impl Iterator<Item = TestDatabase> {
    [Some(TestDatabase::sqlite()), TestDatabase::postgres()].into_iter().flatten()
}

async fn sends_money(database: TestDatabase) -> Result<()> {
    let partners = Partners::on(&database).await?;
    partners.stock_up("500").await?;
    let Partners { receiver, account, inbox, .. } = &partners;

    // at once, in reals, at the price of a quote
    let order_of_reals = order("one", "Somerville", Some("iso4217:BRL"), "PIX")?;
    let mut sending = send::announce(receiver, &order_of_reals, Some(&partners.news)).await?;
    inbox.expect(&sending.id);
    let payment = send::follow(receiver, account, &order_of_reals, &mut sending).await?;
    assert_eq!(payment.status, "completed");
    assert_eq!(payment.amount_in.as_deref(), Some("100"));
    assert_eq!(payment.amount_out, sending.promised, "what was promised was delivered");
    assert_eq!(payment.stellar_transaction_id, sending.paid, "by our payment");
    let news = partners.news_of(&sending).await;
    assert_eq!(news.last().map(String::as_str), Some("completed"), "{news:?}");
    assert!(!news.iter().any(|status| status == "pending_sender"), "the beginning is no news: {news:?}");

    // the receiving anchor wants to know more first: nothing is paid until it is told
    let asked = order("two", "More", None, "SEPA")?;
    let mut sending = Sending { paid: None, ..send::announce(receiver, &asked, None).await? };
    let first = receiver.payment(&sending.id).await?;
    assert_eq!(first.status, "pending_sender", "all was told when the customer was made known");
    assert!(sending.paid.is_none());
    let payment = send::follow(receiver, account, &asked, &mut sending).await?;
    assert_eq!(payment.status, "completed");

    // after an interruption: a new process knows the id alone, asks, and pays nothing twice
    let balance = account.balance(&receiver.client.toml.asset).await?;
    let again = send::follow(receiver, account, &asked, &mut sending.clone()).await?;
    assert_eq!(
        (again.status.as_str(), account.balance(&receiver.client.toml.asset).await?),
        ("completed", balance)
    );

    let transfers = std::fs::read_to_string(&partners.bank).context("the bank's book")?;
    assert_eq!(transfers.lines().count(), 2, "{transfers}");
    Ok(())
}

async fn waits_until_told(database: TestDatabase) -> Result<()> {
    let partners = Partners::on(&database).await?;
    partners.stock_up("300").await?;
    let Partners { receiver, account, .. } = &partners;
    let order = order("later", "Lamb", None, "SEPA")?;
    let mut sending = send::announce(receiver, &order, None).await?;
    // the customer's name turns out to be one that has to show a document, before we have paid
    let mut other = order.clone();
    other.receiver.known.insert("last_name".to_owned(), "More".to_owned());
    other.receiver.known.remove("id_number");
    let known = receiver.customer(&other.receiver, Some(&sending.customers[1]), None).await?;
    assert_eq!(known.status, "ACCEPTED");
    let id = receiver.tell_changed(&other.receiver, &sending.customers[1], &["last_name"]).await?;
    let mut second = other.clone();
    second.key = "asked".to_owned();
    let announced = receiver
        .announce(&send::announcement(receiver, &second, &sending.customers[0], &id, None), &second.key)
        .await?;
    assert_eq!(announced.stellar_account_id, None, "nothing is to be paid yet");
    let waiting = receiver.payment(&announced.id).await?;
    assert_eq!(waiting.status, "pending_customer_info_update");
    let mut asked = Sending { id: announced.id, paid: None, ..sending.clone() };
    // what is asked for is not known: nobody pays
    assert!(send::step(receiver, account, &second, &mut asked).await.is_err());
    assert_eq!(asked.paid, None);
    second.receiver.known.insert("id_number".to_owned(), "A-1815".to_owned());
    let payment = send::follow(receiver, account, &second, &mut asked).await?;
    assert_eq!(payment.status, "completed");
    assert_eq!(payment.stellar_transaction_id, asked.paid);
    // the first one is still as it was
    let payment = send::follow(receiver, account, &order, &mut sending).await?;
    assert_eq!(payment.status, "completed");
    Ok(())
}

#[actix_web::test]
async fn r_31_094_r_31_096_r_31_098_remittance_is_announced_paid_followed_and_told() -> Result<()> {
    for database in databases() {
        sends_money(database).await?;
    }
    Ok(())
}

#[actix_web::test]
async fn r_31_097_r_31_099_r_31_100_nothing_is_paid_before_the_receiving_anchor_is_ready() -> Result<()> {
    for database in databases() {
        waits_until_told(database).await?;
    }
    Ok(())
}
