//! Transaction results, with a fee bump's result wrapped around that of the transaction inside.

use stellar_xdr::{
    Hash, InnerTransactionResult, InnerTransactionResultExt, InnerTransactionResultPair,
    InnerTransactionResultResult, TransactionResult, TransactionResultExt, TransactionResultResult,
};

use super::frame::Frame;

/// The result of a transaction that ended with `code`, inside its fee bump if it has one.
pub(crate) fn of(frame: &Frame, fee_charged: i64, code: TransactionResultResult) -> TransactionResult {
    let Some(inner_hash) = frame.inner_hash else { return outer(fee_charged, code) };
    let success = matches!(code, TransactionResultResult::TxSuccess(_));
    let pair = InnerTransactionResultPair {
        transaction_hash: Hash(inner_hash),
        result: InnerTransactionResult {
            // The fee bump pays; the network reports no fee for the transaction inside.
            fee_charged: 0,
            result: inner_code(code),
            ext: InnerTransactionResultExt::V0,
        },
    };
    let wrapped = if success {
        TransactionResultResult::TxFeeBumpInnerSuccess(pair)
    } else {
        TransactionResultResult::TxFeeBumpInnerFailed(pair)
    };
    outer(fee_charged, wrapped)
}

/// The result of an envelope that failed before (or without) a transaction inside it was looked at.
pub(crate) fn outer(fee_charged: i64, code: TransactionResultResult) -> TransactionResult {
    TransactionResult { fee_charged, result: code, ext: TransactionResultExt::V0 }
}

/// Whether the transaction did what it says.
pub fn is_success(result: &TransactionResult) -> bool {
    matches!(
        result.result,
        TransactionResultResult::TxSuccess(_) | TransactionResultResult::TxFeeBumpInnerSuccess(_)
    )
}

/// The results of the operations, also inside a fee bump; empty when none was reached.
pub fn operation_results(result: &TransactionResult) -> &[stellar_xdr::OperationResult] {
    match &result.result {
        TransactionResultResult::TxSuccess(results) | TransactionResultResult::TxFailed(results) => results,
        TransactionResultResult::TxFeeBumpInnerSuccess(pair)
        | TransactionResultResult::TxFeeBumpInnerFailed(pair) => match &pair.result.result {
            InnerTransactionResultResult::TxSuccess(results)
            | InnerTransactionResultResult::TxFailed(results) => results,
            _ => &[],
        },
        _ => &[],
    }
}

fn inner_code(code: TransactionResultResult) -> InnerTransactionResultResult {
    use TransactionResultResult as Outer;
    match code {
        Outer::TxSuccess(results) => InnerTransactionResultResult::TxSuccess(results),
        Outer::TxFailed(results) => InnerTransactionResultResult::TxFailed(results),
        Outer::TxTooEarly => InnerTransactionResultResult::TxTooEarly,
        Outer::TxTooLate => InnerTransactionResultResult::TxTooLate,
        Outer::TxMissingOperation => InnerTransactionResultResult::TxMissingOperation,
        Outer::TxBadSeq => InnerTransactionResultResult::TxBadSeq,
        Outer::TxBadAuth => InnerTransactionResultResult::TxBadAuth,
        Outer::TxInsufficientBalance => InnerTransactionResultResult::TxInsufficientBalance,
        Outer::TxNoAccount => InnerTransactionResultResult::TxNoAccount,
        Outer::TxInsufficientFee => InnerTransactionResultResult::TxInsufficientFee,
        Outer::TxBadAuthExtra => InnerTransactionResultResult::TxBadAuthExtra,
        Outer::TxNotSupported => InnerTransactionResultResult::TxNotSupported,
        Outer::TxBadSponsorship => InnerTransactionResultResult::TxBadSponsorship,
        Outer::TxBadMinSeqAgeOrGap => InnerTransactionResultResult::TxBadMinSeqAgeOrGap,
        Outer::TxMalformed => InnerTransactionResultResult::TxMalformed,
        Outer::TxSorobanInvalid => InnerTransactionResultResult::TxSorobanInvalid,
        Outer::TxFrozenKeyAccessed => InnerTransactionResultResult::TxFrozenKeyAccessed,
        Outer::TxInternalError | Outer::TxFeeBumpInnerSuccess(_) | Outer::TxFeeBumpInnerFailed(_) => {
            InnerTransactionResultResult::TxInternalError
        }
    }
}
