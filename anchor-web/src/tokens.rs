//! Signed tokens: one kind for wallets, one for receipts in the browser. Neither is accepted as the other.

use std::time::Duration;

use anchor_core::Config;
use anchor_core::account::Subject;
use anchor_core::domain::HomeDomains;
use anchor_core::id::TransactionId;
use anchor_core::secret::Secret;
use anchor_core::stellar::challenge::ReadChallenge;
use anchor_core::stellar::contract_challenge::ReadContractChallenge;
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use chrono::{DateTime, Utc};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::config::{CONTRACT_TOKEN_LIFETIME, MORE_INFO_LIFETIME, TOKEN_LIFETIME};

/// Clocks of replicas differ: a token may seem to be this much from the future.
const IAT_SKEW_SECONDS: i64 = 60;

/// JOSE header `typ` of a wallet's token.
const WEB_AUTH_TYPE: &str = "JWT";
/// JOSE header `typ` of a receipt's token.
const MORE_INFO_TYPE: &str = "more-info+jwt";

/// For the signature of 32 bytes in base64, the two points, and rounding.
const SIGNATURE_ROOM: usize = 48;

/// The token is forged, expired, or of another kind. Which of them is nobody's business.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the token is not valid")]
pub struct TokenError;

/// What a wallet's token says (SEP-10 and SEP-45, §Token).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct WebAuthClaims {
    /// The anchor's address.
    pub(crate) iss: String,
    /// `G…`, `G…:id`, `M…` or `C…`.
    pub(crate) sub: Subject,
    /// Unix seconds.
    pub(crate) iat: i64,
    /// Unix seconds.
    pub(crate) exp: i64,
    /// Hash of the challenge that was answered: one challenge, one token.
    pub(crate) jti: String,
    /// The domain that the wallet asked for.
    pub(crate) home_domain: String,
    /// What was proved: enough signers to move the account's funds. Whoever needs more has to ask for more. A contract has no
    /// thresholds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) threshold: Option<Threshold>,
    /// The wallet's own domain, if it proved one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) client_domain: Option<String>,
}

/// The weight of the signers who answered the challenge. An account that does not exist has one signer for all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Threshold {
    Medium,
}

#[derive(Debug, Serialize, Deserialize)]
struct MoreInfoClaims {
    sub: TransactionId,
    iat: i64,
    exp: i64,
}

/// Claims that begin and end, in Unix seconds.
pub(crate) trait Lifetime {
    fn iat(&self) -> i64;
    fn exp(&self) -> i64;
}

impl Lifetime for WebAuthClaims {
    fn iat(&self) -> i64 {
        self.iat
    }

    fn exp(&self) -> i64 {
        self.exp
    }
}

impl Lifetime for MoreInfoClaims {
    fn iat(&self) -> i64 {
        self.iat
    }

    fn exp(&self) -> i64 {
        self.exp
    }
}

/// Signs and checks tokens. The first key of the settings signs, all of them are accepted.
#[derive(Clone)]
pub(crate) struct Tokens {
    issuer: String,
    home_domains: HomeDomains,
    web_auth: Keys,
    more_info: Keys,
}

impl std::fmt::Debug for Tokens {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tokens").field("issuer", &self.issuer).finish_non_exhaustive()
    }
}

impl Tokens {
    pub(crate) fn new(config: &Config) -> Self {
        // Receipts get keys of their own, so that a mistake with `typ` alone cannot mix the kinds up.
        let derived = |key: &Secret<String>| {
            Sha256::new_with_prefix(b"anchor more-info key\0").chain_update(key.expose()).finalize().to_vec()
        };
        Self {
            issuer: config.host_url().to_owned(),
            home_domains: config.sep10.home_domains.clone(),
            web_auth: Keys::new(WEB_AUTH_TYPE, &config.jwt_keys, |key| key.expose().as_bytes().to_vec()),
            more_info: Keys::new(MORE_INFO_TYPE, &config.jwt_keys, derived),
        }
    }

    /// The token that a proved challenge is worth.
    pub(crate) fn web_auth_sign(
        &self,
        challenge: &ReadChallenge,
        now: DateTime<Utc>,
    ) -> Result<String, TokenError> {
        self.web_auth.sign(&WebAuthClaims {
            iss: self.issuer.clone(),
            sub: challenge.subject(),
            iat: now.timestamp(),
            exp: after(now.timestamp(), TOKEN_LIFETIME),
            jti: hex::encode(challenge.hash),
            home_domain: challenge.home_domain.clone(),
            threshold: Some(Threshold::Medium),
            client_domain: challenge.client_domain.as_ref().map(|wallet| wallet.domain.clone()),
        })
    }

    /// The same for a contract account, for a shorter time.
    pub(crate) fn contract_sign(
        &self,
        challenge: &ReadContractChallenge,
        now: DateTime<Utc>,
    ) -> Result<String, TokenError> {
        self.web_auth.sign(&WebAuthClaims {
            iss: self.issuer.clone(),
            sub: challenge.subject(),
            iat: now.timestamp(),
            exp: after(now.timestamp(), CONTRACT_TOKEN_LIFETIME),
            jti: hex::encode(challenge.hash),
            home_domain: challenge.home_domain.clone(),
            threshold: None,
            client_domain: challenge.client_domain.as_ref().map(|wallet| wallet.domain.clone()),
        })
    }

    /// What a wallet's token says.
    pub(crate) fn web_auth_verify(
        &self,
        token: &str,
        now: DateTime<Utc>,
    ) -> Result<WebAuthClaims, TokenError> {
        let claims: WebAuthClaims = self.web_auth.verify(token, now)?;
        if claims.iss == self.issuer && self.home_domains.covers(&claims.home_domain) {
            Ok(claims)
        } else {
            Err(TokenError)
        }
    }

    /// Lets whoever has it see this transaction. The same all through an hour, so that a wallet that polls reads
    /// the same document again.
    pub(crate) fn more_info_sign(
        &self,
        transaction: TransactionId,
        now: DateTime<Utc>,
    ) -> Result<String, TokenError> {
        let now = now.timestamp();
        let iat = now - now.rem_euclid(3600);
        self.more_info.sign(&MoreInfoClaims { sub: transaction, iat, exp: after(iat, MORE_INFO_LIFETIME) })
    }

    /// The transaction that a receipt's token shows.
    pub(crate) fn more_info_verify(
        &self,
        token: &str,
        now: DateTime<Utc>,
    ) -> Result<TransactionId, TokenError> {
        self.more_info.verify(token, now).map(|claims: MoreInfoClaims| claims.sub)
    }
}

/// Keys of one type of token.
#[derive(Clone)]
pub(crate) struct Keys {
    token_type: &'static str,
    validation: Validation,
    /// The header as it stands in a token, and the key.
    signing: Option<(String, EncodingKey)>,
    accepted: Vec<(String, DecodingKey)>,
}

impl Keys {
    pub(crate) fn new(
        token_type: &'static str,
        keys: &[Secret<String>],
        bytes: impl Fn(&Secret<String>) -> Vec<u8>,
    ) -> Self {
        let keys: Vec<_> = keys.iter().map(bytes).collect();
        let mut validation = Validation::new(Algorithm::HS256);
        // by our own clock, below
        validation.validate_exp = false;
        // by the callers: each kind has its own
        validation.validate_aud = false;
        validation.required_spec_claims.clear();
        // the same in all tokens of a key
        let header = |key: &[u8]| {
            let header = Header {
                typ: Some(token_type.to_owned()),
                kid: Some(key_id(key)),
                ..Header::new(Algorithm::HS256)
            };
            // words: there is nothing that could fail
            BASE64_URL_SAFE_NO_PAD.encode(serde_json::to_vec(&header).unwrap_or_default())
        };
        Self {
            token_type,
            validation,
            signing: keys.first().map(|key| (header(key), EncodingKey::from_secret(key))),
            accepted: keys.iter().map(|key| (key_id(key), DecodingKey::from_secret(key))).collect(),
        }
    }

    pub(crate) fn sign(&self, claims: &impl Serialize) -> Result<String, TokenError> {
        let (header, key) = self.signing.as_ref().ok_or(TokenError)?;
        let claims = serde_json::to_vec(claims).map_err(|_| TokenError)?;
        let mut token = String::with_capacity(header.len() + claims.len() * 4 / 3 + SIGNATURE_ROOM);
        token.push_str(header);
        token.push('.');
        BASE64_URL_SAFE_NO_PAD.encode_string(claims, &mut token);
        let signature =
            jsonwebtoken::crypto::sign(token.as_bytes(), key, Algorithm::HS256).map_err(|_| TokenError)?;
        token.push('.');
        token.push_str(&signature);
        Ok(token)
    }

    /// The claims, if they are signed by an accepted key, of this type, and current.
    pub(crate) fn verify<C: Lifetime + DeserializeOwned>(
        &self,
        token: &str,
        now: DateTime<Utc>,
    ) -> Result<C, TokenError> {
        // only with several keys is there anything to choose
        let named = match self.accepted.len() {
            0 | 1 => None,
            _ => jsonwebtoken::decode_header(token).map_err(|_| TokenError)?.kid,
        };
        let may_fit = |id: &String| named.as_ref().is_none_or(|named| named == id);
        let mut keys = self.accepted.iter().filter(|(id, _)| may_fit(id));
        let decode =
            |(_, key): &(String, DecodingKey)| jsonwebtoken::decode::<C>(token, key, &self.validation).ok();
        let data = keys.find_map(decode).ok_or(TokenError)?;
        let now = now.timestamp();
        let claims = data.claims;
        let is_current = now < claims.exp() && claims.iat() <= now.saturating_add(IAT_SKEW_SECONDS);
        if is_current && data.header.typ.as_deref() == Some(self.token_type) {
            Ok(claims)
        } else {
            Err(TokenError)
        }
    }
}

/// Names a key in tokens, and tells nothing of it.
fn key_id(key: &[u8]) -> String {
    let digest = Sha256::new_with_prefix(b"anchor token key id\0").chain_update(key).finalize();
    hex::encode(&digest[..8])
}

fn after(seconds: i64, lifetime: Duration) -> i64 {
    seconds.saturating_add(i64::try_from(lifetime.as_secs()).unwrap_or(i64::MAX))
}
