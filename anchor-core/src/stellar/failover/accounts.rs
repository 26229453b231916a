//! Accounts as the server shows them that has read furthest.

use std::cmp::Reverse;
use std::sync::Arc;

use futures_util::future::join_all;

use super::{About, FailoverLedger, Server, within};
use crate::account::AccountId;
use crate::stellar::{AccountSnapshot, LedgerError, LedgerPoint};

type Answer = Result<Option<AccountSnapshot>, LedgerError>;

/// What one server said, and how far it had read **before** it was asked.
struct Told {
    before: LedgerPoint,
    answer: Option<AccountSnapshot>,
}

/// What is known of the others' answers.
enum Freshest {
    Shown(Answer),
    /// Two servers show different things of the same ledger.
    Contradiction,
}

impl FailoverLedger {
    /// One answer each. If the server that has read furthest shows an account as it was before, or says that there is
    /// none, all are asked how far they have read and what they have.
    pub(super) async fn freshest(&self, ids: &[AccountId]) -> Vec<Answer> {
        let mut order = self.order();
        order.sort_by_key(|server| {
            let sequence = server.health.state().reached.map_or(0, |point| point.sequence);
            (self.standing(server), Reverse(sequence))
        });
        let Some(first) = order.first() else { return Vec::new() };
        let mut answers = first.ledger.accounts(ids).await;
        self.note_all(first, About::AllElse, &answers);
        let floor = self.floor();
        let rest: Vec<usize> = answers
            .iter()
            .enumerate()
            .filter(|(_, answer)| !is_fresh(answer, floor))
            .map(|(place, _)| place)
            .collect();
        if !rest.is_empty() {
            let asked: Vec<AccountId> = rest.iter().filter_map(|place| ids.get(*place).copied()).collect();
            let told = self.told_by_all(&order, &asked).await;
            for (index, place) in rest.into_iter().enumerate() {
                let of_one = told.iter().map(|answers| answers.get(index).cloned().unwrap_or_else(missing));
                let answer = match freshest(of_one.collect(), floor) {
                    Freshest::Shown(answer) => answer,
                    Freshest::Contradiction => {
                        self.contradicted("an account");
                        Err(LedgerError::Disagreement("an account".to_owned()))
                    }
                };
                if let Some(place) = answers.get_mut(place) {
                    *place = answer;
                }
            }
        }
        let latest = answers.iter().filter_map(|answer| answer.as_ref().ok()?.as_ref()?.as_of).max();
        latest.into_iter().for_each(|latest| self.show(latest));
        answers
    }

    async fn told_by_all(
        &self,
        order: &[&Server],
        asked: &[AccountId],
    ) -> Vec<Vec<Result<Arc<Told>, LedgerError>>> {
        let ask = |server: &'_ Server| {
            let (ledger, asked, patience) =
                (Arc::clone(&server.ledger), asked.to_vec(), self.patience(server));
            async move {
                let told = async {
                    let before = ledger.latest().await?;
                    let answers = ledger.accounts(&asked).await.into_iter();
                    let told = |answer: Answer| answer.map(|answer| Arc::new(Told { before, answer }));
                    Ok::<Vec<_>, LedgerError>(answers.map(told).collect())
                };
                let told = within(patience, told).await.and_then(|told| told);
                told.unwrap_or_else(|error| asked.iter().map(|_| Err(error.clone())).collect())
            }
        };
        let told = join_all(order.iter().map(|server| ask(server))).await;
        for (server, answers) in order.iter().zip(&told) {
            self.note_all(server, About::AllElse, answers);
        }
        told
    }
}

fn missing<T>() -> Result<T, LedgerError> {
    Err(LedgerError::Malformed("an account was not answered for".to_owned()))
}

/// There is such an account, as of a ledger that is no older than what was shown before.
fn is_fresh(answer: &Answer, floor: u32) -> bool {
    matches!(answer, Ok(Some(account)) if account.as_of.is_some_and(|as_of| as_of >= floor))
}

/// The one that is of the latest ledger. That there is none is of the ledger that was read before, or of a later one.
fn freshest(told: Vec<Result<Arc<Told>, LedgerError>>, floor: u32) -> Freshest {
    let (mut shown, mut absent, mut trouble): (Option<AccountSnapshot>, Option<u32>, _) = (None, None, None);
    for one in told {
        match one {
            Ok(told) => match &told.answer {
                Some(account) => match &shown {
                    Some(best) if best.as_of.is_some() && best.as_of == account.as_of => {
                        if (best.sequence, best.balance) != (account.sequence, account.balance) {
                            return Freshest::Contradiction;
                        }
                    }
                    Some(best) if best.as_of >= account.as_of => {}
                    _ => shown = Some(account.clone()),
                },
                None => absent = absent.max(Some(told.before.sequence)),
            },
            Err(error) => trouble = Some(error),
        }
    }
    let (answer, as_of) = match (shown, absent) {
        (None, None) => {
            return Freshest::Shown(Err(trouble.unwrap_or(LedgerError::NoQuorum { said: 0, wanted: 1 })));
        }
        // a server that does not say how far it has read: whoever asked has to know what that is worth
        (Some(account), None) if account.as_of.is_none() => return Freshest::Shown(Ok(Some(account))),
        (Some(account), absent) => {
            let as_of = account.as_of.unwrap_or_default();
            match absent {
                Some(before) if before > as_of => (None, before),
                // it may have come or gone in the next ledger: asked again
                Some(before) if before == as_of => {
                    let whether = LedgerError::Disagreement("whether an account exists".to_owned());
                    return Freshest::Shown(Err(whether));
                }
                _ => (Some(account), as_of),
            }
        }
        (None, Some(before)) => (None, before),
    };
    if as_of < floor {
        return Freshest::Shown(Err(LedgerError::Behind { reached: as_of, wanted: floor }));
    }
    Freshest::Shown(Ok(answer))
}
