//! `callback` and `on_change_callback` of the wallet.

use actix_web::http::StatusCode;
use anchor_core::store::Callbacks;
use anchor_core::transaction::Kind;

use crate::support::Site;

#[actix_web::test]
async fn r_24_068_r_24_080_callbacks_of_the_first_visit_are_kept() {
    let site = Site::new().await;
    let started = site.start(Kind::Deposit).await;
    let extra = "&callback=https%3A%2F%2Fwallet.example%2Fdone&on_change_callback=POSTMESSAGE";
    let visitor = site.visit_with(&started, extra).await;
    let expected = Callbacks {
        finished: Some("https://wallet.example/done".to_owned()),
        on_change: Some("postMessage".to_owned()),
    };
    let kept = site.anchor.store().callbacks_fetch(started.id).await.unwrap();
    assert_eq!(kept, expected);
    // a later visit cannot redirect the news
    visitor.get_at(&format!("{}?token={}&callback=https://evil.example/", visitor.path, started.token)).await;
    visitor.get_at(&format!("{}?callback=https://evil.example/", visitor.path)).await;
    assert_eq!(site.anchor.store().callbacks_fetch(started.id).await.unwrap(), expected);
    assert!(!visitor.path.contains("callback"));
}

/// As after a kill between any two of the writes: the link is as good as before, or the whole session is there.
#[actix_web::test]
async fn link_is_used_up_with_session_and_callbacks_or_not_at_all() {
    let site = Site::new().await;
    let started = site.start(Kind::Deposit).await;
    let extra = "&callback=https://wallet.example/done";
    for write in ["UPDATE ON url_tokens", "INSERT ON sessions", "INSERT ON callbacks"] {
        site.sql(&format!("CREATE TRIGGER killed BEFORE {write} BEGIN SELECT RAISE(ABORT, 'killed'); END"));
        let answer = site.open(&started, extra).await;
        assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE, "{write}: {}", answer.body);
        assert!(answer.cookie().is_empty(), "{write}");
        assert_eq!(site.anchor.store().callbacks_fetch(started.id).await.unwrap(), Callbacks::default());
        site.sql("DROP TRIGGER killed");
    }
    let visitor = site.visit_with(&started, extra).await;
    assert_eq!(visitor.get().await.status, 200);
    let kept = site.anchor.store().callbacks_fetch(started.id).await.unwrap();
    assert_eq!(kept.finished.as_deref(), Some("https://wallet.example/done"));
}

#[actix_web::test]
async fn r_24_080_bad_callback_is_a_400_page_and_does_not_cost_the_token() {
    let site = Site::new().await;
    let started = site.start(Kind::Deposit).await;
    for bad in ["http://wallet.example/", "javascript:alert(1)", "https://127.0.0.1/", "nonsense"] {
        for name in ["callback", "on_change_callback"] {
            let refused = site.open(&started, &format!("&{name}={bad}")).await;
            assert_eq!(refused.status, StatusCode::BAD_REQUEST, "{bad}");
            assert!(!refused.body.contains(bad), "it is not repeated");
        }
    }
    let long = format!("&callback=https://wallet.example/{}", "a".repeat(2048));
    assert_eq!(site.open(&started, &long).await.status, StatusCode::BAD_REQUEST);
    assert_eq!(site.open(&started, "").await.status, StatusCode::SEE_OTHER);
}

#[actix_web::test]
async fn r_24_069_r_24_075_r_24_077_r_24_082_status_page_has_the_message_for_the_wallets_window() {
    let site = Site::new().await;
    let plain =
        |new: &mut anchor_core::transaction::NewTransaction| new.request.customer = Some("plain".into());
    let started = site.start_with(Kind::Deposit, plain).await;
    let visitor = site.visit_with(&started, "&callback=postMessage").await;
    visitor.post("amount", &[("amount", "100")]).await;
    let page = visitor.get().await.body;
    let (_, rest) = page.split_once("data-message=\"").unwrap();
    let message = rest.split_once('"').unwrap().0.replace("&quot;", "\"").replace("&amp;", "&");
    let message: serde_json::Value = serde_json::from_str(&message).unwrap();
    assert_eq!(message["transaction"]["id"], started.id.to_string());
    assert_eq!(message["transaction"]["status"], "pending_user_transfer_start");
    assert!(message["transaction"]["amount_in"].is_string());
    assert!(page.contains(" data-callback") && !page.contains(" data-on-change"));
    assert!(page.contains("id=\"close\""));
    assert!(!message.to_string().contains(&visitor.csrf) && !page.contains(&visitor.csrf));
}

#[actix_web::test]
async fn r_24_079_browser_never_learns_the_callback_address() {
    let site = Site::new().await;
    let plain =
        |new: &mut anchor_core::transaction::NewTransaction| new.request.customer = Some("plain".into());
    let started = site.start_with(Kind::Deposit, plain).await;
    let visitor = site.visit_with(&started, "&callback=https://wallet.example/done").await;
    visitor.post("amount", &[("amount", "100")]).await;
    let page = visitor.get().await.body;
    assert!(!page.contains("wallet.example") && !page.contains(" data-callback"));
}
