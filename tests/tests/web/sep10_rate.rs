//! How often one client may ask.

use std::time::Duration;

use actix_web::test::TestRequest;
use anchor_core::testing::fakes::samples;
use anchor_tests::web::{Answer, TestAnchor};
use anyhow::Result;

async fn ask(anchor: &TestAnchor, peer: &str, forwarded: &str) -> Answer {
    let request = TestRequest::get()
        .uri(&format!("/auth?account={}", samples::user().account()))
        .peer_addr(peer.parse().unwrap());
    let request =
        if forwarded.is_empty() { request } else { request.insert_header(("x-forwarded-for", forwarded)) };
    anchor.call(request).await
}

#[actix_web::test]
async fn r_10_059_too_many_requests_of_one_address_are_429_with_the_time_to_wait() -> Result<()> {
    let anchor = TestAnchor::with(&[("SEP10_REQUESTS_PER_MINUTE", "3")], |builder| builder).await?;
    for _ in 0..3 {
        assert_eq!(ask(&anchor, "192.0.2.1:1000", "").await.status, 200);
    }
    let refused = ask(&anchor, "192.0.2.1:2000", "").await;
    assert_eq!((refused.status, refused.header("retry-after")), (429, "20"));
    assert!(refused.error()?.contains("try again"));
    assert_eq!(ask(&anchor, "192.0.2.2:1000", "").await.status, 200, "another client");
    anchor.clock.advance(Duration::from_secs(19));
    assert_eq!(ask(&anchor, "192.0.2.1:1000", "").await.status, 429);
    anchor.clock.advance(Duration::from_secs(1));
    assert_eq!(ask(&anchor, "192.0.2.1:1000", "").await.status, 200);
    assert_eq!(ask(&anchor, "192.0.2.1:1000", "").await.status, 429);
    anchor.clock.advance(Duration::from_secs(3600));
    for _ in 0..3 {
        assert_eq!(ask(&anchor, "192.0.2.1:1000", "").await.status, 200, "never more than a minute's worth");
    }
    assert_eq!(ask(&anchor, "192.0.2.1:1000", "").await.status, 429);
    Ok(())
}

#[actix_web::test]
async fn r_10_059_answers_count_too() -> Result<()> {
    let anchor = TestAnchor::with(&[("SEP10_REQUESTS_PER_MINUTE", "2")], |builder| builder).await?;
    let challenge = anchor.challenge(&format!("account={}", samples::user().account())).await?;
    assert_eq!(anchor.redeem(&challenge, &[&samples::issuer()]).await?.status, 400);
    assert_eq!(anchor.redeem(&challenge, &[&samples::issuer()]).await?.status, 429);
    Ok(())
}

#[actix_web::test]
async fn r_10_059_one_customer_has_one_ipv6_network() -> Result<()> {
    let anchor = TestAnchor::with(&[("SEP10_REQUESTS_PER_MINUTE", "1")], |builder| builder).await?;
    assert_eq!(ask(&anchor, "[2001:db8::1]:1", "").await.status, 200);
    assert_eq!(ask(&anchor, "[2001:db8::ffff:2]:1", "").await.status, 429);
    assert_eq!(ask(&anchor, "[2001:db8:0:1::1]:1", "").await.status, 200);
    // and IPv4 in the form of IPv6 is IPv4
    assert_eq!(ask(&anchor, "192.0.2.1:1", "").await.status, 200);
    assert_eq!(ask(&anchor, "[::ffff:192.0.2.1]:1", "").await.status, 429);
    assert_eq!(ask(&anchor, "[::ffff:192.0.2.2]:1", "").await.status, 200);
    Ok(())
}

#[actix_web::test]
async fn r_10_059_only_what_our_own_proxies_wrote_is_believed() -> Result<()> {
    let limit = ("SEP10_REQUESTS_PER_MINUTE", "1");
    let direct = TestAnchor::with(&[limit], |builder| builder).await?;
    assert_eq!(ask(&direct, "192.0.2.1:1", "198.51.100.1").await.status, 200);
    assert_eq!(
        ask(&direct, "192.0.2.1:1", "198.51.100.2").await.status,
        429,
        "a client cannot call itself another"
    );

    let behind_two = TestAnchor::with(&[limit, ("TRUSTED_PROXIES", "2")], |builder| builder).await?;
    let proxy = "10.0.0.1:1";
    assert_eq!(ask(&behind_two, proxy, "198.51.100.1, 10.0.0.2").await.status, 200);
    assert_eq!(ask(&behind_two, proxy, "invented, 198.51.100.1, 10.0.0.3").await.status, 429);
    assert_eq!(ask(&behind_two, proxy, "198.51.100.1, 198.51.100.2, 10.0.0.2").await.status, 200);
    // without a usable header, the peer counts
    assert_eq!(ask(&behind_two, proxy, "").await.status, 200);
    assert_eq!(ask(&behind_two, proxy, "unknown, 10.0.0.2").await.status, 429);
    Ok(())
}
