//! `GET /info` (SEP-6): the configuration that the endpoints enforce.

use std::collections::BTreeMap;

use anchor_core::Anchor;
use anchor_core::asset::{Asset, AssetId, Offer};
use anchor_core::integration::WithdrawalIntegration;
use anchor_core::transaction::Kind;
use serde::Serialize;
use utoipa::ToSchema;

use super::started::LimitsWire;
use crate::wire::receive::FieldsWire;

/// The whole answer.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ApiInfo)]
pub(crate) struct InfoWire<'a> {
    deposit: BTreeMap<&'a str, OfferWire<'a>>,
    #[serde(rename = "deposit-exchange")]
    deposit_exchange: BTreeMap<&'a str, OfferWire<'a>>,
    withdraw: BTreeMap<&'a str, OfferWire<'a>>,
    #[serde(rename = "withdraw-exchange")]
    withdraw_exchange: BTreeMap<&'a str, OfferWire<'a>>,
    fee: FeeEndpointWire,
    transaction: EndpointWire,
    transactions: EndpointWire,
    features: FeaturesWire,
}

/// One asset in one direction. The official validation suite allows no other members, and wants `types` with `fields` for
/// withdrawals, which are deprecated.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ApiOffer)]
struct OfferWire<'a> {
    enabled: bool,
    authentication_required: bool,
    funding_methods: &'a [String],
    #[serde(flatten)]
    limits: LimitsWire,
    #[serde(skip_serializing_if = "Option::is_none")]
    types: Option<BTreeMap<&'a str, TypeWire<'a>>>,
}

/// What is told with the request itself; what has to be known of a customer is asked for by SEP-12.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ApiType)]
struct TypeWire<'a> {
    fields: FieldsWire<'a>,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ApiEndpoint)]
struct EndpointWire {
    enabled: bool,
    authentication_required: bool,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ApiFeeEndpoint)]
struct FeeEndpointWire {
    enabled: bool,
    authentication_required: bool,
    description: &'static str,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ApiFeatures)]
struct FeaturesWire {
    account_creation: bool,
    claimable_balances: bool,
}

impl<'a> InfoWire<'a> {
    pub(crate) fn new(anchor: &'a Anchor) -> Self {
        let (config, own) = (anchor.config(), anchor.fee_is_own());
        let endpoint = || EndpointWire { enabled: true, authentication_required: true };
        Self {
            deposit: offers(anchor, Kind::Deposit, false),
            deposit_exchange: offers(anchor, Kind::Deposit, true),
            withdraw: offers(anchor, Kind::Withdrawal, false),
            withdraw_exchange: offers(anchor, Kind::Withdrawal, true),
            fee: FeeEndpointWire {
                enabled: own,
                authentication_required: own,
                description: if own {
                    "The fee depends on the amount: ask the fee endpoint, or SEP-38 for a price."
                } else {
                    "A fixed part and a percentage of the amount, as listed for each asset; the price of an exchange has its own."
                },
            },
            transaction: endpoint(),
            transactions: endpoint(),
            features: FeaturesWire {
                account_creation: config.account_creation,
                claimable_balances: config.claimable_balances,
            },
        }
    }
}

fn offers(anchor: &Anchor, kind: Kind, exchange: bool) -> BTreeMap<&str, OfferWire<'_>> {
    let mut offers = BTreeMap::new();
    for asset in anchor.offered_by_api(kind).filter(|asset| !exchange || is_exchanged(anchor, kind, asset)) {
        if let Some(offer) = asset.offer(kind) {
            offers.insert(asset.id.code(), OfferWire::new(anchor, kind, exchange, offer));
        }
    }
    offers
}

/// For any money at all.
fn is_exchanged(anchor: &Anchor, kind: Kind, asset: &Asset) -> bool {
    let token = AssetId::from(asset.id.clone());
    anchor.quote_desk().is_some_and(|desk| {
        desk.assets.iter().map(|other| &other.id).filter(|other| other.as_stellar().is_none()).any(|other| {
            match kind {
                Kind::Deposit => desk.trades(other, &token),
                Kind::Withdrawal => desk.trades(&token, other),
            }
        })
    })
}

impl<'a> OfferWire<'a> {
    /// Limits are about the asset on the ledger; an exchange's fee is the quote's.
    fn new(anchor: &'a Anchor, kind: Kind, exchange: bool, offer: &'a Offer) -> Self {
        let limits = LimitsWire::new(offer, anchor.fee_is_own());
        let withdraws = kind == Kind::Withdrawal && !exchange;
        let told = anchor.withdrawal().map(WithdrawalIntegration::fields).unwrap_or_default();
        let fields = || TypeWire { fields: FieldsWire::new(told) };
        let methods = || offer.funding_methods.iter().map(|method| (method.as_str(), fields())).collect();
        Self {
            enabled: true,
            authentication_required: true,
            funding_methods: &offer.funding_methods,
            limits: if exchange {
                LimitsWire { fee_fixed: None, fee_percent: None, ..limits }
            } else {
                limits
            },
            types: withdraws.then(methods),
        }
    }
}
