//! `GET /info`: what is taken, and what has to be known for it.

use anchor_core::amount::Amount;
use anchor_core::asset::ReceiveQuotes;
use anchor_core::transaction::InfoField;
use anyhow::Result;
use serde_json::{Value, json};

use crate::sep31::{asset, receiving, receiving_with};

async fn info_of(change: impl FnOnce(&mut anchor_core::asset::ReceiveOffer)) -> Result<Value> {
    let anchor = receiving_with(&[], asset(change), |builder| builder).await?;
    let answer = anchor.get("/sep31/info", "").await;
    assert_eq!(answer.status, 200);
    answer.json()
}

#[actix_web::test]
async fn r_31_020_r_31_021_r_31_022_r_31_023_r_31_025_r_31_029_info_says_what_is_taken_and_no_more()
-> Result<()> {
    let info = receiving(&[]).await?.get("/sep31/info", "").await;
    let expected = json!({ "receive": { "USDC": {
        "enabled": true, "quotes_supported": true, "quotes_required": false,
        "min_amount": 1, "max_amount": 10000, "fee_fixed": 2, "fee_percent": 1,
        "funding_methods": ["SEPA", "PIX"],
        "sep12": { "sender": { "types": {} }, "receiver": { "types": {} } },
        "fields": { "transaction": {} },
    } } });
    assert_eq!(info.json()?, expected);
    assert!(info.header("cache-control").contains("public"));
    Ok(())
}

#[actix_web::test]
async fn r_31_022_limits_and_fees_are_exact_numbers_or_not_there() -> Result<()> {
    let info = info_of(|receive| {
        let offer = &mut receive.offer;
        (offer.min, offer.max) = (None, "922337203685.4775807".parse().ok());
        offer.fee.fixed = "0.1000000".parse().unwrap_or(Amount::zero(0));
    })
    .await?;
    let usdc = &info["receive"]["USDC"];
    assert!(usdc.get("min_amount").is_none());
    let text = serde_json::to_string(usdc)?;
    assert!(text.contains("\"fee_fixed\":0.1"), "{text}");
    // a number of this length is not one that every reader keeps: the text itself is exact
    let anchor =
        receiving_with(&[], asset(|receive| receive.offer.max = "922337203685.4775807".parse().ok()), |b| b);
    let body = anchor.await?.get("/sep31/info", "").await.body;
    assert!(std::str::from_utf8(&body)?.contains("\"max_amount\":922337203685.4775807"));
    // a minimum cannot be said, and the rest would be wrong without it
    let info = info_of(|receive| receive.offer.fee.minimum = "5".parse().ok()).await?;
    let usdc = &info["receive"]["USDC"];
    assert!(usdc.get("fee_fixed").is_none() && usdc.get("fee_percent").is_none(), "{usdc}");
    Ok(())
}

#[actix_web::test]
async fn r_31_023_r_31_024_whether_quotes_are_used_is_said() -> Result<()> {
    for (quotes, supported, required) in [
        (ReceiveQuotes::None, false, false),
        (ReceiveQuotes::Supported, true, false),
        (ReceiveQuotes::Required, true, true),
    ] {
        let info = info_of(|receive| receive.quotes = quotes).await?;
        let usdc = &info["receive"]["USDC"];
        let said = (&usdc["quotes_supported"], &usdc["quotes_required"]);
        assert_eq!(said, (&json!(supported), &json!(required)));
    }
    Ok(())
}

#[actix_web::test]
async fn r_31_026_r_31_027_fields_are_described_and_old_members_are_gone() -> Result<()> {
    let info = info_of(|receive| {
        receive.fields = vec![
            InfoField::new("purpose", "What it is for").choices(["gift", "rent"]),
            InfoField::new("note", "Anything else").optional(),
        ];
    })
    .await?;
    let usdc = &info["receive"]["USDC"];
    let fields = json!({ "transaction": {
        "purpose": { "description": "What it is for", "choices": ["gift", "rent"], "optional": false },
        "note": { "description": "Anything else", "optional": true },
    } });
    assert_eq!(usdc["fields"], fields);
    assert!(usdc.get("sender_sep12_type").is_none() && usdc.get("receiver_sep12_type").is_none());
    Ok(())
}
