//! The optional `Authorization` header of a challenge request: the application signs what it asks for.

use actix_web::HttpRequest;
use actix_web::http::header;
use anchor_core::account::AccountId;
use chrono::{DateTime, Utc};
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use serde_json::{Map, Value};

use crate::error::SepError;
use crate::extract::Params;

/// Longest life of such a token: it says "now", so that a leaked one is soon worth nothing.
const LIFETIME_SECONDS_MAX: i64 = 60 * 60;
/// Clocks of applications differ from ours by this much.
const SKEW_SECONDS: i64 = 60;
/// Every parameter of the request, and the claim of the same name.
const PARAMETERS: [&str; 4] = ["account", "memo", "home_domain", "client_domain"];

/// Checks the header, if there is one (SEP-10 §Verifying Authorization Header). Challenges are also issued without.
///
/// # Errors
/// 400 with the reason for a header that is there and does not hold.
pub(super) fn check(
    request: &HttpRequest,
    params: &Params,
    account: AccountId,
    endpoint: &str,
    now: DateTime<Utc>,
) -> Result<(), SepError> {
    let mut headers = request.headers().get_all(header::AUTHORIZATION);
    let Some(header) = headers.next() else { return Ok(()) };
    let refuse = |reason| Err(SepError::bad_request(format!("the Authorization header {reason}")));
    if headers.next().is_some() {
        return refuse("was sent twice");
    }
    // The token would be the client domain's, whose key is not looked up here: then it cannot be ignored either.
    if params.text("client_domain")?.is_some() {
        return refuse("cannot be verified, because client domains are not verified here");
    }
    let token = header.to_str().ok().and_then(|text| text.split_once(' '));
    let token = token.filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"));
    let Some(claims) = token.and_then(|(_, token)| verified(token.trim(), account)) else {
        return refuse("has no token that is signed (EdDSA) by the key of account");
    };
    let (Some(issued), Some(ends)) = (seconds(&claims, "iat"), seconds(&claims, "exp")) else {
        return refuse("has a token without iat or exp");
    };
    let now = now.timestamp();
    if ends <= now || issued > now.saturating_add(SKEW_SECONDS) {
        return refuse("has a token that is not valid now");
    }
    if ends.saturating_sub(issued) > LIFETIME_SECONDS_MAX {
        return refuse("has a token that is valid for more than an hour");
    }
    if claims.get("web_auth_endpoint").and_then(Value::as_str) != Some(endpoint) {
        return refuse("has a token for another web_auth_endpoint");
    }
    for name in PARAMETERS {
        let claim = claims.get(name).map(|claim| claim.as_str().unwrap_or_default());
        // both ways: nothing asked that was not signed, nothing signed that is not asked
        if claim != params.raw_text(name)? {
            return refuse("has a token for other parameters");
        }
    }
    Ok(())
}

fn verified(token: &str, account: AccountId) -> Option<Map<String, Value>> {
    let mut validation = Validation::new(Algorithm::EdDSA);
    // by our own clock
    validation.validate_exp = false;
    validation.required_spec_claims.clear();
    let key = DecodingKey::from_ed_der(account.as_bytes());
    jsonwebtoken::decode(token, &key, &validation).ok().map(|data| data.claims)
}

fn seconds(claims: &Map<String, Value>, name: &str) -> Option<i64> {
    claims.get(name)?.as_i64()
}
