//! Writers that share a commit: a commit costs one wait for the disk, however much is in it.
//!
//! Nobody waits who comes alone. The first one begins at once; whoever comes while it is on its way is in the next
//! transaction, together with all others who came meanwhile. If those were many, the ones after them are waited for, until
//! they are as many or a moment ([`GATHER`]) is over: a crowd that was answered together comes back one by one, and each
//! commit takes a fixed share of the processors. On PostgreSQL two transactions may be on their way at once, as soon as
//! enough wait for the second: while the one waits for the disk, the other one is written. Each writer is answered after
//! the commit that it is in, and with an error of its own: a transaction that fails because of one of them is rolled back
//! and done again for each alone.

use std::collections::VecDeque;
use std::error::Error;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{Notify, oneshot};

use super::connection::AnyConnection;
use super::fault::Fault;
use super::pool::{Database, End, blocking};
use crate::store::StoreError;

/// A second transaction at the same time is worth its own way to the server and the disk for so many.
const COMPANY: usize = 6;

/// A transaction after one with company waits so long for as many.
const GATHER: Duration = Duration::from_millis(1);

/// Most writers of one transaction. Bounds its length, and the number of prepared statements for so many rows.
const TOGETHER_MAX: usize = 32;

/// Writes all inputs and answers each, in their order.
type Together<I, O> = fn(&mut AnyConnection, &[I]) -> Result<Vec<O>, Fault>;

/// The writers of one verb. Clones share the queue.
pub(super) struct Group<I, O> {
    database: Database,
    operation: &'static str,
    together: Together<I, O>,
    queue: Arc<Mutex<Queue<I, O>>>,
    /// As many wait as a lead gathers.
    gathered: Arc<Notify>,
}

struct Queue<I, O> {
    waiting: VecDeque<Writer<I, O>>,
    /// So many tasks are at work on those who wait.
    leads: usize,
    /// So many were in the latest transaction.
    latest: usize,
    /// A lead gathers so many.
    wanted: Option<usize>,
}

struct Writer<I, O> {
    input: I,
    answer: Answer<O>,
}

type Answer<O> = oneshot::Sender<Result<O, StoreError>>;
type Answers<O> = Vec<Answer<O>>;

/// The duty to work on those who wait, until there are none.
struct Lead<I, O> {
    queue: Arc<Mutex<Queue<I, O>>>,
    is_over: bool,
    is_gathering: bool,
}

impl<I: Send + 'static, O: Send + 'static> Group<I, O> {
    pub(super) fn new(database: &Database, operation: &'static str, together: Together<I, O>) -> Self {
        let queue = Queue { waiting: VecDeque::new(), leads: 0, latest: 0, wanted: None };
        let (queue, gathered) = (Arc::new(Mutex::new(queue)), Arc::new(Notify::new()));
        Self { database: database.clone(), operation, together, queue, gathered }
    }

    /// Answers when `input` is committed. It is written also if nobody waits for that any more.
    pub(super) async fn write(&self, input: I) -> Result<O, StoreError> {
        let (answer, answered) = oneshot::channel();
        if let Some(lead) = self.join(Writer { input, answer }) {
            // a task of its own: those who came later do not depend on whether the first one stays
            tokio::spawn(self.clone().lead(lead));
        }
        answered.await.unwrap_or_else(|lost| {
            Err(StoreError::Failed { operation: self.operation, source: Box::new(lost) })
        })
    }

    /// The duty to lead, if there is room for one more.
    fn join(&self, writer: Writer<I, O>) -> Option<Lead<I, O>> {
        let mut queue = lock(&self.queue);
        queue.waiting.push_back(writer);
        if let Some(wanted) = queue.wanted {
            if queue.waiting.len() >= wanted {
                self.gathered.notify_one();
            }
            return None;
        }
        if !another_leads(queue.leads, self.database.writers_at_once(), queue.waiting.len()) {
            return None;
        }
        queue.leads = queue.leads.saturating_add(1);
        Some(Lead { queue: Arc::clone(&self.queue), is_over: false, is_gathering: false })
    }

    async fn lead(self, mut lead: Lead<I, O>) {
        while lead.goes_on() {
            if lead.gathers() {
                let _ = tokio::time::timeout(GATHER, self.gathered.notified()).await;
                lead.has_gathered();
            }
            let turn = self.database.turn_to_write().await;
            // after the wait for the turn: more have come, or another lead took them
            let writers = lead.next();
            if writers.is_empty() {
                continue;
            }
            match turn {
                Ok(turn) => {
                    let (operation, together, database) =
                        (self.operation, self.together, self.database.clone());
                    let write = move || {
                        let _turn = turn;
                        write(&database, operation, together, writers);
                        Ok(())
                    };
                    // who was not answered when it ended hears of that from the channel
                    let _ = blocking(operation, write).await;
                }
                Err(error) => fail(writers.into_iter().map(|writer| writer.answer), error),
            }
        }
    }
}

/// One transaction for all, or one for each if that fails because of one of them.
fn write<I, O>(
    database: &Database,
    operation: &'static str,
    together: Together<I, O>,
    writers: Vec<Writer<I, O>>,
) {
    let (inputs, answers): (Vec<I>, Answers<O>) =
        writers.into_iter().map(|writer| (writer.input, writer.answer)).unzip();
    let mut is_refused = false;
    let written = database.transact(|connection| {
        let written = together(connection, &inputs).inspect_err(|_| is_refused = true);
        written.map(End::Commit)
    });
    match written {
        Ok(Ok(outputs)) => {
            for (answer, output) in answers.into_iter().zip(outputs) {
                tell(answer, Ok(output));
            }
        }
        // a single one, too: what stood in its way may have been written by somebody else at the same moment
        Ok(Err(_)) if is_refused => each_alone(database, operation, together, &inputs, answers),
        // not known to be rolled back, when the commit failed: to be done again by those who know what that means
        Ok(Err(fault)) => fail(answers, fault.into_error(operation)),
        Err(error) => fail(answers, error),
    }
}

fn each_alone<I, O>(
    database: &Database,
    operation: &'static str,
    together: Together<I, O>,
    inputs: &[I],
    answers: Answers<O>,
) {
    let mut answers = answers.into_iter();
    for (input, answer) in inputs.iter().zip(answers.by_ref()) {
        let alone = |connection: &mut AnyConnection| {
            together(connection, std::slice::from_ref(input))
                .map(|outputs| End::Commit(outputs.into_iter().next()))
        };
        match database.transact(alone) {
            Ok(Ok(Some(output))) => tell(answer, Ok(output)),
            // not answered: dropped
            Ok(Ok(None)) => {}
            Ok(Err(fault)) => tell(answer, Err(fault.into_error(operation))),
            // the next ones would wait for nothing, too
            Err(error) => {
                fail(std::iter::once(answer).chain(answers), error);
                return;
            }
        }
    }
}

/// Whether one more is to lead, beside so many. Nobody waits while nobody leads.
const fn another_leads(leads: usize, most: usize, waiting: usize) -> bool {
    leads == 0 || (leads < most && waiting >= COMPANY)
}

impl<I, O> Lead<I, O> {
    /// Whether anybody waits. If not, the duty is over.
    fn goes_on(&mut self) -> bool {
        let mut queue = lock(&self.queue);
        self.is_over = queue.waiting.is_empty();
        if self.is_over {
            queue.leads = queue.leads.saturating_sub(1);
        }
        !self.is_over
    }

    /// Whether it waits for more: as many as came last time, and nobody else does.
    fn gathers(&mut self) -> bool {
        let mut queue = lock(&self.queue);
        let wanted = queue.latest;
        self.is_gathering = wanted >= COMPANY && queue.waiting.len() < wanted && queue.wanted.is_none();
        if self.is_gathering {
            queue.wanted = Some(wanted);
        }
        self.is_gathering
    }

    fn has_gathered(&mut self) {
        self.is_gathering = false;
        lock(&self.queue).wanted = None;
    }

    /// Who is next, in the order in which they came.
    fn next(&self) -> Vec<Writer<I, O>> {
        let mut queue = lock(&self.queue);
        let count = queue.waiting.len().min(TOGETHER_MAX);
        queue.latest = count;
        queue.waiting.drain(..count).collect()
    }
}

/// Before it is over only when the runtime stops: if no other task is left, whoever still waits hears that nothing will
/// come.
impl<I, O> Drop for Lead<I, O> {
    fn drop(&mut self) {
        if !self.is_over {
            let mut queue = lock(&self.queue);
            queue.leads = queue.leads.saturating_sub(1);
            if self.is_gathering {
                queue.wanted = None;
            }
            if queue.leads == 0 {
                queue.waiting.clear();
            }
        }
    }
}

fn lock<I, O>(queue: &Mutex<Queue<I, O>>) -> MutexGuard<'_, Queue<I, O>> {
    queue.lock().unwrap_or_else(PoisonError::into_inner)
}

fn tell<O>(answer: Answer<O>, result: Result<O, StoreError>) {
    // whoever asked may be gone
    let _ = answer.send(result);
}

/// The same error for all of them.
fn fail<O>(answers: impl IntoIterator<Item = Answer<O>>, error: StoreError) {
    let error = Shared::from(error);
    for answer in answers {
        tell(answer, Err(error.clone().into()));
    }
}

/// An error that several are told of.
#[derive(Clone)]
enum Shared {
    Unavailable(Arc<dyn Error + Send + Sync>),
    Failed(&'static str, Arc<dyn Error + Send + Sync>),
    Corrupt(String),
}

impl From<StoreError> for Shared {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Unavailable(source) => Self::Unavailable(source.into()),
            StoreError::Failed { operation, source } => Self::Failed(operation, source.into()),
            StoreError::Corrupt(what) => Self::Corrupt(what),
        }
    }
}

impl From<Shared> for StoreError {
    fn from(error: Shared) -> Self {
        match error {
            Shared::Unavailable(source) => Self::Unavailable(Box::new(source)),
            Shared::Failed(operation, source) => Self::Failed { operation, source: Box::new(source) },
            Shared::Corrupt(what) => Self::Corrupt(what),
        }
    }
}

impl<I, O> Clone for Group<I, O> {
    fn clone(&self) -> Self {
        let (queue, gathered) = (Arc::clone(&self.queue), Arc::clone(&self.gathered));
        Self {
            database: self.database.clone(),
            operation: self.operation,
            together: self.together,
            queue,
            gathered,
        }
    }
}

impl<I, O> fmt::Debug for Group<I, O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Group").field(&self.operation).finish()
    }
}

#[cfg(all(test, feature = "sqlite"))]
mod tests;
