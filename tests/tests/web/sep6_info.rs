//! `GET /info` says what the endpoints do, and `GET /fee` what it cannot say.

use anchor_core::asset::{Asset, StellarAsset};
use anchor_core::fee::{FeeBreakdown, FeeError};
use anchor_core::integration::{FeeInput, FeeIntegration, WithdrawalIntegration};
use anchor_core::keys::SigningKey;
use anchor_core::testing::fakes::samples;
use anchor_core::transaction::InfoField;
use anyhow::{Context as _, Result};
use serde_json::{Value, json};

use crate::sep6::{asking, assert_refused, by_api, by_api_with, good, logged_in, started};

#[actix_web::test]
async fn r_06_123_r_06_124_r_06_126_r_06_127_r_06_129_r_06_131_r_06_132_r_06_133_r_06_134_r_06_135_r_06_136_r_06_017_info_is_what_is_configured()
-> Result<()> {
    let (anchor, _) = by_api().await?;
    let answer = anchor.get("/sep6/info?lang=pt&x=1", "").await;
    assert_eq!((answer.status, answer.header("cache-control")), (200, "public, max-age=60"));
    let info = answer.json()?;
    let deposit = json!({ "USDC": {
        "enabled": true, "authentication_required": true, "funding_methods": ["SEPA", "SWIFT", "PIX"],
        "min_amount": 0.5, "max_amount": 1000, "fee_fixed": 0.25, "fee_percent": 0,
    }});
    assert_eq!(info["deposit"], deposit);
    let withdraw = json!({ "USDC": {
        "enabled": true, "authentication_required": true, "funding_methods": ["SEPA", "cash", "PIX"],
        "min_amount": 0.5, "max_amount": 1000, "fee_fixed": 0.25, "fee_percent": 0,
        "types": { "SEPA": { "fields": {} }, "cash": { "fields": {} }, "PIX": { "fields": {} } },
    }});
    assert_eq!(info["withdraw"], withdraw);
    let open = json!({ "enabled": true, "authentication_required": true });
    assert_eq!((&info["transaction"], &info["transactions"]), (&open, &open));
    assert_eq!(info["fee"]["enabled"], false);
    assert!(info["fee"]["description"].is_string());
    assert_eq!(info["features"], json!({ "account_creation": true, "claimable_balances": true }));
    Ok(())
}

#[actix_web::test]
async fn r_06_128_r_06_107_exchange_maps_have_limits_of_the_asset_on_the_ledger_and_no_fees() -> Result<()> {
    let (anchor, _) = by_api().await?;
    let info = anchor.get("/sep6/info", "").await.json()?;
    for (map, methods) in
        [("deposit-exchange", ["SEPA", "SWIFT", "PIX"]), ("withdraw-exchange", ["SEPA", "cash", "PIX"])]
    {
        let expected = json!({ "USDC": {
            "enabled": true, "authentication_required": true, "funding_methods": methods,
            "min_amount": 0.5, "max_amount": 1000,
        }});
        assert_eq!(info[map], expected, "{map}");
    }
    // nothing is exchanged where nothing is quoted
    let (anchor, _) = by_api_with(&[("ACTIVE_SEPS", "1,6,10,24")], |builder| builder).await?;
    let info = anchor.get("/sep6/info", "").await.json()?;
    assert_eq!((&info["deposit-exchange"], &info["withdraw-exchange"]), (&json!({}), &json!({})));
    let token = anchor.log_in(&samples::user()).await?;
    for path in ["deposit-exchange", "withdraw-exchange"] {
        assert_refused(&anchor.get(&good(path, &[]), &token).await, path);
    }
    Ok(())
}

/// Whatever is listed is taken, and nothing else is.
#[actix_web::test]
async fn r_06_137_r_06_130_everything_advertised_is_accepted_and_everything_else_refused() -> Result<()> {
    let (anchor, _, token) = logged_in().await?;
    let info = anchor.get("/sep6/info", "").await.json()?;
    for (map, path, exchange) in [
        ("deposit", "deposit", None),
        ("withdraw", "withdraw", None),
        ("deposit-exchange", "deposit-exchange", Some("destination_asset")),
        ("withdraw-exchange", "withdraw-exchange", Some("source_asset")),
    ] {
        let name = exchange.unwrap_or("asset_code");
        for (code, offer) in info[map].as_object().context("a map")? {
            for method in offer["funding_methods"].as_array().context("a list")? {
                let method = method.as_str().context("a word")?;
                for amount in ["min_amount", "max_amount"] {
                    let amount = offer[amount].to_string();
                    let extra = [(name, code.as_str()), ("funding_method", method), ("amount", &amount)];
                    assert_eq!(anchor.get(&good(path, &extra), &token).await.status, 200, "{map} {extra:?}");
                }
            }
            for wrong in
                [("funding_method", "TED"), ("amount", "0.49"), ("amount", "1000.01"), (name, "native")]
            {
                assert_refused(&anchor.get(&good(path, &[wrong]), &token).await, &format!("{map} {wrong:?}"));
            }
        }
        for code in ["native", "usdc", "XLM", "EURC"] {
            assert_refused(&anchor.get(&good(path, &[(name, code)]), &token).await, code);
        }
    }
    Ok(())
}

/// SEP-24 asks for the issuer then; here nobody could be told which one is meant.
#[actix_web::test]
async fn r_06_125_two_assets_of_one_code_are_not_offered() -> Result<()> {
    let issuer = SigningKey::from_seed([9; 32]).account();
    let id = StellarAsset::Credit { code: "USDC".parse()?, issuer };
    let second = Asset { id, ..samples::asset() };
    let lumens = Asset { id: StellarAsset::Native, ..samples::asset_by_api() };
    let (anchor, _) = by_api_with(&[], |builder| builder.asset(second).asset(lumens)).await?;
    let info = anchor.get("/sep6/info", "").await.json()?;
    let codes: Vec<_> = info["deposit"].as_object().context("a map")?.keys().collect();
    assert_eq!(codes, ["native"]);
    let token = anchor.log_in(&samples::user()).await?;
    assert_refused(&anchor.get(&good("deposit", &[]), &token).await, "which one?");
    started(&anchor, &token, "deposit", &[("asset_code", "native")]).await?;
    Ok(())
}

#[actix_web::test]
async fn r_06_066_r_06_067_r_06_076_features_are_the_settings() -> Result<()> {
    let settings = [("ACCOUNT_CREATION", "0"), ("CLAIMABLE_BALANCES", "0")];
    let (anchor, _) = by_api_with(&settings, |builder| builder).await?;
    let info = anchor.get("/sep6/info", "").await.json()?;
    assert_eq!(info["features"], json!({ "account_creation": false, "claimable_balances": false }));
    let token = anchor.log_in(&samples::user()).await?;
    for extra in [("lang", "en"), ("claimable_balance_supported", "true")] {
        assert_refused(&anchor.get(&good("deposit", &[extra]), &token).await, "no such account");
    }
    anchor
        .ledger
        .fund(samples::user().account(), anchor_core::amount::StellarAmount::from_stroops(100_000_000)?);
    started(&anchor, &token, "deposit", &[]).await?;
    Ok(())
}

/// A tenth, and more for large amounts.
#[derive(Debug)]
struct OwnFee;

impl FeeIntegration for OwnFee {
    fn fee(&self, input: &FeeInput<'_>) -> Result<FeeBreakdown, FeeError> {
        let fee = if input.amount > "100".parse().unwrap() { "20" } else { "1.5" };
        FeeBreakdown::new(fee.parse().unwrap(), Vec::new())
    }
}

#[actix_web::test]
async fn r_06_006_r_06_138_r_06_139_r_06_140_r_06_211_fee_endpoint_is_there_where_info_cannot_say_the_fee()
-> Result<()> {
    let (anchor, _, token) = logged_in().await?;
    let asked = |pairs: &[(&str, &str)]| asking("fee", pairs);
    let good = [("operation", "deposit"), ("asset_code", "USDC"), ("amount", "100"), ("type", "SEPA")];
    assert_eq!(anchor.get(&asked(&good), &token).await.status, 404);

    let (anchor, _) = by_api_with(&[], |builder| builder.fee(OwnFee)).await?;
    let token = anchor.log_in(&samples::user()).await?;
    let info = anchor.get("/sep6/info", "").await.json()?;
    assert_eq!(
        (&info["fee"]["enabled"], &info["deposit"]["USDC"]["fee_fixed"]),
        (&json!(true), &Value::Null)
    );
    let answer = anchor.get(&asked(&good), &token).await;
    assert_eq!((answer.status, &*answer.body), (200, br#"{"fee":1.5}"#.as_slice()));
    let large = [("operation", "withdraw"), ("asset_code", "USDC"), ("amount", "100.01")];
    assert_eq!(&*anchor.get(&asked(&large), &token).await.body, br#"{"fee":20}"#);
    assert_eq!(anchor.get(&asked(&good), "").await.status, 403);
    for (at, wrong) in [(0, "buy"), (0, "-"), (1, "EUR"), (1, "-"), (2, "x"), (2, "0.1"), (2, "-")] {
        let mut asked_for = good;
        asked_for[at].1 = wrong;
        assert_refused(&anchor.get(&asked(&asked_for), &token).await, wrong);
    }
    Ok(())
}

/// Asks where the money goes, and in which size of notes.
struct Telling([InfoField; 2]);

impl WithdrawalIntegration for Telling {
    fn fields(&self) -> &[InfoField] {
        &self.0
    }
}

#[actix_web::test]
async fn r_06_054_r_06_131_r_06_132_fields_of_a_withdrawal_are_listed_wanted_and_handed_on() -> Result<()> {
    let telling = Telling([
        InfoField::new("dest", "Where the money goes"),
        InfoField::new("notes", "Which notes").choices(["large", "small"]).optional(),
    ]);
    let (anchor, _) = by_api_with(&[], |builder| builder.withdrawal(telling)).await?;
    let info = anchor.get("/sep6/info", "").await.json()?;
    let fields = json!({
        "dest": { "description": "Where the money goes", "optional": false },
        "notes": { "description": "Which notes", "optional": true, "choices": ["large", "small"] },
    });
    let types = &info["withdraw"]["USDC"]["types"];
    let each = json!({ "fields": fields });
    assert_eq!(types, &json!({ "SEPA": each, "cash": each, "PIX": each }));
    let token = anchor.log_in(&samples::user()).await?;
    let withdraw = async |extra: &[(&str, &str)]| anchor.get(&good("withdraw", extra), &token).await;
    for (extra, named) in [
        (vec![], "dest is required"),
        (vec![("dest", "")], "dest is required"),
        (vec![("dest", "123"), ("notes", "golden")], "notes is none of the choices"),
    ] {
        let answer = withdraw(&extra).await;
        assert_eq!(answer.status, 400, "{extra:?}");
        assert!(answer.error()?.starts_with(named), "{answer:?}");
    }
    let started = withdraw(&[("dest", "123"), ("notes", "small")]).await.json()?;
    let id = started["id"].as_str().context("an id")?.parse()?;
    let answers = anchor_core::ops::answers::fetch(&anchor.anchor, id).await?;
    assert_eq!((answers.find("dest"), answers.find("notes")), (Some("123"), Some("small")));
    // nothing of this is asked of deposits
    assert_eq!(anchor.get(&good("deposit", &[]), &token).await.status, 200);
    Ok(())
}
