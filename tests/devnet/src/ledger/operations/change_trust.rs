//! Change trust: open, limit or close a trust line.

use stellar_xdr::{
    AccountFlags, AccountId, Asset, ChangeTrustAsset, ChangeTrustOp, ChangeTrustResult, LedgerEntryData,
    LedgerEntryExt, OperationResult, OperationResultTr, TrustLineEntry, TrustLineEntryExt,
};

use super::Context;
use super::outcome::{Failure, Outcome};
use crate::ledger::asset;
use crate::ledger::holding::{AUTHORIZED, CLAWBACK, line_liabilities};
use crate::ledger::state::{State, trust_line_key};

pub(super) fn check(op: &ChangeTrustOp, source: &AccountId) -> Result<(), Failure> {
    if let ChangeTrustAsset::PoolShare(_) = op.line {
        return Err(OperationResult::OpNotSupported.into());
    }
    let sound = asset::of_change_trust(&op.line).is_some_and(|asset| {
        asset != Asset::Native && asset::is_valid(&asset) && !asset::is_issuer(source, &asset)
    });
    if op.limit < 0 || !sound {
        return Err(ChangeTrustResult::Malformed.into());
    }
    Ok(())
}

pub(super) fn apply(context: &mut Context<'_>, op: &ChangeTrustOp) -> Outcome {
    let asset = asset::of_change_trust(&op.line).ok_or(OperationResult::OpNotSupported)?;
    let issuer = asset::issuer(&asset).ok_or(ChangeTrustResult::Malformed)?;
    let state = &mut *context.state;
    let existing =
        state.trust_line(&context.source, &asset).map(|line| line.balance + line_liabilities(line).buying);
    match existing {
        Some(minimum) if op.limit < minimum => return Err(ChangeTrustResult::InvalidLimit.into()),
        Some(_) if op.limit == 0 => close(state, &context.source, &asset),
        Some(_) => {
            if state.account(issuer).is_none() {
                return Err(ChangeTrustResult::NoIssuer.into());
            }
            if let Some(line) = state.trust_line_mut(&context.source, &asset) {
                line.limit = op.limit;
            }
        }
        None if op.limit == 0 => return Err(ChangeTrustResult::InvalidLimit.into()),
        None => open(context, &asset, op.limit)?,
    }
    Ok(OperationResultTr::ChangeTrust(ChangeTrustResult::Success))
}

fn close(state: &mut State, source: &AccountId, asset: &Asset) {
    let key = trust_line_key(source, asset);
    let ext = state.entry(&key).map_or(LedgerEntryExt::V0, |entry| entry.ext.clone());
    state.remove(&key);
    state.release_subentry(source, &ext);
}

fn open(context: &mut Context<'_>, asset: &Asset, limit: i64) -> Result<(), Failure> {
    let state = &mut *context.state;
    let issuer_flags = asset::issuer(asset)
        .and_then(|issuer| state.account(issuer))
        .ok_or(ChangeTrustResult::NoIssuer)?
        .flags;
    let mut flags = 0;
    if issuer_flags & AccountFlags::RequiredFlag as u32 == 0 {
        flags |= AUTHORIZED;
    }
    if issuer_flags & AccountFlags::ClawbackEnabledFlag as u32 != 0 {
        flags |= CLAWBACK;
    }
    let ext = state
        .reserve_subentry(&context.source, context.sponsorships.get(&context.source))
        .map_err(|reason| Failure::no_reserve(reason, ChangeTrustResult::LowReserve))?;
    let line = TrustLineEntry {
        account_id: context.source.clone(),
        asset: asset::trust_line_asset(asset),
        balance: 0,
        limit,
        flags,
        ext: TrustLineEntryExt::V0,
    };
    state.insert(LedgerEntryData::Trustline(line), ext);
    Ok(())
}
