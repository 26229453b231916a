//! The order book: which offer is the best one for a pair.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};

use stellar_xdr::{AccountId, Asset, OfferEntry, Price};

/// Index over the offers in the ledger, best price first, older offer first at the same price.
#[derive(Debug, Default)]
pub(crate) struct OrderBook {
    pairs: BTreeMap<(Asset, Asset), BTreeSet<Place>>,
}

/// What an offer is ranked by, and the key to find it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Place {
    price: Ratio,
    pub(crate) offer_id: i64,
    pub(crate) seller: AccountId,
}

impl OrderBook {
    /// The best offer selling `selling` for `buying`.
    pub(crate) fn best(&self, selling: &Asset, buying: &Asset) -> Option<&Place> {
        self.pairs.get(&(selling.clone(), buying.clone()))?.first()
    }

    /// The offers of a pair, best first.
    pub(crate) fn pair(&self, selling: &Asset, buying: &Asset) -> impl Iterator<Item = &Place> {
        self.pairs.get(&(selling.clone(), buying.clone())).into_iter().flatten()
    }

    pub(crate) fn insert(&mut self, offer: &OfferEntry) {
        self.pairs.entry(pair_of(offer)).or_default().insert(place_of(offer));
    }

    pub(crate) fn remove(&mut self, offer: &OfferEntry) {
        let pair = pair_of(offer);
        if let Some(places) = self.pairs.get_mut(&pair) {
            places.remove(&place_of(offer));
            if places.is_empty() {
                self.pairs.remove(&pair);
            }
        }
    }
}

/// Whether `left` is a higher price than `right`, exactly.
pub(crate) fn compare(left: &Price, right: &Price) -> Ordering {
    (i64::from(left.n) * i64::from(right.d)).cmp(&(i64::from(right.n) * i64::from(left.d)))
}

/// A price ordered by value; 1/2 and 2/4 rank the same.
#[derive(Clone, Debug)]
struct Ratio(Price);

impl Ord for Ratio {
    fn cmp(&self, other: &Self) -> Ordering {
        compare(&self.0, &other.0)
    }
}

impl PartialOrd for Ratio {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Ratio {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Ratio {}

fn pair_of(offer: &OfferEntry) -> (Asset, Asset) {
    (offer.selling.clone(), offer.buying.clone())
}

fn place_of(offer: &OfferEntry) -> Place {
    Place { price: Ratio(offer.price.clone()), offer_id: offer.offer_id, seller: offer.seller_id.clone() }
}
