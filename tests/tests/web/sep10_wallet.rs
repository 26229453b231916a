//! `client_domain`: a wallet proves whose it is, and its server is a stranger's.

use std::time::Duration;

use anchor_core::account::{Account, ContractId};
use anchor_core::keys::SigningKey;
use anchor_core::testing::fakes::samples;
use anchor_tests::wallet_host::WalletHost;
use anchor_tests::web::{Answer, TestAnchor};
use anyhow::Result;
use futures_util::future::join_all;
use serde_json::json;

use super::sep10::{claims, decoded, entries, key};

/// Signs for wallets' domains.
fn wallet() -> SigningKey {
    key(40)
}

async fn ask(anchor: &TestAnchor, domain: &str) -> Answer {
    let account = samples::user().account();
    anchor.get(&format!("/auth?account={account}&client_domain={domain}"), "").await
}

fn transaction(answer: &Answer) -> Result<String> {
    assert_eq!(answer.status, 200, "{answer:?}");
    Ok(answer.json()?["transaction"].as_str().unwrap().to_owned())
}

#[actix_web::test]
async fn r_10_052_r_10_088_wallet_that_signs_is_known_by_its_domain_up_to_the_transaction() -> Result<()> {
    let anchor = TestAnchor::new().await?;
    let host = WalletHost::with_key(wallet().account()).await?;
    let challenge = transaction(&ask(&anchor, &host.domain()).await)?;
    let entries = entries(&decoded(&challenge)?);
    assert_eq!(entries[2], ("client_domain".to_owned(), host.domain()));
    assert_eq!(anchor.redeem(&challenge, &[&samples::user()]).await?.status, 400, "the wallet did not sign");
    let wrong = anchor.redeem(&challenge, &[&samples::user(), &key(41)]).await?;
    assert_eq!(wrong.status, 400, "another key of the wallet");
    let answer = anchor.redeem(&challenge, &[&samples::user(), &wallet()]).await?;
    assert_eq!(answer.status, 200, "{answer:?}");
    let token = answer.json()?["token"].as_str().unwrap().to_owned();
    assert_eq!(claims(&token)?["client_domain"], host.domain());
    let started = anchor.start("deposit", &token, json!({ "asset_code": "USDC" })).await?;
    assert_eq!(started.client_domain, Some(host.domain()));
    Ok(())
}

#[actix_web::test]
async fn memo_and_client_domain_go_together() -> Result<()> {
    let anchor = TestAnchor::new().await?;
    let host = WalletHost::with_key(wallet().account()).await?;
    let account = samples::user().account();
    let challenge =
        anchor.challenge(&format!("account={account}&memo=0&client_domain={}", host.domain())).await?;
    let answer = anchor.redeem(&challenge, &[&samples::user(), &wallet()]).await?;
    assert_eq!(claims(answer.json()?["token"].as_str().unwrap())?["sub"], format!("{account}:0"));
    Ok(())
}

#[actix_web::test]
async fn t_01_08_r_10_020_r_10_021_r_10_022_r_01_026_r_01_027_no_usable_key_is_400() -> Result<()> {
    let anchor = TestAnchor::new().await?;
    let muxed = Account::Muxed { account: wallet().account(), id: 1 };
    let key = |key: &dyn std::fmt::Display| format!("SIGNING_KEY = \"{key}\"\n");
    let good = key(&wallet().account());
    let large = format!("{good}#{}", "x".repeat(100_000 - good.len()));
    let cases = [
        ("404 Not Found", good.clone()),
        ("500 Internal Server Error", good.clone()),
        ("302 Found\r\nlocation: http://169.254.169.254/.well-known/stellar.toml", good.clone()),
        ("302 Found\r\nlocation: /elsewhere", good.clone()),
        ("304 Not Modified", String::new()),
        ("200 OK", "<html>404</html>".to_owned()),
        ("200 OK", String::new()),
        ("200 OK", "VERSION = \"2.7.0\"".to_owned()),
        ("200 OK", format!("[DOCUMENTATION]\n{good}")),
        ("200 OK", key(&muxed)),
        ("200 OK", key(&ContractId::from_bytes([7; 32]))),
        ("200 OK", key(wallet().to_strkey().expose())),
        ("200 OK", large),
    ];
    for (head, body) in cases {
        let host = WalletHost::silent().await?;
        host.say(head, &body);
        let answer = ask(&anchor, &host.domain()).await;
        assert_eq!(answer.status, 400, "{head}: {:.80}", body);
        assert!(answer.error()?.contains("client_domain"));
        assert_eq!(host.asked(), 1, "{head}");
    }
    // as a content type, anything goes, and 100 000 bytes are read
    let host = WalletHost::silent().await?;
    let largest = format!("{good}#{}", "x".repeat(100_000 - good.len() - 1));
    host.say("203 Non-Authoritative Information\r\ncontent-type: image/png", &largest);
    assert_eq!(ask(&anchor, &host.domain()).await.status, 200);
    Ok(())
}

/// Nobody listens there.
async fn closed_port() -> Result<u16> {
    Ok(tokio::net::TcpListener::bind("127.0.0.1:0").await?.local_addr()?.port())
}

#[actix_web::test]
async fn r_10_021_r_10_024_t_01_08_what_is_no_host_is_400_and_no_server_too() -> Result<()> {
    let anchor = TestAnchor::new().await?;
    let long = format!("{}.example", "a".repeat(57));
    for domain in [
        "https://wallet.example",
        "wallet.example/path",
        "user@wallet.example",
        "wallet.example?x",
        "wallet.example#x",
        "wallet .example",
        "wallet.example\n",
        "-wallet.example",
        "w\u{e4}llet.example",
        "[::1]:80",
        "..",
        &long,
    ] {
        let encoded: String = url::form_urlencoded::byte_serialize(domain.as_bytes()).collect();
        let answer = ask(&anchor, &encoded).await;
        assert_eq!(answer.status, 400, "{domain}");
        answer.error()?;
    }
    let gone = ask(&anchor, &format!("localhost:{}", closed_port().await?)).await;
    assert_eq!(gone.status, 400);
    Ok(())
}

#[actix_web::test]
async fn peer_s_10_12_r_10_021_client_domain_never_reaches_into_the_anchors_own_network() -> Result<()> {
    let public = [("HOST_URL", "https://anchor.example"), ("LOCAL_MODE", "0")];
    let anchor = TestAnchor::with(&public, |builder| builder).await?;
    let host = WalletHost::with_key(wallet().account()).await?;
    let port = host.domain().split_once(':').map(|(_, port)| port.to_owned()).unwrap();
    let mut errors = Vec::new();
    for name in [
        "localhost".to_owned(),
        host.domain(),
        "wallet.localhost".to_owned(),
        "127.0.0.1".to_owned(),
        format!("127.0.0.1:{port}"),
        "2130706433".to_owned(),
        "0x7f.1".to_owned(),
        "0177.0.0.1".to_owned(),
        "10.0.0.1".to_owned(),
        "169.254.169.254".to_owned(),
        "metadata".to_owned(),
        format!("wallet.example:{port}"),
        "wallet.example:443".to_owned(),
    ] {
        let answer = ask(&anchor, &name).await;
        assert_eq!(answer.status, 400, "{name}: {answer:?}");
        errors.push(answer.error()?);
    }
    assert_eq!(host.asked(), 0, "nothing on this machine was contacted");
    // the same words for what is there and what is not: no map of our network
    errors.sort();
    errors.dedup();
    assert!(errors.len() <= 2, "{errors:?}");
    Ok(())
}

#[actix_web::test]
async fn r_01_028_one_fetch_serves_many_and_a_new_key_is_noticed() -> Result<()> {
    let anchor = TestAnchor::new().await?;
    let host = WalletHost::with_key(wallet().account()).await?;
    let domain = host.domain();
    for answer in join_all((0..8).map(|_| ask(&anchor, &domain))).await {
        assert_eq!(answer.status, 200);
    }
    assert_eq!(host.asked(), 1, "asked at the same time, fetched once");
    // after five minutes the file is read again
    anchor.clock.advance(Duration::from_secs(299));
    transaction(&ask(&anchor, &domain).await)?;
    assert_eq!(host.asked(), 1);
    anchor.clock.advance(Duration::from_secs(1));
    transaction(&ask(&anchor, &domain).await)?;
    assert_eq!(host.asked(), 2);

    // the wallet has a new key, and signs with it what was issued for the old one
    let new = key(42);
    host.serve(&format!("SIGNING_KEY = \"{}\"\n", new.account()));
    let early = transaction(&ask(&anchor, &domain).await)?;
    let refused = anchor.redeem(&early, &[&samples::user(), &new]).await?;
    assert_eq!(refused.status, 400);
    assert_eq!(transaction_key(&ask(&anchor, &domain).await)?, wallet().account().to_string());
    assert_eq!(host.asked(), 2, "not again within half a minute, whoever fails to sign");
    anchor.clock.advance(Duration::from_secs(30));
    let late = transaction(&ask(&anchor, &domain).await)?;
    assert_eq!(anchor.redeem(&late, &[&samples::user(), &new]).await?.status, 400);
    let again = transaction(&ask(&anchor, &domain).await)?;
    assert_eq!(host.asked(), 3);
    assert_eq!(anchor.redeem(&again, &[&samples::user(), &new]).await?.status, 200);
    Ok(())
}

/// Whose signature the challenge wants besides the client's.
fn transaction_key(answer: &Answer) -> Result<String> {
    let envelope = decoded(&transaction(answer)?)?;
    let source = envelope.tx.operations[2].source_account.clone().unwrap();
    let stellar_xdr::MuxedAccount::Ed25519(source) = source else { panic!("{source:?}") };
    Ok(anchor_core::account::AccountId::from_bytes(source.0).to_string())
}

#[actix_web::test]
async fn r_01_028_failure_is_remembered_for_seconds() -> Result<()> {
    let anchor = TestAnchor::new().await?;
    let host = WalletHost::silent().await?;
    host.say("503 Service Unavailable", "");
    for _ in 0..3 {
        assert_eq!(ask(&anchor, &host.domain()).await.status, 400);
    }
    assert_eq!(host.asked(), 1);
    host.serve(&format!("SIGNING_KEY = \"{}\"\n", wallet().account()));
    anchor.clock.advance(Duration::from_secs(15));
    assert_eq!(ask(&anchor, &host.domain()).await.status, 200);
    Ok(())
}

#[actix_web::test]
async fn peer_slow_wallet_servers_hold_up_nobody_else() -> Result<()> {
    let anchor = TestAnchor::new().await?;
    let good = WalletHost::with_key(wallet().account()).await?;
    transaction(&ask(&anchor, &good.domain()).await)?;
    // as many of them as are fetched at the same time
    let mut slow = Vec::new();
    for _ in 0..32 {
        slow.push(WalletHost::silent().await?);
    }
    let everybody = join_all(slow.iter().map(|host| async { ask(&anchor, &host.domain()).await }));
    let meanwhile = async {
        for host in &slow {
            host.wait_until_asked(1).await;
        }
        let account = samples::user().account();
        assert_eq!(anchor.get("/health/live", "").await.status, 200, "the liveness probe");
        assert_eq!(anchor.get(&format!("/auth?account={account}"), "").await.status, 200, "no domain");
        assert_eq!(ask(&anchor, &good.domain()).await.status, 200, "a known domain");
        let unknown = WalletHost::with_key(wallet().account()).await?;
        let busy = ask(&anchor, &unknown.domain()).await;
        assert_eq!((busy.status, unknown.asked()), (503, 0), "an unknown one is told to come back");
        busy.error()?;
        // the deadline passes, without anybody waiting for it
        tokio::time::pause();
        tokio::time::advance(Duration::from_secs(5)).await;
        anyhow::Ok(())
    };
    let (answers, meanwhile) = futures_util::join!(everybody, meanwhile);
    tokio::time::resume();
    meanwhile?;
    for answer in answers {
        assert_eq!(answer.status, 400);
        assert!(answer.error()?.contains("within 5 seconds"), "{answer:?}");
    }
    // and all is free again
    let next = WalletHost::with_key(wallet().account()).await?;
    assert_eq!(ask(&anchor, &next.domain()).await.status, 200);
    Ok(())
}

#[actix_web::test]
async fn slow_wallet_server_takes_no_turn_from_the_rest_of_the_api() -> Result<()> {
    let anchor = TestAnchor::with(&[("REQUESTS_AT_ONCE", "2")], |builder| builder).await?;
    let token = anchor.log_in(&samples::user()).await?;
    let silent = WalletHost::silent().await?;
    // one fetches, sixteen wait for it, and one is too many
    let everybody = join_all((0..18).map(|_| async { ask(&anchor, &silent.domain()).await }));
    let meanwhile = async {
        silent.wait_until_asked(1).await;
        let listed = anchor.get("/sep24/transactions?asset_code=USDC", &token).await;
        assert_eq!(listed.status, 200, "{listed:?}");
        tokio::time::pause();
        tokio::time::advance(Duration::from_secs(5)).await;
    };
    let (answers, ()) = futures_util::join!(everybody, meanwhile);
    tokio::time::resume();
    let with = |status: u16| answers.iter().filter(|answer| answer.status == status).count();
    assert_eq!((with(400), with(503)), (17, 1), "{answers:?}");
    assert_eq!(silent.asked(), 1);
    Ok(())
}

#[actix_web::test]
async fn wallet_whose_key_was_found_within_the_hour_is_let_in_while_too_much_is_looked_up() -> Result<()> {
    let anchor = TestAnchor::new().await?;
    let good = WalletHost::with_key(wallet().account()).await?;
    transaction(&ask(&anchor, &good.domain()).await)?;
    anchor.clock.advance(Duration::from_secs(3599));
    let mut slow = Vec::new();
    for _ in 0..32 {
        slow.push(WalletHost::silent().await?);
    }
    let everybody = join_all(slow.iter().map(|host| async { ask(&anchor, &host.domain()).await }));
    let meanwhile = async {
        for host in &slow {
            host.wait_until_asked(1).await;
        }
        let answer = ask(&anchor, &good.domain()).await;
        assert_eq!(transaction_key(&answer)?, wallet().account().to_string());
        anchor.clock.advance(Duration::from_secs(1));
        assert_eq!(ask(&anchor, &good.domain()).await.status, 503, "that is too long ago");
        tokio::time::pause();
        tokio::time::advance(Duration::from_secs(5)).await;
        anyhow::Ok(())
    };
    let (_, meanwhile) = futures_util::join!(everybody, meanwhile);
    tokio::time::resume();
    meanwhile?;
    assert_eq!(good.asked(), 1);
    // where somebody can look, it is looked: the wallet has taken its key back
    good.say("404 Not Found", "");
    assert_eq!(ask(&anchor, &good.domain()).await.status, 400);
    assert_eq!(good.asked(), 2);
    Ok(())
}

#[actix_web::test]
async fn r_10_023_r_10_019_only_chosen_domains_are_verified() -> Result<()> {
    let host = WalletHost::with_key(wallet().account()).await?;
    let domain = host.domain();
    let lists = [
        ("SEP10_CLIENT_ATTRIBUTION_ALLOWLIST", "other.example".to_owned(), false),
        ("SEP10_CLIENT_ATTRIBUTION_ALLOWLIST", format!("other.example, {domain}"), true),
        ("SEP10_CLIENT_ATTRIBUTION_DENYLIST", domain.clone(), false),
        ("SEP10_CLIENT_ATTRIBUTION_DENYLIST", "*".to_owned(), false),
        ("SEP10_CLIENT_ATTRIBUTION_DENYLIST", "*.other.example".to_owned(), true),
        ("SEP10_CLIENT_ATTRIBUTION", "off".to_owned(), false),
    ];
    for (setting, value, verified) in lists {
        let anchor = TestAnchor::with(&[(setting, &value)], |builder| builder).await?;
        let before = host.asked();
        let challenge = transaction(&ask(&anchor, &domain).await)?;
        let operations = entries(&decoded(&challenge)?).len();
        assert_eq!(
            (operations, host.asked() - before),
            (2 + usize::from(verified), u32::from(verified)),
            "{value}"
        );
    }
    let both =
        [("SEP10_CLIENT_ATTRIBUTION_ALLOWLIST", "*"), ("SEP10_CLIENT_ATTRIBUTION_DENYLIST", domain.as_str())];
    let anchor = TestAnchor::with(&both, |builder| builder).await?;
    let challenge = transaction(&ask(&anchor, &domain).await)?;
    assert_eq!(entries(&decoded(&challenge)?).len(), 2, "denied although allowed");
    Ok(())
}

#[actix_web::test]
async fn r_10_023_r_10_026_anchor_for_known_wallets_only() -> Result<()> {
    let host = WalletHost::with_key(wallet().account()).await?;
    let other = WalletHost::with_key(wallet().account()).await?;
    let settings =
        [("SEP10_CLIENT_ATTRIBUTION", "required"), ("SEP10_CLIENT_ATTRIBUTION_ALLOWLIST", &host.domain())];
    let anchor = TestAnchor::with(&settings, |builder| builder).await?;
    let anonymous = anchor.get(&format!("/auth?account={}", samples::user().account()), "").await;
    assert_eq!(anonymous.status, 400);
    assert!(anonymous.error()?.contains("client_domain is required"));
    let refused = ask(&anchor, &other.domain()).await;
    assert_eq!((refused.status, other.asked()), (403, 0));
    refused.error()?;
    transaction(&ask(&anchor, &host.domain()).await)?;
    Ok(())
}

#[actix_web::test]
async fn r_10_057_key_of_the_wallet_is_nobodys_account() -> Result<()> {
    let anchor = TestAnchor::new().await?;
    let of_user = WalletHost::with_key(samples::user().account()).await?;
    let of_server = WalletHost::with_key(anchor.anchor.config().signing_key.account()).await?;
    for host in [of_user, of_server] {
        let answer = ask(&anchor, &host.domain()).await;
        assert_eq!(answer.status, 400);
        answer.error()?;
    }
    Ok(())
}
