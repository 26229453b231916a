//! The running example anchor, tried by schemathesis with what its own OpenAPI document says: no error of ours, and no
//! answer outside the description.
//!
//! `OPENAPI_FUZZ_CASES` (of each method, 8 if absent) and `OPENAPI_FUZZ_SEED` (1 if absent) make it a long run.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

#[path = "openapi/fuzz.rs"]
mod fuzz;
#[path = "openapi/stand.rs"]
mod stand;
#[path = "openapi/strict.rs"]
mod strict;
#[path = "openapi/wallet.rs"]
mod wallet;

use actix_web::{App, HttpResponse, HttpServer, web};
use anchor_tests::found;
use anyhow::Result;
use serde_json::{Value, json};

use crate::fuzz::Fuzz;
use crate::stand::Stand;

/// What is refused to everybody.
const NEVER_GRANTED: [&str; 6] = [
    // nobody has a phone on a test network, so that no code is waited for
    "PUT /sep12/customer/verification",
    // is not there, as SEP-24 allows
    "GET /sep24/fee",
    // there are no pages but ours
    "GET /sep24/interactive/{id}/details",
    "GET /sep24/interactive/{id}/return",
    // no transaction waits to be told something
    "PATCH /sep31/transactions/{id}",
    "PATCH /sep6/transactions/{id}",
];

/// All methods of all paths, once by somebody without a token, once by a wallet that is a sending anchor as well, has
/// transactions, quotes, customers and files, and a browser that opened the flow, and once by another wallet, to whom
/// all that does not exist.
#[actix_web::test]
async fn no_request_that_the_description_allows_or_forbids_is_answered_outside_it() -> Result<()> {
    let Some(schemathesis) = found::schemathesis() else { return Ok(()) };
    let stand = Stand::start().await?;
    let document = strict::closed(&stand.illustrated_document().await?);
    let fuzz = Fuzz { schemathesis, document: &document, server: &stand.url, known: &stand.known };

    // first of all, while challenge and quotes are good
    let examples = fuzz.examples(&stand.owner).await?;
    examples.is_clean()?;
    let (owner, nobody, stranger) = tokio::join!(
        fuzz.run(&["--phases", "coverage,fuzzing"], Some(&stand.owner)),
        fuzz.run(&["--phases", "examples,fuzzing"], None),
        fuzz.run(&["--phases", "examples,fuzzing"], Some(&stand.stranger)),
    );
    let (owner, nobody, stranger) = (owner?, nobody?, stranger?);
    for report in [&owner, &nobody, &stranger] {
        report.is_clean()?;
        assert_eq!(report.operations, owner.operations, "{report:?}");
    }
    // of a document with less than that, or a server that is gone, nothing would be known
    assert!(owner.operations > 50 && owner.cases > 2000, "{owner:?}");
    let granted = |operation: &String| {
        let statuses = [&examples, &owner].into_iter().filter_map(|report| report.answers.get(operation));
        statuses.flatten().any(|status| *status < 400)
    };
    let refused: Vec<_> = described(&document).into_iter().filter(|operation| !granted(operation)).collect();
    assert_eq!(refused, NEVER_GRANTED, "nothing is known of what is only refused");
    stand.is_alive().await
}

/// All methods of all paths, as `GET /path`.
fn described(document: &Value) -> Vec<String> {
    let paths = document["paths"].as_object().into_iter().flatten();
    let methods = |item: &Value| {
        item.as_object().map(|item| item.keys().cloned().collect::<Vec<_>>()).unwrap_or_default()
    };
    let operations =
        paths.flat_map(|(path, item)| methods(item).into_iter().map(move |method| (method, path)));
    operations.map(|(method, path)| format!("{} {path}", method.to_uppercase())).collect()
}

/// The test of the test: what the document does not say, and a server that answers as it likes, are found.
#[actix_web::test]
async fn fuzz_finds_an_undescribed_status_a_wrong_schema_and_errors_of_ours() -> Result<()> {
    let Some(schemathesis) = found::schemathesis() else { return Ok(()) };
    let stand = Stand::start().await?;
    let mut document = stand.document().await?;
    let only =
        ["--phases", "fuzzing", "--include-path", "/sep24/transaction", "--include-path", "/sep24/info"];

    // a server that fails at everything
    let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
    let broken = format!("http://{}", listener.local_addr()?);
    let app = || App::new().default_service(web::to(|| async { HttpResponse::BadGateway().finish() }));
    actix_web::rt::spawn(HttpServer::new(app).workers(1).listen(listener)?.run());
    let fuzz = Fuzz {
        schemathesis: schemathesis.clone(),
        document: &document,
        server: &broken,
        known: &stand.known,
    };
    fuzz.run(&only, None).await?.tells_of(&["Server error", "Undocumented status code"])?;

    let strict = strict::closed(&document);
    let fuzz = Fuzz {
        schemathesis: schemathesis.clone(),
        document: &strict,
        server: &stand.url,
        known: &stand.known,
    };
    fuzz.run(&only, None).await?.is_clean()?;

    let answers = &mut document["paths"]["/sep24/transaction"]["get"]["responses"];
    assert!(answers.as_object_mut().unwrap().remove("403").is_some());
    // a member that the document does not know
    let offer = &mut document["components"]["schemas"]["HostedOffer"]["properties"];
    assert!(offer.as_object_mut().unwrap().remove("enabled").is_some());
    document["components"]["schemas"]["HostedOffer"]["required"] = json!([]);
    let strict = strict::closed(&document);
    let fuzz = Fuzz { document: &strict, ..fuzz };
    fuzz.run(&only, None).await?.tells_of(&["Undocumented status code", "Response violates schema"])
}
