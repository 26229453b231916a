//! `GET /info` (SEP-31), and the fields that are asked for.

use std::collections::BTreeMap;

use anchor_core::Anchor;
use anchor_core::asset::{ReceiveOffer, ReceiveQuotes};
use anchor_core::integration::Party;
use anchor_core::ops::receive::customer_types;
use anchor_core::transaction::InfoField;
use serde::Serialize;
use serde_json::value::RawValue;
use utoipa::ToSchema;

use super::number;
use crate::openapi::shapes;

/// The whole answer.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ReceiveInfo)]
pub(crate) struct ReceiveInfoWire<'a> {
    receive: BTreeMap<&'a str, AssetWire<'a>>,
}

/// Numbers are written digit by digit from decimals.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ReceiveAsset)]
struct AssetWire<'a> {
    /// Not in the SEP, and wanted by its clients.
    enabled: bool,
    quotes_supported: bool,
    quotes_required: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<shapes::Number>)]
    min_amount: Option<Box<RawValue>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<shapes::Number>)]
    max_amount: Option<Box<RawValue>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<shapes::Number>)]
    fee_fixed: Option<Box<RawValue>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<shapes::Number>)]
    fee_percent: Option<Box<RawValue>>,
    funding_methods: &'a [String],
    /// Deprecated, and read by clients all the same.
    sep12: CustomersWire<'a>,
    /// As `sep12`.
    fields: TransactionFieldsWire<'a>,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ReceiveCustomers)]
struct CustomersWire<'a> {
    sender: TypesWire<'a>,
    receiver: TypesWire<'a>,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ReceiveCustomerTypes)]
struct TypesWire<'a> {
    types: BTreeMap<&'a str, DescriptionWire<'a>>,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ReceiveCustomerType)]
struct DescriptionWire<'a> {
    description: &'a str,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ReceiveFields)]
struct TransactionFieldsWire<'a> {
    transaction: FieldsWire<'a>,
}

/// Fields by their names.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ReceiveFieldsByName)]
#[serde(transparent)]
pub(crate) struct FieldsWire<'a>(BTreeMap<&'a str, FieldWire<'a>>);

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ReceiveField)]
struct FieldWire<'a> {
    description: &'a str,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    choices: &'a [String],
    optional: bool,
}

impl<'a> ReceiveInfoWire<'a> {
    /// One entry for each code; where two issuers share a code, the entry is about the first one that is taken.
    pub(crate) fn new(anchor: &'a Anchor) -> Self {
        let mut receive = BTreeMap::new();
        for asset in anchor.assets() {
            if let Some(offer) = &asset.receive {
                receive.entry(asset.id.code()).or_insert_with(|| AssetWire::new(anchor, offer));
            }
        }
        Self { receive }
    }
}

impl<'a> AssetWire<'a> {
    fn new(anchor: &'a Anchor, receive: &'a ReceiveOffer) -> Self {
        let (limits, fee) = (&receive.offer, &receive.offer.fee);
        // a minimum cannot be said here, and without it the others would be wrong
        let can_be_said = fee.minimum.is_none();
        Self {
            enabled: true,
            quotes_supported: receive.quotes != ReceiveQuotes::None,
            quotes_required: receive.quotes == ReceiveQuotes::Required,
            min_amount: limits.min.and_then(number),
            max_amount: limits.max.and_then(number),
            fee_fixed: number(fee.fixed).filter(|_| can_be_said),
            fee_percent: number(fee.percent).filter(|_| can_be_said),
            funding_methods: &limits.funding_methods,
            sep12: CustomersWire {
                sender: TypesWire::new(customer_types(anchor, Party::Sender)),
                receiver: TypesWire::new(customer_types(anchor, Party::Receiver)),
            },
            fields: TransactionFieldsWire { transaction: FieldsWire::new(&receive.fields) },
        }
    }
}

impl<'a> TypesWire<'a> {
    fn new(types: Vec<(&'a str, &'a str)>) -> Self {
        let describe = |(name, description)| (name, DescriptionWire { description });
        Self { types: types.into_iter().map(describe).collect() }
    }
}

impl<'a> FieldsWire<'a> {
    pub(crate) fn new(fields: &'a [InfoField]) -> Self {
        let describe = |field: &'a InfoField| {
            let InfoField { name, description, choices, optional } = field;
            (name.as_str(), FieldWire { description, choices, optional: *optional })
        };
        Self(fields.iter().map(describe).collect())
    }
}
