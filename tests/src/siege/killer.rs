//! The anchor's processes, and the one who kills them.

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;

use anchor_devnet::{Fault, FaultRule, Faults, Timeout};
use anyhow::Result;
use tokio::task::JoinHandle;

use super::Siege;
use crate::anchor_process::AnchorProgram;

/// The running processes of the besieged anchor.
#[derive(Debug)]
pub(super) struct Garrison {
    kills: Arc<AtomicU32>,
    peace: Arc<AtomicBool>,
    guards: Vec<JoinHandle<Result<()>>>,
}

impl Garrison {
    /// Starts the processes; each is killed at random moments and started again at once, until relieved.
    pub(super) async fn start(anchor: AnchorProgram, siege: &Siege) -> Result<Self> {
        let commands: Vec<Vec<&'static str>> = if siege.split {
            let jobs = anchor_worker::jobs::NAMES.iter().map(|job| vec!["worker", *job]);
            std::iter::once(vec!["serve"]).chain(jobs).collect()
        } else {
            vec![vec!["all"]]
        };
        let kills = Arc::new(AtomicU32::new(0));
        let peace = Arc::new(AtomicBool::new(!siege.kills));
        let guards = commands
            .into_iter()
            .zip(1_u64..)
            .map(|(command, number)| {
                let dice = Dice(siege.seed.wrapping_mul(1_000_003).wrapping_add(number));
                let crowd = if siege.split { 10 } else { 1 };
                tokio::spawn(guard(
                    anchor.clone(),
                    command,
                    dice,
                    crowd,
                    Arc::clone(&kills),
                    Arc::clone(&peace),
                ))
            })
            .collect();
        Ok(Self { kills, peace, guards })
    }

    /// Ends the killing; returns how often it happened. The processes go on.
    pub(super) async fn relieve(&self) -> Result<u32> {
        self.peace.store(true, Ordering::Relaxed);
        Ok(self.kills.load(Ordering::Relaxed))
    }

    /// Ends the processes.
    pub(super) async fn stop(self) {
        for guard in self.guards {
            guard.abort();
            let _ = guard.await;
        }
    }
}

async fn guard(
    anchor: AnchorProgram,
    command: Vec<&'static str>,
    mut dice: Dice,
    crowd: u64,
    kills: Arc<AtomicU32>,
    peace: Arc<AtomicBool>,
) -> Result<()> {
    loop {
        let mut child = anchor.start(&command)?;
        let life = Duration::from_millis(dice.between(150, 2_500).saturating_mul(crowd));
        tokio::select! {
            ended = child.wait() => {
                eprintln!("`{}` ended by itself: {}", command.join(" "), ended?);
                tokio::time::sleep(Duration::from_millis(200)).await;
                continue;
            }
            () = tokio::time::sleep(life) => {}
        }
        if peace.load(Ordering::Relaxed) {
            child.wait().await?;
            continue;
        }
        child.start_kill()?;
        child.wait().await?;
        kills.fetch_add(1, Ordering::Relaxed);
    }
}

/// Silences the network for a few seconds now and then, for ever.
pub(super) async fn silence(siege: &Siege, faults: &Faults) -> Infallible {
    if !siege.silence {
        return std::future::pending().await;
    }
    faults.add(FaultRule::new(Fault::SilentStream).percent(20));
    faults.add(FaultRule::new(Fault::TimeoutBefore { by: Timeout::Hang }).percent(1));
    let mut dice = Dice(siege.seed.wrapping_mul(31));
    loop {
        tokio::time::sleep(Duration::from_millis(dice.between(3_000, 9_000))).await;
        let stall = faults.add(FaultRule::new(Fault::Stall));
        tokio::time::sleep(Duration::from_millis(dice.between(500, 4_000))).await;
        faults.remove(stall);
    }
}

/// Repeatable chance (SplitMix64).
#[derive(Debug, Clone)]
pub(super) struct Dice(pub(super) u64);

impl Dice {
    /// A number from `low` up to but not including `high`.
    pub(super) fn between(&mut self, low: u64, high: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        low + (mixed ^ (mixed >> 31)) % (high - low)
    }
}
