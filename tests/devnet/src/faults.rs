//! Faults on demand: what a test orders the network to get wrong.
//!
//! A [`FaultRule`] says what goes wrong, where, how often and with what chance. Chances are drawn from one
//! seeded generator, so that the same requests in the same order meet the same faults.

pub(crate) mod middleware;
pub(crate) mod rule;

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use rand::{RngExt, SeedableRng, rngs::StdRng};

pub use rule::{Fault, FaultRule, InstalledFault, Timeout};

/// The installed faults and the generator behind their chances.
#[derive(Debug)]
pub struct Faults {
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    rng: StdRng,
    next_id: u64,
    installed: Vec<InstalledFault>,
}

/// What shall become of one request. Delay and lag go together with an outcome.
#[derive(Debug, Clone, Default)]
pub(crate) struct Verdict {
    pub(crate) delay: Duration,
    pub(crate) lag: u32,
    pub(crate) outcome: Option<Fault>,
}

/// What shall become of a stream that would go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum StreamVerdict {
    GoesOn,
    Drops,
    FallsSilent,
}

impl Faults {
    /// No faults; chances will be drawn from `seed`.
    pub fn new(seed: u64) -> Self {
        let state = State { rng: StdRng::seed_from_u64(seed), next_id: 1, installed: Vec::new() };
        Self { state: Mutex::new(state) }
    }

    /// Starts the generator over from `seed`.
    pub fn reseed(&self, seed: u64) {
        self.lock().rng = StdRng::seed_from_u64(seed);
    }

    /// Installs a fault behind those that are there and tells its id.
    pub fn add(&self, rule: FaultRule) -> u64 {
        let mut state = self.lock();
        let id = state.next_id;
        state.next_id += 1;
        state.installed.push(InstalledFault { id, fired: 0, rule });
        id
    }

    /// Installs a bit of everything that a client has to survive, each with the same chance in a hundred.
    pub fn add_chaos(&self, percent: u8) {
        for fault in Fault::chaos() {
            self.add(FaultRule::new(fault).percent(percent));
        }
    }

    /// What is installed and how often each has fired. A fault that has used up its count is gone.
    pub fn list(&self) -> Vec<InstalledFault> {
        self.lock().installed.clone()
    }

    /// Removes one fault; `false` when there is none with this id.
    pub fn remove(&self, id: u64) -> bool {
        let mut state = self.lock();
        let before = state.installed.len();
        state.installed.retain(|fault| fault.id != id);
        state.installed.len() < before
    }

    /// Removes all faults.
    pub fn clear(&self) {
        self.lock().installed.clear();
    }

    /// Judges a request. The first fault that fires decides the outcome; delays add up, the largest lag counts.
    pub(crate) fn judge(&self, method: &str, path: &str) -> Verdict {
        let mut state = self.lock();
        let mut verdict = Verdict::default();
        for fault in state.candidates(|rule| rule.fault.concerns_requests() && rule.matches(method, path)) {
            let decided = verdict.outcome.is_some();
            match fault.rule.fault {
                Fault::Slow { delay_ms } if state.fires(fault.id) => {
                    verdict.delay = verdict.delay.saturating_add(Duration::from_millis(delay_ms));
                }
                Fault::Stale { ledgers } if state.fires(fault.id) => verdict.lag = verdict.lag.max(ledgers),
                Fault::Slow { .. } | Fault::Stale { .. } => {}
                outcome if !decided && state.fires(fault.id) => verdict.outcome = Some(outcome),
                _ => {}
            }
        }
        verdict
    }

    /// How far behind the replica is that an open stream reads from.
    pub(crate) fn lag(&self, path: &str) -> u32 {
        let mut state = self.lock();
        let stale =
            state.candidates(|rule| matches!(rule.fault, Fault::Stale { .. }) && rule.matches("GET", path));
        let lags =
            stale.into_iter().filter(|fault| state.fires(fault.id)).map(|fault| match fault.rule.fault {
                Fault::Stale { ledgers } => ledgers,
                _ => 0,
            });
        lags.max().unwrap_or(0)
    }

    /// Judges an open stream that has something to say or a ledger to look at.
    pub(crate) fn judge_stream(&self, path: &str) -> StreamVerdict {
        let mut state = self.lock();
        let candidates = state.candidates(|rule| rule.fault.concerns_streams() && rule.matches("GET", path));
        match candidates.into_iter().find(|fault| state.fires(fault.id)) {
            Some(InstalledFault { rule: FaultRule { fault: Fault::DropStream, .. }, .. }) => {
                StreamVerdict::Drops
            }
            Some(_) => StreamVerdict::FallsSilent,
            None => StreamVerdict::GoesOn,
        }
    }

    /// Whether the ledger that is due must not close.
    pub(crate) fn stalls_close(&self) -> bool {
        let mut state = self.lock();
        let candidates = state.candidates(|rule| matches!(rule.fault, Fault::Stall));
        candidates.into_iter().any(|fault| state.fires(fault.id))
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn candidates(&self, wanted: impl Fn(&FaultRule) -> bool) -> Vec<InstalledFault> {
        self.installed.iter().filter(|fault| wanted(&fault.rule)).cloned().collect()
    }

    /// Draws whether a fault fires, and counts it.
    fn fires(&mut self, id: u64) -> bool {
        let Some(position) = self.installed.iter().position(|fault| fault.id == id) else { return false };
        let fault = &mut self.installed[position];
        if fault.rule.percent < 100 && self.rng.random_range(0..100) >= fault.rule.percent {
            return false;
        }
        fault.fired += 1;
        if fault.rule.count.is_some_and(|count| fault.fired >= count) {
            self.installed.remove(position);
        }
        true
    }
}

#[cfg(test)]
mod tests;
