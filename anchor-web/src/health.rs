//! Whether this process and what it depends on are well.

use std::time::Duration;

use actix_web::HttpResponse;
use actix_web::http::header;
use actix_web::middleware::from_fn;
use actix_web::web::{self, ServiceConfig};
use anchor_core::store::Heartbeat;
use serde::Serialize;

use crate::config::HEALTH_PATH;
use crate::observe::observed;
use crate::state::WebState;

/// A dependency that takes longer than this is not well.
const PROBE_DEADLINE: Duration = Duration::from_secs(5);
/// A ledger closes every five seconds; a server this far behind shows the past.
const LEDGER_AGE_MAX_SECONDS: i64 = 60;
/// Jobs beat every ten seconds, and pause for a minute at most after errors.
const JOB_AGE_MAX_SECONDS: i64 = 150;

#[derive(Debug, Serialize)]
struct HealthWire {
    status: &'static str,
    version: &'static str,
    database: &'static str,
    ledger: LedgerWire,
    jobs: Vec<JobWire>,
}

#[derive(Debug, Serialize)]
struct JobWire {
    name: String,
    status: &'static str,
    age_seconds: i64,
}

#[derive(Debug, Serialize)]
struct LedgerWire {
    status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    sequence: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    age_seconds: Option<i64>,
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
/// Jobs that are late make it `degraded`, and no 503: no server would serve better for being taken out of the rotation.
async fn ready(state: web::Data<WebState>) -> HttpResponse {
    let (jobs, ledger) = futures_util::join!(jobs(&state), ledger(&state));
    let database = jobs.is_some();
    let jobs = jobs.unwrap_or_default();
    let is_well = database && ledger.status == "ok";
    let mut response = if is_well { HttpResponse::Ok() } else { HttpResponse::ServiceUnavailable() };
    response.insert_header((header::CACHE_CONTROL, "no-store")).json(HealthWire {
        status: match is_well {
            true if jobs.iter().all(|job| job.status == "ok") => "ok",
            true => "degraded",
            false => "unavailable",
        },
        version: env!("CARGO_PKG_VERSION"),
        database: if database { "ok" } else { "unavailable" },
        ledger,
        jobs,
    })
}

/// Every job that ever worked; `None` if the database is not well.
async fn jobs(state: &WebState) -> Option<Vec<JobWire>> {
    let now = state.anchor.clock().now();
    let job = |beat: Heartbeat| {
        let age_seconds = (now - beat.at).num_seconds().max(0);
        let status = if age_seconds <= JOB_AGE_MAX_SECONDS { "ok" } else { "late" };
        JobWire { name: beat.job, status, age_seconds }
    };
    match tokio::time::timeout(PROBE_DEADLINE, state.anchor.store().heartbeat_list()).await {
        Ok(Ok(beats)) => Some(beats.into_iter().map(job).collect()),
        Ok(Err(error)) => {
            tracing::warn!(%error, "health: the database is not well");
            None
        }
        Err(_) => {
            tracing::warn!("health: the database does not answer");
            None
        }
    }
}

async fn ledger(state: &WebState) -> LedgerWire {
    let unavailable = LedgerWire { status: "unavailable", sequence: None, age_seconds: None };
    let latest = tokio::time::timeout(PROBE_DEADLINE, state.anchor.ledger().latest());
    let point = match latest.await {
        Ok(Ok(point)) => point,
        Ok(Err(error)) => {
            tracing::warn!(%error, "health: the ledger is not well");
            return unavailable;
        }
        Err(_) => {
            tracing::warn!("health: the ledger does not answer");
            return unavailable;
        }
    };
    let closed_at = i64::try_from(point.closed_at).unwrap_or(i64::MAX);
    let age = state.anchor.clock().now().timestamp().saturating_sub(closed_at).max(0);
    let status = if age <= LEDGER_AGE_MAX_SECONDS { "ok" } else { "behind" };
    LedgerWire { status, sequence: Some(point.sequence), age_seconds: Some(age) }
}
