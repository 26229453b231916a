//! What the books say of channels, fees and suspense. Looked at now and then, not at every scrape.

use chrono::{DateTime, TimeDelta, Utc};
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;

use super::collect::{DEADLINE, in_time};
use super::{Registry, Source};
use crate::Anchor;
use crate::store::{Channel, Figures};

/// Looked at anew at most this often, by each process.
const INTERVAL: TimeDelta = TimeDelta::seconds(15);

/// What is meant by "lately": as long as `FEE_BUDGET` lasts.
const LATELY: TimeDelta = TimeDelta::hours(24);

type Labels = Vec<(&'static str, &'static str)>;

/// What was found last. What was not found out is left out.
#[derive(Debug, Default)]
pub(super) struct Books {
    looked_at: Option<DateTime<Utc>>,
    figures: Option<Figures>,
    channels: Option<Vec<Channel>>,
    fees: Option<i64>,
}

impl Books {
    /// Looks, if it is time.
    pub(super) async fn refresh(&mut self, anchor: &Anchor) {
        let now = anchor.clock().now();
        let is_fresh = |at: DateTime<Utc>| (TimeDelta::zero()..INTERVAL).contains(&(now - at));
        if self.looked_at.is_some_and(is_fresh) {
            return;
        }
        self.looked_at = Some(now);
        let store = anchor.store();
        (self.figures, self.channels, self.fees) = tokio::join!(
            in_time("suspense", DEADLINE, store.figures(now - LATELY)),
            in_time("channels", DEADLINE, store.channel_list()),
            in_time("fees", DEADLINE, store.attempt_fees_since(now - LATELY)),
        );
    }

    fn channels(channels: &[Channel], registry: &mut Registry) {
        let family = Family::<Labels, Gauge>::default();
        for state in ["free", "busy", "retired"] {
            family.get_or_create(&vec![("state", state)]).set(0);
        }
        // distribution accounts that stand in are no channels
        for channel in channels.iter().filter(|channel| channel.position.is_some()) {
            let state = match (&channel.attempt, channel.retired) {
                (Some(_), _) => "busy",
                (None, true) => "retired",
                (None, false) => "free",
            };
            family.get_or_create(&vec![("state", state)]).inc();
        }
        let help = "Channel accounts: without an envelope, with an open one, or out of use";
        registry.register("channels", help, family);
    }
}

impl Source for Books {
    fn register(&self, registry: &mut Registry) {
        let gauge = |count: i64| {
            let gauge = Gauge::<i64>::default();
            gauge.set(count);
            gauge
        };
        let number = |count: u64| gauge(i64::try_from(count).unwrap_or(i64::MAX));
        if let Some(figures) = &self.figures {
            let suspense = Family::<Labels, Gauge>::default();
            for reason in crate::store::SuspenseReason::ALL {
                suspense.get_or_create(&vec![("reason", reason.as_str())]).set(0);
            }
            for (reason, count) in &figures.suspense {
                let labels = vec![("reason", reason.as_str())];
                suspense.get_or_create(&labels).set(i64::try_from(*count).unwrap_or(i64::MAX));
            }
            registry.register("suspense", "Payments that were credited to nobody and wait for you", suspense);
            let help = "Records on watched accounts that could not be read, ever";
            registry.register("poison_records", help, number(figures.poison));
            let help = "Envelopes that were made dearer in the last 24 hours";
            registry.register("fee_bumps", help, number(figures.bumps));
        }
        if let Some(channels) = &self.channels {
            Self::channels(channels, registry);
        }
        if let Some(fees) = self.fees {
            let help = "What was bid for envelopes in the last 24 hours, in stroops";
            registry.register("fees_stroops", help, gauge(fees));
        }
    }
}
