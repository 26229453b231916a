//! Deposit and withdrawal by API, described.

use actix_web::http::StatusCode;
use anchor_core::transaction::{Kind, Variant};

use super::{fee, info, start, transactions, update};
use crate::error::SepError;
use crate::history;
use crate::openapi::{Description, Operation, of, shapes};
use crate::wire::sep6::info::InfoWire;
use crate::wire::sep6::started::{DepositWire, WithdrawWire};
use crate::wire::sep6::transaction::ApiTransactionWire;

const AMOUNT: &str = "How much";

pub(crate) fn describe(api: &mut Description<'_>) {
    let offers = |kind| api.anchor.offered_by_api(kind);
    let codes = |kind| offers(kind).map(|asset| asset.id.code().to_owned()).collect::<Vec<_>>();
    let methods = |kind| {
        let offers = offers(kind).filter_map(move |asset| asset.offer(kind));
        offers.flat_map(|offer| offer.funding_methods.clone()).collect::<Vec<_>>()
    };
    let deposit = |operation| deposit(common(operation, methods(Kind::Deposit)));
    let withdraw = |operation| withdraw(common(operation, methods(Kind::Withdrawal)));

    let info = of(info)
        .about("What can be deposited and withdrawn")
        .answers::<InfoWire<'static>>(StatusCode::OK, "The offers, by code");
    let deposits = deposit(of(start::deposit))
        .about("Starts a deposit")
        .has_to_be("asset_code", codes(Kind::Deposit), "The asset on the ledger")
        .may::<shapes::Amount>("amount", AMOUNT);
    let deposits_exchange = exchange(deposit(of(start::deposit_exchange)))
        .about("Starts a deposit of other money")
        .needs::<String>("destination_asset", "The asset on the ledger, by its code")
        .needs::<shapes::AssetId>("source_asset", "What the user pays with");
    let withdrawals = withdraw(of(start::withdraw))
        .about("Starts a withdrawal")
        .has_to_be("asset_code", codes(Kind::Withdrawal), "The asset on the ledger")
        .may::<shapes::Amount>("amount", AMOUNT);
    let withdrawals_exchange = exchange(withdraw(of(start::withdraw_exchange)))
        .about("Starts a withdrawal of other money")
        .needs::<String>("source_asset", "The asset on the ledger, by its code")
        .needs::<shapes::AssetId>("destination_asset", "What the user is paid in");
    let one = history::asks_for_one(of(transactions::one))
        .answers_under::<ApiTransactionWire<'static>>("transaction", "The transaction");
    let list = history::asks_for_list(of(transactions::list), api.codes(|_| true))
        .needs::<shapes::Account>("account", "The account that authenticated")
        .may_be("kind", Variant::ALL.map(Variant::as_str), "Only these; may come several times")
        .answers_list::<ApiTransactionWire<'static>>("transactions", "The newest first");
    let update = of(update::update)
        .about("Says what a transaction waits for")
        .in_path::<shapes::Id>("id", "The transaction")
        .has("transaction", serde_json::json!({ "type": "object" }), "What is asked for, as texts by name")
        .refuses(&SepError::not_found(""))
        .answers_under::<ApiTransactionWire<'static>>("transaction", "The transaction");
    let fee = of(fee::fee)
        .about("The fee for an amount")
        .deprecated()
        .has_to_be("operation", ["deposit", "withdraw"], "For what")
        .has_to_be("asset_code", api.codes(|_| true), "The asset on the ledger")
        .needs::<shapes::Amount>("amount", "How much")
        .answers::<fee::FeeWire>(StatusCode::OK, "The fee");
    let has_fee = api.anchor.fee_is_own();

    api.group("SEP-6", "Deposit and withdrawal by API")
        .read("/sep6/info", info)
        .open("get", "/sep6/deposit", deposits)
        .open("get", "/sep6/deposit-exchange", deposits_exchange)
        .open("get", "/sep6/withdraw", withdrawals)
        .open("get", "/sep6/withdraw-exchange", withdrawals_exchange)
        .read("/sep6/transaction", one)
        .read("/sep6/transactions", list)
        .open("patch", "/sep6/transactions/{id}", update);
    if has_fee {
        api.read("/sep6/fee", fee);
    }
}

fn deposit(operation: Operation) -> Operation {
    operation
        .needs::<shapes::Account>("account", "Whom it is paid to")
        .may::<String>("memo", "Goes with the payment on the ledger")
        .may::<shapes::MemoType>("memo_type", "What the memo is")
        .may_be(
            "claimable_balance_supported",
            ["true", "false"],
            "The wallet can claim what is set aside for it",
        )
        .answers::<DepositWire<'static>>(StatusCode::OK, "How to send the money, as soon as that is known")
}

fn withdraw(operation: Operation) -> Operation {
    operation
        .may::<shapes::Account>("account", "Who pays")
        .may::<String>("refund_memo", "Goes with a refund")
        .may::<shapes::MemoType>("refund_memo_type", "What that memo is")
        .answers::<WithdrawWire<'static>>(StatusCode::OK, "Where to pay, as soon as that is known")
}

fn exchange(operation: Operation) -> Operation {
    operation.needs::<shapes::Amount>("amount", AMOUNT).may::<shapes::Id>("quote_id", "A firm quote (SEP-38)")
}

fn common(operation: Operation, methods: Vec<String>) -> Operation {
    operation
        .may_be("funding_method", methods.clone(), "How the money is sent")
        .may_be("type", methods, "The former name of `funding_method`")
        .may::<String>("lang", "The language of refusals")
        .may::<shapes::Id>("customer_id", "The customer (SEP-12)")
        .may::<String>("country_code", "Where the user is (ISO 3166-1 alpha-3)")
        .may::<String>("location_id", "Where cash is given or taken")
        .may::<String>("email_address", "For a user who is not known yet")
        .may::<String>("dest", "Where a withdrawal goes")
        .may::<String>("dest_extra", "More of that")
        .may::<String>("on_change_callback", "An https address that hears of changes")
}
