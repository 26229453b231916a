//! The transaction object of SEP-31, and the answer to whoever starts one.

use anchor_core::account::AccountId;
use anchor_core::amount::Amount;
use anchor_core::asset::AssetId;
use anchor_core::clock::format_utc;
use anchor_core::fee::FeeDetail;
use anchor_core::id::{QuoteId, TransactionId};
use anchor_core::transaction::{Amounts, InfoNeed, Refund, State, Status, Transaction, TransactionHash};
use serde::{Serialize, Serializer};
use utoipa::ToSchema;

use super::receive::FieldsWire;
use crate::openapi::shapes;

/// These four and no others; the last three together, as soon as they are known.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ReceiveStarted)]
pub(crate) struct StartedWire {
    #[schema(value_type = shapes::Id)]
    id: TransactionId,
    #[serde(flatten)]
    receiving: ReceivingWire,
}

/// Where the sending anchor has to pay.
#[derive(Debug, Default, Serialize, ToSchema)]
#[schema(as = ReceivePayTo)]
struct ReceivingWire {
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<shapes::AccountId>)]
    stellar_account_id: Option<AccountId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<shapes::MemoType>)]
    stellar_memo_type: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    stellar_memo: Option<String>,
}

/// What stands under `transaction`. Fields that have no value yet are left out.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ReceiveTransaction)]
pub(crate) struct ReceivedWire<'a> {
    #[schema(value_type = shapes::Id)]
    id: TransactionId,
    #[schema(value_type = shapes::Status)]
    status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    status_message: Option<&'a str>,
    #[serde(flatten)]
    amounts: AmountsWire<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<shapes::Id>)]
    quote_id: Option<QuoteId>,
    #[serde(flatten)]
    receiving: ReceivingWire,
    #[schema(value_type = shapes::Time)]
    started_at: String,
    #[schema(value_type = shapes::Time)]
    updated_at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<shapes::Time>)]
    completed_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<shapes::Hash>)]
    stellar_transaction_id: Option<TransactionHash>,
    #[serde(skip_serializing_if = "Option::is_none")]
    external_transaction_id: Option<&'a str>,
    /// Deprecated: everything went back.
    refunded: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    refunds: Option<RefundsWire<'a>>,
    #[serde(flatten)]
    required: RequiredWire<'a>,
}

/// Plain decimals as strings.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ReceiveAmounts)]
struct AmountsWire<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<shapes::Amount>)]
    amount_in: Option<Amount>,
    #[schema(value_type = shapes::AssetId)]
    amount_in_asset: AssetId,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<shapes::Amount>)]
    amount_out: Option<Amount>,
    #[schema(value_type = shapes::AssetId)]
    amount_out_asset: &'a AssetId,
    /// Deprecated in favour of `fee_details`, with the same values.
    #[schema(value_type = shapes::Amount)]
    amount_fee: Amount,
    #[schema(value_type = shapes::AssetId)]
    amount_fee_asset: AssetId,
    fee_details: FeeWire<'a>,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ReceiveFee)]
struct FeeWire<'a> {
    #[schema(value_type = shapes::Amount)]
    total: Amount,
    #[schema(value_type = shapes::AssetId)]
    asset: AssetId,
    #[serde(skip_serializing_if = "<[FeeDetail]>::is_empty", serialize_with = "details")]
    #[schema(value_type = Vec<DetailWire<'static>>)]
    details: &'a [FeeDetail],
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ReceiveFeeDetail)]
struct DetailWire<'a> {
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<&'a str>,
    #[schema(value_type = shapes::Amount)]
    amount: Amount,
}

/// What went back on the ledger, in the asset of `amount_in`.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ReceiveRefunds)]
struct RefundsWire<'a> {
    #[schema(value_type = shapes::Amount)]
    amount_refunded: Amount,
    #[schema(value_type = shapes::Amount)]
    amount_fee: Amount,
    payments: Vec<RefundPaymentWire<'a>>,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ReceiveRefundPayment)]
struct RefundPaymentWire<'a> {
    id: &'a str,
    #[schema(value_type = shapes::Amount)]
    amount: Amount,
    #[schema(value_type = shapes::Amount)]
    fee: Amount,
}

/// What is asked, while it is (deprecated).
#[derive(Debug, Default, Serialize, ToSchema)]
#[schema(as = ReceiveRequired)]
struct RequiredWire<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    required_info_message: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    required_info_updates: Option<UpdatesWire<'a>>,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ReceiveRequiredUpdates)]
struct UpdatesWire<'a> {
    transaction: FieldsWire<'a>,
}

impl StartedWire {
    pub(crate) fn new(transaction: &Transaction) -> Self {
        Self { id: transaction.id, receiving: ReceivingWire::new(transaction) }
    }
}

impl ReceivingWire {
    fn new(transaction: &Transaction) -> Self {
        let Some(receiving) = transaction.receiving() else { return Self::default() };
        Self {
            stellar_account_id: Some(receiving.account),
            stellar_memo_type: Some(receiving.memo.memo_type()),
            stellar_memo: receiving.memo.value(),
        }
    }
}

impl<'a> ReceivedWire<'a> {
    pub(crate) fn new(transaction: &'a Transaction) -> Self {
        let status = transaction.status();
        let refunds = RefundsWire::new(&transaction.refunds);
        Self {
            id: transaction.id,
            status: status.as_str(),
            status_message: non_empty(transaction.message.as_ref()),
            amounts: AmountsWire::new(transaction, refunds.as_ref()),
            quote_id: transaction.quote.as_ref().map(|quote| quote.id),
            receiving: ReceivingWire::new(transaction),
            started_at: format_utc(transaction.started_at),
            updated_at: format_utc(transaction.updated_at),
            completed_at: transaction.completed_at.map(format_utc),
            stellar_transaction_id: transaction.stellar_transaction_id,
            external_transaction_id: non_empty(transaction.external_transaction_id.as_ref()),
            refunded: status == Status::Refunded,
            refunds,
            required: RequiredWire::new(&transaction.state),
        }
    }
}

impl<'a> AmountsWire<'a> {
    /// What arrived goes before what was agreed, and what goes back is taken off what goes out, so that
    /// `amount_out = amount_in - fee - refunded - refund fees` holds at every moment. A full refund leaves no fee.
    fn new(transaction: &'a Transaction, refunds: Option<&RefundsWire<'_>>) -> Self {
        let received = transaction.receipt.as_ref().map(|receipt| receipt.amount.amount);
        let agreed = transaction.amounts.as_ref();
        let amount_in = received.or(agreed.map(|amounts| amounts.amount_in.amount));
        let is_returned = transaction.status() == Status::Refunded;
        let fits = agreed.filter(|amounts| Some(amounts.amount_in.amount) == amount_in && !is_returned);
        // money that arrived and will not be used goes out to nobody: there is no such amount
        let outgoing = fits.map(|amounts| amounts.amount_out.amount).or(amount_in.filter(|_| is_returned));
        let amount_out = refunds.map_or(outgoing, |refunds| refunds.leave_of(outgoing?));
        let token = AssetId::from(transaction.asset.clone());
        let fee = fits.map_or_else(|| FeeWire::free(token.clone()), FeeWire::new);
        Self {
            amount_in,
            amount_in_asset: token,
            amount_out,
            amount_out_asset: &transaction.off_chain_asset,
            amount_fee: fee.total,
            amount_fee_asset: fee.asset.clone(),
            fee_details: fee,
        }
    }
}

impl<'a> FeeWire<'a> {
    const fn free(asset: AssetId) -> Self {
        Self { total: Amount::zero(0), asset, details: &[] }
    }

    fn new(amounts: &'a Amounts) -> Self {
        let fee = &amounts.fee;
        Self { total: fee.total, asset: amounts.fee_asset().clone(), details: &fee.details }
    }
}

fn details<S: Serializer>(details: &&[FeeDetail], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(details.iter().map(|detail| DetailWire {
        name: &detail.name,
        description: detail.description.as_deref(),
        amount: detail.amount,
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
        let payment =
            |refund: &'a Refund| RefundPaymentWire { id: &refund.id, amount: refund.amount, fee: refund.fee };
        Some(Self {
            amount_refunded: sum(|refund| refund.amount)?,
            amount_fee: sum(|refund| refund.fee)?,
            payments: refunds.iter().map(payment).collect(),
        })
    }

    fn leave_of(&self, outgoing: Amount) -> Option<Amount> {
        outgoing.checked_sub(self.amount_refunded)?.checked_sub(self.amount_fee)
    }
}

impl<'a> RequiredWire<'a> {
    fn new(state: &'a State) -> Self {
        match state {
            State::AwaitingInfo { need: InfoNeed::Transaction { fields, message }, .. } => Self {
                required_info_message: message.as_deref(),
                required_info_updates: Some(UpdatesWire { transaction: FieldsWire::new(fields) }),
            },
            _ => Self::default(),
        }
    }
}

fn non_empty(text: Option<&String>) -> Option<&str> {
    text.map(String::as_str).filter(|text| !text.is_empty())
}

#[cfg(test)]
mod tests;
