//! Result codes as Horizon spells them in `extras.result_codes`.

use serde_json::{Value, json};
use stellar_xdr::{
    InnerTransactionResultResult, OperationResult, OperationResultTr, TransactionResult,
    TransactionResultResult,
};

/// The `result_codes` object of a failed transaction.
///
/// `asked_inner` says that the caller submitted the inner transaction of the fee bump that applied, so the
/// inner code is told as *the* transaction code.
pub(crate) fn result_codes(result: &TransactionResult, asked_inner: bool) -> Value {
    let mut codes = json!({ "transaction": transaction(&result.result) });
    if let Some(inner) = inner(&result.result) {
        let key = if asked_inner { "transaction" } else { "inner_transaction" };
        codes[key] = tx_code(inner.name()).into();
    }
    if let Some(operations) = operations(&result.result) {
        let operations: Vec<String> = operations.iter().map(operation).collect();
        if !operations.is_empty() {
            codes["operations"] = operations.into();
        }
    }
    codes
}

/// The results of the operations, of the inner transaction for a fee bump; `None` when none was tried.
pub(crate) fn operations(result: &TransactionResultResult) -> Option<&[OperationResult]> {
    if let Some(inner) = inner(result) {
        return match inner {
            InnerTransactionResultResult::TxSuccess(results)
            | InnerTransactionResultResult::TxFailed(results) => Some(results.as_slice()),
            _ => None,
        };
    }
    match result {
        TransactionResultResult::TxSuccess(results) | TransactionResultResult::TxFailed(results) => {
            Some(results.as_slice())
        }
        _ => None,
    }
}

fn inner(result: &TransactionResultResult) -> Option<&InnerTransactionResultResult> {
    match result {
        TransactionResultResult::TxFeeBumpInnerSuccess(pair)
        | TransactionResultResult::TxFeeBumpInnerFailed(pair) => Some(&pair.result.result),
        _ => None,
    }
}

fn transaction(result: &TransactionResultResult) -> String {
    tx_code(result.name())
}

fn tx_code(variant: &str) -> String {
    match variant {
        "TxNoAccount" => "tx_no_source_account".to_owned(),
        "TxBadMinSeqAgeOrGap" => "tx_bad_minseq_age_or_gap".to_owned(),
        regular => snake(regular),
    }
}

fn operation(result: &OperationResult) -> String {
    match result {
        OperationResult::OpInner(inner) => applied(inner),
        OperationResult::OpNoAccount => "op_no_source_account".to_owned(),
        other => snake(other.name()),
    }
}

/// Most codes are the variant in snake case after `op_`; the table holds the historic exceptions.
fn applied(result: &OperationResultTr) -> String {
    let variant = variant(result);
    let irregular = match (result.name(), variant) {
        ("CreateAccount", "AlreadyExist") => "op_already_exists",
        (_, "OfferCrossSelf") => "op_cross_self",
        (_, "OverSendmax") => "op_over_source_max",
        (_, "UnderDestmin") => "op_under_dest_min",
        (_, "SellNotAuthorized") => "sell_not_authorized",
        (_, "BuyNotAuthorized") => "buy_not_authorized",
        (_, "BuyNoIssuer") => "buy_no_issuer",
        ("ManageSellOffer" | "ManageBuyOffer" | "CreatePassiveSellOffer", "NotFound") => "op_offer_not_found",
        ("ChangeTrust", "NotAuthMaintainLiabilities") => "op_not_aut_maintain_liabilities",
        ("AllowTrust" | "SetTrustLineFlags", "NoTrustLine") => "op_no_trust",
        ("AllowTrust", "TrustNotRequired") => "op_not_required",
        ("ManageData", "NameNotFound") => "op_data_name_not_found",
        ("ManageData", "InvalidName") => "op_data_invalid_name",
        ("AccountMerge", "SeqnumTooFar") => "op_seq_num_too_far",
        ("ClawbackClaimableBalance", "NotIssuer") => "op_no_issuer",
        ("InvokeHostFunction", "Trapped") => "function_trapped",
        (_, "ResourceLimitExceeded") => "resource_limit_exceeded",
        (_, "EntryArchived") => "entry_archived",
        (_, "InsufficientRefundableFee") => "insufficient_refundable_fee",
        _ => return format!("op_{}", snake(variant)),
    };
    irregular.to_owned()
}

fn variant(result: &OperationResultTr) -> &'static str {
    match result {
        OperationResultTr::CreateAccount(result) => result.name(),
        OperationResultTr::Payment(result) => result.name(),
        OperationResultTr::PathPaymentStrictReceive(result) => result.name(),
        OperationResultTr::ManageSellOffer(result) | OperationResultTr::CreatePassiveSellOffer(result) => {
            result.name()
        }
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

/// `NoTrust` to `no_trust`. Only ASCII camel case comes in.
pub(crate) fn snake(camel: &str) -> String {
    let mut snake = String::with_capacity(camel.len() + 4);
    for (position, letter) in camel.char_indices() {
        if letter.is_ascii_uppercase() && position > 0 {
            snake.push('_');
        }
        snake.push(letter.to_ascii_lowercase());
    }
    snake
}

#[cfg(test)]
mod tests {
    use stellar_xdr::{
        AllowTrustResult, ChangeTrustResult, CreateAccountResult, InnerTransactionResult,
        InnerTransactionResultExt, InnerTransactionResultPair, ManageSellOfferResult,
        PathPaymentStrictReceiveResult, PaymentResult, TransactionResultExt,
    };

    use super::*;

    fn op(result: OperationResultTr) -> String {
        operation(&OperationResult::OpInner(result))
    }

    #[test]
    fn operation_codes_are_spelt_as_horizon_spells_them() {
        assert_eq!(op(OperationResultTr::Payment(PaymentResult::NoTrust)), "op_no_trust");
        assert_eq!(op(OperationResultTr::Payment(PaymentResult::SrcNoTrust)), "op_src_no_trust");
        assert_eq!(op(OperationResultTr::Payment(PaymentResult::Success)), "op_success");
        assert_eq!(
            op(OperationResultTr::CreateAccount(CreateAccountResult::AlreadyExist)),
            "op_already_exists"
        );
        assert_eq!(op(OperationResultTr::CreateAccount(CreateAccountResult::LowReserve)), "op_low_reserve");
        assert_eq!(
            op(OperationResultTr::PathPaymentStrictReceive(PathPaymentStrictReceiveResult::OverSendmax)),
            "op_over_source_max"
        );
        assert_eq!(
            op(OperationResultTr::ManageSellOffer(ManageSellOfferResult::SellNotAuthorized)),
            "sell_not_authorized"
        );
        assert_eq!(op(OperationResultTr::AllowTrust(AllowTrustResult::NoTrustLine)), "op_no_trust");
        assert_eq!(op(OperationResultTr::ChangeTrust(ChangeTrustResult::CannotDelete)), "op_cannot_delete");
        assert_eq!(operation(&OperationResult::OpNoAccount), "op_no_source_account");
        assert_eq!(operation(&OperationResult::OpBadAuth), "op_bad_auth");
    }

    #[test]
    fn transaction_codes_are_spelt_as_horizon_spells_them() {
        assert_eq!(transaction(&TransactionResultResult::TxNoAccount), "tx_no_source_account");
        assert_eq!(transaction(&TransactionResultResult::TxBadSeq), "tx_bad_seq");
        assert_eq!(transaction(&TransactionResultResult::TxTooLate), "tx_too_late");
    }

    #[test]
    fn a_fee_bump_tells_both_codes_and_the_inner_asker_only_his_own() {
        let failed = vec![OperationResult::OpInner(OperationResultTr::Payment(PaymentResult::LineFull))];
        let inner = InnerTransactionResult {
            fee_charged: 0,
            result: InnerTransactionResultResult::TxFailed(failed.try_into().unwrap()),
            ext: InnerTransactionResultExt::V0,
        };
        let pair = InnerTransactionResultPair { transaction_hash: [7; 32].into(), result: inner };
        let result = TransactionResult {
            fee_charged: 200,
            result: TransactionResultResult::TxFeeBumpInnerFailed(pair),
            ext: TransactionResultExt::V0,
        };
        assert_eq!(
            result_codes(&result, false),
            json!({
                "transaction": "tx_fee_bump_inner_failed",
                "inner_transaction": "tx_failed",
                "operations": ["op_line_full"],
            })
        );
        assert_eq!(
            result_codes(&result, true),
            json!({ "transaction": "tx_failed", "operations": ["op_line_full"] })
        );
    }
}
