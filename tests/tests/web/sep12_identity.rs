//! Whom a request is about: token, account, memo and id.

use anchor_core::testing::fakes::samples;
use anyhow::Result;
use serde_json::json;

use crate::sep12::{ada, asking, assert_refused, erase, put, put_ok, show};

#[actix_web::test]
async fn r_12_013_r_12_014_account_of_the_token_is_meant_and_no_other() -> Result<()> {
    let (anchor, _) = asking(&[]).await?;
    let user = samples::user();
    let token = anchor.log_in(&user).await?;
    let id = put_ok(&anchor, &token, ada()).await?;
    assert_eq!(show(&anchor, &token, "").await?["id"].as_str(), Some(&*id));
    assert_eq!(
        show(&anchor, &token, &format!("account={}", user.account())).await?["id"].as_str(),
        Some(&*id)
    );
    let other = samples::issuer().account();
    assert_refused(
        &anchor.get(&format!("/sep12/customer?account={other}"), &token).await,
        403,
        "another account",
    );
    assert_refused(
        &put(&anchor, &token, json!({ "account": other.to_string() })).await,
        403,
        "another account",
    );
    assert_refused(&anchor.get("/sep12/customer?account=GABC", &token).await, 400, "no account");
    Ok(())
}

#[actix_web::test]
async fn r_me_008_r_12_015_r_12_016_r_12_018_r_12_064_memo_has_to_be_the_tokens() -> Result<()> {
    let (anchor, _) = asking(&[]).await?;
    let user = samples::user();
    let base = format!("account={}", user.account());
    let bare = anchor.log_in(&user).await?;
    let seven = anchor.log_in_as(&format!("{base}&memo=7"), &user).await?;
    let muxed = anchor_core::account::Account::Muxed { account: user.account(), id: 7 };
    let muxed_token = anchor.log_in_as(&format!("account={muxed}"), &user).await?;
    let id = put_ok(&anchor, &seven, ada()).await?;
    for (token, query, status) in [
        (&seven, "memo=7", 200),
        (&seven, "memo=007", 200),
        (&seven, "", 200),
        (&seven, "memo=8", 403),
        (&seven, "memo=x", 403),
        // whatever the type says: the token's is a number
        (&seven, "memo=7&memo_type=hash", 200),
        (&muxed_token, "memo=7", 200),
        (&muxed_token, "", 200),
        (&muxed_token, "memo=8", 403),
        (&bare, "memo=7", 200),
        (&bare, "memo=8", 200),
    ] {
        let answer = anchor.get(&format!("/sep12/customer?{query}"), token).await;
        assert_eq!(answer.status, status, "{query}: {answer:?}");
        let is_other = token == &bare && query == "memo=8";
        if status == 200 {
            assert_eq!(answer.json()?["id"].as_str(), (!is_other).then_some(&*id), "{query}");
        }
    }
    let own = put_ok(&anchor, &bare, ada()).await?;
    let eight = put_ok(&anchor, &bare, json!({ "memo": 8, "first_name": "Eight" })).await?;
    assert!(own != id && eight != id && own != eight);
    let base_of_muxed = show(&anchor, &muxed_token, &format!("{base}&memo=7")).await?;
    assert_eq!(base_of_muxed["id"].as_str(), Some(&*id));
    Ok(())
}

#[actix_web::test]
async fn r_12_017_contract_has_no_memo() -> Result<()> {
    use anchor_core::account::Subject;
    use anchor_core::ops::customer::{CustomerError, CustomerRefusal, CustomerRequest, resolve};
    let (anchor, _) = asking(&[]).await?;
    // below the door; what is answered at it stands with the tests of SEP-45
    let contract: Subject = "CA7QYNF7SOWQ3GLR2BGMZEHXAVIRZA4KVWLTJJFC7MGXUA74P7UJUWDA".parse()?;
    let with_memo = CustomerRequest { memo: Some("7".to_owned()), ..CustomerRequest::default() };
    let refused = resolve(&anchor.anchor, &contract, &with_memo).await;
    assert!(matches!(refused, Err(CustomerError::Refused(CustomerRefusal::MemoOfContract))));
    assert!(resolve(&anchor.anchor, &contract, &CustomerRequest::default()).await?.customer.is_none());
    Ok(())
}

#[actix_web::test]
async fn r_12_019_r_12_020_memos_of_old_clients_have_their_form() -> Result<()> {
    let (anchor, _) = asking(&[]).await?;
    let token = anchor.log_in(&samples::user()).await?;
    let hash = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
    for (memo, memo_type, status) in [
        (hash, "hash", 202),
        ("abc", "text", 202),
        ("12", "id", 202),
        ("12", "text", 202),
        (&hash[..20], "hash", 400),
        ("12345678901234567890123456789", "text", 400),
        ("18446744073709551616", "id", 400),
        ("12", "return", 400),
        ("12", "other", 400),
        ("abc", "", 400),
        ("2bf95490-db23-442d-a1bd-c6fd5efb584e", "", 400),
    ] {
        let body = json!({ "memo": memo, "memo_type": memo_type, "first_name": "Ada" });
        let answer = put(&anchor, &token, body).await;
        assert_eq!(answer.status, status, "{memo} {memo_type}: {answer:?}");
    }
    let ids = [("12", "id"), ("12", "text")];
    let mut found = Vec::new();
    for (memo, memo_type) in ids {
        found.push(show(&anchor, &token, &format!("memo={memo}&memo_type={memo_type}")).await?["id"].clone());
    }
    assert!(found[0] != found[1] && found.iter().all(serde_json::Value::is_string));
    let (lenient, _) = asking(&[("CUSTOMER_TEXT_MEMOS", "1")]).await?;
    let token = lenient.log_in(&samples::user()).await?;
    put_ok(&lenient, &token, json!({ "memo": "abc" })).await?;
    Ok(())
}

#[actix_web::test]
async fn r_12_023_r_12_058_id_stands_alone_or_with_its_own_memo() -> Result<()> {
    let (anchor, _) = asking(&[]).await?;
    let token = anchor.log_in(&samples::user()).await?;
    let id = put_ok(&anchor, &token, json!({ "memo": 7, "first_name": "Ada" })).await?;
    for (query, status) in [("", 200), ("&memo=7", 200), ("&memo=8", 400)] {
        let answer = anchor.get(&format!("/sep12/customer?id={id}{query}"), &token).await;
        assert_eq!(answer.status, status, "{query}");
    }
    assert_eq!(put_ok(&anchor, &token, json!({ "id": id, "last_name": "Lovelace" })).await?, id);
    for nobody in ["9b1deb4d-3b7d-4bad-9bdd-2b0d7b3dcb6d", "x", "%00"] {
        let answer = anchor.get(&format!("/sep12/customer?id={nobody}"), &token).await;
        assert_refused(&answer, 404, nobody);
    }
    Ok(())
}

#[actix_web::test]
async fn r_12_076_r_12_077_r_12_079_r_12_080_r_12_081_r_12_082_erasure_is_for_the_owner_and_for_ever()
-> Result<()> {
    let (anchor, customers) = asking(&[]).await?;
    let (user, other) = (samples::user(), samples::issuer());
    let (account, base) = (user.account().to_string(), format!("account={}", user.account()));
    let bare = anchor.log_in(&user).await?;
    let seven = anchor.log_in_as(&format!("{base}&memo=7"), &user).await?;
    let (own, of_seven) = (put_ok(&anchor, &bare, ada()).await?, put_ok(&anchor, &seven, ada()).await?);
    let stranger = anchor.log_in(&other).await?;
    assert_refused(&erase(&anchor, &stranger, &account).await, 401, "another account");
    assert_refused(&erase(&anchor, &bare, "GABC").await, 400, "no account");
    // a user with a memo erases itself, and not everybody
    assert_eq!(erase(&anchor, &seven, &account).await.status, 200);
    assert_refused(&erase(&anchor, &seven, &account).await, 404, "a second time");
    assert_refused(&anchor.get(&format!("/sep12/customer?id={of_seven}"), &bare).await, 404, "it is gone");
    assert_eq!(show(&anchor, &bare, "").await?["id"].as_str(), Some(&*own));
    let stranger = show(&anchor, &seven, "type=sep6").await?;
    assert!(stranger.get("id").is_none() && stranger.get("provided_fields").is_none());
    // the bare account erases itself, or who is named
    let eight = put_ok(&anchor, &bare, json!({ "memo": 8 })).await?;
    customers.fall_silent(true);
    assert_refused(&erase(&anchor, &bare, &account).await, 503, "the business has to forget first");
    customers.fall_silent(false);
    assert_eq!(erase(&anchor, &bare, &account).await.status, 200);
    assert_eq!(show(&anchor, &bare, "memo=8").await?["id"].as_str(), Some(&*eight));
    let body =
        crate::sep12::request(actix_web::http::Method::DELETE, &format!("/sep12/customer/{account}"), &bare);
    assert_eq!(anchor.call(body.set_form([("memo", "8"), ("memo_type", "id")])).await.status, 200);
    let erased: Vec<_> = customers.erased().iter().map(ToString::to_string).collect();
    assert_eq!(erased, [of_seven, own, eight]);
    Ok(())
}
