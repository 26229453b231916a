//! What we take from other anchors, for people whom we pay.

use anchor_core::asset::{Asset, ReceiveOffer, ReceiveQuotes};

// ANCHOR: receive
/// The terms of a withdrawal, unless the operator gave others: to a bank account, or as reals at a quote.
pub(crate) fn receive(mut asset: Asset) -> Asset {
    if let (None, Some(offer)) = (&asset.receive, &asset.withdrawal) {
        let offer = ReceiveOffer::new(offer.clone(), ["SEPA", "PIX"]);
        asset.receive = Some(ReceiveOffer { quotes: ReceiveQuotes::Supported, ..offer });
    }
    asset
}
// ANCHOR_END: receive
