//! Allow trust, the older way to authorise a trust line.

use stellar_xdr::{AccountFlags, AccountId, AllowTrustOp, AllowTrustResult, OperationResultTr};

use super::Context;
use super::outcome::{Failure, Outcome};
use super::trust_flags::{self, AUTHORIZATION};
use crate::ledger::asset;
use crate::ledger::holding::{AUTHORIZED, MAINTAIN};

pub(super) fn check(op: &AllowTrustOp, source: &AccountId) -> Result<(), Failure> {
    let asset = asset::with_issuer(&op.asset, source);
    if op.authorize > MAINTAIN || !asset::is_valid(&asset) || op.trustor == *source {
        return Err(AllowTrustResult::Malformed.into());
    }
    Ok(())
}

pub(super) fn apply(context: &mut Context<'_>, op: &AllowTrustOp) -> Outcome {
    let asset = asset::with_issuer(&op.asset, &context.source);
    let state = &mut *context.state;
    let revocable = state
        .account(&context.source)
        .is_some_and(|issuer| issuer.flags & AccountFlags::RevocableFlag as u32 != 0);
    if !revocable && op.authorize == 0 {
        return Err(AllowTrustResult::CantRevoke.into());
    }
    let current = state.trust_line(&op.trustor, &asset).ok_or(AllowTrustResult::NoTrustLine)?.flags;
    if !revocable && current & AUTHORIZED != 0 && op.authorize & MAINTAIN != 0 {
        return Err(AllowTrustResult::CantRevoke.into());
    }
    trust_flags::set(state, &op.trustor, &asset, current & !AUTHORIZATION | op.authorize)?;
    Ok(OperationResultTr::AllowTrust(AllowTrustResult::Success))
}
