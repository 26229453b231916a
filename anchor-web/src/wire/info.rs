//! `GET /info` (SEP-24).

use std::collections::BTreeMap;

use anchor_core::asset::{Asset, Offer};
use anchor_core::config::Config;
use anchor_core::transaction::Kind;
use serde::Serialize;
use serde_json::value::RawValue;
use utoipa::ToSchema;

use crate::openapi::shapes;
use crate::wire::number;

/// The whole answer.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = HostedInfo)]
pub(crate) struct InfoWire<'a> {
    deposit: BTreeMap<&'a str, OfferWire>,
    withdraw: BTreeMap<&'a str, OfferWire>,
    fee: FeeEndpointWire,
    features: FeaturesWire,
}

/// Numbers are written digit by digit from decimals.
#[derive(Debug, Default, Serialize, ToSchema)]
#[schema(as = HostedOffer)]
struct OfferWire {
    enabled: bool,
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
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<shapes::Number>)]
    fee_minimum: Option<Box<RawValue>>,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = HostedFeeEndpoint)]
struct FeeEndpointWire {
    enabled: bool,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = HostedFeatures)]
struct FeaturesWire {
    account_creation: bool,
    claimable_balances: bool,
}

impl<'a> InfoWire<'a> {
    pub(crate) fn new(config: &Config, assets: &'a [Asset]) -> Self {
        Self {
            deposit: offers(assets, Kind::Deposit),
            withdraw: offers(assets, Kind::Withdrawal),
            // deprecated, and not needed: the offers say it all
            fee: FeeEndpointWire { enabled: false },
            features: FeaturesWire {
                account_creation: config.account_creation,
                claimable_balances: config.claimable_balances,
            },
        }
    }
}

/// One entry for each code; where two issuers share a code, the entry is about the first one that is on.
fn offers(assets: &[Asset], kind: Kind) -> BTreeMap<&str, OfferWire> {
    let mut offers = BTreeMap::new();
    for asset in assets {
        let entry: &mut OfferWire = offers.entry(asset.id.code()).or_default();
        if let (Some(offer), false) = (asset.offer(kind), entry.enabled) {
            *entry = OfferWire::new(offer);
        }
    }
    offers
}

impl OfferWire {
    fn new(offer: &Offer) -> Self {
        let fee = &offer.fee;
        let is_free = fee.fixed.is_zero() && fee.percent.is_zero();
        Self {
            enabled: true,
            min_amount: offer.min.and_then(number),
            max_amount: offer.max.and_then(number),
            fee_fixed: if is_free { None } else { number(fee.fixed) },
            fee_percent: if is_free { None } else { number(fee.percent) },
            fee_minimum: fee.minimum.and_then(number),
        }
    }
}
