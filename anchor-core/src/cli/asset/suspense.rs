//! What becomes of payments to the distribution account that are not what was agreed.

use clap::Args;

use crate::amount::Amount;
use crate::asset::{OtherAmount, Remedy, SuspensePolicy};

/// What becomes of payments to the distribution account that are not what was agreed.
#[derive(Debug, Clone, Default, Args)]
pub(super) struct SuspenseArgs {
    /// Payments whose memo belongs to no transaction (default: hold).
    #[arg(long, value_enum)]
    unmatched: Option<Remedy>,
    /// Payments in this asset for transactions about another one (default: hold).
    #[arg(long, value_enum)]
    wrong_asset: Option<Remedy>,
    /// Second payments for one transaction (default: hold).
    #[arg(long, value_enum)]
    duplicate: Option<Remedy>,
    /// Payments for transactions that have expired or failed (default: refund).
    #[arg(long, value_enum)]
    late: Option<Remedy>,
    /// Payments of another amount than was agreed; credited means: within the limits, with the fee computed anew (default:
    /// credit).
    #[arg(long, value_enum)]
    other_amount: Option<OtherAmount>,
    /// What you keep of what goes back for one of these reasons (default: 0).
    #[arg(long)]
    refund_fee: Option<Amount>,
}

impl SuspenseArgs {
    pub(super) fn apply(&self, policy: &mut SuspensePolicy) {
        policy.unmatched = self.unmatched.unwrap_or(policy.unmatched);
        policy.wrong_asset = self.wrong_asset.unwrap_or(policy.wrong_asset);
        policy.duplicate = self.duplicate.unwrap_or(policy.duplicate);
        policy.late = self.late.unwrap_or(policy.late);
        policy.other_amount = self.other_amount.unwrap_or(policy.other_amount);
        policy.refund_fee = self.refund_fee.unwrap_or(policy.refund_fee);
    }
}
