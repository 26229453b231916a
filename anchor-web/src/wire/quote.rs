//! Assets, prices and quotes (SEP-38). What has no value is left out, and there is nothing but what the protocol names.

use crate::openapi::shapes;
use anchor_core::amount::Amount;
use anchor_core::asset::AssetId;
use anchor_core::clock::format_utc;
use anchor_core::fee::FeeDetail;
use anchor_core::id::QuoteId;
use anchor_core::ops::quote::{PriceItem, Prices};
use anchor_core::quote::{CountryCode, DeliveryMethod, Figures, Price, Quote, QuoteAsset, QuoteDesk};
use serde::{Serialize, Serializer};
use utoipa::ToSchema;

/// The answer to `GET /info`.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = QuoteInfo)]
pub(crate) struct InfoWire<'a> {
    assets: Vec<AssetWire<'a>>,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = QuoteAsset)]
struct AssetWire<'a> {
    #[schema(value_type = shapes::AssetId)]
    asset: &'a AssetId,
    #[serde(skip_serializing_if = "<[DeliveryMethod]>::is_empty", serialize_with = "methods")]
    #[schema(value_type = Vec<MethodWire<'static>>)]
    sell_delivery_methods: &'a [DeliveryMethod],
    #[serde(skip_serializing_if = "<[DeliveryMethod]>::is_empty", serialize_with = "methods")]
    #[schema(value_type = Vec<MethodWire<'static>>)]
    buy_delivery_methods: &'a [DeliveryMethod],
    #[serde(skip_serializing_if = "<[CountryCode]>::is_empty")]
    #[schema(value_type = Vec<String>)]
    country_codes: &'a [CountryCode],
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = QuoteDeliveryMethod)]
struct MethodWire<'a> {
    name: &'a str,
    description: &'a str,
}

impl<'a> InfoWire<'a> {
    pub(crate) fn new(desk: &'a QuoteDesk) -> Self {
        let asset = |asset: &'a QuoteAsset| AssetWire {
            asset: &asset.id,
            sell_delivery_methods: &asset.sell_delivery_methods,
            buy_delivery_methods: &asset.buy_delivery_methods,
            country_codes: &asset.country_codes,
        };
        Self { assets: desk.assets.iter().map(asset).collect() }
    }
}

fn methods<S: Serializer>(methods: &&[DeliveryMethod], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(
        methods.iter().map(|method| MethodWire { name: &method.name, description: &method.description }),
    )
}

/// The answer to `GET /prices`: one of the two keys.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = QuotePrices)]
#[serde(rename_all = "snake_case")]
pub(crate) enum PricesWire<'a> {
    BuyAssets(Vec<ItemWire<'a>>),
    SellAssets(Vec<ItemWire<'a>>),
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = QuotePriceItem)]
pub(crate) struct ItemWire<'a> {
    #[schema(value_type = shapes::AssetId)]
    asset: &'a AssetId,
    #[schema(value_type = shapes::Price)]
    price: &'a Price,
    decimals: u8,
}

impl<'a> PricesWire<'a> {
    pub(crate) fn new(prices: &'a Prices) -> Self {
        let items = |items: &'a [PriceItem]| items.iter().map(ItemWire::new).collect();
        match prices {
            Prices::ToSell(found) => Self::SellAssets(items(found)),
            Prices::ToBuy(found) => Self::BuyAssets(items(found)),
            _ => Self::BuyAssets(Vec::new()),
        }
    }
}

impl<'a> ItemWire<'a> {
    fn new(item: &'a PriceItem) -> Self {
        Self { asset: &item.asset.id, price: &item.figures.price, decimals: item.asset.decimals }
    }
}

/// The answer to `GET /price`.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = QuotePrice)]
pub(crate) struct PriceWire<'a> {
    #[schema(value_type = shapes::Price)]
    total_price: &'a Price,
    #[schema(value_type = shapes::Price)]
    price: &'a Price,
    #[schema(value_type = shapes::Amount)]
    sell_amount: Amount,
    #[schema(value_type = shapes::Amount)]
    buy_amount: Amount,
    fee: FeeWire<'a>,
}

impl<'a> PriceWire<'a> {
    pub(crate) fn new(figures: &'a Figures, fee_asset: &'a AssetId) -> Self {
        Self {
            total_price: &figures.total_price,
            price: &figures.price,
            sell_amount: figures.sell,
            buy_amount: figures.buy,
            fee: FeeWire::new(figures, fee_asset),
        }
    }
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = QuoteFee)]
struct FeeWire<'a> {
    #[schema(value_type = shapes::Amount)]
    total: Amount,
    #[schema(value_type = shapes::AssetId)]
    asset: &'a AssetId,
    #[serde(skip_serializing_if = "<[FeeDetail]>::is_empty", serialize_with = "details")]
    #[schema(value_type = Vec<DetailWire<'static>>)]
    details: &'a [FeeDetail],
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = QuoteFeeDetail)]
struct DetailWire<'a> {
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<&'a str>,
    #[schema(value_type = shapes::Amount)]
    amount: Amount,
}

impl<'a> FeeWire<'a> {
    fn new(figures: &'a Figures, asset: &'a AssetId) -> Self {
        Self { total: figures.fee.total, asset, details: &figures.fee.details }
    }
}

fn details<S: Serializer>(details: &&[FeeDetail], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(details.iter().map(|detail| DetailWire {
        name: &detail.name,
        description: detail.description.as_deref(),
        amount: detail.amount,
    }))
}

/// The answers to `POST /quote` and `GET /quote/:id`: the same for the same quote, for ever.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Quote)]
pub(crate) struct QuoteWire<'a> {
    #[schema(value_type = shapes::Id)]
    id: QuoteId,
    #[schema(value_type = shapes::Time)]
    expires_at: String,
    #[schema(value_type = shapes::AssetId)]
    sell_asset: &'a AssetId,
    #[schema(value_type = shapes::AssetId)]
    buy_asset: &'a AssetId,
    #[serde(flatten)]
    price: PriceWire<'a>,
    /// Only if it was in the request.
    #[serde(skip_serializing_if = "Option::is_none")]
    sell_delivery_method: Option<&'a str>,
    /// Only if it was in the request.
    #[serde(skip_serializing_if = "Option::is_none")]
    buy_delivery_method: Option<&'a str>,
}

impl<'a> QuoteWire<'a> {
    pub(crate) fn new(quote: &'a Quote) -> Self {
        Self {
            id: quote.id,
            expires_at: format_utc(quote.expires_at),
            sell_asset: &quote.sell_asset,
            buy_asset: &quote.buy_asset,
            price: PriceWire::new(&quote.figures, quote.fee_asset()),
            sell_delivery_method: quote.inputs.sell_delivery_method.as_deref(),
            buy_delivery_method: quote.inputs.buy_delivery_method.as_deref(),
        }
    }
}
