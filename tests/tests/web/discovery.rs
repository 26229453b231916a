//! From stellar.toml to a transaction, as a wallet goes that knows nothing but the domain.

use anchor_core::testing::fakes::samples;
use anchor_tests::web::{TestAnchor, sign};
use anyhow::{Context as _, Result};
use serde_json::json;
use stellar_xdr::{Limits, MuxedAccount, ReadXdr as _, TransactionEnvelope};
use toml::{Table, Value};
use url::Url;

/// Settings of an anchor that anybody can reach.
const PUBLIC: [(&str, &str); 2] = [("HOST_URL", "https://anchor.example"), ("LOCAL_MODE", "0")];

fn address(document: &Table, name: &str) -> Result<Url> {
    let text = document.get(name).and_then(Value::as_str).context("an address")?;
    assert!(text.starts_with("https://") && !text.ends_with('/'), "{name}: {text}");
    Ok(Url::parse(text)?)
}

#[actix_web::test]
async fn r_10_002_r_10_003_r_10_005_r_24_005_r_24_006_everything_is_found_over_https() -> Result<()> {
    let anchor = TestAnchor::with(&PUBLIC, |builder| builder).await?;
    let file = anchor.get("/.well-known/stellar.toml", "").await;
    let document: Table = std::str::from_utf8(&file.body)?.parse()?;

    let auth = address(&document, "WEB_AUTH_ENDPOINT")?;
    let account = samples::user().account();
    let challenge = anchor.get(&format!("{}?account={account}", auth.path()), "").await.json()?;
    let challenge = challenge["transaction"].as_str().context("a challenge")?;
    let limits = Limits { depth: 100, len: 100_000 };
    let TransactionEnvelope::Tx(envelope) = TransactionEnvelope::from_xdr_base64(challenge, limits)? else {
        anyhow::bail!("not a version 1 envelope");
    };
    let MuxedAccount::Ed25519(source) = envelope.tx.source_account else { anyhow::bail!("a muxed server") };
    let published = document["SIGNING_KEY"].as_str().context("a key")?;
    assert_eq!(anchor_core::account::AccountId::from_bytes(source.0).to_string(), published);

    let signed = sign(challenge, &anchor.anchor.config().network, &[&samples::user()])?;
    let token = anchor.post(auth.path(), "", json!({ "transaction": signed })).await.json()?;
    let token = token["token"].as_str().context("a token")?;

    let server = address(&document, "TRANSFER_SERVER_SEP0024")?;
    assert_eq!(anchor.get(&format!("{}/info", server.path()), "").await.status, 200);
    for kind in ["deposit", "withdraw"] {
        let path = format!("{}/transactions/{kind}/interactive", server.path());
        let started = anchor.post(&path, token, json!({ "asset_code": "USDC" })).await.json()?;
        assert!(started["url"].as_str().context("an address")?.starts_with("https://anchor.example/"));
        let id = started["id"].as_str().context("an id")?;
        let shown = anchor.get(&format!("{}/transaction?id={id}", server.path()), token).await.json()?;
        let more_info = shown["transaction"]["more_info_url"].as_str().context("an address")?;
        assert!(more_info.starts_with("https://anchor.example/"));
    }
    let list = anchor.get(&format!("{}/transactions?asset_code=USDC", server.path()), token).await.json()?;
    assert_eq!(list["transactions"].as_array().map(Vec::len), Some(2));
    Ok(())
}
