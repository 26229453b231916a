//! What database and ledger say at this moment.

use std::collections::BTreeSet;
use std::time::Duration;

use chrono::{DateTime, Utc};
use futures_util::future::join_all;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;

use super::{Registry, Source};
use crate::Anchor;
use crate::account::AccountId;
use crate::ops::chain;
use crate::stellar::failover::EndpointState;
use crate::stellar::{AccountSnapshot, Endpoints, LedgerPoint};
use crate::store::{Heartbeat, StateCount};

/// What takes longer is left out.
pub(super) const DEADLINE: Duration = Duration::from_secs(5);

pub(super) type Labels = Vec<(&'static str, String)>;

pub(super) struct Facts {
    now: DateTime<Utc>,
    states: Option<Vec<StateCount>>,
    /// As they were counted a while ago, by somebody else.
    pub(super) ended: Vec<StateCount>,
    heartbeats: Option<Vec<Heartbeat>>,
    latest: Option<LedgerPoint>,
    endpoints: Option<Endpoints>,
    /// `None`: there is no such account.
    accounts: Vec<(AccountId, Option<AccountSnapshot>)>,
    assets: BTreeSet<String>,
}

pub(super) async fn facts(anchor: &Anchor) -> Facts {
    let distribution: BTreeSet<AccountId> = anchor.assets().iter().map(|asset| asset.distribution).collect();
    let account = |id: AccountId| async move {
        Some((id, in_time("an account", DEADLINE, anchor.ledger().account(&id)).await?))
    };
    let (states, heartbeats, latest, accounts) = tokio::join!(
        in_time("transactions", DEADLINE, anchor.store().transaction_count()),
        in_time("heartbeats", DEADLINE, anchor.store().heartbeat_list()),
        in_time("the ledger", DEADLINE, anchor.ledger().latest()),
        join_all(distribution.into_iter().map(account)),
    );
    Facts {
        now: anchor.clock().now(),
        states,
        ended: Vec::new(),
        heartbeats,
        latest,
        endpoints: anchor.ledger().endpoints(),
        accounts: accounts.into_iter().flatten().collect(),
        assets: anchor.assets().iter().map(|asset| asset.id.to_string()).collect(),
    }
}

pub(super) async fn in_time<T, E: std::error::Error>(
    what: &'static str,
    deadline: Duration,
    asked: impl Future<Output = Result<T, E>>,
) -> Option<T> {
    match tokio::time::timeout(deadline, asked).await {
        Ok(Ok(told)) => return Some(told),
        Ok(Err(error)) => tracing::warn!(what, error = chain(&error), "metrics: not known"),
        Err(_) => tracing::warn!(what, "metrics: no answer in time"),
    }
    None
}

impl Source for Facts {
    fn register(&self, registry: &mut Registry) {
        let up = |is_up: bool| {
            let gauge = Gauge::<i64>::default();
            gauge.set(i64::from(is_up));
            gauge
        };
        registry.register("database_up", "Whether the database answered", up(self.states.is_some()));
        registry.register("ledger_up", "Whether the ledger's server answered", up(self.latest.is_some()));
        if let Some(latest) = self.latest {
            self.ledger(latest, registry);
        }
        if let Some(endpoints) = &self.endpoints {
            servers(endpoints, registry);
        }
        self.transactions(registry);
        self.balances(registry);
        let beats = Family::<Labels, Gauge>::default();
        for beat in self.heartbeats.iter().flatten() {
            beats.get_or_create(&vec![("job", beat.job.clone())]).set(beat.at.timestamp());
        }
        let help = "When a job last came to its end without an error on any machine, in Unix seconds";
        registry.register("job_heartbeat_timestamp_seconds", help, beats);
    }
}

/// Of several servers of the ledger, as this process finds them.
fn servers(endpoints: &Endpoints, registry: &mut Registry) {
    let (up, reached, errors) = (
        Family::<Labels, Gauge>::default(),
        Family::<Labels, Gauge>::default(),
        Family::<Labels, Counter>::default(),
    );
    for endpoint in &endpoints.each {
        let labels = vec![("server", endpoint.name.clone())];
        errors.get_or_create(&labels).inc_by(endpoint.errors);
        if let Some(point) = endpoint.reached {
            reached.get_or_create(&labels).set(point.sequence.into());
        }
        let is_well = i64::from(endpoint.state == EndpointState::Well);
        let state = ("state", endpoint.state.as_str().to_owned());
        up.get_or_create(&vec![("server", endpoint.name.clone()), state]).set(is_well);
    }
    let help = "Whether a server of the ledger answers, from the present; and what is wrong otherwise";
    registry.register("ledger_server_up", help, up);
    let help = "The last ledger that a server said it has read";
    registry.register("ledger_server_sequence", help, reached);
    registry.register("ledger_server_errors", "How often a server of the ledger gave no answer", errors);
    let contradictions = Counter::<u64>::default();
    contradictions.inc_by(endpoints.contradictions);
    let help = "How often two servers of the ledger contradicted each other";
    registry.register("ledger_contradictions", help, contradictions);
}

impl Facts {
    fn ledger(&self, latest: LedgerPoint, registry: &mut Registry) {
        let (sequence, lag) = (Gauge::<i64>::default(), Gauge::<i64>::default());
        sequence.set(latest.sequence.into());
        let closed_at = i64::try_from(latest.closed_at).unwrap_or(i64::MAX);
        lag.set(self.now.timestamp().saturating_sub(closed_at).max(0));
        registry.register("ledger_sequence", "The last ledger that the server has read", sequence);
        registry.register("ledger_lag_seconds", "How long ago that ledger was closed", lag);
    }

    fn transactions(&self, registry: &mut Registry) {
        let (counts, ages) = (Family::<Labels, Gauge>::default(), Family::<Labels, Gauge>::default());
        for state in self.states.iter().flatten().chain(&self.ended) {
            let labels = vec![("state", state.state.clone())];
            counts.get_or_create(&labels).set(i64::try_from(state.count).unwrap_or(i64::MAX));
            if let Some(oldest) = state.oldest {
                ages.get_or_create(&labels).set((self.now - oldest).num_seconds().max(0));
            }
        }
        registry.register("transactions", "Transactions by state", counts);
        let help = "How long the transaction that waits longest in a state has had its status";
        registry.register("transactions_oldest_seconds", help, ages);
    }

    /// In stroops: whole numbers, as the ledger has them.
    fn balances(&self, registry: &mut Registry) {
        let balances = Family::<Labels, Gauge>::default();
        let set = |account: &AccountId, asset: String, stroops: i64| {
            let labels = vec![("account", account.to_string()), ("asset", asset)];
            balances.get_or_create(&labels).set(stroops);
        };
        for (id, snapshot) in &self.accounts {
            let lumens = snapshot.as_ref().map_or(0, |snapshot| snapshot.balance.stroops());
            set(id, crate::asset::StellarAsset::Native.to_string(), lumens);
            // anybody can make an account hold more assets, but not more of ours
            for line in snapshot.iter().flat_map(|snapshot| &snapshot.trust_lines) {
                let asset = line.asset.to_string();
                if self.assets.contains(&asset) {
                    set(id, asset, line.balance.stroops());
                }
            }
        }
        let help = "What the distribution accounts hold, in stroops (10^-7)";
        registry.register("account_balance_stroops", help, balances);
    }
}
