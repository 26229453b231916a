//! How one server behaves, and when it is left alone for a while.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use super::FailoverOptions;
use crate::stellar::{LedgerError, LedgerPoint};

/// Doubling stops here, long after `backoff_max` is reached.
const DOUBLINGS_MAX: u32 = 16;

/// How far a server is to be believed and bothered. The better ones come first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Standing {
    /// It answers, as a rule.
    Well,
    /// It answers, from the past.
    Behind,
    /// It did not answer, and may try again.
    OnTrial,
    /// It did not answer, and is left alone.
    Shut,
}

/// What a server was asked about. Where it keeps transactions may be broken while all else works: an answer to another
/// question is then no sign of health, or its silence about envelopes would keep them open for ever.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum About {
    Transactions,
    AllElse,
}

/// What is known of one server.
#[derive(Debug, Default)]
pub(super) struct Health(Mutex<State>);

#[derive(Debug, Default, Clone)]
pub(super) struct State {
    /// In a row, about transactions and about all else.
    failures: [u32; 2],
    /// How often it was shut in a row.
    shut: u32,
    shut_until: Option<Instant>,
    is_behind: bool,
    pub(super) is_elsewhere: bool,
    pub(super) reached: Option<LedgerPoint>,
    pub(super) errors: u64,
}

impl State {
    const fn failures_mut(&mut self, about: About) -> &mut u32 {
        let [transactions, all_else] = &mut self.failures;
        match about {
            About::Transactions => transactions,
            About::AllElse => all_else,
        }
    }

    pub(super) fn standing(&self, failures_max: u32) -> Standing {
        if self.failures.iter().any(|failures| *failures >= failures_max) {
            let is_shut = self.shut_until.is_some_and(|until| Instant::now() < until);
            return if is_shut { Standing::Shut } else { Standing::OnTrial };
        }
        if self.is_behind { Standing::Behind } else { Standing::Well }
    }
}

impl Health {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn state(&self) -> State {
        self.lock().clone()
    }

    /// It gave an answer, whatever the answer was.
    pub(super) fn answered(&self, name: &str, about: About) {
        let mut state = self.lock();
        state.is_elsewhere = false;
        *state.failures_mut(about) = 0;
        if state.failures == [0, 0] && state.shut > 0 {
            tracing::info!(endpoint = name, "a ledger server answers again");
            (state.shut, state.shut_until) = (0, None);
        }
    }

    /// It has read so far; `is_behind` by much, compared with the others.
    pub(super) fn reached(&self, name: &str, point: LedgerPoint, is_behind: bool) {
        let mut state = self.lock();
        if is_behind && !state.is_behind {
            tracing::warn!(
                endpoint = name,
                ledger = point.sequence,
                "a ledger server lags behind the others"
            );
        }
        (state.reached, state.is_behind) = (Some(point), is_behind);
    }

    /// It was found to know less than another one, without saying how far it has read.
    pub(super) fn fell_behind(&self, name: &str) {
        tracing::warn!(endpoint = name, "a ledger server kept silent about what another one tells");
        self.lock().is_behind = true;
    }

    /// It gave no answer: after some failures in a row it is left alone, for longer each time.
    pub(super) fn failed(&self, name: &str, about: About, error: &LedgerError, options: &FailoverOptions) {
        let mut state = self.lock();
        state.errors = state.errors.saturating_add(1);
        let weight = match error {
            // these took long enough to find out, or say it themselves
            LedgerError::Timeout(_) | LedgerError::Throttled { .. } | LedgerError::OtherNetwork => {
                options.failures_max
            }
            _ => 1,
        };
        let was_shut = state.standing(options.failures_max) > Standing::Behind;
        let failures = state.failures_mut(about);
        *failures = failures.saturating_add(weight);
        if *failures < options.failures_max {
            return;
        }
        let doubled = options.backoff.saturating_mul(1 << state.shut.min(DOUBLINGS_MAX));
        let mut pause = doubled.min(options.backoff_max).max(error.retry_after().unwrap_or_default());
        if matches!(error, LedgerError::OtherNetwork) {
            pause = options.backoff_max;
            if !state.is_elsewhere {
                tracing::error!(
                    endpoint = name,
                    "a ledger server belongs to another network and is not believed"
                );
            }
            state.is_elsewhere = true;
        } else if !was_shut {
            tracing::warn!(endpoint = name, %error, "a ledger server is left alone for a while");
        }
        state.shut = state.shut.saturating_add(1);
        state.shut_until = Some(Instant::now() + jittered(pause));
    }
}

/// Half of it by chance, so that many processes do not come back at once.
fn jittered(pause: Duration) -> Duration {
    let half = pause / 2;
    half.saturating_add(half.saturating_mul(rand::random_range(0..=100)) / 100)
}
