//! How far watching has come. The ledger itself is asked what comes after the stored positions: a watcher that stands
//! still is seen here, whatever it believes.

use chrono::{DateTime, TimeDelta, Utc};
use futures_util::future::join_all;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;

use super::collect::{DEADLINE, Labels, in_time};
use super::{Registry, Source};
use crate::Anchor;
use crate::account::AccountId;
use crate::stellar::{Cursor, LedgerError, LedgerPoint, MovementPage};

/// Asked anew at most this often, by each process.
const INTERVAL: TimeDelta = TimeDelta::seconds(15);

/// What was found last.
#[derive(Debug, Default)]
pub(super) struct Watches {
    looked_at: Option<DateTime<Utc>>,
    now: DateTime<Utc>,
    found: Vec<(AccountId, Found)>,
}

/// What comes after a stored position.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Found {
    /// So many ledgers were not read, and the oldest payment in them that is known arrived at this time.
    Unread { ledgers: u32, since: Option<DateTime<Utc>> },
    /// The server has forgotten what comes next: payments are missing until it is read elsewhere.
    Gone,
}

impl Watches {
    /// Asks, if it is time.
    pub(super) async fn refresh(&mut self, anchor: &Anchor) {
        let now = anchor.clock().now();
        let is_fresh = |at: DateTime<Utc>| (TimeDelta::zero()..INTERVAL).contains(&(now - at));
        if self.looked_at.is_some_and(is_fresh) {
            return;
        }
        (self.looked_at, self.now) = (Some(now), now);
        let accounts = in_time("watched accounts", DEADLINE, anchor.store().watch_list()).await;
        let looks = accounts.into_iter().flatten().map(|account| look(anchor, account));
        self.found = join_all(looks).await.into_iter().flatten().collect();
    }
}

async fn look(anchor: &Anchor, account: AccountId) -> Option<(AccountId, Found)> {
    // read before the position: what is recorded meanwhile is not missing
    let latest = in_time("the ledger", DEADLINE, anchor.ledger().latest()).await?;
    let after = in_time("a watched account", DEADLINE, anchor.store().watch_fetch(&account)).await??;
    let asked = async {
        match anchor.ledger().movements(&account, &after).await {
            Ok(page) => Ok(Some(page)),
            Err(LedgerError::HistoryGone { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    };
    let page = in_time("a watched account's history", DEADLINE, asked).await?;
    Some((account, page.map_or(Found::Gone, |page| unread(latest, &after, &page))))
}

/// A position may be old without anything being missing: servers list only what concerns the account.
fn unread(latest: LedgerPoint, after: &Cursor, page: &MovementPage) -> Found {
    if page.next == *after {
        return Found::Unread { ledgers: 0, since: None };
    }
    let oldest = page.movements.first();
    let ledger = oldest.map(|movement| movement.ledger).or_else(|| page.next.ledger());
    let ledgers = ledger.map_or(1, |ledger| latest.sequence.saturating_add(1).saturating_sub(ledger));
    Found::Unread { ledgers, since: oldest.map(|movement| movement.at) }
}

impl Source for Watches {
    fn register(&self, registry: &mut Registry) {
        if self.looked_at.is_none() {
            return;
        }
        let (lag, age, gone) = (
            Family::<Labels, Gauge>::default(),
            Family::<Labels, Gauge>::default(),
            Family::<Labels, Gauge>::default(),
        );
        for (account, found) in &self.found {
            let labels = vec![("account", account.to_string())];
            gone.get_or_create(&labels).set(i64::from(*found == Found::Gone));
            if let Found::Unread { ledgers, since } = found {
                lag.get_or_create(&labels).set((*ledgers).into());
                let seconds = since.map_or(0, |since| (self.now - since).num_seconds().max(0));
                age.get_or_create(&labels).set(seconds);
            }
        }
        let help = "Ledgers that hold something of a watched account which was not read yet";
        registry.register("watch_lag_ledgers", help, lag);
        let help = "How long ago the oldest payment to a watched account arrived that was not read yet";
        registry.register("watch_lag_seconds", help, age);
        let help = "Whether the ledger's server has forgotten what a watched account has to read next";
        registry.register("watch_history_gone", help, gone);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn old_position_without_anything_after_it_is_no_lag() {
        let at = |ledger: u64| Cursor::from((ledger << 32 | 1 << 12).to_string());
        let page = MovementPage::empty;
        let latest = LedgerPoint { sequence: 1000, closed_at: 0 };
        assert_eq!(unread(latest, &at(7), &page(at(7))), Found::Unread { ledgers: 0, since: None });
        assert_eq!(unread(latest, &at(7), &page(at(998))), Found::Unread { ledgers: 3, since: None });
    }
}
