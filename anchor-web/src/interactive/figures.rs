//! How money and time are written for people.

use anchor_core::amount::{Amount, Money};
use anchor_core::asset::{Asset, AssetId};
use anchor_core::transaction::Kind;
use chrono::{DateTime, Utc};

/// `100.00 USD`: padded to the usual decimals, never rounded.
pub(super) fn money(asset: &Asset, money: &Money) -> String {
    format!("{} {}", amount(asset, money), code(&money.asset))
}

/// `100.00`, as it is typed into a wallet or a bank's form.
pub(super) fn amount(asset: &Asset, money: &Money) -> String {
    let decimals = match money.asset.as_stellar() {
        Some(_) => asset.description.display_decimals,
        None => asset.off_chain_scale,
    };
    money.amount.display_fixed(decimals)
}

/// An amount of what the user gives.
pub(super) fn given(asset: &Asset, kind: Kind, amount: Amount) -> String {
    money(asset, &Money { amount, asset: asset.asset_in(kind) })
}

/// `USD`, `USDC`, `XLM`.
pub(super) fn code(asset: &AssetId) -> String {
    match asset {
        AssetId::Stellar(asset) if asset.issuer().is_none() => "XLM".to_owned(),
        AssetId::Stellar(asset) => asset.code().to_owned(),
        AssetId::Iso4217(currency) => currency.as_str().to_owned(),
        other => other.to_string(),
    }
}

/// To the minute, in UTC; the script writes it in the user's own time zone.
pub(super) fn time(at: DateTime<Utc>) -> String {
    at.format("%Y-%m-%d %H:%M UTC").to_string()
}
