//! What everything in one simulation shares: chance, the weather, and what was noticed.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use anchor_core::clock::Clock;
use anchor_core::testing::fakes::samples;
use chrono::{DateTime, Utc};
use tokio::time::Instant;

use super::chance::Chance;
use super::{Bug, Report, Settings};

/// One simulation. Clones share it.
#[derive(Clone)]
pub(super) struct Sim(Arc<Inner>);

struct Inner {
    settings: Settings,
    climate: Climate,
    begin: Instant,
    state: Mutex<State>,
}

struct State {
    chance: Chance,
    is_calm: bool,
    violations: BTreeSet<String>,
    digest: u64,
    calls: u64,
    deaths: u64,
    trace: Vec<String>,
}

/// How bad it is, until the weather clears. In times out of ten thousand calls.
#[derive(Debug, Clone, Copy)]
pub(super) struct Climate {
    /// A call fails, before or after it had its effect.
    pub(super) failing: u64,
    /// The calling process dies, before or after the effect.
    pub(super) deadly: u64,
    /// A call takes longer than any lease.
    pub(super) stalling: u64,
    /// A question is answered by a server that is behind.
    pub(super) lagging: u64,
    /// By so many ledgers at most.
    pub(super) lag: u64,
    /// In times out of ten thousand ledgers: nothing is applied for a while.
    pub(super) jamming: u64,
    /// In times out of ten thousand ledgers: others bid more than we did.
    pub(super) surging: u64,
    /// In times out of ten thousand ledgers: an envelope fails in it.
    pub(super) refusing: u64,
    /// No server finds an envelope that landed inside of a wrapping by its own hash.
    pub(super) hides_wrapped: bool,
    /// The bank asks its book first and pays then, and two at once pay twice: then nothing outlasts a lease.
    pub(super) racy_bank: bool,
    /// How many channel accounts there are; without any, the distribution account stands in.
    pub(super) channels: u32,
    /// How many payments share an envelope at most.
    pub(super) operations: usize,
    /// An operator holds and releases transactions while everything is under way.
    pub(super) meddles: bool,
    /// How many workers there are.
    pub(super) workers: u64,
    /// When the weather clears.
    pub(super) clears: Duration,
}

impl Climate {
    fn of(chance: &mut Chance) -> Self {
        let racy_bank = chance.happens(3000);
        let hides_wrapped = chance.happens(5000);
        let meddles = chance.happens(5000);
        let mut level = |levels: [u64; 4]| chance.pick(&levels).unwrap_or_default();
        Self {
            failing: level([0, 100, 500, 1500]),
            deadly: level([0, 20, 60, 200]),
            stalling: if racy_bank { 0 } else { level([0, 0, 20, 100]) },
            lagging: level([0, 500, 2000, 5000]),
            lag: level([1, 2, 4, 8]),
            jamming: level([0, 0, 500, 1500]),
            surging: level([0, 0, 1000, 4000]),
            refusing: level([0, 0, 500, 1500]),
            hides_wrapped,
            meddles,
            workers: level([1, 2, 2, 3]),
            channels: u32::try_from(level([0, 1, 3, 8])).unwrap_or_default(),
            operations: usize::try_from(level([1, 2, 100, 100])).unwrap_or(1),
            racy_bank,
            clears: Duration::from_secs(chance.between(120, 360)),
        }
    }
}

/// What goes wrong with one call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Trouble {
    FailsBefore,
    FailsAfter,
    DiesBefore,
    DiesAfter,
}

/// How one call goes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Fate {
    pub(super) before: Duration,
    pub(super) after: Duration,
    pub(super) trouble: Option<Trouble>,
}

impl Sim {
    pub(super) fn new(settings: Settings) -> Self {
        let mut chance = Chance::new(settings.seed);
        let climate = Climate::of(&mut chance);
        let state = State {
            chance,
            is_calm: false,
            violations: BTreeSet::new(),
            digest: 0xcbf2_9ce4_8422_2325,
            calls: 0,
            deaths: 0,
            trace: Vec::new(),
        };
        Self(Arc::new(Inner { settings, climate, begin: Instant::now(), state: Mutex::new(state) }))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn climate(&self) -> Climate {
        self.0.climate
    }

    pub(super) fn signs_elsewhere(&self) -> bool {
        self.0.settings.signs_elsewhere()
    }

    pub(super) fn has_custodian(&self) -> bool {
        self.0.settings.has_custodian()
    }

    /// Without channels nobody waits for a signature to take something back.
    pub(super) fn takes_back_after(&self) -> Option<Duration> {
        let waits = self.signs_elsewhere() && self.climate().channels == 0;
        self.0.settings.takes_back_after().filter(|_| !waits)
    }

    /// Servers of every other story in which something is taken back tell what a claim brought.
    pub(super) fn tells_claims(&self) -> bool {
        self.takes_back_after().is_some() && self.0.settings.seed % 8 == 1
    }

    pub(super) fn has(&self, bug: Bug) -> bool {
        self.0.settings.bug == Some(bug)
    }

    pub(super) fn chance<T>(&self, draw: impl FnOnce(&mut Chance) -> T) -> T {
        draw(&mut self.state().chance)
    }

    pub(super) fn is_calm(&self) -> bool {
        self.state().is_calm
    }

    /// From now on nothing goes wrong any more.
    pub(super) fn clear_up(&self) {
        self.state().is_calm = true;
        self.note("weather", || "clears".to_owned());
    }

    /// Since the beginning.
    pub(super) fn elapsed(&self) -> Duration {
        self.0.begin.elapsed()
    }

    pub(super) fn now(&self) -> DateTime<Utc> {
        samples::start() + chrono::Duration::from_std(self.elapsed()).unwrap_or_default()
    }

    /// In Unix seconds.
    pub(super) fn seconds(&self) -> u64 {
        u64::try_from(self.now().timestamp()).unwrap_or_default()
    }

    /// How the next call goes.
    pub(super) fn fate(&self) -> Fate {
        let climate = self.0.climate;
        let state = &mut *self.state();
        state.calls += 1;
        let chance = &mut state.chance;
        let mut latency = || match chance.below(10) {
            0 | 1 => Duration::from_millis(chance.between(1, 20)),
            2 => Duration::from_millis(chance.between(20, 400)),
            _ => Duration::ZERO,
        };
        let mut fate = Fate { before: latency(), after: latency(), trouble: None };
        if state.is_calm {
            return fate;
        }
        if chance.happens(climate.stalling) {
            let stall = chance.pause(Duration::from_secs(10), Duration::from_secs(90));
            *(if chance.happens(5000) { &mut fate.before } else { &mut fate.after }) = stall;
        }
        if chance.happens(climate.failing) {
            fate.trouble = chance.pick(&[Trouble::FailsBefore, Trouble::FailsAfter]);
        }
        if chance.happens(climate.deadly) {
            fate.trouble = chance.pick(&[Trouble::DiesBefore, Trouble::DiesAfter]);
        }
        fate
    }

    /// How many ledgers the server is behind that answers the next question.
    pub(super) fn lag(&self) -> usize {
        let climate = self.0.climate;
        if self.is_calm() {
            return 0;
        }
        let lag =
            self.chance(
                |chance| {
                    if chance.happens(climate.lagging) { chance.between(1, climate.lag) } else { 0 }
                },
            );
        usize::try_from(lag).unwrap_or_default()
    }

    /// Something happened.
    pub(super) fn note(&self, who: &str, what: impl FnOnce() -> String) {
        let at = self.elapsed();
        let what = what();
        let state = &mut *self.state();
        let mut digest = state.digest;
        for byte in at.as_millis().to_be_bytes().iter().chain(who.as_bytes()).chain(what.as_bytes()) {
            digest = (digest ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
        }
        state.digest = digest;
        if self.0.settings.trace {
            state.trace.push(format!("{:>9.3} {who:<8} {what}", at.as_secs_f64()));
        }
    }

    pub(super) fn died(&self, who: &str) {
        self.state().deaths += 1;
        self.note(who, || "DIES".to_owned());
    }

    /// What must not happen, happened.
    pub(super) fn violated(&self, what: String) {
        self.note("audit", || format!("VIOLATED: {what}"));
        self.state().violations.insert(what);
    }

    pub(super) fn is_violated(&self) -> bool {
        !self.state().violations.is_empty()
    }

    pub(super) fn report(&self, lasted: Duration) -> Report {
        let state = &mut *self.state();
        Report {
            seed: self.0.settings.seed,
            violations: state.violations.iter().cloned().collect(),
            digest: state.digest,
            calls: state.calls,
            deaths: state.deaths,
            lasted,
            trace: std::mem::take(&mut state.trace),
        }
    }
}

impl fmt::Debug for Sim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sim").field("settings", &self.0.settings).finish_non_exhaustive()
    }
}

/// Virtual time, as a machine shows it whose clock is wrong by this much.
#[derive(Debug, Clone)]
pub(super) struct SimClock {
    pub(super) sim: Sim,
    pub(super) wrong_by: chrono::Duration,
}

impl Clock for SimClock {
    fn now(&self) -> DateTime<Utc> {
        self.sim.now() + self.wrong_by
    }
}
