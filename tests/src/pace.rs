//! Pace: how fast an anchor pays what is due, and how fast it reads what it missed.
//!
//! The network is a devnet in this process; its work is done on threads of its own, so that the worker's processor time
//! can be told from it. Afterwards everything is counted. Method and figures: `docs/reference/performance.md`.

mod audit;
mod catch_up;
mod elsewhere;
mod fill;
mod network;
mod report;
mod rows;
mod stand;
mod threads;

use std::sync::Arc;
use std::time::{Duration, Instant};

use anchor_core::Anchor;
use anchor_core::amount::{Money, StellarAmount};
use anchor_core::config::Config;
use anchor_core::id::{IdSource as _, RandomIds, TransactionId};
use anchor_core::keys::SigningKey;
use anchor_core::ops::{Committed, commit};
use anchor_core::stellar::Ledger;
use anchor_core::store::diesel::{DieselStore, PoolOptions};
use anchor_core::testing::fakes::{AmountForms, PlainDocuments, ScriptedCallbacks, samples};
use anchor_core::testing::rails::ScriptedRails;
use anchor_core::transaction::{Actor, Fact, Kind, Receipt, Settlement, Transaction};
use anchor_worker::shutdown::{self, Shutdown};
use anchor_worker::{Worker, WorkerConfig};
use anyhow::{Context as _, Result, ensure};
use tokio::runtime::{Builder, Runtime};
use tokio::task::JoinSet;

pub use self::catch_up::{CatchUp, Watch, Way};
pub use self::network::network;
pub use self::report::{CaughtUp, Paid};
pub use self::stand::{Rhythm, Used};

use self::elsewhere::Elsewhere;
use self::stand::Stand;
use crate::ledger::InProcessLedger;

/// What is due to each deposit's user.
const AMOUNT_IN: &str = "1";
/// Between two looks at how far the payments are.
const LOOK: Duration = Duration::from_millis(100);

/// Pays deposits.
#[derive(Debug, Clone)]
#[expect(clippy::exhaustive_structs, reason = "test support, not an API that is versioned")]
pub struct Pace {
    /// How often ledgers close.
    pub rhythm: Rhythm,
    /// Deposits that are ready to be paid when the clock starts.
    pub count: u32,
    /// Users who get them, in turns.
    pub users: u32,
    /// Each payment has a memo of its own, and so an envelope of its own.
    pub memos: bool,
    /// Accounts whose sequence numbers pay; the anchor's own account pays if there are none.
    pub channels: u32,
    /// Workers, each with a database pool of its own.
    pub workers: u32,
    /// The jobs that each of them runs.
    pub jobs: Vec<String>,
    /// When to give up.
    pub limit: Duration,
}

impl Pace {
    /// Pays everything on this empty database, and counts.
    ///
    /// # Errors
    /// When something could not be set up, the time was up, or anything does not add up.
    pub fn run(&self, database: &str) -> Result<Paid> {
        let around = runtime("pace-around", 2)?;
        let working = runtime(threads::WORKER, 2)?;
        let paid = around.block_on(self.pay(database, &around, &working));
        // whatever still runs after an error ends with its runtime
        working.shutdown_background();
        around.shutdown_background();
        paid
    }

    async fn pay(&self, database: &str, around: &Runtime, working: &Runtime) -> Result<Paid> {
        let stand = Stand::new(self.rhythm, self.users, self.channels).await?;
        let ledger = InProcessLedger::new(Arc::clone(&stand.devnet));
        let first = anchor(database, ledger.clone()).await?;
        let channels: Vec<_> =
            (0..).zip(&stand.channels).map(|(at, key)| (key.account(), Some(at))).collect();
        first.store().channel_put(&channels).await?;
        let template = ready_deposit(&first, self.memos).await?;
        fill::deposits(database, &template, &stand.addresses(), self.count)?;
        let (before, amount) = (stand.moment(), amount_out(&template)?.stroops());

        let (stop, shutdown) = shutdown::channel();
        let mut workers = JoinSet::new();
        for number in 0..self.workers.max(1) {
            let ledger = Elsewhere::new(ledger.clone(), around.handle().clone());
            let worker = worker(anchor(database, ledger).await?, number, &self.jobs)?;
            workers.spawn_on(worker.run(shutdown.clone()), working.handle());
        }
        let (cpu, server) = (threads::cpu_time(threads::WORKER)?, rows::server_cpu(database)?);
        let began = Instant::now();
        let progress = async {
            let anchor = samples::distribution().account();
            while before.held - stand.held(&anchor) < amount * i64::from(self.count) {
                tokio::time::sleep(LOOK).await;
            }
            let on_ledger = began.elapsed();
            while rows::count(database, rows::PAID)? < i64::from(self.count) {
                tokio::time::sleep(LOOK).await;
            }
            anyhow::Ok((on_ledger, began.elapsed()))
        };
        let progress = tokio::time::timeout(self.limit, progress).await;
        let cpu = threads::cpu_time(threads::WORKER)?.saturating_sub(cpu);
        let server_after = rows::server_cpu(database)?;
        stop.stop();
        while let Some(ended) = workers.join_next().await {
            ended??;
        }
        let violations = audit::deposits(&stand, database, before, &template, self)?;
        let (on_ledger, in_books) =
            progress.with_context(|| format!("not all paid in time; {}", violations.join("; ")))??;
        ensure!(violations.is_empty(), "{}", violations.join("\n"));
        Ok(Paid {
            count: self.count,
            on_ledger,
            in_books,
            cpu,
            server: server_after.zip(server).map(|(after, before)| after.saturating_sub(before)),
            ledgers: stand.used_since(before),
            rhythm: self.rhythm,
        })
    }
}

/// A runtime whose threads carry this name and last as long as it does, so that their processor time can be read.
fn runtime(name: &str, threads: usize) -> Result<Runtime> {
    let mut builder = Builder::new_multi_thread();
    builder.worker_threads(threads).thread_name(name).enable_all();
    Ok(builder.thread_keep_alive(Duration::from_secs(24 * 3600)).build()?)
}

/// The settings of a worker: nothing here is secret.
fn config() -> Result<Config> {
    let seed = |key: SigningKey| key.to_strkey().expose().clone();
    Ok(Config::from_source(|name| match name {
        "SIGNING_SEED" | "DISTRIBUTION_SEEDS" => Some(seed(samples::distribution())),
        "CHANNEL_SEED" => Some(seed(stand::channel_seed())),
        "SERVER_JWT_KEY" => Some("a-key-for-measuring-0123456789-abcdefgh".to_owned()),
        _ => None,
    })?)
}

async fn anchor(database: &str, ledger: impl Ledger + 'static) -> Result<Anchor> {
    let store = DieselStore::open_with(database, PoolOptions::default())?;
    store.migrate().await?;
    let anchor = Anchor::builder(config()?)
        .store(store)
        .ledger(ledger)
        .rails(ScriptedRails::new())
        .deposit(AmountForms)
        .withdrawal(AmountForms)
        .documents(PlainDocuments)
        .asset(samples::asset())
        .build()
        .await?;
    Ok(anchor)
}

fn worker(anchor: Anchor, number: u32, jobs: &[String]) -> Result<Worker> {
    let mut config = WorkerConfig::default();
    config.settings.owner = format!("pace-{number}");
    let callbacks = Arc::new(ScriptedCallbacks::default());
    Ok(Worker::with_sender(anchor, config, callbacks).jobs(jobs)?)
}

/// Runs one job of this anchor until told to stop.
async fn run_job(anchor: Anchor, job: &str, shutdown: Shutdown) -> Result<()> {
    Ok(worker(anchor, 0, &[job.to_owned()])?.run(shutdown).await?)
}

/// The deposit that all others are copies of.
async fn ready_deposit(anchor: &Anchor, memo: bool) -> Result<Transaction> {
    let mut started = samples::started(TransactionId::new(RandomIds.next()), Kind::Deposit);
    if memo {
        started.request.memo = fill::marker();
    }
    let mut terms = samples::terms(Kind::Deposit, AMOUNT_IN, 0);
    terms.deadline = None;
    let amounts = terms.amounts.clone().context("an amount is agreed")?;
    let amount = Money { amount: AMOUNT_IN.parse()?, asset: started.off_chain_asset.clone() };
    let receipt =
        Receipt { reference: "pace".to_owned(), amount, from: None, ledger: None, return_fee: None };
    let facts = [
        Fact::TermsAgreed { terms },
        Fact::FundsReceived { receipt, settlement: Settlement::Accept(amounts) },
    ];
    moved(anchor, started, facts).await
}

/// Stores a transaction, and these facts about it.
async fn moved(
    anchor: &Anchor,
    started: Transaction,
    facts: impl IntoIterator<Item = Fact>,
) -> Result<Transaction> {
    anchor.store().transaction_insert(&started, None).await?;
    let mut transaction = started;
    for fact in facts {
        match commit(anchor, &transaction, fact, Actor::Worker, false).await? {
            Committed::Moved(next) => transaction = next,
            other => anyhow::bail!("the template did not move: {other:?}"),
        }
    }
    Ok(transaction)
}

/// What a deposit's user gets.
fn amount_out(template: &Transaction) -> Result<StellarAmount> {
    let amounts = template.amounts.as_ref().context("a template without amounts")?;
    Ok(amounts.amount_out.amount.to_stellar()?)
}
