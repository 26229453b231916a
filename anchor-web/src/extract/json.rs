//! One flat JSON object. Numbers keep their digits: an amount never passes through a float.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error as _, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::{Params, Value};
use crate::error::SepError;

pub(super) fn parse(text: &[u8]) -> Result<Params, SepError> {
    let Members(members) = serde_json::from_slice(text)
        .map_err(|_| SepError::bad_request("the request body is not a JSON object"))?;
    let mut params = Params::default();
    for (name, raw) in members {
        if let Some(value) = value(&raw)? {
            params.insert(name, value)?;
        }
    }
    Ok(params)
}

/// An object that is the value of a member.
pub(super) fn parse_member(name: &str, text: &str) -> Result<Params, SepError> {
    if !text.starts_with('{') {
        return Err(SepError::bad_request(format!("{name} has to be an object")));
    }
    parse(text.as_bytes())
}

/// `null` is the same as nothing: that is how many wallets write an absent value.
fn value(raw: &RawValue) -> Result<Option<Value>, SepError> {
    let text = raw.get();
    Ok(match text.bytes().next() {
        Some(b'"') => {
            let decoded = serde_json::from_str(text);
            Some(Value::Text(
                decoded.map_err(|_| SepError::bad_request("the request body has an invalid string"))?,
            ))
        }
        Some(b't') => Some(Value::Bool(true)),
        Some(b'f') => Some(Value::Bool(false)),
        Some(b'n') | None => None,
        Some(b'[' | b'{') => Some(Value::Structure(text.to_owned())),
        Some(_) => Some(Value::Number(text.to_owned())),
    })
}

/// In order, duplicates included: what they mean is not for a map to decide.
struct Members(Vec<(String, Box<RawValue>)>);

impl<'de> Deserialize<'de> for Members {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Collect;

        impl<'de> Visitor<'de> for Collect {
            type Value = Members;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    if members.len() > crate::config::FIELDS_MAX {
                        return Err(A::Error::custom("too many members"));
                    }
                    members.push(member);
                }
                Ok(Members(members))
            }
        }

        deserializer.deserialize_map(Collect)
    }
}
