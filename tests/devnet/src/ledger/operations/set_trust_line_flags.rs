//! Set trust line flags: authorise, restrict or revoke a trust line, or give up the right of clawback.

use stellar_xdr::{AccountFlags, AccountId, OperationResultTr, SetTrustLineFlagsOp, SetTrustLineFlagsResult};

use super::Context;
use super::outcome::{Failure, Outcome};
use super::trust_flags::{self, AUTHORIZATION};
use crate::ledger::asset;
use crate::ledger::holding::{AUTHORIZED, CLAWBACK};

pub(super) fn check(op: &SetTrustLineFlagsOp, source: &AccountId) -> Result<(), Failure> {
    let sound = asset::issuer(&op.asset) == Some(source)
        && asset::is_valid(&op.asset)
        && op.trustor != *source
        && op.set_flags & op.clear_flags == 0
        && op.set_flags & !AUTHORIZATION == 0
        && trust_flags::authorization_valid(op.set_flags)
        && op.clear_flags & !(AUTHORIZATION | CLAWBACK) == 0;
    if sound { Ok(()) } else { Err(SetTrustLineFlagsResult::Malformed.into()) }
}

pub(super) fn apply(context: &mut Context<'_>, op: &SetTrustLineFlagsOp) -> Outcome {
    let state = &mut *context.state;
    let revocable = state
        .account(&context.source)
        .is_some_and(|issuer| issuer.flags & AccountFlags::RevocableFlag as u32 != 0);
    if !revocable && op.clear_flags & AUTHORIZATION != 0 && op.set_flags & AUTHORIZED == 0 {
        return Err(SetTrustLineFlagsResult::CantRevoke.into());
    }
    let current = state.trust_line(&op.trustor, &op.asset).ok_or(SetTrustLineFlagsResult::NoTrustLine)?.flags;
    let flags = current & !op.clear_flags | op.set_flags;
    if !trust_flags::authorization_valid(flags) {
        return Err(SetTrustLineFlagsResult::InvalidState.into());
    }
    trust_flags::set(state, &op.trustor, &op.asset, flags)?;
    Ok(OperationResultTr::SetTrustLineFlags(SetTrustLineFlagsResult::Success))
}
