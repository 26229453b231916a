//! Customers, described.

use std::collections::BTreeSet;

use actix_web::http::StatusCode;
use anchor_core::customer::fields::{self, FieldType, Sensitivity};
use serde_json::{Value, json};

use super::{callback, customer, files, verification};
use crate::error::SepError;
use crate::openapi::{Body, Description, Operation, of, shapes};
use crate::wire::customer::{CustomerWire, FileWire, FilesWire, IdWire};

pub(crate) fn describe(api: &mut Description<'_>) {
    let types = api.anchor.customers().map(|business| business.types()).unwrap_or_default();
    let kinds: Vec<_> = types.iter().map(|each| each.name.clone()).collect();
    let own = types.iter().flat_map(|each| &each.fields).map(|field| (field.name.as_str(), field.kind));
    let sep9 = fields::all().filter(|field| field.sensitivity != Sensitivity::Never);
    let mut names = BTreeSet::new();
    let asked: Vec<_> = own
        .chain(sep9.map(|field| (field.name, field.kind)))
        .filter(|(name, _)| names.insert(name.to_owned()))
        .collect();

    let about = |operation| about(operation, &kinds);
    let show = about(of(customer::show))
        .about("What is known of a customer, and what is missing")
        .may::<String>("lang", "The language of descriptions")
        .answers::<CustomerWire<'static>>(StatusCode::OK, "How the customer stands");
    let put = about(of(customer::put)).about("Tells something of a customer, by the names of SEP-9");
    let put = asked
        .iter()
        .fold(put, |put, (name, kind)| put.shaped(name, shape(*kind), "A field of SEP-9 or of this anchor"));
    let put = put.answers::<IdWire>(StatusCode::ACCEPTED, "It is kept");
    let register = about(of(callback::register))
        .about("Where the wallet wants to hear how a customer stands")
        .may::<String>("url", "An https address; nothing ends it")
        .answers_as(StatusCode::OK, "It is kept", "application/json", nothing());
    let verify = of(verification::put)
        .about("Sends codes back")
        .deprecated()
        .needs::<shapes::Id>("id", "The customer")
        .shaped("mobile_number_verification", shape(FieldType::String), "The code; as any `…_verification`")
        .refuses(&SepError::forbidden(""))
        .refuses(&SepError::not_found(""))
        .answers::<CustomerWire<'static>>(StatusCode::OK, "How the customer stands");
    let list = of(files::list)
        .about("Files that were sent before")
        .may::<shapes::Id>("file_id", "This one")
        .may::<shapes::Id>("customer_id", "Those of this customer")
        .refuses(&SepError::forbidden(""))
        .refuses(&SepError::not_found(""))
        .answers::<FilesWire<'static>>(StatusCode::OK, "What is known of them; never what is in them");
    let upload = of(files::upload)
        .about("Takes a file, to be referred to")
        .takes(Body::Multipart)
        .has("file", shape(FieldType::Binary), "The file")
        .refuses(&SepError::forbidden(""))
        .refuses(&SepError::not_found(""))
        .answers::<FileWire<'static>>(StatusCode::OK, "Its id");
    let erase = of(customer::erase)
        .about("Forgets a customer")
        .in_path::<shapes::Account>("account", "The account that authenticated")
        .may::<String>("memo", "One of those who share the account")
        .may::<shapes::MemoType>("memo_type", "What the memo is")
        .refuses(&SepError::forbidden(""))
        .refuses(&SepError::not_found(""))
        .answers_as(StatusCode::OK, "Nothing is left", "application/json", nothing());

    api.group("SEP-12", "What has to be known of customers")
        .read("/sep12/customer", show)
        .open("put", "/sep12/customer", put)
        .open("put", "/sep12/customer/callback", register)
        .open("put", "/sep12/customer/verification", verify)
        .read("/sep12/customer/files", list)
        .open("post", "/sep12/customer/files", upload)
        .open("delete", "/sep12/customer/{account}", erase);
}

/// Whom a request is about, and how it is refused if that cannot be said.
fn about(operation: Operation, kinds: &[String]) -> Operation {
    operation
        .may::<shapes::Id>("id", "The customer")
        .may::<shapes::Account>("account", "The account that authenticated")
        .may::<String>("memo", "One of those who share the account")
        .may::<shapes::MemoType>("memo_type", "What the memo is")
        .may_be("type", kinds, "What the customer has to be known for")
        .may::<shapes::Id>("transaction_id", "The transaction for which it is asked")
        .refuses(&SepError::forbidden(""))
        .refuses(&SepError::not_found(""))
}

fn shape(kind: FieldType) -> Value {
    match kind {
        FieldType::Binary => json!({ "type": "string", "format": "binary" }),
        FieldType::Date => json!({ "type": "string", "format": "date" }),
        FieldType::Number => json!({ "type": ["string", "number"] }),
        _ => json!({ "type": "string" }),
    }
}

/// `{}`.
fn nothing() -> Value {
    json!({ "type": "object", "maxProperties": 0 })
}
