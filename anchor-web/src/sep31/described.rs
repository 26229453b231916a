//! Payments from other anchors, described.

use actix_web::http::StatusCode;
use serde_json::json;

use super::{callback, info, start, transactions};
use crate::error::SepError;
use crate::openapi::{Description, of, shapes};
use crate::wire::receive::{FieldsWire, ReceiveInfoWire};
use crate::wire::received::{ReceivedWire, StartedWire};

const ID: &str = "The payment";

pub(crate) fn describe(api: &mut Description<'_>) {
    let codes = api.codes(|asset| asset.receive.is_some());
    let offers = api.anchor.assets().iter().filter_map(|asset| asset.receive.as_ref());
    let methods: Vec<_> = offers.flat_map(|receive| receive.offer.funding_methods.clone()).collect();
    let fields = || json!({ "type": "object", "properties": { "transaction": { "type": "object" } } });
    let info = of(info)
        .about("What is taken, and what has to be known")
        .answers::<ReceiveInfoWire<'static>>(StatusCode::OK, "By code");
    let start = of(start::receive_payment)
        .about("Announces a payment")
        .in_header::<String>(
            "Idempotency-Key",
            "The sending anchor's own name of the request: once, however often it is sent",
        )
        .has_to_be("asset_code", codes, "What is paid")
        .may::<shapes::AccountId>("asset_issuer", "Its issuer")
        .needs::<shapes::Decimal>("amount", "How much")
        .may::<shapes::AssetId>("destination_asset", "What the receiver gets")
        .may::<shapes::Id>("quote_id", "A firm quote (SEP-38)")
        .may_be("funding_method", methods, "How the receiver gets it")
        .may::<shapes::Id>("sender_id", "A customer (SEP-12)")
        .may::<shapes::Id>("receiver_id", "A customer (SEP-12)")
        .may::<String>("lang", "The language of refusals")
        .may::<String>("refund_memo", "Goes with a refund")
        .may::<shapes::MemoType>("refund_memo_type", "What that memo is")
        .shaped("fields", fields(), "What `/sep31/info` asks for")
        .answers::<StartedWire>(StatusCode::CREATED, "Where to pay, as soon as that is known")
        .answers_as(
            StatusCode::BAD_REQUEST,
            "A customer has to be known better",
            "application/json",
            json!({
                "type": "object",
                "required": ["error"],
                "properties": { "error": { "const": "customer_info_needed" }, "type": { "type": "string" } },
            }),
        );
    let start = start.answers_with::<FieldsWire<'static>>(
        StatusCode::BAD_REQUEST,
        "More has to be known of the payment",
        "fields",
        json!({
            "type": "object",
            "required": ["error", "fields"],
            "properties": { "error": { "const": "transaction_info_needed" } },
        }),
    );
    let show = of(transactions::show)
        .about("One of the sending anchor's payments")
        .in_path::<shapes::Id>("id", ID)
        .refuses(&SepError::not_found(""))
        .answers_under::<ReceivedWire<'static>>("transaction", "The payment");
    let update = of(transactions::update)
        .about("Says what a payment waits for")
        .deprecated()
        .in_path::<shapes::Id>("id", ID)
        .shaped("fields", fields(), "What is asked for")
        .refuses(&SepError::not_found(""))
        .answers_under::<ReceivedWire<'static>>("transaction", "The payment");
    let call = of(callback::put)
        .about("Where the sending anchor wants to hear of a payment")
        .in_path::<shapes::Id>("id", ID)
        .needs::<String>("url", "An https address")
        .refuses(&SepError::not_found(""))
        .answers_nothing(StatusCode::NO_CONTENT, "It is kept");

    api.group("SEP-31", "Payments of other anchors, for somebody who is paid outside the ledger")
        .read("/sep31/info", info)
        .open("post", "/sep31/transactions", start)
        .read("/sep31/transactions/{id}", show)
        .open("patch", "/sep31/transactions/{id}", update)
        .open("put", "/sep31/transactions/{id}/callback", call);
}
