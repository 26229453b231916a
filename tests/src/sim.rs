//! A whole anchor in one process, from one seed: virtual time, a network and a bank that fail in every way, several
//! workers that stall and die at any call, and an audit at every step.
//!
//! Nothing here waits or reads a clock: a seed always tells the same story, so that what a night of seeds finds is
//! looked at with one command: see `docs/internals/simulation.md`.

use std::fmt;
use std::time::Duration;

mod audit;
mod bank;
mod bug;
mod chance;
mod custodian;
mod ledger;
mod life;
mod signer;
mod sim_store;
mod story;
mod tale;
mod weather;

pub use bug::Bug;

use weather::Sim;

/// What is to be simulated.
#[derive(Debug, Clone, Copy)]
pub struct Settings {
    /// Decides everything.
    pub seed: u64,
    /// Something to be found.
    pub bug: Option<Bug>,
    /// Keep a line for every call.
    pub trace: bool,
}

impl Settings {
    /// Every third story is told of a distribution account whose key is somewhere else.
    #[must_use]
    pub const fn signs_elsewhere(&self) -> bool {
        self.seed % 3 == 2
    }

    /// And some of the others of a custodian who pays by himself.
    #[must_use]
    pub const fn has_custodian(&self) -> bool {
        !self.signs_elsewhere() && self.seed % 7 == 3
    }

    /// In every fourth story, what was set aside may be taken back so long after its envelope is dead: seconds instead
    /// of days, so that all of it happens while deposits are still being confirmed.
    #[must_use]
    pub const fn takes_back_after(&self) -> Option<Duration> {
        if self.has_custodian() || self.seed % 4 != 1 {
            return None;
        }
        Some(Duration::from_secs([1, 60, 200][(self.seed / 4 % 3) as usize]))
    }
}

/// How it went.
#[derive(Debug)]
pub struct Report {
    /// The seed.
    pub seed: u64,
    /// What must not happen, and did.
    pub violations: Vec<String>,
    /// A digest of everything that happened, in order.
    pub digest: u64,
    /// Calls to store, ledger, bank and wallets.
    pub calls: u64,
    /// How often a worker died.
    pub deaths: u64,
    /// Virtual time until everything was settled.
    pub lasted: Duration,
    /// A line for every call, if it was asked for.
    pub trace: Vec<String>,
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for line in &self.trace {
            writeln!(f, "{line}")?;
        }
        let Self { seed, digest, calls, deaths, lasted, .. } = self;
        let lasted = lasted.as_secs();
        write!(f, "seed {seed}: {calls} calls, {deaths} deaths, {lasted} s, digest {digest:016x}")?;
        for violation in &self.violations {
            write!(f, "\n  VIOLATED: {violation}")?;
        }
        Ok(())
    }
}

/// Tells the story of a seed.
///
/// # Errors
/// When the runtime or the anchor cannot be built: nothing was simulated.
pub fn run(settings: Settings) -> anyhow::Result<Report> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build()?;
    runtime.block_on(async {
        let sim = Sim::new(settings);
        let lasted = story::tell(&sim).await?;
        Ok(sim.report(lasted))
    })
}
