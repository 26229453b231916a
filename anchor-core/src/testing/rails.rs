//! A bank in memory that fails where it is told to, and the rules that every connection to a bank has to keep.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;

use crate::amount::{Amount, Money};
use crate::id::{OrderId, TransactionId};
use crate::integration::{
    FundsOutcome, IntegrationError, PayoutOrder, PayoutOutcome, PendingDeposit, RailsIntegration,
};
use crate::transaction::OrderPurpose;

pub mod conformance;

/// Which call goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RailsCall {
    /// [`RailsIntegration::poll_pending_deposits`].
    PollDeposits,
    /// [`RailsIntegration::poll_pending_deposit`].
    PollDeposit,
    /// [`RailsIntegration::execute_outgoing_transaction`].
    Execute,
    /// [`RailsIntegration::find_outgoing_transaction`].
    Find,
}

/// What goes wrong, once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RailsFault {
    /// "I do not know", without having done anything.
    ErrorBefore,
    /// "I do not know", after it was done.
    ErrorAfter,
    /// "Do not ask again", without having done anything.
    Permanent,
    /// Never answers; nothing is done.
    SilentBefore,
    /// Never answers; it was done.
    SilentAfter,
    /// Panics, without having done anything.
    PanicBefore,
    /// Panics, after it was done.
    PanicAfter,
}

/// Money that left the bank.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Transfer {
    /// The idempotency key.
    pub order: OrderId,
    /// Whose it was.
    pub transaction: TransactionId,
    /// Payout or refund.
    pub purpose: OrderPurpose,
    /// How much left.
    pub amount: Money,
}

/// A bank in memory. Clones share its book.
///
/// It is a good bank: one key sends money once, whatever else goes wrong.
#[derive(Debug, Clone, Default)]
pub struct ScriptedRails(Arc<Mutex<Book>>);

#[derive(Debug, Default)]
struct Book {
    funds: BTreeMap<TransactionId, FundsOutcome>,
    transfers: Vec<Transfer>,
    standing: HashMap<OrderId, PayoutOutcome>,
    next: Option<PayoutOutcome>,
    faults: HashMap<RailsCall, VecDeque<RailsFault>>,
    calls: HashMap<RailsCall, u32>,
    answers_twice: bool,
}

impl ScriptedRails {
    /// An empty bank, whose transfers arrive at once.
    pub fn new() -> Self {
        Self::default()
    }

    /// The money of a deposit arrives.
    pub fn credit(&self, deposit: TransactionId, amount: Amount, reference: impl Into<String>) {
        let outcome = FundsOutcome::Received { amount, reference: reference.into(), from: None };
        self.report(deposit, outcome);
    }

    /// What the bank says about a deposit from now on.
    pub fn report(&self, deposit: TransactionId, outcome: FundsOutcome) {
        self.book().funds.insert(deposit, outcome);
    }

    /// Every question about many deposits is answered twice over.
    pub fn answer_twice(&self) {
        self.book().answers_twice = true;
    }

    /// How orders stand from now on: new ones, and with them all that are under way. A refusal moves no money.
    pub fn decide(&self, outcome: PayoutOutcome) {
        let mut book = self.book();
        for standing in book.standing.values_mut() {
            if matches!(standing, PayoutOutcome::Initiated { .. } | PayoutOutcome::ReadyForPickup { .. }) {
                *standing = outcome.clone();
            }
        }
        book.next = Some(outcome);
    }

    /// The next such call goes wrong. Faults of one call happen in the order in which they were ordered.
    pub fn inject(&self, call: RailsCall, fault: RailsFault) {
        self.book().faults.entry(call).or_default().push_back(fault);
    }

    /// All money that left, oldest first.
    pub fn transfers(&self) -> Vec<Transfer> {
        self.book().transfers.clone()
    }

    /// How often it was called so.
    pub fn calls(&self, call: RailsCall) -> u32 {
        self.book().calls.get(&call).copied().unwrap_or_default()
    }

    fn book(&self) -> MutexGuard<'_, Book> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn answer<T>(
        &self,
        call: RailsCall,
        effect: impl FnOnce(&mut Book) -> T + Send,
    ) -> Result<T, IntegrationError> {
        let fault = {
            let mut book = self.book();
            let count = book.calls.entry(call).or_default();
            *count = count.saturating_add(1);
            book.faults.get_mut(&call).and_then(VecDeque::pop_front)
        };
        let Some(fault) = fault else { return Ok(effect(&mut self.book())) };
        if matches!(fault, RailsFault::ErrorAfter | RailsFault::SilentAfter | RailsFault::PanicAfter) {
            effect(&mut self.book());
        }
        match fault {
            RailsFault::ErrorBefore | RailsFault::ErrorAfter => {
                Err(IntegrationError::transient("the scripted bank does not know"))
            }
            RailsFault::Permanent => Err(IntegrationError::permanent("the scripted bank cannot know")),
            RailsFault::SilentBefore | RailsFault::SilentAfter => std::future::pending().await,
            RailsFault::PanicBefore | RailsFault::PanicAfter => {
                #[expect(clippy::panic, reason = "this is what it was told to do")]
                {
                    panic!("the scripted bank panics")
                }
            }
        }
    }
}

impl Book {
    fn funds_of(&self, deposit: TransactionId) -> FundsOutcome {
        self.funds.get(&deposit).cloned().unwrap_or(FundsOutcome::StillWaiting)
    }

    fn execute(&mut self, order: &PayoutOrder) -> PayoutOutcome {
        if let Some(standing) = self.standing.get(&order.id) {
            return standing.clone();
        }
        let delivered = PayoutOutcome::Delivered { reference: Some(format!("transfer-{}", order.id)) };
        let outcome = self.next.clone().unwrap_or(delivered);
        if !matches!(outcome, PayoutOutcome::Refused { .. } | PayoutOutcome::NeedsInfo { .. }) {
            self.transfers.push(Transfer {
                order: order.id,
                transaction: order.transaction.id,
                purpose: order.purpose,
                amount: order.amount.clone(),
            });
        }
        self.standing.insert(order.id, outcome.clone());
        outcome
    }

    fn find(&self, order: OrderId) -> PayoutOutcome {
        self.standing.get(&order).cloned().unwrap_or(PayoutOutcome::NeverSeen)
    }
}

#[async_trait]
impl RailsIntegration for ScriptedRails {
    async fn poll_pending_deposit(&self, deposit: &PendingDeposit) -> Result<FundsOutcome, IntegrationError> {
        self.answer(RailsCall::PollDeposit, |book| book.funds_of(deposit.transaction.id)).await
    }

    async fn poll_pending_deposits(
        &self,
        deposits: &[PendingDeposit],
    ) -> Result<Vec<(TransactionId, Result<FundsOutcome, IntegrationError>)>, IntegrationError> {
        self.answer(RailsCall::PollDeposits, |book| {
            let rounds = if book.answers_twice { 2 } else { 1 };
            let ids = deposits.iter().map(|deposit| deposit.transaction.id);
            let ids: Vec<_> = std::iter::repeat_n(ids, rounds).flatten().collect();
            ids.into_iter().map(|id| (id, Ok(book.funds_of(id)))).collect()
        })
        .await
    }

    async fn execute_outgoing_transaction(
        &self,
        order: &PayoutOrder,
    ) -> Result<PayoutOutcome, IntegrationError> {
        self.answer(RailsCall::Execute, |book| book.execute(order)).await
    }

    async fn find_outgoing_transaction(
        &self,
        order: &PayoutOrder,
    ) -> Result<PayoutOutcome, IntegrationError> {
        self.answer(RailsCall::Find, |book| book.find(order.id)).await
    }
}

#[cfg(test)]
mod tests;
