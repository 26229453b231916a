//! Many workers and many transactions: nobody waits for a slow bank but those whose bank it is, and work goes from one
//! process to another.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use anchor_core::integration::{
    FundsOutcome, IntegrationError, PayoutOrder, PayoutOutcome, PendingDeposit, RailsIntegration,
};
use anchor_core::memo::Memo;
use anchor_core::testing::rails::ScriptedRails;
use anchor_worker::{Worker, WorkerConfig, shutdown};
use async_trait::async_trait;
use tokio::sync::Semaphore;

use crate::world::World;

/// A bank that lets transfers through one after the other, when it is told to.
#[derive(Clone)]
struct Gate {
    bank: ScriptedRails,
    open: Arc<Semaphore>,
    inside: Arc<AtomicUsize>,
    most: Arc<AtomicUsize>,
}

impl Gate {
    fn new(bank: ScriptedRails) -> Self {
        Self { bank, open: Arc::new(Semaphore::new(0)), inside: Arc::default(), most: Arc::default() }
    }

    fn let_through(&self, transfers: usize) {
        self.open.add_permits(transfers);
    }

    fn inside(&self) -> usize {
        self.inside.load(Ordering::SeqCst)
    }
}

#[async_trait]
impl RailsIntegration for Gate {
    async fn poll_pending_deposit(&self, deposit: &PendingDeposit) -> Result<FundsOutcome, IntegrationError> {
        self.bank.poll_pending_deposit(deposit).await
    }

    async fn execute_outgoing_transaction(
        &self,
        order: &PayoutOrder,
    ) -> Result<PayoutOutcome, IntegrationError> {
        let inside = self.inside.fetch_add(1, Ordering::SeqCst) + 1;
        self.most.fetch_max(inside, Ordering::SeqCst);
        if let Ok(through) = self.open.acquire().await {
            through.forget();
        }
        self.inside.fetch_sub(1, Ordering::SeqCst);
        self.bank.execute_outgoing_transaction(order).await
    }

    async fn find_outgoing_transaction(
        &self,
        order: &PayoutOrder,
    ) -> Result<PayoutOutcome, IntegrationError> {
        self.bank.find_outgoing_transaction(order).await
    }
}

/// Until it is so; nothing happens on the ledger meanwhile.
async fn until(mut is_so: impl AsyncFnMut() -> bool) {
    let so = async {
        let mut beat = tokio::time::interval(Duration::from_millis(10));
        while !is_so().await {
            beat.tick().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), so).await.unwrap();
}

/// A worker whose bank may take its time.
fn patient(world: &World) -> Worker {
    let mut config = WorkerConfig::default();
    config.settings.call_timeout = Duration::from_secs(30);
    config.period = Duration::from_millis(20);
    Worker::with_sender(world.anchor.clone(), config, Arc::new(world.callbacks.clone()))
}

#[tokio::test(flavor = "multi_thread")]
async fn transfer_that_hangs_holds_up_neither_deposits_nor_other_transfers() {
    let bank = ScriptedRails::new();
    let gate = Gate::new(bank.clone());
    let world = World::with_rails(bank, gate.clone()).await;
    let slow = world.withdrawal("100", 7).await;
    world.pay("100", Memo::Id(7));
    let (trigger, stop) = shutdown::channel();
    let running = tokio::spawn(patient(&world).run(stop));
    until(async || gate.inside() == 1).await;
    // a deposit, by other jobs
    let deposit = world.deposit("100").await;
    world.credit(deposit, "100");
    // not so often that the first one's lease ends
    let mut looks = 0;
    until(async || {
        looks += 1;
        if looks % 50 == 0 {
            world.tick();
        }
        world.state(deposit).await == "paid"
    })
    .await;
    // and a transfer that became due while the first one hangs
    let later = world.withdrawal("50", 8).await;
    world.pay("50", Memo::Id(8));
    until(async || gate.inside() == 2).await;
    assert_eq!(world.transfers(slow).len() + world.transfers(later).len(), 0);
    gate.let_through(2);
    until(async || world.state(slow).await == "paid_out" && world.state(later).await == "paid_out").await;
    trigger.stop();
    running.await.unwrap().unwrap();
    assert_eq!((world.transfers(slow).len(), world.transfers(later).len()), (1, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn bank_is_asked_for_so_many_transfers_at_once_and_no_more() {
    let bank = ScriptedRails::new();
    let gate = Gate::new(bank.clone());
    let world = World::with_rails(bank, gate.clone()).await;
    let mut ids = Vec::new();
    for memo in 1..=20 {
        ids.push(world.withdrawal("10", memo).await);
        world.pay("10", Memo::Id(memo));
    }
    world.worker.activate_once("watch_transactions").await.unwrap();
    let worker = patient(&world);
    let executed = worker.activate_once("execute_outgoing_transactions");
    let let_through = async {
        until(async || gate.inside() == 8).await;
        gate.let_through(20);
    };
    let (executed, ()) = tokio::join!(executed, let_through);
    executed.unwrap();
    assert_eq!(gate.most.load(Ordering::SeqCst), 8);
    for id in ids {
        assert_eq!((world.state(id).await, world.transfers(id).len()), ("paid_out", 1));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn worker_that_is_asked_to_stop_finishes_the_transfer_at_hand_and_leaves_no_lease_behind() {
    let bank = ScriptedRails::new();
    let gate = Gate::new(bank.clone());
    let world = World::with_rails(bank, gate.clone()).await;
    let id = world.withdrawal("100", 7).await;
    world.pay("100", Memo::Id(7));
    let (trigger, stop) = shutdown::channel();
    let running = tokio::spawn(patient(&world).run(stop));
    until(async || gate.inside() == 1).await;
    trigger.stop();
    let next = world.withdrawal("50", 8).await;
    world.pay("50", Memo::Id(8));
    gate.let_through(1);
    running.await.unwrap().unwrap();
    assert_eq!((world.state(id).await, world.transfers(id).len()), ("paid_out", 1));
    // another one goes on at once: nothing waits for a lease to end
    gate.let_through(1);
    world.work().await;
    assert_eq!(world.state(next).await, "paid_out");
}

#[tokio::test(flavor = "multi_thread")]
async fn watch_of_a_killed_process_is_taken_over_within_seconds_and_not_before() {
    let world = World::new().await;
    let killed = world.another_worker().jobs(["watch_transactions"]).unwrap();
    let health = killed.health();
    let (_trigger, stop) = shutdown::channel();
    let running = tokio::spawn(killed.run(stop));
    until(async || health.snapshot().contains_key("watch_transactions")).await;
    running.abort();
    drop(running.await);
    let id = world.withdrawal("100", 7).await;
    world.pay("100", Memo::Id(7));
    let other = world.another_worker();
    other.activate_once("watch_transactions").await.unwrap();
    assert_eq!(world.state(id).await, "awaiting_payment", "somebody may still read there");
    world.clock.advance(Duration::from_secs(15));
    other.activate_once("watch_transactions").await.unwrap();
    assert_eq!(world.state(id).await, "ready_to_pay_out");
}

/// Nobody rings a bell in another process: it looks every second.
#[tokio::test(flavor = "multi_thread")]
async fn work_that_another_process_made_due_is_found_within_the_period() {
    let world = World::new().await;
    let elsewhere = world.another_anchor().await;
    let (trigger, stop) = shutdown::channel();
    let worker = Worker::with_sender(elsewhere, WorkerConfig::default(), Arc::new(world.callbacks.clone()));
    let running = tokio::spawn(worker.jobs(["submit_payments"]).unwrap().run(stop));
    let id = world.deposit("100").await;
    world.credit(id, "100");
    world.worker.activate_once("process_pending_deposits").await.unwrap();
    let begun = std::time::Instant::now();
    until(async || world.state(id).await == "paying").await;
    assert!(begun.elapsed() < Duration::from_secs(10), "{:?}", begun.elapsed());
    trigger.stop();
    running.await.unwrap().unwrap();
}
