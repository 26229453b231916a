//! Stellar RPC over the same ledger: what a classic client needs of it, as `POST /rpc`.
//!
//! Types and names follow the real server, with its oddities: the same time is a string in one answer and a number
//! in the next. The other [`Dialect`] has oddities of its own.

mod close_meta;
mod ledger;
mod simulate;
mod transaction;
mod window;

use actix_web::{HttpResponse, web};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Value, json};

use self::window::Window;
use crate::{
    horizon::{call::Call, toid::Toid},
    replica::View,
};

/// Larger requests are not read in [`Dialect::Henyey`].
const HENYEY_BODY_MAX: usize = 512 * 1024;

/// Two servers speak Stellar RPC, and differ.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Dialect {
    /// stellar-rpc.
    #[default]
    Real,
    /// The Rust core of that name with RPC built in: other names and types of times, no hash in what is found, an
    /// empty cursor where nothing is found, limits clamped, forgotten ledgers skipped without a word.
    Henyey,
}

/// How this devnet's Stellar RPC behaves.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Style {
    pub(crate) dialect: Dialect,
    /// Ledgers whose transactions are remembered.
    pub(crate) retention: Option<u32>,
}

/// Why a call has no result, in JSON-RPC's terms.
#[derive(Debug, Clone, PartialEq, Eq)]
struct RpcError {
    code: i32,
    message: String,
}

impl RpcError {
    fn invalid_request(message: impl Into<String>) -> Self {
        Self { code: -32600, message: message.into() }
    }

    fn no_such_method() -> Self {
        Self { code: -32601, message: "method not found".to_owned() }
    }

    fn invalid_params(message: impl Into<String>) -> Self {
        Self { code: -32602, message: message.into() }
    }

    fn internal() -> Self {
        Self { code: -32603, message: "internal error".to_owned() }
    }
}

#[derive(Deserialize)]
struct Request {
    #[serde(default)]
    id: Value,
    method: String,
    #[serde(default)]
    params: Value,
}

/// Errors are answers too: the status is always 200.
pub(crate) async fn handle(call: Call, body: web::Bytes) -> HttpResponse {
    if call.core.rpc.dialect == Dialect::Henyey && body.len() > HENYEY_BODY_MAX {
        return HttpResponse::PayloadTooLarge().finish();
    }
    let (id, result) = match serde_json::from_slice::<Request>(&body) {
        Ok(request) => (request.id, dispatch(&call, &request.method, request.params).await),
        Err(error) => (Value::Null, Err(RpcError { code: -32700, message: error.to_string() })),
    };
    HttpResponse::Ok().json(match result {
        Ok(result) => json!({ "jsonrpc": "2.0", "id": id, "result": result }),
        Err(RpcError { code, message }) => {
            json!({ "jsonrpc": "2.0", "id": id, "error": { "code": code, "message": message } })
        }
    })
}

async fn dispatch(call: &Call, method: &str, params: Value) -> Result<Value, RpcError> {
    let window = Window::of(call);
    match method {
        "getHealth" => Ok(ledger::health(&window)),
        "getNetwork" => Ok(ledger::network(call)),
        "getVersionInfo" => Ok(ledger::version(&call.view)),
        "getLatestLedger" => ledger::latest(&window),
        "getLedgers" => close_meta::list(&window, &read(params)?),
        "getFeeStats" => Ok(ledger::fee_stats(&call.view)),
        "getLedgerEntries" => ledger::entries(call, &read(params)?),
        "simulateTransaction" => simulate::simulate(call, &window, &read(params)?),
        "sendTransaction" => transaction::send(call, &window, &read(params)?).await,
        "getTransaction" => transaction::one(&window, &read(params)?),
        "getTransactions" => transaction::list(&window, &read(params)?),
        _ => Err(RpcError::no_such_method()),
    }
}

/// Parameters by name; none at all is an empty set.
fn read<P: DeserializeOwned>(params: Value) -> Result<P, RpcError> {
    let params = if params.is_null() { json!({}) } else { params };
    serde_json::from_value(params).map_err(|error| RpcError::invalid_params(error.to_string()))
}

/// Close time of a ledger, Unix seconds.
fn close_time(view: &View, sequence: u32) -> u64 {
    view.ledger(sequence).map_or(0, |ledger| ledger.closed_at)
}

/// A cursor or id in decimal.
fn cursor(text: &str) -> Result<Toid, RpcError> {
    let parsed = text.parse().ok().filter(|number| *number >= 0);
    parsed.map(Toid).ok_or_else(|| RpcError::invalid_params("invalid cursor"))
}
