//! A transaction's row, without its lease.

use chrono::{DateTime, NaiveDateTime, Utc};
use diesel::backend::Backend;
use diesel::dsl::SqlTypeOf;
use diesel::expression::ValidGrouping;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, QueryFragment, QueryId};

use super::codec::{Reader, free_text, indexed_text, stamp, time, to_json, to_word};
#[cfg(feature = "sqlite")]
use crate::store::diesel::bulk::Bind;
use crate::store::diesel::bulk::in_columns;
#[cfg(feature = "postgres")]
use crate::store::diesel::bulk::{Cell, Column};
use crate::store::diesel::connection::AnyBackend;
use crate::store::diesel::fault::Fault;
use crate::store::diesel::schema::transactions;
use crate::transaction::{NewTransaction, State, Transaction};

#[derive(Debug, Queryable, Selectable, Insertable, AsChangeset)]
// NULL is written, not DEFAULT: a statement whose text depends on its values is planned anew each time
#[diesel(table_name = transactions, treat_none_as_null = true, treat_none_as_default_value = false)]
pub(in crate::store::diesel) struct TransactionRow {
    pub(in crate::store::diesel) id: String,
    pub(in crate::store::diesel) version: i64,
    kind: String,
    protocol: String,
    state: String,
    state_data: String,
    queue: Option<String>,
    pub(in crate::store::diesel) due_at: Option<NaiveDateTime>,
    pub(in crate::store::diesel) deadline: Option<NaiveDateTime>,
    subject_key: String,
    subject: String,
    client_domain: Option<String>,
    asset: String,
    off_chain_asset: String,
    request: String,
    terms: Option<String>,
    amounts: Option<String>,
    receipt: Option<String>,
    refunds: String,
    stellar_transaction_id: Option<String>,
    external_transaction_id: Option<String>,
    claimable_balance_id: Option<String>,
    message: Option<String>,
    pub(in crate::store::diesel) started_at: NaiveDateTime,
    updated_at: NaiveDateTime,
    completed_at: Option<NaiveDateTime>,
    quote: Option<String>,
    variant: String,
}

/// What [`TransactionRow`] reads. As one text, because a query is written anew for each use, and identifiers one by one
/// took longer than the query itself.
const COLUMNS: &str = "transactions.id, transactions.version, transactions.kind, transactions.protocol, \
    transactions.state, transactions.state_data, transactions.queue, transactions.due_at, transactions.deadline, \
    transactions.subject_key, transactions.subject, transactions.client_domain, transactions.asset, \
    transactions.off_chain_asset, transactions.request, transactions.terms, transactions.amounts, \
    transactions.receipt, transactions.refunds, transactions.stellar_transaction_id, \
    transactions.external_transaction_id, transactions.claimable_balance_id, transactions.message, \
    transactions.started_at, transactions.updated_at, transactions.completed_at, transactions.quote, \
    transactions.variant";

/// [`COLUMNS`] as diesel knows them.
#[derive(Debug, Clone, Copy, QueryId, ValidGrouping)]
pub(in crate::store::diesel) struct TransactionColumns;

impl Expression for TransactionColumns {
    type SqlType = SqlTypeOf<<TransactionRow as Selectable<AnyBackend>>::SelectExpression>;
}

impl<B: Backend> QueryFragment<B> for TransactionColumns {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, B>) -> QueryResult<()> {
        out.push_sql(COLUMNS);
        Ok(())
    }
}

impl<Source> SelectableExpression<Source> for TransactionColumns {}
impl<Source> AppearsOnTable<Source> for TransactionColumns {}

/// Hands the columns of a transaction that can change to a macro, with others before and after them.
macro_rules! changing {
    ($then:ident: $($before:ident)*; $($after:ident)*) => {
        $then!(
            $($before)* version state state_data queue due_at deadline terms amounts receipt refunds
            stellar_transaction_id external_transaction_id claimable_balance_id message updated_at completed_at
            $($after)*
        )
    };
}

in_columns!(TransactionRow of "transactions":
    id, version, kind, protocol, state, state_data, queue, due_at, deadline, subject_key, subject, client_domain,
    asset, off_chain_asset, request, terms, amounts, receipt, refunds, stellar_transaction_id,
    external_transaction_id, claimable_balance_id, message, started_at, updated_at, completed_at, quote, variant
);

impl TransactionRow {
    /// Which ones, and everything that can change.
    #[cfg(feature = "postgres")]
    pub(in crate::store::diesel) fn changing(rows: &[Self]) -> Vec<Column<'_>> {
        macro_rules! columns {
            ($($field:ident)+) => { vec![$(Cell::column(rows.iter().map(|row| &row.$field))),+] };
        }
        changing!(columns: id;)
    }

    /// Everything that can change, and which one, as it was before.
    #[cfg(feature = "sqlite")]
    pub(in crate::store::diesel) fn change(&self) -> Vec<Bind<'_>> {
        macro_rules! binds {
            ($($field:ident)+) => { vec![$(Bind::from(&self.$field)),+] };
        }
        changing!(binds: ; id version)
    }

    /// As written at `at`: due at once if the state waits for a job.
    pub(in crate::store::diesel) fn new(transaction: &Transaction, at: DateTime<Utc>) -> Result<Self, Fault> {
        let t = transaction;
        let queue = t.state.queue();
        Ok(Self {
            id: t.id.to_string(),
            version: t.version,
            kind: to_word(&t.kind)?,
            protocol: to_word(&t.protocol)?,
            state: t.state.name().to_owned(),
            state_data: to_json(&t.state)?,
            queue: queue.map(|queue| queue.as_str().to_owned()),
            due_at: queue.map(|_| stamp(at)),
            deadline: t.deadline.map(stamp),
            subject_key: t.subject.key(),
            subject: t.subject.to_string(),
            client_domain: t.client_domain.as_deref().map(free_text),
            asset: t.asset.to_string(),
            off_chain_asset: t.off_chain_asset.to_string(),
            request: to_json(&t.request)?,
            terms: t.terms.as_ref().map(to_json).transpose()?,
            amounts: t.amounts.as_ref().map(to_json).transpose()?,
            receipt: t.receipt.as_ref().map(to_json).transpose()?,
            refunds: to_json(&t.refunds)?,
            stellar_transaction_id: t.stellar_transaction_id.map(|hash| hash.to_string()),
            external_transaction_id: t.external_transaction_id.as_deref().map(indexed_text),
            claimable_balance_id: t.claimable_balance_id.as_deref().map(free_text),
            message: t.message.as_deref().map(free_text),
            started_at: stamp(t.started_at),
            updated_at: stamp(t.updated_at),
            completed_at: t.completed_at.map(stamp),
            quote: t.quote.as_ref().map(to_json).transpose()?,
            variant: t.variant().as_str().to_owned(),
        })
    }

    pub(in crate::store::diesel) fn read(self) -> Result<Transaction, Fault> {
        let reader = Reader { table: "transactions", id: &self.id };
        let state: State = reader.json("state_data", &self.state_data)?;
        let queue = state.queue().map(|queue| queue.as_str());
        if state.name() != self.state || queue != self.queue.as_deref() {
            return Err(reader.corrupt("state, state_data and queue contradict each other"));
        }
        let started_at = time(self.started_at);
        let mut read = Transaction::start(NewTransaction {
            id: reader.parse("id", &self.id)?,
            kind: reader.word("kind", &self.kind)?,
            protocol: reader.word("protocol", &self.protocol)?,
            asset: reader.parse("asset", &self.asset)?,
            off_chain_asset: reader.parse("off_chain_asset", &self.off_chain_asset)?,
            subject: reader.parse("subject", &self.subject)?,
            client_domain: self.client_domain,
            request: reader.json("request", &self.request)?,
            at: started_at,
            deadline: started_at,
        });
        if read.subject.key() != self.subject_key {
            return Err(reader.corrupt("subject and subject_key contradict each other"));
        }
        if read.variant().as_str() != self.variant {
            return Err(reader.corrupt("kind, request and variant contradict each other"));
        }
        read.quote = reader.json_opt("quote", self.quote.as_deref())?;
        read.version = self.version;
        read.state = state;
        read.terms = reader.json_opt("terms", self.terms.as_deref())?;
        read.amounts = reader.json_opt("amounts", self.amounts.as_deref())?;
        read.receipt = reader.json_opt("receipt", self.receipt.as_deref())?;
        read.refunds = reader.json("refunds", &self.refunds)?;
        let stellar = self.stellar_transaction_id.as_deref();
        read.stellar_transaction_id =
            stellar.map(|hash| reader.parse("stellar_transaction_id", hash)).transpose()?;
        read.external_transaction_id = self.external_transaction_id;
        read.claimable_balance_id = self.claimable_balance_id;
        read.message = self.message;
        read.updated_at = time(self.updated_at);
        read.completed_at = self.completed_at.map(time);
        read.deadline = self.deadline.map(time);
        Ok(read)
    }
}

#[cfg(all(test, feature = "sqlite"))]
mod tests {
    use super::*;

    #[test]
    fn text_of_the_columns_is_what_diesel_would_write() {
        let query = transactions::table.select(TransactionRow::as_select());
        let written = diesel::debug_query::<diesel::sqlite::Sqlite, _>(&query).to_string();
        let expected = format!("SELECT {COLUMNS} FROM transactions -- binds: []");
        assert_eq!(written.replace('`', ""), expected);
    }
}
