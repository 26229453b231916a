//! Who may read answers: any page those of the protocols, no page the hosted ones. Also after accidents.

use actix_web::http::Method;
use actix_web::test::TestRequest;
use anchor_core::fee::{FeeBreakdown, FeeError};
use anchor_core::integration::{FeeInput, FeeIntegration};
use anchor_core::testing::fakes::samples;
use anchor_core::testing::ledger::Fault;
use anchor_tests::web::TestAnchor;
use anyhow::Result;
use serde_json::json;

const ENDPOINTS: [(&str, &str); 8] = [
    ("/.well-known/stellar.toml", "GET"),
    ("/auth", "GET"),
    ("/auth", "POST"),
    ("/sep24/info", "GET"),
    ("/sep24/transactions/deposit/interactive", "POST"),
    ("/sep24/transactions/withdraw/interactive", "POST"),
    ("/sep24/transaction", "GET"),
    ("/sep24/transactions", "GET"),
];

#[actix_web::test]
async fn r_10_008_r_10_009_r_24_007_preflight_names_methods_and_headers() -> Result<()> {
    let anchor = TestAnchor::new().await?;
    for (path, method) in ENDPOINTS {
        let request = TestRequest::default()
            .method(Method::OPTIONS)
            .uri(path)
            .insert_header(("origin", "https://wallet.example"))
            .insert_header(("access-control-request-method", method))
            .insert_header(("access-control-request-headers", "authorization,content-type"));
        let answer = anchor.call(request).await;
        assert!((200..300).contains(&answer.status), "{path}");
        assert_eq!(answer.header("access-control-allow-origin"), "*", "{path}");
        assert!(answer.header("access-control-allow-methods").contains(method), "{path}");
        assert_eq!(answer.header("access-control-allow-headers"), "Authorization, Content-Type", "{path}");
    }
    Ok(())
}

#[actix_web::test]
async fn r_10_007_r_24_007_every_answer_is_open_with_and_without_an_origin() -> Result<()> {
    let anchor = TestAnchor::new().await?;
    for (path, method) in ENDPOINTS {
        for origin in ["", "https://wallet.example", "null"] {
            let mut request = TestRequest::default().method(method.parse()?).uri(path);
            if !origin.is_empty() {
                request = request.insert_header(("origin", origin));
            }
            let answer = anchor.call(request).await;
            assert_eq!(answer.header("access-control-allow-origin"), "*", "{method} {path} {origin}");
        }
    }
    Ok(())
}

#[actix_web::test]
async fn r_10_009_errors_of_the_framework_are_open_too() -> Result<()> {
    let anchor = TestAnchor::new().await?;
    let token = anchor.log_in(&samples::user()).await?;
    let missing = anchor.get("/sep24/nothing/here", "").await;
    assert_eq!((missing.status, missing.error().is_ok()), (404, true));
    for (path, method) in ENDPOINTS {
        let answer = anchor.call(TestRequest::default().method(Method::DELETE).uri(path)).await;
        assert_eq!(answer.status, 405, "{path}");
        answer.error()?;
        assert!(answer.header("allow").contains(method), "{path}");
    }
    let post = || {
        let path = "/sep24/transactions/deposit/interactive";
        TestRequest::post().uri(path).insert_header(("authorization", format!("Bearer {token}")))
    };
    let large = vec![b' '; 1024 * 1024];
    let too_large =
        anchor.call(post().insert_header(("content-type", "application/json")).set_payload(large));
    let too_large = too_large.await;
    assert_eq!(too_large.status, 413);
    too_large.error()?;
    let strange = anchor.call(post().insert_header(("content-type", "text/csv")).set_payload("a,b")).await;
    assert_eq!(strange.status, 415);
    strange.error()?;
    Ok(())
}

/// Has a bug.
struct Panics;

impl FeeIntegration for Panics {
    fn fee(&self, _: &FeeInput<'_>) -> Result<FeeBreakdown, FeeError> {
        panic!("a bug in the business's own code")
    }
}

#[actix_web::test]
async fn panic_is_an_open_500_that_tells_nothing() -> Result<()> {
    let anchor = TestAnchor::with(&[], |builder| builder.fee(Panics)).await?;
    let token = anchor.log_in(&samples::user()).await?;
    let body = json!({ "asset_code": "USDC", "amount": "10" });
    let answer = anchor.post("/sep24/transactions/deposit/interactive", &token, body).await;
    assert_eq!(answer.status, 500);
    assert!(!answer.error()?.contains("bug"));
    // and the next request is served
    assert_eq!(anchor.get("/sep24/info", "").await.status, 200);
    Ok(())
}

#[actix_web::test]
async fn unreachable_ledger_is_an_open_503() -> Result<()> {
    let anchor = TestAnchor::new().await?;
    let challenge = anchor.challenge(&format!("account={}", samples::user().account())).await?;
    anchor.ledger.inject(Fault::Account);
    let answer = anchor.redeem(&challenge, &[&samples::user()]).await?;
    assert_eq!(answer.status, 503);
    answer.error()?;
    Ok(())
}

#[actix_web::test]
async fn r_01_008_hosted_pages_are_closed_to_other_origins() -> Result<()> {
    let anchor = TestAnchor::new().await?;
    let token = anchor.log_in(&samples::user()).await?;
    let body = json!({ "asset_code": "USDC" });
    let started = anchor.post("/sep24/transactions/deposit/interactive", &token, body).await.json()?;
    let shown =
        anchor.get(&format!("/sep24/transaction?id={}", started["id"].as_str().unwrap()), &token).await;
    for address in [&started["url"], &shown.json()?["transaction"]["more_info_url"]] {
        let address = url::Url::parse(address.as_str().unwrap())?;
        let path = format!("{}?{}", address.path(), address.query().unwrap());
        let request = TestRequest::get().uri(&path).insert_header(("origin", "https://wallet.example"));
        let answer = anchor.call(request).await;
        assert!(answer.status < 400, "{path}: {answer:?}");
        assert_eq!(answer.header("access-control-allow-origin"), "", "{path}");
    }
    Ok(())
}
