//! The devnet's own endpoints, under `/devnet`: closing ledgers, the clock, faults.

use std::sync::Arc;

use actix_web::{
    HttpResponse,
    http::StatusCode,
    web::{self, ServiceConfig, get, post},
};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::{
    contracts::ContractKind,
    core::Core,
    faults::FaultRule,
    horizon::{call::Answer, problem::Problem, time},
};

/// Mounts the endpoints.
pub(crate) fn routes(config: &mut ServiceConfig) {
    config
        .route("/devnet", get().to(status))
        .route("/devnet/close", post().to(close))
        .route("/devnet/advance", post().to(advance))
        .route("/devnet/contracts", post().to(install_contract))
        .service(
            web::resource("/devnet/faults")
                .route(get().to(list_faults))
                .route(post().to(add_fault))
                .route(web::delete().to(clear_faults)),
        )
        .route("/devnet/faults/chaos", post().to(add_chaos))
        .route("/devnet/faults/{id}", web::delete().to(remove_fault));
}

async fn status(core: web::Data<Core>) -> Answer {
    Ok(json_answer(&state(&core)))
}

#[derive(Deserialize)]
struct Close {
    #[serde(default = "one")]
    count: u32,
}

fn one() -> u32 {
    1
}

/// Closes one ledger, or `?count=` of them (100 at most).
async fn close(core: web::Data<Core>, query: web::Query<Close>) -> Answer {
    let core = core.into_inner();
    let closing = Arc::clone(&core);
    let count = query.count.min(100);
    let closed = web::block(move || (0..count).try_for_each(|_| closing.close().map(drop))).await;
    match closed {
        Ok(Ok(())) => Ok(json_answer(&state(&core))),
        _ => Err(Problem::server(StatusCode::INTERNAL_SERVER_ERROR)),
    }
}

#[derive(Deserialize)]
struct Advance {
    seconds: u64,
}

/// Puts the clock forward by `?seconds=`; the next ledger to close carries the later time.
async fn advance(core: web::Data<Core>, query: web::Query<Advance>) -> Answer {
    core.clock.advance(query.seconds);
    Ok(json_answer(&state(&core)))
}

#[derive(Deserialize)]
struct Contract {
    id: String,
    #[serde(flatten)]
    kind: ContractKind,
    #[serde(default)]
    archived: bool,
}

/// Puts a contract of a kind that the devnet knows at an id.
async fn install_contract(core: web::Data<Core>, body: web::Bytes) -> Answer {
    let contract: Contract =
        serde_json::from_slice(&body).map_err(|error| Problem::bad_request(&error.to_string()))?;
    let id: stellar_strkey::Contract =
        contract.id.parse().map_err(|_| Problem::bad_request("id has to be a contract: C…"))?;
    core.contracts.install(id.0, contract.kind);
    if contract.archived {
        core.contracts.archive(&id.0);
    }
    Ok(HttpResponse::Created().json(json!({ "code_hash": hex::encode(contract.kind.code_hash()) })))
}

async fn list_faults(core: web::Data<Core>) -> Answer {
    Ok(json_answer(&json!({ "faults": core.faults.list() })))
}

async fn add_fault(core: web::Data<Core>, body: web::Bytes) -> Answer {
    let rule: FaultRule =
        serde_json::from_slice(&body).map_err(|error| Problem::bad_request(&error.to_string()))?;
    if let Some(defect) = rule.defect() {
        return Err(Problem::bad_request(defect));
    }
    let id = core.faults.add(rule);
    Ok(HttpResponse::Created().json(json!({ "id": id })))
}

#[derive(Deserialize)]
struct Chaos {
    #[serde(default)]
    seed: Option<u64>,
    percent: u8,
}

async fn add_chaos(core: web::Data<Core>, body: web::Bytes) -> Answer {
    let chaos: Chaos =
        serde_json::from_slice(&body).map_err(|error| Problem::bad_request(&error.to_string()))?;
    if chaos.percent > 100 {
        return Err(Problem::bad_request("percent has to be between 0 and 100"));
    }
    if let Some(seed) = chaos.seed {
        core.faults.reseed(seed);
    }
    core.faults.add_chaos(chaos.percent);
    Ok(HttpResponse::Created().json(json!({ "faults": core.faults.list() })))
}

async fn remove_fault(core: web::Data<Core>, id: web::Path<u64>) -> Answer {
    if core.faults.remove(*id) { Ok(HttpResponse::NoContent().finish()) } else { Err(Problem::not_found()) }
}

async fn clear_faults(core: web::Data<Core>) -> Answer {
    core.faults.clear();
    Ok(HttpResponse::NoContent().finish())
}

fn state(core: &Core) -> Value {
    let latest = core.network().latest();
    json!({
        "latest_ledger": latest.sequence,
        "latest_ledger_closed_at": time::rfc3339(latest.closed_at),
        "latest_ledger_close_time": latest.closed_at,
        "now": core.clock.now(),
        "pending_transactions": core.network().pending_count(),
        "network_passphrase": core.passphrase,
    })
}

fn json_answer(body: &Value) -> HttpResponse {
    HttpResponse::Ok().json(body)
}
