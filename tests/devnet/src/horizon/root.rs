//! The root: who this server is and where things are.

use serde_json::json;

use super::{
    call::{Answer, Call},
    hal::{self, link, paged_link},
    problem::Problem,
    time,
};

pub(crate) async fn one(call: Call) -> Answer {
    let base = &call.base;
    let latest = call.view.ledger(call.view.latest()).ok_or_else(Problem::not_found)?;
    let version_of_protocol = latest.header().ledger_version;
    let version = format!("anchor-devnet {}", env!("CARGO_PKG_VERSION"));
    let paths = "/paths/strict-receive{?source_assets,source_account,destination_account,\
                 destination_asset_type,destination_asset_issuer,destination_asset_code,destination_amount}";
    let send_paths = "/paths/strict-send{?destination_account,destination_assets,source_asset_type,\
                      source_asset_issuer,source_asset_code,source_amount}";
    let book = "/order_book{?selling_asset_type,selling_asset_code,selling_asset_issuer,buying_asset_type,\
                buying_asset_code,buying_asset_issuer,limit}";
    Ok(hal::object(&json!({
        "_links": {
            "account": link(base, "/accounts/{account_id}"),
            "accounts": link(base, "/accounts{?signer,sponsor,asset,cursor,limit,order}"),
            "account_transactions": paged_link(base, "/accounts/{account_id}/transactions"),
            "claimable_balances": link(base, "/claimable_balances{?asset,sponsor,claimant,cursor,limit,order}"),
            "assets": link(base, "/assets{?asset_code,asset_issuer,cursor,limit,order}"),
            "fee_stats": link(base, "/fee_stats"),
            "friendbot": link(base, "/friendbot{?addr}"),
            "ledger": link(base, "/ledgers/{sequence}"),
            "ledgers": paged_link(base, "/ledgers"),
            "offer": link(base, "/offers/{offer_id}"),
            "offers": link(base, "/offers{?selling,buying,seller,sponsor,cursor,limit,order}"),
            "operation": link(base, "/operations/{id}"),
            "operations": link(base, "/operations{?cursor,limit,order,include_failed}"),
            "order_book": link(base, book),
            "payments": link(base, "/payments{?cursor,limit,order,include_failed}"),
            "self": link(base, "/"),
            "strict_receive_paths": link(base, paths),
            "strict_send_paths": link(base, send_paths),
            "transaction": link(base, "/transactions/{hash}"),
            "transactions": paged_link(base, "/transactions"),
        },
        "horizon_version": version,
        "core_version": version,
        "ingest_latest_ledger": latest.sequence,
        "history_latest_ledger": latest.sequence,
        "history_latest_ledger_closed_at": time::rfc3339(latest.closed_at),
        "history_elder_ledger": call.view.first(),
        "core_latest_ledger": call.core.replica.view().latest(),
        "network_passphrase": call.core.passphrase,
        "current_protocol_version": version_of_protocol,
        "supported_protocol_version": version_of_protocol,
        "core_supported_protocol_version": version_of_protocol,
    })))
}

/// What load balancers ask for.
pub(crate) async fn health() -> Answer {
    Ok(hal::object(&json!({ "database_connected": true, "core_up": true, "core_synced": true })))
}
