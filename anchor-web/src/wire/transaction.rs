//! The transaction object (SEP-24 §Single Historical Transaction).

use anchor_core::amount::Amount;
use anchor_core::asset::AssetId;
use anchor_core::clock::format_utc;
use anchor_core::fee::FeeBreakdown;
use anchor_core::transaction::{Kind, Refund, RefundVia, Status, Transaction};
use serde::Serialize;

/// Fields that have no value yet are left out.
#[derive(Debug, Serialize)]
pub(crate) struct TransactionWire {
    id: String,
    kind: &'static str,
    status: &'static str,
    more_info_url: String,
    #[serde(flatten)]
    amounts: AmountsWire,
    amount_in_asset: AssetId,
    amount_out_asset: AssetId,
    started_at: String,
    updated_at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    completed_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    user_action_required_by: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    stellar_transaction_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    external_transaction_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<String>,
    refunded: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    refunds: Option<RefundsWire>,
    #[serde(flatten)]
    sides: SidesWire,
}

/// Amounts are strings in plain decimals; all of them appear together, once there is something agreed or received.
#[derive(Debug, Default, Serialize)]
struct AmountsWire {
    #[serde(skip_serializing_if = "Option::is_none")]
    amount_in: Option<Amount>,
    #[serde(skip_serializing_if = "Option::is_none")]
    amount_out: Option<Amount>,
    /// Deprecated in favour of `fee_details`, with the same values.
    #[serde(skip_serializing_if = "Option::is_none")]
    amount_fee: Option<Amount>,
    #[serde(skip_serializing_if = "Option::is_none")]
    amount_fee_asset: Option<AssetId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    fee_details: Option<FeeWire>,
}

#[derive(Debug, Serialize)]
struct FeeWire {
    total: Amount,
    asset: AssetId,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    breakdown: Vec<FeeLineWire>,
}

#[derive(Debug, Serialize)]
struct FeeLineWire {
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<String>,
    amount: Amount,
}

#[derive(Debug, Serialize)]
struct RefundsWire {
    amount_refunded: Amount,
    amount_fee: Amount,
    payments: Vec<RefundPaymentWire>,
}

#[derive(Debug, Serialize)]
struct RefundPaymentWire {
    id: String,
    id_type: &'static str,
    amount: Amount,
    fee: Amount,
}

/// Where the money comes from and goes to: different fields for the two kinds.
#[derive(Debug, Serialize)]
#[serde(untagged)]
enum SidesWire {
    Deposit {
        to: String,
        #[serde(skip_serializing_if = "Option::is_none")]
        from: Option<String>,
        #[serde(skip_serializing_if = "Option::is_none")]
        deposit_memo: Option<String>,
        #[serde(skip_serializing_if = "Option::is_none")]
        deposit_memo_type: Option<&'static str>,
        #[serde(skip_serializing_if = "Option::is_none")]
        claimable_balance_id: Option<String>,
    },
    Withdrawal {
        from: String,
        #[serde(skip_serializing_if = "Option::is_none")]
        to: Option<String>,
        #[serde(skip_serializing_if = "Option::is_none")]
        withdraw_anchor_account: Option<String>,
        #[serde(skip_serializing_if = "Option::is_none")]
        withdraw_memo: Option<String>,
        #[serde(skip_serializing_if = "Option::is_none")]
        withdraw_memo_type: Option<&'static str>,
    },
}

impl TransactionWire {
    pub(crate) fn new(transaction: &Transaction, more_info_url: String) -> Self {
        let status = transaction.status();
        let token: AssetId = transaction.asset.clone().into();
        let money = transaction.off_chain_asset.clone();
        let (kind, asset_in, asset_out) = match transaction.kind {
            Kind::Deposit => ("deposit", money, token),
            Kind::Withdrawal => ("withdrawal", token, money),
        };
        let refunds = RefundsWire::new(&transaction.refunds);
        Self {
            id: transaction.id.to_string(),
            kind,
            status: status.as_str(),
            more_info_url,
            amounts: AmountsWire::new(transaction, &asset_in, refunds.as_ref()),
            amount_in_asset: asset_in,
            amount_out_asset: asset_out,
            started_at: format_utc(transaction.started_at),
            updated_at: format_utc(transaction.updated_at),
            completed_at: transaction.completed_at.map(format_utc),
            user_action_required_by: transaction.deadline.filter(|_| waits_for_user(status)).map(format_utc),
            stellar_transaction_id: transaction.stellar_transaction_id.map(|hash| hash.to_string()),
            external_transaction_id: non_empty(transaction.external_transaction_id.as_ref()),
            message: non_empty(transaction.message.as_ref()),
            refunded: status == Status::Refunded,
            refunds,
            sides: SidesWire::new(transaction),
        }
    }
}

impl AmountsWire {
    /// What arrived goes before what was agreed, and what goes back is taken off what goes out, so that
    /// `amount_out = amount_in - fee - refunded - refund fees` holds at every moment. A full refund leaves no fee.
    fn new(transaction: &Transaction, asset_in: &AssetId, refunds: Option<&RefundsWire>) -> Self {
        let received = transaction.receipt.as_ref().map(|receipt| receipt.amount.amount);
        let agreed = transaction.amounts.as_ref();
        let Some(amount_in) = received.or(agreed.map(|amounts| amounts.amount_in.amount)) else {
            return Self::default();
        };
        let is_returned = transaction.status() == Status::Refunded;
        let fits = agreed.filter(|amounts| amounts.amount_in.amount == amount_in && !is_returned);
        // Money that arrived and will not be used goes out to nobody: there is no such amount.
        let outgoing = fits.map(|amounts| amounts.amount_out.amount).or(is_returned.then_some(amount_in));
        let amount_out = refunds.map_or(outgoing, |refunds| refunds.leave_of(outgoing?));
        let fee =
            fits.map_or_else(|| FeeWire::free(asset_in), |amounts| FeeWire::new(&amounts.fee, asset_in));
        Self {
            amount_in: Some(amount_in),
            amount_out,
            amount_fee: Some(fee.total),
            amount_fee_asset: Some(asset_in.clone()),
            fee_details: Some(fee),
        }
    }
}

impl FeeWire {
    fn free(asset: &AssetId) -> Self {
        Self { total: Amount::zero(0), asset: asset.clone(), breakdown: Vec::new() }
    }

    fn new(fee: &FeeBreakdown, asset: &AssetId) -> Self {
        let lines = fee.details.iter().map(|line| FeeLineWire {
            name: line.name.clone(),
            description: line.description.clone(),
            amount: line.amount,
        });
        Self { total: fee.total, asset: asset.clone(), breakdown: lines.collect() }
    }
}

impl RefundsWire {
    fn new(refunds: &[Refund]) -> Option<Self> {
        if refunds.is_empty() {
            return None;
        }
        let sum = |part: fn(&Refund) -> Amount| {
            refunds.iter().map(part).try_fold(Amount::zero(0), Amount::checked_add)
        };
        let payments = refunds.iter().map(|refund| RefundPaymentWire {
            id: refund.id.clone(),
            id_type: match refund.via {
                RefundVia::Ledger => "stellar",
                RefundVia::Rails => "external",
            },
            amount: refund.amount,
            fee: refund.fee,
        });
        Some(Self {
            amount_refunded: sum(|refund| refund.amount)?,
            amount_fee: sum(|refund| refund.fee)?,
            payments: payments.collect(),
        })
    }

    fn leave_of(&self, outgoing: Amount) -> Option<Amount> {
        outgoing.checked_sub(self.amount_refunded)?.checked_sub(self.amount_fee)
    }
}

impl SidesWire {
    fn new(transaction: &Transaction) -> Self {
        let request = &transaction.request;
        let counterpart = transaction.terms.as_ref().and_then(|terms| terms.counterpart.as_ref());
        let receipt = transaction.receipt.as_ref();
        match transaction.kind {
            Kind::Deposit => Self::Deposit {
                to: request.account.to_string(),
                from: non_empty(counterpart.or_else(|| receipt?.from.as_ref())),
                deposit_memo: request.memo.value(),
                deposit_memo_type: request.memo.value().map(|_| request.memo.memo_type()),
                claimable_balance_id: transaction.claimable_balance_id.clone(),
            },
            Kind::Withdrawal => {
                let receiving = transaction.receiving();
                let payer = receipt.and_then(|receipt| receipt.ledger.as_ref()).map(|ledger| ledger.from);
                Self::Withdrawal {
                    from: payer.unwrap_or(request.account).to_string(),
                    to: non_empty(counterpart),
                    withdraw_anchor_account: receiving.map(|receiving| receiving.account.to_string()),
                    withdraw_memo: receiving.and_then(|receiving| receiving.memo.value()),
                    withdraw_memo_type: receiving.map(|receiving| receiving.memo.memo_type()),
                }
            }
        }
    }
}

/// SEP-24 §User Action Required By: the deadline is shown only while the user is the one to act.
const fn waits_for_user(status: Status) -> bool {
    matches!(
        status,
        Status::Incomplete
            | Status::PendingUserTransferStart
            | Status::PendingTrust
            | Status::PendingUserTransferComplete
    )
}

fn non_empty(text: Option<&String>) -> Option<String> {
    text.filter(|text| !text.is_empty()).cloned()
}
