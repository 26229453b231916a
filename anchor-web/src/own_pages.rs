//! The business's own pages instead of the hosted ones: what is signed on the way there and back.
//!
//! Both tokens are JWTs with HS256 under `INTERACTIVE_UI_KEY`, so that pages in any language can read and write them;
//! this module does it for pages in Rust. See `docs/reference/own-pages.md` for the whole journey.

use std::time::Duration;

use anchor_core::Config;
use anchor_core::amount::Amount;
use anchor_core::asset::AssetId;
use anchor_core::config::InteractiveUi;
use anchor_core::id::TransactionId;
use anchor_core::secret::Secret;
use anchor_core::transaction::{Instruction, Kind};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::tokens::{Keys, Lifetime, TokenError};

/// JOSE header `typ` of the token with which a user arrives.
const HAND_OVER_TYPE: &str = "hand-over+jwt";
/// JOSE header `typ` of the token with which a user returns.
const RETURN_TYPE: &str = "return+jwt";
/// JOSE header `typ` of the token with which the pages' server asks for details.
const DETAILS_TYPE: &str = "details+jwt";

/// How long a hand-over is good for.
const HAND_OVER_LIFETIME: Duration = Duration::from_secs(5 * 60);
/// Tokens from the pages are refused if they are meant to live longer than this.
const LIFETIME_MAX_SECONDS: i64 = 10 * 60;

/// With what a user arrives at the pages: `?token=…`. It travels through the browser, and so has nothing personal in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct HandOver {
    /// The anchor's address (`HOST_URL`).
    pub iss: String,
    /// The transaction.
    pub sub: TransactionId,
    /// Different in every hand-over: accept each once.
    pub jti: String,
    /// Unix seconds.
    pub iat: i64,
    /// Unix seconds.
    pub exp: i64,
    /// `deposit` or `withdrawal`.
    pub kind: Kind,
    /// What the user gives.
    pub asset_in: AssetId,
    /// What the user gets.
    pub asset_out: AssetId,
    /// What the wallet announced, of `asset_in`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub amount: Option<Amount>,
    /// The user's language: a lower-case tag such as `en` or `pt-br`.
    pub lang: String,
    /// Where the user has to be sent back to, with a signed answer as `token`.
    pub return_url: String,
    /// Where the pages' server finds the rest, such as the account and the wallet's `customer_id`.
    pub details_url: String,
}

/// What came of the visit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Outcome {
    /// User and business agree. Limits and fees are checked by the anchor, as for the hosted pages.
    Agreed {
        /// What the user will give, as a plain decimal.
        amount: Amount,
        /// Deposit: how to send the money.
        #[serde(default)]
        instructions: Vec<Instruction>,
        /// The user's side off the ledger, fit to be shown (a masked account number).
        #[serde(default)]
        counterpart: Option<String>,
    },
    /// The business declines. The transaction ends with status `error`.
    Declined {
        /// For the user.
        reason: String,
    },
    /// The user comes back without an answer, and may go on later.
    Unfinished,
}

/// With what a user comes back to `return_url`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WayBack {
    /// `iss` of the hand-over.
    pub anchor: String,
    /// `sub` of the hand-over.
    pub transaction: TransactionId,
    /// What came of the visit.
    pub outcome: Outcome,
}

#[derive(Debug, Serialize, Deserialize)]
struct ReturnClaims {
    aud: String,
    sub: TransactionId,
    iat: i64,
    exp: i64,
    outcome: Outcome,
}

#[derive(Debug, Serialize, Deserialize)]
struct DetailsClaims {
    aud: String,
    sub: TransactionId,
    iat: i64,
    exp: i64,
}

macro_rules! lifetime {
    ($($claims:ty),+) => {$(
        impl Lifetime for $claims {
            fn iat(&self) -> i64 {
                self.iat
            }

            fn exp(&self) -> i64 {
                self.exp
            }
        }
    )+};
}

lifetime!(HandOver, ReturnClaims, DetailsClaims);

impl HandOver {
    /// What a user's token says, on the pages' side.
    ///
    /// # Errors
    /// When it is forged, over, or not a hand-over.
    pub fn read(token: &str, key: &Secret<String>, now: DateTime<Utc>) -> Result<Self, TokenError> {
        keys(HAND_OVER_TYPE, std::slice::from_ref(key)).verify(token, now)
    }
}

impl WayBack {
    /// The token to send the user back with, good for some minutes.
    ///
    /// # Errors
    /// When the key is no key.
    pub fn sign(&self, key: &Secret<String>, now: DateTime<Utc>) -> Result<String, TokenError> {
        let (iat, exp) = (now.timestamp(), now.timestamp().saturating_add(LIFETIME_MAX_SECONDS / 2));
        let (aud, sub, outcome) = (self.anchor.clone(), self.transaction, self.outcome.clone());
        let claims = ReturnClaims { aud, sub, iat, exp, outcome };
        keys(RETURN_TYPE, std::slice::from_ref(key)).sign(&claims)
    }
}

/// The token (`Authorization: Bearer …`) with which the pages' server asks `details_url` for more.
///
/// # Errors
/// When the key is no key.
pub fn details_token(
    hand_over: &HandOver,
    key: &Secret<String>,
    now: DateTime<Utc>,
) -> Result<String, TokenError> {
    let (iat, exp) = (now.timestamp(), now.timestamp().saturating_add(LIFETIME_MAX_SECONDS / 2));
    let claims = DetailsClaims { aud: hand_over.iss.clone(), sub: hand_over.sub, iat, exp };
    keys(DETAILS_TYPE, std::slice::from_ref(key)).sign(&claims)
}

/// The anchor's side of the same tokens.
pub(crate) struct Doorkeeper<'a> {
    ui: &'a InteractiveUi,
    host: &'a str,
}

impl<'a> Doorkeeper<'a> {
    /// `None` if there are no such pages.
    pub(crate) fn of(config: &'a Config) -> Option<Self> {
        Some(Self { ui: config.interactive_ui.as_ref()?, host: config.host_url() })
    }

    /// Where the user goes, with `hand_over` completed and signed.
    pub(crate) fn send(&self, mut hand_over: HandOver, now: DateTime<Utc>) -> Result<String, TokenError> {
        self.host.clone_into(&mut hand_over.iss);
        hand_over.iat = now.timestamp();
        let lifetime = i64::try_from(HAND_OVER_LIFETIME.as_secs()).unwrap_or(0);
        hand_over.exp = hand_over.iat.saturating_add(lifetime);
        let token = keys(HAND_OVER_TYPE, &self.ui.keys).sign(&hand_over)?;
        let mut url = self.ui.url.clone();
        url.query_pairs_mut().append_pair("token", &token).append_pair("lang", &hand_over.lang);
        Ok(url.into())
    }

    /// What the user's token says came of the visit about this transaction.
    pub(crate) fn take_back(
        &self,
        token: &str,
        transaction: TransactionId,
        now: DateTime<Utc>,
    ) -> Result<Outcome, TokenError> {
        let claims: ReturnClaims = keys(RETURN_TYPE, &self.ui.keys).verify(token, now)?;
        self.check(&claims.aud, claims.sub == transaction, &claims).map(|()| claims.outcome)
    }

    /// Whether the pages' server asks about this transaction.
    pub(crate) fn may_ask(
        &self,
        token: &str,
        transaction: TransactionId,
        now: DateTime<Utc>,
    ) -> Result<(), TokenError> {
        let claims: DetailsClaims = keys(DETAILS_TYPE, &self.ui.keys).verify(token, now)?;
        self.check(&claims.aud, claims.sub == transaction, &claims)
    }

    /// A token that lives long is one that leaks.
    fn check(&self, aud: &str, is_same: bool, claims: &impl Lifetime) -> Result<(), TokenError> {
        let is_short = claims.exp().saturating_sub(claims.iat()) <= LIFETIME_MAX_SECONDS;
        if aud == self.host && is_same && is_short { Ok(()) } else { Err(TokenError) }
    }
}

fn keys(token_type: &'static str, keys: &[Secret<String>]) -> Keys {
    Keys::new(token_type, keys, |key| key.expose().as_bytes().to_vec())
}
