//! Create account.

use stellar_xdr::{
    AccountId, Asset, CreateAccountOp, CreateAccountResult, LedgerEntryData, LedgerEntryExt,
    OperationResultTr,
};

use super::Context;
use super::outcome::{Failure, Outcome};
use crate::ledger::account;
use crate::ledger::sponsorship::sponsored_by;

pub(super) fn check(op: &CreateAccountOp, source: &AccountId) -> Result<(), Failure> {
    if op.starting_balance < 0 || op.destination == *source {
        return Err(CreateAccountResult::Malformed.into());
    }
    Ok(())
}

pub(super) fn apply(context: &mut Context<'_>, op: &CreateAccountOp) -> Outcome {
    let state = &mut *context.state;
    if state.account(&op.destination).is_some() {
        return Err(CreateAccountResult::AlreadyExist.into());
    }
    let mut created =
        account::new(op.destination.clone(), op.starting_balance, i64::from(state.header.sequence) << 32);
    let mut ext = LedgerEntryExt::V0;
    if let Some(sponsor) = context.sponsorships.get(&op.destination) {
        state
            .sponsor(sponsor, 2)
            .map_err(|reason| Failure::no_reserve(reason, CreateAccountResult::LowReserve))?;
        account::v2_mut(&mut created).num_sponsored = 2;
        ext = sponsored_by(sponsor);
    } else if op.starting_balance < account::min_balance(&created, state.header.base_reserve) {
        return Err(CreateAccountResult::LowReserve.into());
    }
    if state.available(&context.source, &Asset::Native) < op.starting_balance
        || !state.add_balance(&context.source, &Asset::Native, -op.starting_balance)
    {
        return Err(CreateAccountResult::Underfunded.into());
    }
    state.insert(LedgerEntryData::Account(created), ext);
    Ok(OperationResultTr::CreateAccount(CreateAccountResult::Success))
}
