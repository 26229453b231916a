//! The operator's subcommands, as the program that an integrator builds.

use std::time::Duration;

use anchor_core::memo::Memo;
use anchor_core::stellar::{Cursor, Movement};
use anchor_core::store::diesel::DieselStore;
use anchor_core::store::{Disposition, Observation, Observed, Recorded, Store as _, SuspenseReason};
use anchor_core::testing::fakes::samples;
use anchor_core::transaction::TransactionHash;
use anchor_devnet::{Devnet, Fault, FaultRule};
use anchor_tests::anchor_process::AnchorProgram;
use anchor_tests::database::TestDatabase;
use anyhow::{Context as _, Result};

anchor_tests::on_each_database! {
    async fn r_24_002_r_29_006_operator_issues_lists_diagnoses_and_resets(database: TestDatabase) -> Result<()> {
        let folder = tempfile::tempdir()?;
        let devnet = Devnet::builder().start().await?;
        let anchor = AnchorProgram::new(folder.path(), database.url(), &devnet.url()).await?;

        assert!(says(&anchor, &["migrate"]).await?.contains("up to date"));
        assert!(says(&anchor, &["asset", "list"]).await?.is_empty());
        let issued = says(&anchor, &["testnet", "issue", "--asset", "CLI"]).await?;
        assert!(issued.contains("CLI:G"), "{issued}");
        // again: everything is there, nothing is issued twice
        assert_eq!(says(&anchor, &["testnet", "issue", "--asset", "CLI"]).await?, issued);
        assert!(says(&anchor, &["asset", "list"]).await?.contains("fee 1 + 0 %"));
        assert!(says(&anchor, &["transaction", "list"]).await?.is_empty());

        let without_server = fails(&anchor, &["doctor"]).await?;
        assert!(without_server.contains("FAIL  http://localhost"), "{without_server}");
        let server = anchor.start_server(&["serve"]).await?;
        let diagnosis = says(&anchor, &["doctor"]).await?;
        assert!(diagnosis.contains("Everything fits together"), "{diagnosis}");
        assert!(diagnosis.contains("ok    CLI issuer's home domain"), "{diagnosis}");
        assert!(diagnosis.contains("ok    CLI distribution asks wallets for a memo"), "{diagnosis}");
        drop(server);

        assert!(says(&anchor, &["channels", "create", "--count", "3"]).await?.contains("has 3 channels"));
        assert!(says(&anchor, &["channels", "create", "--count", "3"]).await?.contains("has 3 channels"));
        let channels = says(&anchor, &["channels", "list"]).await?;
        assert_eq!(channels.matches("2 lumens  free").count(), 3, "{channels}");
        assert!(fails(&anchor, &["channels", "create", "--count", "10001"]).await?.contains("10000"));
        assert!(says(&anchor, &["channels", "retire", "--count", "2"]).await?.starts_with("retired G"));
        assert_eq!(says(&anchor, &["channels", "list"]).await?.matches("retired").count(), 1);

        let account = "GA7QYNF7SOWQ3GLR2BGMZEHXAVIRZA4KVWLTJJFC7MGXUA74P7UJVSGZ";
        assert!(says(&anchor, &["account", "sharing", account]).await?.contains("never used"));
        assert!(says(&anchor, &["account", "sharing", account, "both"]).await?.ends_with("both\n"));
        assert!(says(&anchor, &["account", "sharing", account]).await?.ends_with("both\n"));
        assert!(fails(&anchor, &["account", "sharing", account, "all"]).await?.contains("single, shared or both"));

        // the test network is wiped, and begins anew somewhere
        devnet.stop().await;
        let again = Devnet::builder().start().await?;
        let anchor = anchor.on_network(&again.url());
        assert!(fails(&anchor, &["doctor"]).await?.contains("does not exist"));
        assert!(says(&anchor, &["testnet", "reset"]).await?.contains("exists again"));
        let diagnosis = fails(&anchor, &["doctor"]).await?;
        assert!(diagnosis.contains("FAIL  channel accounts: G"), "{diagnosis}");
        says(&anchor, &["channels", "retire", "--count", "0"]).await?;
        let server = anchor.start_server(&["serve"]).await?;
        assert!(says(&anchor, &["doctor"]).await?.contains("Everything fits together"));
        drop(server);
        again.stop().await;
        Ok(())
    }
}

/// One that fails or is of another network is hidden by the others from everybody but `doctor`.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn doctor_looks_at_each_of_several_ledger_servers() -> Result<()> {
    let (folder, database) = (tempfile::tempdir()?, TestDatabase::sqlite());
    let devnet = Devnet::builder().start().await?;
    let beside = devnet.another_server(None).await?;
    let both = format!("{}, {}", devnet.url(), beside.url());
    let anchor = AnchorProgram::new(folder.path(), database.url(), &both).await?;
    let issued = says(&anchor, &["testnet", "issue", "--asset", "CLI"]).await?;
    let name = |url: &str| format!("Horizon {}, same network", url.trim_start_matches("http://"));
    let diagnosis = fails(&anchor, &["doctor"]).await?;
    for url in [devnet.url(), beside.url()] {
        assert!(diagnosis.contains(&format!("ok    {}: ledger", name(&url))), "{diagnosis}");
    }
    beside.faults().add(FaultRule::new(Fault::ServerError { status: 503 }));
    let diagnosis = fails(&anchor, &["doctor"]).await?;
    assert!(diagnosis.contains(&format!("FAIL  {}", name(&beside.url()))), "{diagnosis}");
    assert!(diagnosis.contains(&format!("ok    {}", name(&devnet.url()))), "{diagnosis}");

    let strange = Devnet::builder().passphrase("Another Network").start().await?;
    let anchor = anchor.on_network(&format!("{} {}", strange.url(), devnet.url()));
    let diagnosis = fails(&anchor, &["doctor"]).await?;
    let refused = format!("FAIL  {}: the ledger server belongs to another network", name(&strange.url()));
    assert!(diagnosis.contains(&refused), "{diagnosis}");
    // the other one does, and the log says why the first one was not asked
    let again = says(&anchor, &["testnet", "issue", "--asset", "CLI"]).await?;
    assert!(again.starts_with(&issued) && again.contains("another network"), "{again}");
    Ok(())
}

/// Two payments under a memo that belongs to no transaction, as a worker records them.
async fn record_payments_of_nobody(store: &DieselStore, amounts: [&str; 2]) -> Result<()> {
    let account = samples::distribution().account();
    let lease = store.watch_claim(&account, "test", samples::start(), Duration::from_secs(60)).await?;
    let mut observed = Vec::new();
    for (number, amount) in (1_u8..).zip(amounts) {
        observed.push(Observed {
            movement: Movement {
                id: number.to_string(),
                hash: TransactionHash::from_bytes([number; 32]),
                ledger: 7,
                at: samples::start(),
                from: samples::user().account().into(),
                to: account.into(),
                asset: samples::token(),
                amount: amount.parse()?,
                memo: Memo::Id(99),
            },
            disposition: Disposition::Suspense { reason: SuspenseReason::Unmatched, transaction: None },
        });
    }
    let observation = Observation {
        lease: lease.context("nobody else watches")?,
        next: Cursor::from("2".to_owned()),
        observed,
        poison: Vec::new(),
        at: samples::start(),
    };
    assert_eq!(store.payments_record(&observation).await?, Recorded::Recorded);
    Ok(())
}

anchor_tests::on_each_database! {
    async fn operator_settles_payments_that_nobody_expected(database: TestDatabase) -> Result<()> {
        let folder = tempfile::tempdir()?;
        let anchor = AnchorProgram::new(folder.path(), database.url(), "http://127.0.0.1:1").await?;
        says(&anchor, &["migrate"]).await?;
        let (token, account) = (samples::token().to_string(), samples::distribution().account().to_string());
        let add = ["asset", "add", &token, "--distribution", &account];
        let policy = ["--duplicate", "refund", "--other-amount", "hold", "--refund-fee", "0.5"];
        says(&anchor, &[&add[..], &policy[..]].concat()).await?;
        let listed = says(&anchor, &["asset", "list"]).await?;
        let policy = "unmatched hold, wrong asset hold, duplicate refund, late refund, other amount hold; refund fee 0.5";
        assert!(listed.contains(policy), "{listed}");
        let too_precise = [&add[..], &["--refund-fee", "0.00000001"]].concat();
        assert!(fails(&anchor, &too_precise).await?.contains("at most 7 decimals"));

        assert!(says(&anchor, &["suspense", "set-aside"]).await?.is_empty());
        record_payments_of_nobody(&DieselStore::open(database.url())?, ["100", "0.5"]).await?;
        let listed = says(&anchor, &["suspense", "list"]).await?;
        assert_eq!(listed.matches("SUSPENSE: unmatched").count(), 2, "{listed}");
        assert_eq!(listed.matches("not more than the fee").count(), 1, "{listed}");
        assert!(says(&anchor, &["suspense", "list", "--reason", "late"]).await?.is_empty());
        assert!(fails(&anchor, &["suspense", "list", "--reason", "lost"]).await?.contains("one of unmatched"));

        let begun = says(&anchor, &["suspense", "refund", "1", "--operator", "ana"]).await?;
        assert!(begun.contains("refund_due") && begun.contains("100"), "{begun}");
        let id = begun.split_whitespace().next().context("its id")?;
        let shown = says(&anchor, &["transaction", "show", id]).await?;
        for part in ["less 0.5", "payment_seen  out of suspense: unmatched", &format!("settled by {id}")] {
            assert!(shown.contains(part), "{part}: {shown}");
        }
        let again = fails(&anchor, &["suspense", "refund", "1"]).await?;
        assert!(again.contains(&format!("settled before, by transaction {id}")), "{again}");
        assert!(fails(&anchor, &["suspense", "refund", "2"]).await?.contains("not more than the fee"));
        let refused = fails(&anchor, &["suspense", "assign", "2", id]).await?;
        assert!(refused.contains("is refund_due: only a withdrawal that is awaiting_payment"), "{refused}");
        says(&anchor, &["suspense", "refund", "2", "--without-fee"]).await?;
        assert!(says(&anchor, &["suspense", "list"]).await?.is_empty());
        Ok(())
    }
}

/// Every line of the diagnosis that has this mark.
fn lines(diagnosis: &str, mark: &str) -> Vec<String> {
    diagnosis.lines().filter(|line| line.trim_start().starts_with(mark)).map(str::to_owned).collect()
}

#[tokio::test]
async fn r_01_011_r_01_018_doctor_explains_what_does_not_fit() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let database = TestDatabase::sqlite();
    let devnet = Devnet::builder().start().await?;
    let anchor = AnchorProgram::new(folder.path(), database.url(), &devnet.url()).await?;
    says(&anchor, &["testnet", "issue", "--asset", "CLI"]).await?;
    let file = folder.path().join("extra.toml");
    tokio::fs::write(&file, "[DOCUMENTATION]\nORG_OFFICIAL_EMAIL = \"office@other.example\"\n").await?;
    let server = anchor.with("STELLAR_TOML", &file.display().to_string()).start_server(&["serve"]).await?;

    let diagnosis = says(&anchor, &["doctor"]).await?;
    assert!(lines(&diagnosis, "FAIL").is_empty(), "{diagnosis}");
    assert!(
        diagnosis.contains("issuer's home domain") && diagnosis.contains("issues challenges"),
        "{diagnosis}"
    );
    assert!(diagnosis.contains("ANCHOR_QUOTE_SERVER answers /info"), "{diagnosis}");
    let notes = lines(&diagnosis, "note").join("\n");
    assert!(notes.contains("ORG_OFFICIAL_EMAIL should be at the domain of ORG_URL"), "{notes}");
    assert!(notes.contains("PRINCIPALS"), "{notes}");

    // the same server, looked at with other settings than it was started with
    let other_key = folder.path().join("other-key");
    tokio::fs::create_dir(&other_key).await?;
    let stranger =
        AnchorProgram::new(&other_key, database.url(), &devnet.url()).await?.calling_itself(&anchor.url);
    let diagnosis = fails(&stranger, &["doctor"]).await?;
    let failed = lines(&diagnosis, "FAIL").join("\n");
    for part in ["SIGNING_KEY", "issues challenges: the transaction's source account"] {
        assert!(failed.contains(part), "{part}: {failed}");
    }
    let fewer = anchor.with("ACTIVE_SEPS", "sep-1,sep-10");
    let failed = lines(&fails(&fewer, &["doctor"]).await?, "FAIL").join("\n");
    assert!(failed.contains("TRANSFER_SERVER_SEP0024") && failed.contains("ACTIVE_SEPS"), "{failed}");

    // who asks strangers for proof is not asked by a stranger
    let closed = says(&anchor.with("SEP10_CLIENT_ATTRIBUTION", "required"), &["doctor"]).await?;
    assert!(
        lines(&closed, "note").iter().any(|line| line.contains("WEB_AUTH_ENDPOINT was not asked")),
        "{closed}"
    );

    // another home domain: the issuer names the old one, and nothing is served there
    let moved = anchor.with("SEP10_HOME_DOMAINS", &format!("127.0.0.1:{}", anchor.listen.port()));
    let failed = lines(&fails(&moved, &["doctor"]).await?, "FAIL").join("\n");
    assert!(failed.contains("CLI issuer's home domain") && failed.contains("should be"), "{failed}");
    let long = anchor.with("SEP10_HOME_DOMAINS", "a-home-domain-of-many-bytes.localhost:9");
    let failed = lines(&fails(&long, &["doctor"]).await?, "FAIL").join("\n");
    assert!(failed.contains("more than 32 bytes"), "{failed}");
    drop(server);
    devnet.stop().await;
    Ok(())
}

#[tokio::test]
async fn r_10_018_doctor_looks_at_every_home_domain() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let database = TestDatabase::sqlite();
    let devnet = Devnet::builder().start().await?;
    let anchor = AnchorProgram::new(folder.path(), database.url(), &devnet.url()).await?;
    let port = anchor.listen.port();
    let anchor =
        anchor.with("SEP10_HOME_DOMAINS", &format!("localhost:{port},127.0.0.1:{port},*.localhost:{port}"));
    says(&anchor, &["testnet", "issue", "--asset", "CLI"]).await?;
    let server = anchor.start_server(&["serve"]).await?;
    let diagnosis = says(&anchor, &["doctor"]).await?;
    assert!(diagnosis.contains(&format!("ok    127.0.0.1:{port}: the same file")), "{diagnosis}");
    drop(server);
    let gone = anchor.with("SEP10_HOME_DOMAINS", "localhost:9");
    assert!(fails(&gone, &["doctor"]).await?.contains("FAIL  http://localhost:9/"));
    devnet.stop().await;
    Ok(())
}

/// Our own address is no stranger's: any port will do, and any network.
#[tokio::test]
async fn doctor_speaks_https_to_the_anchors_own_port() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let database = TestDatabase::sqlite();
    let devnet = Devnet::builder().start().await?;
    let anchor = AnchorProgram::new(folder.path(), database.url(), &devnet.url()).await?;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    let url = format!("https://localhost:{}", listener.local_addr()?.port());
    let anchor = anchor.calling_itself(&url).with("LOCAL_MODE", "0");
    let contacted = async {
        let (mut socket, _) = listener.accept().await?;
        let mut first = [0];
        tokio::io::AsyncReadExt::read_exact(&mut socket, &mut first).await?;
        anyhow::Ok(first[0])
    };
    let (said, first) = tokio::join!(fails(&anchor, &["doctor"]), contacted);
    assert_eq!(first?, 0x16, "a TLS handshake");
    let said = said?;
    assert!(said.contains(&format!("FAIL  {url}")) && !said.contains("port is not 443"), "{said}");
    devnet.stop().await;
    Ok(())
}

#[tokio::test]
async fn wrong_arguments_are_refused_with_a_reason() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let database = TestDatabase::sqlite();
    let anchor = AnchorProgram::new(folder.path(), database.url(), "http://127.0.0.1:1").await?;
    for (arguments, reason) in [
        (&["worker", "pay_everything_twice"][..], "possible values"),
        (&["transaction", "show", "not-an-id"][..], "not a valid id"),
        (&["asset", "add", "TOOLONGFORACODE:G", "--distribution", "G"][..], "asset code"),
        (&["worker", "--lease-seconds", "0"][..], "lease-seconds"),
    ] {
        let said = fails(&anchor, arguments).await?;
        assert!(said.contains(reason), "{arguments:?}: {said}");
    }
    Ok(())
}

#[tokio::test]
async fn settings_that_are_wrong_are_named_without_their_values() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let database = TestDatabase::sqlite();
    let anchor = AnchorProgram::new(folder.path(), database.url(), "http://127.0.0.1:1").await?;
    tokio::fs::write(folder.path().join(".env"), "SIGNING_SEED=hunter2\nSERVER_JWT_KEY=hunter3\n").await?;
    let said = fails(&anchor, &["asset", "list"]).await?;
    assert!(said.contains("SIGNING_SEED") && said.contains("SERVER_JWT_KEY"), "{said}");
    assert!(!said.contains("hunter"), "{said}");
    Ok(())
}

async fn says(anchor: &AnchorProgram, arguments: &[&str]) -> Result<String> {
    let (ok, text) = anchor.output(arguments).await?;
    anyhow::ensure!(ok, "`{}` failed: {text}", arguments.join(" "));
    Ok(text)
}

async fn fails(anchor: &AnchorProgram, arguments: &[&str]) -> Result<String> {
    let (ok, text) = anchor.output(arguments).await?;
    anyhow::ensure!(!ok, "`{}` succeeded: {text}", arguments.join(" "));
    Ok(text)
}

/// The example that runs every job in a process of its own: it starts, serves, and stops when asked to.
#[tokio::test]
async fn split_processes_start_together_and_stop_together() -> Result<()> {
    let Some(database) = TestDatabase::postgres() else { return Ok(()) };
    let folder = tempfile::tempdir()?;
    let devnet = Devnet::builder().start().await?;
    let anchor = AnchorProgram::new(folder.path(), database.url(), &devnet.url()).await?;
    let split = anchor.with_program(anchor_tests::program::program("split-processes")?);

    let mut supervisor = split.start_server(&[]).await?;
    let id = supervisor.id().unwrap_or_default().to_string();
    let asked = tokio::process::Command::new("kill").args(["-TERM", &id]).status().await?;
    assert!(asked.success());
    let ended = tokio::time::timeout(Duration::from_secs(60), supervisor.wait()).await??;
    assert!(ended.success(), "{ended}");
    assert!(
        tokio::net::TcpStream::connect(anchor.listen).await.is_err(),
        "the server outlived its supervisor"
    );
    devnet.stop().await;
    Ok(())
}
