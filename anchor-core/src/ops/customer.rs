//! Customers: who may see and change whom, and how they stand (SEP-12).
//!
//! What is known is in the store, what was decided too, and everything else is asked anew each time: a question that
//! changes nothing. So there is nothing to recover after a crash: a change is one commit, and whoever waits for its
//! consequences (a transaction, a callback) asks again.

use std::time::Duration;

use super::OpsError;
use super::ask::ask;
use super::work::chain;
use crate::account::Subject;
use crate::anchor::Anchor;
use crate::customer::{
    Answer, Customer, CustomerOwner, CustomerRole, CustomerType, Decision, Standing, fields, weigh,
};
use crate::id::CustomerId;
use crate::integration::{CustomerIntegration, CustomerView, IntegrationError};
use crate::store::{CustomerKeyed, DecisionWrite, Store, StoreError};
use crate::transaction::Transaction;

mod callback;
mod codes;
mod files;
mod put;
mod refusal;
mod resolve;
mod seal;
mod waiting;

pub use callback::{notify, register};
pub use files::{files, upload};
pub use put::{Sent, put};
pub use refusal::{CustomerError, CustomerRefusal};
pub use resolve::{CustomerRequest, Resolved, resolve};
pub use seal::reseal;
pub(super) use waiting::type_of;

/// How long the business may take to say what it thinks of a customer, or of a file.
const REVIEW_DEADLINE: Duration = Duration::from_secs(5);

/// The types that customers may have in this role, with what they are for; none where customers are not asked anything.
pub fn types(anchor: &Anchor, role: CustomerRole) -> impl Iterator<Item = &CustomerType> {
    let all = anchor.customers().map(CustomerIntegration::types).unwrap_or_default();
    all.iter().filter(move |each| each.roles.contains(&role))
}

/// One type by its name.
pub fn type_named<'a>(anchor: &'a Anchor, name: &str) -> Option<&'a CustomerType> {
    anchor.customers()?.types().iter().find(|each| each.name == name)
}

/// The customer that this user is, if it is registered.
///
/// # Errors
/// The store's.
pub async fn of_subject(anchor: &Anchor, subject: &Subject) -> Result<Option<Customer>, StoreError> {
    anchor.store().customer_fetch(&CustomerKeyed::Owner(CustomerOwner::of(subject))).await
}

/// A customer by its id, if this user may know of it: itself, or one that shares the bare account. Anybody else's is as
/// unknown as an id that nobody has.
///
/// # Errors
/// The store's.
pub async fn by_id(anchor: &Anchor, subject: &Subject, id: &str) -> Result<Option<Customer>, StoreError> {
    let Ok(id) = id.parse() else { return Ok(None) };
    let found = anchor.store().customer_fetch(&CustomerKeyed::Id(id)).await?;
    Ok(found.filter(|customer| customer.owner.admits(subject)))
}

/// Whether a customer may do what a type is for; `None` for the customer: somebody who is not registered. `transaction`:
/// what it is about, if it is about one. Where customers are not asked anything (no integration is attached), everybody is
/// accepted.
///
/// # Errors
/// [`CustomerRefusal::UnknownType`], or the store's.
pub async fn standing(
    anchor: &Anchor,
    customer: Option<&Customer>,
    customer_type: &str,
    transaction: Option<&Transaction>,
) -> Result<Standing, CustomerError> {
    if anchor.customers().is_none() {
        return Ok(Standing::Accepted);
    }
    let of = type_named(anchor, customer_type).ok_or(CustomerRefusal::UnknownType)?;
    Ok(answer(anchor, customer, of, transaction).await.standing)
}

/// What a wallet is told of a customer, as far as this type is concerned.
pub async fn answer(
    anchor: &Anchor,
    customer: Option<&Customer>,
    of: &CustomerType,
    transaction: Option<&Transaction>,
) -> Answer {
    let known = weigh(customer, of, None);
    let (Some(customer), Some(business)) = (customer, anchor.customers()) else { return known };
    let is_decided = customer.decisions.contains_key(&of.name);
    if is_decided || !matches!(known.standing, Standing::Processing { .. }) {
        return known;
    }
    let view = CustomerView::new(customer, of, transaction, anchor.vault());
    match ask(REVIEW_DEADLINE, business.review(&view)).await {
        Ok(review) => weigh(Some(customer), of, Some(review)),
        Err(unanswered) => {
            let error = chain(&IntegrationError::from(unanswered));
            tracing::warn!(customer.id = %customer.id, error, "nobody says what to think of a customer");
            known
        }
    }
}

/// What is asked of a customer where the wallet names no type: what it was last asked for, or the first there is.
pub fn type_or_usual<'a>(
    anchor: &'a Anchor,
    customer: Option<&Customer>,
    name: Option<&str>,
) -> Result<&'a CustomerType, CustomerRefusal> {
    let types = anchor.customers().map(CustomerIntegration::types).unwrap_or_default();
    let named = |name: &str| types.iter().find(|each| each.name == name);
    match name {
        Some(name) => named(name).ok_or(CustomerRefusal::UnknownType),
        None => {
            let last = customer.and_then(|customer| customer.last_type.as_deref()).and_then(named);
            last.or(types.first()).ok_or(CustomerRefusal::NoCustomers)
        }
    }
}

/// Decides about a customer, instead of the business's next [`review`](CustomerIntegration::review). Fields that the
/// decision asks for and that are here are refused, with its message, so that they come again.
///
/// Wallets that want to hear of it do, and transactions that wait for the customer are asked again.
///
/// # Errors
/// The store's. `false`: there is no such customer.
pub async fn decide(
    store: &dyn Store,
    id: CustomerId,
    customer_type: &str,
    decision: Option<Decision>,
    at: chrono::DateTime<chrono::Utc>,
) -> Result<bool, StoreError> {
    let refused = match &decision {
        Some(Decision::NeedsInfo { fields: asked, message }) => {
            asked.iter().map(|name| (fields::stored_as(name).to_owned(), message.clone())).collect()
        }
        _ => Vec::new(),
    };
    let word = decision.as_ref().map_or("undecided", Decision::as_str);
    let write = DecisionWrite { customer_type: customer_type.to_owned(), decision, refused, at };
    let decided = store.customer_decide(id, &write).await?;
    if decided {
        tracing::info!(customer.id = %id, customer.decision = word, "a customer was decided about");
    }
    Ok(decided)
}

/// Erases a customer: first wherever the business keeps something of it, then here. Killed in between, it is there still
/// and can be deleted again. Who never was a customer loses what was told and sent otherwise. Transactions that are under
/// way keep what was told about them until their end, because it may be what they pay by.
///
/// # Errors
/// [`CustomerError::Unknown`] if nothing is known, or what did not answer.
pub async fn delete(anchor: &Anchor, resolved: &Resolved) -> Result<(), CustomerError> {
    let at = anchor.clock().now();
    let Some(customer) = &resolved.customer else {
        let forgotten = anchor.store().customer_forget(&resolved.owner, at).await;
        return if forgotten.map_err(OpsError::from)? { Ok(()) } else { Err(CustomerError::Unknown) };
    };
    if let Some(business) = anchor.customers() {
        let erased = ask(REVIEW_DEADLINE, business.erase(customer.id)).await;
        erased.map_err(|unanswered| OpsError::Integration(unanswered.into()))?;
    }
    let deleted = anchor.store().customer_delete(customer.id, at).await.map_err(OpsError::from)?;
    tracing::info!(customer.id = %customer.id, "a customer was erased");
    if deleted { Ok(()) } else { Err(CustomerError::Unknown) }
}
