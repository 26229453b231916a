//! Clients that begin a request and do not go on with it.

use std::num::NonZeroU32;
use std::time::Duration;

use anchor_core::Config;
use anchor_core::testing::fakes::samples;
use anchor_tests::served::Served;
use anchor_tests::web::{TestAnchor, config};
use anyhow::{Context as _, Result};
use futures_util::future::try_join_all;
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

const DEPOSIT: &str = "/sep24/transactions/deposit/interactive";
const WITHDRAW: &str = "/sep24/transactions/withdraw/interactive";

fn impatient() -> Result<Config> {
    let mut config = config(&[])?;
    config.limits.body_time = Duration::from_millis(100);
    config.limits.upload_time = Duration::from_millis(150);
    Ok(config)
}

fn head(path: &str, token: &str, content_type: &str, length: &str) -> String {
    format!(
        "POST {path} HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer {token}\r\n\
         content-type: {content_type}\r\n{length}\r\n\r\n"
    )
}

#[actix_web::test]
async fn body_that_does_not_come_is_408_in_every_encoding_and_ends_the_connection() -> Result<()> {
    let anchor = TestAnchor::configured(impatient()?, |builder| builder).await?;
    let token = anchor.log_in(&samples::user()).await?;
    let served = Served::start(&anchor.web)?;
    let encodings = [
        ("application/json", "{\"asset_code\":"),
        ("application/x-www-form-urlencoded", "asset_code="),
        (
            "multipart/form-data; boundary=b",
            "--b\r\ncontent-disposition: form-data; name=\"asset_code\"\r\n\r\nUS",
        ),
        (
            "multipart/form-data; boundary=b",
            "--b\r\ncontent-disposition: form-data; name=\"a\"; filename=\"a\"\r\n\r\nUS",
        ),
    ];
    let mut exchanges = Vec::new();
    for path in [DEPOSIT, WITHDRAW, "/auth"] {
        for (content_type, begun) in encodings {
            let chunk = format!("{:x}\r\n{begun}\r\n", begun.len());
            for (length, begun) in [
                ("content-length: 1000", ""),
                ("content-length: 1000", begun),
                ("transfer-encoding: chunked", ""),
                ("transfer-encoding: chunked", &chunk),
            ] {
                let request = head(path, &token, content_type, length) + begun;
                let served = &served;
                exchanges.push(async move {
                    let reply = served.exchange(request.as_bytes()).await?;
                    assert_eq!(reply.status, 408, "{path} {content_type}: {reply:?}");
                    assert!(reply.head.contains("\r\nconnection: close"), "{reply:?}");
                    assert!(reply.error()?.contains("in time"));
                    anyhow::Ok(())
                });
            }
        }
    }
    try_join_all(exchanges).await?;
    served.stop().await
}

#[actix_web::test]
async fn forms_that_do_not_come_are_408_with_a_page() -> Result<()> {
    let anchor = TestAnchor::configured(impatient()?, |builder| builder).await?;
    let token = anchor.log_in(&samples::user()).await?;
    let started = anchor.post(DEPOSIT, &token, json!({ "asset_code": "USDC" })).await.json()?;
    let address = url::Url::parse(started["url"].as_str().unwrap())?;
    let entered = anchor.get(&format!("{}?{}", address.path(), address.query().unwrap()), "").await;
    let cookie = entered.header("set-cookie").split(';').next().unwrap().to_owned();
    let served = Served::start(&anchor.web)?;
    for content_type in ["application/x-www-form-urlencoded", "multipart/form-data; boundary=b"] {
        let length = format!("content-length: 1000\r\ncookie: {cookie}");
        let reply = served.exchange(head(address.path(), "", content_type, &length).as_bytes()).await?;
        assert_eq!(reply.status, 408, "{reply:?}");
        assert!(reply.head.contains("\r\nconnection: close"), "{reply:?}");
        assert!(reply.head.contains("\r\ncontent-type: text/html"), "{reply:?}");
    }
    served.stop().await
}

#[actix_web::test]
async fn bodies_that_are_held_back_keep_nobody_out() -> Result<()> {
    let mut config = config(&[])?;
    config.limits.bodies_at_once = NonZeroU32::MIN;
    let anchor = TestAnchor::configured(config, |builder| builder).await?;
    let token = anchor.log_in(&samples::user()).await?;
    let served = Served::start(&anchor.web)?;
    let begin = async |path: &str| -> Result<TcpStream> {
        let mut connection = TcpStream::connect(served.address).await?;
        let request = head(path, &token, "application/json", "content-length: 1000\r\nexpect: 100-continue");
        connection.write_all(request.as_bytes()).await?;
        // the server says that it is reading
        let mut told = [0; 25];
        connection.read_exact(&mut told).await?;
        assert_eq!(&told, b"HTTP/1.1 100 Continue\r\n\r\n");
        Ok(connection)
    };
    let mut of_user = begin(DEPOSIT).await?;
    let mut of_stranger = begin("/auth").await?;
    // each is the newest of its kind: a stranger does not push out users
    let mut second = begin("/auth").await?;
    let mut given_up = String::new();
    of_stranger.read_to_string(&mut given_up).await?;
    assert!(
        given_up.starts_with("HTTP/1.1 503") && given_up.to_lowercase().contains("retry-after"),
        "{given_up}"
    );
    of_user.write_all(format!("{:1$}", r#"{"asset_code":"USDC"}"#, 1000).as_bytes()).await?;
    let mut answer = [0; 12];
    of_user.read_exact(&mut answer).await?;
    assert_eq!(&answer, b"HTTP/1.1 200");
    second.write_all(&[b' '; 1000]).await?;
    second.read_exact(&mut answer).await?;
    assert_eq!(&answer, b"HTTP/1.1 400");
    drop((of_user, second));
    served.stop().await
}

#[actix_web::test]
async fn chunks_without_end_end_with_the_answer_whoever_reads_them() -> Result<()> {
    let anchor = TestAnchor::new().await?;
    let token = anchor.log_in(&samples::user()).await?;
    let served = Served::start(&anchor.web)?;
    let doors = [
        ("POST", DEPOSIT),
        ("POST", "/auth"),
        ("PUT", "/auth"),
        ("GET", "/sep24/info"),
        ("HEAD", "/sep24/info"),
        ("OPTIONS", "/sep24/info"),
        ("GET", "/sep24/transactions?asset_code=USDC"),
        ("GET", "/sep24/nothing"),
        ("GET", "/.well-known/stellar.toml"),
        ("GET", "/health/live"),
        ("POST", "/sep24/interactive/unknown"),
        ("GET", "/sep24/transaction/more_info"),
    ];
    let exchanges = doors.map(|(method, path)| {
        let (address, token) = (served.address, &token);
        async move {
            let (mut read, mut write) = TcpStream::connect(address).await?.into_split();
            let head = format!(
                "{method} {path} HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer {token}\r\n\
                 content-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n"
            );
            write.write_all(head.as_bytes()).await?;
            let endless = async {
                // until the server has enough of it
                while write.write_all(format!("400\r\n{}\r\n", " ".repeat(0x400)).as_bytes()).await.is_ok() {}
            };
            let mut answer = Vec::new();
            let (read, ()) = tokio::time::timeout(
                Duration::from_secs(20),
                futures_util::future::join(read.read_to_end(&mut answer), endless),
            )
            .await
            .with_context(|| format!("{method} {path} is read for ever"))?;
            let answer = String::from_utf8_lossy(&answer).to_lowercase();
            assert!(answer.starts_with("http/1.1 "), "{method} {path}: {read:?} {answer}");
            assert!(answer.contains("\r\nconnection: close\r\n"), "{method} {path}: {answer}");
            anyhow::Ok(())
        }
    });
    try_join_all(exchanges).await?;
    served.stop().await
}

#[actix_web::test]
async fn uploads_share_a_limit_and_the_one_that_is_held_back_gives_way() -> Result<()> {
    // one request's worth: four times a file, and the texts
    let settings = [("FILE_BYTES_MAX", "100000"), ("UPLOAD_BYTES_AT_ONCE", "1")];
    let (anchor, _) = crate::sep12::asking(&settings).await?;
    let token = anchor.log_in(&samples::user()).await?;
    let served = Served::start(&anchor.web)?;
    let fields = ["photo_id_front", "photo_id_back", "photo_proof_residence", "proof_of_income"];
    let body = |files: &[&str]| {
        let content = "x".repeat(99_000);
        let part = |name: &&str| {
            format!(
                "--b\r\ncontent-disposition: form-data; name=\"{name}\"; filename=\"a\"\r\n\r\n{content}\r\n"
            )
        };
        files.iter().map(part).collect::<String>()
    };
    let request = |files: &[&str], missing: usize| {
        let body = body(files) + "--b--\r\n";
        let kept = body.len() - missing;
        format!(
            "PUT /sep12/customer HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer {token}\r\nconnection: close\r\n\
             content-type: multipart/form-data; boundary=b\r\ncontent-length: {}\r\n\r\n{}",
            body.len(),
            &body[..kept]
        )
    };
    let mut held_back = TcpStream::connect(served.address).await?;
    held_back.write_all(request(&fields, 9).as_bytes()).await?;
    let whole = request(&fields[..3], 0);
    let mut given_up = vec![0; 12];
    for _ in 0..1000 {
        // 400 as long as the other one was not read: the pictures are none
        let reply = served.exchange(whole.as_bytes()).await?;
        let has_time = reply.head.to_lowercase().contains("\r\nretry-after: 1");
        assert!(reply.status == 400 || (reply.status == 503 && has_time), "{reply:?}");
        if held_back.try_read(&mut given_up).is_ok() {
            break;
        }
    }
    assert_eq!(given_up, b"HTTP/1.1 503");
    // all is free again
    assert_eq!(served.exchange(request(&fields, 0).as_bytes()).await?.status, 400);
    served.stop().await
}

#[actix_web::test]
async fn chunked_body_that_was_read_leaves_the_connection_open() -> Result<()> {
    let anchor = TestAnchor::new().await?;
    let token = anchor.log_in(&samples::user()).await?;
    let served = Served::start(&anchor.web)?;
    let mut connection = TcpStream::connect(served.address).await?;
    let request = head(DEPOSIT, &token, "application/json", "transfer-encoding: chunked")
        + "a\r\n{\"asset_co\r\na\r\nde\":\"USDC\"\r\n1\r\n}\r\n0\r\n\r\n";
    for _ in 0..2 {
        connection.write_all(request.as_bytes()).await?;
        let mut answer = Vec::new();
        while !answer.ends_with(b"}") {
            assert!(connection.read_buf(&mut answer).await? > 0, "it was closed");
        }
        assert!(answer.starts_with(b"HTTP/1.1 200"), "{}", String::from_utf8_lossy(&answer));
    }
    drop(connection);
    served.stop().await
}
