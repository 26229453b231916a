//! Files: with a request, before it, and those that are refused.

use actix_web::http::Method;
use anchor_core::ops;
use anchor_core::testing::fakes::samples;
use anchor_tests::web::{Answer, TestAnchor};
use anyhow::{Context as _, Result};
use serde_json::{Value, json};

use crate::sep12::{asking, assert_refused, erase, put, put_ok, request, show};

/// One part: its name, the file's name if it has one, and the content.
type Part<'a> = (&'a str, Option<&'a str>, &'a [u8]);

fn body(parts: &[Part<'_>]) -> Vec<u8> {
    let mut body = Vec::new();
    for (name, file, content) in parts {
        let file = file.map(|file| format!("; filename=\"{file}\"")).unwrap_or_default();
        let head = format!("--b\r\ncontent-disposition: form-data; name=\"{name}\"{file}\r\n");
        body.extend_from_slice(format!("{head}content-type: image/gif\r\n\r\n").as_bytes());
        body.extend_from_slice(content);
        body.extend_from_slice(b"\r\n");
    }
    body.extend_from_slice(b"--b--\r\n");
    body
}

async fn send(anchor: &TestAnchor, method: Method, path: &str, token: &str, body: Vec<u8>) -> Answer {
    let request =
        request(method, path, token).insert_header(("content-type", "multipart/form-data; boundary=b"));
    anchor.call(request.set_payload(body)).await
}

async fn put_parts(anchor: &TestAnchor, token: &str, parts: &[Part<'_>]) -> Answer {
    send(anchor, Method::PUT, "/sep12/customer", token, body(parts)).await
}

async fn upload(anchor: &TestAnchor, token: &str, content: &[u8]) -> Answer {
    let parts = body(&[("file", Some("a.png"), content)]);
    send(anchor, Method::POST, "/sep12/customer/files", token, parts).await
}

#[actix_web::test]
async fn r_09_102_r_12_063_r_12_067_files_come_with_a_request_in_any_order() -> Result<()> {
    let (anchor, customers) = asking(&[]).await?;
    let token = anchor.log_in(&samples::user()).await?;
    let (photo, picture) = (samples::jpeg_with_place(), samples::png(2, 2));
    // also where bytes are not called a file, and whatever they are said to be
    let parts: [Part<'_>; 5] = [
        ("photo_id_front", Some("../../etc/passwd"), &photo),
        ("given_name", None, b"Ada"),
        ("photo_id_back", None, &picture),
        ("family_name", None, b"Lovelace"),
        ("colour", None, b"red"),
    ];
    let answer = put_parts(&anchor, &token, &parts).await;
    assert_eq!(answer.status, 202, "{answer:?}");
    let id = answer.json()?["id"].as_str().context("an id")?.to_owned();
    assert_eq!(show(&anchor, &token, "type=large").await?["status"], "PROCESSING");
    let files = anchor.anchor.store().customer_file_list(id.parse()?).await?;
    let kinds: Vec<_> = files.iter().map(|file| &*file.content_type).collect();
    assert_eq!(kinds.len(), 2);
    assert!(kinds.contains(&"image/jpeg") && kinds.contains(&"image/png"));
    // without what the camera said
    let kept = anchor_core::customer::upload::inspect(&photo)?.content.len();
    assert!(kept < photo.len() && files.iter().any(|file| usize::try_from(file.size) == Ok(kept)));
    customers.refuse_files(true);
    let answer = put_parts(&anchor, &token, &[("photo_id_front", Some("a"), &photo)]).await;
    assert_refused(&answer, 400, "the scanner's no");
    customers.refuse_files(false);
    customers.fall_silent(true);
    let answer = put_parts(&anchor, &token, &[("photo_id_front", Some("a"), &photo)]).await;
    assert_refused(&answer, 503, "the scanner's silence");
    assert_eq!(anchor.anchor.store().customer_file_list(id.parse()?).await?, files);
    Ok(())
}

#[actix_web::test]
async fn r_12_068_r_12_101_peer_bad_multipart_is_said_no_to() -> Result<()> {
    let (anchor, _) = asking(&[("FILE_BYTES_MAX", "100000")]).await?;
    let token = anchor.log_in(&samples::user()).await?;
    let (picture, large) = (samples::png(2, 2), [samples::png(2, 2), vec![0; 200_000]].concat());
    let bomb = samples::png(60_000, 60_000);
    let film: &[u8] = b"\0\0\0\x18ftypmp42";
    let cut = &picture[..picture.len() - 9];
    let zip: &[u8] = b"PK\x03\x04\x14\0\0\0\x08\0 a bomb";
    for (parts, status, what) in [
        (vec![("photo_id_front", Some("a"), &large[..])], 413, "too large a file"),
        (vec![("photo_id_front", Some("a"), &bomb[..])], 400, "too many pixels"),
        (vec![("photo_id_front", Some("a"), cut)], 400, "half a picture"),
        (vec![("photo_id_front", Some("a.png"), zip)], 400, "an archive"),
        (vec![("photo_id_front", Some("a"), &b""[..])], 400, "nothing"),
        (vec![("photo_id_front", Some("a"), film)], 400, "a film"),
        (vec![("first_name", Some("a"), &picture[..])], 400, "a file where text goes"),
        (vec![("shoe", Some("a"), &picture[..])], 400, "an unknown file"),
        (vec![("", Some("a"), &picture[..])], 400, "no name"),
        (vec![("city", None, &b"a"[..]), ("city", None, b"b")], 400, "a name twice"),
        (
            vec![("photo_id_front", Some("a"), &picture[..]), ("photo_id_front", Some("b"), &picture[..])],
            400,
            "a file twice",
        ),
        (vec![("city", None, &b"\xff\xfe"[..])], 400, "no UTF-8"),
        (vec![("city", None, &[b'a'; 5000][..])], 400, "too long a text"),
        (vec![("city", None, &b"a"[..]); 65], 400, "too many parts"),
    ] {
        assert_refused(&put_parts(&anchor, &token, &parts).await, status, what);
    }
    let torn = b"--b\r\ncontent-disposition: form-data; name=\"city\"\r\n\r\nLon".to_vec();
    let answer = send(&anchor, Method::PUT, "/sep12/customer", &token, torn).await;
    assert_refused(&answer, 400, "no end");
    assert!(anchor.anchor.store().customer_list(None, 1).await?.is_empty());
    let answer = put_parts(&anchor, &token, &[("proof_of_liveness", Some("a"), film)]).await;
    assert_eq!(answer.status, 202, "{answer:?}");
    // the usual limit is ten times a million and a bit
    let (usual, _) = asking(&[]).await?;
    let token = usual.log_in(&samples::user()).await?;
    let huge = vec![0; 20 * 1024 * 1024];
    assert_refused(&put_parts(&usual, &token, &[("photo_id_front", Some("a"), &huge)]).await, 413, "20 MiB");
    assert_refused(&upload(&usual, &token, &huge).await, 413, "20 MiB");
    Ok(())
}

#[actix_web::test]
async fn file_that_has_no_place_is_refused_before_it_is_read() -> Result<()> {
    let (anchor, _) = asking(&[("FILE_BYTES_MAX", "100000")]).await?;
    let token = anchor.log_in(&samples::user()).await?;
    // read, it would be too large
    let large = vec![0; 200_000];
    for name in ["shoe", "first_name", "file"] {
        assert_refused(&put_parts(&anchor, &token, &[(name, Some("a"), &large)]).await, 400, name);
    }
    let picture = samples::png(2, 2);
    for name in ["photo_id_front", "shoe", "file"] {
        let parts = body(&[("file", Some("a"), &picture), (name, Some("b"), &large)]);
        let answer = send(&anchor, Method::POST, "/sep12/customer/files", &token, parts).await;
        assert_refused(&answer, 400, name);
    }
    Ok(())
}

#[actix_web::test]
async fn files_that_nothing_refers_to_yet_are_erased_with_their_owner() -> Result<()> {
    let (anchor, _) = asking(&[]).await?;
    let token = anchor.log_in(&samples::user()).await?;
    let account = samples::user().account().to_string();
    let stranger = anchor.log_in(&samples::issuer()).await?;
    let picture = samples::png(2, 2);
    let file_id = async |token: &str| -> Result<anchor_core::id::FileId> {
        Ok(upload(&anchor, token, &picture).await.json()?["file_id"].as_str().context("an id")?.parse()?)
    };
    let others = file_id(&stranger).await?;
    let store = anchor.anchor.store();
    // without anything else, and beside a customer
    for is_registered in [false, true] {
        let file = file_id(&token).await?;
        if is_registered {
            put_ok(&anchor, &token, json!({ "city": "London" })).await?;
        }
        let answer = erase(&anchor, &token, &account).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        assert_eq!(store.customer_file_content(file).await?, None, "registered: {is_registered}");
        assert_refused(&erase(&anchor, &token, &account).await, 404, "nothing is left");
    }
    assert!(store.customer_file_content(others).await?.is_some());
    Ok(())
}

/// Somebody who never was a customer has told things all the same.
#[actix_web::test]
async fn what_was_told_with_a_request_is_erased_with_its_user() -> Result<()> {
    let (anchor, _) = asking(&[]).await?;
    let token = anchor.log_in(&samples::user()).await?;
    let account = samples::user().account().to_string();
    let stranger = anchor.log_in(&samples::issuer()).await?;
    let mut started = Vec::new();
    for token in [&token, &stranger] {
        let transaction = anchor.start("withdraw", token, json!({ "asset_code": "USDC" })).await?;
        let page = ops::form::SentPage {
            page: "amount".to_owned(),
            fields: [("amount".to_owned(), "20".to_owned())].into(),
            ..ops::form::SentPage::default()
        };
        ops::form::submit(&anchor.anchor, &transaction, "en", &page).await?;
        started.push(transaction.id);
    }
    // nothing is kept for the sake of what never comes
    anchor.clock.advance(std::time::Duration::from_secs(40 * 24 * 3600));
    let token = anchor.log_in(&samples::user()).await?;
    ops::expire::expire(&anchor.anchor, &ops::JobSettings::new("a test")).await?;
    assert_eq!(erase(&anchor, &token, &account).await.status, 200);
    for (id, told) in started.into_iter().zip([None, Some("20")]) {
        assert_eq!(ops::answers::fetch(&anchor.anchor, id).await?.find("amount"), told);
    }
    assert_refused(&erase(&anchor, &token, &account).await, 404, "nothing is left");
    Ok(())
}

#[actix_web::test]
async fn r_12_098_r_12_099_r_12_100_r_12_102_r_12_103_r_12_104_file_waits_to_be_referred_to() -> Result<()> {
    let (anchor, _) = asking(&[]).await?;
    let (token, stranger) =
        (anchor.log_in(&samples::user()).await?, anchor.log_in(&samples::issuer()).await?);
    let picture = samples::png(2, 2);
    let answer = upload(&anchor, &token, &picture).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    let file = answer.json()?;
    let (id, size) = (file["file_id"].as_str().context("an id")?.to_owned(), picture.len());
    let expires_at = file["expires_at"].as_str().context("an end")?.to_owned();
    assert_eq!(
        file,
        json!({ "file_id": id, "content_type": "image/png", "size": size, "expires_at": expires_at, "customer_id": null })
    );
    assert_refused(
        &anchor.post("/sep12/customer/files", &token, json!({ "file": "x" })).await,
        400,
        "no multipart",
    );
    let other =
        send(&anchor, Method::POST, "/sep12/customer/files", &token, body(&[("other", None, b"x")])).await;
    assert_refused(&other, 400, "no part named file");
    assert_refused(&upload(&anchor, &token, b"GIF89a").await, 400, "another kind");
    // whose it is, and what it is for
    assert_refused(
        &put(&anchor, &stranger, json!({ "photo_id_front_file_id": id })).await,
        400,
        "somebody else's",
    );
    assert_refused(&put(&anchor, &token, json!({ "city_file_id": id })).await, 400, "text");
    assert_refused(&put(&anchor, &token, json!({ "photo_id_front_file_id": "x" })).await, 400, "nobody's");
    let customer = put_ok(&anchor, &token, json!({ "photo_id_front_file_id": id })).await?;
    put_ok(&anchor, &token, json!({ "photo_id_front_file_id": id })).await?;
    assert_refused(&put(&anchor, &token, json!({ "photo_id_back_file_id": id })).await, 400, "used already");
    // what is referred to does not end, what is not does
    let second = upload(&anchor, &token, &picture).await.json()?["file_id"].clone();
    anchor.clock.advance(std::time::Duration::from_secs(24 * 3600));
    let token = anchor.log_in(&samples::user()).await?;
    assert_refused(
        &put(&anchor, &token, json!({ "photo_id_back_file_id": second })).await,
        400,
        "it has ended",
    );
    let listed = anchor.get(&format!("/sep12/customer/files?customer_id={customer}"), &token).await.json()?;
    let expected =
        json!({ "file_id": id, "content_type": "image/png", "size": size, "customer_id": customer });
    assert_eq!(listed, json!({ "files": [expected] }));
    Ok(())
}

#[actix_web::test]
async fn r_12_105_r_12_106_r_12_107_r_12_108_files_are_listed_for_their_owner_and_never_served() -> Result<()>
{
    let (anchor, _) = asking(&[]).await?;
    let (token, stranger) =
        (anchor.log_in(&samples::user()).await?, anchor.log_in(&samples::issuer()).await?);
    let file = upload(&anchor, &token, &samples::png(2, 2)).await.json()?;
    let id = file["file_id"].as_str().context("an id")?;
    let customer = put_ok(&anchor, &token, json!({ "city": "London" })).await?;
    let list = async |query: String, token: &str| -> Result<Value> {
        let answer = anchor.get(&format!("/sep12/customer/files?{query}"), token).await;
        anyhow::ensure!(answer.status == 200, "{answer:?}");
        Ok(answer.json()?["files"].take())
    };
    assert_refused(&anchor.get("/sep12/customer/files", &token).await, 400, "neither");
    assert_eq!(list(format!("file_id={id}"), &token).await?, json!([file]));
    assert_eq!(list(format!("file_id={id}"), &stranger).await?, json!([]), "somebody else's");
    assert_eq!(list("file_id=x".to_owned(), &token).await?, json!([]));
    assert_eq!(list(format!("customer_id={customer}"), &token).await?, json!([]));
    assert_eq!(
        list(format!("customer_id={customer}&file_id={id}"), &token).await?,
        json!([]),
        "not yet the customer's"
    );
    put_ok(&anchor, &token, json!({ "photo_id_front_file_id": id })).await?;
    assert_eq!(list(format!("customer_id={customer}&file_id={id}"), &token).await?[0]["file_id"], id);
    assert_eq!(list(format!("customer_id={customer}"), &stranger).await?, json!([]));
    let content = anchor.anchor.store().customer_file_content(id.parse()?).await?.context("kept")?;
    assert!(!content.text.is_empty() && content.key == "test");
    Ok(())
}
