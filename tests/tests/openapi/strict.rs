//! The document, and nothing else: clients have to accept members that a later release adds, this test does not.

use serde_json::{Map, Value, json};

/// The same document, in which no object of an answer has members that are not described.
pub(crate) fn closed(document: &Value) -> Value {
    let open = document["components"]["schemas"].as_object().cloned().unwrap_or_default();
    let mut document = document.clone();
    if let Some(schemas) = document["components"]["schemas"].as_object_mut() {
        schemas.values_mut().for_each(|schema| close(schema, &open));
    }
    let paths = document["paths"].as_object_mut().into_iter().flat_map(Map::values_mut);
    let operations = paths.filter_map(Value::as_object_mut).flat_map(Map::values_mut);
    for answers in operations.filter_map(|operation| operation["responses"].as_object_mut()) {
        let contents = answers.values_mut().filter_map(|answer| answer.get_mut("content"));
        for content in contents.filter_map(Value::as_object_mut).flat_map(Map::values_mut) {
            close(&mut content["schema"], &open);
        }
    }
    document
}

fn close(schema: &mut Value, open: &Map<String, Value>) {
    for name in ["properties", "anyOf"] {
        match schema.get_mut(name) {
            Some(Value::Object(members)) => members.values_mut().for_each(|member| close(member, open)),
            Some(Value::Array(items)) => items.iter_mut().for_each(|item| close(item, open)),
            _ => {}
        }
    }
    for name in ["items", "additionalProperties"] {
        if let Some(inner) = schema.get_mut(name) {
            close(inner, open);
        }
    }
    if let Some(parts) = schema.get_mut("allOf").and_then(Value::as_array_mut) {
        // a closed part would refuse what the others describe
        parts.iter_mut().for_each(|part| spell_out(part, open));
    }
    let is_object = schema.get("properties").is_some() || schema.get("allOf").is_some();
    if is_object && schema.get("additionalProperties").is_none() {
        schema["unevaluatedProperties"] = json!(false);
    }
}

/// Instead of a reference what it refers to, which stays open itself; what it holds is closed.
fn spell_out(part: &mut Value, open: &Map<String, Value>) {
    let name = part.get("$ref").and_then(Value::as_str).and_then(|path| path.rsplit('/').next());
    if let Some(known) = name.and_then(|name| open.get(name)) {
        *part = known.clone();
    }
    for name in ["allOf", "anyOf"] {
        if let Some(parts) = part.get_mut(name).and_then(Value::as_array_mut) {
            parts.iter_mut().for_each(|part| spell_out(part, open));
        }
    }
    if let Some(members) = part.get_mut("properties").and_then(Value::as_object_mut) {
        members.values_mut().for_each(|member| close(member, open));
    }
}
