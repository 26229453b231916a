//! Submission: `POST /transactions` waits for the ledger, `POST /transactions_async` does not.

use std::sync::Arc;

use actix_web::{HttpRequest, HttpResponse, http::StatusCode, http::header, web};
use serde_json::json;
use stellar_xdr::{Hash, TransactionEnvelope, TransactionResult};

use super::{
    call::{Answer, Call},
    codes, hal,
    landed::Landed,
    problem::Problem,
    query::Query,
    transaction, xdr,
};
use crate::{
    core::Core,
    faults::Fault,
    ledger::{Submitted, TransactionRecord},
};

/// A submitted envelope, as it came and decoded.
struct Submission {
    base64: String,
    envelope: TransactionEnvelope,
    hash: Hash,
}

pub(crate) async fn wait(call: Call, request: HttpRequest, body: web::Bytes) -> Answer {
    let submission = read(&call, &request, &body)?;
    if let Some(Fault::TimeoutBefore { .. }) = call.verdict.outcome {
        return Err(timed_out(&submission));
    }
    // a resubmission is answered from history, whatever the engine would say of it now
    if let Some(record) = call.core.replica.view().transaction(&submission.hash) {
        return applied(&call, &submission, &record);
    }
    let mut closed = call.core.replica.subscribe();
    let submitted = submit(&call.core, submission.envelope.clone()).await?;
    if let Some(Fault::TimeoutAfter { .. }) = call.verdict.outcome {
        return Err(timed_out(&submission));
    }
    if let Submitted::Rejected { result, .. } = submitted {
        return Err(failed(&submission, &result));
    }
    // "try again later" waits too, as in Horizon: the client learns of it as a timeout
    let included = async {
        loop {
            closed.borrow_and_update();
            if let Some(record) = call.core.replica.view().transaction(&submission.hash) {
                return Some(record);
            }
            closed.changed().await.ok()?;
        }
    };
    let mut stopping = call.core.stopping();
    tokio::select! {
        Some(record) = included => applied(&call, &submission, &record),
        () = actix_web::rt::time::sleep(call.core.timing.submission_timeout) => Err(timed_out(&submission)),
        _ = stopping.wait_for(|stopping| *stopping) => Err(timed_out(&submission)),
    }
}

pub(crate) async fn asynchronous(call: Call, request: HttpRequest, body: web::Bytes) -> Answer {
    let submission = read(&call, &request, &body)?;
    if let Some(Fault::TimeoutBefore { .. }) = call.verdict.outcome {
        return Err(Problem::timeout());
    }
    let submitted = submit(&call.core, submission.envelope.clone()).await?;
    if let Some(Fault::TimeoutAfter { .. }) = call.verdict.outcome {
        return Err(Problem::timeout());
    }
    let (status, word, error) = match submitted {
        Submitted::Pending { .. } => (StatusCode::CREATED, "PENDING", None),
        Submitted::Duplicate { .. } => (StatusCode::CONFLICT, "DUPLICATE", None),
        Submitted::TryAgainLater { .. } => (StatusCode::SERVICE_UNAVAILABLE, "TRY_AGAIN_LATER", None),
        Submitted::Rejected { result, .. } => (StatusCode::BAD_REQUEST, "ERROR", Some(xdr::base64(&*result))),
    };
    let mut answer = json!({ "tx_status": word, "hash": hex::encode(submission.hash.0) });
    if let Some(error) = error {
        answer["error_result_xdr"] = error.into();
    }
    Ok(HttpResponse::build(status)
        .content_type("application/hal+json; charset=utf-8")
        .body(answer.to_string()))
}

fn read(call: &Call, request: &HttpRequest, body: &[u8]) -> Result<Submission, Problem> {
    let content_type = request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let form = "application/x-www-form-urlencoded";
    if content_type.is_some_and(|kind| !kind.to_ascii_lowercase().starts_with(form)) {
        return Err(Problem::unsupported_media_type());
    }
    let fields = std::str::from_utf8(body).ok().and_then(|body| Query::parse(body).ok()).unwrap_or_default();
    let base64 = fields.text("tx").or(call.query.text("tx")).unwrap_or_default().to_owned();
    let envelope = xdr::envelope(&base64);
    let hash = envelope.as_ref().and_then(|envelope| envelope.hash(call.core.network_id).ok());
    match (envelope, hash) {
        (Some(envelope), Some(hash)) => Ok(Submission { base64, envelope, hash: Hash(hash) }),
        _ => Err(Problem::new(
            "transaction_malformed",
            "Transaction Malformed",
            StatusCode::BAD_REQUEST,
            "The field tx has to be a base64 TransactionEnvelope; what came is in extras.envelope_xdr.",
        )
        .with("envelope_xdr", base64)),
    }
}

/// Off the web workers: an instant network closes its ledger in here.
async fn submit(core: &Arc<Core>, envelope: TransactionEnvelope) -> Result<Submitted, Problem> {
    let core = Arc::clone(core);
    web::block(move || core.submit(envelope))
        .await
        .map_err(|_| Problem::server(StatusCode::SERVICE_UNAVAILABLE))
}

fn applied(call: &Call, submission: &Submission, record: &Arc<TransactionRecord>) -> Answer {
    let record = Landed::new(record);
    if record.successful {
        Ok(hal::object(&transaction::render(&call.base, &record, &submission.hash)))
    } else {
        Err(failed_as(submission, &record.result, submission.hash.0 != record.hash))
    }
}

fn failed(submission: &Submission, result: &TransactionResult) -> Problem {
    failed_as(submission, result, false)
}

fn failed_as(submission: &Submission, result: &TransactionResult, asked_inner: bool) -> Problem {
    Problem::new(
        "transaction_failed",
        "Transaction Failed",
        StatusCode::BAD_REQUEST,
        "The network refused the transaction or applied it as failed; see extras.result_codes.",
    )
    .with("envelope_xdr", submission.base64.clone())
    .with("result_xdr", xdr::base64(result))
    .with("result_codes", codes::result_codes(result, asked_inner))
}

fn timed_out(submission: &Submission) -> Problem {
    Problem::new(
        "transaction_submission_timeout",
        "Transaction Submission Timeout",
        StatusCode::GATEWAY_TIMEOUT,
        "No ledger included the transaction in time. It may still land: look for extras.hash before \
         submitting anything else.",
    )
    .with("hash", hex::encode(submission.hash.0))
    .with("envelope_xdr", submission.base64.clone())
}
