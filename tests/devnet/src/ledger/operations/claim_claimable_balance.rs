//! Claim claimable balance.

use stellar_xdr::{
    ClaimClaimableBalanceOp, ClaimClaimableBalanceResult, ClaimPredicate, Claimant, LedgerEntry,
    LedgerEntryData, LedgerKey, OperationResultTr,
};

use super::Context;
use super::outcome::Outcome;
use crate::ledger::holding::Standing;
use crate::ledger::sponsorship::{multiplier, sponsor_of};
use crate::ledger::state::{State, claimable_balance_key};

pub(super) fn apply(context: &mut Context<'_>, op: &ClaimClaimableBalanceOp) -> Outcome {
    let source = &context.source;
    let state = &mut *context.state;
    let balance = state.claimable_balance(&op.balance_id).ok_or(ClaimClaimableBalanceResult::DoesNotExist)?;
    let may_claim = balance.claimants.iter().any(|Claimant::ClaimantTypeV0(claimant)| {
        claimant.destination == *source && holds(&claimant.predicate, state.header.closed_at)
    });
    if !may_claim {
        return Err(ClaimClaimableBalanceResult::CannotClaim.into());
    }
    let (asset, amount) = (balance.asset.clone(), balance.amount);
    match state.standing(source, &asset) {
        Standing::NoTrust => return Err(ClaimClaimableBalanceResult::NoTrust.into()),
        Standing::NotAuthorized => return Err(ClaimClaimableBalanceResult::NotAuthorized.into()),
        Standing::Unlimited | Standing::Authorized => {}
    }
    if !state.add_balance(source, &asset, amount) {
        return Err(ClaimClaimableBalanceResult::LineFull.into());
    }
    remove(state, &claimable_balance_key(&op.balance_id));
    Ok(OperationResultTr::ClaimClaimableBalance(ClaimClaimableBalanceResult::Success))
}

/// Takes a claimable balance off the ledger and frees its sponsor.
pub(super) fn remove(state: &mut State, key: &LedgerKey) {
    let Some(LedgerEntry { data: data @ LedgerEntryData::ClaimableBalance(_), ext, .. }) =
        state.entry(key).cloned()
    else {
        return;
    };
    state.remove(key);
    if let Some(sponsor) = sponsor_of(&ext) {
        state.unsponsor(sponsor, multiplier(&data));
    }
}

/// Whether a predicate of a stored balance (where every time is absolute) is true at `now`.
fn holds(predicate: &ClaimPredicate, now: u64) -> bool {
    match predicate {
        ClaimPredicate::Unconditional => true,
        ClaimPredicate::And(both) => both.iter().all(|part| holds(part, now)),
        ClaimPredicate::Or(both) => both.iter().any(|part| holds(part, now)),
        ClaimPredicate::Not(inner) => inner.as_ref().is_some_and(|inner| !holds(inner, now)),
        ClaimPredicate::BeforeAbsoluteTime(time) => u64::try_from(*time).is_ok_and(|time| time > now),
        ClaimPredicate::BeforeRelativeTime(_) => false,
    }
}
