//! What the official test suite and the demo wallet expect of SEP-12, fact by fact.

use actix_web::http::Method;
use anchor_core::testing::fakes::samples;
use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};

use crate::sep12::{ada, asking, erase, put, request, show};

/// The suite's own list.
const KNOWN: &[&str] = &[
    "family_name",
    "last_name",
    "given_name",
    "first_name",
    "additional_name",
    "address_country_code",
    "state_or_province",
    "city",
    "postal_code",
    "address",
    "mobile_number",
    "email_address",
    "birth_date",
    "birth_place",
    "birth_country_code",
    "bank_account_number",
    "bank_number",
    "bank_phone_number",
    "bank_branch_number",
    "tax_id",
    "tax_id_name",
    "occupation",
    "employer_name",
    "employer_address",
    "language_code",
    "id_type",
    "id_country_code",
    "id_issue_date",
    "id_expiration_date",
    "id_number",
    "photo_id_front",
    "photo_id_back",
    "notary_approval_of_photo_id",
    "ip_address",
    "photo_proof_residence",
    "sex",
];

fn schema(body: &Value, is_new: bool) -> Result<()> {
    ensure!(is_new == body.get("id").is_none(), "{body}");
    for list in ["fields", "provided_fields"] {
        for (name, field) in body.get(list).and_then(Value::as_object).into_iter().flatten() {
            ensure!(KNOWN.contains(&name.as_str()), "{name}");
            ensure!(
                ["string", "number", "date", "binary"].contains(&field["type"].as_str().context("a type")?)
            );
            ensure!(field["description"].is_string(), "{body}");
        }
    }
    Ok(())
}

#[actix_web::test]
async fn interop_sep12_1_4_8_doors_are_closed_without_a_token() -> Result<()> {
    let (anchor, _) = asking(&[]).await?;
    let account = samples::user().account();
    for (method, path) in [
        (Method::PUT, "/sep12/customer".to_owned()),
        (Method::GET, "/sep12/customer".to_owned()),
        (Method::DELETE, format!("/sep12/customer/{account}")),
    ] {
        let request = request(method, &path, "").insert_header(("content-type", "text/plain"));
        assert_eq!(anchor.call(request.set_payload("[object Object]")).await.status, 401, "{path}");
    }
    Ok(())
}

#[actix_web::test]
async fn interop_sep12_2_5_6_7_9_customer_is_created_read_and_deleted() -> Result<()> {
    let (anchor, _) = asking(&[]).await?;
    let user = samples::user();
    let token = anchor.log_in(&user).await?;
    let new = show(&anchor, &token, "type=sep6").await?;
    schema(&new, true)?;
    assert_eq!(new["status"], "NEEDS_INFO");
    let mut body = ada();
    body["account"] = json!(user.account().to_string());
    let made = put(&anchor, &token, body).await;
    assert_eq!(made.status, 202);
    let id = made.json()?["id"].as_str().context("a string")?.to_owned();
    for query in [
        format!("id={id}&type=sep6"),
        "type=sep6".to_owned(),
        format!("account={}&type=sep6", user.account()),
    ] {
        let shown = show(&anchor, &token, &query).await?;
        schema(&shown, false)?;
        assert_ne!(shown["status"], "NEEDS_INFO");
    }
    assert_eq!(erase(&anchor, &token, &user.account().to_string()).await.status, 200);
    assert_eq!(anchor.get(&format!("/sep12/customer?id={id}"), &token).await.status, 404);
    Ok(())
}

#[actix_web::test]
async fn interop_sep12_3_memos_make_different_customers() -> Result<()> {
    let (anchor, _) = asking(&[]).await?;
    let user = samples::user();
    let mut ids = Vec::new();
    for memo in ["1", "2"] {
        let token = anchor.log_in_as(&format!("account={}&memo={memo}", user.account()), &user).await?;
        let mut body = ada();
        body["memo"] = json!(memo);
        body["memo_type"] = json!("id");
        let made = put(&anchor, &token, body).await;
        assert_eq!(made.status, 202);
        ids.push(made.json()?["id"].clone());
    }
    assert!(ids[0].is_string() && ids[0] != ids[1]);
    Ok(())
}

#[actix_web::test]
async fn interop_demo_wallet_sends_text_in_parts_and_hashes_as_memos() -> Result<()> {
    let (anchor, _) = asking(&[]).await?;
    let user = samples::user();
    let token = anchor.log_in(&user).await?;
    let memo = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
    let part = |name: &str, value: &str| {
        format!("--b\r\ncontent-disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
    };
    let account = user.account().to_string();
    let fields = [
        ("account", account.as_str()),
        ("memo", memo),
        ("memo_type", "hash"),
        ("type", "sep6"),
        ("first_name", "Ada"),
        ("last_name", "Lovelace"),
        ("email_address", "ada@example.com"),
    ];
    let body: String = fields.iter().map(|(name, value)| part(name, value)).collect();
    let request = request(Method::PUT, "/sep12/customer", &token)
        .insert_header(("content-type", "multipart/form-data; boundary=b"))
        .set_payload(format!("{body}--b--\r\n"));
    assert_eq!(anchor.call(request).await.status, 202);
    let query: String = url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs([("account", &*account), ("memo", memo), ("memo_type", "hash"), ("type", "sep6")])
        .finish();
    assert_eq!(show(&anchor, &token, &query).await?["status"], "ACCEPTED");
    Ok(())
}
