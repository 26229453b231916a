//! A siege: customers deposit and withdraw through a real anchor while its processes are killed and its network
//! misbehaves; afterwards every coin is accounted for.
//!
//! The anchor is the example's own program, started as often as it is killed. Customers use the example wallet's code
//! and nothing but the public protocols. The network is a devnet in this process, which is never killed but may be
//! told to lie, stall and drop. The bank is the example's: a file with a line for each transfer.

mod audit;
mod customer;
mod killer;

use std::path::PathBuf;
use std::time::{Duration, Instant};

use anchor_core::keys::SigningKey;
use anchor_devnet::{CloseMode, Devnet};
use anyhow::{Context as _, Result, ensure};

pub use audit::Report;

use crate::anchor_process::AnchorProgram;
use crate::database::TestDatabase;
use crate::program::program;

/// What to do to the anchor.
#[derive(Debug, Clone)]
pub struct Siege {
    /// Deposits in all.
    pub deposits: u32,
    /// Withdrawals in all.
    pub withdrawals: u32,
    /// How many customers act at the same time.
    pub customers: u32,
    /// Kill a process now and then.
    pub kills: bool,
    /// How many requests of a hundred suffer each kind of network fault (there are a dozen kinds).
    pub chaos: u8,
    /// Now and then the network goes silent: streams say nothing, requests hang, ledgers do not close.
    pub silence: bool,
    /// A server and every job as a process of its own, instead of one process for all.
    pub split: bool,
    /// The anchor reads the network through Stellar RPC; its customers' wallets use Horizon.
    pub rpc: bool,
    /// How many channel accounts carry the payments; without any, the distribution account does.
    pub channels: u32,
    /// For kills, chaos and amounts.
    pub seed: u64,
    /// After this the siege has failed.
    pub limit: Duration,
    /// The example anchor, already built; without it, it is built first.
    pub program: Option<PathBuf>,
}

impl Default for Siege {
    fn default() -> Self {
        Self {
            deposits: 10,
            withdrawals: 10,
            customers: 5,
            kills: false,
            chaos: 0,
            silence: false,
            split: false,
            rpc: false,
            channels: 0,
            seed: 1,
            limit: Duration::from_secs(600),
            program: None,
        }
    }
}

impl Siege {
    /// Lays siege to an anchor on this database and returns what was found afterwards.
    ///
    /// # Errors
    /// When the siege itself could not be carried out; what the anchor did wrong stands in the report.
    pub async fn run(&self, database: &TestDatabase) -> Result<Report> {
        ensure!(self.withdrawals <= self.deposits, "customers withdraw what they deposited before");
        let started = Instant::now();
        let folder = tempfile::tempdir()?;
        let devnet = Devnet::builder().fault_seed(self.seed).close(CloseMode::Instant).start().await?;
        let program = self.program.clone().map_or_else(|| program("testnet-anchor"), Ok)?;
        let mut anchor =
            AnchorProgram::of_program(program, folder.path(), database.url(), &devnet.url()).await?;
        if self.rpc {
            anchor = anchor.with("STELLAR_RPC_URI", &devnet.rpc_url());
        }
        anchor.run_once(&["testnet", "issue", "--asset", "TEST"]).await?;
        if self.channels > 0 {
            let seed = SigningKey::generate().to_strkey();
            anchor = anchor.with("CHANNEL_SEED", seed.expose());
            anchor.run_once(&["channels", "create", "--count", &self.channels.to_string()]).await?;
        }

        let garrison = killer::Garrison::start(anchor.clone(), self).await?;
        let silence = killer::silence(self, devnet.faults());
        let work = async {
            tokio::select! { served = customer::crowd(self, &anchor, &devnet) => served, never = silence => match never {} }
        };
        let customers =
            tokio::time::timeout(self.limit, work).await.context("customers were not served in time")??;

        devnet.faults().clear();
        let kills = garrison.relieve().await?;
        let report = audit::audit(self, &anchor, &devnet, &customers, kills, started.elapsed());
        let left = self.limit.saturating_sub(started.elapsed());
        let report = tokio::time::timeout(left, report).await.context("not everything settled in time")??;
        garrison.stop().await;
        devnet.stop().await;
        Ok(report)
    }
}
