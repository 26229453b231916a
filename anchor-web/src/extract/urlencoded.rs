//! `a=1&b=2`, strictly: no second name, no bytes that are not UTF-8.

use percent_encoding::percent_decode;

use super::{Params, Value};
use crate::error::SepError;

pub(super) fn parse(text: &[u8]) -> Result<Params, SepError> {
    parse_with(text, None).map(|(params, _)| params)
}

/// With one name that may come any number of times.
pub(super) fn parse_with(text: &[u8], many: Option<&str>) -> Result<(Params, Vec<String>), SepError> {
    let (mut params, mut values) = (Params::default(), Vec::new());
    for pair in text.split(|byte| *byte == b'&').filter(|pair| !pair.is_empty()) {
        let mut halves = pair.splitn(2, |byte| *byte == b'=');
        let name = decode(halves.next().unwrap_or_default())?;
        let value = decode(halves.next().unwrap_or_default())?;
        if many == Some(name.as_str()) {
            values.push(value);
        } else {
            params.insert(name, Value::Text(value))?;
        }
    }
    Ok((params, values))
}

fn decode(text: &[u8]) -> Result<String, SepError> {
    let spaced: Vec<u8> = text.iter().map(|byte| if *byte == b'+' { b' ' } else { *byte }).collect();
    let decoded = percent_decode(&spaced).decode_utf8();
    decoded
        .map(std::borrow::Cow::into_owned)
        .map_err(|_| SepError::bad_request("the request is not valid UTF-8"))
}
