//! The schemas of wire types, each under its name.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};
use utoipa::ToSchema;
use utoipa::openapi::{RefOr, Schema};

/// By name.
#[derive(Debug, Default)]
pub(crate) struct Schemas(BTreeMap<String, Value>);

impl Schemas {
    /// A reference to the type's schema, which is kept with all that it refers to; the schema itself where it is none
    /// of ours.
    pub(super) fn shape<T: ToSchema>(&mut self) -> Value {
        let mut others = Vec::new();
        T::schemas(&mut others);
        for (name, schema) in others {
            self.insert(name, plain(&schema));
        }
        let schema = plain(&T::schema());
        // texts and numbers stand where they are used
        let is_named = ["properties", "allOf", "description"].iter().any(|name| schema.get(name).is_some());
        if !is_named {
            return schema;
        }
        let reference = json!({ "$ref": format!("#/components/schemas/{}", T::name()) });
        self.insert(T::name().into_owned(), schema);
        reference
    }

    pub(super) fn insert(&mut self, name: String, schema: Value) {
        let kept = self.0.entry(name).or_insert_with(|| schema.clone());
        debug_assert_eq!(*kept, schema, "two types have the same name");
    }

    pub(super) fn append(&mut self, others: Self) {
        others.0.into_iter().for_each(|(name, schema)| self.insert(name, schema));
    }

    pub(super) fn into_json(self) -> Map<String, Value> {
        self.0.into_iter().collect()
    }
}

/// As it is sent.
fn plain(schema: &RefOr<Schema>) -> Value {
    let mut schema = serde_json::to_value(schema).unwrap_or_default();
    settle(&mut schema);
    schema
}

/// Two things that the derived schema cannot know of these types. What has no value is left out and never `null`, unless
/// it is always there; and an enum without tags is written as what it holds, which may look like two of its variants.
fn settle(schema: &mut Value) {
    if let Some(either) = schema.get_mut("oneOf").map(Value::take) {
        schema["anyOf"] = either;
        if let Some(object) = schema.as_object_mut() {
            object.remove("oneOf");
        }
    }
    let required = schema.get("required").cloned().unwrap_or_default();
    let is_required = |name: &str| required.as_array().is_some_and(|all| all.iter().any(|each| each == name));
    if let Some(properties) = schema.get_mut("properties").and_then(Value::as_object_mut) {
        for (name, property) in properties {
            if !is_required(name) {
                never_null(property);
            }
        }
    }
    match schema {
        Value::Object(members) => members.values_mut().for_each(settle),
        Value::Array(items) => items.iter_mut().for_each(settle),
        _ => {}
    }
}

fn never_null(schema: &mut Value) {
    let null = json!("null");
    if let Some(types) = schema.get_mut("type")
        && let Some(all) = types.as_array_mut()
    {
        all.retain(|each| *each != null);
        if let [one] = all.as_slice() {
            *types = one.clone();
        }
    }
    if let Some(either) = schema.get_mut("oneOf").and_then(Value::as_array_mut) {
        either.retain(|each| each.get("type") != Some(&null));
        if let [one] = either.as_slice() {
            *schema = one.clone();
        }
    }
}
