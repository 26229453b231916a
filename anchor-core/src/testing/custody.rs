//! A custodian in memory that fails where it is told to, and the rules that every custodian has to keep.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;

use crate::id::AttemptId;
use crate::integration::{CustodyIntegration, CustodyOutcome, IntegrationError};
use crate::keys::SigningKey;
use crate::stellar::envelope::{EnvelopeSpec, Payment, SignedEnvelope};
use crate::stellar::{Ledger, Lookup};
use crate::testing::ledger::FakeLedger;
use crate::transaction::{CustodyOrder, TransactionHash};

pub mod conformance;

/// Which call goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum CustodyCall {
    /// [`CustodyIntegration::hand_over`].
    HandOver,
    /// [`CustodyIntegration::find`].
    Find,
}

/// What goes wrong, once.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum CustodyFault {
    /// "I do not know", without having done anything.
    ErrorBefore,
    /// "I do not know", after it was done.
    ErrorAfter,
    /// "Do not ask again", without having done anything.
    Permanent,
    /// Never answers; it was done.
    SilentAfter,
    /// Panics, after it was done.
    PanicAfter,
    /// Answers with this, whatever is true.
    Lie(CustodyOutcome),
}

/// A custodian in memory, who pays on a [`FakeLedger`] with a key of its own, one payment in each ledger. Clones share its
/// book.
///
/// It is a good custodian: one id pays once, whatever else goes wrong.
#[derive(Debug, Clone)]
pub struct ScriptedCustody {
    ledger: FakeLedger,
    key: SigningKey,
    book: Arc<Mutex<Book>>,
}

#[derive(Debug, Default)]
struct Book {
    standing: BTreeMap<AttemptId, Standing>,
    /// Accepted, not sent yet.
    queue: VecDeque<CustodyOrder>,
    /// Sent, one at a time.
    sent: Option<(AttemptId, TransactionHash)>,
    handed_over: Vec<CustodyOrder>,
    rejects: Option<String>,
    faults: Vec<(CustodyCall, CustodyFault)>,
}

#[derive(Debug, Clone)]
enum Standing {
    Pending,
    Applied(TransactionHash),
    Rejected(String),
}

impl ScriptedCustody {
    /// Pays with this key.
    pub fn new(ledger: FakeLedger, key: SigningKey) -> Self {
        Self { ledger, key, book: Arc::default() }
    }

    fn book(&self) -> MutexGuard<'_, Book> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// From now on new orders are rejected with this, or (`None`) they are not.
    pub fn reject(&self, reason: Option<&str>) {
        self.book().rejects = reason.map(str::to_owned);
    }

    /// The next such call goes wrong. Faults of one call happen in the order in which they were ordered.
    pub fn inject(&self, call: CustodyCall, fault: CustodyFault) {
        self.book().faults.push((call, fault));
    }

    /// Every order that was handed over, repetitions too, oldest first.
    pub fn handed_over(&self) -> Vec<CustodyOrder> {
        self.book().handed_over.clone()
    }

    /// The transaction that paid an order.
    pub fn paid(&self, order: AttemptId) -> Option<TransactionHash> {
        match self.book().standing.get(&order) {
            Some(Standing::Applied(hash)) => Some(*hash),
            _ => None,
        }
    }

    /// Sends what comes next, once what was sent is on the ledger.
    async fn work(&self) {
        let sent = self.book().sent;
        if let Some((id, hash)) = sent {
            let standing = match self.ledger.lookup(&hash).await {
                Ok(Lookup::Succeeded { .. }) => Standing::Applied(hash),
                Ok(Lookup::Failed { failure, .. }) => Standing::Rejected(failure.codes),
                Ok(Lookup::NotFound { .. }) | Err(_) => return,
            };
            let mut book = self.book();
            book.standing.insert(id, standing);
            book.sent = None;
        }
        let Some(next) = self.book().queue.pop_front() else { return };
        match self.send(&next).await {
            Some(hash) => self.book().sent = Some((next.id, hash)),
            None => self.book().queue.push_front(next),
        }
    }

    async fn send(&self, order: &CustodyOrder) -> Option<TransactionHash> {
        let source = self.ledger.account(&self.key.account()).await.ok()??;
        let payment = match order.creates_account {
            true => Payment::CreateAccount {
                destination: order.destination.ledger_account()?,
                starting_balance: order.amount,
            },
            false => Payment::Pay {
                destination: order.destination,
                asset: order.asset.clone(),
                amount: order.amount,
            },
        };
        let unsigned = EnvelopeSpec {
            network: self.ledger.network(),
            transaction_source: source.id,
            sequence: source.sequence.saturating_add(1),
            operation_source: None,
            operations: vec![payment.into()],
            memo: order.memo.clone(),
            fee_per_operation: 100,
            // custodians wait as long as it takes
            max_time: 4_000_000_000,
        };
        let unsigned = unsigned.build().ok()?;
        let signature = self.key.sign(unsigned.hash().as_bytes());
        let SignedEnvelope { hash, xdr } = unsigned.sign(&[(source.id, signature)]).ok()?;
        self.ledger.submit(&xdr).await.ok()?;
        Some(hash)
    }

    fn fault(&self, call: CustodyCall) -> Option<CustodyFault> {
        let mut book = self.book();
        let place = book.faults.iter().position(|(of, _)| *of == call)?;
        Some(book.faults.remove(place).1)
    }

    async fn answer(
        &self,
        call: CustodyCall,
        order: &CustodyOrder,
    ) -> Result<CustodyOutcome, IntegrationError> {
        let fault = self.fault(call);
        match &fault {
            Some(CustodyFault::ErrorBefore) => {
                return Err(IntegrationError::transient("the scripted custodian does not know"));
            }
            Some(CustodyFault::Permanent) => {
                return Err(IntegrationError::permanent("the scripted custodian cannot know"));
            }
            _ => {}
        }
        if call == CustodyCall::HandOver {
            self.take(order);
        }
        self.work().await;
        match fault {
            Some(CustodyFault::Lie(lie)) => Ok(lie),
            Some(CustodyFault::SilentAfter) => std::future::pending().await,
            Some(CustodyFault::PanicAfter) => {
                #[expect(clippy::panic, reason = "this is what it was told to do")]
                {
                    panic!("the scripted custodian panics")
                }
            }
            Some(_) => Err(IntegrationError::transient("the scripted custodian does not know")),
            None => Ok(self.standing(order.id)),
        }
    }

    fn take(&self, order: &CustodyOrder) {
        let mut book = self.book();
        book.handed_over.push(order.clone());
        if book.standing.contains_key(&order.id) {
            return;
        }
        let standing = match book.rejects.clone() {
            Some(reason) => Standing::Rejected(reason),
            None => {
                book.queue.push_back(order.clone());
                Standing::Pending
            }
        };
        book.standing.insert(order.id, standing);
    }

    fn standing(&self, order: AttemptId) -> CustodyOutcome {
        match self.book().standing.get(&order).cloned() {
            None => CustodyOutcome::NeverSeen,
            Some(Standing::Pending) => CustodyOutcome::Pending,
            Some(Standing::Applied(hash)) => CustodyOutcome::Applied { hash },
            Some(Standing::Rejected(reason)) => CustodyOutcome::Rejected { reason },
        }
    }
}

#[async_trait]
impl CustodyIntegration for ScriptedCustody {
    async fn hand_over(&self, order: &CustodyOrder) -> Result<CustodyOutcome, IntegrationError> {
        self.answer(CustodyCall::HandOver, order).await
    }

    async fn find(&self, order: &CustodyOrder) -> Result<CustodyOutcome, IntegrationError> {
        self.answer(CustodyCall::Find, order).await
    }
}

#[cfg(test)]
mod tests;
