//! Wallets that want to hear how a customer stands, and transactions that wait for it.

use actix_web::http::Method;
use anchor_core::account::Account;
use anchor_core::clock::Clock as _;
use anchor_core::customer::Decision;
use anchor_core::id::{IdSource as _, RandomIds, TransactionId};
use anchor_core::integration::Review;
use anchor_core::keys::SigningKey;
use anchor_core::ops::callback::CallbackRequest;
use anchor_core::ops::customer::{decide, notify};
use anchor_core::ops::{JobSettings, decide as terms};
use anchor_core::testing::fakes::{CallbackAnswer, ScriptedCallbacks, ScriptedCustomers, samples};
use anchor_core::transaction::{
    Fact, InfoNeed, Kind, NewTransaction, Protocol, Request, Status, Transaction,
};
use anchor_tests::web::{Answer, TestAnchor};
use anyhow::{Context as _, Result};
use serde_json::{Value, json};

use crate::sep12::{ada, asking, assert_refused, erase, put_ok, request, show};

async fn register(anchor: &TestAnchor, token: &str, body: Value) -> Answer {
    anchor.call(request(Method::PUT, "/sep12/customer/callback", token).set_json(body)).await
}

/// With documents, as a worker has them.
async fn telling() -> Result<(TestAnchor, ScriptedCustomers, ScriptedCallbacks)> {
    let customers = ScriptedCustomers::new();
    let attached = customers.clone();
    let settings = [("CUSTOMER_KEYS", samples::CUSTOMER_KEY)];
    let config = anchor_tests::web::config(&settings)?;
    let documents = anchor_web::documents(&config);
    let anchor =
        TestAnchor::with(&settings, |builder| builder.customers(attached).documents(documents)).await?;
    Ok((anchor, customers, ScriptedCallbacks::default()))
}

async fn look(anchor: &TestAnchor, wallet: &ScriptedCallbacks) -> Result<Vec<CallbackRequest>> {
    anchor.clock.advance(std::time::Duration::from_secs(60));
    let before = wallet.taken().len();
    notify(&anchor.anchor, &JobSettings::new("worker"), wallet).await?;
    Ok(wallet.taken().split_off(before))
}

#[actix_web::test]
async fn r_12_084_r_12_085_r_12_086_peer_callback_goes_to_one_allowed_address() -> Result<()> {
    let (anchor, _) = asking(&[("LOCAL_MODE", "0"), ("HOST_URL", "https://anchor.example")]).await?;
    let token = anchor.log_in(&samples::user()).await?;
    let url = "https://wallet.example/kyc";
    assert_refused(&register(&anchor, &token, json!({ "url": url })).await, 404, "nobody is known");
    put_ok(&anchor, &token, ada()).await?;
    for bad in [
        "",
        "wallet",
        "http://wallet.example",
        "https://127.0.0.1/",
        "https://10.0.0.1/",
        "https://wallet.example:8443/",
        "ftp://wallet.example/",
        "https://u:p@wallet.example/",
    ] {
        assert_refused(&register(&anchor, &token, json!({ "url": bad })).await, 400, bad);
    }
    assert_refused(&register(&anchor, &token, json!({})).await, 400, "no address");
    for url in [url, "https://other.example/kyc"] {
        let answer = register(&anchor, &token, json!({ "url": url })).await;
        assert_eq!((answer.status, answer.json()?), (200, json!({})));
    }
    let claim = JobSettings::new("worker");
    let claim = anchor_core::store::Claim {
        owner: claim.owner.clone(),
        now: anchor.clock.now(),
        lease: std::time::Duration::from_secs(60),
        limit: 9,
    };
    let claimed = anchor.anchor.store().customer_callback_claim(&claim).await?;
    let urls: Vec<_> = claimed.iter().map(|claimed| claimed.callback.url.as_str()).collect();
    assert_eq!(urls, ["https://other.example/kyc"]);
    Ok(())
}

#[actix_web::test]
async fn r_12_087_r_12_088_r_12_089_r_12_090_r_12_091_r_12_092_wallet_hears_of_every_change_to_the_end()
-> Result<()> {
    let (anchor, customers, wallet) = telling().await?;
    let token = anchor.log_in(&samples::user()).await?;
    let id = put_ok(&anchor, &token, json!({ "type": "sep6", "first_name": "Ada" })).await?;
    let url = "http://localhost:1234/kyc?user=7";
    assert_eq!(register(&anchor, &token, json!({ "url": url })).await.status, 200);
    assert!(look(&anchor, &wallet).await?.is_empty(), "nothing has changed");
    customers.think(Some(Review::Processing { message: None }));
    put_ok(&anchor, &token, ada()).await?;
    let told = look(&anchor, &wallet).await?;
    let [first] = &told[..] else { panic!("{told:?}") };
    let body: Value = serde_json::from_slice(&first.body)?;
    assert_eq!(body, show(&anchor, &token, "type=sep6").await?, "what the wallet would be answered");
    assert_eq!((&body["status"], first.url.as_str()), (&json!("PROCESSING"), url));
    assert!(first.signature.starts_with("t=") && first.signature.contains(", s="));
    assert!(look(&anchor, &wallet).await?.is_empty());
    // a wallet that is down is told later, signed anew
    wallet.answer(CallbackAnswer::Unreachable);
    customers.think(Some(Review::Accepted));
    assert_eq!(look(&anchor, &wallet).await?.len(), 0);
    let told = look(&anchor, &wallet).await?;
    let [last] = &told[..] else { panic!("{told:?}") };
    assert_ne!(last.signature, first.signature);
    assert_eq!(serde_json::from_slice::<Value>(&last.body)?["status"], "ACCEPTED");
    // that was the end: who wants to hear of more registers again
    let rejected = Decision::Rejected { message: "no".to_owned() };
    decide(anchor.anchor.store(), id.parse()?, "sep6", Some(rejected), anchor.clock.now()).await?;
    assert!(look(&anchor, &wallet).await?.is_empty());
    assert_eq!(register(&anchor, &token, json!({ "url": url })).await.status, 200);
    decide(anchor.anchor.store(), id.parse()?, "sep6", None, anchor.clock.now()).await?;
    assert_eq!(look(&anchor, &wallet).await?.len(), 1);
    Ok(())
}

#[test]
fn r_12_093_r_12_094_signature_covers_time_host_and_body() -> Result<()> {
    // the checklist's throw-away key
    let key = SigningKey::from_seed(std::array::from_fn(|place| u8::try_from(place + 1).unwrap_or_default()));
    let body = r#"{"id":"d1ce2f48-3ff1-495d-9240-7a50d806cfed","status":"ACCEPTED"}"#;
    let at = chrono::DateTime::from_timestamp(1_700_000_000, 0).context("a time")?;
    let signed = |url: &str| -> Result<String> {
        Ok(CallbackRequest::sign(&key, url.parse()?, body.into(), at).signature)
    };
    let expected = "t=1700000000, s=3rw6JIsHMwKm4T9APygeXl5trwdkUs7BrvfKPzuPNW2bBJvV3NIdIS06aV7jZICiLIWzABpDZCJ8RKzZgPMwDQ==";
    assert_eq!(signed("https://wallet.example.com/kyc")?, expected);
    assert_eq!(signed("https://WALLET.example.com:443/kyc")?, expected);
    assert_ne!(signed("https://wallet.example.com:8443/kyc")?, expected);
    Ok(())
}

/// A deposit by API that waits for its customer.
async fn waiting(anchor: &TestAnchor) -> Result<Transaction> {
    let now = anchor.clock.now();
    let asset = samples::asset();
    let account = samples::user().account();
    let transaction = Transaction::start(NewTransaction {
        id: TransactionId::new(RandomIds.next()),
        kind: Kind::Deposit,
        protocol: Protocol::Sep6,
        asset: asset.id.clone(),
        off_chain_asset: asset.off_chain.clone(),
        subject: Account::Classic(account).into(),
        client_domain: None,
        request: Request::new(Account::Classic(account)),
        at: now,
        deadline: now + chrono::Duration::days(1),
    });
    anchor.anchor.store().transaction_insert(&transaction, None).await?;
    anchor.commit(&transaction, Fact::InfoNeeded { need: InfoNeed::Customer { message: None } }).await
}

#[actix_web::test]
async fn r_12_031_r_12_083_transaction_goes_on_once_its_customer_is_accepted() -> Result<()> {
    let (anchor, customers, _) = telling().await?;
    let token = anchor.log_in(&samples::user()).await?;
    let transaction = waiting(&anchor).await?;
    let status = async || -> Result<Status> {
        Ok(anchor.anchor.store().transaction_fetch(transaction.id).await?.context("stored")?.status())
    };
    assert_eq!(status().await?, Status::PendingCustomerInfoUpdate);
    let query = format!("type=sep6&transaction_id={}", transaction.id);
    assert_eq!(show(&anchor, &token, &query).await?["status"], "NEEDS_INFO");
    put_ok(&anchor, &token, json!({ "first_name": "Ada" })).await?;
    assert_eq!(status().await?, Status::PendingCustomerInfoUpdate, "that was not all");
    // erased meanwhile: it waits still, for somebody who is asked for everything
    assert_eq!(erase(&anchor, &token, &samples::user().account().to_string()).await.status, 200);
    let work = async || {
        anchor.clock.advance(std::time::Duration::from_secs(3600));
        terms::decide(&anchor.anchor, &JobSettings::new("worker")).await
    };
    work().await?;
    assert_eq!(status().await?, Status::PendingCustomerInfoUpdate);
    assert_eq!(show(&anchor, &token, &query).await?["status"], "NEEDS_INFO");
    put_ok(&anchor, &token, ada()).await?;
    assert_ne!(status().await?, Status::PendingCustomerInfoUpdate, "at once");
    // a kill between the PUT and its consequence: the job finds it
    let second = waiting(&anchor).await?;
    customers.think(Some(Review::Processing { message: None }));
    work().await?;
    let fetch = async || anchor.anchor.store().transaction_fetch(second.id).await;
    assert_eq!(fetch().await?.context("stored")?.status(), Status::PendingCustomerInfoUpdate);
    customers.think(None);
    work().await?;
    assert_ne!(fetch().await?.context("stored")?.status(), Status::PendingCustomerInfoUpdate);
    Ok(())
}
