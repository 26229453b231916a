//! Prices and quotes, described.

use actix_web::http::StatusCode;
use anchor_core::quote::QuoteDesk;

use super::{prices, quote};
use crate::error::SepError;
use crate::openapi::{Description, Operation, of, shapes};
use crate::wire::quote::{InfoWire, PriceWire, PricesWire, QuoteWire};

pub(crate) fn describe(api: &mut Description<'_>) {
    let Some(desk) = api.anchor.quote_desk() else { return };
    let assets = || desk.assets.iter().map(|asset| asset.id.to_string());
    let info = of(prices::info)
        .about("What is exchanged")
        .answers::<InfoWire<'static>>(StatusCode::OK, "The assets");
    let list = of(prices::list)
        .about("Prices of everything that can be had for an asset, or that an asset can be had for")
        .may_be("sell_asset", assets(), "What the client gives; or `buy_asset`")
        .may_be("buy_asset", assets(), "What the client gets; or `sell_asset`");
    let list = common(list, desk)
        .answers::<PricesWire<'static>>(StatusCode::OK, "The prices, which nobody promises");
    let price = |operation: Operation| {
        let operation = operation
            .has_to_be("sell_asset", assets(), "What the client gives")
            .has_to_be("buy_asset", assets(), "What the client gets")
            .has_to_be("context", ["sep6", "sep24", "sep31"], "What it is for");
        common(operation, desk)
    };
    let one = price(of(prices::one))
        .about("The price of an exchange")
        .answers::<PriceWire<'static>>(StatusCode::OK, "The price, which nobody promises");
    let make = price(of(quote::make))
        .about("Promises a price")
        .may::<shapes::Time>("expire_after", "The promise has to last so long")
        .answers::<QuoteWire<'static>>(StatusCode::CREATED, "The promise");
    let show = of(quote::show)
        .about("A promise that was made")
        .in_path::<shapes::Id>("id", "The quote")
        .refuses(&SepError::not_found(""))
        .answers::<QuoteWire<'static>>(StatusCode::OK, "The promise");

    api.group("SEP-38", "Prices and quotes")
        .read("/sep38/info", info)
        .read("/sep38/prices", list)
        .read("/sep38/price", one)
        .open("post", "/sep38/quote", make)
        .read("/sep38/quote/{id}", show);
}

fn common(operation: Operation, desk: &QuoteDesk) -> Operation {
    let methods = |of: fn(&anchor_core::quote::QuoteAsset) -> &[anchor_core::quote::DeliveryMethod]| {
        let names = desk.assets.iter().flat_map(of).map(|method| method.name.clone());
        names.collect::<std::collections::BTreeSet<_>>()
    };
    let countries = desk.assets.iter().flat_map(|asset| &asset.country_codes).map(ToString::to_string);
    let countries: std::collections::BTreeSet<_> = countries.collect();
    operation
        .may::<shapes::Decimal>("sell_amount", "How much the client gives; or `buy_amount`")
        .may::<shapes::Decimal>("buy_amount", "How much the client gets; or `sell_amount`")
        .may_be(
            "sell_delivery_method",
            methods(|asset| &asset.sell_delivery_methods),
            "How the client gives it",
        )
        .may_be("buy_delivery_method", methods(|asset| &asset.buy_delivery_methods), "How the client gets it")
        .may_be("country_code", countries, "Where (ISO 3166)")
}
