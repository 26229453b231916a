//! How much of two assets changes hands when an offer is crossed.
//!
//! Exact integers throughout. Whoever's offer stays on the book is favoured by the rounding, by at most 1 % (path
//! payments may favour the book without bound, their own limits protect them); so no crossing creates value.

use stellar_xdr::Price;

/// How results are rounded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rounding {
    /// Between two offers.
    Offer,
    /// A path payment that must deliver an exact amount.
    StrictReceive,
    /// A path payment that must spend an exact amount.
    StrictSend,
}

/// Limits of the two sides; the maker's offer is on the book, the taker comes to it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    /// Most the maker can give of what it sells.
    pub(crate) maker_gives: i64,
    /// Most the maker can take of what it buys.
    pub(crate) maker_takes: i64,
    /// Most the taker wants of what the maker sells.
    pub(crate) taker_takes: i64,
    /// Most the taker gives of what the maker buys.
    pub(crate) taker_gives: i64,
}

/// What changes hands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Exchange {
    /// From maker to taker.
    pub(crate) bought: i64,
    /// From taker to maker.
    pub(crate) paid: i64,
    /// Whether something of the maker's offer is left.
    pub(crate) maker_stays: bool,
}

/// Crosses an offer at `price` (what the maker asks per unit). `None` would be a defect of this module.
pub(crate) fn cross(price: &Price, limits: Limits, rounding: Rounding) -> Option<Exchange> {
    let exchange = cross_unchecked(price, limits, rounding)?;
    if exchange.bought == 0 || exchange.paid == 0 {
        return match rounding {
            Rounding::StrictSend => (exchange.paid > 0).then_some(exchange),
            Rounding::Offer | Rounding::StrictReceive => Some(Exchange { bought: 0, paid: 0, ..exchange }),
        };
    }
    let worth = i128::from(exchange.bought) * i128::from(price.n);
    let given = i128::from(exchange.paid) * i128::from(price.d);
    let favours_wrong_side = if exchange.maker_stays { given < worth } else { given > worth };
    if favours_wrong_side {
        return None;
    }
    match (rounding, within_one_percent(price, exchange, rounding != Rounding::Offer)) {
        (_, true) => Some(exchange),
        (Rounding::Offer, false) => Some(Exchange { bought: 0, paid: 0, ..exchange }),
        (Rounding::StrictReceive | Rounding::StrictSend, false) => None,
    }
}

/// The largest amount an offer can state that its owner could really sell and be paid for.
pub(crate) fn adjusted_amount(price: &Price, gives: i64, takes: i64) -> Option<i64> {
    let limits =
        Limits { maker_gives: gives, maker_takes: takes, taker_takes: i64::MAX, taker_gives: i64::MAX };
    cross(price, limits, Rounding::Offer).map(|exchange| exchange.bought)
}

/// What an offer of `amount` at `price` may take out (first) and bring in (second).
pub(crate) fn offer_liabilities(price: &Price, gives: i64, takes: i64) -> Option<(i64, i64)> {
    let limits =
        Limits { maker_gives: gives, maker_takes: takes, taker_takes: i64::MAX, taker_gives: i64::MAX };
    cross_unchecked(price, limits, Rounding::Offer).map(|exchange| (exchange.bought, exchange.paid))
}

fn cross_unchecked(price: &Price, limits: Limits, rounding: Rounding) -> Option<Exchange> {
    let (n, d) = (i128::from(price.n), i128::from(price.d));
    let maker_value = (i128::from(limits.maker_gives) * n).min(i128::from(limits.maker_takes) * d);
    let taker_value = (i128::from(limits.taker_gives) * d).min(i128::from(limits.taker_takes) * n);
    let maker_stays = maker_value > taker_value;
    let (bought, paid) = if maker_stays {
        if rounding == Rounding::StrictSend {
            (taker_value / n, i128::from(limits.taker_gives.min(limits.maker_takes)))
        } else if price.n > price.d || rounding == Rounding::StrictReceive {
            let bought = taker_value / n;
            (bought, divide_up(bought * n, d))
        } else {
            let paid = taker_value / d;
            (paid * d / n, paid)
        }
    } else if price.n > price.d {
        let bought = maker_value / n;
        (bought, bought * n / d)
    } else {
        let paid = maker_value / d;
        (divide_up(paid * d, n), paid)
    };
    let bought =
        i64::try_from(bought).ok().filter(|bought| *bought <= limits.taker_takes.min(limits.maker_gives))?;
    let paid = i64::try_from(paid).ok().filter(|paid| *paid <= limits.maker_takes.min(limits.taker_gives))?;
    (bought >= 0 && paid >= 0).then_some(Exchange { bought, paid, maker_stays })
}

fn within_one_percent(price: &Price, exchange: Exchange, may_favour_maker: bool) -> bool {
    let worth = 100 * i128::from(price.n) * i128::from(exchange.bought);
    let given = 100 * i128::from(price.d) * i128::from(exchange.paid);
    if may_favour_maker && given > worth {
        return true;
    }
    (given - worth).abs() <= i128::from(price.n) * i128::from(exchange.bought)
}

fn divide_up(value: i128, by: i128) -> i128 {
    (value + by - 1) / by
}
