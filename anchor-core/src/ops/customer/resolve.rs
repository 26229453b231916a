//! Which customer a request is about: by the token, by a memo of a shared account, or by id.

use super::CustomerError;
use super::refusal::CustomerRefusal;
use crate::account::{Account, Subject};
use crate::anchor::Anchor;
use crate::customer::{Customer, CustomerOwner, CustomerRole};
use crate::memo::{Memo, MemoError};
use crate::store::CustomerKeyed;
use crate::transaction::{Protocol, Transaction};

/// What requests about customers have in common, as it was sent.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CustomerRequest {
    /// `id`
    pub id: Option<String>,
    /// `account`
    pub account: Option<String>,
    /// `memo`
    pub memo: Option<String>,
    /// `memo_type`
    pub memo_type: Option<String>,
    /// `type`
    pub customer_type: Option<String>,
    /// `transaction_id`
    pub transaction_id: Option<String>,
}

/// Whom a request is about.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Resolved {
    /// Under whom the customer is registered, or would be.
    pub owner: CustomerOwner,
    /// The customer, if it is registered.
    pub customer: Option<Customer>,
    /// The transaction that it is about, if it is about one: the user's own.
    pub transaction: Option<Transaction>,
}

/// Finds out whom a request is about, and whether this user may know.
///
/// # Errors
/// See [`CustomerError`]. What is somebody else's is as unknown as what is nobody's.
pub async fn resolve(
    anchor: &Anchor,
    subject: &Subject,
    request: &CustomerRequest,
) -> Result<Resolved, CustomerError> {
    if request.transaction_id.is_some() && request.customer_type.is_none() {
        return Err(CustomerRefusal::TypeMissing.into());
    }
    if let Some(account) = &request.account {
        is_own_account(subject, account)?;
    }
    let transaction = match &request.transaction_id {
        Some(id) => Some(own_transaction(anchor, subject, id).await?),
        None => None,
    };
    let party = transaction.as_ref().and_then(|transaction| party(anchor, request, transaction));
    let by_memo = owner(anchor, subject, request)?;
    let (owner, customer) = match request.id.as_ref().or(party) {
        Some(id) => {
            let found = super::by_id(anchor, subject, id).await?.ok_or(CustomerError::Unknown)?;
            if request.memo.is_some() && by_memo != found.owner {
                return Err(CustomerRefusal::IdOfAnother.into());
            }
            (found.owner.clone(), Some(found))
        }
        None => {
            let found = anchor.store().customer_fetch(&CustomerKeyed::Owner(by_memo.clone())).await?;
            (by_memo, found)
        }
    };
    Ok(Resolved { owner, customer, transaction })
}

/// Whom a sending anchor's transaction names in the role that is asked about (SEP-31), where nobody else is named.
fn party<'a>(anchor: &Anchor, request: &CustomerRequest, transaction: &'a Transaction) -> Option<&'a String> {
    let of = super::type_named(anchor, request.customer_type.as_deref()?)?;
    if transaction.protocol != Protocol::Sep31 || request.id.is_some() || request.memo.is_some() {
        return None;
    }
    let (sender, receiver) = (&transaction.request.sender, &transaction.request.receiver);
    let roles = [(CustomerRole::Receiver, receiver), (CustomerRole::Sender, sender)];
    roles.into_iter().find(|(role, _)| of.roles.contains(role)).and_then(|(_, named)| named.as_ref())
}

async fn own_transaction(anchor: &Anchor, subject: &Subject, id: &str) -> Result<Transaction, CustomerError> {
    let Ok(id) = id.parse() else { return Err(CustomerError::UnknownTransaction) };
    let found = anchor.store().transaction_fetch(id).await?;
    let own = found.filter(|transaction| transaction.subject.key() == subject.key());
    own.ok_or(CustomerError::UnknownTransaction)
}

/// An account that is sent has to be the token's: as it stands there, or the `G…` below an `M…`.
fn is_own_account(subject: &Subject, sent: &str) -> Result<(), CustomerError> {
    let sent: Account = sent.parse().map_err(CustomerRefusal::Account)?;
    let own = subject.account();
    if sent == own || own.ledger_account().map(Account::Classic) == Some(sent) {
        return Ok(());
    }
    Err(CustomerError::Forbidden("account has to be the one that the token was issued for"))
}

/// Under whom the request's customer is registered.
fn owner(
    anchor: &Anchor,
    subject: &Subject,
    request: &CustomerRequest,
) -> Result<CustomerOwner, CustomerError> {
    let own = CustomerOwner::of(subject);
    let Some(memo) = &request.memo else { return Ok(own) };
    match own.memo() {
        _ if matches!(own.account(), Account::Contract(_)) => Err(CustomerRefusal::MemoOfContract.into()),
        // whatever the type says: the token's is a number
        Memo::Id(id) if is_number(memo, *id) => Ok(own),
        Memo::Id(_) => Err(CustomerError::Forbidden("memo has to be the one that the token was issued for")),
        _ => {
            let parsed = match request.memo_type.as_deref() {
                Some(memo_type) => Memo::parse(memo_type, memo),
                None => Memo::parse("id", memo).or_else(|error| match anchor.config().customer_text_memos {
                    true => Memo::parse("text", memo),
                    false => Err(error),
                }),
            };
            let parsed = parsed.map_err(CustomerRefusal::Memo)?;
            let owner = CustomerOwner::with_memo(own.account(), parsed);
            Ok(owner.ok_or(CustomerRefusal::Memo(MemoError::Type))?)
        }
    }
}

fn is_number(sent: &str, id: u64) -> bool {
    matches!(Memo::parse("id", sent), Ok(Memo::Id(sent)) if sent == id)
}
