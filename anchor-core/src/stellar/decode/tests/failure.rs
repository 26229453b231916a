//! Why a transaction failed, in words and in kinds.

use super::*;
use crate::stellar::FailureKind;

fn failure(result: TransactionResultResult) -> (FailureKind, String) {
    match outcome(&result_of(result)).unwrap() {
        Outcome::Failed(failure) => (failure.kind, failure.codes),
        succeeded @ Outcome::Succeeded { .. } => panic!("{succeeded:?}"),
    }
}

#[test]
fn transaction_codes_are_classified_in_horizons_words() {
    use TransactionResultResult as Code;
    for (code, kind, text) in [
        (Code::TxBadSeq, FailureKind::BadSequence, "tx_bad_seq"),
        (Code::TxTooLate, FailureKind::TooLate, "tx_too_late"),
        (Code::TxTooEarly, FailureKind::TooEarly, "tx_too_early"),
        (Code::TxInsufficientFee, FailureKind::Fee, "tx_insufficient_fee"),
        (Code::TxBadAuth, FailureKind::Signature, "tx_bad_auth"),
        (Code::TxBadAuthExtra, FailureKind::Signature, "tx_bad_auth_extra"),
        (Code::TxInsufficientBalance, FailureKind::Underfunded, "tx_insufficient_balance"),
        (Code::TxNoAccount, FailureKind::Other, "tx_no_source_account"),
        (Code::TxBadMinSeqAgeOrGap, FailureKind::Other, "tx_bad_minseq_age_or_gap"),
        (Code::TxInternalError, FailureKind::Other, "tx_internal_error"),
    ] {
        assert_eq!(failure(code), (kind, text.to_owned()));
    }
}

#[test]
fn operation_codes_are_classified_in_horizons_words() {
    use OperationResultTr as Tr;
    use stellar_xdr::ClaimClaimableBalanceResult as Claim;
    let success = || OperationResult::OpInner(Tr::Payment(PaymentResult::Success));
    for (result, kind, code) in [
        (Tr::Payment(PaymentResult::NoTrust), FailureKind::CannotReceive, "op_no_trust"),
        (Tr::Payment(PaymentResult::NotAuthorized), FailureKind::CannotReceive, "op_not_authorized"),
        (Tr::Payment(PaymentResult::LineFull), FailureKind::CannotReceive, "op_line_full"),
        (
            Tr::SetTrustLineFlags(SetTrustLineFlagsResult::NoTrustLine),
            FailureKind::CannotReceive,
            "op_no_trust_line",
        ),
        (
            Tr::SetTrustLineFlags(SetTrustLineFlagsResult::InvalidState),
            FailureKind::Other,
            "op_invalid_state",
        ),
        (Tr::Payment(PaymentResult::NoDestination), FailureKind::NoDestination, "op_no_destination"),
        (Tr::Payment(PaymentResult::Underfunded), FailureKind::Underfunded, "op_underfunded"),
        (Tr::Payment(PaymentResult::SrcNoTrust), FailureKind::Underfunded, "op_src_no_trust"),
        (Tr::Payment(PaymentResult::SrcNotAuthorized), FailureKind::Underfunded, "op_src_not_authorized"),
        (Tr::Payment(PaymentResult::Malformed), FailureKind::Other, "op_malformed"),
        (
            Tr::CreateAccount(CreateAccountResult::AlreadyExist),
            FailureKind::AlreadyExists,
            "op_already_exists",
        ),
        (Tr::CreateAccount(CreateAccountResult::Underfunded), FailureKind::Underfunded, "op_underfunded"),
        (Tr::CreateAccount(CreateAccountResult::LowReserve), FailureKind::Other, "op_low_reserve"),
        (
            Tr::CreateClaimableBalance(CreateClaimableBalanceResult::LowReserve),
            FailureKind::Underfunded,
            "op_low_reserve",
        ),
        (Tr::ClaimClaimableBalance(Claim::NoTrust), FailureKind::CannotReceive, "op_no_trust"),
        (Tr::ClaimClaimableBalance(Claim::LineFull), FailureKind::CannotReceive, "op_line_full"),
        (Tr::ClaimClaimableBalance(Claim::NotAuthorized), FailureKind::CannotReceive, "op_not_authorized"),
        (Tr::ClaimClaimableBalance(Claim::DoesNotExist), FailureKind::Other, "op_does_not_exist"),
        (Tr::ClaimClaimableBalance(Claim::CannotClaim), FailureKind::Other, "op_cannot_claim"),
        (
            Tr::PathPaymentStrictSend(PathPaymentStrictSendResult::UnderDestmin),
            FailureKind::Other,
            "op_under_dest_min",
        ),
    ] {
        let results = vec![success(), OperationResult::OpInner(result)];
        let failed = failure(TransactionResultResult::TxFailed(results.try_into().unwrap()));
        assert_eq!(failed, (kind, format!("tx_failed: op_success, {code}")));
    }
    let failed = |result| failure(TransactionResultResult::TxFailed(vec![result].try_into().unwrap()));
    assert_eq!(failed(OperationResult::OpBadAuth), (FailureKind::Signature, "tx_failed: op_bad_auth".into()));
    let no_source = (FailureKind::Other, "tx_failed: op_no_source_account".into());
    assert_eq!(failed(OperationResult::OpNoAccount), no_source);
}

#[test]
fn failed_fee_bump_tells_why_its_inner_transaction_failed() {
    let (_, result) = bumped(&[], InnerTransactionResultResult::TxBadSeq);
    assert_eq!(failure(result), (FailureKind::BadSequence, "tx_bad_seq".to_owned()));
}
