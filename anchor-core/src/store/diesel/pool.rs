//! Connections, and how a verb runs on one: off the async threads, whole or not at all.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use diesel::r2d2::{HandleError, ManageConnection, Pool, PooledConnection};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

#[cfg(feature = "sqlite")]
use super::connection::sqlite_use_wal;
use super::connection::{AnyConnection, ConnectError, Session, begin, commit, rollback};
use super::fault::Fault;
use super::url::{DatabaseUrl, UrlError};
use crate::store::StoreError;

/// A connection that answered this recently is not asked again before it is used.
const TRUSTED: Duration = Duration::from_secs(1);

/// How often a verb that had no effect yet is begun anew on another connection.
const BEGINNINGS: usize = 3;

/// How many connections, and how long a verb waits for one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct PoolOptions {
    /// At most this many connections.
    pub size: u32,
    /// After this a verb answers [`StoreError::Unavailable`].
    pub timeout: Duration,
}

impl Default for PoolOptions {
    fn default() -> Self {
        Self { size: 8, timeout: Duration::from_secs(5) }
    }
}

/// The database could not be opened. Never shows the password.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// The address is not one.
    #[error("DATABASE_URL is not usable")]
    Url(#[from] UrlError),
    /// Nobody answers there, or not to us.
    #[error("the database could not be reached")]
    Connect(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl From<ConnectError> for OpenError {
    fn from(error: ConnectError) -> Self {
        Self::Connect(Box::new(error))
    }
}

/// Opens connections and tells dead ones from living ones.
#[derive(Debug)]
struct Manager {
    url: DatabaseUrl,
    suspicion: Suspicion,
}

/// When a connection was last found dead: all that have not answered since are asked before they are used.
#[derive(Debug, Clone)]
struct Suspicion(Arc<Mutex<Instant>>);

impl Suspicion {
    fn since(&self) -> Instant {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn raise(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
    }
}

#[derive(Debug, thiserror::Error)]
enum ManagerError {
    #[error(transparent)]
    Connect(#[from] ConnectError),
    #[error("the connection is dead")]
    Dead(#[from] diesel::result::Error),
}

impl ManageConnection for Manager {
    type Connection = Session;
    type Error = ManagerError;

    fn connect(&self) -> Result<Session, ManagerError> {
        Ok(Session::connect(&self.url)?)
    }

    fn is_valid(&self, session: &mut Session) -> Result<(), ManagerError> {
        if session.alive_at.elapsed() < TRUSTED && session.alive_at > self.suspicion.since() {
            return Ok(());
        }
        Ok(session.ping()?)
    }

    fn has_broken(&self, session: &mut Session) -> bool {
        session.broken || std::thread::panicking()
    }
}

/// What a verb wants of its transaction.
pub(super) enum End<T> {
    Commit(T),
    Rollback(T),
}

/// The database behind a store. Clones share the pool.
#[derive(Clone)]
pub(super) struct Database {
    pool: Pool<Manager>,
    url: Arc<DatabaseUrl>,
    suspicion: Suspicion,
    timeout: Duration,
    /// One for each connection: whoever waits, waits without a thread.
    connections: Arc<Semaphore>,
    /// SQLite has one writer at a time, and lets all others sleep and try again. In this process they queue instead:
    /// nobody is passed over, and readers find connections.
    writer: Option<Arc<Semaphore>>,
}

impl Database {
    pub(super) fn open(url: &str, options: PoolOptions) -> Result<Self, OpenError> {
        let url = DatabaseUrl::parse(url)?;
        match &url {
            #[cfg(feature = "sqlite")]
            DatabaseUrl::Sqlite(path) => sqlite_use_wal(path)?,
            #[cfg(feature = "postgres")]
            DatabaseUrl::Postgres(_) => {}
        }
        // the pool would only say "timed out", without the reason
        Session::connect(&url)?;
        let suspicion = Suspicion(Arc::new(Mutex::new(Instant::now())));
        let manager = Manager { url: url.clone(), suspicion: suspicion.clone() };
        let pool = Pool::builder()
            .max_size(options.size.max(1))
            .min_idle(Some(0))
            .connection_timeout(options.timeout)
            .error_handler(Box::new(Log))
            .test_on_check_out(true)
            .build_unchecked(manager);
        let writer = match &url {
            #[cfg(feature = "sqlite")]
            DatabaseUrl::Sqlite(_) => Some(Arc::new(Semaphore::new(1))),
            #[cfg(feature = "postgres")]
            DatabaseUrl::Postgres(_) => None,
        };
        let connections = usize::try_from(options.size.max(1)).unwrap_or(Semaphore::MAX_PERMITS);
        let connections = Arc::new(Semaphore::new(connections.min(Semaphore::MAX_PERMITS)));
        Ok(Self { pool, url: Arc::new(url), suspicion, timeout: options.timeout, connections, writer })
    }

    pub(super) fn url(&self) -> &DatabaseUrl {
        &self.url
    }

    /// So many write transactions are worth having on their way at once.
    pub(super) fn writers_at_once(&self) -> usize {
        if self.writer.is_some() { 1 } else { 2 }
    }

    pub(super) async fn ping(&self) -> Result<(), StoreError> {
        let database = self.clone();
        blocking("ping", move || {
            let mut session = database.checkout()?;
            session.ping().map_err(|error| StoreError::Unavailable(Box::new(error)))
        })
        .await
    }

    /// Runs something that only reads. Begun anew if the connection turns out to be dead.
    pub(super) async fn read<T: Send + 'static>(
        &self,
        operation: &'static str,
        mut query: impl FnMut(&mut AnyConnection) -> Result<T, Fault> + Send + 'static,
    ) -> Result<T, StoreError> {
        let turn = self.turn(&self.connections).await?;
        let database = self.clone();
        blocking(operation, move || {
            let _turn = turn;
            let mut beginning = 1;
            loop {
                let mut session = database.checkout()?;
                match query(&mut session.any) {
                    Ok(found) => return Ok(database.alive(session, found)),
                    Err(fault) if database.is_alive(&mut session) || beginning == BEGINNINGS => {
                        return Err(fault.into_error(operation));
                    }
                    Err(_) => beginning += 1,
                }
            }
        })
        .await
    }

    /// Runs something that writes, in one transaction.
    pub(super) async fn write<T: Send + 'static>(
        &self,
        operation: &'static str,
        body: impl FnOnce(&mut AnyConnection) -> Result<T, Fault> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.write_or_not(operation, move |connection| body(connection).map(End::Commit)).await
    }

    /// As [`write`](Self::write); the body decides whether what it wrote is kept.
    pub(super) async fn write_or_not<T: Send + 'static>(
        &self,
        operation: &'static str,
        body: impl FnOnce(&mut AnyConnection) -> Result<End<T>, Fault> + Send + 'static,
    ) -> Result<T, StoreError> {
        let turn = self.turn_to_write().await?;
        let database = self.clone();
        blocking(operation, move || {
            // until the end, also when nobody waits for it any more
            let _turn = turn;
            database.transact(body)?.map_err(|fault| fault.into_error(operation))
        })
        .await
    }

    /// As [`write`](Self::write), done once more if somebody else wrote the same key at the same moment.
    pub(super) async fn upsert<T: Send + 'static>(
        &self,
        operation: &'static str,
        body: impl Fn(&mut AnyConnection) -> Result<T, Fault> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.upsert_or_not(operation, move |connection| body(connection).map(End::Commit)).await
    }

    /// As [`upsert`](Self::upsert); the body decides whether what it wrote is kept.
    pub(super) async fn upsert_or_not<T: Send + 'static>(
        &self,
        operation: &'static str,
        body: impl Fn(&mut AnyConnection) -> Result<End<T>, Fault> + Send + 'static,
    ) -> Result<T, StoreError> {
        let turn = self.turn_to_write().await?;
        let database = self.clone();
        blocking(operation, move || {
            let _turn = turn;
            let once = || database.transact(&body);
            match once()? {
                Err(fault) if fault.unique_violation().is_some() => once()?,
                done => done,
            }
            .map_err(|fault| fault.into_error(operation))
        })
        .await
    }

    /// Waits in the queue of writers, where there is one, then for a connection.
    pub(super) async fn turn_to_write(
        &self,
    ) -> Result<(Option<OwnedSemaphorePermit>, OwnedSemaphorePermit), StoreError> {
        let writer = match &self.writer {
            Some(writer) => Some(self.turn(writer).await?),
            None => None,
        };
        Ok((writer, self.turn(&self.connections).await?))
    }

    async fn turn(&self, queue: &Arc<Semaphore>) -> Result<OwnedSemaphorePermit, StoreError> {
        let turn = tokio::time::timeout(self.timeout, Arc::clone(queue).acquire_owned()).await;
        let turn = turn.map_err(|elapsed| StoreError::Unavailable(Box::new(elapsed)))?;
        turn.map_err(|closed| StoreError::Unavailable(Box::new(closed)))
    }

    /// One transaction. The outer error: no transaction could be begun.
    pub(super) fn transact<T>(
        &self,
        body: impl FnOnce(&mut AnyConnection) -> Result<End<T>, Fault>,
    ) -> Result<Result<T, Fault>, StoreError> {
        let mut session = self.checkout()?;
        for _ in 1..BEGINNINGS {
            match begin(&mut session.any) {
                Ok(()) => return Ok(self.in_transaction(session, body)),
                Err(error) if self.is_alive(&mut session) => {
                    return Err(StoreError::Unavailable(Box::new(error)));
                }
                Err(_) => session = self.checkout()?,
            }
        }
        begin(&mut session.any).map_err(|error| {
            self.is_alive(&mut session);
            StoreError::Unavailable(Box::new(error))
        })?;
        Ok(self.in_transaction(session, body))
    }

    fn in_transaction<T>(
        &self,
        mut session: PooledConnection<Manager>,
        body: impl FnOnce(&mut AnyConnection) -> Result<End<T>, Fault>,
    ) -> Result<T, Fault> {
        // a panic in here drops the connection, and with it the transaction
        let ended = match body(&mut session.any) {
            Ok(End::Commit(result)) => commit(&mut session.any).map(|()| result).map_err(Fault::from),
            Ok(End::Rollback(result)) => rollback(&mut session.any).map(|()| result).map_err(Fault::from),
            Err(fault) => {
                if rollback(&mut session.any).is_err() {
                    session.broken = true;
                }
                Err(fault)
            }
        };
        match ended {
            Ok(result) => Ok(self.alive(session, result)),
            Err(fault) => {
                self.is_alive(&mut session);
                Err(fault)
            }
        }
    }

    fn checkout(&self) -> Result<PooledConnection<Manager>, StoreError> {
        self.pool.get().map_err(|error| StoreError::Unavailable(Box::new(error)))
    }

    fn alive<T>(&self, mut session: PooledConnection<Manager>, result: T) -> T {
        session.alive_at = Instant::now();
        result
    }

    /// Whether the connection still answers, after it said no to something. If not, all others are suspect too.
    fn is_alive(&self, session: &mut PooledConnection<Manager>) -> bool {
        if !session.broken && session.ping().is_ok() {
            return true;
        }
        session.broken = true;
        self.suspicion.raise();
        false
    }
}

/// r2d2 tells of failed connections here; the caller hears of them as [`StoreError::Unavailable`].
#[derive(Debug)]
struct Log;

impl HandleError<ManagerError> for Log {
    fn handle_error(&self, error: ManagerError) {
        tracing::debug!(%error, "a database connection was lost or could not be made");
    }
}

impl fmt::Debug for Database {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.url.fmt(f)
    }
}

/// A verb goes to its end even if nobody waits for it any more.
pub(super) async fn blocking<T: Send + 'static>(
    operation: &'static str,
    verb: impl FnOnce() -> Result<T, StoreError> + Send + 'static,
) -> Result<T, StoreError> {
    tokio::task::spawn_blocking(verb)
        .await
        .unwrap_or_else(|error| Err(StoreError::Failed { operation, source: Box::new(error) }))
}
