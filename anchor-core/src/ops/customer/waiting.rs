//! Transactions that wait for what a customer has to tell.
//!
//! They are asked about again by the job that decides on terms, so that nothing is lost when a process is killed. A customer
//! who has just told it need not wait for that.

use std::collections::BTreeSet;

use super::refusal::CustomerError;
use super::{by_id, of_subject, standing};
use crate::anchor::Anchor;
use crate::customer::{Customer, CustomerRole, Standing};
use crate::ops::receive::told_since;
use crate::ops::work::chain;
use crate::ops::{OpsError, commit};
use crate::store::TransactionFilter;
use crate::transaction::{Actor, Fact, InfoKind, InfoNeed, Protocol, Request, State, Transaction};

/// Most transactions of one customer that go on at once; the others do when the job asks.
const AT_ONCE: u32 = 50;

/// As which type a transaction needs its customer to be known: the one that is called as its protocol, or the first that
/// deposits and withdrawals are for. `None` where nothing is asked of those.
pub(in crate::ops) fn type_of<'a>(anchor: &'a Anchor, transaction: &Transaction) -> Option<&'a str> {
    if transaction.protocol != Protocol::Sep6 {
        return None;
    }
    let mut types = super::types(anchor, CustomerRole::Sep6);
    let named = super::type_named(anchor, "sep6").map(|each| each.name.as_str());
    named.or_else(|| types.next().map(|each| each.name.as_str()))
}

/// Whether the customer of a transaction that waits for it is accepted; `None` where customers are not asked anything for
/// such transactions.
async fn is_known(anchor: &Anchor, transaction: &Transaction) -> Result<Option<bool>, OpsError> {
    let Some(of) = type_of(anchor, transaction) else { return Ok(None) };
    let customer = match &transaction.request.customer {
        Some(id) => by_id(anchor, &transaction.subject, id).await?,
        None => of_subject(anchor, &transaction.subject).await?,
    };
    match standing(anchor, customer.as_ref(), of, Some(transaction)).await {
        Ok(standing) => Ok(Some(standing == Standing::Accepted)),
        Err(CustomerError::Failed(error)) => Err(error),
        // the type is one of the list
        Err(_) => Ok(Some(false)),
    }
}

/// Lets the transactions of a customer go on that wait for it, if it is accepted by now. What does not work out is left to
/// the job.
pub(super) async fn resume(anchor: &Anchor, customer: &Customer) {
    if let Err(error) = resume_all(anchor, customer).await {
        let error = chain(&error);
        tracing::warn!(customer.id = %customer.id, error, "transactions that wait for a customer are left to their job");
    }
}

async fn resume_all(anchor: &Anchor, customer: &Customer) -> Result<(), OpsError> {
    resume_received(anchor, customer).await?;
    let filter = TransactionFilter {
        subject: Some(customer.owner.key()),
        protocol: Some(Protocol::Sep6),
        limit: Some(AT_ONCE),
        ..TransactionFilter::default()
    };
    for transaction in anchor.store().transaction_list(&filter).await? {
        let waits = matches!(transaction.state, State::AwaitingInfo { need: InfoNeed::Customer { .. }, .. });
        if waits && is_known(anchor, &transaction).await? == Some(true) {
            go_on(anchor, &transaction).await?;
        }
    }
    Ok(())
}

/// Payments that another anchor announced, under the same memo as the customer or under none. It may name the customer under a
/// third one: such a payment goes on when the job asks.
async fn resume_received(anchor: &Anchor, customer: &Customer) -> Result<(), OpsError> {
    let are_asked = |role| super::types(anchor, role).next().is_some();
    if !are_asked(CustomerRole::Sender) && !are_asked(CustomerRole::Receiver) {
        return Ok(());
    }
    let id = customer.id.to_string();
    let is_named = |transaction: &&Transaction| {
        let Request { sender, receiver, .. } = &transaction.request;
        [sender, receiver].into_iter().flatten().any(|named| *named == id)
    };
    let subjects = BTreeSet::from([customer.owner.key(), customer.owner.account().to_string()]);
    for subject in subjects {
        let filter = TransactionFilter {
            subject: Some(subject),
            protocol: Some(Protocol::Sep31),
            limit: Some(AT_ONCE),
            ..TransactionFilter::default()
        };
        for transaction in anchor.store().transaction_list(&filter).await?.iter().filter(is_named) {
            let waits =
                matches!(transaction.state, State::AwaitingInfo { need: InfoNeed::Customer { .. }, .. });
            if waits && told_since(anchor, transaction).await? {
                go_on(anchor, transaction).await?;
            }
        }
    }
    Ok(())
}

async fn go_on(anchor: &Anchor, transaction: &Transaction) -> Result<(), OpsError> {
    let fact = Fact::InfoGiven { kind: InfoKind::Customer };
    commit(anchor, transaction, fact, Actor::User, false).await.map(drop)
}
