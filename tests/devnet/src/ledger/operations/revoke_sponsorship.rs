//! Revoke sponsorship: hand the reserve of an entry or signer back to its owner, or over to the sponsor that is
//! open for the source.

use stellar_xdr::{
    AccountId, Asset, LedgerEntry, LedgerEntryData, LedgerKey, OperationResultTr, RevokeSponsorshipOp,
    RevokeSponsorshipOpSigner, RevokeSponsorshipResult, SponsorshipDescriptor,
};

use super::Context;
use super::manage_data::is_plain;
use super::outcome::{Failure, Outcome};
use crate::ledger::account;
use crate::ledger::asset;
use crate::ledger::sponsorship::{multiplier, sponsor_of};

pub(super) fn check(op: &RevokeSponsorshipOp) -> Result<(), Failure> {
    let RevokeSponsorshipOp::LedgerEntry(key) = op else { return Ok(()) };
    let sound = match key {
        LedgerKey::Account(_) | LedgerKey::ClaimableBalance(_) => true,
        LedgerKey::Trustline(line) => asset::of_trust_line(&line.asset).is_some_and(|asset| {
            asset != Asset::Native && asset::is_valid(&asset) && !asset::is_issuer(&line.account_id, &asset)
        }),
        LedgerKey::Offer(offer) => offer.offer_id > 0,
        LedgerKey::Data(data) => !data.data_name.0.is_empty() && is_plain(data.data_name.0.as_slice()),
        LedgerKey::LiquidityPool(_)
        | LedgerKey::ContractData(_)
        | LedgerKey::ContractCode(_)
        | LedgerKey::ConfigSetting(_)
        | LedgerKey::Ttl(_) => false,
    };
    if sound { Ok(()) } else { Err(RevokeSponsorshipResult::Malformed.into()) }
}

pub(super) fn apply(context: &mut Context<'_>, op: &RevokeSponsorshipOp) -> Outcome {
    match op {
        RevokeSponsorshipOp::LedgerEntry(key) => revoke_entry(context, key)?,
        RevokeSponsorshipOp::Signer(signer) => revoke_signer(context, signer)?,
    }
    Ok(OperationResultTr::RevokeSponsorship(RevokeSponsorshipResult::Success))
}

/// A reserve that changes hands.
struct Handover<'a> {
    /// Whose entry it is; nobody's for a claimable balance.
    owner: Option<&'a AccountId>,
    reserves: u32,
    from: Option<&'a AccountId>,
    to: Option<&'a AccountId>,
}

fn revoke_entry(context: &mut Context<'_>, key: &LedgerKey) -> Result<(), Failure> {
    let entry = context.state.entry(key).ok_or(RevokeSponsorshipResult::DoesNotExist)?.clone();
    let from = sponsor_of(&entry.ext);
    let owner = owner_of(&entry);
    if from.or(owner) != Some(&context.source) {
        return Err(RevokeSponsorshipResult::NotSponsor.into());
    }
    // An entry is not sponsored by its own owner; a claimable balance counts as its sponsor's.
    let to =
        context.sponsorships.get(&context.source).filter(|sponsor| Some(*sponsor) != owner.or(from)).cloned();
    if owner.is_none() && to.is_none() {
        return Err(RevokeSponsorshipResult::OnlyTransferable.into());
    }
    hand_over(context, Handover { owner, reserves: multiplier(&entry.data), from, to: to.as_ref() })?;
    context.state.set_sponsor(key, to.as_ref());
    Ok(())
}

fn revoke_signer(context: &mut Context<'_>, signer: &RevokeSponsorshipOpSigner) -> Result<(), Failure> {
    let owner = &signer.account_id;
    let entry = context.state.account(owner).ok_or(RevokeSponsorshipResult::DoesNotExist)?;
    let position = account::signer_position(entry, &signer.signer_key)
        .map_err(|_| RevokeSponsorshipResult::DoesNotExist)?;
    let from = account::signer_sponsors(entry).into_iter().nth(position).flatten();
    if *from.as_ref().unwrap_or(owner) != context.source {
        return Err(RevokeSponsorshipResult::NotSponsor.into());
    }
    let to = context.sponsorships.get(&context.source).filter(|sponsor| *sponsor != owner).cloned();
    hand_over(context, Handover { owner: Some(owner), reserves: 1, from: from.as_ref(), to: to.as_ref() })?;
    if (from.is_some() || to.is_some())
        && let Some(entry) = context.state.account_mut(owner)
        && let Some(slot) = account::v2_mut(entry).signer_sponsoring_i_ds.iter_mut().nth(position)
    {
        *slot = SponsorshipDescriptor(to);
    }
    Ok(())
}

fn hand_over(context: &mut Context<'_>, handover: Handover<'_>) -> Result<(), Failure> {
    let Handover { owner, reserves, from, to } = handover;
    let state = &mut *context.state;
    let low = |reason| Failure::no_reserve(reason, RevokeSponsorshipResult::LowReserve);
    match to {
        Some(sponsor) => state.sponsor(sponsor, reserves).map_err(low)?,
        None => {
            if let (Some(owner), Some(_)) = (owner, from) {
                state.require_available(owner, reserves).map_err(low)?;
            }
        }
    }
    if let Some(sponsor) = from {
        state.unsponsor(sponsor, reserves);
    }
    if let Some(account) =
        owner.filter(|_| from.is_some() != to.is_some()).and_then(|owner| state.account_mut(owner))
    {
        let v2 = account::v2_mut(account);
        v2.num_sponsored = if to.is_some() {
            v2.num_sponsored.saturating_add(reserves)
        } else {
            v2.num_sponsored.saturating_sub(reserves)
        };
    }
    Ok(())
}

fn owner_of(entry: &LedgerEntry) -> Option<&AccountId> {
    match &entry.data {
        LedgerEntryData::Account(account) => Some(&account.account_id),
        LedgerEntryData::Trustline(line) => Some(&line.account_id),
        LedgerEntryData::Offer(offer) => Some(&offer.seller_id),
        LedgerEntryData::Data(data) => Some(&data.account_id),
        _ => None,
    }
}
