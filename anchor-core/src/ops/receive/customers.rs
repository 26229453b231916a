//! Senders and receivers, as far as customers are known.

use crate::account::Subject;
use crate::anchor::Anchor;
use crate::customer::{Customer, CustomerRole, Standing};
use crate::id::CustomerId;
use crate::integration::{Party, ReceiveOutcome, ReceiveView};
use crate::ops::customer::{self, CustomerError};
use crate::ops::{OpsError, receive};
use crate::store::{CustomerKeyed, StoreError};
use crate::transaction::Transaction;

/// What this party may be as a customer, each type with its description; nothing where nothing is asked of it.
pub fn types(anchor: &Anchor, party: Party) -> Vec<(&str, &str)> {
    let types = customer::types(anchor, role(party));
    types.map(|each| (each.name.as_str(), each.description.as_str())).collect()
}

/// Whether this sending anchor has such a customer: registered by its account, under whatever memo. Others' are as unknown as
/// ids that nobody has.
pub(super) async fn is_of(anchor: &Anchor, subject: &Subject, id: &str) -> Result<bool, OpsError> {
    let Some(customer) = find(anchor, id).await? else { return Ok(false) };
    let own = subject.account().ledger_account();
    Ok(own.is_some() && customer.owner.account().ledger_account() == own)
}

async fn find(anchor: &Anchor, id: &str) -> Result<Option<Customer>, StoreError> {
    let Ok(id) = id.parse::<CustomerId>() else { return Ok(None) };
    anchor.store().customer_fetch(&CustomerKeyed::Id(id)).await
}

/// What the customers' standing decides; `None` if it is no obstacle. Somebody who was erased since has to be known anew.
pub(super) async fn outcome(anchor: &Anchor, view: &ReceiveView) -> Result<Option<ReceiveOutcome>, OpsError> {
    for party in [Party::Sender, Party::Receiver] {
        let obstacle = match standing(anchor, &view.transaction, party).await?.best {
            None | Some((_, Standing::Accepted)) => continue,
            Some((_, Standing::Rejected { message })) => ReceiveOutcome::Refused { reason: message },
            Some((name, Standing::NeedsInfo { .. })) => {
                ReceiveOutcome::NeedsCustomerInfo { party, customer_type: Some(name) }
            }
            Some((_, _)) => ReceiveOutcome::Later,
        };
        return Ok(Some(obstacle));
    }
    Ok(None)
}

/// Whether both parties are accepted, and one of them has told something since the transaction began to wait: they were known
/// well enough to take the money, so without anything new the same order would be refused again and again.
///
/// # Errors
/// The store's.
pub(in crate::ops) async fn told_since(anchor: &Anchor, transaction: &Transaction) -> Result<bool, OpsError> {
    let (mut are_accepted, mut is_news) = (true, false);
    for party in [Party::Sender, Party::Receiver] {
        let Stands { customer, best } = standing(anchor, transaction, party).await?;
        are_accepted &= matches!(best, None | Some((_, Standing::Accepted)));
        is_news |= customer.is_some_and(|customer| customer.updated_at >= transaction.updated_at);
    }
    Ok(are_accepted && is_news)
}

/// A party, and how it stands as which type.
struct Stands {
    customer: Option<Customer>,
    best: Option<(String, Standing)>,
}

/// Of several types that a party may have, the one with which it stands best counts.
async fn standing(anchor: &Anchor, transaction: &Transaction, party: Party) -> Result<Stands, OpsError> {
    let customer = match receive::customer(&transaction.request, party) {
        Some(id) => find(anchor, id).await?,
        None => None,
    };
    let mut best: Option<(String, Standing)> = None;
    for (name, _) in types(anchor, party) {
        let stands = customer::standing(anchor, customer.as_ref(), name, Some(transaction)).await;
        let stands = stands.map_err(failed)?;
        if best.as_ref().is_none_or(|(_, before)| rank(&stands) > rank(before)) {
            best = Some((name.to_owned(), stands));
        }
    }
    Ok(Stands { customer, best })
}

const fn rank(standing: &Standing) -> u8 {
    match standing {
        Standing::Accepted => 3,
        Standing::Processing { .. } => 2,
        Standing::NeedsInfo { .. } => 1,
        Standing::Rejected { .. } => 0,
    }
}

const fn role(party: Party) -> CustomerRole {
    match party {
        Party::Sender => CustomerRole::Sender,
        Party::Receiver => CustomerRole::Receiver,
    }
}

fn failed(error: CustomerError) -> OpsError {
    match error {
        CustomerError::Failed(error) => error,
        // the types are the integration's own
        _ => OpsError::Contended,
    }
}
