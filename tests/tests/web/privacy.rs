//! One user never sees what belongs to another, and cannot find out that it is there.

use anchor_core::account::{Account, Sharing};
use anchor_core::keys::SigningKey;
use anchor_core::testing::fakes::samples;
use anchor_tests::web::TestAnchor;
use anyhow::Result;
use serde_json::json;

#[actix_web::test]
async fn peer_r_24_102_r_24_013_r_10_098_t_24_04_other_users_get_the_404_of_nothing() -> Result<()> {
    let anchor = TestAnchor::new().await?;
    let account = samples::user().account();
    let muxed = |id| Account::Muxed { account, id };
    // even where the operator lets one account be used in both ways
    anchor.anchor.store().sharing_put(&account, Sharing::Both).await?;
    let stranger = SigningKey::from_seed([9; 32]);
    // users of one account, and somebody else
    let users = [
        anchor.log_in(&samples::user()).await?,
        anchor.log_in_as(&format!("account={account}&memo=0"), &samples::user()).await?,
        anchor.log_in_as(&format!("account={account}&memo=1"), &samples::user()).await?,
        anchor.log_in_as(&format!("account={}", muxed(2)), &samples::user()).await?,
        anchor.log_in(&stranger).await?,
    ];
    let nothing = anchor.get("/sep24/transaction?id=9b1deb4d-3b7d-4bad-9bdd-2b0d7b3dcb6d", &users[0]).await;
    assert_eq!(nothing.status, 404);
    for (owner, token) in users.iter().enumerate() {
        let id = anchor.start("deposit", token, json!({ "asset_code": "USDC" })).await?.id;
        for (reader, token) in users.iter().enumerate() {
            let answer = anchor.get(&format!("/sep24/transaction?id={id}"), token).await;
            let listed = anchor.get("/sep24/transactions?asset_code=USDC", token).await.json()?;
            let listed =
                listed["transactions"].as_array().unwrap().iter().any(|one| one["id"] == id.to_string());
            if owner == reader {
                assert_eq!((answer.status, listed), (200, true), "{owner}");
            } else {
                assert_eq!((answer.status, listed), (404, false), "{owner} {reader}");
                assert_eq!(answer.body, nothing.body, "the same 404 as for nothing");
            }
        }
    }
    Ok(())
}

#[actix_web::test]
async fn r_24_015_muxed_address_and_memo_with_one_number_are_one_user() -> Result<()> {
    let anchor = TestAnchor::new().await?;
    let account = samples::user().account();
    let by_memo = anchor.log_in_as(&format!("account={account}&memo=7"), &samples::user()).await?;
    let by_address = Account::Muxed { account, id: 7 };
    let by_address = anchor.log_in_as(&format!("account={by_address}"), &samples::user()).await?;
    let started = anchor.start("deposit", &by_memo, json!({ "asset_code": "USDC" })).await?;
    assert_eq!(anchor.shown(&started, &by_address).await?["id"], started.id.to_string());
    Ok(())
}

#[actix_web::test]
async fn r_24_096_place_in_somebody_elses_list_is_no_place() -> Result<()> {
    let anchor = TestAnchor::new().await?;
    let mine = anchor.log_in(&samples::user()).await?;
    let other = anchor.log_in(&SigningKey::from_seed([9; 32])).await?;
    anchor.start("deposit", &mine, json!({ "asset_code": "USDC" })).await?;
    let foreign = anchor.start("deposit", &other, json!({ "asset_code": "USDC" })).await?.id;
    let unknown = "9b1deb4d-3b7d-4bad-9bdd-2b0d7b3dcb6d";
    let ask = async |id: &str| {
        anchor.get(&format!("/sep24/transactions?asset_code=USDC&paging_id={id}"), &mine).await.body
    };
    assert_eq!(ask(&foreign.to_string()).await, ask(unknown).await);
    Ok(())
}

#[actix_web::test]
async fn r_24_095_account_in_the_query_is_not_looked_at() -> Result<()> {
    let anchor = TestAnchor::new().await?;
    let mine = anchor.log_in(&samples::user()).await?;
    let other = anchor.log_in(&SigningKey::from_seed([9; 32])).await?;
    anchor.start("deposit", &mine, json!({ "asset_code": "USDC" })).await?;
    let path = format!("/sep24/transactions?asset_code=USDC&account={}", samples::user().account());
    assert_eq!(anchor.get(&path, &other).await.json()?["transactions"], json!([]));
    Ok(())
}
