//! What a contract account can do once it is in: everything but to be paid, which no contract can be by this version.

use actix_web::http::Method;
use actix_web::test::TestRequest;
use anchor_core::asset::Asset;
use anchor_core::testing::fakes::{ScriptedCustomers, samples};
use anyhow::Result;
use serde_json::{Value, json};

use super::sep45_stand::{Stand, client};

const DEPOSIT: &str = "/sep24/transactions/deposit/interactive";
const WITHDRAW: &str = "/sep24/transactions/withdraw/interactive";

async fn everything() -> Result<(Stand, String)> {
    let stand = Stand::of(
        &[("CUSTOMER_KEYS", samples::CUSTOMER_KEY)],
        |devnet| devnet,
        |builder| {
            let asset = Asset { receive: samples::received_asset().receive, ..samples::asset_by_api() };
            let builder = builder.asset(asset).quotes(samples::quote_desk(), samples::quotes());
            builder.customers(ScriptedCustomers::new())
        },
    )
    .await?;
    let token = stand.log_in().await?;
    Ok((stand, token))
}

#[actix_web::test]
async fn r_45_061_token_of_a_contract_is_taken_by_every_protocol() -> Result<()> {
    let (stand, token) = everything().await?;
    let by_api = format!("/sep6/transactions?asset_code=USDC&account={}", client());
    for path in [
        "/sep24/transactions?asset_code=USDC",
        &*by_api,
        "/sep12/customer",
        "/sep38/info",
        "/sep38/prices?sell_asset=iso4217:BRL&sell_amount=10",
    ] {
        let answer = stand.anchor.get(path, &token).await;
        assert_eq!(answer.status, 200, "{path}: {answer:?}");
    }
    for path in
        ["/sep24/transaction", "/sep6/transaction", "/sep38/quote/9b1deb4d-3b7d-4bad-9bdd-2b0d7b3dcb6d"]
    {
        let id = "id=9b1deb4d-3b7d-4bad-9bdd-2b0d7b3dcb6d";
        assert_eq!(stand.anchor.get(&format!("{path}?{id}"), &token).await.status, 404, "{path}");
    }
    Ok(())
}

#[actix_web::test]
async fn contract_is_a_customer_with_data_of_its_own() -> Result<()> {
    let (stand, token) = everything().await?;
    let put = |token: String, body: Value| {
        let request = TestRequest::put().uri("/sep12/customer").set_json(body);
        stand.anchor.call(request.insert_header(("authorization", format!("Bearer {token}"))))
    };
    let answer = put(token.clone(), json!({ "first_name": "Ada" })).await;
    assert_eq!(answer.status, 202, "{answer:?}");
    let id = answer.json()?["id"].as_str().unwrap_or_default().to_owned();
    assert_eq!(stand.anchor.get("/sep12/customer", &token).await.json()?["id"], id);
    // nobody else sees it, and no memo makes another customer of it
    let other = stand.anchor.log_in(&samples::user()).await?;
    assert_eq!(stand.anchor.get(&format!("/sep12/customer?id={id}"), &other).await.status, 404);
    assert_eq!(put(token.clone(), json!({ "memo": "7", "first_name": "Eve" })).await.status, 400);
    // and it can be forgotten
    let delete = |token: &str| {
        let request = TestRequest::default().method(Method::DELETE);
        let request = request.uri(&format!("/sep12/customer/{}", client()));
        stand.anchor.call(request.insert_header(("authorization", format!("Bearer {token}"))))
    };
    assert_eq!(delete(&other).await.status, 401);
    assert_eq!(delete(&token).await.status, 200);
    Ok(())
}

#[actix_web::test]
async fn contract_is_not_paid_and_says_so_but_may_have_an_account_paid() -> Result<()> {
    let (stand, token) = everything().await?;
    let contract = client().to_string();
    for body in [json!({ "asset_code": "USDC" }), json!({ "asset_code": "USDC", "account": contract })] {
        for path in [DEPOSIT, WITHDRAW] {
            let answer = stand.anchor.post(path, &token, body.clone()).await;
            assert_eq!(answer.status, 400, "{path} {body}: {answer:?}");
            answer.error()?;
        }
    }
    let by_api =
        format!("/sep6/deposit?asset_code=USDC&account={contract}&funding_method=bank_account&amount=10");
    let answer = stand.anchor.get(&by_api, &token).await;
    assert_eq!(answer.status, 400, "{answer:?}");
    let account = samples::user().account().to_string();
    let body = json!({ "asset_code": "USDC", "account": account });
    let started = stand.anchor.start("deposit", &token, body).await?;
    assert_eq!(stand.anchor.shown(&started, &token).await?["to"], account);
    let other = stand.anchor.log_in(&samples::user()).await?;
    let path = format!("/sep24/transaction?id={}", started.id);
    assert_eq!(stand.anchor.get(&path, &other).await.status, 404, "it is the contract's");
    Ok(())
}
