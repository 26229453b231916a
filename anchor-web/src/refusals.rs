//! Refusals of a request: what its user can do something about is said in the request's language, what only the wallet's
//! programmer can is said in the protocol's names.

use anchor_core::ops::amounts::AmountsError;
use anchor_core::ops::start::{StartError, StartRefusal};

use crate::error::SepError;
use crate::interactive::Messages;
use crate::state::WebState;

/// Why nothing was started, in the language of the request.
pub(crate) fn not_started(state: &WebState, language: Option<&str>, error: StartError) -> SepError {
    match error {
        StartError::Refused(refusal) => {
            let language = state.pages.languages.negotiate([language]);
            SepError::bad_request(told(&refusal, &language.messages))
        }
        StartError::Failed(error) => error.into(),
        _ => SepError::internal(),
    }
}

/// What stands under `error`, which wallets show to their users.
fn told(refusal: &StartRefusal, messages: &Messages) -> String {
    let key = match refusal {
        StartRefusal::TooSmall(enough) => {
            return messages.fill("refusal.at_least", &[("amount", &enough.to_string())]);
        }
        StartRefusal::ZeroAmount => "refusal.zero_amount",
        StartRefusal::Limits(AmountsError::TooSmall) => "refusal.too_small",
        StartRefusal::Limits(AmountsError::TooLarge) => "refusal.too_large",
        StartRefusal::QuoteEnded => "refusal.quote_ended",
        StartRefusal::QuoteUsed => "refusal.quote_used",
        StartRefusal::NoAccount => "refusal.no_account",
        StartRefusal::OwnAccount => "refusal.own_account",
        StartRefusal::Destination => "refusal.destination",
        StartRefusal::NotShared => "refusal.not_shared",
        StartRefusal::IsShared => "refusal.is_shared",
        _ => return refusal.to_string(),
    };
    messages.text(key).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::interactive::Languages;

    #[test]
    fn english_is_what_the_refusal_says_itself() {
        let english = Languages::new(&[]).english().messages;
        for refusal in [
            StartRefusal::ZeroAmount,
            StartRefusal::TooSmall("1.5".parse().unwrap()),
            StartRefusal::Limits(AmountsError::TooSmall),
            StartRefusal::Limits(AmountsError::TooLarge),
            StartRefusal::QuoteEnded,
            StartRefusal::QuoteUsed,
            StartRefusal::NoAccount,
            StartRefusal::OwnAccount,
            StartRefusal::Destination,
            StartRefusal::NotShared,
            StartRefusal::IsShared,
            StartRefusal::Account,
        ] {
            assert_eq!(told(&refusal, &english), refusal.to_string());
        }
    }
}
