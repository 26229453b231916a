//! What a log may not know.

use anchor_core::account::Account;
use anchor_core::testing::fakes::samples;
use anchor_tests::logs::Log;
use anchor_tests::wallet_host::WalletHost;
use anchor_tests::web::TestAnchor;
use anyhow::Result;

use super::sep10::key;

#[actix_web::test]
async fn peer_s_10_17_r_23_008_neither_memos_nor_seeds_nor_tokens_are_logged() -> Result<()> {
    let anchor = TestAnchor::new().await?;
    let account = samples::user().account();
    let wallet = WalletHost::with_key(key(40).account()).await?;
    let mut secrets = vec!["7777777777777".to_owned(), samples::user().to_strkey().expose().clone()];

    let log = Log::of_this_thread();
    let query = format!("account={account}&memo=7777777777777&client_domain={}", wallet.domain());
    let challenge = anchor.challenge(&query).await?;
    let answer = anchor.redeem(&challenge, &[&samples::user(), &key(40)]).await?;
    assert_eq!(answer.status, 200);
    let muxed = Account::Muxed { account, id: 88_888_888_888 }.to_string();
    secrets.push(anchor.log_in_as(&format!("account={muxed}"), &samples::user()).await?);
    secrets.push(muxed);
    // what users paste into the wrong field
    assert_eq!(anchor.get(&format!("/auth?account={}", secrets[1]), "").await.status, 400);

    secrets.push(answer.json()?["token"].as_str().unwrap().to_owned());
    secrets.push(challenge);
    let text = log.end()?;
    assert!(text.contains("a wallet authenticated") && text.contains(&account.to_string()), "{text}");
    for secret in secrets {
        assert!(!text.contains(&secret), "{text}");
    }
    Ok(())
}
