//! What is taken from sending anchors.

use clap::Args;

use super::terms::named;
use crate::asset::{Asset, Offer, ReceiveOffer, ReceiveQuotes};

/// Payments from other anchors (SEP-31): off, unless there is a way to pay them out.
#[derive(Debug, Clone, Default, Args)]
pub(super) struct ReceiveArgs {
    /// Take the asset from the SENDING_ANCHORS, and pay it out in these ways, separated by commas: SEPA,PIX. Where quotes are
    /// given, these are the names of their delivery methods. `off` takes nothing from now on.
    #[arg(long, value_delimiter = ',')]
    receive: Vec<String>,
    /// Whether other money than the token's own is paid out, by quotes (default: none).
    #[arg(long, value_enum)]
    receive_quotes: Option<ReceiveQuotes>,
}

impl ReceiveArgs {
    /// Changes what is given. What was not taken before has the limits and fee of `offer`.
    pub(super) fn apply(&self, asset: &mut Asset, offer: &Offer) {
        if !self.receive.is_empty() {
            let ways = named(&self.receive);
            asset.receive = match asset.receive.take() {
                _ if ways.is_empty() => None,
                Some(mut receive) => {
                    receive.offer.funding_methods = ways;
                    Some(receive)
                }
                None => Some(ReceiveOffer::new(offer.clone(), ways)),
            };
        }
        if let (Some(receive), Some(quotes)) = (&mut asset.receive, self.receive_quotes) {
            receive.quotes = quotes;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::fakes::samples;

    #[test]
    fn nothing_is_taken_without_a_way_to_pay_it_out_and_off_takes_nothing_more() {
        let mut asset = samples::asset();
        let fee = crate::fee::FeeSchedule::default();
        let offer = Offer { min: None, max: None, fee, funding_methods: Vec::new() };
        ReceiveArgs::default().apply(&mut asset, &offer);
        assert_eq!(asset.receive, None);
        let args = |way: &str| ReceiveArgs { receive: vec![way.into()], ..ReceiveArgs::default() };
        args("SEPA").apply(&mut asset, &offer);
        assert_eq!(asset.receive, Some(ReceiveOffer::new(offer.clone(), ["SEPA"])));
        args("off").apply(&mut asset, &offer);
        assert_eq!(asset.receive, None);
    }
}
