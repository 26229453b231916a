//! What becomes of `client_domain`: verified, treated as not sent, or refused.

use anchor_core::config::{ClientAttribution, Sep10Config};
use anchor_core::domain::Domain;

use super::request_token::refused;
use crate::error::SepError;

/// The domain to verify; `None` if the challenge says nothing of it. `is_signed`: the request has an `Authorization`
/// header, whose key is the domain's, so that the domain cannot be ignored.
///
/// # Errors
/// 400 for what is no domain or is missing, 403 for a domain that is not let in.
pub(crate) fn to_verify(
    asked: Option<&str>,
    is_signed: bool,
    config: &Sep10Config,
    local_mode: bool,
) -> Result<Option<Domain>, SepError> {
    let attribution = config.client_attribution;
    let Some(asked) = asked else {
        return match attribution {
            ClientAttribution::Required => Err(SepError::bad_request("client_domain is required")),
            _ => Ok(None),
        };
    };
    if attribution == ClientAttribution::Off {
        return match is_signed {
            true => Err(refused("cannot be verified, because client domains are not verified here")),
            false => Ok(None),
        };
    }
    let domain = asked.parse::<Domain>().ok();
    let domain = domain.filter(|domain| is_public(domain) || (local_mode && is_local(domain)));
    let domain = domain.ok_or_else(|| {
        SepError::bad_request("client_domain is not the name of a public host, without scheme, port or path")
    })?;
    match config.accepts_client(&domain) {
        true => Ok(Some(domain)),
        false if attribution == ClientAttribution::Optional && !is_signed => Ok(None),
        false => Err(SepError::forbidden("this client_domain is not admitted here")),
    }
}

/// As far as the name says: several labels, the last of which is no number (then it would be an address), and the
/// port of https. What it resolves to is checked when it is contacted.
fn is_public(domain: &Domain) -> bool {
    let last = domain.host().rsplit_once('.').map(|(_, last)| last);
    domain.port().is_none() && last.is_some_and(|last| last.bytes().any(|byte| byte.is_ascii_alphabetic()))
}

/// This machine, for wallets under development.
fn is_local(domain: &Domain) -> bool {
    let host = domain.host();
    let address = host.parse::<std::net::Ipv4Addr>();
    host == "localhost" || host.ends_with(".localhost") || address.is_ok_and(|address| address.is_loopback())
}
