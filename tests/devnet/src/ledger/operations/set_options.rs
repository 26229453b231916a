//! Set options: signers, thresholds, flags, home domain.

use stellar_xdr::{
    AccountEntry, AccountFlags, AccountId, OperationResultTr, SetOptionsOp, SetOptionsResult, Signer,
    SignerKey, SponsorshipDescriptor,
};

use super::outcome::{Failure, Outcome};
use super::{Context, Level};
use crate::ledger::account::{self, SIGNER_LIMIT};
use crate::ledger::signatures::master;
use crate::ledger::sponsorship::{sponsor_of, sponsored_by};
use crate::ledger::state::State;

const REVOCABLE: u32 = AccountFlags::RevocableFlag as u32;
const IMMUTABLE: u32 = AccountFlags::ImmutableFlag as u32;
const CLAWBACK: u32 = AccountFlags::ClawbackEnabledFlag as u32;
const ALL_FLAGS: u32 = AccountFlags::RequiredFlag as u32 | REVOCABLE | IMMUTABLE | CLAWBACK;

/// Whoever may change the signers may do anything, so that needs the high threshold.
pub(super) fn level(op: &SetOptionsOp) -> Level {
    let changes_control = op.master_weight.is_some()
        || op.low_threshold.is_some()
        || op.med_threshold.is_some()
        || op.high_threshold.is_some()
        || op.signer.is_some();
    if changes_control { Level::High } else { Level::Medium }
}

pub(super) fn check(op: &SetOptionsOp, source: &AccountId) -> Result<(), Failure> {
    let (set, clear) = (op.set_flags.unwrap_or(0), op.clear_flags.unwrap_or(0));
    if (set | clear) & !ALL_FLAGS != 0 {
        return Err(SetOptionsResult::UnknownFlag.into());
    }
    if set & clear != 0 {
        return Err(SetOptionsResult::BadFlags.into());
    }
    let weights = [op.master_weight, op.low_threshold, op.med_threshold, op.high_threshold];
    if weights.into_iter().flatten().any(|weight| weight > 255) {
        return Err(SetOptionsResult::ThresholdOutOfRange.into());
    }
    if let Some(signer) = &op.signer {
        let empty_payload =
            matches!(&signer.key, SignerKey::Ed25519SignedPayload(signed) if signed.payload.is_empty());
        if signer.key == master(source) || signer.weight > 255 || empty_payload {
            return Err(SetOptionsResult::BadSigner.into());
        }
    }
    if op.home_domain.as_ref().is_some_and(|domain| !super::manage_data::is_plain(domain.0.as_slice())) {
        return Err(SetOptionsResult::InvalidHomeDomain.into());
    }
    Ok(())
}

pub(super) fn apply(context: &mut Context<'_>, op: &SetOptionsOp) -> Outcome {
    let source = context.source.clone();
    if let Some(destination) = &op.inflation_dest
        && context.state.account(destination).is_none()
    {
        return Err(SetOptionsResult::InvalidInflation.into());
    }
    let account = context.state.account_mut(&source).ok_or(Failure::Inconsistent)?;
    set_fields(account, op)?;
    if let Some(signer) = &op.signer {
        set_signer(context, &source, signer)?;
    }
    Ok(OperationResultTr::SetOptions(SetOptionsResult::Success))
}

fn set_fields(account: &mut AccountEntry, op: &SetOptionsOp) -> Result<(), Failure> {
    if let Some(destination) = &op.inflation_dest {
        account.inflation_dest = Some(destination.clone());
    }
    let (set, clear) = (op.set_flags.unwrap_or(0), op.clear_flags.unwrap_or(0));
    let immutable_after_clear = account.flags & IMMUTABLE != 0;
    if set | clear != 0 && immutable_after_clear {
        return Err(SetOptionsResult::CantChange.into());
    }
    account.flags = account.flags & !clear | set;
    if (op.set_flags.is_some() || op.clear_flags.is_some())
        && account.flags & CLAWBACK != 0
        && account.flags & REVOCABLE == 0
    {
        return Err(SetOptionsResult::AuthRevocableRequired.into());
    }
    if let Some(domain) = &op.home_domain {
        account.home_domain = domain.clone();
    }
    let weights = [op.master_weight, op.low_threshold, op.med_threshold, op.high_threshold];
    for (threshold, weight) in account.thresholds.0.iter_mut().zip(weights) {
        if let Some(weight) = weight.and_then(|weight| u8::try_from(weight).ok()) {
            *threshold = weight;
        }
    }
    Ok(())
}

fn set_signer(context: &mut Context<'_>, source: &AccountId, signer: &Signer) -> Result<(), Failure> {
    let state = &mut *context.state;
    let account = state.account(source).ok_or(Failure::Inconsistent)?;
    let position = account::signer_position(account, &signer.key);
    let full = account.signers.len() >= SIGNER_LIMIT;
    match position {
        Ok(position) if signer.weight == 0 => remove_signer(state, source, position),
        Ok(position) => {
            if let Some(existing) =
                state.account_mut(source).and_then(|account| account.signers.iter_mut().nth(position))
            {
                existing.weight = signer.weight;
            }
        }
        Err(_) if signer.weight == 0 => {}
        Err(_) if full => return Err(SetOptionsResult::TooManySigners.into()),
        Err(position) => {
            let ext = state
                .reserve_subentry(source, context.sponsorships.get(source))
                .map_err(|reason| Failure::no_reserve(reason, SetOptionsResult::LowReserve))?;
            let account = state.account_mut(source).ok_or(Failure::Inconsistent)?;
            if !account::insert_signer(account, position, signer.clone()) {
                return Err(Failure::Inconsistent);
            }
            if let Some(sponsor) = sponsor_of(&ext)
                && let Some(slot) = account::v2_mut(account).signer_sponsoring_i_ds.iter_mut().nth(position)
            {
                *slot = SponsorshipDescriptor(Some(sponsor.clone()));
            }
        }
    }
    Ok(())
}

/// Takes a signer out and gives its reserve back to whoever paid it.
pub(crate) fn remove_signer(state: &mut State, account: &AccountId, position: usize) {
    let Some(entry) = state.account_mut(account) else { return };
    let sponsor = account::remove_signer(entry, position);
    let ext = sponsor.as_ref().map_or(stellar_xdr::LedgerEntryExt::V0, sponsored_by);
    state.release_subentry(account, &ext);
}
