//! Senders and receivers who have to be known, where customers are asked for something.

use anchor_core::customer::fields::FieldType;
use anchor_core::customer::{CustomerRole, CustomerType, WantedField};
use anchor_core::integration::{AskedField, Review};
use anchor_core::ops::{JobSettings, decide};
use anchor_core::testing::fakes::{ScriptedCustomers, samples};
use anchor_tests::web::TestAnchor;
use anyhow::{Context as _, Result};
use serde_json::{Value, json};

use crate::sep12;
use crate::sep31::{TRANSACTIONS, announced, count, receiving_with, rival, shown, taken};

/// Senders say their name, receivers an account.
fn desk() -> ScriptedCustomers {
    let field = |name: &str| WantedField::sep9(name).into_iter().collect::<Vec<_>>();
    let more = WantedField::custom("colour", FieldType::String, Some("Your colour".to_owned()));
    let of = CustomerType::new;
    ScriptedCustomers::asking(vec![
        of("sep31-sender", "People who send", [CustomerRole::Sender], field("last_name")).automatic(),
        of("sep31-receiver", "People who receive", [CustomerRole::Receiver], field("bank_account_number"))
            .automatic(),
        of("large", "Receivers of much", [CustomerRole::Receiver], vec![more]).automatic(),
    ])
}

async fn asking() -> Result<(TestAnchor, String, ScriptedCustomers)> {
    let customers = desk();
    let attached = customers.clone();
    let settings = [("CUSTOMER_KEYS", samples::CUSTOMER_KEY)];
    let anchor =
        receiving_with(&settings, samples::received_asset(), |builder| builder.customers(attached)).await?;
    let token = anchor.log_in(&samples::user()).await?;
    Ok((anchor, token, customers))
}

async fn known(anchor: &TestAnchor, token: &str, of: &str, memo: &str, fields: Value) -> Result<String> {
    let mut body = json!({ "type": of, "memo": memo, "memo_type": "id" });
    let (Value::Object(members), Value::Object(fields)) = (&mut body, fields) else { unreachable!() };
    members.extend(fields);
    sep12::put_ok(anchor, token, body).await
}

/// Both, accepted.
async fn both(anchor: &TestAnchor, token: &str) -> Result<Value> {
    let sender = known(anchor, token, "sep31-sender", "1", json!({ "last_name": "Lovelace" })).await?;
    let receiver =
        known(anchor, token, "sep31-receiver", "2", json!({ "bank_account_number": "12345678" })).await?;
    Ok(json!({ "sender_id": sender, "receiver_id": receiver }))
}

fn with(parties: &Value, name: &str, id: Value) -> Value {
    let mut changed = parties.clone();
    changed[name] = id;
    changed
}

async fn decide_all(anchor: &TestAnchor) -> Result<()> {
    anchor.clock.advance(std::time::Duration::from_secs(600));
    decide::decide(&anchor.anchor, &JobSettings::new("worker")).await?;
    Ok(())
}

#[actix_web::test]
async fn r_31_002_r_31_025_r_31_026_r_31_028_types_are_those_of_the_roles() -> Result<()> {
    let (anchor, token, _) = asking().await?;
    let toml = anchor.get("/.well-known/stellar.toml", "").await;
    let toml: toml::Table = std::str::from_utf8(&toml.body)?.parse()?;
    assert_eq!(toml["KYC_SERVER"].as_str(), Some("http://localhost:8000/sep12"));
    assert_eq!(toml["DIRECT_PAYMENT_SERVER"].as_str(), Some("http://localhost:8000/sep31"));
    let info = anchor.get("/sep31/info", "").await.json()?;
    assert_eq!(
        info["receive"]["USDC"]["sep12"],
        json!({
            "sender": { "types": { "sep31-sender": { "description": "People who send" } } },
            "receiver": { "types": {
                "sep31-receiver": { "description": "People who receive" },
                "large": { "description": "Receivers of much" },
            } },
        })
    );
    // once something is known of everybody who is asked, nothing more is wanted
    let parties = both(&anchor, &token).await?;
    let id = parties["sender_id"].as_str().context("an id")?;
    let told = sep12::show(&anchor, &token, &format!("id={id}&type=sep31-sender")).await?;
    assert_eq!((told["status"].as_str(), told.get("fields")), (Some("ACCEPTED"), None), "{told}");
    Ok(())
}

#[actix_web::test]
async fn r_31_047_r_31_051_who_has_to_be_known_and_is_not_named_is_asked_for() -> Result<()> {
    let (anchor, token, _) = asking().await?;
    let parties = both(&anchor, &token).await?;
    let sender = json!({ "error": "customer_info_needed", "type": "sep31-sender" });
    // there are two types of these: which one, the sending anchor knows
    let receiver = json!({ "error": "customer_info_needed" });
    for (missing, wanted) in [("sender_id", sender), ("receiver_id", receiver)] {
        let answer = anchor.post(TRANSACTIONS, &token, announced(with(&parties, missing, Value::Null))).await;
        assert_eq!(answer.status, 400, "{answer:?}");
        assert_eq!(answer.json()?, wanted);
    }
    assert_eq!(count(&anchor).await?, 0);
    taken(&anchor, &token, parties).await?;
    Ok(())
}

#[actix_web::test]
async fn peer_r_31_038_customers_are_ones_own_under_any_memo_and_nobody_elses() -> Result<()> {
    let (anchor, token, _) = asking().await?;
    let parties = both(&anchor, &token).await?;
    let other = anchor.log_in(&rival()).await?;
    let foreign = both(&anchor, &other).await?;
    for name in ["sender_id", "receiver_id"] {
        let unknown = [json!("9b1deb4d-3b7d-4bad-9bdd-2b0d7b3dcb6d"), json!("x"), foreign[name].clone()];
        let mut errors = Vec::new();
        for id in unknown {
            let answer = anchor.post(TRANSACTIONS, &token, announced(with(&parties, name, id.clone()))).await;
            assert_eq!(answer.status, 400, "{name} {id}: {answer:?}");
            errors.push(answer.error()?);
        }
        errors.dedup();
        assert_eq!(errors.len(), 1, "what is another's is as unknown as nobody's: {errors:?}");
    }
    assert_eq!(count(&anchor).await?, 0);
    // one account with several users is one sending anchor, which names the customers of all of them
    let account = samples::user().account();
    let muxed = anchor_core::account::Account::Muxed { account, id: 7 };
    for query in [format!("account={account}&memo=7"), format!("account={muxed}")] {
        let token = anchor.log_in_as(&query, &samples::user()).await?;
        taken(&anchor, &token, parties.clone()).await?;
    }
    Ok(())
}

#[actix_web::test]
async fn r_31_048_r_31_085_who_is_named_may_be_known_later() -> Result<()> {
    let (anchor, token, _) = asking().await?;
    let sender = known(&anchor, &token, "sep31-sender", "1", json!({ "last_name": "Lovelace" })).await?;
    let receiver = known(&anchor, &token, "sep31-receiver", "2", json!({})).await?;
    let told = taken(&anchor, &token, json!({ "sender_id": sender, "receiver_id": receiver })).await?;
    let members: Vec<&str> = told.as_object().context("an object")?.keys().map(String::as_str).collect();
    assert_eq!(members, ["id"], "nothing is to be paid yet");
    let waiting = shown(&anchor, &token, &told).await?;
    assert_eq!(waiting["status"], "pending_customer_info_update");
    assert_eq!(waiting.get("stellar_account_id"), None);
    // asked for by the transaction, nobody has to know which customer it is
    let id = told["id"].as_str().context("an id")?;
    for query in [
        format!("transaction_id={id}&type=sep31-receiver"),
        format!("id={receiver}&transaction_id={id}&type=sep31-receiver"),
    ] {
        let asked = sep12::show(&anchor, &token, &query).await?;
        assert_eq!(
            (asked["status"].as_str(), asked["id"].as_str()),
            (Some("NEEDS_INFO"), Some(receiver.as_str()))
        );
        assert!(asked["fields"]["bank_account_number"].is_object(), "{asked}");
    }
    decide_all(&anchor).await?;
    assert_eq!(shown(&anchor, &token, &told).await?["status"], "pending_customer_info_update");
    let body = json!({
        "id": receiver, "transaction_id": id, "type": "sep31-receiver", "bank_account_number": "12345678",
    });
    sep12::put_ok(&anchor, &token, body).await?;
    let asked = sep12::show(&anchor, &token, &format!("transaction_id={id}&type=sep31-receiver")).await?;
    assert_eq!(asked["status"], "ACCEPTED");
    assert!(asked["provided_fields"]["bank_account_number"].is_object(), "{asked}");
    // at once: no job has looked
    let status = shown(&anchor, &token, &told).await?["status"].clone();
    assert!(
        ["pending_receiver", "pending_sender"].contains(&status.as_str().unwrap_or_default()),
        "{status}"
    );
    decide_all(&anchor).await?;
    let ready = shown(&anchor, &token, &told).await?;
    assert_eq!(ready["status"], "pending_sender");
    assert_eq!(ready["stellar_account_id"], samples::distribution().account().to_string());
    Ok(())
}

#[actix_web::test]
async fn r_31_045_r_31_050_r_31_101_what_the_desk_thinks_decides() -> Result<()> {
    let (anchor, token, customers) = asking().await?;
    // useful words for what cannot be right
    let wrong = json!({ "type": "sep31-receiver", "bank_account_number": "" });
    let answer = sep12::put(&anchor, &token, wrong).await;
    assert_eq!(answer.status, 400, "{answer:?}");
    assert!(answer.error()?.contains("bank_account_number"), "{answer:?}");
    let parties = both(&anchor, &token).await?;
    customers.think(Some(Review::Rejected { message: "We cannot serve you.".to_owned() }));
    sep12::put_ok(
        &anchor,
        &token,
        json!({ "id": parties["sender_id"], "type": "sep31-sender", "last_name": "King" }),
    )
    .await?;
    let answer = anchor.post(TRANSACTIONS, &token, announced(parties.clone())).await;
    assert_eq!((answer.status, answer.error()?.as_str()), (400, "We cannot serve you."));
    assert_eq!(count(&anchor).await?, 0);
    // looked at by people: nothing is to be paid yet
    customers.think(None);
    let sender = known(&anchor, &token, "sep31-sender", "3", json!({ "last_name": "Byron" })).await?;
    customers.think(Some(Review::Processing { message: None }));
    let account = json!({ "bank_account_number": "87654321" });
    let receiver = known(&anchor, &token, "sep31-receiver", "4", account).await?;
    let told = taken(&anchor, &token, json!({ "sender_id": sender, "receiver_id": receiver })).await?;
    assert_eq!(told.get("stellar_account_id"), None);
    assert_eq!(shown(&anchor, &token, &told).await?["status"], "pending_receiver");
    Ok(())
}

#[actix_web::test]
async fn r_31_028_desk_may_ask_for_more_only_sometimes() -> Result<()> {
    let (anchor, token, customers) = asking().await?;
    let more =
        WantedField::sep9("id_number").map(|field| AskedField::new(field, Some("for this".to_owned())));
    customers.think(Some(Review::NeedsInfo { fields: more.into_iter().collect(), message: None }));
    let parties = both(&anchor, &token).await?;
    let told = taken(&anchor, &token, parties.clone()).await?;
    assert_eq!(shown(&anchor, &token, &told).await?["status"], "pending_customer_info_update");
    let id = parties["sender_id"].as_str().context("an id")?;
    let asked = sep12::show(&anchor, &token, &format!("id={id}&type=sep31-sender")).await?;
    assert!(asked["fields"]["id_number"].is_object(), "{asked}");
    Ok(())
}
