//! `POST /transactions/{deposit,withdraw}/interactive`.

use actix_web::test::TestRequest;
use anchor_core::account::{Account, ContractId, Sharing};
use anchor_core::asset::{Asset, StellarAsset};
use anchor_core::keys::SigningKey;
use anchor_core::memo::Memo;
use anchor_core::ops::start::url_token_hash;
use anchor_core::store::Callbacks;
use anchor_core::testing::fakes::samples;
use anchor_tests::web::{Answer, TestAnchor};
use anyhow::{Context as _, Result};
use serde_json::{Value, json};
use std::time::Duration;

const DEPOSIT: &str = "/sep24/transactions/deposit/interactive";
const WITHDRAW: &str = "/sep24/transactions/withdraw/interactive";

fn muxed(id: u64) -> String {
    Account::Muxed { account: samples::user().account(), id }.to_string()
}

fn stranger() -> String {
    SigningKey::from_seed([9; 32]).account().to_string()
}

/// The members on top of a request that is good without them.
fn request(extra: Value) -> Value {
    let mut body = json!({ "asset_code": "USDC" });
    let (Value::Object(body_members), Value::Object(extra)) = (&mut body, extra) else { unreachable!() };
    body_members.extend(extra);
    body
}

async fn logged_in() -> Result<(TestAnchor, String)> {
    let anchor = TestAnchor::new().await?;
    let token = anchor.log_in(&samples::user()).await?;
    Ok((anchor, token))
}

fn assert_refused(answer: &Answer, what: &Value) {
    assert_eq!(answer.status, 400, "{what}: {answer:?}");
    assert!(answer.error().is_ok(), "{what}: {answer:?}");
}

#[actix_web::test]
async fn r_24_009_r_24_022_r_24_058_r_24_061_answer_has_three_members_and_the_record_is_there_at_once()
-> Result<()> {
    let (anchor, token) = logged_in().await?;
    for (path, kind) in [(DEPOSIT, "deposit"), (WITHDRAW, "withdrawal")] {
        let answer = anchor.post(path, &token, request(json!({}))).await;
        assert_eq!((answer.status, answer.header("cache-control")), (200, "no-store"));
        let body = answer.json()?;
        let mut names: Vec<_> = body.as_object().context("an object")?.keys().collect();
        names.sort();
        assert_eq!(names, ["id", "type", "url"]);
        assert_eq!(body["type"], "interactive_customer_info_needed");
        let id = body["id"].as_str().context("an id")?;
        let shown = anchor.get(&format!("/sep24/transaction?id={id}"), &token).await.json()?;
        assert_eq!(
            (&shown["transaction"]["status"], &shown["transaction"]["kind"]),
            (&"incomplete".into(), &kind.into())
        );
        let listed = anchor.get("/sep24/transactions?asset_code=USDC", &token).await.json()?;
        assert_eq!(listed["transactions"][0], shown["transaction"]);
    }
    Ok(())
}

#[actix_web::test]
async fn r_24_023_r_24_053_r_24_062_missing_unknown_and_disabled_assets_are_400() -> Result<()> {
    let (anchor, token) = logged_in().await?;
    for body in [
        json!({}),
        json!({"asset_code": ""}),
        json!({"asset_code": "NOT_SUPPORTED"}),
        json!({"asset_code": "usdc"}),
    ] {
        for path in [DEPOSIT, WITHDRAW] {
            assert_refused(&anchor.post(path, &token, body.clone()).await, &body);
        }
    }
    let native = json!({ "asset_code": "native" });
    assert_refused(&anchor.post(WITHDRAW, &token, native.clone()).await, &native);
    assert_eq!(anchor.post(DEPOSIT, &token, native).await.status, 200);
    Ok(())
}

#[actix_web::test]
async fn r_24_062_refusal_is_in_the_language_of_the_request() -> Result<()> {
    let (anchor, token) = logged_in().await?;
    for (lang, text) in [
        ("en", "amount is not possible: the amount is too large"),
        ("pt-BR", "O valor é grande demais."),
        ("fr", "Le montant est trop grand."),
        ("xx", "amount is not possible: the amount is too large"),
    ] {
        for path in [DEPOSIT, WITHDRAW] {
            let body = request(json!({ "amount": "922337203685", "lang": lang }));
            let response = anchor.post(path, &token, body).await;
            assert_eq!((response.status, &response.json()?["error"]), (400, &json!(text)));
        }
    }
    Ok(())
}

/// The limit where that is missed, and otherwise the first amount of which the fee leaves something.
#[actix_web::test]
async fn refusal_of_a_small_amount_says_what_would_be_enough() -> Result<()> {
    for (min, fee, small, enough) in
        [(Some("5"), "1", "4.99", Some("5")), (None, "1", "1", Some("1.01")), (None, "0", "0.001", None)]
    {
        let mut asset = samples::asset();
        let offer = asset.withdrawal.as_mut().context("withdrawals")?;
        offer.min = min.map(str::parse).transpose()?;
        offer.fee = serde_json::from_value(json!({ "fixed": fee, "percent": "0" }))?;
        let anchor = TestAnchor::with(&[], |builder| builder.asset(asset)).await?;
        let token = anchor.log_in(&samples::user()).await?;
        for (lang, text) in [
            ("en", "amount is not possible: it has to be at least {}"),
            ("fr", "Le montant doit être d'au moins {}."),
        ] {
            let body = request(json!({ "amount": small, "lang": lang }));
            let answer = anchor.post(WITHDRAW, &token, body).await;
            assert_eq!(answer.status, 400, "{answer:?}");
            let expected = text.replace("{}", enough.unwrap_or("0.01"));
            assert_eq!(answer.json()?["error"], expected);
        }
    }
    Ok(())
}

#[actix_web::test]
async fn r_24_024_r_24_025_issuer_has_to_fit() -> Result<()> {
    let (anchor, token) = logged_in().await?;
    let issuer = samples::issuer().account().to_string();
    let native = json!({ "asset_code": "native", "asset_issuer": issuer });
    assert_refused(&anchor.post(DEPOSIT, &token, native.clone()).await, &native);
    for wrong in [stranger(), "G".to_owned()] {
        let body = request(json!({ "asset_issuer": wrong }));
        assert_refused(&anchor.post(DEPOSIT, &token, body.clone()).await, &body);
    }
    assert_eq!(anchor.post(DEPOSIT, &token, request(json!({ "asset_issuer": issuer }))).await.status, 200);
    Ok(())
}

#[actix_web::test]
async fn r_24_025_two_assets_with_one_code_need_the_issuer() -> Result<()> {
    let issuer = SigningKey::from_seed([9; 32]).account();
    let id = StellarAsset::Credit { code: "USDC".parse()?, issuer };
    let second = Asset { id, ..samples::asset() };
    let anchor = TestAnchor::with(&[], |builder| builder.asset(second)).await?;
    let token = anchor.log_in(&samples::user()).await?;
    let body = request(json!({}));
    assert_refused(&anchor.post(DEPOSIT, &token, body.clone()).await, &body);
    for issuer in [issuer, samples::issuer().account(), issuer] {
        anchor.clock.advance(Duration::from_secs(1));
        let body = request(json!({ "asset_issuer": issuer.to_string() }));
        let started = anchor.start("deposit", &token, body).await?;
        assert_eq!(started.asset.issuer(), Some(&issuer));
    }
    // both are listed under the code, newest first, page by page
    let all = anchor.get("/sep24/transactions?asset_code=USDC", &token).await.json()?;
    let ids: Vec<_> =
        all["transactions"].as_array().context("a list")?.iter().map(|one| one["id"].clone()).collect();
    assert_eq!(ids.len(), 3);
    let path = format!("/sep24/transactions?asset_code=USDC&limit=1&paging_id={}", ids[0].as_str().unwrap());
    assert_eq!(anchor.get(&path, &token).await.json()?["transactions"][0]["id"], ids[1]);
    Ok(())
}

#[actix_web::test]
async fn r_24_016_r_24_026_account_is_the_tokens_unless_named() -> Result<()> {
    let (anchor, token) = logged_in().await?;
    let user = Account::from(samples::user().account());
    assert_eq!(anchor.start("deposit", &token, request(json!({}))).await?.request.account, user);
    let named = anchor.start("deposit", &token, request(json!({ "account": stranger() }))).await?;
    assert_eq!(named.request.account.to_string(), stranger());
    assert_eq!(named.subject.account(), user, "it is still the token's transaction");
    anchor.anchor.store().sharing_put(&samples::user().account(), Sharing::Both).await?;
    let as_muxed = anchor.log_in_as(&format!("account={}", muxed(7)), &samples::user()).await?;
    let started = anchor.start("withdraw", &as_muxed, request(json!({}))).await?;
    assert_eq!(started.request.account.to_string(), muxed(7));
    let contract = ContractId::from_bytes([7; 32]).to_string();
    for bad in ["not a valid account", "SABC", &contract, &samples::user().to_strkey().expose()[..]] {
        let body = request(json!({ "account": bad }));
        for path in [DEPOSIT, WITHDRAW] {
            let answer = anchor.post(path, &token, body.clone()).await;
            assert_refused(&answer, &body);
            assert!(!answer.error()?.contains(bad), "the input was repeated");
        }
    }
    Ok(())
}

#[actix_web::test]
async fn deposit_to_the_anchors_own_accounts_is_400() -> Result<()> {
    let fee_seed = SigningKey::from_seed([8; 32]);
    let seed = fee_seed.to_strkey();
    let anchor = TestAnchor::with(&[("FEE_SEED", seed.expose())], |builder| builder).await?;
    let token = anchor.log_in(&samples::user()).await?;
    let channels = [50, 51].map(|number| SigningKey::from_seed([number; 32]).account());
    let store = anchor.anchor.store();
    store.channel_put(&[(channels[0], Some(0)), (channels[1], Some(1))]).await?;
    assert!(store.channel_retire(&channels[1], samples::start()).await?);
    let distribution = samples::distribution().account();
    let muxed = Account::Muxed { account: distribution, id: 7 };
    let own = [distribution, samples::issuer().account(), fee_seed.account(), channels[0], channels[1]];
    for account in own.into_iter().map(Account::from).chain([muxed]) {
        let body = request(json!({ "account": account.to_string() }));
        let answer = anchor.post(DEPOSIT, &token, body.clone()).await;
        assert_refused(&answer, &body);
        assert!(answer.error()?.contains("own accounts"), "{answer:?}");
    }
    // nor without naming it
    let token = anchor.log_in(&samples::issuer()).await?;
    let body = request(json!({}));
    assert_refused(&anchor.post(DEPOSIT, &token, body.clone()).await, &body);
    Ok(())
}

#[actix_web::test]
async fn contract_that_logged_in_is_told_that_contracts_are_not_paid() -> Result<()> {
    use anchor_core::ops::start::{StartError, StartRefusal, StartRequest, start};
    use anchor_core::transaction::Kind;
    let anchor = TestAnchor::new().await?;
    // as a token of SEP-45 would name it
    let contract = ContractId::from_bytes([7; 32]);
    let request = StartRequest { asset_code: Some("USDC".to_owned()), ..StartRequest::default() };
    for kind in [Kind::Deposit, Kind::Withdrawal] {
        let started = start(&anchor.anchor, kind, Account::from(contract).into(), None, &request).await;
        assert!(matches!(started, Err(StartError::Refused(StartRefusal::Contract))), "{started:?}");
    }
    Ok(())
}

#[actix_web::test]
async fn r_24_027_r_24_028_memo_has_to_be_of_its_type() -> Result<()> {
    let (anchor, token) = logged_in().await?;
    let hash = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
    let good = [
        ("id", "18446744073709551615", Memo::Id(u64::MAX)),
        ("id", "0", Memo::Id(0)),
        ("text", "twenty-eight bytes of text!!", Memo::parse("text", "twenty-eight bytes of text!!")?),
        ("hash", hash, Memo::parse("hash", hash)?),
    ];
    for (memo_type, memo, expected) in good {
        let body = request(json!({ "memo_type": memo_type, "memo": memo }));
        let started = anchor.start("deposit", &token, body).await?;
        assert_eq!(started.request.memo, expected);
        let shown = anchor.shown(&started, &token).await?;
        assert_eq!((&shown["deposit_memo_type"], &shown["deposit_memo"]), (&memo_type.into(), &memo.into()));
    }
    let bad = [
        json!({ "memo": "1" }),
        json!({ "memo_type": "id" }),
        json!({ "memo_type": "id", "memo": "" }),
        json!({ "memo_type": "id", "memo": "18446744073709551616" }),
        json!({ "memo_type": "id", "memo": "-1" }),
        json!({ "memo_type": "id", "memo": 1 }),
        json!({ "memo_type": "text", "memo": "twenty-nine bytes of text!!!!" }),
        json!({ "memo_type": "text", "memo": "ööööööööööööööö" }),
        json!({ "memo_type": "hash", "memo": "AAEC" }),
        json!({ "memo_type": "hash", "memo": "not base64" }),
        json!({ "memo_type": "return", "memo": hash }),
        json!({ "memo_type": "none", "memo": "1" }),
        json!({ "memo_type": "id", "memo": "1", "account": muxed(1) }),
    ];
    for extra in bad {
        let body = request(extra);
        assert_refused(&anchor.post(DEPOSIT, &token, body.clone()).await, &body);
    }
    Ok(())
}

#[actix_web::test]
async fn r_24_054_refund_memo_needs_its_type_and_old_memos_are_not_looked_at() -> Result<()> {
    let (anchor, token) = logged_in().await?;
    let body =
        request(json!({ "refund_memo": "5", "refund_memo_type": "id", "memo": "?", "memo_type": "?" }));
    assert_eq!(anchor.start("withdraw", &token, body).await?.request.memo, Memo::Id(5));
    for extra in [
        json!({ "refund_memo": "5" }),
        json!({ "refund_memo_type": "id" }),
        json!({ "refund_memo": "x", "refund_memo_type": "id" }),
        json!({ "refund_memo": "x", "refund_memo_type": "return" }),
    ] {
        let body = request(extra);
        assert_refused(&anchor.post(WITHDRAW, &token, body.clone()).await, &body);
    }
    Ok(())
}

#[actix_web::test]
async fn peer_r_24_029_t_24_03_amount_is_a_decimal_within_the_limits() -> Result<()> {
    let (anchor, token) = logged_in().await?;
    // numbers as wallets may write them, kept to the last digit
    for (written, kept) in
        [("10", "10"), ("\"10.50\"", "10.5"), ("0.5", "0.5"), ("1000.00", "1000"), ("\"1.2300000\"", "1.23")]
    {
        let request = TestRequest::post()
            .uri(DEPOSIT)
            .insert_header(("authorization", format!("Bearer {token}")))
            .insert_header(("content-type", "application/json"))
            .set_payload(format!("{{\"asset_code\":\"USDC\",\"amount\":{written}}}"));
        let answer = anchor.call(request).await;
        assert_eq!(answer.status, 200, "{written}: {answer:?}");
        let id = answer.json()?["id"].as_str().context("an id")?.parse()?;
        let stored = anchor.anchor.store().transaction_fetch(id).await?.context("stored")?;
        assert_eq!(stored.request.amount.map(|amount| amount.to_string()).as_deref(), Some(kept));
    }
    let bad = [
        "0",
        "-1",
        "\"+1\"",
        "0.49",
        "1000.01",
        "10.123",
        "1e3",
        "1e400",
        "-1e400",
        "1E-2",
        "\"1e2\"",
        "\"NaN\"",
        "\"Infinity\"",
        "\"0x10\"",
        "\"1,5\"",
        "\" 1\"",
        "\"1 \"",
        "\".5\"",
        "\"5.\"",
        "\"10.00000000\"",
        "true",
        "[1]",
        "{}",
        "99999999999999999999999999999999999999999",
    ];
    for written in bad {
        for path in [DEPOSIT, WITHDRAW] {
            if (path, written) == (WITHDRAW, "10.123") {
                continue; // the token has seven decimals
            }
            let request = TestRequest::post()
                .uri(path)
                .insert_header(("authorization", format!("Bearer {token}")))
                .insert_header(("content-type", "application/json"))
                .set_payload(format!("{{\"asset_code\":\"USDC\",\"amount\":{written}}}"));
            assert_refused(&anchor.call(request).await, &json!(written));
        }
    }
    Ok(())
}

#[actix_web::test]
async fn r_24_030_r_24_056_claimable_balances_are_a_flag_in_two_spellings() -> Result<()> {
    let (anchor, token) = logged_in().await?;
    for (written, kept) in [
        (json!(true), true),
        (json!("true"), true),
        (json!(false), false),
        (json!("false"), false),
        (json!(null), false),
    ] {
        let body = request(json!({ "claimable_balance_supported": written }));
        assert_eq!(anchor.start("deposit", &token, body).await?.request.claimable_balances, kept);
    }
    for bad in [json!("yes"), json!(1), json!("True "), json!([])] {
        let body = request(json!({ "claimable_balance_supported": bad }));
        assert_refused(&anchor.post(DEPOSIT, &token, body.clone()).await, &body);
        // withdrawals do not know it
        assert_eq!(anchor.post(WITHDRAW, &token, body).await.status, 200);
    }
    Ok(())
}

#[actix_web::test]
async fn peer_r_24_031_r_24_032_every_quote_and_other_assets_are_400() -> Result<()> {
    let (anchor, token) = logged_in().await?;
    for (path, name) in [(DEPOSIT, "source_asset"), (WITHDRAW, "destination_asset")] {
        assert_eq!(anchor.post(path, &token, request(json!({ name: "iso4217:USD" }))).await.status, 200);
        for other in ["iso4217:EUR", "USD", "stellar:native", "iso4217:usd"] {
            let body = request(json!({ name: other }));
            assert_refused(&anchor.post(path, &token, body.clone()).await, &body);
        }
        let body = request(json!({ "quote_id": "1" }));
        assert_refused(&anchor.post(path, &token, body.clone()).await, &body);
    }
    Ok(())
}

#[actix_web::test]
async fn r_24_034_t_24_17_languages_that_are_none_are_not_kept() -> Result<()> {
    let (anchor, token) = logged_in().await?;
    for (written, kept) in [
        ("en", Some("en")),
        ("pt-BR", Some("pt-BR")),
        ("", None),
        ("../../etc", None),
        ("x", None),
        ("<script>", None),
    ] {
        let started = anchor.start("deposit", &token, request(json!({ "lang": written }))).await?;
        assert_eq!(started.request.language.as_deref(), kept, "{written}");
    }
    Ok(())
}

#[actix_web::test]
async fn r_24_008_r_24_035_t_24_02_three_encodings_mean_the_same() -> Result<()> {
    let (anchor, token) = logged_in().await?;
    let part = |name: &str, value: &str| {
        format!("--b\r\ncontent-disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
    };
    let file = "--b\r\ncontent-disposition: form-data; name=\"photo_id_front\"; filename=\"a.png\"\r\n\
                content-type: image/png\r\n\r\n\u{0}\u{1}\u{2}\r\n";
    let fields = [
        ("asset_code", "USDC"),
        ("amount", "12.5"),
        ("claimable_balance_supported", "true"),
        ("organization.name", "x"),
    ];
    let parts: String = fields.iter().map(|(name, value)| part(name, value)).collect();
    let form = fields.map(|(name, value)| format!("{name}={value}")).join("&");
    let bodies = [
        ("application/json", json!({ "asset_code": "USDC", "amount": 12.5, "claimable_balance_supported": true, "first_name": "x" }).to_string()),
        ("application/json; charset=utf-8", json!({ "asset_code": "USDC", "amount": "12.5", "claimable_balance_supported": "true" }).to_string()),
        ("application/x-www-form-urlencoded", form),
        ("multipart/form-data; boundary=b", format!("{parts}{file}--b--\r\n")),
        ("multipart/form-data; boundary=b", format!("{file}{parts}--b--\r\n")),
    ];
    let mut requests = Vec::new();
    for (content_type, body) in bodies {
        let request = TestRequest::post()
            .uri(DEPOSIT)
            .insert_header(("authorization", format!("Bearer {token}")))
            .insert_header(("content-type", content_type))
            .set_payload(body);
        let answer = anchor.call(request).await;
        assert_eq!(answer.status, 200, "{content_type}: {answer:?}");
        let id = answer.json()?["id"].as_str().context("an id")?.parse()?;
        requests.push(anchor.anchor.store().transaction_fetch(id).await?.context("stored")?.request);
    }
    assert!(requests.iter().all(|request| *request == requests[0]), "{requests:?}");
    assert_eq!((requests[0].claimable_balances, requests[0].amount), (true, Some("12.5".parse()?)));
    Ok(())
}

#[actix_web::test]
async fn r_24_036_customer_id_is_kept_as_a_claim() -> Result<()> {
    let (anchor, token) = logged_in().await?;
    let started = anchor.start("deposit", &token, request(json!({ "customer_id": "c-1" }))).await?;
    assert_eq!(started.request.customer.as_deref(), Some("c-1"));
    let body = request(json!({ "customer_id": "c".repeat(257) }));
    assert_refused(&anchor.post(DEPOSIT, &token, body.clone()).await, &body);
    Ok(())
}

#[actix_web::test]
async fn peer_r_24_038_r_24_059_address_carries_nothing_but_the_id_and_a_secret() -> Result<()> {
    let (anchor, token) = logged_in().await?;
    let body =
        request(json!({ "amount": "777.77", "memo": "424242", "memo_type": "id", "first_name": "Ada" }));
    let answer = anchor.post(DEPOSIT, &token, body).await.json()?;
    let url = answer["url"].as_str().context("an address")?;
    assert!(url.starts_with("http://localhost:8000/sep24/"));
    assert!(url.contains(answer["id"].as_str().context("an id")?));
    for personal in ["777", "424242", "Ada", &samples::user().account().to_string()] {
        assert!(!url.contains(personal), "{personal} in {url}");
    }
    Ok(())
}

#[actix_web::test]
async fn r_24_064_r_24_065_secret_of_the_address_is_good_once_and_for_five_minutes() -> Result<()> {
    let (anchor, token) = logged_in().await?;
    let mut secrets = Vec::new();
    for _ in 0..2 {
        let answer = anchor.post(DEPOSIT, &token, request(json!({}))).await.json()?;
        let url = url::Url::parse(answer["url"].as_str().context("an address")?)?;
        let secret = url.query_pairs().find(|(name, _)| name == "token").context("a token")?.1.into_owned();
        assert_eq!(secret.len(), 43, "256 bits in base64");
        secrets.push(secret);
    }
    assert_ne!(secrets[0], secrets[1]);
    let open = async |secret: &str, seconds: u64| {
        let now = samples::start() + Duration::from_secs(seconds);
        let ends = now + Duration::from_secs(60);
        let hash = url_token_hash(secret);
        anchor
            .anchor
            .store()
            .session_open(
                &hash,
                &url_token_hash(&seconds.to_string()),
                "csrf",
                &Callbacks::default(),
                now,
                ends,
            )
            .await
    };
    assert!(open(&secrets[0], 299).await?.is_some());
    assert!(open(&secrets[0], 298).await?.is_none(), "a second time");
    assert!(open(&secrets[1], 301).await?.is_none(), "too late");
    Ok(())
}

#[actix_web::test]
async fn wallet_names_of_old_clients_are_taken_without_notice() -> Result<()> {
    let (anchor, token) = logged_in().await?;
    let body = request(
        json!({ "wallet_name": "w", "wallet_url": "https://wallet.example", "email_address": "a@wallet.example" }),
    );
    assert_eq!(anchor.post(DEPOSIT, &token, body).await.status, 200);
    Ok(())
}
