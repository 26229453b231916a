//! How single values are written and read.

use std::fmt::Display;
use std::str::FromStr;

use chrono::{DateTime, NaiveDate, NaiveDateTime, SubsecRound as _, Utc};
use serde::Serialize;
use serde::de::value::Error as WordError;
use serde::de::{DeserializeOwned, IntoDeserializer};

use crate::store::diesel::fault::Fault;

/// A time as both databases keep it: UTC, cut to microseconds.
///
/// Times outside the years 0 to 9999 become the nearest one inside: SQLite compares times as text.
pub(in crate::store::diesel) fn stamp(at: DateTime<Utc>) -> NaiveDateTime {
    let at = at.naive_utc().trunc_subsecs(6);
    let bound = |year, month, day, second: (u32, u32, u32)| {
        let (hour, minute, second) = second;
        NaiveDate::from_ymd_opt(year, month, day).and_then(|day| day.and_hms_opt(hour, minute, second))
    };
    let first = bound(0, 1, 1, (0, 0, 0)).unwrap_or(at);
    let last = bound(9999, 12, 31, (23, 59, 59)).unwrap_or(at);
    at.clamp(first, last)
}

pub(in crate::store::diesel) fn time(at: NaiveDateTime) -> DateTime<Utc> {
    at.and_utc()
}

/// Text from outside, for a column that people read: PostgreSQL cannot keep NUL.
pub(in crate::store::diesel) fn free_text(text: &str) -> String {
    text.replace('\0', "\u{fffd}")
}

/// As [`free_text`], for a column with an index, which cannot keep text of any length.
pub(in crate::store::diesel) fn indexed_text(text: &str) -> String {
    text.chars().take(INDEXED_MAX).map(|c| if c == '\0' { '\u{fffd}' } else { c }).collect()
}

/// In characters; four bytes each still fit into an index of PostgreSQL.
const INDEXED_MAX: usize = 500;

pub(in crate::store::diesel) fn hex32(hash: &[u8; 32]) -> String {
    hex::encode(hash)
}

pub(in crate::store::diesel) fn to_json<T: Serialize>(value: &T) -> Result<String, Fault> {
    serde_json::to_string(value).map_err(|error| Fault::Corrupt(format!("not writable as JSON: {error}")))
}

/// The word that serde writes for a unit variant.
pub(in crate::store::diesel) fn to_word<T: Serialize>(value: &T) -> Result<String, Fault> {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(word)) => Ok(word),
        _ => Err(Fault::Corrupt("not writable as a word".to_owned())),
    }
}

/// The columns of one row while they are read: names the row in errors, never the content.
#[derive(Clone, Copy)]
pub(in crate::store::diesel) struct Reader<'a> {
    pub(in crate::store::diesel) table: &'static str,
    pub(in crate::store::diesel) id: &'a str,
}

impl Reader<'_> {
    pub(in crate::store::diesel) fn corrupt(&self, what: impl Display) -> Fault {
        Fault::Corrupt(format!("{} {}: {what}", self.table, self.id))
    }

    pub(in crate::store::diesel) fn parse<T: FromStr<Err: Display>>(
        &self,
        column: &str,
        text: &str,
    ) -> Result<T, Fault> {
        text.parse().map_err(|error| self.corrupt(format_args!("{column}: {error}")))
    }

    pub(in crate::store::diesel) fn json<T: DeserializeOwned>(
        &self,
        column: &str,
        text: &str,
    ) -> Result<T, Fault> {
        // serde's message may repeat the content; its position does not
        serde_json::from_str(text).map_err(|error| {
            self.corrupt(format_args!("{column}: not readable at character {}", error.column()))
        })
    }

    pub(in crate::store::diesel) fn json_opt<T: DeserializeOwned>(
        &self,
        column: &str,
        text: Option<&str>,
    ) -> Result<Option<T>, Fault> {
        text.map(|text| self.json(column, text)).transpose()
    }

    pub(in crate::store::diesel) fn word<T: DeserializeOwned>(
        &self,
        column: &str,
        word: &str,
    ) -> Result<T, Fault> {
        T::deserialize(IntoDeserializer::<WordError>::into_deserializer(word))
            .map_err(|_| self.corrupt(format_args!("{column}: not a known word")))
    }

    pub(in crate::store::diesel) fn number<T: TryFrom<i64>>(
        &self,
        column: &str,
        number: i64,
    ) -> Result<T, Fault> {
        T::try_from(number).map_err(|_| self.corrupt(format_args!("{column}: out of range")))
    }
}
