//! What the values of the protocols look like as JSON: the types of anchor-core, which knows no JSON.

use std::borrow::Cow;

use anchor_core::customer::{self, Standing, fields};
use anchor_core::transaction;
use serde_json::json;
use utoipa::openapi::schema::{ObjectBuilder, Schema, SchemaFormat, SchemaType, Type};
use utoipa::openapi::{KnownFormat, RefOr};
use utoipa::{PartialSchema, ToSchema};

/// Types that have no values: each stands for a shape, and wire types name them (`#[schema(value_type = …)]`).
macro_rules! shapes {
    ($($(#[doc = $about:literal])+ $name:ident => $shape:expr;)+) => {$(
        $(#[doc = $about])+
        #[derive(Debug)]
        pub(crate) enum $name {}

        impl PartialSchema for $name {
            fn schema() -> RefOr<Schema> {
                let shape: ObjectBuilder = $shape;
                shape.description(Some([$($about.trim()),+].join(" "))).into()
            }
        }

        impl ToSchema for $name {
            fn name() -> Cow<'static, str> {
                Cow::Borrowed(stringify!($name))
            }
        }
    )+};
}

shapes! {
    /// A plain decimal, as text: digits never pass through a float.
    Amount => text().pattern(Some(r"^[0-9]+(\.[0-9]+)?$"));
    /// A plain decimal, as a JSON number.
    Number => ObjectBuilder::new().schema_type(Type::Number);
    /// A plain decimal, as text or as a JSON number.
    Decimal => ObjectBuilder::new()
        .schema_type(SchemaType::from_iter([Type::String, Type::Number]))
        .pattern(Some(r"^[0-9]+(\.[0-9]+)?$"))
        .minimum(Some(0));
    /// On or off: a JSON boolean or a word.
    Flag => ObjectBuilder::new()
        .schema_type(SchemaType::from_iter([Type::String, Type::Boolean]))
        .enum_values(Some([json!(true), json!(false), json!("true"), json!("false")]));
    /// A whole number from one.
    Limit => ObjectBuilder::new().schema_type(Type::Integer).minimum(Some(1));
    /// A number from 0 to 18446744073709551615.
    MemoId => text().pattern(Some("^[0-9]{1,20}$"));
    /// A price in plain decimals, as text.
    Price => text().pattern(Some(r"^[0-9]+(\.[0-9]+)?$"));
    /// An asset as SEP-38 names it.
    AssetId => text().pattern(Some("^(stellar:native|stellar:[a-zA-Z0-9]{1,12}:G[A-Z2-7]{55}|iso4217:[A-Z]{3})$"));
    /// An account of the ledger: `G…`.
    AccountId => text().pattern(Some("^G[A-Z2-7]{55}$"));
    /// A contract: `C…`.
    ContractId => text().pattern(Some("^C[A-Z2-7]{55}$"));
    /// An account, a muxed account or a contract: `G…`, `M…` or `C…`.
    Account => text().pattern(Some("^([GC][A-Z2-7]{55}|M[A-Z2-7]{68})$"));
    /// The hash of a transaction on the ledger.
    Hash => text().pattern(Some("^[0-9a-f]{64}$"));
    /// An id that the anchor gave.
    Id => text().format(Some(SchemaFormat::Custom("uuid".to_owned())));
    /// A time in UTC (RFC 3339).
    Time => text().format(Some(SchemaFormat::KnownFormat(KnownFormat::DateTime)));
    /// What a memo is.
    MemoType => words(["none", "text", "id", "hash", "return"]);
    /// How far a transaction is.
    Status => words(transaction::Status::ALL.map(transaction::Status::as_str));
    /// What a transaction does.
    Variant => words(transaction::Variant::ALL.map(transaction::Variant::as_str));
    /// How a customer stands.
    CustomerStatus => words(Standing::WORDS);
    /// How far a field is.
    FieldStatus => words(customer::FieldStatus::ALL.map(customer::FieldStatus::as_str));
    /// What the value of a field is.
    FieldType => words(fields::FieldType::ALL.map(fields::FieldType::as_str));
}

fn text() -> ObjectBuilder {
    ObjectBuilder::new().schema_type(Type::String)
}

/// One of these.
fn words(words: impl IntoIterator<Item = &'static str>) -> ObjectBuilder {
    text().enum_values(Some(words))
}
