//! SEP-45: a wallet proves a contract account and gets a token of the same kind as with SEP-10.
//!
//! Whether the contract agrees is asked of the network, by simulation: strangers' code runs there for us. So everything that
//! can be refused without is refused before, only so many simulations run at a time, and none of them holds a turn that
//! others need.

use actix_web::http::header;
use actix_web::web::{self, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse};
use anchor_core::account::{AccountId, ContractId};
use anchor_core::config::Sep45Config;
use anchor_core::stellar::challenge::{CHALLENGE_SECONDS, ClientDomain};
use anchor_core::stellar::contract_challenge::{
    self, CHALLENGE_LEDGERS, ContractChallengeError, ContractChallengeSpec, ContractReadRules, Entropy,
    ReadContractChallenge,
};
use anchor_core::stellar::contracts::{ContractLedger, Simulated, inspect};
use anchor_core::{Anchor, Config};
use chrono::{DateTime, Utc};
use serde::Serialize;
use tokio::sync::Semaphore;
use utoipa::ToSchema;

use crate::config::CONTRACT_AUTH_PATH;
use crate::error::SepError;
use crate::extract::Params;
use crate::middleware::{Counted, open_resource};
use crate::sep10::{MEMORY_MARGIN_SECONDS, TokenWire, client_domain, unix_seconds};
use crate::state::WebState;

mod described;
mod watch;

pub(crate) use described::describe;

use watch::Watch;

/// Strangers' code that runs for us at once. A simulation takes milliseconds; who keeps them all busy is turned away.
const SIMULATIONS_AT_ONCE: usize = 32;

/// A simulation upon a ledger that is so far behind what the same servers have shown is of the past.
const LAG_MAX: u32 = 12;

/// What does not change between requests, and what is known of the network.
#[derive(Debug)]
pub(crate) struct ContractAuth {
    domain: String,
    servers: Vec<AccountId>,
    simulations: Semaphore,
    watch: Watch,
}

impl ContractAuth {
    pub(crate) fn new(config: &Config) -> Self {
        Self {
            domain: config.web_auth_domain(),
            servers: config.signing_accounts(),
            simulations: Semaphore::new(SIMULATIONS_AT_ONCE),
            watch: Watch::default(),
        }
    }
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ContractChallenge)]
struct ChallengeWire<'a> {
    /// A list of authorization entries as XDR in base64.
    authorization_entries: String,
    network_passphrase: &'a str,
}

pub(crate) fn routes(app: &mut ServiceConfig) {
    app.service(
        open_resource(CONTRACT_AUTH_PATH, "GET, POST, OPTIONS", Counted::Here)
            .route(web::get().to(issue))
            .route(web::post().to(redeem)),
    );
}

/// Says in the log what will keep wallets out. Nothing here ends the server: each wallet is let in or not by what the network
/// says then, and what does not answer now may answer by that time.
pub(crate) async fn check_at_start(anchor: &Anchor) {
    let (Some(sep45), Some(contracts)) = (&anchor.config().sep45, anchor.contracts()) else { return };
    let server = anchor.config().signing_key.account();
    for found in inspect(contracts, anchor.ledger(), sep45, &server).await {
        match found.result {
            Ok(detail) => tracing::info!(contract = %sep45.contract, "{}: ok {detail}", found.what),
            Err(problem) => {
                let what = found.what;
                tracing::error!(contract = %sep45.contract, "contract accounts cannot log in: {what}: {problem}");
            }
        }
    }
}

/// The parts that are there wherever this is mounted.
fn parts(state: &WebState) -> Result<(&Sep45Config, &dyn ContractLedger), SepError> {
    let contracts = state.anchor.contracts();
    state.anchor.config().sep45.as_ref().zip(contracts).ok_or_else(SepError::internal)
}

/// `GET`: a challenge for the account to sign.
async fn issue(state: web::Data<WebState>, request: HttpRequest) -> Result<HttpResponse, SepError> {
    let config = state.anchor.config();
    let (sep45, contracts) = parts(&state)?;
    let now = state.anchor.clock().now();
    state.web_auth.admit(&request, now)?;
    let params = Params::from_query(&request)?;
    let account = params.text("account")?.ok_or_else(|| SepError::bad_request("account is required"))?;
    let client: ContractId = account.parse().map_err(|_| {
        SepError::bad_request("account is not a contract account (C…): others authenticate by SEP-10")
    })?;
    if params.raw_text("memo")?.is_some() {
        return Err(SepError::bad_request("memo is not allowed: a contract account has one user"));
    }
    let home_domain = params.text("home_domain")?;
    let home_domain = home_domain.ok_or_else(|| SepError::bad_request("home_domain is required"))?;
    let home_domain = config.sep10.home_domains.find(home_domain);
    let home_domain = home_domain.ok_or_else(|| SepError::bad_request("home_domain is not served here"))?;
    let asked = params.text("client_domain")?;
    // before anything that is limited: a stranger's server, which may be as slow as it likes
    let wallet = match client_domain::to_verify(asked, false, &config.sep10, config.local_mode)? {
        Some(domain) => {
            let account = state.wallets.signing_key(&domain, now).await?;
            Some(ClientDomain { domain: domain.to_string(), account })
        }
        None => None,
    };
    let point = state.contract_auth.watch.point(contracts, sep45, state.anchor.clock()).await?;
    let _turn = state.limits.turn()?;
    let authorization_entries = ContractChallengeSpec {
        network: &config.network,
        server: &config.signing_key,
        contract: sep45.contract,
        client,
        home_domain: home_domain.as_str(),
        web_auth_domain: &state.contract_auth.domain,
        client_domain: wallet,
        entropy: Entropy::generate(),
        max_time: unix_seconds(now).saturating_add(CHALLENGE_SECONDS),
        expiration_ledger: point.sequence.saturating_add(CHALLENGE_LEDGERS),
    }
    .build()
    .map_err(refuse)?;
    let wire = ChallengeWire { authorization_entries, network_passphrase: config.network.passphrase() };
    Ok(HttpResponse::Ok().insert_header((header::CACHE_CONTROL, "no-store")).json(wire))
}

/// `POST`: signed entries for a token, once.
async fn redeem(
    state: web::Data<WebState>,
    request: HttpRequest,
    payload: web::Payload,
) -> Result<HttpResponse, SepError> {
    state.web_auth.admit(&request, state.anchor.clock().now())?;
    let (bodies, time) = (&state.limits.foreign_bodies, state.anchor.config().limits.body_time);
    let params = Params::from_body(&request, payload.into_inner(), bodies, time).await?;
    let challenge = read(&state, &params)?;
    authorize(&state, &challenge).await?;
    let now = state.anchor.clock().now();
    let forget_at = i64::try_from(challenge.max_time)
        .ok()
        .and_then(|end| DateTime::from_timestamp(end.checked_add(MEMORY_MARGIN_SECONDS)?, 0))
        .ok_or_else(SepError::internal)?;
    // Only what was proved is used up, and only after the network answered: nobody can spend another one's challenge, and
    // nobody loses theirs because a server is down.
    if !state.anchor.store().challenge_use(&challenge.hash, forget_at).await? {
        return Err(SepError::bad_request("the challenge was used before; ask for a new one"));
    }
    let token = state.tokens.contract_sign(&challenge, now).map_err(|_| SepError::internal())?;
    tracing::info!(account = %challenge.client, "a wallet authenticated");
    Ok(HttpResponse::Ok().insert_header((header::CACHE_CONTROL, "no-store")).json(TokenWire { token }))
}

/// What was sent, if it is a challenge of ours that everybody needed has signed.
fn read(state: &WebState, params: &Params) -> Result<ReadContractChallenge, SepError> {
    let config = state.anchor.config();
    let (sep45, _) = parts(state)?;
    // some wallets write it as their language writes names
    let (written, camel) =
        (params.raw_text("authorization_entries")?, params.raw_text("authorizationEntries")?);
    let entries = written.or(camel).filter(|text| !text.is_empty());
    let entries = entries.ok_or_else(|| SepError::bad_request("authorization_entries is required"))?;
    let _turn = state.limits.turn()?;
    let rules = ContractReadRules {
        network: &config.network,
        servers: &state.contract_auth.servers,
        contract: sep45.contract,
        home_domains: &config.sep10.home_domains,
        web_auth_domain: &state.contract_auth.domain,
        now: unix_seconds(state.anchor.clock().now()),
    };
    contract_challenge::read(entries, &rules).map_err(refuse)
}

/// Asks the network whether everybody who has to agree does.
async fn authorize(state: &WebState, challenge: &ReadContractChallenge) -> Result<(), SepError> {
    let (sep45, contracts) = parts(state)?;
    let auth = &state.contract_auth;
    let point = auth.watch.point(contracts, sep45, state.anchor.clock()).await?;
    challenge.verify_expirations(point.sequence).map_err(refuse)?;
    let transaction = challenge.transaction().map_err(refuse)?;
    let permit = auth.simulations.try_acquire().map_err(|_| {
        tracing::warn!("as many simulations as are allowed at once are under way: a wallet was turned away");
        SepError::busy()
    })?;
    let simulated = contracts.simulate(&transaction).await;
    drop(permit);
    match simulated? {
        Simulated::Refused { latest, reason } => {
            tracing::info!(account = %challenge.client, reason, "the network refuses a wallet's challenge");
            doubt_wallet(state, challenge);
            challenge.verify_expirations(latest.unwrap_or(point.sequence)).map_err(refuse)?;
            Err(refuse(ContractChallengeError::NotAuthorized))
        }
        Simulated::Succeeded { latest, .. } if latest.saturating_add(LAG_MAX) < point.sequence => {
            tracing::error!(
                latest,
                known = point.sequence,
                "a Stellar RPC server that lags behind was asked"
            );
            Err(SepError::unavailable())
        }
        Simulated::Succeeded { data, .. } => {
            let found = challenge.verify_simulation(&data, &sep45.contract).map_err(refuse)?;
            if found.archived {
                tracing::warn!(
                    contract = %sep45.contract,
                    "the web authentication contract is archived: restore it, and extend its time to live"
                );
            }
            if found.writes > 0 {
                tracing::warn!(
                    account = %challenge.client,
                    writes = found.writes,
                    "a contract account would do more than to verify signatures; nothing of it was sent"
                );
            }
            Ok(())
        }
    }
}

/// A wallet that signs with another key than its file said has perhaps changed it since.
fn doubt_wallet(state: &WebState, challenge: &ReadContractChallenge) {
    if let Some(wallet) = &challenge.client_domain
        && let Ok(domain) = wallet.domain.parse()
    {
        state.wallets.doubt(wallet.account, &domain, now(state));
    }
}

fn now(state: &WebState) -> DateTime<Utc> {
    state.anchor.clock().now()
}

fn refuse(error: ContractChallengeError) -> SepError {
    match error {
        ContractChallengeError::Build(_) => {
            tracing::error!("{error}");
            SepError::internal()
        }
        ContractChallengeError::NotAsked | ContractChallengeError::ClientDomainNotAsked => {
            tracing::error!("{error}: WEB_AUTH_CONTRACT_ID is not a contract that can be used for SEP-45");
            SepError::bad_request(error.to_string())
        }
        error => SepError::bad_request(error.to_string()),
    }
}
