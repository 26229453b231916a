//! Clawback: an issuer takes units back from a trust line that allows it.

use stellar_xdr::{AccountId, ClawbackOp, ClawbackResult, MuxedAccount, OperationResultTr, Uint256};

use super::Context;
use super::outcome::{Failure, Outcome};
use crate::ledger::asset::{self, account_of};
use crate::ledger::holding::{CLAWBACK, add_to_line};

pub(super) fn check(op: &ClawbackOp, source: &AccountId) -> Result<(), Failure> {
    let sound = op.from != MuxedAccount::Ed25519(Uint256(asset::public_key(source)))
        && op.amount > 0
        && asset::is_valid(&op.asset)
        && asset::issuer(&op.asset) == Some(source);
    if sound { Ok(()) } else { Err(ClawbackResult::Malformed.into()) }
}

pub(super) fn apply(context: &mut Context<'_>, op: &ClawbackOp) -> Outcome {
    let line =
        context.state.trust_line_mut(&account_of(&op.from), &op.asset).ok_or(ClawbackResult::NoTrust)?;
    if line.flags & CLAWBACK == 0 {
        return Err(ClawbackResult::NotClawbackEnabled.into());
    }
    if !add_to_line(line, -op.amount) {
        return Err(ClawbackResult::Underfunded.into());
    }
    Ok(OperationResultTr::Clawback(ClawbackResult::Success))
}
