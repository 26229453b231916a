//! The part of SEP-24 that wallets call, described.

use actix_web::http::StatusCode;
use anchor_core::transaction::Kind;

use super::{info, start, transactions, unknown};
use crate::error::SepError;
use crate::history;
use crate::openapi::{Description, Operation, of, shapes};
use crate::wire::info::InfoWire;
use crate::wire::transaction::TransactionWire;

pub(crate) fn describe(api: &mut Description<'_>) {
    let codes = |kind| api.codes(|asset| asset.offer(kind).is_some());
    let info = of(info)
        .about("What can be deposited and withdrawn")
        .answers::<InfoWire<'static>>(StatusCode::OK, "The offers, by code");
    let deposit = start(of(start::deposit), codes(Kind::Deposit))
        .about("Starts a deposit, which goes on in a browser")
        .may::<shapes::AssetId>("source_asset", "What the user pays with")
        .may::<String>("memo", "Goes with the payment on the ledger")
        .may::<shapes::MemoType>("memo_type", "What the memo is")
        .may::<shapes::Flag>("claimable_balance_supported", "The wallet can claim what is set aside for it");
    let withdraw = start(of(start::withdraw), codes(Kind::Withdrawal))
        .about("Starts a withdrawal, which goes on in a browser")
        .may::<shapes::AssetId>("destination_asset", "What the user is paid in")
        .may::<String>("refund_memo", "Goes with a refund")
        .may::<shapes::MemoType>("refund_memo_type", "What that memo is");
    let one = history::asks_for_one(of(transactions::one))
        .answers_under::<TransactionWire<'static>>("transaction", "The transaction");
    let list = history::asks_for_list(of(transactions::list), api.codes(|_| true))
        .may_be("kind", ["deposit", "withdrawal"], "Only these")
        .answers_list::<TransactionWire<'static>>("transactions", "The newest first");
    let fee = of(unknown)
        .about("Is not there: `/sep24/info` says it all")
        .deprecated()
        .refuses(&SepError::not_found(""));

    api.group("SEP-24", "Deposit and withdrawal in hosted pages")
        .read("/sep24/info", info)
        .open("post", "/sep24/transactions/deposit/interactive", deposit)
        .open("post", "/sep24/transactions/withdraw/interactive", withdraw)
        .read("/sep24/transaction", one)
        .read("/sep24/transactions", list)
        .open("get", "/sep24/fee", fee);
}

fn start(operation: Operation, codes: Vec<String>) -> Operation {
    operation
        .has_to_be("asset_code", codes, "The asset on the ledger")
        .may::<shapes::AccountId>("asset_issuer", "Its issuer")
        .may::<shapes::Decimal>("amount", "How much, as far as it is known")
        .may::<shapes::Id>("quote_id", "A firm quote (SEP-38)")
        .may::<shapes::Account>("account", "Whom it is paid to, or who pays")
        .may::<String>("lang", "The language of pages and refusals")
        .may::<String>("customer_id", "The wallet's name of the user")
        .answers::<start::StartedWire>(StatusCode::OK, "Where the user goes on")
}
