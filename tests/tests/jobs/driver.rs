//! Jobs that run by themselves: rhythm, supervision, hand-over, stop.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use anchor_core::memo::Memo;
use anchor_core::ops::Progress;
use anchor_worker::{Job, JobError, WorkerError, shutdown};
use async_trait::async_trait;

use crate::world::World;

/// Lets ledgers close until it is so.
async fn until(world: &World, mut is_so: impl AsyncFnMut() -> bool) {
    let so = async {
        let mut beat = tokio::time::interval(Duration::from_millis(10));
        while !is_so().await {
            beat.tick().await;
            world.tick();
        }
    };
    tokio::time::timeout(Duration::from_secs(60), so).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn running_jobs_do_everything_and_stop_when_asked() {
    let world = World::new().await;
    let deposit = world.deposit("100").await;
    let withdrawal = world.withdrawal("100", 7).await;
    let (trigger, shutdown) = shutdown::channel();
    let worker = world.another_worker();
    let health = worker.health();
    let running = tokio::spawn(worker.run(shutdown));
    world.credit(deposit, "100");
    until(&world, async || world.state(deposit).await == "paid").await;
    // found by the stream, not by a page that somebody asked for
    world.pay("100", Memo::Id(7));
    until(&world, async || world.state(withdrawal).await == "paid_out").await;
    trigger.stop();
    running.await.unwrap().unwrap();

    let health = health.snapshot();
    assert_eq!(health.len(), anchor_worker::jobs::NAMES.len(), "{health:?}");
    assert!(health.values().all(|job| job.last_success.is_some() && job.panics == 0), "{health:?}");
    assert_eq!(world.user_holds(), "99.75");
    assert_eq!(world.transfers(withdrawal).len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn stopped_watcher_hands_its_accounts_over() {
    let world = World::new().await;
    let first = world.another_worker().jobs(["watch_transactions"]).unwrap();
    let health = first.health();
    let (trigger, shutdown) = shutdown::channel();
    let running = tokio::spawn(first.run(shutdown));
    until(&world, async || health.snapshot().contains_key("watch_transactions")).await;

    let id = world.withdrawal("100", 7).await;
    trigger.stop();
    running.await.unwrap().unwrap();
    world.pay("100", Memo::Id(7));
    // without waiting for the first one's lease to end
    world.another_worker().activate_once("watch_transactions").await.unwrap();
    assert_eq!(world.state(id).await, "ready_to_pay_out");
}

/// Panics at first, and then works.
struct Nervous(AtomicU32);

#[async_trait]
impl Job for Nervous {
    fn name(&self) -> &'static str {
        "nervous"
    }

    async fn activate_once(&self) -> Result<Progress, JobError> {
        assert!(self.0.fetch_add(1, Ordering::SeqCst) >= 2, "nervous");
        Ok(Progress::default())
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn job_that_panics_is_started_again_and_stops_nobody_else() {
    let world = World::new().await;
    let worker = world.another_worker().with(Nervous(AtomicU32::new(0)));
    let health = worker.health();
    let (trigger, shutdown) = shutdown::channel();
    let running = tokio::spawn(worker.run(shutdown));
    let id = world.deposit("100").await;
    world.credit(id, "100");
    until(&world, async || world.state(id).await == "paid").await;
    let recovered = async || {
        health.snapshot().get("nervous").is_some_and(|job| job.panics == 2 && job.last_success.is_some())
    };
    until(&world, recovered).await;
    trigger.stop();
    running.await.unwrap().unwrap();
}

#[tokio::test]
async fn unknown_job_is_refused_by_name() {
    let world = World::new().await;
    let refused = world.another_worker().jobs(["submit_payments", "submit_payment"]).unwrap_err();
    assert!(matches!(refused, WorkerError::UnknownJob(name) if name == "submit_payment"));
    let only = world.another_worker().jobs(["expire"]).unwrap();
    assert!(only.activate_once("expire").await.is_ok());
    assert!(only.activate_once("submit_payments").await.is_err());
}
