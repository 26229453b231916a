//! What no client library would send: requests that are written by hand, on a real connection.

use std::fmt::Write as _;

use anchor_core::testing::fakes::samples;
use anchor_tests::served::{Reply, Served};
use anchor_tests::web::TestAnchor;
use anyhow::{Context as _, Result};
use futures_util::future::try_join_all;

const DEPOSIT: &str = "/sep24/transactions/deposit/interactive";

/// Every door with the method that opens it.
const DOORS: [(&str, &str); 8] = [
    ("GET", "/.well-known/stellar.toml"),
    ("GET", "/auth?account=GA7QYNF7SOWQ3GLR2BGMZEHXAVIRZA4KVWLTJJFC7MGXUA74P7UJVSGZ"),
    ("POST", "/auth"),
    ("GET", "/sep24/info"),
    ("POST", DEPOSIT),
    ("POST", "/sep24/transactions/withdraw/interactive"),
    ("GET", "/sep24/transaction?id=1"),
    ("GET", "/sep24/transactions?asset_code=USDC"),
];

struct World {
    served: Served,
    token: String,
}

impl World {
    async fn new() -> Result<Self> {
        let anchor = TestAnchor::new().await?;
        let token = anchor.log_in(&samples::user()).await?;
        Ok(Self { served: Served::start(&anchor.web)?, token })
    }

    /// A request whose head is complete but for these lines.
    fn request(&self, method: &str, path: &str, lines: &str, body: &str) -> String {
        format!(
            "{method} {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\
             authorization: Bearer {}\r\n{lines}\r\n{body}",
            self.token
        )
    }

    /// Sends all of them at once; none may lead to more than a 4xx.
    async fn all(&self, requests: Vec<String>) -> Result<Vec<Reply>> {
        let replies = requests.iter().map(|request| async move {
            let what: String = request.chars().take(300).collect();
            let reply = self.served.exchange(request.as_bytes()).await.with_context(|| what.clone())?;
            assert!((200..500).contains(&reply.status), "{what}: {reply:?}");
            anyhow::Ok(reply)
        });
        let replies = try_join_all(replies).await?;
        let alive = self.served.exchange(self.request("GET", "/sep24/info", "", "").as_bytes()).await?;
        assert_eq!(alive.status, 200, "nothing of this has harmed the server");
        Ok(replies)
    }

    async fn refused(&self, requests: Vec<String>) -> Result<()> {
        let replies = self.all(requests.clone()).await?;
        for (request, reply) in requests.iter().zip(replies) {
            let what: String = request.chars().take(300).collect();
            assert!((400..500).contains(&reply.status), "{what}: {reply:?}");
            assert!(!reply.rest.contains("HTTP/1.1"), "one request, one answer: {what}: {reply:?}");
        }
        Ok(())
    }
}

#[actix_web::test]
async fn heads_that_are_too_large_are_refused_at_every_door() -> Result<()> {
    let world = World::new().await?;
    let many = (0..200).fold(String::new(), |mut lines, number| {
        let _ = write!(lines, "x-{number}: 1\r\n");
        lines
    });
    let long_value = format!("x: {}\r\n", "x".repeat(200_000));
    let long_name = format!("{}: x\r\n", "x".repeat(200_000));
    let cookies = format!("cookie: {}\r\n", "anchor_visit=x; ".repeat(12_000));
    let mut requests = Vec::new();
    for (method, path) in DOORS {
        for lines in [&many, &long_value, &long_name, &cookies] {
            requests.push(world.request(method, path, lines, ""));
        }
        requests.push(world.request(method, &format!("{path}{}", "x".repeat(200_000)), "", ""));
    }
    world.refused(requests).await?;
    world.served.stop().await
}

#[actix_web::test]
async fn bodies_whose_end_is_in_doubt_are_refused_and_nothing_is_smuggled() -> Result<()> {
    let world = World::new().await?;
    let json = "content-type: application/json\r\n";
    let hidden = world.request("GET", "/sep24/info", "", "");
    let lines = [
        "content-length: 2\r\ncontent-length: 3\r\n",
        "content-length: 2, 3\r\n",
        "content-length: -1\r\n",
        "content-length: +2\r\n",
        "content-length: 0x2\r\n",
        "content-length: 99999999999999999999999\r\n",
        "content-length : 2\r\n",
        "content-length: 2\r\ntransfer-encoding: chunked\r\n",
        "transfer-encoding: chunked\r\ncontent-length: 2\r\n",
        "transfer-encoding: chunked\r\ntransfer-encoding: chunked\r\n",
        "transfer-encoding: chunked, identity\r\n",
        "transfer-encoding: xchunked\r\n",
        "transfer-encoding: chunked\r\n x: y\r\n",
    ];
    let mut requests = Vec::new();
    for (method, path) in DOORS {
        for lines in lines {
            let body = format!("{{}}0\r\n\r\n{hidden}");
            requests.push(world.request(method, path, &format!("{json}{lines}"), &body));
        }
    }
    world.refused(requests).await?;
    world.served.stop().await
}

#[actix_web::test]
async fn chunks_that_are_none_and_chunks_without_end_are_refused() -> Result<()> {
    let world = World::new().await?;
    let chunked = "content-type: application/json\r\ntransfer-encoding: chunked\r\n";
    let tiny = "1\r\n{\r\n".repeat(50_000);
    let extension = format!("1;{}\r\n{{\r\n", "x".repeat(200_000));
    let bodies = [
        "ffffffffffffffffffff\r\nx",
        "-1\r\nx",
        "zz\r\nx",
        "2\r\n{}\r\nx\r\n\r\n",
        "2\r\n{}0\r\n\r\n",
        &format!("{tiny}0\r\n\r\n"),
        &format!("20000\r\n{}\r\n1\r\nx\r\n0\r\n\r\n", " ".repeat(0x20000)),
        &extension,
    ];
    let mut requests = Vec::new();
    for path in [DEPOSIT, "/auth"] {
        requests.extend(bodies.map(|body| world.request("POST", path, chunked, body)));
    }
    world.refused(requests).await?;
    world.served.stop().await
}

#[actix_web::test]
async fn compressed_bodies_are_415_with_the_error_body() -> Result<()> {
    let world = World::new().await?;
    let mut requests = Vec::new();
    for path in [DEPOSIT, "/sep24/transactions/withdraw/interactive", "/auth"] {
        for encoding in ["gzip", "deflate", "br", "zstd", "identity", "gzip, gzip", "x"] {
            for content_type in
                ["application/json", "application/x-www-form-urlencoded", "multipart/form-data; boundary=b"]
            {
                let lines = format!(
                    "content-type: {content_type}\r\ncontent-encoding: {encoding}\r\ncontent-length: 2\r\n"
                );
                requests.push(world.request("POST", path, &lines, "{}"));
            }
        }
    }
    for reply in world.all(requests).await? {
        assert_eq!(reply.status, 415, "{reply:?}");
        assert!(reply.error()?.contains("not compressed"));
    }
    world.served.stop().await
}

#[actix_web::test]
async fn request_lines_that_are_none_are_refused() -> Result<()> {
    let world = World::new().await?;
    let lines = [
        "",
        " ",
        "GET",
        "GET /sep24/info",
        "GET /sep24/info HTTP/9.9",
        "GET /sep24/info HTTP/1.1 HTTP/1.1",
        "GET  /sep24/info HTTP/1.1",
        "GET /sep24/\u{0}info HTTP/1.1",
        "GET /sep24/ info HTTP/1.1",
        "GET sep24/info HTTP/1.1",
        "G\u{0}T /sep24/info HTTP/1.1",
        "PRI * HTTP/2.0",
        "CONNECT localhost:80 HTTP/1.1",
        "\u{16}\u{3}\u{1}",
    ];
    let requests =
        lines.map(|line| format!("{line}\r\nhost: localhost\r\nconnection: close\r\n\r\n")).to_vec();
    world.refused(requests).await?;
    world.served.stop().await
}

#[actix_web::test]
async fn strange_methods_paths_and_headers_are_answered_at_every_door() -> Result<()> {
    let world = World::new().await?;
    let mut requests = Vec::new();
    for (_, path) in DOORS {
        let bare = path.split('?').next().unwrap_or_default();
        for method in ["HEAD", "OPTIONS", "TRACE", "PROPFIND", "get", "X".repeat(300).as_str()] {
            requests.push(world.request(method, path, "", ""));
        }
        let paths = [
            format!("{bare}/"),
            format!("/{bare}"),
            format!("{bare}//"),
            format!("{bare}/."),
            format!("{bare}/../../../etc/passwd"),
            format!("{bare}%00"),
            format!("{bare}%2f"),
            format!("{bare}%c0%af"),
            format!("{bare}%ff%fe"),
            format!("{bare}%"),
            format!("{bare};x=y"),
            format!("{bare}?%00=%00&%c0%af=%c0%af"),
            format!("{bare}?asset_code=%c0%af"),
            format!("{bare}?asset_code=USDC%00"),
            format!("{bare}#x"),
            bare.replace("s", "%73"),
            bare.to_uppercase(),
            format!("http://evil.example{bare}"),
            format!("http://user:password@evil.example:99999{bare}"),
        ];
        requests.extend(paths.iter().map(|path| world.request("GET", path, "", "")));
        for lines in [
            "host: evil.example\r\n",
            "x-forwarded-for: ' OR 1=1 --, 127.0.0.1\r\nx-forwarded-host: evil.example\r\n",
            "upgrade: h2c\r\nhttp2-settings: AAMAAABkAARAAAAAAAIAAAAA\r\n",
            "upgrade: websocket\r\nsec-websocket-version: 13\r\nsec-websocket-key: AAAA\r\n",
            "expect: 200-ok\r\n",
            "range: bytes=0-0,1-1,2-2,-1\r\n",
            "if-none-match: \"x\", *, \u{ff}\r\n",
            "accept-language: \u{202e}\u{ff},,;q=NaN\r\n",
            "x-request-id: a\u{1b}[31mb\r\n",
            "authorization: Bearer a\r\n",
            "cookie: anchor_visit=\u{ff}; anchor_visit\r\n",
        ] {
            requests.push(world.request("GET", path, lines, ""));
        }
    }
    world.all(requests).await?;
    world.served.stop().await
}
