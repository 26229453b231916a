//! The operator's subcommands, as the program that an integrator builds.

use std::time::Duration;

use anchor_core::account::Account;
use anchor_core::customer::{CustomerOwner, Kept};
use anchor_core::id::{CustomerId, IdSource as _, RandomIds, TransactionId};
use anchor_core::memo::Memo;
use anchor_core::stellar::{Cursor, Movement};
use anchor_core::store::diesel::DieselStore;
use anchor_core::store::{
    CodeLimits, CustomerWrite, Disposition, Observation, Observed, Recorded, Store as _, Stored,
    SuspenseReason,
};
use anchor_core::testing::fakes::samples;
use anchor_core::transaction::{Actor, Applied, ApplyContext, Fact, Kind, Transaction, TransactionHash};
use anchor_devnet::{Devnet, Fault, FaultRule};
use anchor_tests::anchor_process::AnchorProgram;
use anchor_tests::database::TestDatabase;
use anyhow::{Context as _, Result};
use serde_json::Value;

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
        assert!(channels.starts_with(" no.  account") && channels.contains("holds"), "{channels}");
        let free = channels.lines().filter(|line| line.contains("2 lumens") && line.ends_with("free"));
        assert_eq!(free.count(), 3, "{channels}");
        let listed = says(&anchor, &["channels", "list", "--json"]).await?;
        let listed: Vec<Value> = listed.lines().map(serde_json::from_str).collect::<Result<_, _>>()?;
        assert_eq!(listed.iter().filter(|one| one["balance"] == "2" && one["use"] == "free").count(), 3, "{listed:?}");
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
        let too_precise = ["asset", "set", &token, "--refund-fee", "0.00000001"];
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

/// A deposit of 542 BRL with a quote, and a withdrawal without one.
async fn store_two(store: &DieselStore) -> Result<[Transaction; 2]> {
    let (clock, ids) = (samples::start(), RandomIds);
    let mut stored = Vec::new();
    for (kind, amount, memo) in [(Kind::Deposit, "542", 77_u64), (Kind::Withdrawal, "20", 78)] {
        let started = samples::started(TransactionId::new(ids.next()), kind);
        store.transaction_insert(&started, None).await?;
        let mut terms = samples::terms(kind, amount, memo);
        if let (Kind::Deposit, Some(amounts)) = (kind, &mut terms.amounts) {
            amounts.amount_in.asset = "iso4217:BRL".parse()?;
            amounts.amount_out.amount = "99.0099009".parse()?;
        }
        let context = ApplyContext { ids: &ids, actor: Actor::User, at: clock };
        let Applied::Changed(change) = started.apply(Fact::TermsAgreed { terms }, &context) else {
            anyhow::bail!("terms are agreed")
        };
        assert_eq!(store.transaction_apply(&change, false).await?, Stored::Applied);
        stored.push(change.into_transaction());
    }
    stored.try_into().map_err(|_| anyhow::anyhow!("two"))
}

anchor_tests::on_each_database! {
    async fn operator_lists_finds_and_shows_transactions_for_people_and_for_programs(database: TestDatabase) -> Result<()> {
        let folder = tempfile::tempdir()?;
        let anchor = AnchorProgram::new(folder.path(), database.url(), "http://127.0.0.1:1").await?;
        says(&anchor, &["migrate"]).await?;
        let store = DieselStore::open(database.url())?;
        store.asset_put(&samples::asset()).await?;
        let [deposit, withdrawal] = store_two(&store).await?;
        let (id, other) = (deposit.id.to_string(), withdrawal.id.to_string());

        let listed = says(&anchor, &["transaction", "list"]).await?;
        assert!(listed.contains("542 BRL -> 99.0099009 USDC"), "{listed}");
        assert_eq!(listed.lines().count(), 2, "{listed}");
        let of_state = says(&anchor, &["transaction", "list", "--state", "awaiting_funds"]).await?;
        assert!(of_state.starts_with(&id) && of_state.lines().count() == 1, "{of_state}");
        assert!(says(&anchor, &["transaction", "list", "--state", "paid"]).await?.is_empty());
        let newest = says(&anchor, &["transaction", "list", "--limit", "1"]).await?;
        let newest = newest.split_whitespace().next().context("one")?;
        let next = says(&anchor, &["transaction", "list", "--before", newest]).await?;
        assert!(next.lines().count() == 1 && !next.contains(newest), "{next}");

        let objects = says(&anchor, &["transaction", "list", "--json"]).await?;
        let objects: Vec<Value> = objects.lines().map(serde_json::from_str).collect::<Result<_, _>>()?;
        let found = objects.iter().find(|object| object["id"] == *id).context("the deposit")?;
        assert_eq!(found["amount_in"], serde_json::json!({ "amount": "542", "asset": "iso4217:BRL" }));
        assert_eq!((&found["kind"], &found["state"]), (&"deposit".into(), &"awaiting_funds".into()));

        let account = deposit.subject.to_string();
        for (arguments, expected) in [
            (vec!["--memo", "78"], vec![&other]),
            (vec!["--memo", "id:78", "--account", &account], vec![&other]),
            (vec!["--memo", "79"], vec![]),
            (vec!["--reference", "nobody's"], vec![]),
            (vec!["--hash", &*"ab".repeat(32)], vec![]),
        ] {
            let found = says(&anchor, &[&["transaction", "find"][..], &arguments].concat()).await?;
            let ids: Vec<_> = found.lines().filter_map(|line| line.split_whitespace().next()).collect();
            assert_eq!(ids, expected, "{arguments:?}");
        }
        assert_eq!(says(&anchor, &["transaction", "find", "--account", &account]).await?.lines().count(), 2);

        let refused = fails(&anchor, &["transaction", "hold", &id, "--reason", "look"]).await?;
        assert!(refused.contains("still awaits its money (awaiting_funds)"), "{refused}");
        let late = ["transaction", "late", &id, "--reference", "1", "--amount", "-5"];
        assert!(fails(&anchor, &late).await?.contains("only a deposit that has ended"), "no unknown option");
        let context = ApplyContext { ids: &RandomIds, actor: Actor::Worker, at: samples::start() };
        let Applied::Changed(ended) = deposit.apply(Fact::DeadlinePassed, &context) else {
            anyhow::bail!("its time has passed")
        };
        store.transaction_apply(&ended, false).await?;
        assert!(fails(&anchor, &late).await?.contains("a number above zero"));
        let late = ["transaction", "late", &id, "--reference", "1", "--amount", "5", "--by", "ana"];
        says(&anchor, &late).await?;
        let shown = says(&anchor, &["transaction", "show", &id]).await?;
        for part in ["terms_agreed  by the user", "deadline_passed  by a worker", "by operator ana"] {
            assert!(shown.contains(part), "{part}: {shown}");
        }
        let shown: Value = serde_json::from_str(&says(&anchor, &["transaction", "show", &id, "--json"]).await?)?;
        assert_eq!(shown["history"][2]["by"], "operator ana", "{shown}");
        Ok(())
    }
}

/// A reader that has seen enough is no failure, and above all no panic.
#[tokio::test]
async fn output_that_nobody_reads_ends_the_command_quietly() -> Result<()> {
    let (folder, database) = (tempfile::tempdir()?, TestDatabase::sqlite());
    let anchor = AnchorProgram::new(folder.path(), database.url(), "http://127.0.0.1:1").await?;
    says(&anchor, &["migrate"]).await?;
    let store = DieselStore::open(database.url())?;
    store.asset_put(&samples::asset()).await?;
    store_two(&store).await?;
    for arguments in [&["transaction", "list"][..], &["asset", "list", "--json"], &["suspense", "list"]] {
        let (ok, said) = anchor.unread(arguments).await?;
        assert!(ok && said.is_empty(), "{arguments:?}: {said}");
    }
    Ok(())
}

#[tokio::test]
async fn decision_about_a_customer_names_a_type_and_fields_that_exist() -> Result<()> {
    let (folder, database) = (tempfile::tempdir()?, TestDatabase::sqlite());
    let anchor = AnchorProgram::new(folder.path(), database.url(), "http://127.0.0.1:1").await?;
    says(&anchor, &["migrate"]).await?;
    let owner = CustomerOwner::of(&Account::from(samples::user().account()).into());
    let id = CustomerId::new(RandomIds.next());
    let write = CustomerWrite {
        id,
        owner,
        is_new: true,
        last_type: None,
        fields: Vec::new(),
        files: Vec::new(),
        attach: Vec::new(),
        senders: Vec::new(),
        verified: Vec::new(),
        codes: Vec::new(),
        code_limits: CodeLimits { since: samples::start(), most: 1 },
        at: samples::start(),
    };
    DieselStore::open(database.url())?.customer_put(&write).await?;
    let id = id.to_string();
    let ask = |fields: &'static str| {
        ["customer", "ask", &id, "--type", "sender", "--fields", fields].map(str::to_owned)
    };
    let refused = fails(&anchor, &ask("last_name,bogus").each_ref().map(String::as_str)).await?;
    assert!(refused.contains("\"bogus\" is no field of SEP-9"), "{refused}");
    let asked = says(&anchor, &ask("last_name,photo_id_front").each_ref().map(String::as_str)).await?;
    assert!(asked.contains("note: ") && asked.contains("sender: needs_info"), "{asked}");
    let again = says(&anchor, &["customer", "accept", &id, "--type", "sender"]).await?;
    assert!(!again.contains("note: "), "it is known by now: {again}");

    let file = folder.path().join("customers.toml");
    tokio::fs::write(
        &file,
        "[[types]]\nname = \"sep24\"\ndescription = \"users\"\nfields = [\"last_name\"]\n",
    )
    .await?;
    let anchor = anchor.with("CUSTOMERS", &file.display().to_string());
    let refused = fails(&anchor, &["customer", "accept", &id, "--type", "nosuch"]).await?;
    assert!(refused.contains("there is no type \"nosuch\": one of sep24"), "{refused}");
    says(&anchor, &["customer", "accept", &id, "--type", "sep24"]).await?;
    let listed: Value = serde_json::from_str(&says(&anchor, &["customer", "list", "--json"]).await?)?;
    assert_eq!(listed["decisions"]["sep24"], "accepted", "{listed}");

    // a customer is the program's to erase, anybody else the operator's
    let user = samples::user().account().to_string();
    assert!(fails(&anchor, &["customer", "forget", &user]).await?.contains("`erase` first"));
    let store = DieselStore::open(database.url())?;
    store.asset_put(&samples::asset()).await?;
    let mut told = samples::started(TransactionId::new(RandomIds.next()), Kind::Deposit);
    told.subject = Account::from(samples::issuer().account()).into();
    store.transaction_insert(&told, None).await?;
    store.answers_put(told.id, &Kept::Clear(r#"{"a":{"b":"secret"}}"#.to_owned())).await?;
    let stranger = told.subject.to_string();
    assert!(says(&anchor, &["customer", "forget", &stranger]).await?.contains("is erased"));
    assert_eq!(store.answers_fetch(told.id).await?, Some(Kept::Clear("{}".to_owned())));
    let nobody = format!("{stranger}:7");
    assert!(says(&anchor, &["customer", "forget", &nobody]).await?.contains("nothing that this user told"));
    Ok(())
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
        (&["transaction", "list", "--state", "bogus"][..], "one of collecting, deciding"),
        (&["transaction", "find"][..], "--memo"),
        (&["transaction", "find", "--memo", "many"][..], "--memo"),
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
    let said = fails(&anchor, &["doctor"]).await?;
    assert!(said.contains("SERVER_JWT_KEY"), "{said}");
    assert_eq!(said.matches("SIGNING_SEED").count(), 1, "{said}");
    assert!(!said.contains("hunter"), "{said}");
    Ok(())
}

#[tokio::test]
async fn commands_that_only_look_into_the_database_need_no_keys() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let database = TestDatabase::sqlite();
    let anchor = AnchorProgram::new(folder.path(), database.url(), "http://127.0.0.1:1").await?;
    tokio::fs::write(folder.path().join(".env"), "").await?;
    says(&anchor, &["migrate"]).await?;
    for command in [["asset", "list"], ["transaction", "list"], ["suspense", "list"]] {
        assert!(says(&anchor, &command).await?.is_empty());
    }
    assert!(fails(&anchor, &["channels", "list"]).await?.contains("SIGNING_SEED"));
    Ok(())
}

#[tokio::test]
async fn settings_of_serve_and_worker_count_in_the_file_and_those_that_nobody_reads_are_noted() -> Result<()>
{
    let folder = tempfile::tempdir()?;
    let database = TestDatabase::sqlite();
    let devnet = Devnet::builder().start().await?;
    let anchor = AnchorProgram::new(folder.path(), database.url(), &devnet.url()).await?;
    says(&anchor, &["testnet", "issue", "--asset", "CLI"]).await?;
    let file = folder.path().join(".env");
    let keys = tokio::fs::read_to_string(&file).await?;
    let with = async |lines: &str| tokio::fs::write(&file, format!("{keys}{lines}\n")).await;

    with("FEE_BUDGET=0\nFEE_CAP=plenty\nOPERATIONS_MAX=101").await?;
    let said = fails(&anchor, &["worker", "--once"]).await?;
    for name in [
        "FEE_BUDGET: should be",
        "FEE_CAP: should be",
        "OPERATIONS_MAX: should be a whole number from 1 to 100",
    ] {
        assert!(said.contains(name), "{name}: {said}");
    }
    assert!(!said.contains("plenty"), "{said}");
    says(
        &anchor,
        &["worker", "expire", "--once", "--fee-budget", "9", "--fee-cap", "100", "--operations-max", "1"],
    )
    .await?;

    // the environment goes before the file
    with("LISTEN=127.0.0.1:nowhere\nFEE_BUDGE=1\nMETRICS_LISTEN=nowhere").await?;
    let said = fails(&anchor, &["serve"]).await?;
    assert!(
        said.contains("METRICS_LISTEN: should be address and port") && !said.contains("  LISTEN:"),
        "{said}"
    );
    let diagnosis = fails(&anchor, &["doctor"]).await?;
    let notes = lines(&diagnosis, "note").join("\n");
    assert!(notes.contains("nobody reads these settings of the .env file: FEE_BUDGE"), "{diagnosis}");
    assert!(!notes.contains("CLI_ISSUER_SEED") && !notes.contains("METRICS_LISTEN"), "{notes}");
    with("").await?;
    assert!(!fails(&anchor, &["doctor"]).await?.contains("nobody reads"));

    let taken = std::net::TcpListener::bind(anchor.listen)?;
    let said = fails(&anchor, &["serve"]).await?;
    assert!(said.contains(&anchor.listen.to_string()) && said.contains("LISTEN"), "{said}");
    drop(taken);
    devnet.stop().await;
    Ok(())
}

#[test]
fn documented_settings_are_the_known_ones() -> Result<()> {
    let page = std::fs::read_to_string(anchor_tests::found::workspace().join("docs/reference/settings.md"))?;
    let named = page.lines().filter_map(|line| line.strip_prefix("| `")?.split('`').next());
    let mut named: Vec<_> = named.collect();
    named.sort_unstable();
    assert_eq!(named, anchor_core::cli::SETTINGS);
    Ok(())
}

#[tokio::test]
async fn asset_set_changes_one_term_and_nothing_resets_the_others() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let database = TestDatabase::sqlite();
    let anchor = AnchorProgram::new(folder.path(), database.url(), "http://127.0.0.1:1").await?;
    says(&anchor, &["migrate"]).await?;
    let (token, account) = (samples::token().to_string(), samples::distribution().account().to_string());
    assert!(
        fails(&anchor, &["asset", "set", &token, "--min", "5"]).await?.contains("begin with `asset add`")
    );
    let add = ["asset", "add", &token, "--distribution", &account, "--min", "10", "--late", "hold"];
    says(&anchor, &[&add[..], &["--funding-method", "SEPA", "--refund-fee", "0.5"]].concat()).await?;
    let before = says(&anchor, &["asset", "list"]).await?;
    assert!(
        fails(&anchor, &["asset", "add", &token, "--distribution", &account]).await?.contains("asset set")
    );

    let said = says(&anchor, &["asset", "set", &token, "--fee-fixed", "2"]).await?;
    let was = "deposit: from 10 to 10000, fee 1 + 0 %, by API through SEPA";
    assert!(said.contains(&format!("{was} -> {}", was[9..].replace("fee 1", "fee 2"))), "{said}");
    assert_eq!(says(&anchor, &["asset", "list"]).await?, before.replace("fee 1", "fee 2"));
    let said = says(&anchor, &["asset", "set", &token, "--withdrawal", "off", "--status", "private"]).await?;
    assert!(said.contains("SEPA -> off") && said.contains("status: test -> private"), "{said}");
    assert!(says(&anchor, &["asset", "set", &token]).await?.contains("Nothing is different"));

    let refused = fails(&anchor, &["asset", "set", &token, "--min", "2"]).await?;
    assert!(refused.contains("smallest amount of deposits (2) after its fee (2"), "{refused}");
    let refused = fails(&anchor, &["asset", "set", &token, "--max", "3"]).await?;
    assert!(refused.contains("the smallest amount of deposits (10) is above the largest (3)"), "{refused}");
    let help = says(&anchor, &["asset", "set", "--help"]).await?;
    assert!(!help.contains("](") && !help.contains("[`"), "{help}");
    Ok(())
}

#[tokio::test]
async fn nothing_is_made_by_itself_on_the_public_network_or_for_another_host() -> Result<()> {
    let public = "Public Global Stellar Network ; September 2015";
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("anchor.sqlite3");
    let url = format!("sqlite://{}", file.display());
    let anchor = AnchorProgram::new(folder.path(), &url, "http://127.0.0.1:1").await?;
    let settings = folder.path().join(".env");
    let elsewhere = anchor.clone().calling_itself("https://anchor.example");
    let on_public = elsewhere.with("STELLAR_NETWORK_PASSPHRASE", public);
    tokio::fs::write(&settings, "").await?;
    for (anchor, why) in [(&elsewhere, "HOST_URL"), (&on_public, "public network")] {
        let said = fails(anchor, &["all"]).await?;
        assert!(said.contains("SIGNING_SEED and SERVER_JWT_KEY missing") && said.contains(why), "{said}");
        assert_eq!(tokio::fs::read_to_string(&settings).await?, "");
        assert!(!file.exists(), "{why}");
    }
    // with keys of one's own, no asset is made either
    let keys = says(&anchor, &["keys", "generate"]).await?;
    tokio::fs::write(&settings, &keys).await?;
    for (anchor, command) in [
        (&elsewhere, &["all"][..]),
        (&on_public, &["all"]),
        (&on_public, &["testnet", "issue", "--asset", "CLI"]),
        (&on_public, &["testnet", "reset"]),
    ] {
        let said = fails(anchor, command).await?;
        assert!(said.contains("none is issued") || said.contains("nothing is issued"), "{command:?}: {said}");
        assert_eq!(tokio::fs::read_to_string(&settings).await?, keys);
    }
    Ok(())
}

#[tokio::test]
async fn public_network_wants_a_name_and_live_assets() -> Result<()> {
    let public = "Public Global Stellar Network ; September 2015";
    let folder = tempfile::tempdir()?;
    let database = TestDatabase::sqlite();
    let anchor = AnchorProgram::new(folder.path(), database.url(), "http://127.0.0.1:1").await?;
    says(&anchor, &["migrate"]).await?;
    let (token, account) = (samples::token().to_string(), samples::distribution().account().to_string());
    says(&anchor, &["asset", "add", &token, "--distribution", &account]).await?;
    let anchor = anchor.calling_itself("https://localhost:9").with("STELLAR_NETWORK_PASSPHRASE", public);
    let anchor = anchor.with("LOCAL_MODE", "0");
    let diagnosis = fails(&anchor, &["doctor"]).await?;
    assert!(diagnosis.contains("FAIL  ORG_NAME: is missing"), "{diagnosis}");
    assert!(diagnosis.contains("is published as a test"), "{diagnosis}");
    says(&anchor, &["asset", "set", &token, "--status", "live"]).await?;
    says(&anchor, &["asset", "add", "native", "--distribution", &account]).await?;
    assert_eq!(says(&anchor, &["asset", "list"]).await?.matches("status: live").count(), 2);
    let diagnosis = fails(&anchor.with("ORG_NAME", "Bank"), &["doctor"]).await?;
    assert!(diagnosis.contains("ok    ORG_NAME: Bank") && !diagnosis.contains("as a test"), "{diagnosis}");
    Ok(())
}

#[tokio::test]
async fn doctor_reports_a_database_that_it_does_not_know() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let anchor =
        AnchorProgram::new(folder.path(), "mysql://user:hunter2@host/name", "http://127.0.0.1:1").await?;
    let diagnosis = fails(&anchor, &["doctor"]).await?;
    assert!(diagnosis.contains("FAIL  DATABASE_URL") && !diagnosis.contains("hunter2"), "{diagnosis}");
    Ok(())
}

#[tokio::test]
async fn server_and_worker_refuse_a_database_that_lacks_migrations_and_leave_it_alone() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let database = TestDatabase::sqlite();
    let anchor = AnchorProgram::new(folder.path(), database.url(), "http://127.0.0.1:1").await?;
    for command in [&["serve"][..], &["worker", "--once"]] {
        for _ in 0..2 {
            let said = fails(&anchor, command).await?;
            assert!(said.contains("the database lacks"), "{said}");
            assert!(said.contains("migrations: stop the workers and run `migrate`"), "{said}");
        }
    }
    says(&anchor, &["migrate"]).await?;
    assert!(!fails(&anchor, &["serve"]).await?.contains("lacks"), "there is no asset yet");
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

#[tokio::test]
async fn r_45_005_doctor_says_what_keeps_contract_accounts_out() -> Result<()> {
    use anchor_core::account::ContractId;
    use anchor_devnet::ContractKind;
    let folder = tempfile::tempdir()?;
    let database = TestDatabase::sqlite();
    let devnet = Devnet::builder().start().await?;
    let anchor = AnchorProgram::new(folder.path(), database.url(), &devnet.url()).await?;
    says(&anchor, &["testnet", "issue", "--asset", "CLI"]).await?;
    let contract = ContractId::from_bytes([45; 32]);
    let anchor = anchor.with("WEB_AUTH_CONTRACT_ID", &contract.to_string());
    let nobody = lines(&fails(&anchor, &["doctor"]).await?, "FAIL").join("\n");
    assert!(nobody.contains("SEP45_RPC_URI or STELLAR_RPC_URI"), "{nobody}");
    let anchor = anchor.with("SEP45_RPC_URI", &devnet.rpc_url());
    let missing = lines(&fails(&anchor, &["doctor"]).await?, "FAIL").join("\n");
    assert!(missing.contains("knows no such contract") && missing.contains("does not exist"), "{missing}");
    devnet.install_contract(*contract.as_bytes(), ContractKind::Open);
    let useless = fails(&anchor, &["doctor"]).await?;
    assert!(useless.contains("has no function web_auth_verify"), "{useless}");
    devnet.install_contract(*contract.as_bytes(), ContractKind::WebAuth);
    devnet.fund_key(*anchor.signing_key().await?.account().as_bytes()).await?;
    let server = anchor.start_server(&["serve"]).await?;
    let diagnosis = says(&anchor, &["doctor"]).await?;
    let found = lines(&diagnosis, "ok").join("\n");
    for what in [
        "WEB_AUTH_CONTRACT_ID: code ",
        "FOR_CONTRACTS_ENDPOINT issues challenges",
        "Stellar RPC for contract accounts",
        "SIGNING_SEED can authorize",
    ] {
        assert!(found.contains(what), "{what}: {diagnosis}");
    }
    let other = anchor.with("WEB_AUTH_CONTRACT_HASH", &"ab".repeat(32));
    assert!(fails(&other, &["doctor"]).await?.contains("other code than WEB_AUTH_CONTRACT_HASH"));
    drop(server);
    devnet.stop().await;
    Ok(())
}
