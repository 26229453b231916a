//! SEP-10: a wallet proves an account and gets a token.

use actix_web::http::header;
use actix_web::web::{self, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse};
use anchor_core::Config;
use anchor_core::account::Account;
use anchor_core::memo::Memo;
use anchor_core::stellar::challenge::{self, CHALLENGE_SECONDS, ChallengeError, ChallengeSpec, ReadRules};
use chrono::{DateTime, Utc};
use serde::Serialize;

use crate::config::{AUTH_PATH, web_auth_endpoint};
use crate::error::SepError;
use crate::extract::Params;
use crate::middleware::open_resource;
use crate::state::WebState;

mod request_token;

/// A used challenge is remembered this much longer than it is good, as the clocks of replicas differ.
const MEMORY_MARGIN_SECONDS: i64 = 300;

#[derive(Debug, Serialize)]
struct ChallengeWire<'a> {
    transaction: String,
    network_passphrase: &'a str,
}

#[derive(Debug, Serialize)]
struct TokenWire {
    token: String,
}

pub(crate) fn routes(app: &mut ServiceConfig) {
    app.service(
        open_resource(AUTH_PATH, "GET, POST, OPTIONS")
            .route(web::get().to(issue))
            .route(web::post().to(redeem)),
    );
}

/// `GET`: a challenge for the account to sign. `client_domain` is not verified by this server, which it therefore
/// treats as not sent (SEP-10 §Verifying the Client Domain).
async fn issue(state: web::Data<WebState>, request: HttpRequest) -> Result<HttpResponse, SepError> {
    let params = Params::from_query(&request)?;
    let account = params.text("account")?.ok_or_else(|| SepError::bad_request("account is required"))?;
    let client: Account = account
        .parse()
        .map_err(|_| SepError::bad_request("account is not a valid Stellar account (G… or M…)"))?;
    let memo = params.raw_text("memo")?.map(memo).transpose()?;
    let config = state.anchor.config();
    let now = state.anchor.clock().now();
    if let Some(account) = client.ledger_account() {
        request_token::check(&request, &params, account, &web_auth_endpoint(config), now)?;
    }
    let home_domain = config.home_domain();
    if params.text("home_domain")?.is_some_and(|wanted| !wanted.eq_ignore_ascii_case(&home_domain)) {
        return Err(SepError::bad_request("home_domain is not served here"));
    }
    let transaction = ChallengeSpec {
        network: &config.network,
        server: &config.signing_key,
        client,
        memo,
        home_domain: &home_domain,
        web_auth_domain: &web_auth_domain(config),
        client_domain: None,
        nonce: nonce(),
        now: unix_seconds(now),
        ttl: CHALLENGE_SECONDS,
    }
    .build()
    .map_err(refuse)?;
    let wire = ChallengeWire { transaction, network_passphrase: config.network.passphrase() };
    Ok(HttpResponse::Ok().insert_header((header::CACHE_CONTROL, "no-store")).json(wire))
}

/// `POST`: a signed challenge for a token, once.
async fn redeem(state: web::Data<WebState>, params: Params) -> Result<HttpResponse, SepError> {
    let transaction = params.raw_text("transaction")?.filter(|text| !text.is_empty());
    let transaction = transaction.ok_or_else(|| SepError::bad_request("transaction is required"))?;
    let config = state.anchor.config();
    let now = state.anchor.clock().now();
    let rules = ReadRules {
        network: &config.network,
        server: config.signing_key.account(),
        home_domains: &[config.home_domain()],
        web_auth_domain: &web_auth_domain(config),
        now: unix_seconds(now),
    };
    let challenge = challenge::read(transaction, &rules).map_err(refuse)?;
    // An error here is never "does not exist": then a revoked master key would do while a server is down.
    let account = match challenge.ledger_account() {
        Some(id) => state.anchor.ledger().account(&id).await?,
        None => None,
    };
    challenge.verify_signers(account.as_ref()).map_err(refuse)?;
    let forget_at = i64::try_from(challenge.max_time)
        .ok()
        .and_then(|end| DateTime::from_timestamp(end.checked_add(MEMORY_MARGIN_SECONDS)?, 0))
        .ok_or_else(SepError::internal)?;
    // Only what was proved is used up: nobody can spend another one's challenge.
    if !state.anchor.store().challenge_use(&challenge.hash, forget_at).await? {
        return Err(SepError::bad_request("the challenge was used before; ask for a new one"));
    }
    let client_domain = challenge.client_domain.as_ref().map(|client| client.domain.clone());
    let token = state.tokens.web_auth_sign(challenge.subject(), client_domain, &challenge.hash, now);
    let token = token.map_err(|_| SepError::internal())?;
    tracing::info!(client = %challenge.subject(), "a wallet authenticated");
    Ok(HttpResponse::Ok().insert_header((header::CACHE_CONTROL, "no-store")).json(TokenWire { token }))
}

/// Only ids; and an empty memo is not the same as none, or user "" would log in as the account's owner.
fn memo(text: &str) -> Result<u64, SepError> {
    match Memo::parse("id", text) {
        Ok(Memo::Id(id)) => Ok(id),
        Ok(_) | Err(_) => Err(SepError::bad_request(
            "memo has to be of type id: a decimal number from 0 to 18446744073709551615",
        )),
    }
}

/// The host of `WEB_AUTH_ENDPOINT` as wallets read it, with its port.
fn web_auth_domain(config: &Config) -> String {
    config.home_domain()
}

fn nonce() -> [u8; 48] {
    let mut nonce = [0; 48];
    rand::fill(&mut nonce);
    nonce
}

fn unix_seconds(at: DateTime<Utc>) -> u64 {
    u64::try_from(at.timestamp()).unwrap_or(0)
}

fn refuse(error: ChallengeError) -> SepError {
    match error {
        ChallengeError::Build(_) | ChallengeError::WrongSnapshot => {
            tracing::error!("{error}");
            SepError::internal()
        }
        error => SepError::bad_request(error.to_string()),
    }
}
