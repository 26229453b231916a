//! The operations, one per file: `check` is what the network verifies without looking at the ledger, `apply` what
//! the operation does to it.

mod account_merge;
mod allow_trust;
mod bump_sequence;
mod change_trust;
mod claim_claimable_balance;
mod clawback;
mod clawback_claimable_balance;
mod create_account;
mod create_claimable_balance;
mod crossing;
mod manage_data;
mod manage_offer;
mod outcome;
mod path;
mod path_payment;
mod payment;
mod revoke_sponsorship;
mod set_options;
mod set_trust_line_flags;
mod sponsoring;
mod trust_flags;

use std::collections::BTreeMap;

use stellar_xdr::{
    AccountId, AccountMergeResult, AllowTrustResult, BeginSponsoringFutureReservesResult, BumpSequenceResult,
    ChangeTrustResult, ClaimClaimableBalanceResult, ClaimableBalanceId, ClawbackClaimableBalanceResult,
    ClawbackResult, CreateAccountResult, CreateClaimableBalanceResult, EndSponsoringFutureReservesResult,
    Hash, ManageBuyOfferResult, ManageDataResult, ManageOfferSuccessResult, ManageOfferSuccessResultOffer,
    ManageSellOfferResult, OperationBody, OperationResult, OperationResultTr, PathPaymentStrictReceiveResult,
    PathPaymentStrictReceiveResultSuccess, PathPaymentStrictSendResult, PathPaymentStrictSendResultSuccess,
    PaymentResult, RevokeSponsorshipResult, SetOptionsResult, SetTrustLineFlagsResult, SimplePaymentResult,
    VecM,
};

use self::outcome::Outcome;
pub(crate) use self::set_options::remove_signer;
use super::asset::account_id;
use super::sponsorship::Sponsorships;
use super::state::State;

/// What an operation sees of its transaction while it is applied.
#[derive(Debug)]
pub(crate) struct Context<'a> {
    pub(crate) state: &'a mut State,
    pub(crate) sponsorships: &'a mut Sponsorships,
    /// Account the operation acts for.
    pub(crate) source: AccountId,
    /// Account whose sequence number the transaction uses.
    pub(crate) tx_source: AccountId,
    pub(crate) tx_sequence: i64,
    /// Position of the operation in its transaction, from 0.
    pub(crate) index: u32,
    /// Highest sequence number each source account uses in this ledger.
    pub(crate) last_sequences: &'a BTreeMap<AccountId, i64>,
}

/// Which of an account's thresholds an operation has to meet; the number is its place in the entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Level {
    Low = 1,
    Medium = 2,
    High = 3,
}

/// The threshold `body` needs.
pub(crate) fn level(body: &OperationBody) -> Level {
    match body {
        OperationBody::AllowTrust(_)
        | OperationBody::SetTrustLineFlags(_)
        | OperationBody::BumpSequence(_)
        | OperationBody::ClaimClaimableBalance(_)
        | OperationBody::Inflation
        | OperationBody::ExtendFootprintTtl(_)
        | OperationBody::RestoreFootprint(_) => Level::Low,
        OperationBody::AccountMerge(_) => Level::High,
        OperationBody::SetOptions(op) => set_options::level(op),
        _ => Level::Medium,
    }
}

/// Whether `body` belongs to the smart contract part of the protocol, which this ledger does not have.
pub(crate) fn is_soroban(body: &OperationBody) -> bool {
    matches!(
        body,
        OperationBody::InvokeHostFunction(_)
            | OperationBody::ExtendFootprintTtl(_)
            | OperationBody::RestoreFootprint(_)
    )
}

/// Whether this ledger knows the operation at all; the network asks that before anything else.
pub(crate) fn supported(body: &OperationBody) -> Result<(), Box<OperationResult>> {
    match untouched(body) {
        unsupported @ OperationResult::OpNotSupported => Err(Box::new(unsupported)),
        _ => Ok(()),
    }
}

/// Verifies what can be verified without the ledger. `Err` is the result the network reports.
pub(crate) fn check(body: &OperationBody, source: &AccountId) -> Result<(), Box<OperationResult>> {
    let checked = match body {
        OperationBody::CreateAccount(op) => create_account::check(op, source),
        OperationBody::Payment(op) => payment::check(op),
        OperationBody::PathPaymentStrictReceive(op) => path_payment::check_receive(op),
        OperationBody::PathPaymentStrictSend(op) => path_payment::check_send(op),
        OperationBody::ManageSellOffer(op) => manage_offer::check_sell(op),
        OperationBody::ManageBuyOffer(op) => manage_offer::check_buy(op),
        OperationBody::CreatePassiveSellOffer(op) => manage_offer::check_passive(op),
        OperationBody::SetOptions(op) => set_options::check(op, source),
        OperationBody::ChangeTrust(op) => change_trust::check(op, source),
        OperationBody::AllowTrust(op) => allow_trust::check(op, source),
        OperationBody::AccountMerge(destination) => account_merge::check(destination, source),
        OperationBody::ManageData(op) => manage_data::check(op),
        OperationBody::BumpSequence(op) => bump_sequence::check(op),
        OperationBody::CreateClaimableBalance(op) => create_claimable_balance::check(op),
        OperationBody::BeginSponsoringFutureReserves(op) => sponsoring::check_begin(op, source),
        OperationBody::RevokeSponsorship(op) => revoke_sponsorship::check(op),
        OperationBody::Clawback(op) => clawback::check(op, source),
        OperationBody::SetTrustLineFlags(op) => set_trust_line_flags::check(op, source),
        OperationBody::ClaimClaimableBalance(_)
        | OperationBody::EndSponsoringFutureReserves
        | OperationBody::ClawbackClaimableBalance(_) => Ok(()),
        OperationBody::Inflation
        | OperationBody::LiquidityPoolDeposit(_)
        | OperationBody::LiquidityPoolWithdraw(_)
        | OperationBody::InvokeHostFunction(_)
        | OperationBody::ExtendFootprintTtl(_)
        | OperationBody::RestoreFootprint(_) => Err(OperationResult::OpNotSupported.into()),
    };
    checked.map_err(|failure| Box::new(failure.into_result().unwrap_or(OperationResult::OpNotSupported)))
}

/// Applies a checked operation. On `Err` the caller has to undo what it did to the state.
pub(crate) fn apply(context: &mut Context<'_>, body: &OperationBody) -> Outcome {
    match body {
        OperationBody::CreateAccount(op) => create_account::apply(context, op),
        OperationBody::Payment(op) => payment::apply(context, op),
        OperationBody::PathPaymentStrictReceive(op) => path_payment::apply_receive(context, op),
        OperationBody::PathPaymentStrictSend(op) => path_payment::apply_send(context, op),
        OperationBody::ManageSellOffer(op) => manage_offer::apply_sell(context, op),
        OperationBody::ManageBuyOffer(op) => manage_offer::apply_buy(context, op),
        OperationBody::CreatePassiveSellOffer(op) => manage_offer::apply_passive(context, op),
        OperationBody::SetOptions(op) => set_options::apply(context, op),
        OperationBody::ChangeTrust(op) => change_trust::apply(context, op),
        OperationBody::AllowTrust(op) => allow_trust::apply(context, op),
        OperationBody::AccountMerge(destination) => account_merge::apply(context, destination),
        OperationBody::ManageData(op) => manage_data::apply(context, op),
        OperationBody::BumpSequence(op) => bump_sequence::apply(context, op),
        OperationBody::CreateClaimableBalance(op) => create_claimable_balance::apply(context, op),
        OperationBody::ClaimClaimableBalance(op) => claim_claimable_balance::apply(context, op),
        OperationBody::BeginSponsoringFutureReserves(op) => sponsoring::apply_begin(context, op),
        OperationBody::EndSponsoringFutureReserves => sponsoring::apply_end(context),
        OperationBody::RevokeSponsorship(op) => revoke_sponsorship::apply(context, op),
        OperationBody::Clawback(op) => clawback::apply(context, op),
        OperationBody::ClawbackClaimableBalance(op) => clawback_claimable_balance::apply(context, op),
        OperationBody::SetTrustLineFlags(op) => set_trust_line_flags::apply(context, op),
        OperationBody::Inflation
        | OperationBody::LiquidityPoolDeposit(_)
        | OperationBody::LiquidityPoolWithdraw(_)
        | OperationBody::InvokeHostFunction(_)
        | OperationBody::ExtendFootprintTtl(_)
        | OperationBody::RestoreFootprint(_) => Err(OperationResult::OpNotSupported.into()),
    }
}

/// What stands in the result of an operation that was not reached: an empty success, as on the network.
pub(crate) fn untouched(body: &OperationBody) -> OperationResult {
    let nobody = || account_id([0; 32]);
    let nothing =
        || SimplePaymentResult { destination: nobody(), asset: stellar_xdr::Asset::Native, amount: 0 };
    let no_offer = || ManageOfferSuccessResult {
        offers_claimed: VecM::default(),
        offer: ManageOfferSuccessResultOffer::Deleted,
    };
    OperationResult::OpInner(match body {
        OperationBody::CreateAccount(_) => OperationResultTr::CreateAccount(CreateAccountResult::Success),
        OperationBody::Payment(_) => OperationResultTr::Payment(PaymentResult::Success),
        OperationBody::PathPaymentStrictReceive(_) => {
            OperationResultTr::PathPaymentStrictReceive(PathPaymentStrictReceiveResult::Success(
                PathPaymentStrictReceiveResultSuccess { offers: VecM::default(), last: nothing() },
            ))
        }
        OperationBody::PathPaymentStrictSend(_) => {
            OperationResultTr::PathPaymentStrictSend(PathPaymentStrictSendResult::Success(
                PathPaymentStrictSendResultSuccess { offers: VecM::default(), last: nothing() },
            ))
        }
        OperationBody::ManageSellOffer(_) => {
            OperationResultTr::ManageSellOffer(ManageSellOfferResult::Success(no_offer()))
        }
        OperationBody::CreatePassiveSellOffer(_) => {
            OperationResultTr::CreatePassiveSellOffer(ManageSellOfferResult::Success(no_offer()))
        }
        OperationBody::ManageBuyOffer(_) => {
            OperationResultTr::ManageBuyOffer(ManageBuyOfferResult::Success(no_offer()))
        }
        OperationBody::SetOptions(_) => OperationResultTr::SetOptions(SetOptionsResult::Success),
        OperationBody::ChangeTrust(_) => OperationResultTr::ChangeTrust(ChangeTrustResult::Success),
        OperationBody::AllowTrust(_) => OperationResultTr::AllowTrust(AllowTrustResult::Success),
        OperationBody::AccountMerge(_) => OperationResultTr::AccountMerge(AccountMergeResult::Success(0)),
        OperationBody::ManageData(_) => OperationResultTr::ManageData(ManageDataResult::Success),
        OperationBody::BumpSequence(_) => OperationResultTr::BumpSequence(BumpSequenceResult::Success),
        OperationBody::CreateClaimableBalance(_) => {
            OperationResultTr::CreateClaimableBalance(CreateClaimableBalanceResult::Success(
                ClaimableBalanceId::ClaimableBalanceIdTypeV0(Hash([0; 32])),
            ))
        }
        OperationBody::ClaimClaimableBalance(_) => {
            OperationResultTr::ClaimClaimableBalance(ClaimClaimableBalanceResult::Success)
        }
        OperationBody::BeginSponsoringFutureReserves(_) => {
            OperationResultTr::BeginSponsoringFutureReserves(BeginSponsoringFutureReservesResult::Success)
        }
        OperationBody::EndSponsoringFutureReserves => {
            OperationResultTr::EndSponsoringFutureReserves(EndSponsoringFutureReservesResult::Success)
        }
        OperationBody::RevokeSponsorship(_) => {
            OperationResultTr::RevokeSponsorship(RevokeSponsorshipResult::Success)
        }
        OperationBody::Clawback(_) => OperationResultTr::Clawback(ClawbackResult::Success),
        OperationBody::ClawbackClaimableBalance(_) => {
            OperationResultTr::ClawbackClaimableBalance(ClawbackClaimableBalanceResult::Success)
        }
        OperationBody::SetTrustLineFlags(_) => {
            OperationResultTr::SetTrustLineFlags(SetTrustLineFlagsResult::Success)
        }
        OperationBody::Inflation
        | OperationBody::LiquidityPoolDeposit(_)
        | OperationBody::LiquidityPoolWithdraw(_)
        | OperationBody::InvokeHostFunction(_)
        | OperationBody::ExtendFootprintTtl(_)
        | OperationBody::RestoreFootprint(_) => return OperationResult::OpNotSupported,
    })
}

/// Splits an outcome into the result to report and whether it was a success; `None` is a defect of the ledger,
/// which the network reports as an internal error of the transaction.
pub(crate) fn settle(outcome: Outcome) -> Option<(OperationResult, bool)> {
    match outcome {
        Ok(success) => Some((OperationResult::OpInner(success), true)),
        Err(failure) => failure.into_result().map(|result| (result, false)),
    }
}
