//! What is taken from sending anchors.

use std::collections::BTreeMap;

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
    /// What senders have to be as customers (SEP-12), and for whom that is: TYPE=DESCRIPTION. May be given several times.
    #[arg(long, value_parser = described)]
    sender_type: Vec<(String, String)>,
    /// The same for receivers.
    #[arg(long, value_parser = described)]
    receiver_type: Vec<(String, String)>,
}

impl ReceiveArgs {
    /// With these limits and this fee.
    pub(super) fn offer(&self, offer: &Offer) -> Option<ReceiveOffer> {
        let types =
            |types: &[(String, String)]| -> BTreeMap<String, String> { types.iter().cloned().collect() };
        (!self.receive.is_empty()).then(|| ReceiveOffer {
            quotes: self.receive_quotes,
            sender_types: types(&self.sender_type),
            receiver_types: types(&self.receiver_type),
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
    format!("{limits}, by {}, {quotes}", receive.funding_methods.join(" or "))
}

fn described(text: &str) -> Result<(String, String), String> {
    let parts =
        text.split_once('=').filter(|(name, description)| !name.is_empty() && !description.is_empty());
    let (name, description) = parts.ok_or("should be TYPE=DESCRIPTION")?;
    Ok((name.to_owned(), description.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn type_has_a_description() {
        assert_eq!(described("sep31-sender=People=all"), Ok(("sep31-sender".into(), "People=all".into())));
        for wrong in ["sep31-sender", "=x", "x=", ""] {
            assert!(described(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn nothing_is_taken_without_a_way_to_pay_it_out() {
        let offer = Offer { min: None, max: None, fee: crate::fee::FeeSchedule::default() };
        assert_eq!(ReceiveArgs::default().offer(&offer), None);
        let args = ReceiveArgs { receive: vec!["SEPA".into()], ..ReceiveArgs::default() };
        assert_eq!(args.offer(&offer), Some(ReceiveOffer::new(offer, ["SEPA"])));
    }
}
