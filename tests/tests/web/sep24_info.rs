//! `GET /info`, and `/fee`, which is not there.

use anchor_core::asset::{Asset, Offer};
use anchor_core::fee::FeeSchedule;
use anchor_core::testing::fakes::samples;
use anchor_tests::web::TestAnchor;
use anyhow::{Context as _, Result};

const INFO: &str = "/sep24/info";

#[actix_web::test]
async fn r_24_083_r_24_084_r_24_087_r_24_088_r_24_089_r_24_091_info_says_what_is_enabled_and_nothing_else()
-> Result<()> {
    let answer = TestAnchor::new().await?.get(INFO, "").await;
    let expected = serde_json::json!({
        "deposit": {
            "USDC": { "enabled": true, "min_amount": 0.5, "max_amount": 1000, "fee_fixed": 0.25, "fee_percent": 0 },
            "native": { "enabled": true, "min_amount": 0.5, "max_amount": 1000, "fee_fixed": 0.25, "fee_percent": 0 },
        },
        "withdraw": {
            "USDC": { "enabled": true, "min_amount": 0.5, "max_amount": 1000, "fee_fixed": 0.25, "fee_percent": 0 },
            "native": { "enabled": false },
        },
        "fee": { "enabled": false },
        "features": { "account_creation": true, "claimable_balances": true },
    });
    assert_eq!((answer.status, answer.json()?), (200, expected));
    Ok(())
}

#[actix_web::test]
async fn r_24_085_r_24_092_numbers_are_exact_digit_by_digit() -> Result<()> {
    let offer = Offer {
        min: Some("0.1".parse()?),
        max: Some("922337203685.4775807".parse()?),
        fee: FeeSchedule {
            fixed: "0.0000003".parse()?,
            percent: "0.3".parse()?,
            minimum: Some("16777217.0000001".parse()?),
        },
        funding_methods: Vec::new(),
    };
    let asset = Asset { withdrawal: Some(offer), ..samples::asset() };
    let anchor = TestAnchor::with(&[], |builder| builder.asset(asset)).await?;
    let answer = anchor.get(INFO, "").await;
    let text = std::str::from_utf8(&answer.body)?;
    let withdraw = text.split("\"withdraw\"").nth(1).context("the second part")?;
    for exact in [
        "\"min_amount\":0.1,",
        "\"max_amount\":922337203685.4775807,",
        "\"fee_fixed\":0.0000003,",
        "\"fee_percent\":0.3,",
        "\"fee_minimum\":16777217.0000001}",
    ] {
        assert!(withdraw.contains(exact), "{exact} is not in {withdraw}");
    }
    Ok(())
}

#[actix_web::test]
async fn r_24_086_free_asset_has_no_fees() -> Result<()> {
    let offer = Offer { min: None, max: None, fee: FeeSchedule::default(), funding_methods: Vec::new() };
    let asset = Asset { deposit: Some(offer), ..samples::asset() };
    let anchor = TestAnchor::with(&[], |builder| builder.asset(asset)).await?;
    let info = anchor.get(INFO, "").await.json()?;
    assert_eq!(info["deposit"]["USDC"], serde_json::json!({ "enabled": true }));
    Ok(())
}

#[actix_web::test]
async fn r_24_090_language_changes_nothing() -> Result<()> {
    let anchor = TestAnchor::new().await?;
    let plain = anchor.get(INFO, "").await.body;
    assert_eq!(anchor.get("/sep24/info?lang=pt-BR", "").await.body, plain);
    Ok(())
}

#[actix_web::test]
async fn r_24_093_fee_is_not_there() -> Result<()> {
    let anchor = TestAnchor::new().await?;
    let answer = anchor.get("/sep24/fee?operation=deposit&asset_code=USDC&amount=1", "").await;
    assert_eq!(answer.status, 404);
    answer.error()?;
    Ok(())
}
