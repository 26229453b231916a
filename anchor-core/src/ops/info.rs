//! What a wallet tells about a transaction that waits for it (SEP-6 PATCH).

use std::collections::BTreeMap;

use super::commit::commit_with;
use super::{Committed, OpsError, answers};
use crate::anchor::Anchor;
use crate::transaction::{Actor, Fact, InfoField, InfoKind, InfoNeed, State, Transaction};

/// Under which page of the answers stands what was told about a transaction.
pub const TRANSACTION_PAGE: &str = "transaction";
/// Longest accepted value, in bytes.
const VALUE_MAX: usize = 1024;

/// Why nothing was taken; no value is repeated.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum InfoError {
    /// Nobody has asked, or not about this.
    #[error("the transaction does not wait for any information")]
    NotAsked,
    /// Something else.
    #[error("{0} was not asked for")]
    Unknown(String),
    /// Not everything that was asked for.
    #[error("{0} is required")]
    Missing(String),
    /// Empty, too long, or none of the choices.
    #[error("{0} is not valid")]
    Invalid(String),
    /// Something did not answer. Telling it again is harmless.
    #[error(transparent)]
    Failed(#[from] OpsError),
}

/// Takes what was asked for, all of it, and lets the transaction go on: both in one commit, or nothing.
///
/// # Errors
/// See [`InfoError`]; nothing was taken.
pub async fn tell(
    anchor: &Anchor,
    transaction: &Transaction,
    told: &BTreeMap<String, String>,
) -> Result<Transaction, InfoError> {
    is_asked(transaction, told)?;
    let mut answers = answers::fetch(anchor, transaction.id).await?;
    for (name, value) in told {
        answers.tell(TRANSACTION_PAGE, name, value.clone());
    }
    let fact = Fact::InfoGiven { kind: InfoKind::Transaction };
    match commit_with(anchor, transaction, fact, Actor::User, &answers).await? {
        Committed::Moved(next) => Ok(next),
        // somebody else told it at the same moment, or the time is over
        _ => Err(InfoError::NotAsked),
    }
}

/// Whether all of this is what the transaction waits for.
pub(super) fn is_asked(transaction: &Transaction, told: &BTreeMap<String, String>) -> Result<(), InfoError> {
    match &transaction.state {
        State::AwaitingInfo { need: InfoNeed::Transaction { fields, .. }, .. } => check(fields, told),
        _ => Err(InfoError::NotAsked),
    }
}

fn check(fields: &[InfoField], told: &BTreeMap<String, String>) -> Result<(), InfoError> {
    for (name, value) in told {
        let Some(field) = fields.iter().find(|field| field.name == *name) else {
            return Err(InfoError::Unknown(shown(name)));
        };
        let is_choice = field.choices.is_empty() || field.choices.contains(value);
        if value.is_empty() || value.len() > VALUE_MAX || !is_choice {
            return Err(InfoError::Invalid(field.name.clone()));
        }
    }
    match fields.iter().find(|field| !field.optional && !told.contains_key(&field.name)) {
        Some(field) => Err(InfoError::Missing(field.name.clone())),
        None => Ok(()),
    }
}

/// A name that the wallet made up.
fn shown(name: &str) -> String {
    let short = name.len() <= 64 && name.bytes().all(|byte| byte.is_ascii_graphic());
    if short { name.to_owned() } else { "a field".to_owned() }
}
