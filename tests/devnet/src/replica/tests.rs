use std::collections::HashSet;

use rand::{RngExt, SeedableRng, rngs::StdRng};
use stellar_xdr::{Asset, OperationBody};

use super::*;
use crate::ledger::{
    LedgerConfig, Submitted,
    build::{self, Draft},
};

type Snapshot = BTreeMap<LedgerKey, LedgerEntry>;

fn snapshot(network: &Network) -> Snapshot {
    network.entries().map(|(key, entry)| (key.clone(), entry.clone())).collect()
}

fn seen(view: &View) -> Snapshot {
    view.select(|entry, _| Some((entry.to_key(), LedgerEntry::clone(entry)))).into_iter().collect()
}

/// A network with a few accounts that do a bit of everything, some of it in vain.
struct Traffic {
    network: Network,
    replica: Arc<Replica>,
    rng: StdRng,
}

impl Traffic {
    const NAMES: [&str; 5] = ["anna", "bert", "cleo", "dora", "emil"];

    fn new(seed: u64) -> Self {
        let network = Network::genesis(LedgerConfig::default(), 1_000);
        let replica = Arc::new(Replica::new(&network));
        Self { network, replica, rng: StdRng::seed_from_u64(seed) }
    }

    fn name(&mut self) -> &'static str {
        Self::NAMES[self.rng.random_range(0..Self::NAMES.len())]
    }

    fn operation(&mut self) -> OperationBody {
        let other = build::account(&build::key(self.name()));
        let usd = build::credit("USD", &build::account(&build::key("anna")));
        match self.rng.random_range(0..7) {
            0 => build::create_account(&other, 1_000_000_000),
            1 => build::payment(other, &Asset::Native, self.rng.random_range(1..2_000_000_000)),
            2 => build::payment(other, &usd, self.rng.random_range(1..1_000)),
            3 | 4 => build::change_trust(&usd, [0, 500, i64::MAX][self.rng.random_range(0..3)]),
            5 => OperationBody::AccountMerge(other.into()),
            _ => OperationBody::Inflation,
        }
    }

    fn ledger(&mut self) {
        let root = build::key_from_seed(self.network.root_seed());
        for key in Self::NAMES.map(build::key).into_iter().chain([root]) {
            let id = build::account(&key);
            let Some(last) = self.network.account(&id).map(|account| account.seq_num.0) else { continue };
            let count = self.rng.random_range(1..4);
            let draft =
                (0..count).fold(Draft::new(&id, last + 1), |draft, _| draft.operation(self.operation()));
            let envelope = draft.sign(self.network.network_id(), &[&key]);
            let submitted = self.network.submit(envelope, 1_000);
            assert!(!matches!(submitted, Submitted::Duplicate { .. }));
        }
        self.network.close(1_000).unwrap();
        self.replica.ingest(&self.network);
    }
}

#[test]
fn the_replica_shows_every_recent_ledger_as_it_was() {
    let mut traffic = Traffic::new(3);
    let mut snapshots = vec![snapshot(&traffic.network)];
    let mut sizes = HashSet::new();
    for _ in 0..150 {
        traffic.ledger();
        snapshots.push(snapshot(&traffic.network));
        sizes.insert(snapshots.last().map(BTreeMap::len));
        for behind in [0, 1, 7, VERSIONS_KEPT] {
            let view = traffic.replica.view_behind(behind);
            let expected = &snapshots[usize::try_from(view.latest()).unwrap() - 1];
            assert_eq!(&seen(&view), expected, "{behind} behind {}", snapshots.len());
        }
    }
    assert!(sizes.len() > 2, "the traffic created and removed entries");
}

#[test]
fn versions_out_of_reach_are_forgotten() {
    let mut traffic = Traffic::new(4);
    for _ in 0..400 {
        traffic.ledger();
    }
    let state = traffic.replica.read();
    let kept: usize = state.entries.values().map(Vec::len).sum();
    let bound = state.entries.len() * (usize::try_from(VERSIONS_KEPT).unwrap() + 2);
    assert!(kept <= bound, "{kept} versions of {} entries", state.entries.len());
    assert!(state.touched.len() <= usize::try_from(VERSIONS_KEPT).unwrap() + 1);
}

#[test]
fn a_reopened_replica_lists_what_the_first_one_did() {
    let mut traffic = Traffic::new(5);
    for _ in 0..40 {
        traffic.ledger();
    }
    let reopened = Arc::new(Replica::new(&traffic.network));
    assert_eq!(seen(&reopened.view()), seen(&traffic.replica.view()));
    for name in Traffic::NAMES {
        let scope = Scope::Account(build::account(&build::key(name)));
        let list = |replica: &Arc<Replica>, order| {
            let mut tokens = Vec::new();
            replica.view().scan(&scope, None, order, |record| {
                tokens.push(position(record));
                ControlFlow::Continue(())
            });
            tokens
        };
        let forward = list(&traffic.replica, Order::Ascending);
        let backward: Vec<_> = list(&reopened, Order::Descending).into_iter().rev().collect();
        assert!(!forward.is_empty());
        assert_eq!(forward, backward);
    }
}
