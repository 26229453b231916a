//! Result codes, in Horizon's spelling and in classes.

use stellar_xdr::{
    ClaimClaimableBalanceResult, CreateAccountResult, CreateClaimableBalanceResult,
    InnerTransactionResultResult, OperationResult, OperationResultTr, PathPaymentStrictReceiveResult,
    PathPaymentStrictSendResult, PaymentResult, SetTrustLineFlagsResult, TransactionResultResult,
};

use crate::stellar::{Failure, FailureKind};

pub(super) fn outer(result: &TransactionResultResult) -> Failure {
    match result {
        TransactionResultResult::TxFailed(results) => operations(results),
        other => transaction(other.name()),
    }
}

pub(super) fn inner(result: &InnerTransactionResultResult) -> Failure {
    match result {
        InnerTransactionResultResult::TxFailed(results) => operations(results),
        other => transaction(other.name()),
    }
}

/// By the name that both kinds of result share.
fn transaction(name: &str) -> Failure {
    let kind = match name {
        "TxBadSeq" => FailureKind::BadSequence,
        "TxTooLate" => FailureKind::TooLate,
        "TxTooEarly" => FailureKind::TooEarly,
        "TxInsufficientFee" => FailureKind::Fee,
        "TxBadAuth" | "TxBadAuthExtra" => FailureKind::Signature,
        "TxInsufficientBalance" => FailureKind::Underfunded,
        _ => FailureKind::Other,
    };
    let codes = match name {
        "TxNoAccount" => "tx_no_source_account".to_owned(),
        "TxBadMinSeqAgeOrGap" => "tx_bad_minseq_age_or_gap".to_owned(),
        name => snake(name),
    };
    Failure::new(kind, codes)
}

fn operations(results: &[OperationResult]) -> Failure {
    let codes: Vec<String> = results.iter().map(code).collect();
    let operations: Vec<_> = results
        .iter()
        .zip(&codes)
        .map(|(result, code)| (code != "op_success").then(|| kind(result)))
        .collect();
    let first = operations.iter().flatten().next().copied().unwrap_or(FailureKind::Other);
    let codes = format!("tx_failed: {}", codes.join(", "));
    Failure { operations, ..Failure::new(first, codes) }
}

fn code(result: &OperationResult) -> String {
    let name = match result {
        OperationResult::OpNoAccount => return "op_no_source_account".to_owned(),
        OperationResult::OpInner(inner) => inner_name(inner),
        outer => outer.name().trim_start_matches("Op"),
    };
    match name {
        "AlreadyExist" => "op_already_exists".to_owned(),
        "OfferCrossSelf" => "op_cross_self".to_owned(),
        "UnderDestmin" => "op_under_dest_min".to_owned(),
        "OverSendmax" => "op_over_source_max".to_owned(),
        name => format!("op_{}", snake(name)),
    }
}

fn inner_name(result: &OperationResultTr) -> &'static str {
    match result {
        OperationResultTr::CreateAccount(result) => result.name(),
        OperationResultTr::Payment(result) => result.name(),
        OperationResultTr::PathPaymentStrictReceive(result) => result.name(),
        OperationResultTr::ManageSellOffer(result) => result.name(),
        OperationResultTr::CreatePassiveSellOffer(result) => result.name(),
        OperationResultTr::SetOptions(result) => result.name(),
        OperationResultTr::ChangeTrust(result) => result.name(),
        OperationResultTr::AllowTrust(result) => result.name(),
        OperationResultTr::AccountMerge(result) => result.name(),
        OperationResultTr::Inflation(result) => result.name(),
        OperationResultTr::ManageData(result) => result.name(),
        OperationResultTr::BumpSequence(result) => result.name(),
        OperationResultTr::ManageBuyOffer(result) => result.name(),
        OperationResultTr::PathPaymentStrictSend(result) => result.name(),
        OperationResultTr::CreateClaimableBalance(result) => result.name(),
        OperationResultTr::ClaimClaimableBalance(result) => result.name(),
        OperationResultTr::BeginSponsoringFutureReserves(result) => result.name(),
        OperationResultTr::EndSponsoringFutureReserves(result) => result.name(),
        OperationResultTr::RevokeSponsorship(result) => result.name(),
        OperationResultTr::Clawback(result) => result.name(),
        OperationResultTr::ClawbackClaimableBalance(result) => result.name(),
        OperationResultTr::SetTrustLineFlags(result) => result.name(),
        OperationResultTr::LiquidityPoolDeposit(result) => result.name(),
        OperationResultTr::LiquidityPoolWithdraw(result) => result.name(),
        OperationResultTr::InvokeHostFunction(result) => result.name(),
        OperationResultTr::ExtendFootprintTtl(result) => result.name(),
        OperationResultTr::RestoreFootprint(result) => result.name(),
    }
}

/// The class of the operation that failed.
fn kind(result: &OperationResult) -> FailureKind {
    let inner = match result {
        OperationResult::OpInner(inner) => inner,
        OperationResult::OpBadAuth => return FailureKind::Signature,
        OperationResult::OpNoAccount
        | OperationResult::OpNotSupported
        | OperationResult::OpTooManySubentries
        | OperationResult::OpExceededWorkLimit
        | OperationResult::OpTooManySponsoring => return FailureKind::Other,
    };
    match inner {
        OperationResultTr::CreateAccount(CreateAccountResult::AlreadyExist) => FailureKind::AlreadyExists,
        OperationResultTr::CreateAccount(CreateAccountResult::Underfunded)
        | OperationResultTr::CreateClaimableBalance(
            CreateClaimableBalanceResult::Underfunded
            | CreateClaimableBalanceResult::LowReserve
            | CreateClaimableBalanceResult::NoTrust
            | CreateClaimableBalanceResult::NotAuthorized,
        ) => FailureKind::Underfunded,
        // the line was closed meanwhile
        OperationResultTr::SetTrustLineFlags(SetTrustLineFlagsResult::NoTrustLine) => {
            FailureKind::CannotReceive
        }
        // there, but not for this account as it is now
        OperationResultTr::ClaimClaimableBalance(
            ClaimClaimableBalanceResult::NoTrust
            | ClaimClaimableBalanceResult::LineFull
            | ClaimClaimableBalanceResult::NotAuthorized,
        ) => FailureKind::CannotReceive,
        OperationResultTr::Payment(_)
        | OperationResultTr::PathPaymentStrictReceive(_)
        | OperationResultTr::PathPaymentStrictSend(_) => payment_kind(inner),
        _ => FailureKind::Other,
    }
}

/// All kinds of payment fail alike.
fn payment_kind(result: &OperationResultTr) -> FailureKind {
    use PathPaymentStrictReceiveResult as Receive;
    use PathPaymentStrictSendResult as Send;
    match result {
        OperationResultTr::Payment(
            PaymentResult::Underfunded | PaymentResult::SrcNoTrust | PaymentResult::SrcNotAuthorized,
        )
        | OperationResultTr::PathPaymentStrictReceive(
            Receive::Underfunded | Receive::SrcNoTrust | Receive::SrcNotAuthorized,
        )
        | OperationResultTr::PathPaymentStrictSend(
            Send::Underfunded | Send::SrcNoTrust | Send::SrcNotAuthorized,
        ) => FailureKind::Underfunded,
        OperationResultTr::Payment(PaymentResult::NoDestination)
        | OperationResultTr::PathPaymentStrictReceive(Receive::NoDestination)
        | OperationResultTr::PathPaymentStrictSend(Send::NoDestination) => FailureKind::NoDestination,
        OperationResultTr::Payment(
            PaymentResult::NoTrust | PaymentResult::NotAuthorized | PaymentResult::LineFull,
        )
        | OperationResultTr::PathPaymentStrictReceive(
            Receive::NoTrust | Receive::NotAuthorized | Receive::LineFull,
        )
        | OperationResultTr::PathPaymentStrictSend(Send::NoTrust | Send::NotAuthorized | Send::LineFull) => {
            FailureKind::CannotReceive
        }
        _ => FailureKind::Other,
    }
}

/// `SrcNoTrust` as `src_no_trust`.
fn snake(name: &str) -> String {
    let mut snake = String::with_capacity(name.len() + 4);
    for (index, letter) in name.char_indices() {
        if letter.is_ascii_uppercase() && index > 0 {
            snake.push('_');
        }
        snake.push(letter.to_ascii_lowercase());
    }
    snake
}
