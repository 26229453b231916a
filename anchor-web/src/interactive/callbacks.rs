//! `callback` and `on_change_callback`, which the wallet appends to the address (SEP-24 §Callbacks).

use anchor_core::store::Callbacks;

use super::query::Query;
use crate::callback_url;
pub(super) use crate::callback_url::BadCallback;

/// The value that asks the page itself to tell the wallet's window.
pub(super) const POST_MESSAGE: &str = "postMessage";

/// What the address asks for. Empty values count as absent.
pub(super) fn parse(query: &Query, local_mode: bool) -> Result<Callbacks, BadCallback> {
    let one =
        |name| query.first(name).filter(|value| !value.is_empty()).map(|value| check(value, local_mode));
    Ok(Callbacks {
        finished: one("callback").transpose()?,
        on_change: one("on_change_callback").transpose()?,
    })
}

/// Whether the page itself has to tell the wallet's window.
pub(super) fn is_post_message(callback: Option<&String>) -> bool {
    callback.is_some_and(|callback| callback == POST_MESSAGE)
}

fn check(value: &str, local_mode: bool) -> Result<String, BadCallback> {
    if value.eq_ignore_ascii_case(POST_MESSAGE) {
        return Ok(POST_MESSAGE.to_owned());
    }
    callback_url::check(value, local_mode)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(callback: &str, local_mode: bool) -> Result<Option<String>, BadCallback> {
        let encoded: String = url::form_urlencoded::byte_serialize(callback.as_bytes()).collect();
        parse(&Query::parse(&format!("callback={encoded}")), local_mode).map(|callbacks| callbacks.finished)
    }

    #[test]
    fn r_24_080_post_message_is_recognised_in_any_case() {
        for spelling in ["postMessage", "postmessage", "POSTMESSAGE"] {
            assert_eq!(parsed(spelling, false), Ok(Some(POST_MESSAGE.to_owned())));
        }
    }

    #[test]
    fn peer_r_24_079_r_24_080_s_24_12_s_24_14_addresses_that_nobody_should_call_are_refused() {
        let long = format!("https://wallet.example/{}", "a".repeat(2048));
        for bad in [
            "http://wallet.example/cb",
            "https://127.0.0.1/cb",
            "https://[::1]/cb",
            "https://2130706433/cb",
            "https://169.254.169.254/latest",
            "https://user:password@wallet.example/cb",
            "https://wallet.example/cb#part",
            "javascript:alert(1)",
            "data:text/html,x",
            "file:///etc/passwd",
            "//wallet.example/cb",
            "wallet.example",
            "https://wallet.example:8443/cb",
            "https://wallet.example/a b",
            "https://wallet.example/\r\nHost: x",
            "http://localhost/cb",
            &long,
        ] {
            assert_eq!(parsed(bad, false), Err(BadCallback), "{bad}");
        }
        assert_eq!(
            parsed("https://wallet.example/cb?x=1", false),
            Ok(Some("https://wallet.example/cb?x=1".into()))
        );
    }

    #[test]
    fn local_wallets_may_be_called_in_local_mode_only() {
        for local in ["http://localhost:3000/cb", "http://127.0.0.1:3000/cb"] {
            assert_eq!(parsed(local, true), Ok(Some(local.to_owned())));
            assert_eq!(parsed(local, false), Err(BadCallback));
        }
        assert_eq!(parsed("http://10.0.0.1/cb", true), Err(BadCallback));
    }

    #[test]
    fn empty_callback_is_absent() {
        assert_eq!(parsed("", false), Ok(None));
    }
}
