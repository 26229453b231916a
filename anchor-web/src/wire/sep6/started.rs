//! The answers to a request (SEP-6 §Deposit and §Withdraw, Response).

use std::collections::BTreeMap;

use anchor_core::Anchor;
use anchor_core::account::AccountId;
use anchor_core::id::TransactionId;
use anchor_core::transaction::Transaction;
use serde::Serialize;
use serde_json::value::RawValue;
use utoipa::ToSchema;

use super::instructions::{InstructionWire, how, instructions};
use crate::openapi::shapes;
use crate::wire::number;

/// What a deposit's wallet is told at once. `how` is deprecated, and still required by the official validation suite.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ApiDeposit)]
pub(crate) struct DepositWire<'a> {
    how: String,
    #[schema(value_type = shapes::Id)]
    id: TransactionId,
    #[serde(skip_serializing_if = "Option::is_none")]
    instructions: Option<BTreeMap<&'a str, InstructionWire<'a>>>,
    #[serde(flatten)]
    limits: LimitsWire,
    #[serde(skip_serializing_if = "Option::is_none")]
    extra_info: Option<ExtraWire<'a>>,
}

/// What a withdrawal's wallet is told at once: where to pay, as soon as that is known.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ApiWithdrawal)]
pub(crate) struct WithdrawWire<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<shapes::AccountId>)]
    account_id: Option<AccountId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<shapes::MemoType>)]
    memo_type: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    memo: Option<String>,
    #[schema(value_type = shapes::Id)]
    id: TransactionId,
    #[serde(flatten)]
    limits: LimitsWire,
    #[serde(skip_serializing_if = "Option::is_none")]
    extra_info: Option<ExtraWire<'a>>,
}

/// In the asset on the ledger; nothing where a quote says the amounts.
#[derive(Debug, Default, Serialize, ToSchema)]
#[schema(as = ApiLimits)]
pub(super) struct LimitsWire {
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<shapes::Number>)]
    pub(super) min_amount: Option<Box<RawValue>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<shapes::Number>)]
    pub(super) max_amount: Option<Box<RawValue>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<shapes::Number>)]
    pub(super) fee_fixed: Option<Box<RawValue>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<shapes::Number>)]
    pub(super) fee_percent: Option<Box<RawValue>>,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ApiExtraInfo)]
struct ExtraWire<'a> {
    message: &'a str,
}

impl<'a> DepositWire<'a> {
    pub(crate) fn new(anchor: &Anchor, transaction: &'a Transaction) -> Self {
        Self {
            how: how(transaction),
            id: transaction.id,
            instructions: instructions(transaction),
            limits: LimitsWire::of(anchor, transaction),
            extra_info: extra(transaction),
        }
    }
}

impl<'a> WithdrawWire<'a> {
    pub(crate) fn new(anchor: &Anchor, transaction: &'a Transaction) -> Self {
        let receiving = transaction.receiving();
        Self {
            account_id: receiving.map(|receiving| receiving.account),
            memo_type: receiving.map(|receiving| receiving.memo.memo_type()),
            memo: receiving.and_then(|receiving| receiving.memo.value()),
            id: transaction.id,
            limits: LimitsWire::of(anchor, transaction),
            extra_info: extra(transaction),
        }
    }
}

fn extra(transaction: &Transaction) -> Option<ExtraWire<'_>> {
    transaction.message.as_deref().filter(|text| !text.is_empty()).map(|message| ExtraWire { message })
}

impl LimitsWire {
    fn of(anchor: &Anchor, transaction: &Transaction) -> Self {
        let asset = anchor.asset(&transaction.asset).filter(|_| transaction.quote.is_none());
        let offer = asset.and_then(|asset| asset.offer(transaction.kind));
        offer.map(|offer| Self::new(offer, anchor.fee_is_own())).unwrap_or_default()
    }

    /// A fee that the business computes by itself is not one of these two.
    pub(super) fn new(offer: &anchor_core::asset::Offer, fee_is_own: bool) -> Self {
        let fee = &offer.fee;
        let is_said = !fee_is_own && fee.minimum.is_none() && !(fee.fixed.is_zero() && fee.percent.is_zero());
        Self {
            min_amount: offer.min.and_then(number),
            max_amount: offer.max.and_then(number),
            fee_fixed: if is_said { number(fee.fixed) } else { None },
            fee_percent: if is_said { number(fee.percent) } else { None },
        }
    }
}
