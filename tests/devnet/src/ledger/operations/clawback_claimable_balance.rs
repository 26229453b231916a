//! Clawback of a claimable balance that nobody has claimed yet.

use stellar_xdr::{
    ClaimableBalanceEntryExt, ClawbackClaimableBalanceOp, ClawbackClaimableBalanceResult, OperationResultTr,
};

use super::Context;
use super::claim_claimable_balance::remove;
use super::outcome::Outcome;
use crate::ledger::asset;
use crate::ledger::state::claimable_balance_key;

pub(super) fn apply(context: &mut Context<'_>, op: &ClawbackClaimableBalanceOp) -> Outcome {
    let balance = context
        .state
        .claimable_balance(&op.balance_id)
        .ok_or(ClawbackClaimableBalanceResult::DoesNotExist)?;
    if asset::issuer(&balance.asset) != Some(&context.source) {
        return Err(ClawbackClaimableBalanceResult::NotIssuer.into());
    }
    if !matches!(&balance.ext, ClaimableBalanceEntryExt::V1(v1) if v1.flags & 1 != 0) {
        return Err(ClawbackClaimableBalanceResult::NotClawbackEnabled.into());
    }
    remove(context.state, &claimable_balance_key(&op.balance_id));
    Ok(OperationResultTr::ClawbackClaimableBalance(ClawbackClaimableBalanceResult::Success))
}
