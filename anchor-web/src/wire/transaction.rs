//! The transaction object (SEP-24 §Single Historical Transaction).

use crate::openapi::shapes;
use anchor_core::account::{Account, AccountId};
use anchor_core::amount::Amount;
use anchor_core::asset::{AssetId, StellarAsset};
use anchor_core::clock::format_utc;
use anchor_core::fee::FeeDetail;
use anchor_core::id::{QuoteId, TransactionId};
use anchor_core::transaction::{Amounts, Kind, Refund, RefundVia, Status, Transaction, TransactionHash};
use serde::{Serialize, Serializer};
use utoipa::ToSchema;

/// Fields that have no value yet are left out. Borrowed from the transaction: a list has up to 200 of these.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Transaction)]
pub(crate) struct TransactionWire<'a> {
    #[schema(value_type = shapes::Id)]
    id: TransactionId,
    #[schema(value_type = shapes::Variant)]
    kind: &'static str,
    #[schema(value_type = shapes::Status)]
    status: &'static str,
    more_info_url: String,
    #[serde(flatten)]
    amounts: AmountsWire<'a>,
    #[schema(value_type = shapes::AssetId)]
    amount_in_asset: AssetWire<'a>,
    #[schema(value_type = shapes::AssetId)]
    amount_out_asset: AssetWire<'a>,
    #[schema(value_type = shapes::Time)]
    started_at: String,
    #[schema(value_type = shapes::Time)]
    updated_at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<shapes::Time>)]
    completed_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<shapes::Time>)]
    user_action_required_by: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<shapes::Hash>)]
    stellar_transaction_id: Option<TransactionHash>,
    #[serde(skip_serializing_if = "Option::is_none")]
    external_transaction_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<shapes::Id>)]
    quote_id: Option<QuoteId>,
    refunded: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    refunds: Option<RefundsWire<'a>>,
    #[serde(flatten)]
    sides: SidesWire<'a>,
}

/// An asset's identifier (SEP-38), whichever side it is on.
#[derive(Debug, Clone, Copy)]
enum AssetWire<'a> {
    Token(&'a StellarAsset),
    Money(&'a AssetId),
}

/// Amounts are strings in plain decimals; all of them appear together, once there is something agreed or received.
#[derive(Debug, Default, Serialize, ToSchema)]
#[schema(as = TransactionAmounts)]
struct AmountsWire<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<shapes::Amount>)]
    amount_in: Option<Amount>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<shapes::Amount>)]
    amount_out: Option<Amount>,
    /// Deprecated in favour of `fee_details`, with the same values.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<shapes::Amount>)]
    amount_fee: Option<Amount>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<shapes::AssetId>)]
    amount_fee_asset: Option<AssetWire<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    fee_details: Option<FeeWire<'a>>,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = TransactionFee)]
struct FeeWire<'a> {
    #[schema(value_type = shapes::Amount)]
    total: Amount,
    #[schema(value_type = shapes::AssetId)]
    asset: AssetWire<'a>,
    /// SEP-24's word.
    #[serde(skip_serializing_if = "<[FeeDetail]>::is_empty", serialize_with = "fee_lines")]
    #[schema(value_type = Vec<FeeLineWire<'static>>)]
    breakdown: &'a [FeeDetail],
    /// SEP-6's word.
    #[serde(skip_serializing_if = "<[FeeDetail]>::is_empty", serialize_with = "fee_lines")]
    #[schema(value_type = Vec<FeeLineWire<'static>>)]
    details: &'a [FeeDetail],
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = TransactionFeeLine)]
struct FeeLineWire<'a> {
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<&'a str>,
    #[schema(value_type = shapes::Amount)]
    amount: Amount,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = TransactionRefunds)]
struct RefundsWire<'a> {
    #[schema(value_type = shapes::Amount)]
    amount_refunded: Amount,
    #[schema(value_type = shapes::Amount)]
    amount_fee: Amount,
    payments: Vec<RefundPaymentWire<'a>>,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = TransactionRefundPayment)]
struct RefundPaymentWire<'a> {
    id: &'a str,
    id_type: &'static str,
    #[schema(value_type = shapes::Amount)]
    amount: Amount,
    #[schema(value_type = shapes::Amount)]
    fee: Amount,
}

/// Where the money comes from and goes to: different fields for the two kinds.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = TransactionSides)]
#[serde(untagged)]
enum SidesWire<'a> {
    Deposit {
        #[schema(value_type = shapes::Account)]
        to: Account,
        #[serde(skip_serializing_if = "Option::is_none")]
        from: Option<&'a str>,
        #[serde(skip_serializing_if = "Option::is_none")]
        deposit_memo: Option<String>,
        #[serde(skip_serializing_if = "Option::is_none")]
        #[schema(value_type = Option<shapes::MemoType>)]
        deposit_memo_type: Option<&'static str>,
        #[serde(skip_serializing_if = "Option::is_none")]
        claimable_balance_id: Option<&'a str>,
    },
    Withdrawal {
        #[schema(value_type = shapes::Account)]
        from: Account,
        #[serde(skip_serializing_if = "Option::is_none")]
        to: Option<&'a str>,
        #[serde(skip_serializing_if = "Option::is_none")]
        #[schema(value_type = Option<shapes::AccountId>)]
        withdraw_anchor_account: Option<AccountId>,
        #[serde(skip_serializing_if = "Option::is_none")]
        withdraw_memo: Option<String>,
        #[serde(skip_serializing_if = "Option::is_none")]
        #[schema(value_type = Option<shapes::MemoType>)]
        withdraw_memo_type: Option<&'static str>,
    },
}

impl<'a> TransactionWire<'a> {
    pub(crate) fn new(transaction: &'a Transaction, more_info_url: String) -> Self {
        let status = transaction.status();
        let token = AssetWire::Token(&transaction.asset);
        let money = AssetWire::Money(&transaction.off_chain_asset);
        let (kind, asset_in, asset_out) = match transaction.kind {
            Kind::Deposit => ("deposit", money, token),
            Kind::Withdrawal => ("withdrawal", token, money),
        };
        let refunds = RefundsWire::new(&transaction.refunds);
        Self {
            id: transaction.id,
            kind,
            status: status.as_str(),
            more_info_url,
            amounts: AmountsWire::new(transaction, asset_in, refunds.as_ref()),
            amount_in_asset: asset_in,
            amount_out_asset: asset_out,
            started_at: format_utc(transaction.started_at),
            updated_at: format_utc(transaction.updated_at),
            completed_at: transaction.completed_at.map(format_utc),
            user_action_required_by: transaction.deadline.filter(|_| waits_for_user(status)).map(format_utc),
            stellar_transaction_id: transaction.stellar_transaction_id,
            external_transaction_id: non_empty(transaction.external_transaction_id.as_ref()),
            message: non_empty(transaction.message.as_ref()),
            quote_id: transaction.quote.as_ref().map(|quote| quote.id),
            refunded: status == Status::Refunded,
            refunds,
            sides: SidesWire::new(transaction),
        }
    }
}

impl<'a> TransactionWire<'a> {
    /// As SEP-6 writes it: an exchange is a kind of its own, and the parts of a fee have another name.
    pub(crate) fn by_api(transaction: &'a Transaction, more_info_url: String) -> Self {
        let mut wire = Self::new(transaction, more_info_url);
        wire.kind = transaction.variant().as_str();
        if let Some(fee) = &mut wire.amounts.fee_details {
            std::mem::swap(&mut fee.details, &mut fee.breakdown);
        }
        wire
    }
}

impl Serialize for AssetWire<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            // as an `AssetId` of it writes it
            Self::Token(asset) => serializer.collect_str(&format_args!("stellar:{asset}")),
            Self::Money(asset) => asset.serialize(serializer),
        }
    }
}

impl<'a> AmountsWire<'a> {
    /// What arrived goes before what was agreed, and what goes back is taken off what goes out, so that
    /// `amount_out = amount_in - fee - refunded - refund fees` holds at every moment. A full refund leaves no fee.
    fn new(transaction: &'a Transaction, asset_in: AssetWire<'a>, refunds: Option<&RefundsWire<'_>>) -> Self {
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
        let fee = fits.map_or_else(|| FeeWire::free(asset_in), |amounts| FeeWire::new(amounts, asset_in));
        Self {
            amount_in: Some(amount_in),
            amount_out,
            amount_fee: Some(fee.total),
            amount_fee_asset: Some(fee.asset),
            fee_details: Some(fee),
        }
    }
}

impl<'a> FeeWire<'a> {
    fn free(asset: AssetWire<'a>) -> Self {
        Self { total: Amount::zero(0), asset, breakdown: &[], details: &[] }
    }

    fn new(amounts: &'a Amounts, asset_in: AssetWire<'a>) -> Self {
        let asset = amounts.fee_asset.as_ref().map_or(asset_in, AssetWire::Money);
        Self { total: amounts.fee.total, asset, breakdown: &amounts.fee.details, details: &[] }
    }
}

fn fee_lines<S: Serializer>(lines: &&[FeeDetail], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(lines.iter().map(|line| FeeLineWire {
        name: &line.name,
        description: line.description.as_deref(),
        amount: line.amount,
    }))
}

impl<'a> RefundsWire<'a> {
    fn new(refunds: &'a [Refund]) -> Option<Self> {
        if refunds.is_empty() {
            return None;
        }
        let sum = |part: fn(&Refund) -> Amount| {
            refunds.iter().map(part).try_fold(Amount::zero(0), Amount::checked_add)
        };
        let payments = refunds.iter().map(|refund| RefundPaymentWire {
            id: &refund.id,
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

impl<'a> SidesWire<'a> {
    fn new(transaction: &'a Transaction) -> Self {
        let request = &transaction.request;
        let counterpart = transaction.terms.as_ref().and_then(|terms| terms.counterpart.as_ref());
        let receipt = transaction.receipt.as_ref();
        match transaction.kind {
            Kind::Deposit => {
                let memo = request.memo.value();
                Self::Deposit {
                    to: request.account,
                    from: non_empty(counterpart.or_else(|| receipt?.from.as_ref())),
                    deposit_memo_type: memo.as_ref().map(|_| request.memo.memo_type()),
                    deposit_memo: memo,
                    claimable_balance_id: transaction.claimable_balance_id.as_deref(),
                }
            }
            Kind::Withdrawal => {
                let receiving = transaction.receiving();
                let payer = receipt.and_then(|receipt| receipt.ledger.as_ref()).map(|ledger| ledger.from);
                Self::Withdrawal {
                    from: payer.unwrap_or(request.account),
                    to: non_empty(counterpart),
                    withdraw_anchor_account: receiving.map(|receiving| receiving.account),
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
            | Status::PendingCustomerInfoUpdate
            | Status::PendingTransactionInfoUpdate
            | Status::PendingUserTransferComplete
    )
}

fn non_empty(text: Option<&String>) -> Option<&str> {
    text.map(String::as_str).filter(|text| !text.is_empty())
}
