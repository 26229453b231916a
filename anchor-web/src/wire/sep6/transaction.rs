//! The transaction object (SEP-6 §Transaction): what SEP-24 says too, and what only an API has to.

use std::collections::BTreeMap;

use anchor_core::transaction::{InfoField, InfoNeed, State, Transaction};
use serde::Serialize;
use utoipa::ToSchema;

use super::instructions::{InstructionWire, instructions};
use crate::wire::transaction::TransactionWire;

/// Fields that have no value are left out.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ApiTransaction)]
pub(crate) struct ApiTransactionWire<'a> {
    #[serde(flatten)]
    shared: TransactionWire<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    instructions: Option<BTreeMap<&'a str, InstructionWire<'a>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    required_info_message: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    required_info_updates: Option<RequiredWire<'a>>,
    /// Left the schema in 4.0.0; wallets still look at it. What is missing is said by SEP-12.
    #[serde(skip_serializing_if = "Option::is_none")]
    required_customer_info_message: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Vec<String>>)]
    required_customer_info_updates: Option<[&'static str; 0]>,
}

/// As `/info` writes fields.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ApiRequired)]
pub(crate) struct RequiredWire<'a> {
    transaction: BTreeMap<&'a str, FieldWire<'a>>,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ApiRequiredField)]
struct FieldWire<'a> {
    description: &'a str,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    optional: bool,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    choices: &'a [String],
}

impl<'a> ApiTransactionWire<'a> {
    pub(crate) fn new(transaction: &'a Transaction, more_info_url: String) -> Self {
        let need = match &transaction.state {
            State::AwaitingInfo { need, .. } => Some(need),
            _ => None,
        };
        let fields = need.and_then(|need| match need {
            InfoNeed::Transaction { fields, .. } => Some(fields.as_slice()),
            InfoNeed::Customer { .. } => None,
        });
        let customer = need.filter(|_| fields.is_none());
        Self {
            shared: TransactionWire::by_api(transaction, more_info_url),
            instructions: instructions(transaction),
            required_info_message: fields.and(need).and_then(InfoNeed::message),
            required_info_updates: fields.map(RequiredWire::new),
            required_customer_info_message: customer.and_then(InfoNeed::message),
            required_customer_info_updates: customer.map(|_| []),
        }
    }
}

impl<'a> RequiredWire<'a> {
    pub(crate) fn new(fields: &'a [InfoField]) -> Self {
        let wire = |field: &'a InfoField| {
            let InfoField { description, optional, choices, .. } = field;
            (field.name.as_str(), FieldWire { description, optional: *optional, choices })
        };
        Self { transaction: fields.iter().map(wire).collect() }
    }
}
