//! Whether this process and what it depends on are well.

use std::time::Duration;

use actix_web::HttpResponse;
use actix_web::http::header;
use actix_web::middleware::from_fn;
use actix_web::web::{self, ServiceConfig};
use serde::Serialize;

use crate::config::HEALTH_PATH;
use crate::observe::observed;
use crate::state::WebState;

/// A dependency that takes longer than this is not well.
const PROBE_DEADLINE: Duration = Duration::from_secs(5);
/// A ledger closes every five seconds; a server this far behind shows the past.
const LEDGER_AGE_MAX_SECONDS: i64 = 60;

#[derive(Debug, Serialize)]
struct HealthWire {
    status: &'static str,
    version: &'static str,
    database: &'static str,
    ledger: LedgerWire,
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
async fn ready(state: web::Data<WebState>) -> HttpResponse {
    let (database, ledger) = futures_util::join!(database(&state), ledger(&state));
    let is_well = database && ledger.status == "ok";
    let mut response = if is_well { HttpResponse::Ok() } else { HttpResponse::ServiceUnavailable() };
    response.insert_header((header::CACHE_CONTROL, "no-store")).json(HealthWire {
        status: if is_well { "ok" } else { "unavailable" },
        version: env!("CARGO_PKG_VERSION"),
        database: if database { "ok" } else { "unavailable" },
        ledger,
    })
}

async fn database(state: &WebState) -> bool {
    let ping = tokio::time::timeout(PROBE_DEADLINE, state.anchor.store().ping());
    match ping.await {
        Ok(Ok(())) => true,
        Ok(Err(error)) => {
            tracing::warn!(%error, "health: the database is not well");
            false
        }
        Err(_) => {
            tracing::warn!("health: the database does not answer");
            false
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
