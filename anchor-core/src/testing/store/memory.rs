//! A store in memory: every rule of a [`Store`](crate::store::Store), and nothing that outlives the process.
//!
//! For tests that run a whole anchor many thousand times. It is deterministic, its verbs never wait, and it passes
//! [`store_conformance!`](crate::store_conformance) like the databases do.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::id::AttemptId;
use crate::store::{Bump, PaymentRecord, SetAside};
use crate::transaction::{Attempt, AttemptStatus, Event, Order, OrderStatus, Transaction};

mod answers;
mod attempts;
mod begin;
mod books;
mod changes;
mod channels;
mod claims;
mod custody;
mod customers;
mod documents;
mod find;
mod outbox;
mod payments;
mod quotes;
mod sessions;
mod set_asides;
mod signings;
mod verbs;
mod watches;

use books::Books;

/// A [`Store`](crate::store::Store) in memory. Clones share the books, as processes share a database.
///
/// ```
/// use anchor_core::store::Store;
/// use anchor_core::testing::fakes::samples;
/// use anchor_core::testing::store::memory::MemoryStore;
///
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let store = MemoryStore::new();
/// store.asset_put(&samples::asset()).await.unwrap();
/// assert_eq!(store.clone().asset_list().await.unwrap(), [samples::asset()]);
/// # });
/// ```
#[derive(Debug, Clone, Default)]
pub struct MemoryStore(Arc<Mutex<Books>>);

impl MemoryStore {
    /// Empty.
    pub fn new() -> Self {
        Self::default()
    }

    /// Empty, and broken: a change is written whatever became of its transaction since it was read. For showing that whatever
    /// is run on it notices.
    pub fn without_versions() -> Self {
        Self(Arc::new(Mutex::new(Books { ignores_versions: true, ..Books::default() })))
    }

    /// Every transaction as it stands, by id.
    pub fn transactions(&self) -> Vec<Transaction> {
        self.books().transactions.values().map(|row| row.transaction.clone()).collect()
    }

    /// Every envelope that was ever signed and stored, and how it stands, by id.
    pub fn attempts(&self) -> Vec<(Attempt, AttemptStatus)> {
        self.books().attempts.values().map(|row| (row.attempt.clone(), row.status)).collect()
    }

    /// Every dearer wrapping that was ever signed and stored, with its attempt.
    pub fn bumps(&self) -> Vec<(AttemptId, Bump)> {
        let books = self.books();
        let bumps =
            books.attempts.iter().flat_map(|(id, row)| row.bumps.iter().map(|bump| (*id, bump.clone())));
        bumps.collect()
    }

    /// Every instruction that the rails were ever to get, and how it stands, by id.
    pub fn orders(&self) -> Vec<(Order, OrderStatus)> {
        self.books().orders.values().map(|row| (row.order.clone(), row.status)).collect()
    }

    /// Every movement that was ever seen on a watched account, by its id.
    pub fn payments(&self) -> Vec<PaymentRecord> {
        self.books().payments.values().cloned().collect()
    }

    /// Balances that were set aside and may be taken back, or were: the last 200.
    pub fn set_asides(&self) -> Vec<SetAside> {
        self.books().set_aside_list()
    }

    /// All news, and whether everybody has it, in the order of each transaction.
    pub fn events(&self) -> Vec<(Event, bool)> {
        self.books().events.values().map(|row| (row.event.clone(), row.delivered)).collect()
    }

    /// A verb holds this from its beginning to its end, and never waits in between: that makes it atomic.
    fn books(&self) -> MutexGuard<'_, Books> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
