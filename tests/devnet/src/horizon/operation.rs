//! Operations and payments: `/operations`, `/payments`, and the listings that hang off other resources.

pub(crate) mod details;
pub(crate) mod participants;

use std::ops::ControlFlow;

use actix_web::{HttpResponse, web};
use serde_json::{Map, Value, json};
use stellar_xdr::{
    AccountId, ClaimableBalanceId, Hash, LedgerEntryChange, MuxedAccount, Operation, OperationBody,
    OperationResultTr,
};

use super::{
    account::sponsor_of,
    call::{Answer, Call},
    codes, envelope,
    hal::{self, Record, link},
    landed::Landed,
    listing,
    problem::Problem,
    query::{Page, Query},
    time,
    toid::Toid,
    transaction,
};
use crate::replica::{Scope, View};

pub(crate) async fn list(call: Call) -> Answer {
    listing::serve(call, Listing { scope: Scope::All, only_payments: false }).await
}

pub(crate) async fn payments(call: Call) -> Answer {
    listing::serve(call, Listing { scope: Scope::All, only_payments: true }).await
}

pub(crate) async fn one(call: Call, id: web::Path<String>) -> Result<HttpResponse, Problem> {
    let invalid = || Problem::invalid_field("id", "Operation ID must be an integer higher than 0");
    let toid = Toid(id.parse().ok().filter(|id| *id > 0).ok_or_else(invalid)?);
    if toid.ledger() < call.view.first() {
        return Err(Problem::before_history());
    }
    let join = call.query.joins_transactions()?;
    let record = call.view.transaction_at(toid).ok_or_else(Problem::not_found)?;
    let record = Landed::new(&record);
    let operation =
        Applied::all(&record).find(|operation| operation.toid() == toid).ok_or_else(Problem::not_found)?;
    Ok(hal::object(&operation.render(&call.base, join)))
}

/// A listing of operations or of payments only.
#[derive(Debug)]
pub(crate) struct Listing {
    pub(crate) scope: Scope,
    pub(crate) only_payments: bool,
}

impl Listing {
    fn includes(&self, operation: &Applied<'_>, failed_too: bool) -> bool {
        let concerns = match &self.scope {
            Scope::All | Scope::Ledger(_) | Scope::Transaction(_) => true,
            Scope::Account(account) => participants::of_operation(operation).contains(account),
            Scope::Balance(balance) => participants::balances_of(operation).contains(balance),
        };
        concerns
            && (!self.only_payments || details::is_payment(&operation.operation.body))
            && (failed_too || operation.record.successful)
    }
}

impl listing::Listing for Listing {
    fn page(&self, base: &str, query: &Query, view: &View, page: &Page) -> Result<Vec<Record>, Problem> {
        let position = page.position(view.first(), view.latest())?;
        // whoever asks for the operations of one transaction knows what became of it
        let failed_too = query.flag("include_failed")? || matches!(self.scope, Scope::Transaction(_));
        let join = query.joins_transactions()?;
        let mut records = Vec::new();
        view.scan(&self.scope, position, page.order, |record| {
            let record = Landed::new(record);
            let mut operations: Vec<_> = Applied::all(&record)
                .filter(|operation| {
                    position.is_none_or(|position| page.order.passes(&operation.toid(), &position))
                })
                .filter(|operation| self.includes(operation, failed_too))
                .collect();
            if page.order == super::query::Order::Descending {
                operations.reverse();
            }
            for operation in operations {
                if records.len() == page.limit {
                    return ControlFlow::Break(());
                }
                records.push(Record::new(operation.render(base, join)));
            }
            if records.len() < page.limit { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        });
        Ok(records)
    }
}

/// One operation of a transaction that a ledger holds.
#[derive(Debug, Clone)]
pub(crate) struct Applied<'a> {
    pub(crate) record: &'a Landed,
    pub(crate) index: usize,
    pub(crate) operation: &'a Operation,
    pub(crate) siblings: &'a [Operation],
    transaction_source: MuxedAccount,
}

impl<'a> Applied<'a> {
    pub(crate) fn all(record: &'a Landed) -> impl Iterator<Item = Self> {
        let body = envelope::body(&record.envelope);
        let (siblings, source) = (body.operations, body.source);
        siblings.iter().enumerate().map(move |(index, operation)| Applied {
            record,
            index,
            operation,
            siblings,
            transaction_source: source.clone(),
        })
    }

    pub(crate) fn toid(&self) -> Toid {
        let order = u32::try_from(self.index).unwrap_or(u32::MAX).saturating_add(1);
        Toid::new(self.record.ledger, self.record.index, order)
    }

    pub(crate) fn source(&self) -> &MuxedAccount {
        self.operation.source_account.as_ref().unwrap_or(&self.transaction_source)
    }

    /// Source of a sibling operation.
    pub(crate) fn source_of(&self, sibling: &'a Operation) -> &MuxedAccount {
        sibling.source_account.as_ref().unwrap_or(&self.transaction_source)
    }

    pub(crate) fn successful(&self) -> bool {
        self.record.successful
    }

    /// The result, when the operation came to be applied.
    pub(crate) fn result(&self) -> Option<&'a OperationResultTr> {
        match codes::operations(&self.record.result.result)?.get(self.index)? {
            stellar_xdr::OperationResult::OpInner(result) => Some(result),
            _ => None,
        }
    }

    /// Who pays the reserve of the first entry that this operation created, if not its owner.
    fn sponsor(&self) -> Option<AccountId> {
        let changes = self.record.meta()?.operation_changes();
        changes.get(self.index)?.0.iter().find_map(|change| match change {
            LedgerEntryChange::Created(entry) => sponsor_of(entry),
            _ => None,
        })
    }

    fn render(&self, base: &str, join: bool) -> Value {
        let id = self.toid().to_string();
        let hash = hex::encode(self.record.hash);
        let own = format!("/operations/{id}");
        let mut object = Map::new();
        let links = json!({
            "self": link(base, &own),
            "transaction": link(base, &format!("/transactions/{hash}")),
            "effects": link(base, &format!("{own}/effects")),
            "succeeds": link(base, &format!("/effects?order=desc&cursor={id}")),
            "precedes": link(base, &format!("/effects?order=asc&cursor={id}")),
        });
        object.insert("_links".to_owned(), links);
        object.insert("id".to_owned(), id.clone().into());
        object.insert("paging_token".to_owned(), id.into());
        object.insert("transaction_successful".to_owned(), self.successful().into());
        insert_account(&mut object, "source_account", self.source());
        object.insert("type".to_owned(), type_name(&self.operation.body).into());
        object.insert("type_i".to_owned(), (self.operation.body.discriminant() as i32).into());
        object.insert("created_at".to_owned(), time::rfc3339(self.record.closed_at).into());
        object.insert("transaction_hash".to_owned(), hash.into());
        if join {
            let transaction = transaction::render(base, self.record, &Hash(self.record.hash));
            object.insert("transaction".to_owned(), transaction);
        }
        if let Some(sponsor) = self.sponsor() {
            object.insert("sponsor".to_owned(), sponsor.to_string().into());
        }
        details::insert(&mut object, self);
        Value::Object(object)
    }
}

/// Adds `{name}`, and for a muxed address `{name}_muxed` and `{name}_muxed_id`.
pub(crate) fn insert_account(object: &mut Map<String, Value>, name: &str, address: &MuxedAccount) {
    object.insert(name.to_owned(), envelope::account(address).to_string().into());
    if let Some((muxed, id)) = envelope::muxed(address) {
        object.insert(format!("{name}_muxed"), muxed.into());
        object.insert(format!("{name}_muxed_id"), id.to_string().into());
    }
}

/// The 72 hex digits the API names a claimable balance by.
pub(crate) fn balance_id(id: &ClaimableBalanceId) -> String {
    let ClaimableBalanceId::ClaimableBalanceIdTypeV0(hash) = id;
    format!("00000000{}", hex::encode(hash.0))
}

fn type_name(body: &OperationBody) -> String {
    codes::snake(body.name())
}
