//! What the endpoints of SEP-6 have in common: where they are, who may ask, how they say no.

use actix_web::http::Method;
use actix_web::test::TestRequest;
use anchor_core::AnchorBuilder;
use anchor_core::id::TransactionId;
use anchor_core::keys::SigningKey;
use anchor_core::testing::fakes::{ScriptedTerms, samples};
use anchor_core::transaction::Transaction;
use anchor_tests::web::{Answer, TestAnchor};
use anyhow::{Context as _, Result, ensure};
use serde_json::Value;

/// An anchor that offers USDC by API, and exchanges it for reals, euros and dollars.
pub(crate) async fn by_api() -> Result<(TestAnchor, ScriptedTerms)> {
    by_api_with(&[], |builder| builder).await
}

pub(crate) async fn by_api_with(
    settings: &[(&str, &str)],
    change: impl FnOnce(AnchorBuilder) -> AnchorBuilder,
) -> Result<(TestAnchor, ScriptedTerms)> {
    let terms = ScriptedTerms::default();
    let attached = terms.clone();
    let anchor = TestAnchor::with(settings, |builder| {
        let builder = builder.deposit(attached.clone()).withdrawal(attached);
        let builder = builder.quotes(samples::quote_desk(), samples::quotes());
        change(builder.asset(samples::asset_by_api()))
    });
    Ok((anchor.await?, terms))
}

/// With a user.
pub(crate) async fn logged_in() -> Result<(TestAnchor, ScriptedTerms, String)> {
    let (anchor, terms) = by_api().await?;
    let token = anchor.log_in(&samples::user()).await?;
    Ok((anchor, terms, token))
}

pub(crate) fn account() -> String {
    samples::user().account().to_string()
}

/// A path with a query of these pairs; those that are `-` are left out.
pub(crate) fn asking(path: &str, pairs: &[(&str, &str)]) -> String {
    let pairs = pairs.iter().filter(|(_, value)| *value != "-");
    let query: String = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
    format!("/sep6/{path}?{query}")
}

/// A good request with these parameters changed; `-` takes one away.
pub(crate) fn good(path: &str, extra: &[(&str, &str)]) -> String {
    let account = account();
    let good: &[(&str, &str)] = match path {
        "deposit" => {
            &[("asset_code", "USDC"), ("account", &account), ("funding_method", "SEPA"), ("amount", "100")]
        }
        "withdraw" => &[("asset_code", "USDC"), ("funding_method", "SEPA"), ("amount", "100")],
        "deposit-exchange" => &[
            ("destination_asset", "USDC"),
            ("source_asset", "iso4217:USD"),
            ("amount", "100"),
            ("account", &account),
            ("funding_method", "SEPA"),
        ],
        _ => &[
            ("source_asset", "USDC"),
            ("destination_asset", "iso4217:USD"),
            ("amount", "100"),
            ("funding_method", "SEPA"),
        ],
    };
    let named = |name: &str| extra.iter().any(|(other, _)| *other == name);
    let kept = good.iter().copied().filter(|(name, _)| !named(name));
    let pairs: Vec<_> = kept.chain(extra.iter().copied()).collect();
    asking(path, &pairs)
}

/// The answer to a good request, and what is stored.
pub(crate) async fn started(
    anchor: &TestAnchor,
    token: &str,
    path: &str,
    extra: &[(&str, &str)],
) -> Result<(Value, Transaction)> {
    let answer = anchor.get(&good(path, extra), token).await;
    ensure!(answer.status == 200, "not started: {answer:?}");
    let body = answer.json()?;
    let id: TransactionId = body["id"].as_str().context("an id")?.parse()?;
    Ok((body, anchor.anchor.store().transaction_fetch(id).await?.context("stored")?))
}

/// The object that the API shows of a transaction.
pub(crate) async fn shown(anchor: &TestAnchor, token: &str, transaction: &Transaction) -> Result<Value> {
    let answer = anchor.get(&format!("/sep6/transaction?id={}", transaction.id), token).await;
    ensure!(answer.status == 200, "not shown: {answer:?}");
    Ok(answer.json()?["transaction"].take())
}

pub(crate) async fn transactions(anchor: &TestAnchor) -> Result<usize> {
    Ok(anchor.anchor.store().transaction_list(&anchor_core::store::TransactionFilter::default()).await?.len())
}

pub(crate) fn assert_refused(answer: &Answer, what: &str) {
    assert_eq!(answer.status, 400, "{what}: {answer:?}");
    assert!(answer.error().is_ok(), "{what}: {answer:?}");
}

pub(crate) const STARTS: [&str; 4] = ["deposit", "deposit-exchange", "withdraw", "withdraw-exchange"];

#[actix_web::test]
async fn r_06_001_r_06_003_server_is_published_where_an_asset_has_a_funding_method() -> Result<()> {
    let toml = async |anchor: &TestAnchor| -> Result<toml::Table> {
        Ok(std::str::from_utf8(&anchor.get("/.well-known/stellar.toml", "").await.body)?.parse()?)
    };
    let (anchor, _) = by_api().await?;
    assert_eq!(toml(&anchor).await?["TRANSFER_SERVER"].as_str(), Some("http://localhost:8000/sep6"));
    let secure = [("HOST_URL", "https://anchor.example"), ("LOCAL_MODE", "0")];
    let (anchor, _) = by_api_with(&secure, |builder| builder).await?;
    assert_eq!(toml(&anchor).await?["TRANSFER_SERVER"].as_str(), Some("https://anchor.example/sep6"));
    // who gathers what is needed on pages does not serve by API unasked
    let (inactive, _) = by_api_with(&[("ACTIVE_SEPS", "1,10,24")], |builder| builder).await?;
    for anchor in [TestAnchor::new().await?, inactive] {
        assert!(!toml(&anchor).await?.contains_key("TRANSFER_SERVER"));
        for path in ["info", "deposit", "transactions"] {
            assert_eq!(anchor.get(&format!("/sep6/{path}"), "").await.status, 404, "{path}");
        }
    }
    Ok(())
}

#[actix_web::test]
async fn r_06_002_quote_server_is_published_beside_it() -> Result<()> {
    let (anchor, _) = by_api().await?;
    let toml = anchor.get("/.well-known/stellar.toml", "").await;
    assert!(std::str::from_utf8(&toml.body)?.contains("ANCHOR_QUOTE_SERVER"));
    Ok(())
}

#[actix_web::test]
async fn r_06_004_r_06_005_r_06_007_r_06_019_r_06_020_r_06_021_r_06_119_without_a_token_everything_but_info_is_403()
-> Result<()> {
    let (anchor, _, token) = logged_in().await?;
    let unknown = "9b1deb4d-3b7d-4bad-9bdd-2b0d7b3dcb6d";
    let closed = STARTS.map(|path| good(path, &[])).into_iter().chain(STARTS.map(|path| asking(path, &[])));
    let closed = closed.chain([
        format!("/sep6/transaction?id={unknown}"),
        "/sep6/transaction".to_owned(),
        asking("transactions", &[("asset_code", "USDC"), ("account", &account())]),
        "/sep6/transactions".to_owned(),
    ]);
    for path in closed {
        for wrong in ["", "nonsense", &token[..token.len() - 2]] {
            let answer = anchor.get(&path, wrong).await;
            assert_eq!(answer.status, 403, "{path}");
            assert_eq!(answer.json()?["type"], "authentication_required", "{path}");
            assert_eq!(answer.header("access-control-allow-origin"), "*");
        }
    }
    let patch =
        TestRequest::patch().uri(&format!("/sep6/transactions/{unknown}")).set_payload("[object Object]");
    let answer = anchor.call(patch).await;
    assert_eq!((answer.status, &answer.json()?["type"]), (403, &"authentication_required".into()));
    assert_eq!(anchor.get("/sep6/info", "").await.status, 200);
    assert_eq!(transactions(&anchor).await?, 0);
    Ok(())
}

#[actix_web::test]
async fn r_06_008_r_06_009_every_endpoint_may_be_called_from_every_page() -> Result<()> {
    let (anchor, _, token) = logged_in().await?;
    for path in [
        "info",
        "deposit",
        "deposit-exchange",
        "withdraw",
        "withdraw-exchange",
        "transaction",
        "transactions",
    ] {
        let path = format!("/sep6/{path}");
        let asked = TestRequest::default().method(Method::OPTIONS).uri(&path);
        let answer = anchor.call(asked).await;
        assert_eq!(answer.status, 204, "{path}");
        assert!(answer.header("access-control-allow-methods").contains("GET"), "{path}");
        assert!(answer.header("access-control-allow-headers").contains("Authorization"), "{path}");
        for token in ["", &token] {
            assert_eq!(anchor.get(&path, token).await.header("access-control-allow-origin"), "*", "{path}");
        }
    }
    let asked = TestRequest::default().method(Method::OPTIONS).uri("/sep6/transactions/1");
    let answer = anchor.call(asked).await;
    assert!(answer.header("access-control-allow-methods").contains("PATCH"), "{answer:?}");
    assert!(answer.header("access-control-allow-headers").contains("Content-Type"), "{answer:?}");
    // nothing else is there, and a look at the headers starts nothing
    assert_eq!(anchor.get("/sep6/nothing", &token).await.status, 404);
    let head = TestRequest::default().method(Method::HEAD).uri(&good("deposit", &[]));
    assert_eq!(
        anchor.call(head.insert_header(("authorization", format!("Bearer {token}")))).await.status,
        405
    );
    assert_eq!(transactions(&anchor).await?, 0);
    Ok(())
}

#[actix_web::test]
async fn r_06_013_r_06_120_r_06_122_whatever_is_refused_has_a_reason_and_leaves_nothing_behind() -> Result<()>
{
    let (anchor, terms, token) = logged_in().await?;
    for path in STARTS {
        for wrong in [
            [("amount", "0"), ("lang", "pt")],
            [("funding_method", "CARRIER_PIGEON"), ("lang", "xx")],
            [("customer_id", &*"x".repeat(300)), ("lang", "")],
            [("on_change_callback", "http://wallet.example/"), ("lang", "en")],
        ] {
            assert_refused(&anchor.get(&good(path, &wrong), &token).await, &format!("{path} {wrong:?}"));
        }
        let answer = anchor.get(&good(path, &[("amount", "0"), ("lang", "pt-BR")]), &token).await;
        assert_eq!(answer.error()?, "O valor tem de ser maior que zero.", "{path}");
        terms.say(anchor_core::integration::StartStep::Refused { reason: "not on Sundays".to_owned() });
        let answer = anchor.get(&good(path, &[]), &token).await;
        assert_refused(&answer, path);
        assert_eq!(answer.error()?, "not on Sundays");
        terms.agree();
    }
    assert_eq!(transactions(&anchor).await?, 0);
    Ok(())
}

#[actix_web::test]
async fn r_06_014_unknown_parameters_are_ignored_and_empty_ones_are_absent() -> Result<()> {
    let (anchor, _, token) = logged_in().await?;
    for path in STARTS {
        for name in [
            "claimable_balance_supported",
            "memo",
            "memo_type",
            "refund_memo",
            "refund_memo_type",
            "email_address",
            "lang",
            "on_change_callback",
            "country_code",
            "quote_id",
            "customer_id",
            "location_id",
            "wallet_name",
            "x",
        ] {
            for value in ["", "undefined"] {
                let answer = anchor.get(&good(path, &[(name, value)]), &token).await;
                assert_eq!(answer.status, 200, "{path} {name}={value}: {answer:?}");
                assert!(answer.header("content-type").starts_with("application/json"));
            }
        }
    }
    assert_eq!(
        anchor.get(&good("withdraw", &[("claimable_balance_supported", "true")]), &token).await.status,
        200
    );
    Ok(())
}

/// Each of them is a user of its own: what one has, no other one sees.
#[actix_web::test]
async fn r_06_022_r_06_023_r_06_024_r_06_149_r_06_154_every_principal_sees_its_own() -> Result<()> {
    let (anchor, _) = by_api().await?;
    let (key, other) = (samples::user(), SigningKey::from_seed([9; 32]));
    anchor.anchor.store().sharing_put(&key.account(), anchor_core::account::Sharing::Both).await?;
    let muxed = anchor_core::account::Account::Muxed { account: key.account(), id: u64::MAX - 1 };
    let queries = [
        format!("account={}", key.account()),
        format!("account={}&memo=0", key.account()),
        format!("account={}&memo=18446744073709551615", key.account()),
        format!("account={muxed}"),
    ];
    let mut tokens = Vec::new();
    for query in &queries {
        tokens.push(anchor.log_in_as(query, &key).await?);
    }
    tokens.push(anchor.log_in(&other).await?);
    let mut own = Vec::new();
    for token in &tokens {
        own.push(started(&anchor, token, "deposit", &[]).await?.1);
    }
    for (reader, token) in tokens.iter().enumerate() {
        for (writer, transaction) in own.iter().enumerate() {
            let answer = anchor.get(&format!("/sep6/transaction?id={}", transaction.id), token).await;
            assert_eq!(answer.status, if reader == writer { 200 } else { 404 }, "{reader} reads {writer}");
        }
        let account = own[reader].subject.account().to_string();
        let path = asking("transactions", &[("asset_code", "USDC"), ("account", &account)]);
        let listed = anchor.get(&path, token).await.json()?;
        let listed = listed["transactions"].as_array().context("a list")?;
        assert_eq!(listed.len(), 1);
        assert_eq!(listed[0]["id"], own[reader].id.to_string());
    }
    Ok(())
}

#[actix_web::test]
async fn r_06_025_r_06_027_account_is_shared_or_it_is_not() -> Result<()> {
    let (anchor, _) = by_api().await?;
    let (key, other) = (samples::user(), SigningKey::from_seed([9; 32]));
    let single = anchor.log_in(&key).await?;
    let shared = anchor.log_in_as(&format!("account={}&memo=7", key.account()), &key).await?;
    started(&anchor, &single, "deposit", &[]).await?;
    assert_refused(&anchor.get(&good("deposit", &[]), &shared).await, "used by one user before");
    let shared = anchor.log_in_as(&format!("account={}&memo=7", other.account()), &other).await?;
    let single = anchor.log_in(&other).await?;
    started(&anchor, &shared, "withdraw", &[]).await?;
    assert_refused(&anchor.get(&good("withdraw", &[]), &single).await, "used by several users before");
    assert_eq!(transactions(&anchor).await?, 2);
    Ok(())
}

/// Parameters may be somebody's bank account: the log has the pattern of the path, and nothing after it.
#[actix_web::test]
async fn r_06_015_queries_are_not_logged() -> Result<()> {
    let (anchor, _, token) = logged_in().await?;
    let log = anchor_tests::logs::Log::of_this_thread();
    let secrets =
        [("dest", "GB29NWBK60161331926819"), ("email_address", "ada@wallet.example"), ("memo", "77123")];
    anchor.get(&good("withdraw", &secrets), &token).await;
    anchor.get(&good("deposit", &[("email_address", "ada@wallet.example"), ("amount", "x")]), &token).await;
    let written = log.end()?;
    assert!(written.contains("/sep6/withdraw"), "{written}");
    for (_, secret) in secrets {
        assert!(!written.contains(secret), "{written}");
    }
    Ok(())
}
