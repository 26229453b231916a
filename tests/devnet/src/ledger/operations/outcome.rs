//! How an operation ends.

use stellar_xdr::{
    AccountMergeResult, AllowTrustResult, BeginSponsoringFutureReservesResult, BumpSequenceResult,
    ChangeTrustResult, ClaimClaimableBalanceResult, ClawbackClaimableBalanceResult, ClawbackResult,
    CreateAccountResult, CreateClaimableBalanceResult, EndSponsoringFutureReservesResult,
    ManageBuyOfferResult, ManageDataResult, OperationResult, OperationResultTr,
    PathPaymentStrictReceiveResult, PathPaymentStrictSendResult, PaymentResult, RevokeSponsorshipResult,
    SetOptionsResult, SetTrustLineFlagsResult,
};

use crate::ledger::sponsorship::NoReserve;

/// The success result, or why not.
pub(crate) type Outcome = Result<OperationResultTr, Failure>;

/// Why an operation did not succeed.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The result the network reports. Boxed: results are large and failures rare.
    Result(Box<OperationResult>),
    /// The ledger contradicts itself (never seen; reported as `txINTERNAL_ERROR`).
    Inconsistent,
}

impl Failure {
    pub(crate) fn into_result(self) -> Option<OperationResult> {
        match self {
            Self::Result(result) => Some(*result),
            Self::Inconsistent => None,
        }
    }

    /// A missing reserve: `low` is how the operation at hand names a lack of lumens.
    pub(crate) fn no_reserve(reason: NoReserve, low: impl Into<Self>) -> Self {
        match reason {
            NoReserve::LowReserve => low.into(),
            NoReserve::TooManySubentries => OperationResult::OpTooManySubentries.into(),
            NoReserve::TooManySponsoring => OperationResult::OpTooManySponsoring.into(),
        }
    }
}

impl From<OperationResult> for Failure {
    fn from(result: OperationResult) -> Self {
        Self::Result(Box::new(result))
    }
}

/// An operation's own result type: as a failure, or as the success it reports.
macro_rules! results {
    ($($variant:ident($result:ident)),* $(,)?) => {$(
        impl From<$result> for Failure {
            fn from(result: $result) -> Self {
                OperationResult::OpInner(OperationResultTr::$variant(result)).into()
            }
        }
    )*};
}

results! {
    CreateAccount(CreateAccountResult),
    Payment(PaymentResult),
    PathPaymentStrictReceive(PathPaymentStrictReceiveResult),
    PathPaymentStrictSend(PathPaymentStrictSendResult),
    ManageBuyOffer(ManageBuyOfferResult),
    SetOptions(SetOptionsResult),
    ChangeTrust(ChangeTrustResult),
    AllowTrust(AllowTrustResult),
    AccountMerge(AccountMergeResult),
    ManageData(ManageDataResult),
    BumpSequence(BumpSequenceResult),
    CreateClaimableBalance(CreateClaimableBalanceResult),
    ClaimClaimableBalance(ClaimClaimableBalanceResult),
    BeginSponsoringFutureReserves(BeginSponsoringFutureReservesResult),
    EndSponsoringFutureReserves(EndSponsoringFutureReservesResult),
    RevokeSponsorship(RevokeSponsorshipResult),
    Clawback(ClawbackResult),
    ClawbackClaimableBalance(ClawbackClaimableBalanceResult),
    SetTrustLineFlags(SetTrustLineFlagsResult),
}
