//! What is known of domains, for some time and for so many of them.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use anchor_core::account::AccountId;
use anchor_core::domain::Domain;
use chrono::{DateTime, TimeDelta, Utc};

use super::{Slot, WalletDomainError};

/// Entries; each is some hundred bytes.
const DOMAINS_MAX: usize = 2_048;
/// A key that changed is noticed after this long.
const KEY_LIFETIME: TimeDelta = TimeDelta::minutes(5);
/// A wallet whose server came back is let in after this long.
const FAILURE_LIFETIME: TimeDelta = TimeDelta::seconds(15);
/// A key younger than this was right a moment ago: whoever cannot sign with it is not believed.
const DOUBT_AFTER: TimeDelta = TimeDelta::seconds(30);

/// What came of the last look.
#[derive(Debug, Clone)]
pub(super) struct Known {
    pub(super) key: Result<AccountId, WalletDomainError>,
    pub(super) at: DateTime<Utc>,
}

impl Known {
    pub(super) fn holds(&self, now: DateTime<Utc>) -> bool {
        now.signed_duration_since(self.at) < if self.key.is_ok() { KEY_LIFETIME } else { FAILURE_LIFETIME }
    }

    pub(super) fn may_be_doubted(&self, now: DateTime<Utc>) -> bool {
        now.signed_duration_since(self.at) >= DOUBT_AFTER
    }
}

/// One slot a domain.
#[derive(Debug, Default)]
pub(super) struct Memory(Mutex<HashMap<Domain, Slot>>);

impl Memory {
    /// The domain's slot, the same for everybody who asks at the same time.
    pub(super) fn slot(&self, domain: &Domain, now: DateTime<Utc>) -> Slot {
        let mut slots = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(slot) = slots.get(domain) {
            return Arc::clone(slot);
        }
        if slots.len() >= DOMAINS_MAX {
            make_room(&mut slots, now);
        }
        Arc::clone(slots.entry(domain.clone()).or_default())
    }

    #[cfg(test)]
    fn len(&self) -> usize {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).len()
    }
}

/// Slots in use stay; then what no longer holds and failures go, and if that is not enough, everything.
fn make_room(slots: &mut HashMap<Domain, Slot>, now: DateTime<Utc>) {
    let in_use = |slot: &Slot| Arc::strong_count(slot) > 1;
    slots.retain(|_, slot| {
        let is_good = |known: &Known| known.key.is_ok() && known.holds(now);
        in_use(slot) || slot.try_lock().is_ok_and(|known| known.as_ref().is_some_and(is_good))
    });
    if slots.len() >= DOMAINS_MAX {
        slots.retain(|_, slot| in_use(slot));
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use anchor_core::testing::fakes::samples;

    use super::*;

    #[tokio::test]
    async fn r_01_028_memory_is_bounded_and_keeps_what_is_in_use_or_good() {
        let memory = Memory::default();
        let now = samples::start();
        let domain = |number: usize| format!("wallet{number}.example").parse::<Domain>().unwrap();
        let in_use = memory.slot(&domain(0), now);
        let key = samples::user().account();
        *memory.slot(&domain(1), now).lock().await = Some(Known { key: Ok(key), at: now });
        for number in 2..DOMAINS_MAX {
            let failed = Known { key: Err(WalletDomainError::Unreachable), at: now };
            *memory.slot(&domain(number), now).lock().await = Some(failed);
        }
        assert_eq!(memory.len(), DOMAINS_MAX);
        memory.slot(&domain(DOMAINS_MAX), now);
        assert_eq!(memory.len(), 3);
        assert!(Arc::ptr_eq(&in_use, &memory.slot(&domain(0), now)));
        assert!(memory.slot(&domain(1), now).lock().await.is_some());
    }

    #[test]
    fn r_01_028_keys_are_known_for_minutes_and_failures_for_seconds() {
        let now = samples::start();
        let key = Known { key: Ok(samples::user().account()), at: now };
        let failure = Known { key: Err(WalletDomainError::Unreachable), at: now };
        let after = |seconds| now + TimeDelta::seconds(seconds);
        assert!(key.holds(after(299)) && !key.holds(after(300)));
        assert!(failure.holds(after(14)) && !failure.holds(after(15)));
        assert!(!key.may_be_doubted(after(29)) && key.may_be_doubted(after(30)));
    }
}
