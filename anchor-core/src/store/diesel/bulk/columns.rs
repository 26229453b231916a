//! Rows as PostgreSQL takes many of them: an array for each column.

use chrono::NaiveDateTime;
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::sql_types::{Array, BigInt, Bool, Nullable, Text, Timestamp};

/// The values of one column, in the order of the rows.
#[derive(Debug)]
pub(in crate::store::diesel) enum Column<'a> {
    Text(Vec<&'a str>),
    TextOrNull(Vec<Option<&'a str>>),
    Number(Vec<i64>),
    NumberOrNull(Vec<Option<i64>>),
    Time(Vec<NaiveDateTime>),
    TimeOrNull(Vec<Option<NaiveDateTime>>),
    Flag(Vec<bool>),
}

impl Column<'_> {
    fn bind<'b>(&'b self, out: &mut AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        match self {
            Self::Text(values) => out.push_bind_param::<Array<Text>, _>(values),
            Self::TextOrNull(values) => out.push_bind_param::<Array<Nullable<Text>>, _>(values),
            Self::Number(values) => out.push_bind_param::<Array<BigInt>, _>(values),
            Self::NumberOrNull(values) => out.push_bind_param::<Array<Nullable<BigInt>>, _>(values),
            Self::Time(values) => out.push_bind_param::<Array<Timestamp>, _>(values),
            Self::TimeOrNull(values) => out.push_bind_param::<Array<Nullable<Timestamp>>, _>(values),
            Self::Flag(values) => out.push_bind_param::<Array<Bool>, _>(values),
        }
    }
}

/// What a column is made of.
pub(in crate::store::diesel) trait Cell {
    fn column<'a>(cells: impl Iterator<Item = &'a Self>) -> Column<'a>
    where
        Self: 'a;
}

/// Which kind of column each type makes.
macro_rules! cells {
    ($($type:ty => $column:ident, $read:expr;)+) => {$(
        impl Cell for $type {
            fn column<'a>(cells: impl Iterator<Item = &'a Self>) -> Column<'a> {
                Column::$column(cells.map($read).collect())
            }
        }
    )+};
}

cells! {
    String => Text, String::as_str;
    Option<String> => TextOrNull, Option::as_deref;
    i64 => Number, |number| *number;
    Option<i64> => NumberOrNull, |number| *number;
    NaiveDateTime => Time, |time| *time;
    Option<NaiveDateTime> => TimeOrNull, |time| *time;
    bool => Flag, |flag| *flag;
}

/// A row that many can be inserted of.
pub(in crate::store::diesel) trait InColumns: Sized {
    /// What stands before the arrays.
    const INSERT: &'static str;

    /// All columns, in the order of [`INSERT`](Self::INSERT).
    fn columns_of(rows: &[Self]) -> Vec<Column<'_>>;
}

/// A statement about many rows. Its text does not depend on how many, so that it is planned once.
#[derive(Debug)]
pub(in crate::store::diesel) struct Many<'a> {
    before: &'static str,
    columns: Vec<Column<'a>>,
    after: &'static str,
}

impl<'a> Many<'a> {
    /// `before unnest(columns) after`.
    pub(in crate::store::diesel) const fn new(
        before: &'static str,
        columns: Vec<Column<'a>>,
        after: &'static str,
    ) -> Self {
        Self { before, columns, after }
    }

    /// Inserts rows; the table is named by their statement too.
    pub(in crate::store::diesel) fn insert<T: Table, R: InColumns>(_table: T, rows: &'a [R]) -> Self {
        Self::new(R::INSERT, R::columns_of(rows), "")
    }

    /// The same statement, which ends with RETURNING.
    pub(in crate::store::diesel) const fn returning<S>(self) -> Returning<'a, S> {
        Returning { many: self, answer: std::marker::PhantomData }
    }
}

impl QueryFragment<Pg> for Many<'_> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql(self.before);
        out.push_sql("unnest(");
        for (number, column) in self.columns.iter().enumerate() {
            if number > 0 {
                out.push_sql(", ");
            }
            column.bind(&mut out)?;
        }
        out.push_sql(")");
        out.push_sql(self.after);
        Ok(())
    }
}

impl QueryId for Many<'_> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl RunQueryDsl<PgConnection> for Many<'_> {}

/// A statement that answers with rows of the SQL types `S`.
#[derive(Debug)]
pub(in crate::store::diesel) struct Returning<'a, S> {
    many: Many<'a>,
    answer: std::marker::PhantomData<S>,
}

impl<S> QueryFragment<Pg> for Returning<'_, S> {
    fn walk_ast<'b>(&'b self, out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        self.many.walk_ast(out)
    }
}

impl<S> QueryId for Returning<'_, S> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<S> Query for Returning<'_, S> {
    type SqlType = S;
}

impl<S> RunQueryDsl<PgConnection> for Returning<'_, S> {}
