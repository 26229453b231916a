//! What is asked for, and wallets that want to be known by their domain.

use actix_web::http::Method;
use actix_web::test::TestRequest;
use anchor_core::testing::fakes::samples;
use anchor_devnet::ContractKind;
use anchor_tests::contract_wallet::{Expected, arguments, credentials, credentials_mut, sign};
use anchor_tests::wallet_host::WalletHost;
use anchor_tests::web::TestAnchor;
use anyhow::{Context as _, Result};
use stellar_xdr::{ScVal, SorobanAuthorizationEntry};

use super::sep10::claims;
use super::sep45_stand::{LEDGERS, PATH, Stand, client, entries, of_account, on_devnet, web_auth};

const WALLET: u8 = 60;

fn wallet() -> anchor_core::keys::SigningKey {
    super::sep10::key(WALLET)
}

/// A stand, a wallet's host, and a challenge that names it.
async fn asked() -> Result<(Stand, WalletHost, Vec<SorobanAuthorizationEntry>)> {
    let stand = Stand::new().await?;
    stand.devnet.fund(&on_devnet(&wallet().account())).await?;
    let host = WalletHost::with_key(wallet().account()).await?;
    let answer = stand.ask(&client(), &format!("&client_domain={}", host.domain())).await;
    let entries = entries(&answer)?;
    Ok((stand, host, entries))
}

fn sign_as_wallet(stand: &Stand, entries: &mut [SorobanAuthorizationEntry]) -> Result<()> {
    let network = &stand.anchor.anchor.config().network;
    sign(of_account(entries, &wallet().account())?, &wallet(), stand.latest() + LEDGERS, network)
}

#[actix_web::test]
async fn r_45_009_r_45_014_r_45_016_r_45_036_r_45_040_wallet_that_signs_is_known_by_its_domain() -> Result<()>
{
    let (stand, host, mut entries) = asked().await?;
    assert_eq!(entries.len(), 3);
    let mut expected = Expected::new(
        web_auth(),
        samples::distribution().account(),
        client(),
        "localhost:8000",
        "localhost:8000",
    );
    expected.client_domain = Some((host.domain(), wallet().account()));
    expected.check(&entries, &stand.anchor.anchor.config().network)?;
    let theirs = credentials(of_account(&mut entries, &wallet().account())?)?.clone();
    assert_eq!((theirs.signature, theirs.signature_expiration_ledger), (ScVal::Void, 0));
    stand.sign(&mut entries, &super::sep45_stand::key())?;
    sign_as_wallet(&stand, &mut entries)?;
    let answer = stand.send(&entries).await?;
    assert_eq!(answer.status, 200, "{answer:?}");
    let claims = claims(answer.json()?["token"].as_str().context("a token")?)?;
    assert_eq!(claims["client_domain"], host.domain());
    assert_eq!(claims["sub"], client().to_string());
    Ok(())
}

#[actix_web::test]
async fn r_45_040_t_45_18_wallet_that_did_not_sign_is_nobodys_domain() -> Result<()> {
    let (stand, _host, mut entries) = asked().await?;
    stand.sign(&mut entries, &super::sep45_stand::key())?;
    let unsigned = stand.send(&entries).await?;
    assert_eq!((unsigned.status, unsigned.error()?.contains("not signed")), (400, true));
    // without the entry
    let two: Vec<_> = entries[..2].to_vec();
    let missing = stand.send(&two).await?;
    assert_eq!((missing.status, missing.error()?.contains("client domain")), (400, true));
    // signed by somebody else
    let network = stand.anchor.anchor.config().network.clone();
    let other = super::sep10::key(61);
    sign(of_account(&mut entries, &wallet().account())?, &other, stand.latest() + LEDGERS, &network)?;
    assert_eq!(stand.send(&entries).await?.status, 400);
    // an entry of somebody else instead
    let mut swapped = entries.clone();
    let entry = of_account(&mut swapped, &wallet().account())?;
    credentials_mut(entry)?.address = anchor_tests::contract_wallet::account(&other.account());
    sign(entry, &other, stand.latest() + LEDGERS, &network)?;
    assert_eq!(stand.send(&swapped).await?.status, 400);
    // none of it used up the challenge
    sign_as_wallet(&stand, &mut entries)?;
    assert_eq!(stand.send(&entries).await?.status, 200);
    Ok(())
}

#[actix_web::test]
async fn r_45_040_r_45_063_contract_that_does_not_ask_the_wallet_proves_no_domain() -> Result<()> {
    let (stand, _host, mut entries) = asked().await?;
    stand.devnet.install_contract(*web_auth().as_bytes(), ContractKind::Incurious);
    stand.sign(&mut entries, &super::sep45_stand::key())?;
    // signed by somebody else: the contract would not notice
    let other = super::sep10::key(61);
    let network = stand.anchor.anchor.config().network.clone();
    sign(of_account(&mut entries, &wallet().account())?, &other, stand.latest() + LEDGERS, &network)?;
    let answer = stand.send(&entries).await?;
    assert_eq!((answer.status, answer.error()?.contains("client domain")), (400, true));
    // who names no domain is let in
    stand.log_in().await?;
    Ok(())
}

#[actix_web::test]
async fn r_45_008_domains_that_are_not_verified_are_as_if_not_sent() -> Result<()> {
    let host = WalletHost::with_key(wallet().account()).await?;
    let query = format!("&client_domain={}", host.domain());
    for (setting, value) in [("SEP10_CLIENT_ATTRIBUTION", "off"), ("SEP10_CLIENT_ATTRIBUTION_DENYLIST", "*")]
    {
        let stand = Stand::with(&[(setting, value)], |devnet| devnet).await?;
        let entries = entries(&stand.ask(&client(), &query).await)?;
        assert_eq!((entries.len(), host.asked()), (2, 0));
        assert!(arguments(&entries[0])?.iter().all(|(name, _)| !name.starts_with("client_domain")));
    }
    let settings = [("SEP10_CLIENT_ATTRIBUTION", "required")];
    let stand = Stand::with(&settings, |devnet| devnet).await?;
    assert_eq!(stand.ask(&client(), "").await.status, 400);
    assert_eq!(stand.ask(&client(), &query).await.status, 200);
    Ok(())
}

#[actix_web::test]
async fn r_45_009_wallet_whose_key_cannot_be_had_is_400() -> Result<()> {
    let stand = Stand::new().await?;
    let files = [
        "",
        "SIGNING_KEY = \"nonsense\"",
        "SIGNING_KEY = 5",
        // a contract is no key
        "SIGNING_KEY = \"CA7QYNF7SOWQ3GLR2BGMZEHXAVIRZA4KVWLTJJFC7MGXUA74P7UJUWDA\"",
    ];
    for file in files {
        let host = WalletHost::silent().await?;
        host.serve(file);
        let answer = stand.ask(&client(), &format!("&client_domain={}", host.domain())).await;
        assert_eq!(answer.status, 400, "{file}");
        answer.error()?;
    }
    // our own key would sign for everybody
    let host = WalletHost::with_key(samples::distribution().account()).await?;
    let answer = stand.ask(&client(), &format!("&client_domain={}", host.domain())).await;
    assert_eq!(answer.status, 400);
    for domain in ["https://wallet.example", "10.0.0.1", "wallet", "a%20b"] {
        assert_eq!(stand.ask(&client(), &format!("&client_domain={domain}")).await.status, 400, "{domain}");
    }
    Ok(())
}

#[actix_web::test]
async fn r_45_006_r_45_007_r_45_010_r_45_011_t_45_19_only_contracts_are_asked_to_sign_here() -> Result<()> {
    let stand = Stand::new().await?;
    let client = client().to_string();
    let lower = client.to_lowercase();
    let broken = format!("{}A", &client[..55]);
    let home = "home_domain=localhost:8000";
    for query in [
        home.to_owned(),
        format!("account=&{home}"),
        format!("account={}&{home}", samples::user().account()),
        format!("account=MA7QYNF7SOWQ3GLR2BGMZEHXAVIRZA4KVWLTJJFC7MGXUA74P7UJUAAAAAAAAAAAACJUQ&{home}"),
        format!("account={lower}&{home}"),
        format!("account={broken}&{home}"),
        format!("account={client}%20&{home}"),
        format!("account={client}&account={client}&{home}"),
        // the contract of all challenges is nobody's account
        format!("account={}&{home}", web_auth()),
        format!("account={client}"),
        format!("account={client}&home_domain="),
        format!("account={client}&home_domain=evil.example"),
        format!("account={client}&home_domain=localhost"),
        format!("account={client}&{home}&memo=1"),
        format!("account={client}&{home}&memo="),
    ] {
        let answer = stand.anchor.get(&format!("{PATH}?{query}"), "").await;
        assert_eq!(answer.status, 400, "{query}");
        answer.error()?;
    }
    // the other door says where contracts go
    let answer = stand.anchor.get(&format!("/auth?account={client}"), "").await;
    assert_eq!(answer.status, 400);
    Ok(())
}

#[actix_web::test]
async fn r_45_003_server_need_not_be_of_its_home_domain() -> Result<()> {
    let settings = [
        ("SEP10_HOME_DOMAINS", "anchor.example, *.anchor.example"),
        ("HOST_URL", "https://login.example"),
        ("LOCAL_MODE", "0"),
    ];
    let stand = Stand::with(&settings, |devnet| devnet).await?;
    for home in ["anchor.example", "eu.anchor.example"] {
        let query = format!("{PATH}?account={}&home_domain={home}", client());
        let mut entries = entries(&stand.anchor.get(&query, "").await)?;
        let arguments = arguments(&entries[0])?;
        assert_eq!((&*arguments[1].1, &*arguments[3].1), (home, "login.example"));
        stand.sign(&mut entries, &super::sep45_stand::key())?;
        let answer = stand.send(&entries).await?;
        let claims = claims(answer.json()?["token"].as_str().context("a token")?)?;
        assert_eq!(
            (claims["iss"].as_str(), claims["home_domain"].as_str()),
            (Some("https://login.example"), Some(home))
        );
    }
    Ok(())
}

#[actix_web::test]
async fn r_45_004_every_answer_is_open_to_all_pages() -> Result<()> {
    let stand = Stand::new().await?;
    for method in ["GET", "POST"] {
        let request = TestRequest::default()
            .method(Method::OPTIONS)
            .uri(PATH)
            .insert_header(("origin", "https://wallet.example"))
            .insert_header(("access-control-request-method", method))
            .insert_header(("access-control-request-headers", "content-type"));
        let answer = stand.anchor.call(request).await;
        assert!((200..300).contains(&answer.status));
        assert_eq!(answer.header("access-control-allow-origin"), "*");
        assert!(answer.header("access-control-allow-methods").contains(method));
    }
    assert_eq!(stand.ask(&client(), "").await.header("access-control-allow-origin"), "*");
    assert_eq!(stand.anchor.get(PATH, "").await.header("access-control-allow-origin"), "*");
    let wrong = stand.anchor.call(TestRequest::default().method(Method::DELETE).uri(PATH)).await;
    assert_eq!((wrong.status, wrong.header("access-control-allow-origin")), (405, "*"));
    Ok(())
}

#[actix_web::test]
async fn without_a_contract_there_is_no_such_endpoint() -> Result<()> {
    let off = TestAnchor::new().await?;
    assert_eq!(off.get(&format!("{PATH}?account={}", client()), "").await.status, 404);
    let file = off.get("/.well-known/stellar.toml", "").await;
    assert!(!std::str::from_utf8(&file.body)?.contains("CONTRACT"));
    // nor where the protocol is not among those that are spoken
    let stand = Stand::with(&[("ACTIVE_SEPS", "sep-1,sep-10,sep-24")], |devnet| devnet).await?;
    assert_eq!(stand.ask(&client(), "").await.status, 404);
    for (name, value) in [
        ("WEB_AUTH_CONTRACT_ID", "GA7QYNF7SOWQ3GLR2BGMZEHXAVIRZA4KVWLTJJFC7MGXUA74P7UJVSGZ"),
        ("WEB_AUTH_CONTRACT_HASH", "abc"),
        ("SEP45_RPC_URI", "rpc.example"),
    ] {
        let contract = web_auth().to_string();
        let settings = [("WEB_AUTH_CONTRACT_ID", contract.as_str()), ("SEP45_RPC_URI", "http://localhost:1")];
        let settings: Vec<_> = [(name, value)]
            .into_iter()
            .chain(settings.into_iter().filter(|(known, _)| *known != name))
            .collect();
        let error = TestAnchor::with(&settings, |builder| builder).await.expect_err("refused");
        assert!(format!("{error:#}").contains(name), "{error:#}");
    }
    let alone = [("WEB_AUTH_CONTRACT_ID", &*web_auth().to_string())];
    let error = TestAnchor::with(&alone, |builder| builder).await.expect_err("nobody to ask");
    assert!(format!("{error:#}").contains("SEP45_RPC_URI"), "{error:#}");
    Ok(())
}

#[actix_web::test]
async fn both_doors_count_together() -> Result<()> {
    let stand = Stand::with(&[("SEP10_REQUESTS_PER_MINUTE", "2")], |devnet| devnet).await?;
    assert_eq!(stand.ask(&client(), "").await.status, 200);
    let account = samples::user().account();
    assert_eq!(stand.anchor.get(&format!("/auth?account={account}"), "").await.status, 200);
    let answer = stand.ask(&client(), "").await;
    assert_eq!((answer.status, answer.header("retry-after").is_empty()), (429, false));
    answer.error()?;
    Ok(())
}
