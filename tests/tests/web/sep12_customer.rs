//! What a wallet is told of a customer, and what it sends.

use actix_web::http::Method;
use anchor_core::clock::Clock as _;
use anchor_core::customer::{Decision, WantedField};
use anchor_core::integration::{AskedField, Review};
use anchor_core::ops::customer::decide;
use anchor_core::testing::fakes::samples;
use anyhow::Result;
use serde_json::{Value, json};

use crate::sep12::{ada, asking, assert_refused, put, put_ok, request, show};

fn keys(value: &Value) -> Vec<&str> {
    value.as_object().map(|object| object.keys().map(String::as_str).collect()).unwrap_or_default()
}

#[actix_web::test]
async fn r_12_032_r_12_034_r_12_036_r_12_043_r_12_055_stranger_is_told_what_is_needed() -> Result<()> {
    let (anchor, _) = asking(&[]).await?;
    let token = anchor.log_in(&samples::user()).await?;
    let shown = show(&anchor, &token, "type=sep6").await?;
    assert_eq!(keys(&shown), ["fields", "status"], "no id");
    assert_eq!(shown["status"], "NEEDS_INFO");
    assert_eq!(keys(&shown["fields"]), ["address", "email_address", "first_name", "last_name"]);
    assert_eq!(
        shown["fields"]["first_name"],
        json!({ "type": "string", "description": "First name", "optional": false })
    );
    assert_eq!(shown["fields"]["address"]["optional"], true);
    assert_eq!(show(&anchor, &token, "").await?, shown, "the first type is meant");
    assert!(anchor.anchor.store().customer_list(None, 1).await?.is_empty(), "nobody was registered");
    Ok(())
}

#[actix_web::test]
async fn r_12_025_r_12_033_r_12_053_r_12_054_type_and_language_are_the_wallets() -> Result<()> {
    let (anchor, _) = asking(&[]).await?;
    let token = anchor.log_in(&samples::user()).await?;
    for (language, text) in
        [("es", "Nombre"), ("pt", "Nome próprio"), ("fr", "Prénom"), ("xx", "First name"), ("", "First name")]
    {
        let shown = show(&anchor, &token, &format!("lang={language}")).await?;
        assert_eq!(shown["fields"]["first_name"]["description"], text, "{language}");
    }
    let bad = ["type=other", "type=sep6&type=large", "id=a&id=b", "first_name=Ada", "organization.name=x"];
    for query in bad {
        assert_refused(&anchor.get(&format!("/sep12/customer?{query}"), &token).await, 400, query);
    }
    assert_refused(&put(&anchor, &token, json!({ "type": "other" })).await, 400, "an unknown type");
    Ok(())
}

#[actix_web::test]
async fn r_12_026_r_12_035_r_12_037_r_12_045_r_12_046_data_is_shared_and_standing_is_not() -> Result<()> {
    let (anchor, _) = asking(&[]).await?;
    let token = anchor.log_in(&samples::user()).await?;
    let id = put_ok(&anchor, &token, ada()).await?;
    let small = show(&anchor, &token, "type=sep6").await?;
    assert_eq!((&small["status"], &small["id"]), (&json!("ACCEPTED"), &json!(id)));
    assert_eq!(keys(&small["provided_fields"]), ["email_address", "first_name", "last_name"]);
    let provided = &small["provided_fields"]["last_name"];
    assert_eq!(keys(provided), ["description", "optional", "status", "type"], "never a value");
    assert_eq!(provided["status"], "ACCEPTED");
    let large = show(&anchor, &token, "type=large").await?;
    assert_eq!(large["status"], "NEEDS_INFO");
    assert_eq!(keys(&large["fields"]), ["colour", "photo_id_front"]);
    assert_eq!(large["fields"]["colour"]["description"], "Your favourite colour");
    assert_eq!(large["fields"]["colour"]["choices"], json!(["red", "green"]));
    assert_eq!(large["fields"]["photo_id_front"]["type"], "binary");
    // under the names by which this type asks
    assert_eq!(keys(&large["provided_fields"]), ["email_address", "family_name", "given_name"]);
    Ok(())
}

#[actix_web::test]
async fn r_12_039_r_12_040_r_12_041_r_12_048_r_12_051_what_is_thought_of_a_customer_is_told() -> Result<()> {
    let (anchor, customers) = asking(&[]).await?;
    let token = anchor.log_in(&samples::user()).await?;
    let id = put_ok(&anchor, &token, ada()).await?;
    customers.think(Some(Review::Processing { message: Some("soon".to_owned()) }));
    let shown = show(&anchor, &token, "").await?;
    assert_eq!((&shown["status"], &shown["message"]), (&json!("PROCESSING"), &json!("soon")));
    assert_eq!(shown["provided_fields"]["last_name"]["status"], "PROCESSING");
    let name =
        WantedField::sep9("last_name").map(|field| AskedField::new(field, Some("not readable".to_owned())));
    let tax = WantedField::sep9("tax_id").map(|field| AskedField::new(field, None));
    let fields = name.into_iter().chain(tax).collect();
    customers.think(Some(Review::NeedsInfo { fields, message: None }));
    let shown = show(&anchor, &token, "").await?;
    assert_eq!(shown["status"], "NEEDS_INFO");
    assert_eq!(keys(&shown["fields"]), ["address", "last_name", "tax_id"]);
    assert!(
        shown["fields"]["last_name"].get("error").is_none()
            && shown["fields"]["last_name"].get("status").is_none()
    );
    let refused = &shown["provided_fields"]["last_name"];
    assert_eq!((&refused["status"], &refused["error"]), (&json!("REJECTED"), &json!("not readable")));
    customers.fall_silent(true);
    assert_eq!(show(&anchor, &token, "").await?["status"], "PROCESSING", "nobody knows");
    customers.fall_silent(false);
    let rejected = Decision::Rejected { message: "We cannot serve you.".to_owned() };
    assert!(decide(anchor.anchor.store(), id.parse()?, "sep6", Some(rejected), anchor.clock.now()).await?);
    put_ok(&anchor, &token, json!({ "last_name": "Byron" })).await?;
    let shown = show(&anchor, &token, "").await?;
    assert_eq!((&shown["status"], &shown["message"]), (&json!("REJECTED"), &json!("We cannot serve you.")));
    assert!(shown.get("fields").is_none());
    Ok(())
}

#[actix_web::test]
async fn r_12_028_r_12_029_r_12_030_transaction_is_the_users_own() -> Result<()> {
    let (anchor, _) = asking(&[]).await?;
    let (token, stranger) =
        (anchor.log_in(&samples::user()).await?, anchor.log_in(&samples::issuer()).await?);
    let body = json!({ "asset_code": "USDC", "account": samples::user().account().to_string() });
    let started = anchor.start("deposit", &token, body).await?.id;
    assert_eq!(
        show(&anchor, &token, &format!("type=sep6&transaction_id={started}")).await?["status"],
        "NEEDS_INFO"
    );
    put_ok(&anchor, &token, json!({ "type": "sep6", "transaction_id": started.to_string() })).await?;
    let query = format!("/sep12/customer?transaction_id={started}");
    assert_refused(&anchor.get(&query, &token).await, 400, "without a type");
    let foreign = anchor.get(&format!("{query}&type=sep6"), &stranger).await;
    let unknown = "/sep12/customer?type=sep6&transaction_id=9b1deb4d-3b7d-4bad-9bdd-2b0d7b3dcb6d";
    let unknown = anchor.get(unknown, &stranger).await;
    assert_refused(&foreign, 404, "somebody else's");
    assert_eq!(foreign.body, unknown.body);
    Ok(())
}

#[actix_web::test]
async fn r_12_056_r_12_059_r_12_060_r_12_065_r_12_069_same_again_changes_nothing() -> Result<()> {
    let (anchor, _) = asking(&[]).await?;
    let token = anchor.log_in(&samples::user()).await?;
    let first = put(&anchor, &token, ada()).await;
    let id = first.json()?["id"].as_str().map(str::to_owned).unwrap_or_default();
    assert_eq!((first.status, first.json()?), (202, json!({ "id": id })), "nothing but the id");
    let stored = || anchor.anchor.store().customer_list(None, 9);
    let before = stored().await?;
    anchor.clock.advance(std::time::Duration::from_secs(60));
    assert_eq!(put(&anchor, &token, ada()).await.body, first.body);
    let after = stored().await?;
    assert_eq!((after.len(), &after[0].fields), (1, &before[0].fields));
    // an absent field stays, an empty one is a mistake, and a mistake stores nothing
    put_ok(&anchor, &token, json!({ "city": "London" })).await?;
    let before = stored().await?;
    for (bad, what) in [
        (json!({ "city": "Paris", "first_name": "" }), "empty"),
        (json!({ "city": "Paris", "birth_date": "4 July" }), "no day"),
        (json!({ "city": "Paris", "address_country_code": "FR" }), "two letters"),
        (json!({ "city": "Paris", "shoe_size": "44" }), "unknown"),
        (json!({ "city": "Paris", "photo_id_front": "aGVsbG8=" }), "a file as text"),
        (json!({ "city": "Paris", "organization": { "name": "x" } }), "nested"),
        (json!({ "city": "Paris", "colour": "blue" }), "not a choice"),
        (json!({ "city": "Paris", "tax_id_verification": "1" }), "no code awaited"),
    ] {
        assert_refused(&put(&anchor, &token, bad).await, 400, what);
        assert_eq!(stored().await?, before, "{what}");
    }
    Ok(())
}

#[actix_web::test]
async fn r_09_004_r_09_005_r_09_007_r_12_057_r_12_062_r_12_066_names_are_flat_and_none_is_dropped()
-> Result<()> {
    let (anchor, _) = asking(&[]).await?;
    let token = anchor.log_in(&samples::user()).await?;
    let flat = json!({ "organization.name": "A & Co", "card.token": "tok_1", "colour": "red" });
    put_ok(&anchor, &token, flat).await?;
    let shown = show(&anchor, &token, "type=large").await?;
    assert_eq!(keys(&shown["provided_fields"]), ["card.token", "colour", "organization.name"]);
    for (body, said) in [
        (json!({ "organization": { "name": "x" } }), "nested"),
        (json!({ "shoe_size": "44" }), "shoe_size"),
        (json!({ "First_name": "Ada" }), "First_name"),
        (json!({ "photo_id_front": "aGVsbG8=" }), "multipart/form-data"),
        (json!({ "first_name_file_id": "x" }), "not a file"),
    ] {
        let answer = put(&anchor, &token, body).await;
        assert_refused(&answer, 400, said);
        assert!(answer.error()?.contains(said), "{answer:?}");
    }
    Ok(())
}

#[actix_web::test]
async fn r_09_016_r_09_017_two_names_for_one_thing_agree() -> Result<()> {
    let (anchor, _) = asking(&[]).await?;
    let token = anchor.log_in(&samples::user()).await?;
    let different = json!({ "last_name": "Lovelace", "family_name": "Byron" });
    assert_refused(&put(&anchor, &token, different).await, 400, "different values");
    put_ok(&anchor, &token, json!({ "last_name": "Lovelace", "family_name": "Lovelace" })).await?;
    put_ok(&anchor, &token, json!({ "given_name": "Ada", "email_address": "ada@example.com" })).await?;
    let shown = show(&anchor, &token, "type=sep6").await?;
    assert_eq!(shown["status"], "ACCEPTED");
    assert_eq!(keys(&shown["provided_fields"]), ["email_address", "first_name", "last_name"]);
    Ok(())
}

#[actix_web::test]
async fn r_09_024_r_09_025_r_09_026_format_of_a_mobile_number_is_the_wallets() -> Result<()> {
    let (anchor, _) = asking(&[]).await?;
    let token = anchor.log_in(&samples::user()).await?;
    assert_refused(&put(&anchor, &token, json!({ "mobile_number": "a1b2" })).await, 400, "not E.164");
    let explicit = json!({ "mobile_number": "a1b2", "mobile_number_format": "E.164" });
    assert_refused(&put(&anchor, &token, explicit).await, 400, "not E.164 either");
    put_ok(&anchor, &token, json!({ "mobile_number": "a1b2", "mobile_number_format": "hash" })).await?;
    put_ok(&anchor, &token, json!({ "mobile_number": "c3d4" })).await?;
    Ok(())
}

#[actix_web::test]
async fn r_09_087_r_09_105_numbers_of_cards_are_never_taken() -> Result<()> {
    let (anchor, _) = asking(&[]).await?;
    let token = anchor.log_in(&samples::user()).await?;
    for body in [json!({ "card.number": "4242424242424242" }), json!({ "card.cvc": "123" })] {
        let answer = put(&anchor, &token, body).await;
        assert_refused(&answer, 400, "a card");
        assert!(answer.error()?.contains("card.token"));
    }
    put_ok(&anchor, &token, json!({ "card.token": "tok_1" })).await?;
    Ok(())
}

#[actix_web::test]
async fn r_12_047_r_12_070_r_12_071_r_12_072_r_12_073_r_12_074_code_proves_who_reads_it() -> Result<()> {
    let (anchor, customers) = asking(&[]).await?;
    let token = anchor.log_in(&samples::user()).await?;
    let number = "+14155550123";
    let id = put_ok(&anchor, &token, json!({ "type": "called", "mobile_number": number })).await?;
    let shown = show(&anchor, &token, "type=called").await?;
    assert_eq!((&shown["status"], &shown["fields"]), (&json!("NEEDS_INFO"), &json!({})));
    assert_eq!(shown["provided_fields"]["mobile_number"]["status"], "VERIFICATION_REQUIRED");
    let (field, to, code) = customers.codes().pop().unwrap_or_default();
    assert_eq!((&*field, &*to, code.len()), ("mobile_number", number, 6));
    put_ok(&anchor, &token, json!({ "mobile_number": number })).await?;
    assert_eq!(customers.codes().len(), 1, "the same again sends no other one");
    let wrong = if code == "000000" { "000001" } else { "000000" };
    for _ in 0..5 {
        let both = json!({ "mobile_number_verification": wrong, "city": "Paris" });
        assert_refused(&put(&anchor, &token, both).await, 400, "a wrong code");
    }
    assert!(show(&anchor, &token, "type=called").await?["provided_fields"].get("city").is_none());
    let right = put(&anchor, &token, json!({ "mobile_number_verification": code })).await;
    assert_refused(&right, 400, "too many tries");
    // another one, because that one has ended
    put_ok(&anchor, &token, json!({ "mobile_number": number })).await?;
    let (_, _, code) = customers.codes().pop().unwrap_or_default();
    anchor.clock.advance(std::time::Duration::from_secs(600));
    assert_refused(
        &put(&anchor, &token, json!({ "mobile_number_verification": code })).await,
        400,
        "too late",
    );
    put_ok(&anchor, &token, json!({ "mobile_number": number })).await?;
    let (_, _, code) = customers.codes().pop().unwrap_or_default();
    let changed = json!({ "mobile_number": "+14155550124", "mobile_number_verification": code });
    assert_refused(&put(&anchor, &token, changed).await, 400, "for another number");
    put_ok(&anchor, &token, json!({ "mobile_number_verification": code, "city": "London" })).await?;
    assert_eq!(show(&anchor, &token, "type=called").await?["status"], "ACCEPTED");
    assert_refused(&put(&anchor, &token, json!({ "mobile_number_verification": code })).await, 400, "used");
    // so many in an hour
    for last in ["5", "6"] {
        put_ok(&anchor, &token, json!({ "mobile_number": format!("+1415555012{last}") })).await?;
    }
    let answer = put(&anchor, &token, json!({ "mobile_number": "+14155550127" })).await;
    assert_refused(&answer, 400, "too many codes");
    assert_eq!(customers.codes().len(), 5);
    assert_eq!(show(&anchor, &token, "type=called").await?["id"].as_str(), Some(&*id));
    Ok(())
}

#[actix_web::test]
async fn r_12_075_old_way_to_send_codes_back_still_works() -> Result<()> {
    let (anchor, customers) = asking(&[]).await?;
    let token = anchor.log_in(&samples::user()).await?;
    let id = put_ok(&anchor, &token, json!({ "type": "called", "mobile_number": "+14155550123" })).await?;
    let (_, _, code) = customers.codes().pop().unwrap_or_default();
    let door = async |body: Value| {
        anchor.call(request(Method::PUT, "/sep12/customer/verification", &token).set_json(body)).await
    };
    assert_refused(&door(json!({ "mobile_number_verification": code })).await, 400, "no id");
    assert_refused(&door(json!({ "id": id })).await, 400, "no code");
    assert_refused(&door(json!({ "id": id, "city": "Paris" })).await, 400, "a field");
    assert_refused(&door(json!({ "id": "x", "mobile_number_verification": code })).await, 404, "nobody");
    let answer = door(json!({ "id": id, "mobile_number_verification": code })).await;
    assert_eq!((answer.status, &answer.json()?["status"]), (200, &json!("ACCEPTED")));
    assert_eq!(answer.json()?["provided_fields"]["mobile_number"]["status"], "ACCEPTED");
    Ok(())
}

#[actix_web::test]
async fn peer_codes_under_names_that_are_none_are_refused() -> Result<()> {
    let (anchor, _) = asking(&[]).await?;
    let token = anchor.log_in(&samples::user()).await?;
    let id = put_ok(&anchor, &token, ada()).await?;
    for name in [
        "verification",
        "_verification",
        "mobileverification",
        "x_verification",
        "mobile_number_verification",
    ] {
        let door = request(Method::PUT, "/sep12/customer/verification", &token);
        let answer = anchor.call(door.set_json(json!({ "id": id, name: "123456" }))).await;
        assert_refused(&answer, 400, name);
        assert_refused(&put(&anchor, &token, json!({ name: "123456" })).await, 400, name);
    }
    Ok(())
}
