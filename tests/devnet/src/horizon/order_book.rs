//! Order books: `/order_book`.

use std::cmp::Ordering;

use serde_json::{Value, json};
use stellar_xdr::{Asset, OfferEntry, Price};

use super::{
    amount::{price, wide_decimal},
    asset,
    call::{Answer, Call, Format},
    hal, offer,
    problem::Problem,
    stream,
};
use crate::replica::View;

const DEFAULT_LEVELS: usize = 20;

pub(crate) async fn one(call: Call) -> Answer {
    let selling = call.query.asset_fields("selling_")?;
    let buying = call.query.asset_fields("buying_")?;
    let levels = match call.query.text("limit") {
        Some(_) => call.query.page(None)?.limit,
        None => DEFAULT_LEVELS,
    };
    let book = Book { selling, buying, levels, last: None };
    match call.format {
        Format::Json => Ok(hal::object(&book.render(&call.view))),
        Format::EventStream => stream::serve(&call, 10, book),
        Format::Raw | Format::Other => Err(Problem::not_acceptable()),
    }
}

struct Book {
    selling: Asset,
    buying: Asset,
    levels: usize,
    last: Option<Value>,
}

impl Book {
    fn render(&self, view: &View) -> Value {
        json!({
            "bids": self.bids(view),
            "asks": self.asks(view),
            "base": asset::object(&self.selling),
            "counter": asset::object(&self.buying),
        })
    }

    /// Offers of the base, cheapest first, amounts in the base.
    fn asks(&self, view: &View) -> Value {
        self.levels(offers(view, &self.selling, &self.buying), |level| level)
    }

    /// Offers of the counter, with inverted prices so that they compare with the asks; amounts in the counter.
    fn bids(&self, view: &View) -> Value {
        self.levels(offers(view, &self.buying, &self.selling), |Price { n, d }| Price { n: d, d: n })
    }

    fn levels(&self, offers: Vec<OfferEntry>, shown: impl Fn(Price) -> Price) -> Value {
        let mut levels: Vec<(Price, i128)> = Vec::new();
        for offer in offers {
            match levels.last_mut() {
                Some((price, amount)) if compare(price, &offer.price).is_eq() => {
                    *amount += i128::from(offer.amount);
                }
                _ => levels.push((offer.price, i128::from(offer.amount))),
            }
        }
        let level = |(ratio, amount): (Price, i128)| {
            let ratio = shown(ratio);
            json!({
                "price_r": { "n": ratio.n, "d": ratio.d },
                "price": price(i64::from(ratio.n), i64::from(ratio.d)),
                "amount": wide_decimal(amount),
            })
        };
        levels.into_iter().take(self.levels).map(level).collect()
    }
}

impl stream::Source for Book {
    fn next(&mut self, view: &View, _: usize) -> Result<Vec<stream::Event>, Problem> {
        let body = self.render(view);
        if self.last.as_ref() == Some(&body) {
            return Ok(Vec::new());
        }
        self.last = Some(body.clone());
        Ok(vec![stream::Event { id: None, body }])
    }
}

/// Offers of one asset for another, best for the taker first.
pub(crate) fn offers(view: &View, selling: &Asset, buying: &Asset) -> Vec<OfferEntry> {
    let found = offer::select(view, |offer| offer.selling == *selling && offer.buying == *buying);
    let mut offers: Vec<OfferEntry> = found.into_iter().map(|(_, offer)| offer).collect();
    offers.sort_by(|one, other| compare(&one.price, &other.price).then(one.offer_id.cmp(&other.offer_id)));
    offers
}

fn compare(one: &Price, other: &Price) -> Ordering {
    (i64::from(one.n) * i64::from(other.d)).cmp(&(i64::from(other.n) * i64::from(one.d)))
}
