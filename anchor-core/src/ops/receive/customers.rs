//! Senders and receivers, as far as customers are known.

use crate::account::Subject;
use crate::anchor::Anchor;
use crate::customer::{Customer, CustomerRole, Standing};
use crate::id::CustomerId;
use crate::integration::{Party, ReceiveOutcome, ReceiveView};
use crate::ops::customer::{self, CustomerError};
use crate::ops::{OpsError, receive};
use crate::store::{CustomerKeyed, StoreError};

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

/// What the customers' standing decides; `None` if it is no obstacle. Of several types that a party may have, the one with
/// which it stands best counts. Somebody who was erased since has to be known anew.
pub(super) async fn outcome(anchor: &Anchor, view: &ReceiveView) -> Result<Option<ReceiveOutcome>, OpsError> {
    for party in [Party::Sender, Party::Receiver] {
        let types = types(anchor, party);
        if types.is_empty() {
            continue;
        }
        let known = match receive::customer(&view.transaction.request, party) {
            Some(id) => find(anchor, id).await?,
            None => None,
        };
        let mut best = None;
        for (name, _) in types {
            let stands = customer::standing(anchor, known.as_ref(), name, Some(&view.transaction)).await;
            let stands = stands.map_err(failed)?;
            if best.as_ref().is_none_or(|(_, before)| rank(&stands) > rank(before)) {
                best = Some((name, stands));
            }
        }
        let obstacle = match best {
            None | Some((_, Standing::Accepted)) => continue,
            Some((_, Standing::Processing { .. })) => ReceiveOutcome::Later,
            Some((_, Standing::Rejected { message })) => ReceiveOutcome::Refused { reason: message },
            Some((name, Standing::NeedsInfo { .. })) => {
                ReceiveOutcome::NeedsCustomerInfo { party, customer_type: Some(name.to_owned()) }
            }
        };
        return Ok(Some(obstacle));
    }
    Ok(None)
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
