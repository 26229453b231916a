//! SEP-10: a wallet proves an account and gets a token.

use actix_web::http::header;
use actix_web::web::{self, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse};
use anchor_core::Config;
use anchor_core::account::{Account, AccountId};
use anchor_core::domain::Domain;
use anchor_core::memo::Memo;
use anchor_core::stellar::challenge::{
    self, CHALLENGE_SECONDS, ChallengeError, ChallengeSpec, ClientDomain, ReadRules,
};
use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;

use crate::config::{AUTH_PATH, web_auth_endpoint};
use crate::error::SepError;
use crate::extract::Params;
use crate::limits::{AddressLimit, TooOften};
use crate::middleware::{Counted, open_resource};
use crate::state::WebState;
use crate::wallet_domains::WalletDomainError;

pub(crate) mod client_domain;
mod described;
mod request_token;

pub(crate) use described::describe;

use request_token::RequestToken;

/// A used challenge is remembered this much longer than it is good, as the clocks of replicas differ.
pub(crate) const MEMORY_MARGIN_SECONDS: i64 = 300;

/// What does not change between requests.
#[derive(Debug)]
pub(crate) struct WebAuth {
    endpoint: String,
    domain: String,
    servers: Vec<AccountId>,
    rate: AddressLimit,
}

impl WebAuth {
    pub(crate) fn new(config: &Config) -> Self {
        Self {
            endpoint: web_auth_endpoint(config),
            domain: config.web_auth_domain(),
            servers: config.signing_accounts(),
            rate: AddressLimit::new(config.sep10.requests_per_minute, config.limits.trusted_proxies),
        }
    }

    /// Counts a request, whichever of the two ways to log in it takes.
    pub(crate) fn admit(&self, request: &HttpRequest, now: DateTime<Utc>) -> Result<(), TooOften> {
        self.rate.admit(request, now)
    }
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Challenge)]
struct ChallengeWire<'a> {
    transaction: String,
    network_passphrase: &'a str,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Token)]
pub(crate) struct TokenWire {
    pub(crate) token: String,
}

pub(crate) fn routes(app: &mut ServiceConfig) {
    app.service(
        open_resource(AUTH_PATH, "GET, POST, OPTIONS", Counted::Here)
            .route(web::get().to(issue))
            .route(web::post().to(redeem)),
    );
}

/// `GET`: a challenge for the account to sign.
async fn issue(state: web::Data<WebState>, request: HttpRequest) -> Result<HttpResponse, SepError> {
    let config = state.anchor.config();
    let now = state.anchor.clock().now();
    state.web_auth.admit(&request, now)?;
    let params = Params::from_query(&request)?;
    let account = params.text("account")?.ok_or_else(|| SepError::bad_request("account is required"))?;
    let client: Account = account
        .parse()
        .map_err(|_| SepError::bad_request("account is not a valid Stellar account (G… or M…)"))?;
    let ledger_account = client.ledger_account().ok_or_else(|| refuse(ChallengeError::Contract))?;
    if state.web_auth.servers.contains(&ledger_account) {
        return Err(refuse(ChallengeError::ReservedAccount));
    }
    let memo = params.raw_text("memo")?.map(memo).transpose()?;
    let home_domains = &config.sep10.home_domains;
    let home_domain = match params.text("home_domain")? {
        Some(wanted) => home_domains.find(wanted),
        None => Some(home_domains.default_domain().clone()),
    };
    let home_domain = home_domain.ok_or_else(|| SepError::bad_request("home_domain is not served here"))?;

    let token = RequestToken::read(&request, &params, &state.web_auth.endpoint, now)?;
    if token.is_none() && config.sep10.authorization_required {
        return Err(SepError::unauthorized("a signed request is required: Authorization: Bearer <JWT>"));
    }
    let asked = params.text("client_domain")?;
    let wallet = client_domain::to_verify(asked, token.is_some(), &config.sep10, config.local_mode)?;
    // before the turn: a stranger's server, which may be as slow as it likes, must not keep turns from everybody else
    let wallet = match wallet {
        Some(domain) => Some(identify(&state, domain, token.as_ref(), now).await?),
        None => None,
    };
    let _turn = state.limits.turn()?;
    // a client domain's token was checked with its key
    if let (Some(token), None) = (&token, &wallet)
        && !token.is_signed_by(&ledger_account)
    {
        return Err(request_token::refused("has a token that is not signed by the key of account"));
    }
    let transaction = ChallengeSpec {
        network: &config.network,
        server: &config.signing_key,
        client,
        memo,
        home_domain: home_domain.as_str(),
        web_auth_domain: &state.web_auth.domain,
        client_domain: wallet,
        nonce: nonce(),
        now: unix_seconds(now),
        ttl: CHALLENGE_SECONDS,
    }
    .build()
    .map_err(refuse)?;
    let wire = ChallengeWire { transaction, network_passphrase: config.network.passphrase() };
    Ok(HttpResponse::Ok().insert_header((header::CACHE_CONTROL, "no-store")).json(wire))
}

/// The wallet's domain with its key; with a token, the key that signed it.
async fn identify(
    state: &WebState,
    domain: Domain,
    token: Option<&RequestToken>,
    now: DateTime<Utc>,
) -> Result<ClientDomain, SepError> {
    let mut account = state.wallets.signing_key(&domain, now).await?;
    if let Some(token) = token
        && !token.is_signed_by(&account)
    {
        account = state.wallets.signing_key_instead_of(account, &domain, now).await?;
        if !token.is_signed_by(&account) {
            return Err(request_token::refused(
                "has a token that is not signed by the client domain's SIGNING_KEY",
            ));
        }
    }
    Ok(ClientDomain { domain: domain.to_string(), account })
}

/// `POST`: a signed challenge for a token, once.
async fn redeem(
    state: web::Data<WebState>,
    request: HttpRequest,
    payload: web::Payload,
) -> Result<HttpResponse, SepError> {
    let now = state.anchor.clock().now();
    state.web_auth.admit(&request, now)?;
    let (bodies, time) = (&state.limits.foreign_bodies, state.anchor.config().limits.body_time);
    let params = Params::from_body(&request, payload.into_inner(), bodies, time).await?;
    let transaction = params.raw_text("transaction")?.filter(|text| !text.is_empty());
    let transaction = transaction.ok_or_else(|| SepError::bad_request("transaction is required"))?;
    let config = state.anchor.config();
    let now = state.anchor.clock().now();
    let _turn = state.limits.turn()?;
    let rules = ReadRules {
        network: &config.network,
        servers: &state.web_auth.servers,
        home_domains: &config.sep10.home_domains,
        web_auth_domain: &state.web_auth.domain,
        now: unix_seconds(now),
    };
    let challenge = challenge::read(transaction, &rules).map_err(refuse)?;
    challenge.verify_count().map_err(refuse)?;
    // An error here is never "does not exist": then a revoked master key would do while a server is down.
    let account = match challenge.ledger_account() {
        Some(id) => state.anchor.ledger().account(&id).await?,
        None => None,
    };
    if let Err(error) = challenge.verify_signers(account.as_ref()) {
        doubt_wallet(&state, &challenge, &error, now);
        return Err(refuse(error));
    }
    let forget_at = i64::try_from(challenge.max_time)
        .ok()
        .and_then(|end| DateTime::from_timestamp(end.checked_add(MEMORY_MARGIN_SECONDS)?, 0))
        .ok_or_else(SepError::internal)?;
    // Only what was proved is used up: nobody can spend another one's challenge.
    if !state.anchor.store().challenge_use(&challenge.hash, forget_at).await? {
        return Err(SepError::bad_request("the challenge was used before; ask for a new one"));
    }
    let token = state.tokens.web_auth_sign(&challenge, now).map_err(|_| SepError::internal())?;
    // without memo or number: they may say which person it is
    let account = challenge.ledger_account().map(|account| account.to_string());
    tracing::info!(account, "a wallet authenticated");
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

/// A wallet that signs with another key than its file said has perhaps changed it since.
fn doubt_wallet(
    state: &WebState,
    challenge: &challenge::ReadChallenge,
    error: &ChallengeError,
    now: DateTime<Utc>,
) {
    if let (ChallengeError::ClientDomainSignature, Some(wallet)) = (error, &challenge.client_domain)
        && let Ok(domain) = wallet.domain.parse()
    {
        state.wallets.doubt(wallet.account, &domain, now);
    }
}

fn nonce() -> [u8; 48] {
    let mut nonce = [0; 48];
    rand::fill(&mut nonce);
    nonce
}

pub(crate) fn unix_seconds(at: DateTime<Utc>) -> u64 {
    u64::try_from(at.timestamp()).unwrap_or(0)
}

impl From<WalletDomainError> for SepError {
    fn from(error: WalletDomainError) -> Self {
        match error {
            WalletDomainError::Busy => Self::unavailable(),
            error => Self::bad_request(error.to_string()),
        }
    }
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
