//! Sending envelopes. Whatever the server says proves nothing; here, doubt is an error.

use serde_json::json;

use super::json::Sent;
use super::{RpcLedger, malformed};
use crate::stellar::decode::{self, Outcome};
use crate::stellar::{Failure, FailureKind, LedgerError, Submission, codec};

impl RpcLedger {
    pub(super) async fn send(&self, envelope: &str) -> Result<Submission, LedgerError> {
        let hash = codec::envelope_hash(envelope, &self.network)
            .map_err(|error| malformed(format!("the envelope to be sent: {error}")))?;
        let said: Sent = self.call("sendTransaction", &json!({ "transaction": envelope })).await?;
        if said.hash.as_deref().is_some_and(|said| said.parse() != Ok(hash)) {
            return Err(malformed("an answer about another transaction"));
        }
        if let Ok(latest) = said.range.latest() {
            self.sent.remember(hash, latest);
        }
        match said.status.as_str() {
            "PENDING" | "DUPLICATE" => Ok(Submission::Accepted),
            // also said of what was applied already: only a look-up tells
            "TRY_AGAIN_LATER" => Ok(Submission::TryAgain),
            "ERROR" => Ok(Submission::Rejected(failure(said.error_result_xdr.as_deref()))),
            _ => Err(malformed("an unknown status of a submission")),
        }
    }
}

fn failure(result: Option<&str>) -> Failure {
    match result.map(decode::outcome) {
        Some(Ok(Outcome::Failed(failure))) => failure,
        _ => Failure::new(FailureKind::Other, "no readable result"),
    }
}
