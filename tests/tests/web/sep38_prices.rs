//! `GET /info`, `GET /prices`, `GET /price`.

use std::collections::BTreeSet;

use anchor_core::fee::{FeeBreakdown, FeeDetail, FeeSchedule};
use anchor_core::quote::{QuoteFee, Ratio, Side};
use anchor_core::testing::fakes::samples;
use anchor_tests::web::TestAnchor;
use anyhow::{Context as _, Result};
use serde_json::{Value, json};

use crate::sep38::{asking, assert_refused, price_of, quoting, usdc};

fn keys(value: &Value) -> BTreeSet<&str> {
    value.as_object().map(|members| members.keys().map(String::as_str).collect()).unwrap_or_default()
}

fn fixed(fee: &str) -> Result<QuoteFee> {
    Ok(QuoteFee::Schedule(FeeSchedule { fixed: fee.parse()?, ..FeeSchedule::default() }))
}

async fn prices(anchor: &TestAnchor, pairs: &[(&str, &str)]) -> Result<Value> {
    let answer = anchor.get(&asking("prices", pairs), "").await;
    anyhow::ensure!(answer.status == 200, "{pairs:?}: {answer:?}");
    answer.json()
}

fn assets(items: &Value) -> Vec<&str> {
    items
        .as_array()
        .map(|items| items.iter().filter_map(|item| item["asset"].as_str()).collect())
        .unwrap_or_default()
}

#[actix_web::test]
async fn r_38_020_r_38_021_r_38_022_r_38_023_r_38_025_r_38_028_info_lists_assets_and_methods() -> Result<()> {
    let (anchor, _) = quoting(&[]).await?;
    let info = anchor.get("/sep38/info", "").await.json()?;
    assert_eq!(keys(&info), BTreeSet::from(["assets"]));
    let assets = info["assets"].as_array().context("a list")?;
    let of = |id: &str| assets.iter().find(|asset| asset["asset"] == id).cloned().unwrap_or_default();
    for on_ledger in [usdc(), "stellar:native".to_owned()] {
        assert_eq!(of(&on_ledger), json!({ "asset": on_ledger }), "no key but one");
    }
    let methods =
        json!([{ "name": "PIX", "description": "By PIX" }, { "name": "TED", "description": "By TED" }]);
    assert_eq!(
        of("iso4217:BRL"),
        json!({
            "asset": "iso4217:BRL", "country_codes": ["BR"], "sell_delivery_methods": methods,
            "buy_delivery_methods": methods,
        })
    );
    assert_eq!(of("iso4217:JPY"), json!({ "asset": "iso4217:JPY" }), "no empty lists");
    Ok(())
}

#[actix_web::test]
async fn r_38_027_r_38_035_listed_assets_need_not_be_exchanged_for_each_other() -> Result<()> {
    let (anchor, _) = quoting(&[]).await?;
    let of_lumens = prices(&anchor, &[("sell_asset", "stellar:native"), ("sell_amount", "100")]).await?;
    assert_eq!(keys(&of_lumens), BTreeSet::from(["buy_assets"]));
    assert_eq!(assets(&of_lumens["buy_assets"]), [usdc()]);
    let for_lumens = prices(&anchor, &[("buy_asset", "stellar:native"), ("buy_amount", "100")]).await?;
    assert_eq!(for_lumens, json!({ "sell_assets": [] }));
    // listed, but there is no price at the moment
    let of_yen = prices(&anchor, &[("sell_asset", "iso4217:JPY"), ("sell_amount", "10000")]).await?;
    assert_eq!(of_yen, json!({ "buy_assets": [] }));
    Ok(())
}

#[actix_web::test]
async fn r_38_029_r_38_030_one_asset_and_its_own_amount_are_asked_for() -> Result<()> {
    let (anchor, _) = quoting(&[]).await?;
    let usdc = usdc();
    let (sell, buy) = (("sell_asset", usdc.as_str()), ("buy_asset", usdc.as_str()));
    let reals = ("buy_asset", "iso4217:BRL");
    for pairs in [
        vec![("sell_amount", "100")],
        vec![],
        vec![sell, reals],
        vec![sell, reals, ("sell_amount", "100"), ("buy_amount", "100")],
        vec![sell],
        vec![buy],
        vec![sell, ("buy_amount", "100")],
        vec![buy, ("sell_amount", "100")],
        vec![sell, ("sell_amount", "100"), ("buy_amount", "100")],
        vec![buy, ("sell_amount", "100"), ("buy_amount", "100")],
        vec![sell, ("sell_amount", "")],
        vec![sell, ("sell_amount", "0")],
        vec![sell, ("sell_amount", "1e2")],
        vec![sell, ("sell_amount", "-1")],
        vec![sell, ("sell_amount", "1.00000001")],
        vec![("sell_asset", "iso4217:BRL"), ("sell_amount", "1.001")],
    ] {
        assert_refused(&anchor.get(&asking("prices", &pairs), "").await, &format!("{pairs:?}"));
    }
    Ok(())
}

#[actix_web::test]
async fn r_38_036_r_38_037_r_38_038_items_have_their_own_decimals_and_sell_per_buy() -> Result<()> {
    let (anchor, quotes) = quoting(&[]).await?;
    quotes.charge(fixed("0")?, Side::Sell);
    let usdc = usdc();
    let sold = prices(&anchor, &[("sell_asset", &usdc), ("sell_amount", "100")]).await?;
    let item = |list: &Value, asset: &str| {
        list.as_array().unwrap().iter().find(|item| item["asset"] == asset).cloned().unwrap()
    };
    let reals = item(&sold["buy_assets"], "iso4217:BRL");
    assert_eq!(keys(&reals), BTreeSet::from(["asset", "price", "decimals"]));
    assert_eq!(reals["decimals"], 2);
    assert!(reals["price"].as_str().unwrap().starts_with("0.1837"), "tokens for a real: {reals}");
    let yen = item(&sold["buy_assets"], "iso4217:JPY");
    assert_eq!(yen["decimals"], 0, "not those of the token");
    assert!(yen["price"].as_str().unwrap().starts_with("0.0067"));
    let bought = prices(&anchor, &[("buy_asset", &usdc), ("buy_amount", "100")]).await?;
    let reals = item(&bought["sell_assets"], "iso4217:BRL");
    assert_eq!((&reals["price"], &reals["decimals"]), (&json!("5.42"), &json!(2)), "reals for a token");
    let lumens = item(&bought["sell_assets"], "stellar:native");
    assert_eq!((&lumens["price"], &lumens["decimals"]), (&json!("8"), &json!(7)));
    Ok(())
}

#[actix_web::test]
async fn peer_r_38_039_r_38_040_prices_depend_on_amount_and_direction_and_are_never_zero() -> Result<()> {
    let (anchor, quotes) = quoting(&[]).await?;
    let usdc = usdc();
    // so dear that a price of seven decimals would be nothing
    quotes.price(usdc.parse()?, samples::money("JPY"), Ratio::new(1, 10_u128.pow(9)).unwrap());
    let sold = prices(&anchor, &[("sell_asset", &usdc), ("sell_amount", "2.5")]).await?;
    for item in sold["buy_assets"].as_array().unwrap() {
        let digits = item["price"].as_str().unwrap().trim_matches(['0', '.']);
        assert!(!digits.is_empty(), "{item}");
    }
    // a unit is the fee, so that nothing is left of one
    let nothing = prices(&anchor, &[("sell_asset", &usdc), ("sell_amount", "1")]).await?;
    assert_eq!(nothing, json!({ "buy_assets": [] }));
    let asked = quotes.asked();
    assert!(asked.iter().all(|question| !question.firm && question.context.is_none()));
    Ok(())
}

#[actix_web::test]
async fn r_38_031_r_38_032_r_38_033_methods_and_countries_narrow_the_list_and_have_to_be_known() -> Result<()>
{
    let (anchor, quotes) = quoting(&[]).await?;
    let usdc = usdc();
    let selling = [("sell_asset", usdc.as_str()), ("sell_amount", "100")];
    let with = |extra: &[(&'static str, &'static str)]| -> Vec<(&str, &str)> {
        selling.iter().copied().chain(extra.iter().copied()).collect()
    };
    let all = prices(&anchor, &selling).await?;
    assert_eq!(assets(&all["buy_assets"]), ["iso4217:BRL", "iso4217:USD", "iso4217:EUR", "iso4217:JPY"]);
    let by_pix = prices(&anchor, &with(&[("buy_delivery_method", "PIX")])).await?;
    assert_eq!(assets(&by_pix["buy_assets"]), ["iso4217:BRL"]);
    assert_eq!(quotes.asked().last().unwrap().buy_delivery_method.as_deref(), Some("PIX"));
    for (code, expected) in
        [("DE", "iso4217:EUR"), ("FR", "iso4217:EUR"), ("US", "iso4217:USD"), ("BR-SP", "iso4217:BRL")]
    {
        let there = prices(&anchor, &with(&[("country_code", code)])).await?;
        assert_eq!(assets(&there["buy_assets"]), [expected], "{code}");
    }
    for extra in [
        ("buy_delivery_method", "PIGEON"),
        ("buy_delivery_method", "pix"),
        ("sell_delivery_method", "PIX"),
        ("country_code", "CH"),
        ("country_code", "br"),
        ("country_code", "XX"),
        ("country_code", "BRA"),
        ("country_code", "US-TX"),
    ] {
        assert_refused(&anchor.get(&asking("prices", &with(&[extra])), "").await, &format!("{extra:?}"));
    }
    let buying = [("buy_asset", usdc.as_str()), ("buy_amount", "100"), ("sell_delivery_method", "TED")];
    let by_ted = prices(&anchor, &buying).await?;
    assert_eq!(assets(&by_ted["sell_assets"]), ["iso4217:BRL"]);
    let reals = [("sell_asset", "iso4217:BRL"), ("sell_amount", "100")];
    let of_reals = |extra| reals.into_iter().chain([extra]).collect::<Vec<_>>();
    assert_eq!(
        prices(&anchor, &of_reals(("sell_delivery_method", "TED"))).await?["buy_assets"][0]["asset"],
        usdc
    );
    assert_eq!(prices(&anchor, &of_reals(("country_code", "BR"))).await?["buy_assets"][0]["asset"], usdc);
    for extra in [("sell_delivery_method", "SEPA"), ("country_code", "DE")] {
        assert_refused(&anchor.get(&asking("prices", &of_reals(extra)), "").await, &format!("{extra:?}"));
    }
    Ok(())
}

#[actix_web::test]
async fn r_38_033_r_38_034_r_38_043_methods_and_countries_of_a_price_have_to_be_its_assets() -> Result<()> {
    let (anchor, quotes) = quoting(&[]).await?;
    for good in [
        vec![],
        vec![("sell_delivery_method", "PIX")],
        vec![("country_code", "BR")],
        vec![("country_code", "BR-SP"), ("sell_delivery_method", "TED")],
    ] {
        assert_eq!(anchor.get(&price_of(&good), "").await.status, 200, "{good:?}");
    }
    let question = quotes.asked().pop().context("a question")?;
    assert_eq!(question.sell_delivery_method.as_deref(), Some("TED"));
    assert_eq!(question.country_code, Some("BR-SP".parse()?));
    for bad in [
        ("sell_delivery_method", "SEPA"),
        ("sell_delivery_method", "P"),
        ("buy_delivery_method", "PIX"),
        ("country_code", "US"),
        ("country_code", "B"),
    ] {
        assert_refused(&anchor.get(&price_of(&[bad]), "").await, &format!("{bad:?}"));
    }
    Ok(())
}

#[actix_web::test]
async fn r_38_041_r_38_042_r_38_061_assets_and_one_amount_are_required() -> Result<()> {
    let (anchor, _) = quoting(&[]).await?;
    for bad in [
        vec![("sell_asset", "-")],
        vec![("buy_asset", "-")],
        vec![("sell_amount", "-")],
        vec![("sell_amount", "543"), ("buy_amount", "100")],
        vec![("sell_amount", "0")],
        vec![("sell_amount", "0.00")],
        vec![("sell_amount", "+1")],
        vec![("sell_amount", "1,000")],
        vec![("sell_amount", "1 000")],
        vec![("sell_amount", " 1")],
        vec![("sell_amount", "0x10")],
        vec![("sell_amount", "1.001")],
        vec![("sell_amount", "NaN")],
        vec![("sell_amount", "٣")],
        vec![("sell_amount", "0.01")],
        vec![("sell_amount", "1")],
        vec![("sell_amount", "-"), ("buy_amount", "922337203685.4775808")],
        vec![("sell_amount", "-"), ("buy_amount", "99999999999999999999")],
        vec![("sell_amount", "99999999999999999999999999999999999999999999")],
    ] {
        let bad: Vec<_> = bad.iter().map(|(name, value)| (*name, *value)).collect();
        assert_refused(&anchor.get(&price_of(&bad), "").await, &format!("{bad:?}"));
    }
    Ok(())
}

#[actix_web::test]
async fn r_38_044_context_is_required_and_strict_desks_refuse_sep24() -> Result<()> {
    let (anchor, _) = quoting(&[]).await?;
    for (context, status) in
        [("sep6", 200), ("sep31", 200), ("sep24", 200), ("sep10", 400), ("SEP6", 400), ("-", 400)]
    {
        assert_eq!(anchor.get(&price_of(&[("context", context)]), "").await.status, status, "{context}");
    }
    let desk = samples::quote_desk().strict_contexts();
    let strict = TestAnchor::with(&[], |builder| builder.quotes(desk, samples::quotes())).await?;
    for (context, status) in [("sep6", 200), ("sep31", 200), ("sep24", 400)] {
        assert_eq!(strict.get(&price_of(&[("context", context)]), "").await.status, status, "{context}");
    }
    Ok(())
}

#[actix_web::test]
async fn r_38_045_r_38_046_r_38_048_price_has_five_members_of_strings_and_a_fee() -> Result<()> {
    let (anchor, quotes) = quoting(&[]).await?;
    let price = anchor.get(&price_of(&[]), "").await.json()?;
    assert_eq!(
        price,
        json!({
            "total_price": "5.43", "price": "5.42", "sell_amount": "543", "buy_amount": "100",
            "fee": {
                "total": "1", "asset": "iso4217:BRL",
                "details": [{ "name": "Fixed fee", "amount": "1" }],
            },
        })
    );
    let line = |name: &str, description: Option<&str>, amount: &str| -> Result<FeeDetail> {
        Ok(FeeDetail {
            name: name.into(),
            description: description.map(str::to_owned),
            amount: amount.parse()?,
        })
    };
    let lines = vec![line("Network", None, "0.25")?, line("Service", Some("Our work"), "0.75")?];
    quotes.charge(QuoteFee::Fixed(FeeBreakdown::new("1".parse()?, lines)?), Side::Buy);
    let price = anchor.get(&price_of(&[]), "").await.json()?;
    assert_eq!(
        price["fee"],
        json!({
            "total": "1", "asset": usdc(),
            "details": [
                { "name": "Network", "amount": "0.25" },
                { "name": "Service", "description": "Our work", "amount": "0.75" },
            ],
        })
    );
    quotes.charge(fixed("0")?, Side::Buy);
    let price = anchor.get(&price_of(&[]), "").await.json()?;
    assert_eq!(price["fee"], json!({ "total": "0", "asset": "iso4217:BRL" }));
    assert_eq!(price["price"], price["total_price"]);
    Ok(())
}
