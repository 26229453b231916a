//! How a token is taken from sending anchors, for somebody who is paid outside the ledger (SEP-31).

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::{Asset, Offer, OfferError};
use crate::amount::STELLAR_SCALE;
use crate::transaction::InfoField;

/// Longest name of a way to pay, and of a field, in bytes.
const NAME_MAX: usize = 64;

/// What is taken from sending anchors, and how it is paid out. What has to be known of senders and receivers is what the
/// customer integration asks of those roles.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReceiveOffer {
    /// Limits and fee, in the token, and how receivers get the money: at least one way. Where quotes are given, these are the
    /// names of their delivery methods.
    #[serde(flatten)]
    pub offer: Offer,
    /// Whether another kind of money than the token's own is paid out.
    #[serde(default)]
    pub quotes: ReceiveQuotes,
    /// What has to be said with each transaction that is about none of its customers (deprecated by SEP-31).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fields: Vec<InfoField>,
}

/// Whether quotes are used.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(clap::ValueEnum))]
#[serde(rename_all = "snake_case")]
pub enum ReceiveQuotes {
    /// They are not: the token's own money is paid out.
    #[default]
    None,
    /// They may be.
    Supported,
    /// They have to be.
    Required,
}

impl ReceiveOffer {
    /// The token's own money, in one of these ways, with these limits.
    pub fn new(offer: Offer, funding_methods: impl IntoIterator<Item = impl Into<String>>) -> Self {
        let funding_methods = funding_methods.into_iter().map(Into::into).collect();
        Self { offer: Offer { funding_methods, ..offer }, quotes: ReceiveQuotes::None, fields: Vec::new() }
    }

    /// Checks what the types cannot.
    pub(super) fn validate(&self) -> Result<(), OfferError> {
        self.offer.check_limits("what is received", STELLAR_SCALE)?;
        let methods: BTreeSet<&String> = self.offer.funding_methods.iter().collect();
        let fields: BTreeSet<&String> = self.fields.iter().map(|field| &field.name).collect();
        let names = self.offer.funding_methods.iter().chain(fields.iter().copied());
        let is_name =
            |name: &String| (1..=NAME_MAX).contains(&name.len()) && !name.chars().any(char::is_control);
        let are_distinct =
            methods.len() == self.offer.funding_methods.len() && fields.len() == self.fields.len();
        if methods.is_empty() || !are_distinct || !names.into_iter().all(is_name) {
            return Err(OfferError::Receive);
        }
        Ok(())
    }
}

impl Asset {
    /// The asset as it is taken from sending anchors: their limits and fee are those of a withdrawal of theirs. `None` if it
    /// is not.
    pub fn received(&self) -> Option<Self> {
        let offer = self.receive.as_ref()?.offer.clone();
        Some(Self { withdrawal: Some(offer), ..self.clone() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn offer(methods: &[&str]) -> ReceiveOffer {
        let fee = crate::fee::FeeSchedule::default();
        let offer = Offer { min: None, max: None, fee, funding_methods: Vec::new() };
        ReceiveOffer::new(offer, methods.iter().copied())
    }

    #[test]
    fn r_31_021_at_least_one_way_to_pay_has_a_name() {
        assert_eq!(offer(&["SEPA", "PIX"]).validate(), Ok(()));
        for wrong in [&[][..], &[""], &["SEPA", "SEPA"], &["a\nb"], &[&"x".repeat(65)]] {
            assert_eq!(offer(wrong).validate(), Err(OfferError::Receive), "{wrong:?}");
        }
    }

    #[test]
    fn limits_are_amounts_of_the_token() {
        let mut wrong = offer(&["SEPA"]);
        wrong.offer.min = Some("0.00000001".parse().unwrap());
        assert!(matches!(wrong.validate(), Err(OfferError::LimitScale { limit: "smallest", .. })));
        wrong.offer =
            Offer { min: Some("2".parse().unwrap()), max: Some("1".parse().unwrap()), ..wrong.offer };
        assert!(matches!(wrong.validate(), Err(OfferError::LimitOrder { .. })));
    }

    #[test]
    fn offer_is_read_as_it_was_written_also_by_older_ones() {
        let mut full = offer(&["SEPA"]);
        full.offer.max = Some("10".parse().unwrap());
        full.quotes = ReceiveQuotes::Required;
        full.fields.push(InfoField::new("purpose", "What for").choices(["gift"]).optional());
        let text = serde_json::to_string(&full).unwrap();
        assert_eq!(serde_json::from_str::<ReceiveOffer>(&text).unwrap(), full);
        let short = r#"{"min":null,"max":null,"funding_methods":["SEPA"]}"#;
        assert_eq!(serde_json::from_str::<ReceiveOffer>(short).unwrap(), offer(&["SEPA"]));
    }
}
