//! Horizon's API over the devnet's ledger: one resource a file.

pub(crate) mod account;
pub(crate) mod amount;
pub(crate) mod asset;
pub(crate) mod asset_stat;
pub(crate) mod call;
pub(crate) mod claimable_balance;
pub(crate) mod codes;
pub(crate) mod envelope;
pub(crate) mod fee_stats;
pub(crate) mod hal;
pub(crate) mod landed;
pub(crate) mod ledger;
pub(crate) mod listing;
pub(crate) mod offer;
pub(crate) mod operation;
pub(crate) mod order_book;
pub(crate) mod path;
pub(crate) mod problem;
pub(crate) mod query;
pub(crate) mod root;
pub(crate) mod stream;
pub(crate) mod submit;
pub(crate) mod time;
pub(crate) mod toid;
pub(crate) mod transaction;
pub(crate) mod xdr;

use actix_web::web::{self, ServiceConfig, get, post};

use self::{
    call::{Answer, Call},
    problem::Problem,
};
use crate::replica::Scope;

/// Mounts the API.
pub(crate) fn routes(config: &mut ServiceConfig) {
    config
        .route("/", get().to(root::one))
        .route("/health", get().to(root::health))
        .route("/fee_stats", get().to(fee_stats::one))
        .route("/accounts", get().to(account::list))
        .route("/accounts/{id}", get().to(account::one))
        .route("/accounts/{id}/data/{key}", get().to(account::data))
        .route("/accounts/{id}/transactions", get().to(account::transactions))
        .route("/accounts/{id}/operations", get().to(account::operations))
        .route("/accounts/{id}/payments", get().to(account::payments))
        .route("/accounts/{id}/offers", get().to(offer::of_account))
        .route("/assets", get().to(asset_stat::list))
        .route("/claimable_balances", get().to(claimable_balance::list))
        .route("/claimable_balances/{id}", get().to(claimable_balance::one))
        .route("/claimable_balances/{id}/transactions", get().to(claimable_balance::transactions))
        .route("/claimable_balances/{id}/operations", get().to(claimable_balance::operations))
        .route("/ledgers", get().to(ledger::list))
        .route("/ledgers/{sequence}", get().to(ledger::one))
        .route("/ledgers/{sequence}/transactions", get().to(ledger::transactions))
        .route("/ledgers/{sequence}/operations", get().to(ledger::operations))
        .route("/ledgers/{sequence}/payments", get().to(ledger::payments))
        .route("/offers", get().to(offer::list))
        .route("/offers/{id}", get().to(offer::one))
        .route("/operations", get().to(operation::list))
        .route("/operations/{id}", get().to(operation::one))
        .route("/order_book", get().to(order_book::one))
        .route("/paths", get().to(path::strict_receive))
        .route("/paths/strict-receive", get().to(path::strict_receive))
        .route("/paths/strict-send", get().to(path::strict_send))
        .route("/payments", get().to(operation::payments))
        .route("/transactions", get().to(transaction::list))
        .route("/transactions", post().to(submit::wait))
        .route("/transactions_async", post().to(submit::asynchronous))
        .route("/transactions/{hash}", get().to(transaction::one))
        .route("/transactions/{hash}/operations", get().to(operations_of_transaction))
        .route("/transactions/{hash}/payments", get().to(payments_of_transaction));
}

/// The answer to every path that is not there.
pub(crate) async fn missing() -> Answer {
    Err(Problem::not_found())
}

async fn operations_of_transaction(call: Call, hash: web::Path<String>) -> Answer {
    of_transaction(call, &hash, false).await
}

async fn payments_of_transaction(call: Call, hash: web::Path<String>) -> Answer {
    of_transaction(call, &hash, true).await
}

async fn of_transaction(call: Call, hash: &str, only_payments: bool) -> Answer {
    let hash = transaction::parse_hash("tx_id", hash)?;
    let record = call.view.transaction(&hash).ok_or_else(Problem::not_found)?;
    let scope = Scope::Transaction(landed::position(&record));
    listing::serve(call, operation::Listing { scope, only_payments }).await
}
