//! What becomes of a submission, and what one costs.

use super::*;

async fn submit(
    answers: impl IntoIterator<Item = (&'static str, String)>,
) -> Result<Submission, LedgerError> {
    Server::new(answers).await.ledger.submit(&envelope().xdr).await
}

fn status(status: &str, word: &str) -> String {
    let body = json!({"tx_status": word, "hash": envelope().hash.to_string(), "error_result_xdr": BAD_SEQ});
    http(status, HAL, &body.to_string())
}

#[tokio::test]
async fn asynchronous_answers_have_their_meaning() {
    let answer = submit([(ASYNC, status("201 Created", "PENDING"))]).await;
    assert_eq!(answer.unwrap(), Submission::Accepted);
    let answer = submit([(ASYNC, status("409 Conflict", "DUPLICATE"))]).await;
    assert_eq!(answer.unwrap(), Submission::Accepted);
    let answer = submit([(ASYNC, status("503 Service Unavailable", "TRY_AGAIN_LATER"))]).await;
    assert_eq!(answer.unwrap(), Submission::TryAgain);
    let Submission::Rejected(failure) = submit([(ASYNC, status("400 Bad Request", "ERROR"))]).await.unwrap()
    else {
        panic!("not rejected")
    };
    assert_eq!((failure.kind, failure.codes.as_str()), (FailureKind::BadSequence, "tx_bad_seq"));
}

#[tokio::test]
async fn doubt_about_a_submission_is_an_error() {
    let other = json!({"tx_status": "PENDING", "hash": hash().to_string()});
    for answer in [
        http("500 Internal Server Error", HTML, ""),
        http("502 Bad Gateway", HTML, "<html>"),
        http("504 Gateway Timeout", HTML, "<html>"),
        problem("504 Gateway Timeout", "timeout", ""),
        problem("503 Service Unavailable", "stale_history", ""),
        http("201 Created", HAL, &other.to_string()),
        status("200 OK", "WHATEVER"),
        http("200 OK", HAL, ""),
    ] {
        let said = submit([(ASYNC, answer.clone())]).await;
        assert!(said.is_err(), "{answer}: {said:?}");
    }
}

#[tokio::test]
async fn server_without_asynchronous_submission_is_asked_the_old_way() {
    for missing in [not_found(), http("405 Method Not Allowed", HTML, "")] {
        let applied = ok(&transaction(&envelope().hash, true, SUCCESS));
        let server = Server::new([(ASYNC, missing), (SYNC, applied)]).await;
        for _ in 0..2 {
            let said = server.ledger.submit(&envelope().xdr).await.unwrap();
            assert_eq!(said, Submission::Applied { ledger: 4 });
        }
        let asked = server.asked();
        assert_eq!(asked.iter().filter(|question| question.starts_with(ASYNC)).count(), 1, "{asked:?}");
    }
}

#[tokio::test]
async fn synchronous_answers_have_their_meaning() {
    let with_extras = |kind: &str| {
        let body = json!({
            "type": format!("https://stellar.org/horizon-errors/{kind}"), "status": 400,
            "extras": {"result_xdr": BAD_SEQ, "result_codes": {"transaction": "tx_bad_seq"}},
        });
        http("400 Bad Request", PROBLEM, &body.to_string())
    };
    let submit = |answer| submit([(ASYNC, not_found()), (SYNC, answer)]);
    let timeout = problem("504 Gateway Timeout", "transaction_submission_timeout", "");
    assert_eq!(submit(timeout).await.unwrap(), Submission::Accepted);
    assert!(submit(problem("504 Gateway Timeout", "timeout", "")).await.is_err());
    let Submission::Rejected(failure) = submit(with_extras("transaction_failed")).await.unwrap() else {
        panic!("not rejected")
    };
    assert_eq!(failure.kind, FailureKind::BadSequence);
    let Submission::Rejected(failure) = submit(with_extras("transaction_malformed")).await.unwrap() else {
        panic!("not rejected")
    };
    assert_eq!(failure.kind, FailureKind::Other);
    assert!(submit(ok(&transaction(&hash(), true, SUCCESS))).await.is_err());
}

#[tokio::test]
async fn what_is_no_envelope_is_not_sent() {
    let server = Server::new([(ASYNC, status("201 Created", "PENDING"))]).await;
    assert!(is_malformed(&server.ledger.submit("AAAA").await));
    assert_eq!(server.asked(), ["GET / HTTP/1.1"]);
}

#[tokio::test]
async fn fee_bid_is_never_below_the_base_fee_and_always_a_number() {
    let stats = |base: &str, p95: &str| {
        (FEES, ok(&json!({"last_ledger_base_fee": base, "fee_charged": {"p95": p95}})))
    };
    for (base, p95, bid) in
        [("100", "250", Some(250)), ("200", "100", Some(200)), ("x", "1", None), ("1", "-1", None)]
    {
        let server = Server::new([stats(base, p95)]).await;
        assert_eq!(server.ledger.fee_bid().await.ok(), bid);
    }
}
