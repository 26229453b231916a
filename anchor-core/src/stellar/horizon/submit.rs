//! What the answers to a submission mean. Only a look-up proves anything; here, doubt is an error.

use reqwest::StatusCode;

use super::http::Answer;
use super::json::{AsyncAnswer, TransactionRecord};
use super::malformed;
use crate::stellar::decode::{self, Outcome};
use crate::stellar::{Failure, FailureKind, LedgerError, Network, Submission, codec};
use crate::transaction::TransactionHash;

/// Also refuses to send what is no envelope.
pub(super) fn hash(envelope: &str, network: &Network) -> Result<TransactionHash, LedgerError> {
    codec::envelope_hash(envelope, network)
        .map_err(|error| malformed(format!("the envelope to be sent: {error}")))
}

/// `POST /transactions_async`: what the server's node said at once.
pub(super) fn asynchronous(answer: &Answer, hash: &TransactionHash) -> Result<Submission, LedgerError> {
    let Ok(said) = answer.parse::<AsyncAnswer>() else {
        return refused(answer);
    };
    if said.hash.is_some_and(|said| said != *hash) {
        return Err(malformed("an answer about another transaction"));
    }
    match said.tx_status.as_str() {
        "PENDING" | "DUPLICATE" => Ok(Submission::Accepted),
        "TRY_AGAIN_LATER" => Ok(Submission::TryAgain),
        "ERROR" => Ok(Submission::Rejected(failure(said.error_result_xdr.as_deref()))),
        _ => Err(malformed("an unknown tx_status")),
    }
}

/// `POST /transactions`: answered when a ledger has the transaction, or after some time.
pub(super) fn synchronous(answer: &Answer, hash: &TransactionHash) -> Result<Submission, LedgerError> {
    if answer.status != StatusCode::OK {
        return refused(answer);
    }
    let applied: TransactionRecord = answer.object()?;
    if applied.hash != *hash || !applied.successful {
        return Err(malformed("an answer about another transaction"));
    }
    Ok(Submission::Applied { ledger: applied.ledger })
}

fn refused(answer: &Answer) -> Result<Submission, LedgerError> {
    let Some(problem) = answer.problem() else { return Err(answer.unexpected()) };
    match problem.kind() {
        "transaction_failed" => Ok(Submission::Rejected(failure(problem.extras.result_xdr.as_deref()))),
        "transaction_malformed" => {
            Ok(Submission::Rejected(Failure::new(FailureKind::Other, "transaction_malformed")))
        }
        // its node took the transaction, no ledger has it yet
        "transaction_submission_timeout" => Ok(Submission::Accepted),
        _ if answer.status == StatusCode::CONFLICT => Ok(Submission::Accepted),
        _ => Err(answer.unexpected()),
    }
}

fn failure(result: Option<&str>) -> Failure {
    match result.map(decode::outcome) {
        Some(Ok(Outcome::Failed(failure))) => failure,
        _ => Failure::new(FailureKind::Other, "no readable result"),
    }
}
