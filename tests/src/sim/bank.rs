//! The bank, and the business's code that speaks to it; the business's sink for news, and the wallets' servers.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use anchor_core::amount::Amount;
use anchor_core::id::{OrderId, TransactionId};
use anchor_core::integration::{
    EventSink, FundsOutcome, IntegrationError, PayoutOrder, PayoutOutcome, PendingDeposit, RailsIntegration,
};
use anchor_core::ops::callback::{CallbackError, CallbackRequest, CallbackSender};
use anchor_core::transaction::{Event, InfoField, InfoNeed};
use async_trait::async_trait;

use super::Bug;
use super::life::Life;
use super::weather::Sim;

/// What the bank does with an order for this transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Manner {
    Delivers,
    /// First under way, at the second look delivered.
    TakesTime,
    /// The user has to come; at the third look they have.
    Counter,
    Refuses,
    /// The first order is turned down: the user has to tell more.
    AsksFirst,
}

/// One bank. Clones share its book.
#[derive(Clone)]
pub(super) struct Bank {
    sim: Sim,
    book: Arc<Mutex<Book>>,
}

#[derive(Default)]
struct Book {
    funds: BTreeMap<TransactionId, FundsOutcome>,
    manners: BTreeMap<TransactionId, Manner>,
    /// The orders that were turned down so.
    asked: BTreeMap<TransactionId, OrderId>,
    orders: BTreeMap<OrderId, Standing>,
    transfers: Vec<(TransactionId, Amount)>,
    /// Who may execute which order: whoever stored it, and whoever was told that it was never seen.
    permits: BTreeSet<(OrderId, String)>,
}

struct Standing {
    transaction: TransactionId,
    looks: u32,
}

impl Bank {
    pub(super) fn new(sim: &Sim) -> Self {
        Self { sim: sim.clone(), book: Arc::default() }
    }

    fn book(&self) -> MutexGuard<'_, Book> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn report(&self, deposit: TransactionId, outcome: FundsOutcome) {
        self.book().funds.insert(deposit, outcome);
    }

    pub(super) fn treat(&self, transaction: TransactionId, manner: Manner) {
        self.book().manners.insert(transaction, manner);
    }

    /// What left the bank for this transaction.
    pub(super) fn transfers(&self, transaction: TransactionId) -> Vec<Amount> {
        let book = self.book();
        let of_it = book.transfers.iter().filter(|(of, _)| *of == transaction);
        of_it.map(|(_, amount)| *amount).collect()
    }

    pub(super) fn permit(&self, order: OrderId, to: &str) {
        self.book().permits.insert((order, to.to_owned()));
    }

    fn knows(&self, order: OrderId) -> bool {
        self.book().orders.contains_key(&order)
    }

    /// Pays, unless the key `is_known`.
    fn execute(&self, order: &PayoutOrder, is_known: bool) -> PayoutOutcome {
        let transaction = order.transaction.id;
        let mut book = self.book();
        let pays = match book.manner(transaction) {
            Manner::Refuses => false,
            Manner::AsksFirst => *book.asked.entry(transaction).or_insert(order.id) != order.id,
            _ => true,
        };
        if !is_known && pays {
            book.transfers.push((transaction, order.amount.amount));
        }
        book.orders.entry(order.id).or_insert(Standing { transaction, looks: 0 });
        book.standing(order.id)
    }

    fn find(&self, order: OrderId) -> PayoutOutcome {
        let mut book = self.book();
        if let Some(standing) = book.orders.get_mut(&order) {
            standing.looks += 1;
        }
        book.standing(order)
    }
}

impl Book {
    fn manner(&self, transaction: TransactionId) -> Manner {
        self.manners.get(&transaction).copied().unwrap_or(Manner::Delivers)
    }

    fn standing(&self, order: OrderId) -> PayoutOutcome {
        let Some(standing) = self.orders.get(&order) else { return PayoutOutcome::NeverSeen };
        let reference = Some(format!("transfer-{order}"));
        match (self.manner(standing.transaction), standing.looks) {
            (Manner::Refuses, _) => {
                PayoutOutcome::Refused { reason: "no such account".to_owned(), refund: true }
            }
            (Manner::AsksFirst, _) if self.asked.get(&standing.transaction) == Some(&order) => {
                let fields = vec![InfoField::new("bank_account_number", "Another account")];
                PayoutOutcome::NeedsInfo { need: InfoNeed::Transaction { fields, message: None } }
            }
            (Manner::TakesTime, 0 | 1) => PayoutOutcome::Initiated { reference },
            (Manner::Counter, 0..=2) => PayoutOutcome::ReadyForPickup { reference },
            _ => PayoutOutcome::Delivered { reference },
        }
    }
}

/// The business's code in one process.
pub(super) struct Rails {
    pub(super) life: Life,
    pub(super) bank: Bank,
}

fn unknown() -> IntegrationError {
    IntegrationError::transient("the bank does not know")
}

#[async_trait]
impl RailsIntegration for Rails {
    async fn poll_pending_deposit(&self, deposit: &PendingDeposit) -> Result<FundsOutcome, IntegrationError> {
        let id = deposit.transaction.id;
        let answer =
            async { Ok(self.bank.book().funds.get(&id).cloned().unwrap_or(FundsOutcome::StillWaiting)) };
        self.life.call("bank: funds?", answer, unknown).await
    }

    async fn execute_outgoing_transaction(
        &self,
        order: &PayoutOrder,
    ) -> Result<PayoutOutcome, IntegrationError> {
        if !self.bank.book().permits.remove(&(order.id, self.life.name.to_string())) {
            let what = format!("{} executes {} again and has not asked for it", self.life.name, order.id);
            self.bank.sim.violated(what);
        }
        let racy = self.bank.sim.climate().racy_bank;
        let is_late = !racy && !self.bank.sim.is_calm() && self.bank.sim.chance(|c| c.happens(500));
        if is_late {
            // on its way for longer than anybody waits
            let (bank, order) = (self.bank.clone(), order.clone());
            let travels = bank.sim.chance(|c| c.pause(Duration::from_secs(1), Duration::from_secs(120)));
            tokio::spawn(async move {
                tokio::time::sleep(travels).await;
                bank.execute(&order, bank.knows(order.id));
                bank.sim.note("bank", || format!("executes {} late", order.id));
            });
            return self.life.call("bank: execute, slowly", async { Err(unknown()) }, unknown).await;
        }
        let executes = async {
            let mut is_known = self.bank.knows(order.id);
            if racy {
                let works = self.bank.sim.chance(|c| c.pause(Duration::ZERO, Duration::from_secs(4)));
                tokio::time::sleep(works).await;
            } else {
                is_known = self.bank.knows(order.id);
            }
            Ok(self.bank.execute(order, is_known))
        };
        let answer = self.life.call(&format!("bank: execute {}", order.id), executes, unknown).await;
        match answer {
            Err(_) if self.bank.sim.has(Bug::ErrorIsNo) => {
                Ok(PayoutOutcome::Refused { reason: "the bank said 500".to_owned(), refund: true })
            }
            answer => answer,
        }
    }

    async fn find_outgoing_transaction(
        &self,
        order: &PayoutOrder,
    ) -> Result<PayoutOutcome, IntegrationError> {
        if self.bank.sim.has(Bug::BlindExecute) {
            return Ok(PayoutOutcome::NeverSeen);
        }
        let finds = async { Ok(self.bank.find(order.id)) };
        let answer = self.life.call(&format!("bank: find {}", order.id), finds, unknown).await;
        if let Ok(PayoutOutcome::NeverSeen) = answer {
            self.bank.permit(order.id, &self.life.name);
        }
        answer
    }
}

/// The business hears of everything, at least once.
pub(super) struct News {
    pub(super) life: Life,
    pub(super) heard: Arc<Mutex<BTreeSet<(TransactionId, i64)>>>,
}

#[async_trait]
impl EventSink for News {
    async fn deliver(&self, event: &Event) -> Result<(), IntegrationError> {
        let hears = async {
            let mut heard = self.heard.lock().unwrap_or_else(PoisonError::into_inner);
            heard.insert((event.transaction.id, event.transaction.version));
            Ok(())
        };
        self.life.call("sink: news", hears, unknown).await
    }
}

/// The wallets' servers: how often each address was told of the end of the flow.
pub(super) struct Wallets {
    pub(super) life: Life,
    pub(super) posted: Arc<Mutex<BTreeMap<String, u32>>>,
}

#[async_trait]
impl CallbackSender for Wallets {
    async fn post(&self, request: &CallbackRequest) -> Result<u16, CallbackError> {
        let takes = async {
            let mut posted = self.posted.lock().unwrap_or_else(PoisonError::into_inner);
            *posted.entry(request.url.to_string()).or_default() += 1;
            Ok(200)
        };
        let failure = || CallbackError::Unknown("the connection broke".into());
        self.life.call("wallet: post", takes, failure).await
    }
}
