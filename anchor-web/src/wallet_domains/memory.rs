//! What is known of domains, for some time and for so many of them.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use anchor_core::account::AccountId;
use anchor_core::domain::Domain;
use chrono::{DateTime, TimeDelta, Utc};
use tokio::sync::{MutexGuard, Semaphore};

use super::WalletDomainError;
use super::fetches::parent;

/// Entries; each is some hundred bytes.
const DOMAINS_MAX: usize = 2_048;
/// Those who wait for the answer about one domain. Each holds a connection, but nothing that others need.
const WAITING_MAX: usize = 16;
/// A key that changed is noticed after this long.
const KEY_LIFETIME: TimeDelta = TimeDelta::minutes(5);
/// Where nobody can look, a key that was right is good for this long. A key that was taken back is good for as long, if
/// somebody keeps us from looking.
const LAST_KEY_LIFETIME: TimeDelta = TimeDelta::hours(1);
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

/// One domain.
#[derive(Debug)]
pub(super) struct Slot {
    /// Held by whoever looks.
    known: tokio::sync::Mutex<Option<Known>>,
    /// Of the last look, if it found a key; readable while somebody looks.
    last: Mutex<Option<(AccountId, DateTime<Utc>)>>,
    waiting: Semaphore,
}

impl Default for Slot {
    fn default() -> Self {
        Self {
            known: tokio::sync::Mutex::default(),
            last: Mutex::default(),
            waiting: Semaphore::new(WAITING_MAX),
        }
    }
}

impl Slot {
    /// What is known, once nobody else looks: everybody who asks for the same domain waits here for the same answer, as
    /// long as they are not too many.
    pub(super) async fn enter(&self) -> Result<MutexGuard<'_, Option<Known>>, WalletDomainError> {
        if let Ok(known) = self.known.try_lock() {
            return Ok(known);
        }
        let _place = self.waiting.try_acquire().map_err(|_| WalletDomainError::Busy)?;
        Ok(self.known.lock().await)
    }

    /// What is known, unless somebody is just looking.
    pub(super) fn try_enter(&self) -> Option<MutexGuard<'_, Option<Known>>> {
        self.known.try_lock().ok()
    }

    /// Keeps what was found. A domain that has no key any more has no last one either.
    pub(super) fn learn(&self, known: &mut Option<Known>, found: Known) {
        let key = found.key.as_ref().ok().map(|key| (*key, found.at));
        *self.last.lock().unwrap_or_else(PoisonError::into_inner) = key;
        *known = Some(found);
    }

    /// The key that the last look found, where nobody can look now.
    pub(super) fn last_key(&self, now: DateTime<Utc>) -> Option<AccountId> {
        let last = *self.last.lock().unwrap_or_else(PoisonError::into_inner);
        last.filter(|(_, at)| now.signed_duration_since(*at) < LAST_KEY_LIFETIME).map(|(key, _)| key)
    }

    fn found_at(&self) -> Option<DateTime<Utc>> {
        self.last.lock().unwrap_or_else(PoisonError::into_inner).map(|(_, at)| at)
    }
}

/// One slot a domain.
#[derive(Debug, Default)]
pub(super) struct Memory(Mutex<HashMap<Domain, Arc<Slot>>>);

impl Memory {
    /// The domain's slot, the same for everybody who asks at the same time.
    pub(super) fn slot(&self, domain: &Domain, now: DateTime<Utc>) -> Arc<Slot> {
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

/// Slots in use stay. First those go that have no key, or none that is still good for anything. If that is not enough,
/// the oldest goes of the parent that has the most: a stranger's thousand subdomains push out each other.
fn make_room(slots: &mut HashMap<Domain, Arc<Slot>>, now: DateTime<Utc>) {
    let in_use = |slot: &Arc<Slot>| Arc::strong_count(slot) > 1;
    slots.retain(|_, slot| in_use(slot) || slot.last_key(now).is_some());
    if slots.len() < DOMAINS_MAX {
        return;
    }
    let mut parents: HashMap<&str, usize> = HashMap::new();
    for (domain, _) in slots.iter().filter(|(_, slot)| !in_use(slot)) {
        let count = parents.entry(parent(domain)).or_default();
        *count = count.saturating_add(1);
    }
    let most = parents.values().copied().max().unwrap_or_default();
    let crowded = |domain: &Domain| parents.get(parent(domain)) == Some(&most);
    let unused = slots.iter().filter(|(domain, slot)| !in_use(slot) && crowded(domain));
    let oldest = unused.min_by_key(|(_, slot)| slot.found_at()).map(|(domain, _)| domain.clone());
    if let Some(oldest) = oldest {
        slots.remove(&oldest);
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use anchor_core::testing::fakes::samples;

    use super::*;

    fn learn(memory: &Memory, domain: &Domain, key: Result<AccountId, WalletDomainError>, at: DateTime<Utc>) {
        let slot = memory.slot(domain, at);
        let mut known = slot.try_enter().unwrap();
        slot.learn(&mut known, Known { key, at });
    }

    #[tokio::test]
    async fn r_01_028_memory_is_bounded_and_keeps_what_is_in_use_or_good() {
        let memory = Memory::default();
        let now = samples::start();
        let domain = |number: usize| format!("wallet{number}.example").parse::<Domain>().unwrap();
        let in_use = memory.slot(&domain(0), now);
        learn(&memory, &domain(1), Ok(samples::user().account()), now);
        for number in 2..DOMAINS_MAX {
            learn(&memory, &domain(number), Err(WalletDomainError::Unreachable), now);
        }
        assert_eq!(memory.len(), DOMAINS_MAX);
        memory.slot(&domain(DOMAINS_MAX), now);
        assert_eq!(memory.len(), 3);
        assert!(Arc::ptr_eq(&in_use, &memory.slot(&domain(0), now)));
        assert!(memory.slot(&domain(1), now).try_enter().unwrap().is_some());
    }

    #[test]
    fn thousands_of_subdomains_of_a_stranger_push_out_no_wallet() {
        let memory = Memory::default();
        let now = samples::start();
        let later = |number: usize| now + TimeDelta::milliseconds(i64::try_from(number).unwrap());
        let key = samples::user().account();
        let good: Domain = "wallet.example".parse().unwrap();
        learn(&memory, &good, Ok(key), now);
        let evil = |number: usize| format!("x{number}.evil.example").parse::<Domain>().unwrap();
        for number in 0..DOMAINS_MAX + 10 {
            learn(&memory, &evil(number), Ok(key), later(number));
        }
        assert_eq!(memory.len(), DOMAINS_MAX);
        assert_eq!(memory.slot(&good, now).last_key(now), Some(key));
        let last = later(DOMAINS_MAX + 9);
        assert_eq!(memory.slot(&evil(11), last).last_key(last), Some(key), "only the oldest went");
        assert_eq!(memory.slot(&evil(0), last).last_key(last), None);
    }

    #[test]
    fn last_key_is_good_for_an_hour_and_a_failed_look_ends_it() {
        let now = samples::start();
        let (slot, key) = (Slot::default(), samples::user().account());
        let mut known = slot.try_enter().unwrap();
        assert_eq!(slot.last_key(now), None);
        slot.learn(&mut known, Known { key: Ok(key), at: now });
        let after = |seconds| now + TimeDelta::seconds(seconds);
        assert_eq!((slot.last_key(after(3599)), slot.last_key(after(3600))), (Some(key), None));
        slot.learn(&mut known, Known { key: Err(WalletDomainError::Unreachable), at: after(1) });
        assert_eq!(slot.last_key(after(1)), None);
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
