//! What the HTTP side and the handle share: the ledger engine, its read replica, the clock and the faults.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use stellar_xdr::{TransactionEnvelope, TransactionResult, TransactionResultExt, TransactionResultResult};
use tokio::sync::watch;

use crate::{
    clock::Clock,
    contracts::Contracts,
    devnet::CloseMode,
    faults::Faults,
    ledger::{ClosedLedger, Frame, LogError, Network, Submitted, malformed},
    replica::Replica,
    rpc::Style,
};

/// Ledgers for which the network does not look at an applied transaction again.
const LEDGERS_BANNED: u32 = 10;

/// How long things last; see the builder's methods of the same names.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Timing {
    pub(crate) submission_timeout: Duration,
    pub(crate) stream_lifetime: Duration,
    pub(crate) heartbeat: Duration,
}

#[derive(Debug)]
pub(crate) struct Core {
    network: Arc<Mutex<Network>>,
    pub(crate) passphrase: String,
    pub(crate) network_id: [u8; 32],
    pub(crate) replica: Arc<Replica>,
    pub(crate) clock: Clock,
    pub(crate) contracts: Arc<Contracts>,
    pub(crate) faults: Faults,
    pub(crate) mode: CloseMode,
    pub(crate) timing: Timing,
    pub(crate) rpc: Style,
    stopping: watch::Sender<bool>,
}

impl Core {
    pub(crate) fn new(
        network: Network,
        clock: Clock,
        faults: Faults,
        mode: CloseMode,
        timing: Timing,
        rpc: Style,
    ) -> Self {
        let passphrase = network.config().passphrase.clone();
        let replica = Replica::new(&network);
        Self {
            passphrase,
            network_id: network.network_id(),
            network: Arc::new(Mutex::new(network)),
            replica: Arc::new(replica),
            clock,
            contracts: Arc::default(),
            faults,
            mode,
            timing,
            rpc,
            stopping: watch::Sender::new(false),
        }
    }

    /// Another server of the same network, with faults and habits of its own.
    pub(crate) fn beside(&self, faults: Faults, rpc: Style) -> Self {
        Self {
            network: Arc::clone(&self.network),
            passphrase: self.passphrase.clone(),
            network_id: self.network_id,
            replica: Arc::clone(&self.replica),
            clock: self.clock.clone(),
            contracts: Arc::clone(&self.contracts),
            faults,
            mode: self.mode,
            timing: self.timing,
            rpc,
            stopping: watch::Sender::new(false),
        }
    }

    /// The ledger engine. Closing through it would leave the replica behind: use [`Core::close`].
    pub(crate) fn network(&self) -> MutexGuard<'_, Network> {
        self.network.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Hands an envelope to the engine. On an instant network, its ledger closes before this returns.
    ///
    /// A transaction that stands in a ledger is not a duplicate to stellar-core, whose queue knows only what is
    /// pending: it tells the sender to try again later for ten ledgers, and then that the sequence is wrong.
    pub(crate) fn submit(&self, envelope: TransactionEnvelope) -> Submitted {
        let frame = self.frame(envelope);
        self.submit_locked(&mut self.network(), frame)
    }

    /// As [`Core::submit`], one after the other, with one turn at the engine for all.
    pub(crate) fn submit_all(&self, envelopes: Vec<TransactionEnvelope>) -> Vec<Submitted> {
        let frames: Vec<_> = envelopes.into_iter().map(|envelope| self.frame(envelope)).collect();
        let mut network = self.network();
        frames.into_iter().map(|frame| self.submit_locked(&mut network, frame)).collect()
    }

    /// What can be found out about an envelope while others have the engine: its hash and most of its signatures.
    fn frame(&self, envelope: TransactionEnvelope) -> Option<Frame> {
        let frame = Frame::new(envelope, self.network_id).ok()?;
        frame.verify_ahead();
        Some(frame)
    }

    fn submit_locked(&self, network: &mut Network, frame: Option<Frame>) -> Submitted {
        let Some(frame) = frame else { return malformed() };
        let submitted = match network.submit_frame(frame, self.clock.now()) {
            Submitted::Duplicate { hash } => match network.transaction(&hash) {
                Some(record) if network.latest().sequence.saturating_sub(record.ledger) < LEDGERS_BANNED => {
                    Submitted::TryAgainLater { hash }
                }
                Some(_) => Submitted::Rejected { hash, result: Box::new(bad_sequence()) },
                None => Submitted::Duplicate { hash },
            },
            other => other,
        };
        let accepted = matches!(submitted, Submitted::Pending { .. });
        if accepted && self.mode == CloseMode::Instant && !self.faults.stalls_close() {
            self.report(self.close_locked(network));
        }
        submitted
    }

    /// Closes a ledger with what is pending, whatever the mode and the faults say.
    pub(crate) fn close(&self) -> Result<Arc<ClosedLedger>, LogError> {
        self.close_locked(&mut self.network())
    }

    /// Closes a ledger because its time has come, unless a fault stalls the network.
    pub(crate) fn tick(&self) {
        if !self.faults.stalls_close() {
            self.report(self.close());
        }
    }

    /// Tells when the devnet is about to stop.
    pub(crate) fn stopping(&self) -> watch::Receiver<bool> {
        self.stopping.subscribe()
    }

    pub(crate) fn begin_stop(&self) {
        self.stopping.send_replace(true);
    }

    fn close_locked(&self, network: &mut Network) -> Result<Arc<ClosedLedger>, LogError> {
        let ledger = network.close(self.clock.now())?;
        self.replica.ingest(network);
        Ok(ledger)
    }

    /// A ledger that cannot be written is tried again at the next occasion; what is pending stays pending.
    fn report(&self, closed: Result<Arc<ClosedLedger>, LogError>) {
        if let Err(error) = closed {
            tracing::error!(%error, "the ledger could not be closed");
        }
    }
}

fn bad_sequence() -> TransactionResult {
    TransactionResult {
        fee_charged: 0,
        result: TransactionResultResult::TxBadSeq,
        ext: TransactionResultExt::V0,
    }
}
