//! Payment paths: `/paths/strict-receive` and `/paths/strict-send`.
//!
//! A breadth-first search over the order books, at most [`MAX_HOPS`] trades long. Amounts are what the offers in
//! the books give at this moment; the network reckons again when the payment is applied.

use serde_json::{Map, Value};
use stellar_xdr::{AccountId, Asset, OfferEntry, Price};

use super::{
    account,
    amount::{self, decimal},
    asset,
    call::{Answer, Call},
    hal, order_book,
    problem::Problem,
};
use crate::replica::View;

/// Trades on a path: the network allows five assets between source and destination.
const MAX_HOPS: usize = 6;
/// Paths told at most.
const MAX_PATHS: usize = 20;

/// What has to be sent for a destination amount.
pub(crate) async fn strict_receive(call: Call) -> Answer {
    let destination = call.query.asset_fields("destination_")?;
    let wanted = amount_param(&call, "destination_amount")?;
    let listed = call.query.assets("source_assets")?;
    let sources = match (call.query.account("source_account")?, listed.is_empty()) {
        (Some(account), true) => holdings(&call.view, &account),
        (None, false) => listed.into_iter().map(|asset| (asset, None)).collect(),
        _ => return Err(Problem::bad_request("Either source_assets or source_account has to be given.")),
    };
    let mut found = Vec::new();
    for (source, balance) in sources {
        let mut best: Option<Found> = None;
        // searched from the destination backwards: what does one have to give to get `wanted`?
        explore(&call.view, Direction::Buying, &destination, wanted, &source, &mut |path, amount| {
            if best.as_ref().is_none_or(|best| amount < best.source_amount) {
                let mut path = path.to_vec();
                path.reverse();
                best = Some(Found { source_amount: amount, destination_amount: wanted, path });
            }
        });
        let affordable = best.filter(|best| balance.is_none_or(|balance| best.source_amount <= balance));
        found.extend(affordable.map(|best| best.render(&source, &destination)));
    }
    found.truncate(MAX_PATHS);
    Ok(hal::records(found))
}

/// What arrives for a source amount.
pub(crate) async fn strict_send(call: Call) -> Answer {
    let source = call.query.asset_fields("source_")?;
    let sent = amount_param(&call, "source_amount")?;
    let listed = call.query.assets("destination_assets")?;
    let destinations = match (call.query.account("destination_account")?, listed.is_empty()) {
        (Some(account), true) => holdings(&call.view, &account).into_iter().map(|(asset, _)| asset).collect(),
        (None, false) => listed,
        _ => {
            return Err(Problem::bad_request(
                "Either destination_assets or destination_account has to be given.",
            ));
        }
    };
    let mut found = Vec::new();
    for destination in destinations {
        let mut best: Option<Found> = None;
        explore(&call.view, Direction::Selling, &source, sent, &destination, &mut |path, amount| {
            if best.as_ref().is_none_or(|best| amount > best.destination_amount) {
                best = Some(Found { source_amount: sent, destination_amount: amount, path: path.to_vec() });
            }
        });
        found.extend(best.map(|best| best.render(&source, &destination)));
    }
    found.truncate(MAX_PATHS);
    Ok(hal::records(found))
}

struct Found {
    source_amount: i64,
    destination_amount: i64,
    path: Vec<Asset>,
}

impl Found {
    fn render(&self, source: &Asset, destination: &Asset) -> Value {
        let mut body = Map::new();
        asset::insert(&mut body, "source_", source);
        asset::insert(&mut body, "destination_", destination);
        body.insert("source_amount".to_owned(), decimal(self.source_amount).into());
        body.insert("destination_amount".to_owned(), decimal(self.destination_amount).into());
        body.insert("path".to_owned(), self.path.iter().map(asset::object).collect());
        Value::Object(body)
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Direction {
    /// The amount in hand is given away for the next asset.
    Selling,
    /// The amount in hand is to be had for the next asset.
    Buying,
}

/// Walks the books from `start` and tells every way to `end` with the assets between and the amount at `end`.
fn explore(
    view: &View,
    direction: Direction,
    start: &Asset,
    amount: i64,
    end: &Asset,
    tell: &mut dyn FnMut(&[Asset], i64),
) {
    if start == end {
        tell(&[], amount);
        return;
    }
    let mut frontier = vec![(vec![start.clone()], amount)];
    for _ in 0..MAX_HOPS {
        let mut next = Vec::new();
        for (visited, amount) in frontier {
            let Some(here) = visited.last() else { continue };
            for neighbour in neighbours(view, direction, here) {
                if visited.contains(&neighbour) {
                    continue;
                }
                let traded = match direction {
                    Direction::Selling => sell(&order_book::offers(view, &neighbour, here), amount),
                    Direction::Buying => buy(&order_book::offers(view, here, &neighbour), amount),
                };
                let Some(traded) = traded else { continue };
                if neighbour == *end {
                    tell(&visited[1..], traded);
                } else if next.len() < 1_000 {
                    let mut visited = visited.clone();
                    visited.push(neighbour);
                    next.push((visited, traded));
                }
            }
        }
        frontier = next;
    }
}

fn neighbours(view: &View, direction: Direction, here: &Asset) -> Vec<Asset> {
    let offers = super::offer::select(view, |offer| match direction {
        Direction::Selling => offer.buying == *here,
        Direction::Buying => offer.selling == *here,
    });
    let mut assets: Vec<Asset> = offers
        .into_iter()
        .map(|(_, offer)| match direction {
            Direction::Selling => offer.selling,
            Direction::Buying => offer.buying,
        })
        .collect();
    assets.sort();
    assets.dedup();
    assets
}

/// What `amount` brings when given to the makers; `None` when the book is too thin.
fn sell(offers: &[OfferEntry], amount: i64) -> Option<i64> {
    let (mut left, mut got) = (i128::from(amount), 0_i128);
    for offer in offers {
        let Price { n, d } = offer.price;
        let (n, d) = (i128::from(n), i128::from(d));
        let asked = ceiling(i128::from(offer.amount) * n, d);
        if left <= asked {
            return i64::try_from(got + left * d / n).ok().filter(|got| *got > 0);
        }
        left -= asked;
        got += i128::from(offer.amount);
    }
    None
}

/// What has to be given to the makers to get `amount`; `None` when the book is too thin.
fn buy(offers: &[OfferEntry], amount: i64) -> Option<i64> {
    let (mut left, mut given) = (i128::from(amount), 0_i128);
    for offer in offers {
        let Price { n, d } = offer.price;
        let taken = left.min(i128::from(offer.amount));
        given += ceiling(taken * i128::from(n), i128::from(d));
        left -= taken;
        if left == 0 {
            return i64::try_from(given).ok();
        }
    }
    None
}

fn ceiling(dividend: i128, divisor: i128) -> i128 {
    (dividend + divisor - 1) / divisor
}

/// What an account holds and can spend of it.
fn holdings(view: &View, id: &AccountId) -> Vec<(Asset, Option<i64>)> {
    let lines = account::trustlines(view, id);
    let held =
        lines.iter().filter_map(|(_, line)| Some((asset::of_trustline(&line.asset)?, Some(line.balance))));
    let lumens = account::entry(view, id).map(|account| (Asset::Native, Some(account.balance)));
    held.chain(lumens).collect()
}

fn amount_param(call: &Call, name: &str) -> Result<i64, Problem> {
    let parsed = call.query.text(name).and_then(amount::parse);
    parsed.ok_or_else(|| Problem::invalid_field(name, "Amount must be positive"))
}
