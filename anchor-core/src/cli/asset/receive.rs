//! What is taken from sending anchors.

use clap::Args;

use crate::asset::{Offer, ReceiveOffer, ReceiveQuotes};

/// Payments from other anchors (SEP-31): off, unless there is a way to pay them out.
#[derive(Debug, Clone, Default, Args)]
pub(super) struct ReceiveArgs {
    /// Take the asset from the SENDING_ANCHORS, and pay it out in these ways, separated by commas: SEPA,PIX. Where quotes are
    /// given, these are the names of their delivery methods.
    #[arg(long, value_delimiter = ',')]
    receive: Vec<String>,
    /// Whether other money than the token's own is paid out, by quotes.
    #[arg(long, value_enum, default_value = "none")]
    receive_quotes: ReceiveQuotes,
}

impl ReceiveArgs {
    /// With these limits and this fee.
    pub(super) fn offer(&self, offer: &Offer) -> Option<ReceiveOffer> {
        (!self.receive.is_empty()).then(|| ReceiveOffer {
            quotes: self.receive_quotes,
            ..ReceiveOffer::new(offer.clone(), self.receive.iter().cloned())
        })
    }
}

/// In one line.
pub(super) fn describe(receive: &ReceiveOffer) -> String {
    let quotes = match receive.quotes {
        ReceiveQuotes::None => "no quotes",
        ReceiveQuotes::Supported => "quotes possible",
        ReceiveQuotes::Required => "quotes required",
    };
    let limits = super::describe(Some(&receive.offer));
    format!("{limits}, by {}, {quotes}", receive.offer.funding_methods.join(" or "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_taken_without_a_way_to_pay_it_out() {
        let fee = crate::fee::FeeSchedule::default();
        let offer = Offer { min: None, max: None, fee, funding_methods: Vec::new() };
        assert_eq!(ReceiveArgs::default().offer(&offer), None);
        let args = ReceiveArgs { receive: vec!["SEPA".into()], ..ReceiveArgs::default() };
        assert_eq!(args.offer(&offer), Some(ReceiveOffer::new(offer, ["SEPA"])));
    }
}
