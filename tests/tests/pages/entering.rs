//! The address that the wallet opens: its token works once, and only it opens the pages.

use std::time::Duration;

use actix_web::http::StatusCode;
use actix_web::test::TestRequest;
use anchor_core::transaction::Kind;

use crate::support::{HOST, Site, SystemOrManual};

#[actix_web::test]
async fn r_24_063_r_24_065_s_24_01_token_is_exchanged_for_a_cookie_and_leaves_the_address() {
    let site = Site::new().await;
    let started = site.start(Kind::Deposit).await;
    let opened = site.open(&started, "").await;
    assert_eq!(opened.status, StatusCode::SEE_OTHER);
    assert_eq!(opened.location(), format!("/sep24/interactive/{}", started.id));
    let cookie = opened.header("set-cookie");
    for attribute in
        ["HttpOnly", "Secure", "SameSite=Lax", &format!("Path=/sep24/interactive/{}", started.id)]
    {
        assert!(cookie.contains(attribute), "{cookie}");
    }
    assert!(!cookie.contains(&started.token));
    assert_eq!(opened.header("referrer-policy"), "no-referrer");
    assert_eq!(opened.header("cache-control"), "no-store");
}

#[actix_web::test]
async fn peer_r_24_064_r_24_066_t_24_08_url_token_works_once_across_browsers() {
    let site = Site::new().await;
    let started = site.start(Kind::Deposit).await;
    let visitor = site.visit(&started).await;

    let second = site.open(&started, "").await;
    assert_eq!(second.status, StatusCode::GONE);
    assert!(second.headers.get("set-cookie").is_none());
    assert!(second.body.contains("does not work any more"));
    // the first browser goes on, also by the address in its history
    assert_eq!(visitor.get().await.status, StatusCode::OK);
    let again = visitor.get_at(&format!("{}?token={}", visitor.path, started.token)).await;
    assert_eq!((again.status, again.location()), (StatusCode::SEE_OTHER, visitor.path.clone()));
}

#[actix_web::test]
async fn r_24_064_s_24_02_expired_token_opens_nothing() {
    let site = Site::new().await;
    let started = site.start(Kind::Deposit).await;
    site.clock.advance(Duration::from_secs(301));
    assert_eq!(site.open(&started, "").await.status, StatusCode::GONE);
}

#[actix_web::test]
async fn session_ends() {
    let site = Site::new().await;
    let started = site.start(Kind::Deposit).await;
    let visitor = site.visit(&started).await;
    site.clock.advance(Duration::from_secs(7 * 3600));
    assert_eq!(visitor.get().await.status, StatusCode::FORBIDDEN);
}

#[actix_web::test]
async fn r_24_065_s_24_15_t_24_09_cookie_of_one_transaction_opens_no_other() {
    let site = Site::new().await;
    let (one, other) = (site.start(Kind::Deposit).await, site.start(Kind::Deposit).await);
    let visitor = site.visit(&one).await;
    let tampered = visitor.get_at(&format!("/sep24/interactive/{}", other.id)).await;
    assert_eq!(tampered.status, StatusCode::FORBIDDEN);
    let preview = visitor.get_at(&format!("/sep24/interactive/{}/preview?amount=10", other.id)).await;
    assert_eq!(preview.status, StatusCode::FORBIDDEN);
    // a token for one id does not open another id either
    let token = site.start(Kind::Deposit).await.token;
    let mixed = site.get(&format!("/sep24/interactive/{}?token={token}", other.id)).await;
    assert_eq!(mixed.status, StatusCode::GONE);
    assert!(mixed.headers.get("set-cookie").is_none());
}

#[actix_web::test]
async fn s_24_20_pages_without_token_or_cookie_say_nothing_about_ids() {
    let site = Site::new().await;
    let started = site.start(Kind::Deposit).await;
    let known = site.get(&format!("/sep24/interactive/{}", started.id)).await;
    let unknown = site.get("/sep24/interactive/01890000-0000-7000-8000-000000000000").await;
    let garbage = site.get("/sep24/interactive/%3Cscript%3E").await;
    assert_eq!(known.status, StatusCode::FORBIDDEN);
    assert_eq!((known.status, &known.body), (unknown.status, &unknown.body));
    assert_eq!(known.body, garbage.body);
    for token in ["", "x", &"x".repeat(5000), "%00", "token-of-nobody"] {
        let guessed = site.get(&format!("/sep24/interactive/{}?token={token}", started.id)).await;
        assert_eq!(guessed.status, StatusCode::GONE, "{token}");
    }
}

#[actix_web::test]
async fn peer_url_token_is_not_a_bearer_token() {
    let site = Site::new().await;
    let started = site.start(Kind::Deposit).await;
    let more_info = site.more_info_path(started.id).await;
    let (_, more_info) = more_info.split_once("token=").unwrap();
    for token in [started.token.as_str(), more_info] {
        for path in ["/sep24/transactions?asset_code=USDC", "/sep24/transaction?id=1"] {
            let request =
                TestRequest::get().uri(path).insert_header(("authorization", format!("Bearer {token}")));
            assert_eq!(site.send(request).await.status, StatusCode::FORBIDDEN, "{path}");
        }
    }
    // and the other way round: what looks at a transaction does not fill in its forms
    let opened = site.get(&format!("/sep24/interactive/{}?token={more_info}", started.id)).await;
    assert_eq!(opened.status, StatusCode::GONE);
}

#[actix_web::test]
async fn r_24_007_r_24_072_r_24_073_r_24_078_s_24_17_pages_keep_other_sites_out() {
    let site = Site::new().await;
    let started = site.start(Kind::Deposit).await;
    let page = site.visit(&started).await.get().await;
    assert_eq!(page.header("content-type"), "text/html; charset=utf-8");
    let policy = page.header("content-security-policy");
    for part in ["default-src 'none'", "script-src 'self'", "form-action 'self'", "frame-ancestors 'none'"] {
        assert!(policy.contains(part), "{policy}");
    }
    assert!(!policy.contains("unsafe"));
    assert_eq!(page.header("x-content-type-options"), "nosniff");
    assert_eq!(page.header("cache-control"), "no-store");
    for absent in ["access-control-allow-origin", "cross-origin-opener-policy"] {
        assert!(page.headers.get(absent).is_none(), "{absent}");
    }
    assert!(!page.body.contains("http://") && !page.body.contains("https://"), "no other host is named");
}

#[actix_web::test]
async fn r_24_060_r_24_067_page_fits_a_phone_says_its_language_and_asks_for_no_password() {
    let site = Site::new().await;
    let started = site.start(Kind::Deposit).await;
    let page = site.visit(&started).await.get().await.body;
    assert!(page.contains("width=device-width"));
    assert!(page.contains("<html lang=\"en\" dir=\"ltr\">"));
    assert!(page.contains("inputmode=\"decimal\""));
    assert!(!page.contains("type=\"password\""));
    assert!(page.contains("autocomplete=\"given-name\""));
}

#[actix_web::test]
async fn r_24_034_r_24_068_language_of_the_address_goes_before_the_wallets_and_the_browsers() {
    let site = Site::new().await;
    let spanish =
        |new: &mut anchor_core::transaction::NewTransaction| new.request.language = Some("es".into());
    let started = site.start_with(Kind::Deposit, spanish).await;
    let visitor = site.visit_with(&started, "&lang=pt-BR&utm_source=x").await;
    assert!(visitor.path.ends_with("?lang=pt-BR"), "{}", visitor.path);
    assert!(visitor.get().await.body.contains("<html lang=\"pt\""));
    let without = visitor.path.split('?').next().unwrap().to_owned();
    assert!(visitor.get_at(&without).await.body.contains("<html lang=\"es\""));

    let started = site.start(Kind::Deposit).await;
    let visitor = site.visit(&started).await;
    let request = TestRequest::get().uri(&visitor.path).insert_header(("accept-language", "de, id;q=0.5"));
    assert!(site.send(visitor.request(request)).await.body.contains("Setor USDC"));
    let garbage = visitor.get_at(&format!("{}?lang=%22%3E%3Cscript%3E", visitor.path)).await;
    assert!(garbage.body.contains("<html lang=\"en\"") && !garbage.body.contains("\"><script>"));
}

#[actix_web::test]
async fn local_anchor_sets_a_cookie_that_plain_http_carries() {
    let site = Site::at("http://localhost:8000", SystemOrManual::Manual).await;
    let started = site.start(Kind::Deposit).await;
    let opened = site.open(&started, "").await;
    assert!(!opened.header("set-cookie").contains("Secure"));
    assert!(HOST.starts_with("https"));
}

#[actix_web::test]
async fn assets_are_kept_by_their_hash_and_nothing_else_is_served() {
    let site = Site::new().await;
    let started = site.start(Kind::Deposit).await;
    let page = site.visit(&started).await.get().await.body;
    let (_, rest) = page.split_once("href=\"/sep24/static/").unwrap();
    let path = format!("/sep24/static/{}", rest.split_once('"').unwrap().0);
    let style = site.get(&path).await;
    assert_eq!((style.status, style.header("content-type")), (StatusCode::OK, "text/css; charset=utf-8"));
    assert!(style.header("cache-control").contains("immutable"));
    let other_release = site.get("/sep24/static/0000000000000000/pages.js").await;
    assert_eq!(other_release.header("cache-control"), "no-store");
    assert_eq!(site.get("/sep24/static/0/..%2fCargo.toml").await.status, StatusCode::NOT_FOUND);
}
