//! The envelopes that the transactions of a round gave up: looked at once more before there are new ones.
//!
//! Each of them was given up by proof, so this is a second wall, and most of it stands in the database already: a ledger
//! failed the envelope, or another one of ours used its number. An account whose number is unused proves the same about all
//! envelopes with that number. Only what is left is looked up, each envelope once for all transactions of the round; and
//! only what is not found then is searched for, one envelope after another, until one search takes longer.
//!
//! Whatever is not known in time waits, and nothing else waits for it.

use std::collections::HashMap;

use chrono::{DateTime, Utc};

use super::super::accounts::Accounts;
use super::super::{OpsError, chain};
use super::{Number, is_absent_by_now, number};
use crate::anchor::Anchor;
use crate::id::AttemptId;
use crate::stellar::{LedgerError, LedgerPoint, Lookup};
use crate::store::GivenUp;
use crate::transaction::TransactionHash;

/// So many envelopes are looked up at once; then the clock is asked whether there is time for more.
const AT_ONCE: usize = 100;

/// What an envelope that was given up says about a new one.
#[derive(Debug, Clone)]
pub(in crate::ops) enum Earlier {
    /// It cannot be applied beside it.
    Dead,
    /// It may have been: ask again.
    Unknown,
    /// It has been, although it was given up; in this form.
    Applied(TransactionHash),
    /// It could not be found out.
    Failed(LedgerError),
}

/// What is known of each of them.
#[derive(Debug, Default)]
pub(in crate::ops) struct GivenUps(HashMap<AttemptId, Earlier>);

impl GivenUps {
    /// What those of one transaction say together: the worst of it.
    pub(in crate::ops) fn of(&self, given_up: &[GivenUp]) -> Earlier {
        let mut worst = Earlier::Dead;
        for one in given_up {
            match (self.0.get(&one.attempt.id), &worst) {
                (Some(Earlier::Dead), _) => {}
                (Some(Earlier::Applied(hash)), _) => return Earlier::Applied(*hash),
                (Some(Earlier::Failed(error)), _) => worst = Earlier::Failed(error.clone()),
                (Some(Earlier::Unknown) | None, Earlier::Failed(_)) => {}
                (Some(Earlier::Unknown) | None, _) => worst = Earlier::Unknown,
            }
        }
        worst
    }
}

/// Looks at all of them. `latest` was read before; nothing more is asked after `until`.
pub(in crate::ops) async fn earlier(
    anchor: &Anchor,
    latest: LedgerPoint,
    until: DateTime<Utc>,
    given_up: &[GivenUp],
) -> GivenUps {
    let mut known: HashMap<AttemptId, Earlier> = HashMap::new();
    let mut open: Vec<&GivenUp> = Vec::new();
    for one in given_up {
        if known.contains_key(&one.attempt.id) {
            continue;
        }
        let is_dead = one.ledger.is_some() || one.is_superseded;
        known.insert(one.attempt.id, if is_dead { Earlier::Dead } else { Earlier::Unknown });
        if !is_dead {
            open.push(one);
        }
    }
    let accounts = Accounts::read(anchor, open.iter().map(|one| one.attempt.source).collect()).await;
    let mut used = Vec::with_capacity(open.len());
    for one in open {
        let said = accounts.get(&one.attempt.source).map(|account| number(&one.attempt, latest, account));
        let said = match said {
            Ok(Number::Unused) => Earlier::Dead,
            Ok(Number::Unknown) => Earlier::Unknown,
            Ok(Number::Used) => {
                used.push(one);
                continue;
            }
            Err(error) => Earlier::Failed(error),
        };
        known.insert(one.attempt.id, said);
    }
    let mut missing = Vec::new();
    for some in used.chunks(AT_ONCE) {
        if anchor.clock().now() >= until {
            break;
        }
        for (one, looked) in some.iter().zip(look_up(anchor, some).await) {
            match looked {
                Looked::Missing(checked) => missing.push((*one, checked)),
                Looked::Known(said) => drop(known.insert(one.attempt.id, said)),
            }
        }
    }
    for (one, checked) in missing {
        if anchor.clock().now() >= until {
            break;
        }
        let said = match is_absent_by_now(anchor, &one.attempt, checked).await {
            Ok(true) => Earlier::Dead,
            Ok(false) => Earlier::Unknown,
            // it goes on in the next round, and what was found until then is remembered
            Err(OpsError::Ledger(LedgerError::Unfinished)) => break,
            Err(OpsError::Ledger(error)) => failed(one, error),
            Err(error) => {
                tracing::warn!(
                    attempt.id = %one.attempt.id,
                    error = chain(&error),
                    "an earlier envelope could not be searched for"
                );
                Earlier::Unknown
            }
        };
        known.insert(one.attempt.id, said);
    }
    GivenUps(known)
}

/// What looking up one of them said.
enum Looked {
    Known(Earlier),
    /// In none of its forms, up to the earliest of their points.
    Missing(LedgerPoint),
}

async fn look_up(anchor: &Anchor, some: &[&GivenUp]) -> Vec<Looked> {
    let hashes_of = |one: &GivenUp| -> Vec<TransactionHash> {
        std::iter::once(one.attempt.hash).chain(one.wrappings.iter().copied()).collect()
    };
    let hashes: Vec<Vec<TransactionHash>> = some.iter().map(|one| hashes_of(one)).collect();
    let mut answers = anchor.ledger().lookup_all(&hashes.concat()).await.into_iter();
    let mut looked = Vec::with_capacity(some.len());
    for (one, hashes) in some.iter().zip(hashes) {
        let answers: Vec<_> = answers.by_ref().take(hashes.len()).collect();
        looked.push(judge(one, &hashes, answers));
    }
    looked
}

fn judge(one: &GivenUp, hashes: &[TransactionHash], answers: Vec<Result<Lookup, LedgerError>>) -> Looked {
    let (mut has_failed, mut unknown, mut checked) = (false, None, None);
    if answers.len() < hashes.len() {
        unknown = Some(LedgerError::Malformed("no answer to a look-up".to_owned()));
    }
    for (hash, answer) in hashes.iter().zip(answers) {
        match answer {
            Ok(Lookup::Succeeded { .. }) => return Looked::Known(Earlier::Applied(*hash)),
            Ok(Lookup::Failed { .. }) => has_failed = true,
            Ok(Lookup::NotFound { checked: point }) => {
                checked = Some(checked.map_or(point, |before: LedgerPoint| before.min(point)));
            }
            Err(error) => unknown = Some(error),
        }
    }
    match (unknown, checked) {
        _ if has_failed => Looked::Known(Earlier::Dead),
        (Some(error), _) => Looked::Known(failed(one, error)),
        (None, Some(checked)) => Looked::Missing(checked),
        (None, None) => Looked::Known(Earlier::Unknown),
    }
}

/// Its number was used, by no envelope of ours that is known to have landed: it may be this one. Where nobody has the ledgers
/// any more that would tell, it stays so: that it was given up says only that a server had not found it by then.
fn failed(one: &GivenUp, error: LedgerError) -> Earlier {
    if matches!(error, LedgerError::HistoryGone { .. }) {
        tracing::error!(
            attempt.id = %one.attempt.id,
            hash = %one.attempt.hash,
            transaction.id = %one.transaction,
            "the ledger server no longer has the ledgers that would show whether an earlier envelope was applied: \
             its transaction is not paid again before a server that has them is asked (HORIZON_URI)"
        );
    }
    Earlier::Failed(error)
}
