//! Statements about one row for SQLite, prepared once: an UPDATE of diesel's own is parsed and planned anew each time.

use std::marker::PhantomData;

use chrono::NaiveDateTime;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::sql_types::{BigInt, Nullable, Text, Timestamp};
use diesel::sqlite::Sqlite;

/// One parameter.
#[derive(Debug, Clone, Copy)]
pub(in crate::store::diesel) enum Bind<'a> {
    Text(&'a str),
    TextOrNull(Option<&'a str>),
    Number(i64),
    NumberOrNull(Option<i64>),
    Time(NaiveDateTime),
    TimeOrNull(Option<NaiveDateTime>),
}

impl Bind<'_> {
    fn bind<'b>(&'b self, out: &mut AstPass<'_, 'b, Sqlite>) -> QueryResult<()> {
        match self {
            Self::Text(value) => out.push_bind_param::<Text, _>(value),
            Self::TextOrNull(value) => out.push_bind_param::<Nullable<Text>, _>(value),
            Self::Number(value) => out.push_bind_param::<BigInt, _>(value),
            Self::NumberOrNull(value) => out.push_bind_param::<Nullable<BigInt>, _>(value),
            Self::Time(value) => out.push_bind_param::<Timestamp, _>(value),
            Self::TimeOrNull(value) => out.push_bind_param::<Nullable<Timestamp>, _>(value),
        }
    }
}

macro_rules! binds {
    ($($type:ty => $bind:ident, $read:expr;)+) => {$(
        impl<'a> From<&'a $type> for Bind<'a> {
            fn from(value: &'a $type) -> Self {
                let read: fn(&'a $type) -> _ = $read;
                Self::$bind(read(value))
            }
        }
    )+};
}

binds! {
    String => Text, String::as_str;
    Option<String> => TextOrNull, Option::as_deref;
    i64 => Number, |number| *number;
    Option<i64> => NumberOrNull, |number| *number;
    NaiveDateTime => Time, |time| *time;
    Option<NaiveDateTime> => TimeOrNull, |time| *time;
}

/// A statement whose text is always the same, with a `?` for each parameter.
#[derive(Debug)]
pub(in crate::store::diesel) struct Fixed<'a, S = ()> {
    text: &'static str,
    binds: Vec<Bind<'a>>,
    answer: PhantomData<S>,
}

impl<'a> Fixed<'a> {
    pub(in crate::store::diesel) const fn new(text: &'static str, binds: Vec<Bind<'a>>) -> Self {
        Self { text, binds, answer: PhantomData }
    }

    /// The same statement, which ends with RETURNING: rows of the SQL types `S`.
    pub(in crate::store::diesel) fn returning<S>(self) -> Fixed<'a, S> {
        Fixed { text: self.text, binds: self.binds, answer: PhantomData }
    }
}

impl<S> QueryFragment<Sqlite> for Fixed<'_, S> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Sqlite>) -> QueryResult<()> {
        let mut texts = self.text.split('?');
        out.push_sql(texts.next().unwrap_or_default());
        for (bind, text) in self.binds.iter().zip(texts) {
            bind.bind(&mut out)?;
            out.push_sql(text);
        }
        Ok(())
    }
}

impl<S> QueryId for Fixed<'_, S> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<S> Query for Fixed<'_, S> {
    type SqlType = S;
}

impl<S> RunQueryDsl<SqliteConnection> for Fixed<'_, S> {}
