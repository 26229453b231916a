//! Create claimable balance.

use sha2::{Digest, Sha256};
use stellar_xdr::{
    AccountFlags, Asset, ClaimPredicate, ClaimableBalanceEntry, ClaimableBalanceEntryExt,
    ClaimableBalanceEntryExtensionV1, ClaimableBalanceEntryExtensionV1Ext, ClaimableBalanceFlags,
    ClaimableBalanceId, Claimant, ClaimantV0, CreateClaimableBalanceOp, CreateClaimableBalanceResult, Hash,
    HashIdPreimage, HashIdPreimageOperationId, LedgerEntryData, Limits, OperationResultTr, SequenceNumber,
    WriteXdr,
};

use super::Context;
use super::outcome::{Failure, Outcome};
use crate::ledger::asset;
use crate::ledger::holding::{CLAWBACK, Standing};
use crate::ledger::sponsorship::{multiplier, sponsored_by};

/// Deepest nesting of a predicate.
const MAX_PREDICATE_DEPTH: u32 = 4;

pub(super) fn check(op: &CreateClaimableBalanceOp) -> Result<(), Failure> {
    let claimants: Vec<&ClaimantV0> =
        op.claimants.iter().map(|Claimant::ClaimantTypeV0(claimant)| claimant).collect();
    let distinct = claimants.iter().enumerate().all(|(index, claimant)| {
        claimants[..index].iter().all(|earlier| earlier.destination != claimant.destination)
    });
    let sound = op.amount > 0
        && !claimants.is_empty()
        && asset::is_valid(&op.asset)
        && distinct
        && claimants.iter().all(|claimant| predicate_valid(&claimant.predicate, 1));
    if sound { Ok(()) } else { Err(CreateClaimableBalanceResult::Malformed.into()) }
}

pub(super) fn apply(context: &mut Context<'_>, op: &CreateClaimableBalanceOp) -> Outcome {
    let source = context.source.clone();
    let id = balance_id(context).ok_or(Failure::Inconsistent)?;
    let state = &mut *context.state;
    match state.standing(&source, &op.asset) {
        Standing::NoTrust => return Err(CreateClaimableBalanceResult::NoTrust.into()),
        Standing::NotAuthorized => return Err(CreateClaimableBalanceResult::NotAuthorized.into()),
        Standing::Unlimited | Standing::Authorized => {}
    }
    if !state.add_balance(&source, &op.asset, -op.amount) {
        return Err(CreateClaimableBalanceResult::Underfunded.into());
    }
    let clawback = if asset::is_issuer(&source, &op.asset) {
        state
            .account(&source)
            .is_some_and(|account| account.flags & AccountFlags::ClawbackEnabledFlag as u32 != 0)
    } else {
        op.asset != Asset::Native
            && state.trust_line(&source, &op.asset).is_some_and(|line| line.flags & CLAWBACK != 0)
    };
    let mut claimants = op.claimants.clone();
    for Claimant::ClaimantTypeV0(claimant) in claimants.iter_mut() {
        make_absolute(&mut claimant.predicate, state.header.closed_at);
    }
    let entry = LedgerEntryData::ClaimableBalance(ClaimableBalanceEntry {
        balance_id: id.clone(),
        claimants,
        asset: op.asset.clone(),
        amount: op.amount,
        ext: if clawback { clawback_enabled() } else { ClaimableBalanceEntryExt::V0 },
    });
    // Nobody owns the entry, so its reserve is always sponsored: by the creator unless someone else offered to.
    let sponsor = context.sponsorships.get(&source).unwrap_or(&source);
    state
        .sponsor(sponsor, multiplier(&entry))
        .map_err(|reason| Failure::no_reserve(reason, CreateClaimableBalanceResult::LowReserve))?;
    state.insert(entry, sponsored_by(sponsor));
    Ok(OperationResultTr::CreateClaimableBalance(CreateClaimableBalanceResult::Success(id)))
}

fn balance_id(context: &Context<'_>) -> Option<ClaimableBalanceId> {
    let preimage = HashIdPreimage::OpId(HashIdPreimageOperationId {
        source_account: context.tx_source.clone(),
        seq_num: SequenceNumber(context.tx_sequence),
        op_num: context.index,
    });
    let hash = Sha256::digest(preimage.to_xdr(Limits::none()).ok()?);
    Some(ClaimableBalanceId::ClaimableBalanceIdTypeV0(Hash(hash.into())))
}

fn clawback_enabled() -> ClaimableBalanceEntryExt {
    ClaimableBalanceEntryExt::V1(ClaimableBalanceEntryExtensionV1 {
        ext: ClaimableBalanceEntryExtensionV1Ext::V0,
        flags: ClaimableBalanceFlags::ClaimableBalanceClawbackEnabledFlag as u32,
    })
}

fn predicate_valid(predicate: &ClaimPredicate, depth: u32) -> bool {
    if depth > MAX_PREDICATE_DEPTH {
        return false;
    }
    match predicate {
        ClaimPredicate::Unconditional => true,
        ClaimPredicate::And(both) | ClaimPredicate::Or(both) => {
            both.len() == 2 && both.iter().all(|part| predicate_valid(part, depth + 1))
        }
        ClaimPredicate::Not(inner) => inner.as_ref().is_some_and(|inner| predicate_valid(inner, depth + 1)),
        ClaimPredicate::BeforeAbsoluteTime(time) | ClaimPredicate::BeforeRelativeTime(time) => *time >= 0,
    }
}

/// Relative times count from the close of the ledger that creates the balance.
fn make_absolute(predicate: &mut ClaimPredicate, closed_at: u64) {
    match predicate {
        ClaimPredicate::Unconditional | ClaimPredicate::BeforeAbsoluteTime(_) => {}
        ClaimPredicate::And(both) | ClaimPredicate::Or(both) => {
            both.iter_mut().for_each(|part| make_absolute(part, closed_at));
        }
        ClaimPredicate::Not(inner) => {
            if let Some(inner) = inner {
                make_absolute(inner, closed_at);
            }
        }
        ClaimPredicate::BeforeRelativeTime(seconds) => {
            let time = i64::try_from(closed_at).unwrap_or(i64::MAX).saturating_add(*seconds);
            *predicate = ClaimPredicate::BeforeAbsoluteTime(time);
        }
    }
}
