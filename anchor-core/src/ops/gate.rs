//! Whether a customer may do what was asked for by API, as far as SEP-12 knows.

use super::customer::{CustomerError, by_id, of_subject, standing, type_of};
use super::{OpsError, chain, receive};
use crate::anchor::Anchor;
use crate::customer::{Customer, Standing};
use crate::integration::IntegrationError;
use crate::transaction::{Protocol, Transaction};

/// Who asks, and how they stand. Where nothing is asked of customers, everybody is accepted.
///
/// # Errors
/// The store's.
pub(super) async fn admitted(anchor: &Anchor, transaction: &Transaction) -> Result<Standing, OpsError> {
    let Some(of) = type_of(anchor, transaction) else { return Ok(Standing::Accepted) };
    let customer = customer(anchor, transaction).await?;
    match standing(anchor, customer.as_ref(), of, Some(transaction)).await {
        Ok(standing) => Ok(standing),
        Err(CustomerError::Failed(error)) => Err(error),
        Err(error) => Err(IntegrationError::permanent(chain(&error)).into()),
    }
}

/// Whether the customer is accepted, and has told something since the transaction began to wait for it.
///
/// # Errors
/// As [`admitted`].
pub(super) async fn told_since(anchor: &Anchor, transaction: &Transaction) -> Result<bool, OpsError> {
    if transaction.protocol == Protocol::Sep31 {
        return receive::told_since(anchor, transaction).await;
    }
    let Some(customer) = customer(anchor, transaction).await? else { return Ok(false) };
    let is_news = customer.updated_at >= transaction.updated_at;
    Ok(is_news && admitted(anchor, transaction).await? == Standing::Accepted)
}

/// The one that the wallet named, if this user may name it, or the user's own.
pub(super) async fn customer(
    anchor: &Anchor,
    transaction: &Transaction,
) -> Result<Option<Customer>, OpsError> {
    Ok(match &transaction.request.customer {
        Some(id) => by_id(anchor, &transaction.subject, id).await?,
        None => of_subject(anchor, &transaction.subject).await?,
    })
}
