//! `GET /transactions`: which ones, how many, in which order.

use std::time::Duration;

use anchor_core::id::TransactionId;
use anchor_core::testing::fakes::samples;
use anchor_core::transaction::Kind;
use anchor_tests::web::TestAnchor;
use anyhow::{Context as _, Result};
use serde_json::json;

use super::sep24_transactions::{logged_in, started};

pub(super) async fn ids(anchor: &TestAnchor, token: &str, query: &str) -> Result<Vec<String>> {
    let answer = anchor.get(&format!("/sep24/transactions?asset_code=USDC{query}"), token).await;
    anyhow::ensure!(answer.status == 200, "{query}: {answer:?}");
    let list = answer.json()?["transactions"].take();
    let list = list.as_array().context("a list")?.clone();
    Ok(list.iter().map(|one| one["id"].as_str().unwrap().to_owned()).collect())
}

#[actix_web::test]
async fn r_24_094_r_24_097_t_24_16_newest_first_also_within_one_instant() -> Result<()> {
    let (anchor, token) = logged_in().await?;
    assert!(ids(&anchor, &token, "").await?.is_empty());
    let mut started = Vec::new();
    for index in 0..6 {
        if index % 3 == 0 {
            anchor.clock.advance(Duration::from_secs(1));
        }
        let transaction = anchor.start("deposit", &token, json!({ "asset_code": "USDC" })).await?;
        started.insert(0, transaction.id.to_string());
    }
    assert_eq!(ids(&anchor, &token, "").await?, started);
    assert_eq!(ids(&anchor, &token, "&limit=1").await?, started[..1]);
    // page by page, nothing twice and nothing left out
    let mut paged = Vec::new();
    let mut query = "&limit=2".to_owned();
    while let [.., last] = ids(&anchor, &token, &query).await?.as_slice() {
        paged.extend(ids(&anchor, &token, &query).await?);
        query = format!("&limit=2&paging_id={last}");
    }
    assert_eq!(paged, started);
    Ok(())
}

#[actix_web::test]
async fn r_24_098_no_older_than_is_inclusive_for_what_we_print() -> Result<()> {
    let (anchor, token) = logged_in().await?;
    let mut printed = Vec::new();
    for _ in 0..3 {
        anchor.clock.advance(Duration::from_micros(1));
        let transaction = anchor.start("deposit", &token, json!({ "asset_code": "USDC" })).await?;
        printed.push(anchor.shown(&transaction, &token).await?["started_at"].as_str().unwrap().to_owned());
    }
    // not encoded, as the official tests send it
    assert_eq!(ids(&anchor, &token, &format!("&no_older_than={}", printed[1])).await?.len(), 2);
    assert_eq!(ids(&anchor, &token, "&no_older_than=2026-01-01T01:00:00%2B01:00").await?.len(), 3);
    assert!(ids(&anchor, &token, "&no_older_than=2027-01-01T00:00:00Z").await?.is_empty());
    Ok(())
}

#[actix_web::test]
async fn r_24_095_kind_and_asset_filter() -> Result<()> {
    let (anchor, token) = logged_in().await?;
    let deposit = started(&anchor, &token, "deposit").await?.id.to_string();
    let withdrawal = started(&anchor, &token, "withdraw").await?.id.to_string();
    let lumens = anchor.start("deposit", &token, json!({ "asset_code": "native" })).await?.id.to_string();
    assert_eq!(ids(&anchor, &token, "&kind=deposit").await?, [deposit.as_str()]);
    assert_eq!(ids(&anchor, &token, "&kind=withdrawal").await?, [withdrawal.as_str()]);
    let native = anchor.get("/sep24/transactions?asset_code=native", &token).await.json()?;
    assert_eq!(native["transactions"][0]["id"], lumens);
    assert_eq!(native["transactions"].as_array().map(Vec::len), Some(1));
    Ok(())
}

/// More than one answer can hold comes page by page.
#[actix_web::test]
async fn peer_lists_are_bounded_whatever_is_asked_for() -> Result<()> {
    let (anchor, token) = logged_in().await?;
    for _ in 0..201 {
        let id = TransactionId::new(anchor.anchor.ids().next());
        let transaction = samples::started(id, Kind::Deposit);
        anchor.anchor.store().transaction_insert(&transaction, None).await?;
    }
    for query in ["", "&limit=201", "&limit=4000000000"] {
        let page = ids(&anchor, &token, query).await?;
        assert_eq!(page.len(), 200, "{query}");
        let rest = format!("&paging_id={}", page.last().context("the last one")?);
        assert_eq!(ids(&anchor, &token, &rest).await?.len(), 1);
    }
    Ok(())
}

#[actix_web::test]
async fn peer_r_24_096_bad_filters_are_400() -> Result<()> {
    let (anchor, token) = logged_in().await?;
    let bad = [
        "",
        "asset_code=",
        "asset_code=BADCODE",
        "asset_code=USDC&kind=withdraw",
        "asset_code=USDC&kind=both",
        "asset_code=USDC&limit=0",
        "asset_code=USDC&limit=-1",
        "asset_code=USDC&limit=x",
        "asset_code=USDC&limit=1.5",
        "asset_code=USDC&limit=99999999999999999999",
        "asset_code=USDC&no_older_than=yesterday",
        "asset_code=USDC&no_older_than=2026-01-01",
        "asset_code=USDC&no_older_than=2026-13-01T00:00:00Z",
        "asset_code=USDC&paging_id=x",
        "asset_code=USDC&asset_code=USDC",
    ];
    for query in bad {
        let answer = anchor.get(&format!("/sep24/transactions?{query}"), &token).await;
        assert_eq!(answer.status, 400, "{query}");
        answer.error()?;
    }
    // more than there can be is as many as there are
    started(&anchor, &token, "deposit").await?;
    assert_eq!(ids(&anchor, &token, "&limit=4000000000").await?.len(), 1);
    Ok(())
}
