//! Account merge: everything to another account, and gone.

use stellar_xdr::{
    AccountFlags, AccountId, AccountMergeResult, Asset, LedgerEntryExt, MuxedAccount, OperationResultTr,
};

use super::outcome::{Failure, Outcome};
use super::{Context, set_options};
use crate::ledger::account;
use crate::ledger::asset::account_of;
use crate::ledger::sponsorship::sponsor_of;
use crate::ledger::state::account_key;

pub(super) fn check(destination: &MuxedAccount, source: &AccountId) -> Result<(), Failure> {
    if account_of(destination) == *source {
        return Err(AccountMergeResult::Malformed.into());
    }
    Ok(())
}

pub(super) fn apply(context: &mut Context<'_>, destination: &MuxedAccount) -> Outcome {
    let destination = account_of(destination);
    let source = context.source.clone();
    let state = &mut *context.state;
    if state.account(&destination).is_none() {
        return Err(AccountMergeResult::NoAccount.into());
    }
    let account = state.account(&source).ok_or(Failure::Inconsistent)?;
    if account.flags & AccountFlags::ImmutableFlag as u32 != 0 {
        return Err(AccountMergeResult::ImmutableSet.into());
    }
    if u32::try_from(account.signers.len()) != Ok(account.num_sub_entries) {
        return Err(AccountMergeResult::HasSubEntries.into());
    }
    // A new account of this key would start at this number: the old one must not have used up any from there on.
    let first_of_ledger = i64::from(state.header.sequence) << 32;
    let used =
        context.last_sequences.get(&source).map_or(account.seq_num.0, |last| account.seq_num.0.max(*last));
    if used >= first_of_ledger {
        return Err(AccountMergeResult::SeqnumTooFar.into());
    }
    if context.sponsorships.values().any(|sponsor| *sponsor == source) || account::num_sponsoring(account) > 0
    {
        return Err(AccountMergeResult::IsSponsor.into());
    }
    let balance = account.balance;
    for position in (0..account.signers.len()).rev() {
        set_options::remove_signer(state, &source, position);
    }
    if !state.add_balance(&destination, &Asset::Native, balance) {
        return Err(AccountMergeResult::DestFull.into());
    }
    let key = account_key(&source);
    let ext = state.entry(&key).map_or(LedgerEntryExt::V0, |entry| entry.ext.clone());
    if let Some(sponsor) = sponsor_of(&ext) {
        state.unsponsor(sponsor, 2);
    }
    state.remove(&key);
    Ok(OperationResultTr::AccountMerge(AccountMergeResult::Success(balance)))
}
