//! Catching up: the watch job reads a long history of its account, most of which is not for it.

use std::process::{Child, Command};
use std::sync::Arc;
use std::time::{Duration, Instant};

use anchor_core::amount::Money;
use anchor_core::id::{IdSource as _, RandomIds, TransactionId};
use anchor_core::stellar::horizon::{HorizonLedger, HorizonOptions};
use anchor_core::stellar::{Cursor, Ledger as _, Network};
use anchor_core::testing::fakes::samples;
use anchor_core::transaction::{Fact, Kind, Receiving, Transaction};
use anchor_devnet::Devnet;
use anchor_devnet::ledger::build;
use anchor_worker::shutdown;
use anyhow::{Context as _, Result, ensure};
use clap::Args;
use stellar_xdr::Memo;

use super::report::CaughtUp;
use super::stand::{CAPACITY, Rhythm, Stand, xdr};
use super::{anchor, fill, moved, rows, run_job, runtime, threads};
use crate::ledger::InProcessLedger;
use crate::load::process;

/// Between two looks at how far the reader is.
const LOOK: Duration = Duration::from_millis(100);
const JOB: &str = "watch_transactions";
/// Payments that nobody awaits carry memos from here on.
const FOREIGN: u64 = 1_000_000_000_000;
/// What a withdrawal asks for.
const AMOUNT: &str = "1";
const STROOPS: i64 = 10_000_000;

/// How the job gets at the history.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
#[expect(clippy::exhaustive_enums, reason = "test support, not an API that is versioned")]
pub enum Way {
    /// From the devnet's Horizon over HTTP, in a process of its own
    Horizon,
    /// From the devnet itself
    InProcess,
}

/// Reads a history.
#[derive(Debug, Clone, Copy)]
#[expect(clippy::exhaustive_structs, reason = "test support, not an API that is versioned")]
pub struct CatchUp {
    /// Payments under memos that nobody was given.
    pub foreign: u32,
    /// Payments for withdrawals that wait for them.
    pub matching: u32,
    /// How it is read.
    pub way: Way,
    /// When to give up.
    pub limit: Duration,
}

/// The arguments of the process that reads over HTTP.
#[derive(Debug, Args)]
#[expect(clippy::exhaustive_structs, reason = "test support, not an API that is versioned")]
pub struct Watch {
    /// The Horizon server
    #[arg(long)]
    pub horizon: url::Url,
    /// Where the anchor keeps its books
    #[arg(long)]
    pub database: String,
}

impl Watch {
    /// Watches until it is killed.
    ///
    /// # Errors
    /// When it cannot be set up.
    pub fn run(&self) -> Result<()> {
        let working = runtime(threads::WORKER, 2)?;
        working.block_on(async {
            let network = Network::new(Network::TESTNET);
            let ledger = HorizonLedger::new(&self.horizon, network, HorizonOptions::default())?;
            let (_trigger, shutdown) = shutdown::channel();
            run_job(anchor(&self.database, ledger).await?, JOB, shutdown).await
        })
    }
}

impl CatchUp {
    /// Makes the history, lets the job read it into this empty database, and counts.
    ///
    /// # Errors
    /// When something could not be set up, the time was up, or anything does not add up.
    pub fn run(&self, database: &str) -> Result<CaughtUp> {
        let around = runtime("pace-around", 2)?;
        let working = runtime(threads::WORKER, 2)?;
        let read = around.block_on(async {
            let stand = Stand::new(Rhythm::Every(Duration::from_secs(3600)), CAPACITY, 0).await?;
            self.prepare(&stand, database).await?;
            match self.way {
                Way::Horizon => self.over_http(&stand.devnet, database).await,
                Way::InProcess => self.directly(&stand.devnet, database, working.handle()).await,
            }
        });
        working.shutdown_background();
        around.shutdown_background();
        read
    }

    fn payments(&self) -> u32 {
        self.foreign + self.matching
    }

    /// Withdrawals that wait, the position from which their account is watched, and the payments after it.
    async fn prepare(&self, stand: &Stand, database: &str) -> Result<()> {
        let ledger = InProcessLedger::new(Arc::clone(&stand.devnet));
        let account = samples::distribution().account();
        let start: Cursor = ledger.movements_start(&account).await?;
        let first = anchor(database, ledger).await?;
        first.store().watch_start(&account, &start).await?;
        let template = awaiting(&first).await?;
        // the template itself waits for a payment that never comes
        fill::withdrawals(database, &template, &stand.addresses(), self.matching + 1)?;

        let users = stand.users.len();
        stand.endow(STROOPS * (i64::from(self.payments()) / i64::try_from(users)? + 1))?;
        let every = self.payments() / self.matching.max(1);
        let (mut matched, mut number) = (0, 0);
        while number < self.payments() {
            let some = usize::try_from(self.payments() - number)?.min(users);
            let mut envelopes = Vec::with_capacity(some);
            for user in &stand.users[..some] {
                let memo = if number % every == 0 && matched < self.matching {
                    matched += 1;
                    u64::from(matched)
                } else {
                    FOREIGN + u64::from(number)
                };
                let pay = build::payment(xdr(&samples::distribution()), &stand.usd, STROOPS);
                let draft = stand.draft(user)?.operation(pay).memo(Memo::Id(memo));
                envelopes.push(stand.sign(&draft, user));
                number += 1;
            }
            stand.land(envelopes)?;
        }
        ensure!(matched == self.matching, "not all matching payments fit among the others");
        Ok(())
    }

    async fn over_http(&self, devnet: &Devnet, database: &str) -> Result<CaughtUp> {
        let server = rows::server_cpu(database)?;
        let began = Instant::now();
        let child = Command::new(std::env::current_exe()?)
            .args(["watch", "--horizon", &devnet.url(), "--database", database])
            .spawn()?;
        let child = Killed(child);
        let read = self.read(devnet, database).await;
        let time = began.elapsed();
        let (cpu, memory) = (process::cpu_time(child.0.id())?, process::memory_peak(child.0.id())?);
        let server = spent(database, server)?;
        drop(child);
        read?;
        self.found(database, CaughtUp { server, memory: Some(memory), ..self.caught_up(time, cpu) })
    }

    async fn directly(
        &self,
        devnet: &Arc<Devnet>,
        database: &str,
        working: &tokio::runtime::Handle,
    ) -> Result<CaughtUp> {
        let anchor = anchor(database, InProcessLedger::new(Arc::clone(devnet))).await?;
        let (stop, shutdown) = shutdown::channel();
        let (cpu, server) = (threads::cpu_time(threads::WORKER)?, rows::server_cpu(database)?);
        let began = Instant::now();
        let job = working.spawn(run_job(anchor, JOB, shutdown));
        let read = self.read(devnet, database).await;
        let time = began.elapsed();
        let cpu = threads::cpu_time(threads::WORKER)?.saturating_sub(cpu);
        let server = spent(database, server)?;
        stop.stop();
        job.await??;
        read?;
        self.found(database, CaughtUp { server, ..self.caught_up(time, cpu) })
    }

    /// Waits until everything is in the books. They are counted only when the reader is at the last ledger: counting takes
    /// longer the more there is.
    async fn read(&self, devnet: &Devnet, database: &str) -> Result<()> {
        let last = i64::from(devnet.network().latest().sequence);
        let read = async {
            while rows::count(database, rows::LEDGER)? < last {
                tokio::time::sleep(LOOK).await;
            }
            while rows::count(database, rows::MOVEMENTS)? < i64::from(self.payments()) {
                tokio::time::sleep(LOOK).await;
            }
            anyhow::Ok(())
        };
        tokio::time::timeout(self.limit, read).await.context("not everything was read in time")?
    }

    fn caught_up(&self, time: Duration, cpu: Duration) -> CaughtUp {
        let (payments, matching) = (self.payments(), self.matching);
        CaughtUp { payments, matching, time, cpu, server: None, memory: None }
    }

    fn found(&self, database: &str, caught_up: CaughtUp) -> Result<CaughtUp> {
        for (what, sql, expected) in [
            ("movements", rows::MOVEMENTS, i64::from(self.payments())),
            ("movements in suspense", rows::SUSPENSE, i64::from(self.foreign)),
            ("stroops", rows::MOVED, i64::from(self.payments()) * STROOPS),
            ("funded withdrawals", rows::FUNDED, i64::from(self.matching)),
        ] {
            let found = rows::count(database, sql)?;
            ensure!(found == expected, "{what}: {found} instead of {expected}");
        }
        Ok(caught_up)
    }
}

/// The processor time of the database's server since then.
fn spent(database: &str, before: Option<Duration>) -> Result<Option<Duration>> {
    Ok(rows::server_cpu(database)?.zip(before).map(|(after, before)| after.saturating_sub(before)))
}

/// The withdrawal that all others are copies of.
async fn awaiting(anchor: &anchor_core::Anchor) -> Result<Transaction> {
    let started = samples::started(TransactionId::new(RandomIds.next()), Kind::Withdrawal);
    let mut terms = samples::terms(Kind::Withdrawal, AMOUNT, 0);
    let expected = Money { amount: AMOUNT.parse()?, asset: samples::token().into() };
    ensure!(
        terms.amounts.as_ref().is_some_and(|amounts| amounts.amount_in == expected),
        "a withdrawal of {AMOUNT} is one of another amount"
    );
    terms.deadline = None;
    terms.receiving = Some(Receiving { account: samples::distribution().account(), memo: fill::marker() });
    moved(anchor, started, [Fact::TermsAgreed { terms }]).await
}

/// A process that is killed when nobody looks at it any more.
struct Killed(Child);

impl Drop for Killed {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
