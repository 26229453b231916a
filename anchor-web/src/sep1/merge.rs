//! What the operator's file adds to the generated document. Whether the sum still says what the anchor does is
//! checked afterwards.

use toml::{Table, Value};

/// An issued amount is said in one of these ways.
const POLICIES: [&str; 3] = ["fixed_number", "max_number", "is_unlimited"];

/// Entries of the file replace generated ones, except where both belong side by side: accounts, currencies, and the
/// fields of a table.
pub(super) fn file(document: &mut Table, file: Table) {
    for (name, value) in file {
        match (&*name, document.get_mut(&name), value) {
            ("ACCOUNTS", Some(Value::Array(ours)), Value::Array(theirs)) => add_new(ours, theirs),
            ("CURRENCIES", Some(Value::Array(ours)), Value::Array(theirs)) => currencies(ours, theirs),
            (_, Some(Value::Table(ours)), Value::Table(theirs)) => ours.extend(theirs),
            (_, _, value) => {
                document.insert(name, value);
            }
        }
    }
}

fn add_new(ours: &mut Vec<Value>, theirs: Vec<Value>) {
    for value in theirs {
        if !ours.contains(&value) {
            ours.push(value);
        }
    }
}

fn currencies(ours: &mut Vec<Value>, theirs: Vec<Value>) {
    for entry in theirs {
        let is_same = |our: &&mut Value| ["code", "issuer"].iter().all(|key| our.get(key) == entry.get(key));
        let same = ours.iter_mut().find(is_same).and_then(Value::as_table_mut);
        match (same, entry) {
            (Some(our), Value::Table(entry)) => currency(our, entry),
            (_, entry) => ours.push(entry),
        }
    }
}

fn currency(our: &mut Table, entry: Table) {
    if POLICIES.iter().any(|name| entry.contains_key(*name)) {
        our.retain(|name, _| !POLICIES.contains(&name));
    }
    our.extend(entry);
}
