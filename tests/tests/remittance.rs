//! Money from one anchor to a receiver of another: the example of a sending anchor, and the example anchor as a program.

use std::collections::BTreeMap;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use actix_web::{App, HttpServer, web};
use anchor_core::amount::StellarAmount;
use anchor_core::keys::SigningKey;
use anchor_core::testing::fakes::samples;
use anchor_devnet::{CloseMode, Devnet, Fault, FaultRule, Timeout};
use anchor_tests::anchor_process::AnchorProgram;
use anchor_tests::database::TestDatabase;
use anchor_tests::program::program;
use anyhow::{Context as _, Result, bail};
use demo_wallet::anchor::{AnchorClient, Kind};
use demo_wallet::ledger::Account;
use demo_wallet::{auth, pages};
use sending_anchor::callbacks::{self, Inbox};
use sending_anchor::journal::Journal;
use sending_anchor::people::Person;
use sending_anchor::receiver::Receiver;
use sending_anchor::send::{self, Order};
use tempfile::TempDir;
use tokio::process::{Child, Command};
use url::Url;

/// The receiving anchor, and the other one's account there.
struct Partners {
    receiver: Receiver,
    account: Account,
    inbox: web::Data<Inbox>,
    news: Url,
    bank: PathBuf,
    url: String,
    devnet: Devnet,
    _process: Child,
    folder: TempDir,
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
        let (bank, url) = (program.bank_book(), program.url.clone());
        Ok(Self { receiver, account, inbox, news, bank, url, devnet, _process: process, folder })
    }

    /// What is remembered of an order.
    fn journal(&self, key: &str) -> Result<Journal> {
        Journal::open(&self.folder.path().join("payments"), key)
    }

    async fn balance(&self) -> Result<StellarAmount> {
        self.account.balance(&self.receiver.client.toml.asset).await
    }

    fn transfers(&self) -> Result<usize> {
        match std::fs::read_to_string(&self.bank) {
            Ok(book) => Ok(book.lines().count()),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(0),
            Err(error) => Err(error.into()),
        }
    }

    /// The program of this name as a process of its own, with the same key and the same memory; it ends with its handle.
    fn start(&self, package: &str, arguments: &[&str], order: &str) -> Result<Child> {
        let key = self.folder.path().join("sender.seed");
        std::fs::write(&key, self.account.key.to_strkey().expose())?;
        let mut command = Command::new(program(package)?);
        command.args(arguments).current_dir(self.folder.path());
        command.args(["--anchor", &self.url, "--key"]).arg(key).args(["--journal", "payments"]);
        command.args(["--order", order, "--amount", "100", "--by", "SEPA"]);
        for (of, last) in [("--sender", "Lovelace"), ("--receiver", "Somerville")] {
            for told in [
                "first_name=Ada".to_owned(),
                format!("last_name={last}"),
                "email_address=a@example.com".to_owned(),
            ] {
                command.arg(of).arg(told);
            }
        }
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
        Ok(command.spawn()?)
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
                _ => tokio::time::sleep(Duration::from_millis(100)).await,
            }
        }
    }

    /// Until all news is there, which comes after the change it tells of.
    async fn news_of(&self, id: &str) -> Vec<String> {
        for _ in 0..100 {
            if self.inbox.statuses(id).last().is_some_and(|last| last == "completed") {
                break;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        self.inbox.statuses(id)
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
    let mut journal = partners.journal("one")?;
    let id = send::announce(receiver, &order_of_reals, &mut journal, Some(&partners.news)).await?;
    inbox.expect(&id);
    let payment = send::follow(receiver, account, &order_of_reals, &mut journal).await?;
    assert_eq!(payment.status, "completed");
    assert_eq!(payment.amount_in.as_deref(), Some("100"));
    let promised = journal.known().prepared.clone().context("announced")?.promised;
    assert_eq!(payment.amount_out, promised, "what was promised was delivered");
    assert_eq!(payment.stellar_transaction_id, journal.known().paid, "by our payment");
    let news = partners.news_of(&id).await;
    assert_eq!(news.last().map(String::as_str), Some("completed"), "{news:?}");
    assert!(!news.iter().any(|status| status == "pending_sender"), "the beginning is no news: {news:?}");

    // the receiving anchor wants to know more first: nothing is paid until it is told
    let asked = order("two", "More", None, "SEPA")?;
    let mut journal = partners.journal("two")?;
    let id = send::announce(receiver, &asked, &mut journal, None).await?;
    let first = receiver.payment(&id).await?;
    assert_eq!(first.status, "pending_sender", "all was told when the customer was made known");
    assert!(journal.known().signed.is_none());
    let payment = send::follow(receiver, account, &asked, &mut journal).await?;
    assert_eq!(payment.status, "completed");

    // after an interruption: a new process knows what is on disk, asks, and pays nothing twice
    let balance = partners.balance().await?;
    drop(journal);
    let mut journal = partners.journal("two")?;
    assert_eq!(send::announce(receiver, &asked, &mut journal, None).await?, id);
    let again = send::follow(receiver, account, &asked, &mut journal).await?;
    assert_eq!((again.status.as_str(), partners.balance().await?), ("completed", balance));
    // and the name stands for no other payment
    let other = Order { amount: "99".parse()?, ..asked };
    assert!(send::announce(receiver, &other, &mut journal, None).await.is_err());
    assert!(partners.journal("two").is_err(), "somebody else is at work on it");
    assert!(partners.journal("../two").is_err());

    assert_eq!(partners.transfers()?, 2);
    Ok(())
}

async fn waits_until_told(database: TestDatabase) -> Result<()> {
    let partners = Partners::on(&database).await?;
    partners.stock_up("300").await?;
    let Partners { receiver, account, .. } = &partners;
    let order = order("later", "Lamb", None, "SEPA")?;
    let mut first = partners.journal("later")?;
    send::announce(receiver, &order, &mut first, None).await?;
    let customers = first.known().prepared.clone().context("announced")?.customers;
    // the customer's name turns out to be one that has to show a document, before we have paid
    let mut second = Order { key: "asked".to_owned(), ..order.clone() };
    second.receiver.known.insert("last_name".to_owned(), "More".to_owned());
    second.receiver.known.remove("id_number");
    let known = receiver.customer(&second.receiver, Some(&customers[1]), None).await?;
    assert_eq!(known.status, "ACCEPTED");
    let changed = receiver.tell_changed(&second.receiver, &customers[1], &["last_name"]).await?;
    let announced = receiver
        .announce(&send::announcement(receiver, &second, &customers[0], &changed, None), &second.key)
        .await?;
    assert_eq!(announced.stellar_account_id, None, "nothing is to be paid yet");
    let waiting = receiver.payment(&announced.id).await?;
    assert_eq!(waiting.status, "pending_customer_info_update");
    let mut asked = partners.journal("asked")?;
    let prepared = first.known().prepared.clone();
    asked.remember(|known| (known.id, known.prepared) = (Some(announced.id), prepared))?;
    // what is asked for is not known: nobody pays
    assert!(send::step(receiver, account, &second, &mut asked).await.is_err());
    assert!(asked.known().signed.is_none());
    second.receiver.known.insert("id_number".to_owned(), "A-1815".to_owned());
    let payment = send::follow(receiver, account, &second, &mut asked).await?;
    assert_eq!(payment.status, "completed");
    assert_eq!(payment.stellar_transaction_id, asked.known().paid);
    // the first one is still as it was
    let payment = send::follow(receiver, account, &order, &mut first).await?;
    assert_eq!(payment.status, "completed");
    Ok(())
}

/// What is on disk of an order, read past the lock of the process that writes it.
fn on_disk(folder: &Path, key: &str) -> Option<serde_json::Value> {
    let text = std::fs::read(folder.join("payments").join(format!("{key}.json"))).ok()?;
    serde_json::from_slice(&text).ok()
}

/// Until something is as it should be, for a minute at most.
async fn until(what: &str, mut is_so: impl AsyncFnMut() -> Result<bool>) -> Result<()> {
    for _ in 0..1200 {
        if is_so().await? {
            return Ok(());
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    bail!("never: {what}")
}

async fn ended(process: Child) -> Result<String> {
    let output = process.wait_with_output().await?;
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8_lossy(&said).into_owned();
    anyhow::ensure!(output.status.success(), "{said}");
    Ok(said)
}

/// A sending anchor is killed where it hurts most, by SIGKILL, and started again with the same order.
async fn is_killed_and_pays_once(database: TestDatabase) -> Result<()> {
    let partners = Partners::on(&database).await?;
    partners.stock_up("500").await?;
    let submission = |fault| FaultRule::new(fault).method("POST").route("/transactions_async");
    let news = TcpListener::bind("127.0.0.1:0")?.local_addr()?.to_string();
    let url = format!("http://{news}/news");
    let listens = ["--listen", news.as_str(), "--news", url.as_str()];
    for (order, fault, is_sent) in [
        // signed and written down, and nobody has seen it
        ("signed", submission(Fault::ServerError { status: 503 }), false),
        // landed, and nobody said so
        ("submitted", submission(Fault::TimeoutAfter { by: Timeout::Hang }), true),
    ] {
        let (before, transfers) = (partners.balance().await?, partners.transfers()?);
        partners.devnet.faults().add(fault);
        let mut process = partners.start("sending-anchor", &listens, order)?;
        let signed = || on_disk(partners.folder.path(), order).map(|known| known["signed"]["hash"].clone());
        until("the payment is signed", async || Ok(signed().is_some_and(|hash| hash.is_string()))).await?;
        let hash = signed().context("signed")?;
        if is_sent {
            until("the payment has landed", async || Ok(partners.balance().await? < before)).await?;
        }
        process.kill().await?;
        assert_eq!(partners.balance().await? < before, is_sent, "{order}");
        partners.devnet.faults().clear();

        let said = ended(partners.start("sending-anchor", &listens, order)?).await?;
        assert!(said.contains("done     completed"), "{said}");
        let paid = on_disk(partners.folder.path(), order).context("written")?["paid"].clone();
        assert_eq!(paid, hash, "{order}: the same envelope, not another one");
        let left = before.checked_sub("100".parse()?).context("enough")?;
        assert_eq!((partners.balance().await?, partners.transfers()?), (left, transfers + 1), "{order}");
        // a third time: nothing is left to do
        let said = ended(partners.start("sending-anchor", &listens, order)?).await?;
        assert!(said.contains("done     completed"), "{said}");
        assert_eq!((partners.balance().await?, partners.transfers()?), (left, transfers + 1), "{order}");
    }
    Ok(())
}

#[actix_web::test]
async fn killed_sending_anchor_pays_exactly_once() -> Result<()> {
    for database in databases() {
        is_killed_and_pays_once(database).await?;
    }
    Ok(())
}

/// The wallet's account is a sending anchor like any other.
#[actix_web::test]
async fn demo_wallet_sends_money() -> Result<()> {
    let partners = Partners::on(&TestDatabase::sqlite()).await?;
    partners.stock_up("200").await?;
    let before = partners.balance().await?;
    for _ in 0..2 {
        let said = ended(partners.start("demo-wallet", &["send"], "rent")?).await?;
        assert!(said.contains("done     completed: 99"), "{said}");
    }
    let left = before.checked_sub("100".parse()?).context("enough")?;
    assert_eq!(
        (partners.balance().await?, partners.transfers()?),
        (left, 1),
        "once, however often it is said"
    );
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
