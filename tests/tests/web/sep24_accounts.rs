//! Whose account may do what: shared accounts, destinations, accounts that do not exist.

use anchor_core::account::{Account, AccountId, Sharing};
use anchor_core::amount::StellarAmount;
use anchor_core::keys::SigningKey;
use anchor_core::testing::fakes::samples;
use anchor_core::testing::ledger::Fault;
use anchor_tests::web::{Answer, TestAnchor};
use anyhow::Result;
use serde_json::{Value, json};

const DEPOSIT: &str = "/sep24/transactions/deposit/interactive";
const WITHDRAW: &str = "/sep24/transactions/withdraw/interactive";

fn user() -> AccountId {
    samples::user().account()
}

fn other() -> AccountId {
    SigningKey::from_seed([9; 32]).account()
}

fn muxed(account: AccountId, id: u64) -> String {
    Account::Muxed { account, id }.to_string()
}

fn request(account: &str) -> Value {
    json!({ "asset_code": "USDC", "account": account })
}

fn assert_refused(answer: &Answer, reason: &str) -> Result<()> {
    assert_eq!(answer.status, 400, "{answer:?}");
    let error = answer.error()?;
    assert!(error.contains(reason), "{error}");
    Ok(())
}

/// Tokens of the account itself, of its user 1, and of its user 2 in the other spelling.
async fn three_tokens(anchor: &TestAnchor) -> Result<[String; 3]> {
    let key = samples::user();
    let own = anchor.log_in(&key).await?;
    let first = anchor.log_in_as(&format!("account={}&memo=1", user()), &key).await?;
    let second = anchor.log_in_as(&format!("account={}", muxed(user(), 2)), &key).await?;
    Ok([own, first, second])
}

#[actix_web::test]
async fn r_24_014_s_24_09_t_24_05_account_stays_single_or_shared_as_it_began() -> Result<()> {
    let body = || json!({ "asset_code": "USDC" });
    for path in [DEPOSIT, WITHDRAW] {
        let anchor = TestAnchor::new().await?;
        let [own, first, second] = three_tokens(&anchor).await?;
        assert_eq!(anchor.post(path, &own, body()).await.status, 200);
        for token in [&first, &second] {
            assert_refused(&anchor.post(path, token, body()).await, "without a memo")?;
        }
        assert_eq!(anchor.post(path, &own, body()).await.status, 200);

        let anchor = TestAnchor::new().await?;
        let [own, first, second] = three_tokens(&anchor).await?;
        for token in [&first, &second, &first] {
            assert_eq!(anchor.post(path, token, body()).await.status, 200);
        }
        assert_refused(&anchor.post(path, &own, body()).await, "with the memo")?;
        // who may start nothing may still look: there is nothing
        let list = anchor.get("/sep24/transactions?asset_code=USDC", &own).await;
        assert_eq!(list.json()?["transactions"], json!([]));
    }
    Ok(())
}

#[actix_web::test]
async fn r_24_014_operator_may_decide_otherwise() -> Result<()> {
    let anchor = TestAnchor::new().await?;
    let tokens = three_tokens(&anchor).await?;
    let body = || json!({ "asset_code": "USDC" });
    assert_eq!(anchor.post(DEPOSIT, &tokens[0], body()).await.status, 200);
    anchor.anchor.store().sharing_put(&user(), Sharing::Both).await?;
    for token in &tokens {
        assert_eq!(anchor.post(DEPOSIT, token, body()).await.status, 200);
    }
    anchor.anchor.store().sharing_put(&user(), Sharing::Shared).await?;
    assert_refused(&anchor.post(DEPOSIT, &tokens[0], body()).await, "with the memo")
}

#[actix_web::test]
async fn r_24_014_request_that_is_refused_decides_nothing() -> Result<()> {
    let anchor = TestAnchor::new().await?;
    let [own, first, _] = three_tokens(&anchor).await?;
    assert_eq!(anchor.post(DEPOSIT, &own, json!({ "asset_code": "NOT_SUPPORTED" })).await.status, 400);
    assert_eq!(anchor.post(DEPOSIT, &first, json!({ "asset_code": "USDC" })).await.status, 200);
    Ok(())
}

#[actix_web::test]
async fn r_24_037_destinations_are_the_operators_to_limit() -> Result<()> {
    let listed = SigningKey::from_seed([8; 32]).account();
    let policies = [
        ("any", [true, true, true, true]),
        ("own", [true, true, false, false]),
        (&format!("own,{listed}"), [true, true, true, false]),
    ];
    for (policy, allowed) in policies {
        let anchor = TestAnchor::with(&[("DEPOSIT_DESTINATIONS", policy)], |builder| builder).await?;
        let token = anchor.log_in(&samples::user()).await?;
        let destinations = [user().to_string(), muxed(user(), 7), muxed(listed, 7), other().to_string()];
        for (destination, allowed) in destinations.iter().zip(allowed) {
            let answer = anchor.post(DEPOSIT, &token, request(destination)).await;
            if allowed {
                assert_eq!(answer.status, 200, "{policy}: {answer:?}");
            } else {
                assert_refused(&answer, "no other")?;
            }
            // a withdrawal's account is only where the tokens are said to come from
            assert_eq!(anchor.post(WITHDRAW, &token, request(destination)).await.status, 200, "{policy}");
        }
        assert_eq!(anchor.post(DEPOSIT, &token, json!({ "asset_code": "USDC" })).await.status, 200);
    }
    Ok(())
}

#[actix_web::test]
async fn r_24_040_r_24_041_missing_account_is_400_where_accounts_are_not_created() -> Result<()> {
    let anchor = TestAnchor::with(&[("ACCOUNT_CREATION", "off")], |builder| builder).await?;
    let token = anchor.log_in(&samples::user()).await?;
    let info = anchor.get("/sep24/info", "").await.json()?;
    assert_eq!(info["features"], json!({ "account_creation": false, "claimable_balances": true }));
    for missing in [other().to_string(), muxed(other(), 1)] {
        assert_refused(&anchor.post(DEPOSIT, &token, request(&missing)).await, "does not exist")?;
        let native =
            json!({ "asset_code": "native", "account": missing, "claimable_balance_supported": true });
        assert_refused(&anchor.post(DEPOSIT, &token, native).await, "does not exist")?;
        // set aside on the ledger, it waits for its account
        let mut claimable = request(&missing);
        claimable["claimable_balance_supported"] = json!(true);
        assert_eq!(anchor.post(DEPOSIT, &token, claimable).await.status, 200);
    }
    anchor.ledger.fund(other(), StellarAmount::from_stroops(20_000_000)?);
    assert_eq!(anchor.post(DEPOSIT, &token, request(&other().to_string())).await.status, 200);
    // silence proves nothing
    anchor.ledger.inject(Fault::Account);
    let answer = anchor.post(DEPOSIT, &token, request(&other().to_string())).await;
    assert_eq!(answer.status, 503);
    answer.error()?;
    Ok(())
}

#[actix_web::test]
async fn r_24_041_missing_account_is_welcome_where_accounts_are_created() -> Result<()> {
    let anchor = TestAnchor::new().await?;
    let token = anchor.log_in(&samples::user()).await?;
    assert_eq!(anchor.post(DEPOSIT, &token, request(&other().to_string())).await.status, 200);
    Ok(())
}

#[actix_web::test]
async fn r_24_050_claimable_balances_can_be_switched_off() -> Result<()> {
    let settings = [("ACCOUNT_CREATION", "off"), ("CLAIMABLE_BALANCES", "off")];
    let anchor = TestAnchor::with(&settings, |builder| builder).await?;
    let token = anchor.log_in(&samples::user()).await?;
    let info = anchor.get("/sep24/info", "").await.json()?;
    assert_eq!(info["features"], json!({ "account_creation": false, "claimable_balances": false }));
    let mut claimable = request(&other().to_string());
    claimable["claimable_balance_supported"] = json!(true);
    assert_refused(&anchor.post(DEPOSIT, &token, claimable).await, "does not exist")
}
