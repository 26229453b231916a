//! Whether this process and what it depends on are well.

use actix_web::HttpResponse;
use actix_web::http::header;
use actix_web::middleware::from_fn;
use actix_web::web::{self, ServiceConfig};
use anchor_core::stellar::LedgerPoint;
use anchor_core::store::Heartbeat;
use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;

use crate::config::HEALTH_PATH;
use crate::observe::observed;
use crate::state::WebState;

mod described;
mod probe;

pub(crate) use described::describe;

pub(crate) use probe::Probes;

/// A ledger closes every five seconds; a server this far behind shows the past.
const LEDGER_AGE_MAX_SECONDS: i64 = 60;
/// Jobs beat every ten seconds, also while they sleep by plan, and pause for a minute at most after errors.
const JOB_AGE_MAX_SECONDS: i64 = 150;

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Health)]
struct HealthWire {
    status: &'static str,
    version: &'static str,
    database: &'static str,
    ledger: LedgerWire,
    jobs: Vec<JobWire>,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = HealthJob)]
struct JobWire {
    name: String,
    status: &'static str,
    age_seconds: i64,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = HealthLedger)]
struct LedgerWire {
    status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    sequence: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    age_seconds: Option<i64>,
    /// Of several servers.
    #[serde(skip_serializing_if = "Option::is_none")]
    servers: Option<ServersWire>,
}

/// How many answer from the present. Not which: that is nobody else's business.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = HealthServers)]
struct ServersWire {
    well: usize,
    all: usize,
}

pub(crate) fn routes(app: &mut ServiceConfig) {
    app.service(web::resource(HEALTH_PATH).route(web::get().to(ready)).wrap(from_fn(observed)));
    app.service(
        web::resource(format!("{HEALTH_PATH}/live")).route(web::get().to(live)).wrap(from_fn(observed)),
    );
}

/// Asks nobody: for restarts, not for routing.
async fn live() -> HttpResponse {
    HttpResponse::Ok().insert_header((header::CACHE_CONTROL, "no-store")).json(serde_json::json!({
        "status": "ok",
        "version": env!("CARGO_PKG_VERSION"),
    }))
}

/// 200 if database and ledger answer in time and the ledger is current, else 503. Reasons are in the log only.
///
/// Jobs that are late, and one of several ledger servers that is not well, make it `degraded`, and no 503: no server would serve better for being taken out of the rotation.
async fn ready(state: web::Data<WebState>) -> HttpResponse {
    let found = state.probes.found(&state.anchor).await;
    let now = state.anchor.clock().now();
    let servers = found.endpoints.as_ref();
    let servers = servers.map(|found| ServersWire { well: found.well(), all: found.each.len() });
    let are_all_well = servers.as_ref().is_none_or(|servers| servers.well == servers.all);
    let ledger = LedgerWire { servers, ..LedgerWire::new(found.ledger, now) };
    let jobs: Vec<_> = found.jobs.iter().flatten().map(|beat| JobWire::new(beat, now)).collect();
    let database = found.jobs.is_some();
    let is_well = database && ledger.status == "ok";
    let mut response = if is_well { HttpResponse::Ok() } else { HttpResponse::ServiceUnavailable() };
    response.insert_header((header::CACHE_CONTROL, "no-store")).json(HealthWire {
        status: match is_well {
            true if are_all_well && jobs.iter().all(|job| job.status == "ok") => "ok",
            true => "degraded",
            false => "unavailable",
        },
        version: env!("CARGO_PKG_VERSION"),
        database: if database { "ok" } else { "unavailable" },
        ledger,
        jobs,
    })
}

impl JobWire {
    fn new(beat: &Heartbeat, now: DateTime<Utc>) -> Self {
        let age_seconds = (now - beat.at).num_seconds().max(0);
        let status = if age_seconds <= JOB_AGE_MAX_SECONDS { "ok" } else { "late" };
        Self { name: beat.job.clone(), status, age_seconds }
    }
}

impl LedgerWire {
    fn new(latest: Option<LedgerPoint>, now: DateTime<Utc>) -> Self {
        let Some(point) = latest else {
            return Self { status: "unavailable", sequence: None, age_seconds: None, servers: None };
        };
        let closed_at = i64::try_from(point.closed_at).unwrap_or(i64::MAX);
        let age = now.timestamp().saturating_sub(closed_at).max(0);
        let status = if age <= LEDGER_AGE_MAX_SECONDS { "ok" } else { "behind" };
        Self { status, sequence: Some(point.sequence), age_seconds: Some(age), servers: None }
    }
}
