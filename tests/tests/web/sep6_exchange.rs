//! `GET /deposit-exchange` and `GET /withdraw-exchange`: at the price of a firm quote, or the money that the token stands for.

use anchor_core::store::TransactionFilter;
use anchor_core::testing::fakes::samples;
use anchor_core::transaction::{Status, Variant};
use anchor_tests::web::TestAnchor;
use anyhow::{Context as _, Result, ensure};
use futures_util::future::join_all;
use serde_json::{Value, json};
use std::time::Duration;

use crate::sep6::{assert_refused, good, logged_in, shown, started, transactions};
use crate::sep38::{usdc, wanted};

async fn quote(anchor: &TestAnchor, token: &str, body: Value) -> Result<Value> {
    let answer = anchor.post("/sep38/quote", token, wanted(body)).await;
    ensure!(answer.status == 201, "{answer:?}");
    answer.json()
}

/// Reals for 100 tokens.
pub(crate) async fn bought(anchor: &TestAnchor, token: &str) -> Result<Value> {
    quote(anchor, token, json!({ "context": "sep6" })).await
}

/// Tokens for reals.
async fn sold(anchor: &TestAnchor, token: &str) -> Result<Value> {
    let body = json!({
        "context": "sep6", "sell_asset": usdc(), "buy_asset": "iso4217:BRL", "sell_amount": "101",
        "sell_delivery_method": null, "buy_delivery_method": "PIX",
    });
    quote(anchor, token, body).await
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// Reals for what is [`bought`], by the way that was quoted.
pub(crate) fn with(quote: &Value) -> [(&'static str, &str); 4] {
    [
        ("source_asset", "iso4217:BRL"),
        ("amount", "543"),
        ("quote_id", text(&quote["id"])),
        ("funding_method", "PIX"),
    ]
}

#[actix_web::test]
async fn r_06_100_r_06_101_r_06_102_r_06_103_r_06_104_r_06_106_r_06_157_r_06_158_r_06_159_r_06_160_r_06_161_r_06_162_r_06_163_r_06_164_r_06_165_deposit_is_what_the_quote_says()
-> Result<()> {
    let (anchor, _, token) = logged_in().await?;
    for name in ["USDC", &usdc()] {
        let quote = bought(&anchor, &token).await?;
        let extra = [
            ("destination_asset", name),
            ("source_asset", "iso4217:BRL"),
            ("amount", "543.00"),
            ("quote_id", text(&quote["id"])),
            ("funding_method", "PIX"),
        ];
        let (body, stored) = started(&anchor, &token, "deposit-exchange", &extra).await?;
        assert!(body["how"].is_string() && body["instructions"].is_object(), "{body}");
        for absent in ["min_amount", "fee_fixed", "fee_percent"] {
            assert_eq!(body[absent], Value::Null, "the quote says the amounts");
        }
        assert_eq!(
            (stored.variant(), stored.status()),
            (Variant::DepositExchange, Status::PendingUserTransferStart)
        );
        let shown = shown(&anchor, &token, &stored).await?;
        let expected = json!({
            "kind": "deposit-exchange", "status": "pending_user_transfer_start", "quote_id": quote["id"],
            "amount_in": "543", "amount_in_asset": "iso4217:BRL", "amount_out": "100", "amount_out_asset": usdc(),
            "amount_fee": "1", "amount_fee_asset": "iso4217:BRL", "fee_details": {
                "total": "1", "asset": "iso4217:BRL", "details": [{ "name": "Fixed fee", "amount": "1" }],
            },
            "user_action_required_by": quote["expires_at"],
        });
        for (name, value) in expected.as_object().context("an object")? {
            assert_eq!(&shown[name], value, "{name}");
        }
        // the same figures, under the same names
        assert_eq!(shown["fee_details"], quote["fee"]);
        assert!(shown["more_info_url"].as_str().is_some_and(|url| url.starts_with("http")));
    }
    Ok(())
}

#[actix_web::test]
async fn r_06_108_r_06_109_r_06_110_r_06_111_r_06_112_r_06_113_r_06_114_withdrawal_is_what_the_quote_says()
-> Result<()> {
    let (anchor, _, token) = logged_in().await?;
    for name in ["USDC", &usdc()] {
        let quote = sold(&anchor, &token).await?;
        let extra = [
            ("source_asset", name),
            ("destination_asset", "iso4217:BRL"),
            ("amount", "101"),
            ("quote_id", text(&quote["id"])),
            ("funding_method", "PIX"),
            ("country_code", "BRA"),
            ("location_id", "1"),
        ];
        let (body, stored) = started(&anchor, &token, "withdraw-exchange", &extra).await?;
        assert_eq!(body["account_id"], samples::distribution().account().to_string());
        let shown = shown(&anchor, &token, &stored).await?;
        assert_eq!(shown["kind"], "withdrawal-exchange");
        for (name, of_quote) in
            [("amount_in", "sell_amount"), ("amount_out", "buy_amount"), ("quote_id", "id")]
        {
            assert_eq!(shown[name], quote[of_quote], "{name}");
        }
        assert!(shown["withdraw_memo"].is_string() && shown["deposit_memo"].is_null(), "{shown}");
    }
    Ok(())
}

/// They answered 500 elsewhere, or asked for the whole identifier.
#[actix_web::test]
async fn peer_exchange_without_one_of_its_assets_or_with_a_quote_that_is_none_is_400() -> Result<()> {
    let (anchor, _, token) = logged_in().await?;
    for path in ["deposit-exchange", "withdraw-exchange"] {
        for name in ["source_asset", "destination_asset", "amount", "funding_method"] {
            for value in ["-", "", "undefined"] {
                assert_refused(
                    &anchor.get(&good(path, &[(name, value)]), &token).await,
                    &format!("{path} {name}"),
                );
            }
        }
        for (name, value) in [
            ("source_asset", "stellar:"),
            ("source_asset", "iso4217:XXX"),
            ("destination_asset", "stellar:USDC:G"),
            ("destination_asset", "native"),
            ("quote_id", "not-a-uuid"),
            ("quote_id", "9b1deb4d-3b7d-4bad-9bdd-2b0d7b3dcb6d"),
            ("amount", "NaN"),
        ] {
            assert_refused(
                &anchor.get(&good(path, &[(name, value)]), &token).await,
                &format!("{path} {name}={value}"),
            );
        }
    }
    assert_eq!(transactions(&anchor).await?, 0);
    Ok(())
}

#[actix_web::test]
async fn r_06_032_r_06_034_everything_else_that_is_said_has_to_agree_with_the_quote() -> Result<()> {
    let (anchor, _, token) = logged_in().await?;
    let quote = bought(&anchor, &token).await?;
    let exchange = |amount: &'static str, source: &'static str| {
        let id = text(&quote["id"]).to_owned();
        let by = ("funding_method", "PIX");
        good("deposit-exchange", &[("source_asset", source), ("amount", amount), ("quote_id", &id), by])
    };
    for (amount, source) in
        [("542.99", "iso4217:BRL"), ("543", "iso4217:EUR"), ("543", "iso4217:USD"), ("54300", "iso4217:BRL")]
    {
        assert_refused(&anchor.get(&exchange(amount, source), &token).await, amount);
    }
    let id = text(&quote["id"]);
    // a quote for tokens is none for reals
    let by = ("funding_method", "PIX");
    let other = [("destination_asset", "iso4217:BRL"), ("amount", "100"), ("quote_id", id), by];
    assert_refused(&anchor.get(&good("withdraw-exchange", &other), &token).await, "the other direction");
    // nothing was used up by that
    assert_eq!(anchor.get(&exchange("543.0000", "iso4217:BRL"), &token).await.status, 200);
    Ok(())
}

/// The price is that of one way: by another one it would have been another price.
#[actix_web::test]
async fn r_06_032_funding_method_is_the_one_that_was_quoted() -> Result<()> {
    let (anchor, _, token) = logged_in().await?;
    let (reals, selling) = (bought(&anchor, &token).await?, sold(&anchor, &token).await?);
    let of_reals = |quote: &Value, method: &str| {
        let id = text(&quote["id"]).to_owned();
        [
            good(
                "deposit-exchange",
                &[
                    ("source_asset", "iso4217:BRL"),
                    ("amount", "543"),
                    ("quote_id", &id),
                    ("funding_method", method),
                ],
            ),
            good(
                "withdraw-exchange",
                &[
                    ("destination_asset", "iso4217:BRL"),
                    ("amount", "101"),
                    ("quote_id", &id),
                    ("funding_method", method),
                ],
            ),
        ]
    };
    for other in ["SEPA", "SWIFT", "cash", "TED"] {
        assert_refused(&anchor.get(&of_reals(&reals, other)[0], &token).await, other);
        assert_refused(&anchor.get(&of_reals(&selling, other)[1], &token).await, other);
    }
    // whoever says nothing means that one
    assert_eq!(anchor.get(&of_reals(&reals, "-")[0], &token).await.status, 200);
    assert_eq!(anchor.get(&of_reals(&selling, "-")[1], &token).await.status, 200);
    for transaction in anchor.anchor.store().transaction_list(&TransactionFilter::default()).await? {
        assert_eq!(transaction.request.funding_method.as_deref(), Some("PIX"));
    }
    // also where nobody said it, because there is one only
    let euros = json!({ "context": "sep6", "sell_asset": "iso4217:EUR", "sell_amount": "94", "sell_delivery_method": null });
    let euros = quote(&anchor, &token, euros).await?;
    let by = |method| {
        let extra = [
            ("source_asset", "iso4217:EUR"),
            ("amount", "94"),
            ("quote_id", text(&euros["id"])),
            ("funding_method", method),
        ];
        good("deposit-exchange", &extra)
    };
    assert_refused(&anchor.get(&by("SWIFT"), &token).await, "euros come by SEPA");
    assert_eq!(anchor.get(&by("SEPA"), &token).await.status, 200);
    // a way that is quoted, and that the asset does not have
    let ted = json!({ "context": "sep6", "sell_delivery_method": "TED" });
    let ted = quote(&anchor, &token, ted).await?;
    assert_refused(&anchor.get(&of_reals(&ted, "-")[0], &token).await, "no TED by API");
    Ok(())
}

#[actix_web::test]
async fn r_06_033_quote_is_used_once_by_its_owner_before_its_end_and_for_this() -> Result<()> {
    let (anchor, _, token) = logged_in().await?;
    let exchange = |quote: &Value| good("deposit-exchange", &with(quote));
    let quote_one = bought(&anchor, &token).await?;
    let stranger = anchor.log_in(&anchor_core::keys::SigningKey::from_seed([9; 32])).await?;
    assert_refused(&anchor.get(&exchange(&quote_one), &stranger).await, "somebody else's");
    // of many at once one gets it
    let path = exchange(&quote_one);
    let answers = join_all((0..6).map(|_| anchor.get(&path, &token))).await;
    let mut statuses: Vec<_> = answers.iter().map(|answer| answer.status).collect();
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 400, 400, 400, 400, 400]);
    assert_eq!(transactions(&anchor).await?, 1);
    let hosted = quote(&anchor, &token, json!({ "context": "sep24" })).await?;
    assert_refused(&anchor.get(&exchange(&hosted), &token).await, "for pages");
    let late = bought(&anchor, &token).await?;
    anchor.clock.advance(Duration::from_secs(60));
    assert_refused(&anchor.get(&exchange(&late), &token).await, "ended");
    Ok(())
}

#[actix_web::test]
async fn r_06_028_r_06_105_without_a_quote_only_equal_money_is_exchanged() -> Result<()> {
    let (anchor, _, token) = logged_in().await?;
    let memo =
        [("memo", "7"), ("memo_type", "id"), ("claimable_balance_supported", "true"), ("customer_id", "1")];
    let (body, stored) = started(&anchor, &token, "deposit-exchange", &memo).await?;
    assert!(body["how"].is_string());
    assert_eq!(stored.amounts.as_ref().context("agreed")?.amount_out.amount.to_string(), "99.75");
    assert_eq!(shown(&anchor, &token, &stored).await?["kind"], "deposit-exchange");
    let answer = anchor.get(&good("deposit-exchange", &[("source_asset", "iso4217:BRL")]), &token).await;
    assert_refused(&answer, "at which price?");
    assert!(answer.error()?.starts_with("quote_id is required"), "{answer:?}");
    let (_, stored) = started(&anchor, &token, "withdraw-exchange", &[]).await?;
    assert_eq!(stored.amounts.context("agreed")?.amount_out.asset, "iso4217:USD".parse()?);
    Ok(())
}

#[actix_web::test]
async fn r_06_182_transaction_ends_with_its_quote() -> Result<()> {
    let (anchor, terms, token) = logged_in().await?;
    terms.say(anchor_core::integration::StartStep::Later);
    let quote = bought(&anchor, &token).await?;
    let (_, stored) = started(&anchor, &token, "deposit-exchange", &with(&quote)).await?;
    assert_eq!(stored.status(), Status::PendingAnchor);
    anchor.clock.advance(Duration::from_secs(60));
    let settings = anchor_core::ops::JobSettings::new("a test");
    anchor_core::ops::expire::expire(&anchor.anchor, &settings).await?;
    assert_eq!(shown(&anchor, &token, &stored).await?["status"], "expired");
    Ok(())
}
