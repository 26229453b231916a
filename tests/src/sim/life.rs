//! One process, from its start to its death: whatever it has under way then is gone.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anchor_core::Anchor;
use anchor_worker::jobs::NAMES;
use anchor_worker::{Worker, WorkerConfig};
use futures_util::future::join_all;
use tokio::sync::Notify;

use super::bank::Wallets;
use super::story::World;
use super::weather::{Sim, SimClock, Trouble};

/// A process that may die at any call.
#[derive(Clone)]
pub(super) struct Life {
    pub(super) sim: Sim,
    pub(super) name: Arc<str>,
    death: Arc<Notify>,
    /// Only workers suffer, once they run; the web side of the stories does not.
    is_mortal: Arc<AtomicBool>,
}

impl fmt::Debug for Life {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Life").field(&self.name).finish()
    }
}

impl Life {
    pub(super) fn of(sim: &Sim, name: String) -> Self {
        Self { sim: sim.clone(), name: name.into(), death: Arc::default(), is_mortal: Arc::default() }
    }

    /// A call to the world outside of the process, which takes time, may fail, and may be the last one.
    pub(super) async fn call<T, E>(
        &self,
        what: &str,
        effect: impl Future<Output = Result<T, E>>,
        failure: impl FnOnce() -> E,
    ) -> Result<T, E> {
        if !self.is_mortal.load(Ordering::Relaxed) {
            return effect.await;
        }
        let fate = self.sim.fate();
        match fate.trouble {
            None => self.sim.note(&self.name, || what.to_owned()),
            Some(trouble) => self.sim.note(&self.name, || format!("{what} {trouble:?}")),
        }
        pause(fate.before).await;
        match fate.trouble {
            Some(Trouble::FailsBefore) => return Err(failure()),
            Some(Trouble::DiesBefore) => return self.die().await,
            _ => {}
        }
        let answer = effect.await;
        if fate.trouble == Some(Trouble::DiesAfter) {
            return self.die().await;
        }
        pause(fate.after).await;
        if fate.trouble == Some(Trouble::FailsAfter) { Err(failure()) } else { answer }
    }

    async fn die<T>(&self) -> T {
        self.death.notify_one();
        std::future::pending().await
    }
}

async fn pause(pause: Duration) {
    if !pause.is_zero() {
        tokio::time::sleep(pause).await;
    }
}

/// Process after process on one machine, for ever.
pub(super) async fn machine(world: Arc<World>, number: u64) {
    let sim = world.sim.clone();
    let wrong_by = sim.chance(|chance| chance.between(0, 6000));
    let wrong_by = chrono::Duration::milliseconds(i64::try_from(wrong_by).unwrap_or_default() - 3000);
    for start in 0_u32.. {
        let life = Life::of(&sim, format!("w{number}.{start}"));
        let clock = SimClock { sim: sim.clone(), wrong_by };
        let Ok(anchor) = world.anchor(&life, clock).await else {
            sim.violated("the anchor cannot be built".to_owned());
            return;
        };
        let death = Arc::clone(&life.death);
        life.is_mortal.store(true, Ordering::Relaxed);
        tokio::select! {
            biased;
            () = death.notified() => sim.died(&life.name),
            () = work(&life, anchor, &world) => {}
        }
        let dead = sim.chance(|chance| chance.pause(Duration::from_secs(1), Duration::from_secs(30)));
        tokio::time::sleep(dead).await;
    }
}

async fn work(life: &Life, anchor: Anchor, world: &World) {
    let mut config = WorkerConfig::default();
    let settings = &mut config.settings;
    settings.owner = life.name.to_string();
    settings.lease = Duration::from_secs(40);
    settings.call_timeout = Duration::from_secs(10);
    settings.attempt_lifetime = Duration::from_secs(30);
    settings.signer_lifetime = Duration::from_secs(60);
    settings.pause_max = Duration::from_secs(20);
    settings.batch = 8;
    settings.width = 3;
    settings.bump_after = Duration::from_secs(6);
    settings.operations_max = life.sim.climate().operations;
    let wallets = Wallets { life: life.clone(), posted: Arc::clone(&world.posted) };
    let worker = Worker::with_sender(anchor, config, Arc::new(wallets));
    join_all(NAMES.map(|job| activate(&life.sim, &worker, job))).await;
}

/// As the driver does it: as long as there is progress, without a pause.
async fn activate(sim: &Sim, worker: &Worker, job: &str) {
    loop {
        let moved = worker.activate_once(job).await.is_ok_and(|progress| progress.moved > 0);
        let most = if moved { 50 } else { 8000 };
        let pause = sim.chance(|chance| chance.pause(Duration::from_millis(1), Duration::from_millis(most)));
        tokio::time::sleep(pause).await;
    }
}
