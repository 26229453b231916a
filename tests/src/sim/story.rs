//! The world of one simulation, and everything that happens in it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anchor_core::Anchor;
use anchor_core::account::Account;
use anchor_core::amount::StellarAmount;
use anchor_core::asset::StellarAsset;
use anchor_core::clock::Clock;
use anchor_core::config::Config;
use anchor_core::id::{IdSource, SequentialIds, TransactionId};
use anchor_core::integration::channel_key;
use anchor_core::keys::SigningKey;
use anchor_core::memo::Memo;
use anchor_core::ops::commit;
use anchor_core::stellar::{Failure, FailureKind, Ledger as _, Movement};
use anchor_core::store::Store as _;
use anchor_core::testing::fakes::{AmountForms, PlainDocuments, samples};
use anchor_core::testing::ledger::{FakeLedger, Fault};
use anchor_core::testing::store::memory::MemoryStore;
use anchor_core::transaction::{Actor, Fact, State};
use anyhow::{Context as _, Result};
use tokio::task::JoinSet;
use uuid::Uuid;

use super::Bug;
use super::audit::Auditor;
use super::bank::{Bank, News, Rails};
use super::chance::Chance;
use super::custodian::{Custodian, SimCustody};
use super::ledger::SimLedger;
use super::life::{Life, machine};
use super::signer::{SimSigner, Vault};
use super::sim_store::{Claims, SimStore};
use super::tale::{Plot, Tale, invent, lumens};
use super::weather::{Sim, SimClock};

/// When everything should have been settled long ago.
const PATIENCE: Duration = Duration::from_secs(3000);

/// As above, where a claim that failed on the ledger is made again after an hour.
const PATIENCE_WITH_CLAIMS: Duration = Duration::from_secs(3 * 3600);

/// What the anchor holds at the beginning.
pub(super) const TOKENS: i64 = 1_000_000;

/// Everything outside of the processes.
pub(super) struct World {
    pub(super) sim: Sim,
    pub(super) books: MemoryStore,
    pub(super) network: FakeLedger,
    pub(super) bank: Bank,
    pub(super) claims: Claims,
    pub(super) heard: Arc<Mutex<BTreeSet<(TransactionId, i64)>>>,
    pub(super) posted: Arc<Mutex<BTreeMap<String, u32>>>,
    /// What users paid to the anchor on the ledger.
    pub(super) arrived: Mutex<Vec<Movement>>,
    /// The side of the anchor that users see: it does not fail here.
    pub(super) web: Anchor,
    vault: Option<Vault>,
    custodian: Option<Custodian>,
    config: Config,
    ids: Ids,
}

/// Clones share their numbers.
#[derive(Debug, Clone, Default)]
struct Ids(Arc<SequentialIds>);

impl IdSource for Ids {
    fn next(&self) -> Uuid {
        self.0.next()
    }
}

impl World {
    async fn new(sim: &Sim) -> Result<Self> {
        let mut config = samples::config();
        let seed = SigningKey::from_seed([9; 32]);
        let network = FakeLedger::new(config.network.clone(), sim.seconds());
        network.fund(samples::distribution().account(), lumens(10_000));
        network.trust(samples::distribution().account(), &samples::token(), lumens(TOKENS));
        let books =
            if sim.has(Bug::IgnoredVersion) { MemoryStore::without_versions() } else { MemoryStore::new() };
        let (bank, ids) = (Bank::new(sim), Ids::default());
        let start = network.movements_start(&samples::distribution().account()).await?;
        // before anybody is told to pay there
        books.watch_start(&samples::distribution().account(), &start).await?;
        let channels = if sim.has_custodian() { 0 } else { sim.climate().channels };
        for position in 0..channels {
            let account = channel_key(&seed, position).account();
            network.fund(account, lumens(2));
            books.channel_put(&[(account, Some(position))]).await?;
        }
        config.channel_seed = Some(seed);
        config.claimable_reclaim_after = sim.takes_back_after();
        if sim.tells_claims() {
            network.tell_claims();
        }
        let vault = sim.signs_elsewhere().then(|| Vault::new(sim, &network));
        let custodian = sim.has_custodian().then(|| Custodian::new(sim, &network));
        if vault.is_some() || custodian.is_some() {
            config.distribution_keys.clear();
        }
        let (claims, heard) = (Claims::default(), Arc::default());
        let life = Life::of(sim, "web".to_owned());
        let outside = Outside {
            books: &books,
            network: &network,
            bank: &bank,
            claims: &claims,
            heard: &heard,
            vault: vault.as_ref(),
            custodian: custodian.as_ref(),
        };
        let clock = SimClock { sim: sim.clone(), wrong_by: chrono::Duration::zero() };
        let web = outside.anchor(&config, &ids, &life, clock).await?;
        Ok(Self {
            sim: sim.clone(),
            books,
            network,
            bank,
            claims,
            heard,
            posted: Arc::default(),
            arrived: Mutex::default(),
            web,
            vault,
            custodian,
            config,
            ids,
        })
    }

    /// The anchor of one process.
    pub(super) async fn anchor(&self, life: &Life, clock: impl Clock + 'static) -> Result<Anchor> {
        let outside = Outside {
            books: &self.books,
            network: &self.network,
            bank: &self.bank,
            claims: &self.claims,
            heard: &self.heard,
            vault: self.vault.as_ref(),
            custodian: self.custodian.as_ref(),
        };
        outside.anchor(&self.config, &self.ids, life, clock).await
    }

    pub(super) fn new_id(&self) -> TransactionId {
        TransactionId::new(self.ids.next())
    }

    /// A user pays to the anchor.
    pub(super) fn arrives(
        &self,
        from: Account,
        to: Account,
        asset: StellarAsset,
        amount: StellarAmount,
        memo: Memo,
    ) {
        let movement = self.network.arrives(from, to, asset, amount, memo);
        self.sim.note("users", || format!("pay {} as {}", movement.amount, movement.id));
        self.arrived.lock().unwrap_or_else(PoisonError::into_inner).push(movement);
    }

    /// A ledger closes about every five seconds, and sometimes takes nothing in.
    async fn close(&self) -> Result<()> {
        let climate = self.sim.climate();
        let jammed = !self.sim.is_calm() && self.sim.chance(|chance| chance.happens(climate.jamming));
        if jammed || self.sim.is_calm() || self.sim.chance(|chance| chance.happens(2500)) {
            self.network.jam(jammed);
        }
        if !self.sim.is_calm() && self.sim.chance(|chance| chance.happens(climate.refusing)) {
            let kinds = [FailureKind::CannotReceive, FailureKind::Fee, FailureKind::Underfunded];
            let kind = self.sim.chance(|chance| chance.pick(&kinds)).unwrap_or(FailureKind::Other);
            self.network.inject(Fault::Apply(Failure::new(kind, format!("made to fail: {kind:?}"))));
        }
        let (surges, bid) =
            self.sim.chance(|chance| (chance.happens(climate.surging), chance.between(101, 5000)));
        let bid = if surges && !self.sim.is_calm() { bid } else { 100 };
        self.network.surge(u32::try_from(bid).unwrap_or(100));
        if let Some(custodian) = &self.custodian {
            custodian.work().await;
        }
        let last = self.network.latest().await?;
        let closed = self.network.close_at(self.sim.seconds().max(last.closed_at + 1));
        self.sim.note("network", || format!("closes {}", closed.sequence));
        Ok(())
    }

    /// Whatever is on hold is looked at by a person, who lets it go on.
    async fn operate(&self) -> Result<()> {
        for transaction in self.books.transactions() {
            if matches!(transaction.state, State::OnHold { .. }) {
                let operator = Actor::Operator("Ana".to_owned());
                commit(&self.web, &transaction, Fact::Released, operator, false).await?;
            }
        }
        Ok(())
    }
}

/// Somebody who holds and releases whatever there is, on what they read a while ago, until the weather clears.
async fn meddle(world: Arc<World>) -> Result<()> {
    let moment = |chance: &mut Chance| chance.pause(Duration::from_millis(1), Duration::from_secs(8));
    while !world.sim.is_calm() {
        tokio::time::sleep(world.sim.chance(moment)).await;
        let ids: Vec<_> = world.books.transactions().iter().map(|transaction| transaction.id).collect();
        let Some(id) = world.sim.chance(|chance| chance.pick(&ids)) else { continue };
        let Some(seen) = world.books.transaction_fetch(id).await? else { continue };
        tokio::time::sleep(world.sim.chance(moment)).await;
        let fact = match seen.state {
            State::OnHold { .. } => Fact::Released,
            _ if seen.state.holds_funds() => Fact::Held { reason: "Ana wants to have a look".to_owned() },
            _ => continue,
        };
        world.sim.note("Ana", || format!("{id}: {}", fact.name()));
        commit(&world.web, &seen, fact, Actor::Operator("Ana".to_owned()), false).await?;
    }
    Ok(())
}

/// What processes share.
struct Outside<'a> {
    books: &'a MemoryStore,
    network: &'a FakeLedger,
    bank: &'a Bank,
    claims: &'a Claims,
    heard: &'a Arc<Mutex<BTreeSet<(TransactionId, i64)>>>,
    vault: Option<&'a Vault>,
    custodian: Option<&'a Custodian>,
}

impl Outside<'_> {
    async fn anchor(
        &self,
        config: &Config,
        ids: &Ids,
        life: &Life,
        clock: impl Clock + 'static,
    ) -> Result<Anchor> {
        let store = SimStore {
            life: life.clone(),
            books: self.books.clone(),
            claims: Arc::clone(self.claims),
            bank: self.bank.clone(),
            network: self.network.clone(),
            vault: self.vault.cloned(),
            custodian: self.custodian.cloned(),
        };
        let ledger =
            SimLedger { life: life.clone(), network: self.network.clone(), books: self.books.clone() };
        let builder = match self.vault {
            Some(vault) => {
                Anchor::builder(config.clone()).signer(SimSigner { life: life.clone(), vault: vault.clone() })
            }
            None => Anchor::builder(config.clone()),
        };
        let builder = match self.custodian {
            Some(custodian) => {
                builder.custody(SimCustody { life: life.clone(), custodian: custodian.clone() })
            }
            None => builder,
        };
        let builder = builder
            .store(store)
            .ledger(ledger)
            .rails(Rails { life: life.clone(), bank: self.bank.clone() })
            .deposit(AmountForms)
            .withdrawal(AmountForms)
            .events(News { life: life.clone(), heard: Arc::clone(self.heard) })
            .documents(PlainDocuments)
            .clock(clock)
            .ids(ids.clone());
        // the first one brings the asset
        let known = !self.books.asset_list().await?.is_empty();
        let builder = if known { builder } else { builder.asset(samples::asset()) };
        Ok(builder.build().await?)
    }
}

/// Tells the whole story: storm, calm, settled. How long it took.
pub(super) async fn tell(sim: &Sim) -> Result<Duration> {
    let world = Arc::new(World::new(sim).await?);
    let tales = invent_all(&world)?;
    let mut auditor = Auditor::new(&tales);
    let mut running = JoinSet::new();
    for number in 0..sim.climate().workers {
        let machine = machine(Arc::clone(&world), number);
        running.spawn(async move {
            machine.await;
            Ok(())
        });
    }
    for (tale, twin) in twins(&tales) {
        let (world, tale) = (Arc::clone(&world), tale.clone());
        running.spawn(async move { tale.happens(&world, twin).await });
    }
    if sim.climate().meddles {
        running.spawn(meddle(Arc::clone(&world)));
    }
    loop {
        let pause =
            sim.chance(|chance| chance.pause(Duration::from_millis(4000), Duration::from_millis(6000)));
        tokio::time::sleep(pause).await;
        world.close().await?;
        while let Some(ended) = running.try_join_next() {
            ended.context("a part of the story panicked")??;
        }
        auditor.look(&world);
        if sim.is_violated() {
            break;
        }
        if !sim.is_calm() {
            if sim.elapsed() > sim.climate().clears {
                sim.clear_up();
                world.network.forgive();
            }
            continue;
        }
        world.operate().await?;
        let unsettled = auditor.unsettled(&world);
        if unsettled.is_empty() {
            auditor.settle(&world);
            break;
        }
        let patience = if sim.takes_back_after().is_some() { PATIENCE_WITH_CLAIMS } else { PATIENCE };
        if sim.elapsed() > patience {
            for what in unsettled {
                sim.violated(format!("not settled: {what}"));
            }
            break;
        }
    }
    Ok(sim.elapsed())
}

fn invent_all(world: &World) -> Result<Vec<Tale>> {
    let sim = &world.sim;
    sim.chance(|chance| {
        let count = chance.between(3, 10);
        (0..count).map(|number| invent(world, chance, number)).collect()
    })
}

/// Deposits that share a credit share the first one's.
fn twins(tales: &[Tale]) -> impl Iterator<Item = (&Tale, Option<TransactionId>)> {
    let first = tales.iter().find(|tale| tale.plot == Plot::SharedCredit).map(|tale| tale.id);
    tales.iter().map(move |tale| (tale, first.filter(|_| tale.plot == Plot::SharedCredit)))
}
