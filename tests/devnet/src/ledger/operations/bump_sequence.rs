//! Bump sequence.

use stellar_xdr::{BumpSequenceOp, BumpSequenceResult, OperationResultTr};

use super::Context;
use super::outcome::{Failure, Outcome};
use crate::ledger::account;

pub(super) fn check(op: &BumpSequenceOp) -> Result<(), Failure> {
    if op.bump_to.0 < 0 {
        return Err(BumpSequenceResult::BadSeq.into());
    }
    Ok(())
}

pub(super) fn apply(context: &mut Context<'_>, op: &BumpSequenceOp) -> Outcome {
    let (ledger, closed_at) = (context.state.header.sequence, context.state.header.closed_at);
    if let Some(account) = context.state.account_mut(&context.source) {
        let sequence = account.seq_num.0.max(op.bump_to.0);
        account::set_sequence(account, sequence, ledger, closed_at);
    }
    Ok(OperationResultTr::BumpSequence(BumpSequenceResult::Success))
}
