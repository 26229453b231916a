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

/// A token that says what the request says, whoever signed it.
///
/// SEP-10 checks the signature first. Here it comes last, because its key may have to be fetched from the wallet's
/// server: a token that could not hold anyway makes us knock nowhere. The outcome is the same.
#[derive(Debug)]
pub(super) struct RequestToken(String);

impl RequestToken {
    /// Reads the header, if there is one, and checks all of it but the signature (SEP-10 §Verifying Authorization
    /// Header).
    ///
    /// # Errors
    /// 400 with the reason for a header that is there and cannot hold.
    pub(super) fn read(
        request: &HttpRequest,
        params: &Params,
        endpoint: &str,
        now: DateTime<Utc>,
    ) -> Result<Option<Self>, SepError> {
        let mut headers = request.headers().get_all(header::AUTHORIZATION);
        let Some(header) = headers.next() else { return Ok(None) };
        if headers.next().is_some() {
            return Err(refused("was sent twice"));
        }
        let token = header.to_str().ok().and_then(|text| text.split_once(' '));
        let token = token.filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"));
        let token = token.map(|(_, token)| token.trim());
        // unverified: see the type
        let claimed = token.and_then(|token| jsonwebtoken::dangerous::insecure_decode(token).ok());
        let (Some(token), Some(claimed)) = (token, claimed) else {
            return Err(refused("is not Bearer and a token"));
        };
        if claimed.header.alg != Algorithm::EdDSA {
            return Err(refused("has a token that is not signed with EdDSA"));
        }
        check_claims(&claimed.claims, params, endpoint, now)?;
        Ok(Some(Self(token.to_owned())))
    }

    /// Whether this account's key signed it.
    pub(super) fn is_signed_by(&self, account: &AccountId) -> bool {
        let mut validation = Validation::new(Algorithm::EdDSA);
        // done, and by our own clock
        validation.validate_exp = false;
        validation.required_spec_claims.clear();
        let key = DecodingKey::from_ed_der(account.as_bytes());
        jsonwebtoken::decode::<Map<String, Value>>(&self.0, &key, &validation).is_ok()
    }
}

/// 400: the header is there, and does not hold.
pub(super) fn refused(reason: &str) -> SepError {
    SepError::bad_request(format!("the Authorization header {reason}"))
}

fn check_claims(
    claims: &Map<String, Value>,
    params: &Params,
    endpoint: &str,
    now: DateTime<Utc>,
) -> Result<(), SepError> {
    let (Some(issued), Some(ends)) = (seconds(claims, "iat"), seconds(claims, "exp")) else {
        return Err(refused("has a token without iat or exp"));
    };
    let now = now.timestamp();
    if ends <= now || issued > now.saturating_add(SKEW_SECONDS) {
        return Err(refused("has a token that is not valid now"));
    }
    if ends.saturating_sub(issued) > LIFETIME_SECONDS_MAX {
        return Err(refused("has a token that is valid for more than an hour"));
    }
    if claims.get("web_auth_endpoint").and_then(Value::as_str) != Some(endpoint) {
        return Err(refused("has a token for another web_auth_endpoint"));
    }
    for name in PARAMETERS {
        let claim = claims.get(name).map(|claim| claim.as_str().unwrap_or_default());
        // both ways: nothing asked that was not signed, nothing signed that is not asked
        if claim != params.raw_text(name)? {
            return Err(refused("has a token for other parameters"));
        }
    }
    Ok(())
}

fn seconds(claims: &Map<String, Value>, name: &str) -> Option<i64> {
    claims.get(name)?.as_i64()
}
