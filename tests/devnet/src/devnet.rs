//! Starting and stopping a devnet.

use std::{
    net::{SocketAddr, TcpListener},
    path::{Path, PathBuf},
    sync::{Arc, MutexGuard},
    thread::JoinHandle,
    time::Duration,
};

use actix_web::dev::ServerHandle;
use stellar_xdr::{AccountId, PublicKey, TransactionEnvelope, Uint256};

use crate::{
    clock::Clock,
    contracts::ContractKind,
    core::{Core, Timing},
    faults::Faults,
    friendbot::{Friendbot, FriendbotError},
    ledger::{ClosedLedger, LedgerConfig, LogError, Network, Submitted},
    rpc::{Dialect, Style},
    server,
};

/// The public test network's passphrase, which wallets know.
pub const TESTNET_PASSPHRASE: &str = "Test SDF Network ; September 2015";

/// How often an instant network closes a ledger with nothing in it.
const IDLE_CLOSE: Duration = Duration::from_secs(1);

/// When ledgers close.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum CloseMode {
    /// Only when told: by [`Devnet::close_ledger`], by `POST /devnet/close`, and by friendbot for its own
    /// transactions. Nothing happens by itself, so tests are exact.
    Manual,
    /// With every accepted transaction, before its submission is answered. An idle network closes an empty
    /// ledger every second, so that a time bound that has passed can be seen to have passed on the ledger.
    Instant,
    /// At this interval, as a real network does every five seconds or so. Below a second, ledgers may share one.
    Every(Duration),
}

/// What could not be started.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// The ledger file cannot be used.
    #[error("the ledger file cannot be used")]
    Ledger(#[from] LogError),
    /// The address cannot be listened on, or the server's thread not started.
    #[error("the server cannot be started")]
    Listen(#[from] std::io::Error),
    /// The server's thread ended before it served.
    #[error("the server's thread ended at once")]
    Thread,
}

/// Says what devnet to start. Without any setting: in memory, instant, on a free port of 127.0.0.1.
#[derive(Debug, Clone)]
pub struct DevnetBuilder {
    ledger: LedgerConfig,
    file: Option<PathBuf>,
    listen: String,
    mode: CloseMode,
    seed: u64,
    timing: Timing,
    rpc: Style,
}

impl DevnetBuilder {
    /// The network passphrase; the public test network's unless told.
    pub fn passphrase(mut self, passphrase: &str) -> Self {
        passphrase.clone_into(&mut self.ledger.passphrase);
        self
    }

    /// Keeps the ledgers in this file and goes on with them if it exists.
    pub fn file(mut self, path: impl AsRef<Path>) -> Self {
        self.file = Some(path.as_ref().to_owned());
        self
    }

    /// Keeps the ledgers in memory only.
    pub fn in_memory(mut self) -> Self {
        self.file = None;
        self
    }

    /// When ledgers close.
    pub fn close(mut self, mode: CloseMode) -> Self {
        self.mode = mode;
        self
    }

    /// The protocol that ledgers announce; credentials of contract accounts depend on it.
    pub fn protocol(mut self, version: u32) -> Self {
        self.ledger.protocol_version = version;
        self
    }

    /// How many operations fit in a ledger.
    pub fn capacity(mut self, operations: u32) -> Self {
        self.ledger.capacity = operations;
        self
    }

    /// How many ledgers full of operations may wait; two unless told, as on the public network.
    pub fn queue(mut self, ledgers: u32) -> Self {
        self.ledger.ledgers_queued = ledgers;
        self
    }

    /// The address to listen on; port 0 takes a free one.
    pub fn listen(mut self, address: &str) -> Self {
        address.clone_into(&mut self.listen);
        self
    }

    /// Seed of the faults' chances.
    pub fn fault_seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// How long `POST /transactions` waits for the ledger before it answers 504; 30 s unless told.
    pub fn submission_timeout(mut self, timeout: Duration) -> Self {
        self.timing.submission_timeout = timeout;
        self
    }

    /// How long a stream lives before it says goodbye; 55 s unless told, as behind the public Horizon.
    pub fn stream_lifetime(mut self, lifetime: Duration) -> Self {
        self.timing.stream_lifetime = lifetime;
        self
    }

    /// How often an idle stream sends an empty comment; 10 s unless told.
    pub fn heartbeat(mut self, interval: Duration) -> Self {
        self.timing.heartbeat = interval;
        self
    }

    /// Whose habits Stellar RPC has; the real server's unless told.
    pub fn rpc_dialect(mut self, dialect: Dialect) -> Self {
        self.rpc.dialect = dialect;
        self
    }

    /// For how many ledgers Stellar RPC remembers transactions; for ever unless told.
    pub fn rpc_retention(mut self, ledgers: u32) -> Self {
        self.rpc.retention = Some(ledgers.max(1));
        self
    }

    /// Opens the ledger and serves it from a thread of its own, so that any runtime (or none) may embed it.
    pub async fn start(mut self) -> Result<Devnet, StartError> {
        let clock = Clock::default();
        self.ledger.close_seconds = match self.mode {
            CloseMode::Manual | CloseMode::Instant => 0,
            CloseMode::Every(interval) => u32::try_from(interval.as_secs()).unwrap_or(u32::MAX),
        };
        let network = match &self.file {
            Some(path) => Network::open(path, self.ledger, clock.now())?,
            None => Network::genesis(self.ledger, clock.now()),
        };
        let listener = TcpListener::bind(&self.listen)?;
        let address = listener.local_addr()?;
        let core =
            Arc::new(Core::new(network, clock, Faults::new(self.seed), self.mode, self.timing, self.rpc));
        let friendbot = Arc::new(Friendbot::install(&core)?);
        let (running, started) = tokio::sync::oneshot::channel();
        let thread = {
            let (core, friendbot) = (Arc::clone(&core), Arc::clone(&friendbot));
            std::thread::Builder::new().name("anchor-devnet".to_owned()).spawn(move || {
                actix_web::rt::System::new().block_on(run(listener, core, friendbot, running))
            })?
        };
        let server = started.await.map_err(|_| StartError::Thread)??;
        Ok(Devnet { core, friendbot, address, server, thread: Some(thread) })
    }
}

async fn run(
    listener: TcpListener,
    core: Arc<Core>,
    friendbot: Arc<Friendbot>,
    running: tokio::sync::oneshot::Sender<Result<ServerHandle, std::io::Error>>,
) {
    match server::serve(listener, &core, &friendbot) {
        Ok(server) => {
            let _ = running.send(Ok(server.handle()));
            let ticking = actix_web::rt::spawn(tick(Arc::clone(&core)));
            if let Err(error) = server.await {
                tracing::error!(%error, "the devnet's server failed");
            }
            core.begin_stop();
            let _ = ticking.await;
        }
        Err(error) => {
            let _ = running.send(Err(error));
        }
    }
}

/// Closes ledgers that are due, until the devnet stops.
async fn tick(core: Arc<Core>) {
    let interval = match core.mode {
        CloseMode::Manual => return,
        CloseMode::Instant => IDLE_CLOSE,
        CloseMode::Every(interval) => interval,
    };
    let mut stopping = core.stopping();
    loop {
        tokio::select! {
            _ = stopping.wait_for(|stopping| *stopping) => return,
            () = actix_web::rt::time::sleep(interval) => {}
        }
        let closing = Arc::clone(&core);
        let _ = tokio::task::spawn_blocking(move || closing.tick()).await;
    }
}

/// Another server of a devnet's network: the same ledger, with faults of its own. It stops when dropped; without the
/// devnet it goes on answering, and no ledger closes by itself any more.
#[derive(Debug)]
pub struct Beside {
    core: Arc<Core>,
    address: SocketAddr,
    server: ServerHandle,
}

impl Beside {
    /// Base URL of its Horizon API, without a final slash.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Address of its Stellar RPC.
    pub fn rpc_url(&self) -> String {
        format!("http://{}/rpc", self.address)
    }

    /// What shall go wrong with it.
    pub fn faults(&self) -> &Faults {
        &self.core.faults
    }
}

impl Drop for Beside {
    fn drop(&mut self) {
        self.core.begin_stop();
        drop(self.server.stop(false));
    }
}

/// A running devnet. It stops when dropped; [`Devnet::stop`] also waits until it has.
#[derive(Debug)]
pub struct Devnet {
    core: Arc<Core>,
    friendbot: Arc<Friendbot>,
    address: SocketAddr,
    server: ServerHandle,
    thread: Option<JoinHandle<()>>,
}

impl Devnet {
    /// A devnet in memory that closes ledgers instantly, on a free port of 127.0.0.1, unless told otherwise.
    pub fn builder() -> DevnetBuilder {
        DevnetBuilder {
            ledger: LedgerConfig { passphrase: TESTNET_PASSPHRASE.to_owned(), ..LedgerConfig::default() },
            file: None,
            listen: "127.0.0.1:0".to_owned(),
            mode: CloseMode::Instant,
            seed: 0,
            timing: Timing {
                submission_timeout: Duration::from_secs(30),
                stream_lifetime: Duration::from_secs(55),
                heartbeat: Duration::from_secs(10),
            },
            rpc: Style::default(),
        }
    }

    /// Base URL of the Horizon API, without a final slash.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Address of Stellar RPC.
    pub fn rpc_url(&self) -> String {
        format!("http://{}/rpc", self.address)
    }

    /// The passphrase transactions have to be signed for.
    pub fn passphrase(&self) -> &str {
        &self.core.passphrase
    }

    /// Closes a ledger with what is pending, also where a fault stalls the network.
    ///
    /// # Errors
    ///
    /// When the ledger file cannot be written; nothing has changed then.
    pub fn close_ledger(&self) -> Result<Arc<ClosedLedger>, LogError> {
        self.core.close()
    }

    /// The ledger engine, locked for as long as the guard lives: to look at. Submit with [`Devnet::submit`] and
    /// close with [`Devnet::close_ledger`], which keep readers and the mode in step.
    pub fn network(&self) -> MutexGuard<'_, Network> {
        self.core.network()
    }

    /// Hands an envelope to the network, as a submission over HTTP does; faults do not meet it. On an instant
    /// network its ledger closes before this returns.
    pub fn submit(&self, envelope: TransactionEnvelope) -> Submitted {
        self.core.submit(envelope)
    }

    /// As [`Devnet::submit`], one after the other; nobody else's come in between.
    pub fn submit_all(&self, envelopes: Vec<TransactionEnvelope>) -> Vec<Submitted> {
        self.core.submit_all(envelopes)
    }

    /// Tells the sequence of every ledger that closes from now on.
    pub fn ledgers(&self) -> tokio::sync::watch::Receiver<u32> {
        self.core.replica.subscribe()
    }

    /// Serves the same network once more, on another free port of 127.0.0.1. `rpc_retention` is for how many ledgers its
    /// Stellar RPC remembers transactions; as long as the devnet's own if absent.
    ///
    /// # Errors
    ///
    /// When there is no port, or no thread.
    pub async fn another_server(&self, rpc_retention: Option<u32>) -> Result<Beside, StartError> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let address = listener.local_addr()?;
        let retention = rpc_retention.map(|ledgers| ledgers.max(1)).or(self.core.rpc.retention);
        let style = Style { retention, ..self.core.rpc };
        let core = Arc::new(self.core.beside(Faults::new(0), style));
        let (running, started) = tokio::sync::oneshot::channel();
        let serving = (Arc::clone(&core), Arc::clone(&self.friendbot));
        std::thread::Builder::new().name("anchor-devnet".to_owned()).spawn(move || {
            let (core, friendbot) = serving;
            actix_web::rt::System::new().block_on(async move {
                match server::serve(listener, &core, &friendbot) {
                    Ok(server) => {
                        let _ = running.send(Ok(server.handle()));
                        if let Err(error) = server.await {
                            tracing::error!(%error, "a server of the devnet failed");
                        }
                        core.begin_stop();
                    }
                    Err(error) => drop(running.send(Err(error))),
                }
            });
        })?;
        let server = started.await.map_err(|_| StartError::Thread)??;
        Ok(Beside { core, address, server })
    }

    /// Puts a contract at this id (the 32 bytes inside a `C…`), instead of what is there. It is not kept in the ledger file.
    pub fn install_contract(&self, id: [u8; 32], kind: ContractKind) {
        self.core.contracts.install(id, kind);
    }

    /// As if nobody had paid for a contract for long: it has to be restored before it can be called.
    pub fn archive_contract(&self, id: &[u8; 32]) {
        self.core.contracts.archive(id);
    }

    /// The clock that ledgers are closed by.
    pub fn clock(&self) -> &Clock {
        &self.core.clock
    }

    /// What shall go wrong.
    pub fn faults(&self) -> &Faults {
        &self.core.faults
    }

    /// Creates an account with 10,000 lumens. With [`CloseMode::Manual`] this closes a ledger.
    ///
    /// # Errors
    ///
    /// When the account exists, or when no ledger includes the transaction in time.
    pub async fn fund(&self, account: &AccountId) -> Result<(), FriendbotError> {
        self.friendbot.fund(&self.core, account).await.map(drop)
    }

    /// As [`Devnet::fund`], by the 32 bytes inside a `G…`; nothing if the account exists.
    ///
    /// # Errors
    ///
    /// When no ledger includes the transaction in time.
    pub async fn fund_key(&self, key: [u8; 32]) -> Result<(), FriendbotError> {
        let account = AccountId(PublicKey::PublicKeyTypeEd25519(Uint256(key)));
        match self.fund(&account).await {
            Err(FriendbotError::AlreadyFunded { .. }) => Ok(()),
            funded => funded,
        }
    }

    /// Says goodbye to streams, stops serving and waits until the thread has ended.
    pub async fn stop(mut self) {
        self.core.begin_stop();
        self.server.stop(true).await;
        if let Some(thread) = self.thread.take() {
            let _ = tokio::task::spawn_blocking(move || thread.join()).await;
        }
    }
}

impl Drop for Devnet {
    fn drop(&mut self) {
        self.core.begin_stop();
        drop(self.server.stop(false));
    }
}
