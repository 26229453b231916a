//! Trust lines that the issuer has to authorise: whether the anchor may do it, by the asset's setting.
//!
//! The business is asked by the job that waits for trust lines, so that one slow answer delays nobody else, and its yes is
//! a fact that is good for the next envelope only. Killed in between, it is asked again.

use super::OpsError;
use super::ask::ask;
use super::work::JobSettings;
use crate::anchor::Anchor;
use crate::asset::Authorization;
use crate::integration::{IntegrationError, TrustOutcome, TrustRequest};
use crate::transaction::{Fact, Transaction};

/// Whether the next envelope may authorise the trust line.
pub(super) async fn is_approved(anchor: &Anchor, transaction: &Transaction) -> Result<bool, OpsError> {
    match setting(anchor, transaction) {
        Authorization::Never => Ok(false),
        Authorization::Always => Ok(true),
        Authorization::Ask => {
            let history = anchor.store().fact_list(transaction.id).await?;
            let last = history.iter().rev().find(|record| record.refused.is_none());
            Ok(last.is_some_and(|record| record.fact == Fact::TrustApproved))
        }
    }
}

/// The business's decision, as a fact; `None` if it is not made yet.
pub(super) async fn decide(
    anchor: &Anchor,
    settings: &JobSettings,
    transaction: &Transaction,
) -> Result<Option<Fact>, OpsError> {
    let integration = match (setting(anchor, transaction), anchor.trust()) {
        (Authorization::Never, _) | (Authorization::Ask, None) => return Ok(None),
        (Authorization::Always, _) => return Ok(Some(Fact::TrustApproved)),
        (Authorization::Ask, Some(integration)) => integration,
    };
    let Some(holder) = transaction.request.account.ledger_account() else { return Ok(None) };
    let request = TrustRequest { transaction: transaction.clone(), holder, asset: transaction.asset.clone() };
    let answer = ask(settings.call_timeout(), integration.may_hold(&request)).await;
    match answer.map_err(IntegrationError::from)? {
        TrustOutcome::Authorize => Ok(Some(Fact::TrustApproved)),
        TrustOutcome::NotYet => Ok(None),
        TrustOutcome::Refuse { reason } => {
            Ok(Some(Fact::Held { reason: format!("the account may not hold the token: {reason}") }))
        }
    }
}

fn setting(anchor: &Anchor, transaction: &Transaction) -> Authorization {
    anchor.asset(&transaction.asset).map(|asset| asset.authorization).unwrap_or_default()
}
