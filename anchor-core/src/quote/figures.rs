//! From a price and a fee to the amounts of a quote, and back to prices that explain the amounts.
//!
//! Everything is exact until one rounding at the end, in the anchor's favour: who fixes what they give gets less, who
//! fixes what they get gives more. The prices that are shown come from the rounded amounts, with as many digits as the
//! formulas of SEP-38 need to hold.

use num_bigint::BigUint;
use serde::{Deserialize, Serialize};

use super::price::{Price, Ratio, divide_nearest, divide_up, power_of_ten};
use crate::amount::{Amount, AmountError};
use crate::asset::AssetId;
use crate::fee::{FeeBreakdown, FeeError, FeeSchedule};

/// How many more digits than computed a price may get.
const MORE_DIGITS: u32 = 8;

/// The amount that the client fixed; the other one follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Given {
    /// What the client gives.
    Sell(Amount),
    /// What the client gets.
    Buy(Amount),
}

/// One of the two assets of a quote.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    /// What the client gives.
    Sell,
    /// What the client gets.
    Buy,
}

/// What is charged on top of the price.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum QuoteFee {
    /// Computed from the amount of the side that pays it.
    Schedule(FeeSchedule),
    /// Always this.
    Fixed(FeeBreakdown),
}

/// Decimals of the two assets, at most 7.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Scales {
    /// Of the sold asset.
    pub sell: u8,
    /// Of the bought asset.
    pub buy: u8,
}

/// The numbers of a quote.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Figures {
    /// What the client gives, the fee included if it is on this side.
    pub sell: Amount,
    /// What the client gets, after the fee if it is on this side.
    pub buy: Amount,
    /// What the anchor keeps.
    pub fee: FeeBreakdown,
    /// In which of the two assets.
    pub fee_side: Side,
    /// Sold units for one bought unit, without the fee.
    pub price: Price,
    /// The same with the fee.
    pub total_price: Price,
    /// Decimals that the assets are counted in.
    pub scales: Scales,
}

/// Why there are no figures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FiguresError {
    /// Nothing is left of it, after rounding.
    #[error("the amount is too small")]
    TooSmall,
    /// The fee is as much as the amount, or more.
    #[error("the amount is not more than the fee")]
    FeeTooHigh,
    /// More than can be written down.
    #[error("the amount is too large")]
    TooLarge,
    /// The amount has more decimals than its asset, which is never rounded away.
    #[error("the amount has more than {0} decimals")]
    TooPrecise(u8),
    /// The fee cannot be computed, or has more decimals than its asset.
    #[error("the fee could not be computed")]
    Fee(#[from] FeeError),
    /// No prices were found that explain the amounts.
    #[error("the price could not be computed")]
    Price,
}

impl Figures {
    /// Which of these two the fee is in.
    pub const fn fee_asset<'a>(&self, sell: &'a AssetId, buy: &'a AssetId) -> &'a AssetId {
        match self.fee_side {
            Side::Sell => sell,
            Side::Buy => buy,
        }
    }

    /// The amounts that follow from `given` at `price` (sold units for one bought unit, margin included) with `fee`.
    ///
    /// # Errors
    /// See [`FiguresError`].
    pub fn new(
        given: Given,
        price: &Ratio,
        fee: &QuoteFee,
        fee_side: Side,
        scales: Scales,
    ) -> Result<Self, FiguresError> {
        let exchange = Exchange { price, scales };
        let (sell, buy, charged) = match (given, fee_side) {
            (Given::Sell(amount), Side::Sell) => {
                let sell = minor(amount, scales.sell)?;
                let charged = charge(fee, &sell, scales.sell)?;
                let rest = less(&sell, &total(&charged, scales.sell)?)?;
                (sell, exchange.buys(&rest), charged)
            }
            (Given::Sell(amount), Side::Buy) => {
                let sell = minor(amount, scales.sell)?;
                let whole = exchange.buys(&sell);
                if is_zero(&whole) {
                    return Err(FiguresError::TooSmall);
                }
                let charged = charge(fee, &whole, scales.buy)?;
                let buy = less(&whole, &total(&charged, scales.buy)?)?;
                (sell, buy, charged)
            }
            (Given::Buy(amount), Side::Sell) => {
                let buy = minor(amount, scales.buy)?;
                let sell = whole_of(fee, &exchange.costs(&buy), scales.sell)?;
                let charged = charge(fee, &sell, scales.sell)?;
                (sell, buy, charged)
            }
            (Given::Buy(amount), Side::Buy) => {
                let buy = minor(amount, scales.buy)?;
                let charged = charge(fee, &whole_of(fee, &buy, scales.buy)?, scales.buy)?;
                let sell = exchange.costs(&(&buy + &total(&charged, scales.buy)?));
                (sell, buy, charged)
            }
        };
        if is_zero(&sell) || is_zero(&buy) {
            return Err(FiguresError::TooSmall);
        }
        let (sell, buy) = (amount(&sell, scales.sell)?, amount(&buy, scales.buy)?);
        Self::explained(sell, buy, charged, fee_side, scales).ok_or(FiguresError::Price)
    }

    /// Finds prices that explain the amounts.
    fn explained(sell: Amount, buy: Amount, fee: FeeBreakdown, side: Side, scales: Scales) -> Option<Self> {
        let free = fee.total.is_zero();
        // the sell asset is where a fee of nothing is shown
        let fee_side = if free { Side::Sell } else { side };
        let sides = Sides { sell, buy, scales };
        let total_price = sides.price(Sides::total_holds)?;
        let price = match fee_side {
            _ if free => total_price.clone(),
            Side::Sell => {
                let net = Sides { sell: sell.checked_sub(fee.total)?, ..sides };
                net.precise_price(Sides::price_holds)?
            }
            Side::Buy => {
                let gross = Sides { buy: buy.checked_add(fee.total)?, ..sides };
                gross.price(Sides::total_holds)?
            }
        };
        Some(Self { sell, buy, fee, fee_side, price, total_price, scales })
    }
}

/// Two amounts whose ratio is looked for.
#[derive(Debug, Clone, Copy)]
struct Sides {
    sell: Amount,
    buy: Amount,
    scales: Scales,
}

impl Sides {
    /// Sold for one bought, exactly.
    fn ratio(&self) -> Option<Ratio> {
        let sell = value(self.sell)?;
        let buy = value(self.buy)?;
        Some(sell.times(&buy.inverse()))
    }

    /// To the nearest with enough digits that the division comes out right; with more if the rest does not.
    fn price(&self, holds: fn(&Self, &Price) -> bool) -> Option<Price> {
        let ratio = self.ratio()?;
        // buy ÷ price
        let quotient = value(self.buy)?.times(&ratio.clone().inverse());
        let digits = u32::from(self.scales.buy) + quotient.digits() + 1;
        // enough for products too, whatever is rounded where
        let enough = self.product_digits()?;
        let found = (digits..=digits.max(enough) + MORE_DIGITS).find_map(|digits| {
            let price = Price::of(self.units(&ratio, digits, divide_nearest), digits)?;
            holds(self, &price).then_some(price)
        });
        found.or_else(|| self.precise_price(holds))
    }

    /// Rounded up with enough digits that the product comes out right. To the nearest, 9.5 would become 9.4999… at times,
    /// which rounds to another whole number.
    fn precise_price(&self, holds: fn(&Self, &Price) -> bool) -> Option<Price> {
        let ratio = self.ratio()?;
        let digits = self.product_digits()?;
        (digits..=digits + MORE_DIGITS).find_map(|digits| {
            let price = Price::of(self.units(&ratio, digits, divide_up), digits)?;
            holds(self, &price).then_some(price)
        })
    }

    fn product_digits(&self) -> Option<u32> {
        let finest = u32::from(self.scales.sell.max(self.scales.buy));
        Some(finest + value(self.buy)?.digits() + 1)
    }

    fn units(&self, ratio: &Ratio, digits: u32, divide: fn(&BigUint, &BigUint) -> BigUint) -> BigUint {
        divide(&(&ratio.numerator * power_of_ten(digits)), &ratio.denominator)
    }

    /// `sell ÷ price = buy`, and `sell = price × buy`, to the decimals of the bought asset.
    fn total_holds(&self, price: &Price) -> bool {
        let divided = || {
            let quotient = value(self.sell)?.times(&price.ratio().inverse());
            Some(rounded(&quotient, self.scales.buy) == rounded(&value(self.buy)?, self.scales.buy))
        };
        divided() == Some(true) && self.price_holds(price)
    }

    /// `sell = price × buy`, to the decimals of the bought asset.
    fn price_holds(&self, price: &Price) -> bool {
        let multiplied = || {
            let product = value(self.buy)?.times(&price.ratio());
            Some(rounded(&product, self.scales.buy) == rounded(&value(self.sell)?, self.scales.buy))
        };
        multiplied() == Some(true)
    }
}

/// To so many decimals, halves away from zero, in their units.
fn rounded(ratio: &Ratio, decimals: u8) -> BigUint {
    divide_nearest(&(&ratio.numerator * power_of_ten(decimals.into())), &ratio.denominator)
}

/// `None` for nothing.
fn value(amount: Amount) -> Option<Ratio> {
    let minor = u128::try_from(amount.minor()).ok()?;
    Ratio::of(minor.into(), power_of_ten(amount.scale().into()))
}

/// Two assets and what one costs in the other. Amounts in units of 10^-scale.
struct Exchange<'a> {
    price: &'a Ratio,
    scales: Scales,
}

impl Exchange<'_> {
    /// What is bought for this, rounded down.
    fn buys(&self, sell: &BigUint) -> BigUint {
        let numerator = sell * &self.price.denominator * power_of_ten(self.scales.buy.into());
        numerator / (&self.price.numerator * power_of_ten(self.scales.sell.into()))
    }

    /// What has to be sold for this, rounded up.
    fn costs(&self, buy: &BigUint) -> BigUint {
        let numerator = buy * &self.price.numerator * power_of_ten(self.scales.sell.into());
        divide_up(&numerator, &(&self.price.denominator * power_of_ten(self.scales.buy.into())))
    }
}

/// The fee on an amount.
fn charge(fee: &QuoteFee, whole: &BigUint, scale: u8) -> Result<FeeBreakdown, FiguresError> {
    match fee {
        QuoteFee::Schedule(schedule) => Ok(schedule.fee(&amount(whole, scale)?, scale)?),
        QuoteFee::Fixed(breakdown) => {
            let mut parts = breakdown.details.iter().map(|detail| detail.amount).chain([breakdown.total]);
            let fits = parts.all(|part| part.rescale_exact(scale).is_some());
            let coarse = FeeError::Amount(AmountError::TooPrecise { max: scale });
            if fits { Ok(breakdown.clone()) } else { Err(coarse.into()) }
        }
    }
}

/// The least amount of which `net` is left after the fee.
fn whole_of(fee: &QuoteFee, net: &BigUint, scale: u8) -> Result<BigUint, FiguresError> {
    let units = |amount: Amount| -> Result<BigUint, FiguresError> {
        // rounded up, as the fee itself is
        let numerator = digits(amount)? * power_of_ten(scale.into());
        Ok(divide_up(&numerator, &power_of_ten(amount.scale().into())))
    };
    match fee {
        QuoteFee::Fixed(breakdown) => Ok(net + units(breakdown.total)?),
        QuoteFee::Schedule(schedule) => {
            let (share, whole) = schedule.percent.share();
            let rest = whole.checked_sub(share).filter(|rest| *rest > 0).ok_or(FiguresError::FeeTooHigh)?;
            // whole - fixed - share × whole = net
            let unit = power_of_ten(schedule.fixed.scale().into());
            let fixed = digits(schedule.fixed)? * power_of_ten(scale.into());
            let by_share = divide_up(&((net * &unit + fixed) * whole), &(unit * rest));
            let minimum = schedule.minimum.map(units).transpose()?.unwrap_or_default();
            Ok(by_share.max(net + minimum))
        }
    }
}

fn less(whole: &BigUint, fee: &BigUint) -> Result<BigUint, FiguresError> {
    if fee < whole { Ok(whole - fee) } else { Err(FiguresError::FeeTooHigh) }
}

fn total(fee: &FeeBreakdown, scale: u8) -> Result<BigUint, FiguresError> {
    let exact = fee.total.rescale_exact(scale).ok_or(FiguresError::TooPrecise(scale))?;
    digits(exact)
}

/// The client's amount, in units of 10^-scale.
fn minor(amount: Amount, scale: u8) -> Result<BigUint, FiguresError> {
    if amount.is_zero() {
        return Err(FiguresError::TooSmall);
    }
    let exact = amount.rescale_exact(scale).ok_or(FiguresError::TooPrecise(scale))?;
    if i64::try_from(exact.minor()).is_err() {
        return Err(FiguresError::TooLarge);
    }
    digits(exact)
}

fn digits(amount: Amount) -> Result<BigUint, FiguresError> {
    u128::try_from(amount.minor()).map(BigUint::from).map_err(|_| FiguresError::TooLarge)
}

/// Amounts of 63 bits at most: that is what ledgers hold, and columns.
fn amount(minor: &BigUint, scale: u8) -> Result<Amount, FiguresError> {
    let minor = i64::try_from(minor).map_err(|_| FiguresError::TooLarge)?;
    Amount::new(minor.into(), scale).map_err(|_| FiguresError::TooLarge)
}

fn is_zero(number: &BigUint) -> bool {
    number.bits() == 0
}

#[cfg(test)]
mod tests;
