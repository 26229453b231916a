use proptest::prelude::*;
use stellar_xdr::{Asset, TransactionEnvelope, TransactionResultResult};

use super::fixture::{World, code, id};
use crate::ledger::build;
use crate::ledger::frame::Frame;
use crate::ledger::queue::Queue;
use crate::ledger::{LedgerConfig, Submitted};

fn small(capacity: u32) -> World {
    World::with(LedgerConfig { capacity, ..LedgerConfig::default() })
}

/// A payment of one stroop of a fresh account `name`, at `fee` per operation.
fn offer(world: &mut World, name: &str, fee: u32) -> TransactionEnvelope {
    let key = match world.network.account(&id(&build::key(name))) {
        Some(_) => build::key(name),
        None => world.fund(name, 10),
    };
    let draft =
        world.draft(&key).fee_per_operation(fee).operation(build::payment(id(&key), &Asset::Native, 1));
    world.sign(&draft, &[&key])
}

fn pending(world: &mut World, envelope: TransactionEnvelope) -> [u8; 32] {
    match world.submit(envelope) {
        Submitted::Pending { hash } => hash,
        other => panic!("{other:?}"),
    }
}

#[test]
fn an_envelope_is_known_from_submission_on() {
    let mut world = World::new();
    let envelope = offer(&mut world, "alice", 100);
    let hash = pending(&mut world, envelope.clone());
    assert!(world.network.pending(&hash));
    assert_eq!(world.submit(envelope.clone()), Submitted::Duplicate { hash });
    world.close();
    assert!(!world.network.pending(&hash));
    assert_eq!(world.submit(envelope), Submitted::Duplicate { hash });
}

#[test]
fn an_account_has_at_most_one_transaction_pending() {
    let mut world = World::new();
    let first = offer(&mut world, "alice", 100);
    let key = build::key("alice");
    pending(&mut world, first);
    let next = build::Draft::new(&id(&key), world.sequence(&key) + 2)
        .fee_per_operation(1_000_000)
        .operation(build::payment(id(&key), &Asset::Native, 1));
    let next = world.sign(&next, &[&key]);
    assert!(matches!(world.submit(next.clone()), Submitted::TryAgainLater { .. }));
    world.close();
    assert!(matches!(world.submit(next), Submitted::Pending { .. }));
}

#[test]
fn when_demand_exceeds_the_ledger_the_best_paying_go_first_at_the_lowest_rate_among_them() {
    let mut world = small(2);
    for name in ["low", "middle", "high"] {
        world.fund(name, 10);
    }
    let low = offer(&mut world, "low", 100);
    let low = pending(&mut world, low);
    let middle = offer(&mut world, "middle", 300);
    pending(&mut world, middle);
    let high = offer(&mut world, "high", 5_000);
    pending(&mut world, high);
    let ledger = world.close();
    assert_eq!(ledger.fee_rate, 300);
    assert_eq!(ledger.transactions.iter().map(|record| record.fee_charged).collect::<Vec<_>>(), [300, 300]);
    assert!(world.network.pending(&low));
    let ledger = world.close();
    assert_eq!((ledger.fee_rate, ledger.transactions.len()), (100, 1));
}

#[test]
fn without_surge_everyone_pays_the_base_fee() {
    let mut world = small(2);
    world.fund("low", 10);
    world.fund("high", 10);
    for (name, fee) in [("low", 100), ("high", 5_000)] {
        let envelope = offer(&mut world, name, fee);
        pending(&mut world, envelope);
    }
    let ledger = world.close();
    assert!(ledger.transactions.iter().all(|record| record.fee_charged == 100));
    assert_eq!(ledger.transactions.iter().map(|record| record.max_fee).max(), Some(5_000));
}

#[test]
fn a_transaction_that_never_fits_is_dropped_after_four_ledgers_and_refused_for_ten() {
    let mut world = small(1);
    for name in ["patient", "rich"] {
        world.fund(name, 1_000);
    }
    let patient = offer(&mut world, "patient", 100);
    let hash = pending(&mut world, patient.clone());
    for round in 1..=4 {
        assert!(world.network.pending(&hash), "round {round}");
        let rich = offer(&mut world, "rich", 1_000);
        pending(&mut world, rich);
        world.close();
    }
    assert!(!world.network.pending(&hash));
    assert!(world.network.transaction(&hash).is_none());
    for _ in 0..10 {
        assert_eq!(world.submit(patient.clone()), Submitted::TryAgainLater { hash });
        world.close();
    }
    assert_eq!(world.submit(patient), Submitted::Pending { hash });
}

#[test]
fn a_transaction_whose_time_runs_out_while_it_waits_is_dropped() {
    let mut world = World::new();
    let alice = world.fund("alice", 10);
    let draft = world.draft(&alice).time_bounds(0, world.now + 12).operation(build::payment(
        id(&alice),
        &Asset::Native,
        1,
    ));
    let envelope = draft.sign(world.id(), &[&alice]);
    let hash = pending(&mut world, envelope);
    let sequence = world.sequence(&alice);
    let ledger = world.network.close(world.now + 13).unwrap();
    assert_eq!(ledger.transactions.len(), 0);
    assert!(!world.network.pending(&hash));
    assert_eq!((world.sequence(&alice), world.lumens(&alice)), (sequence, 100_000_000));
}

#[test]
fn a_full_queue_makes_room_for_better_fees_only() {
    let mut world = small(1);
    for name in ["a", "b", "c", "d"] {
        world.fund(name, 10);
    }
    let a = offer(&mut world, "a", 100);
    let a = pending(&mut world, a);
    let b = offer(&mut world, "b", 200);
    pending(&mut world, b);
    let equal = offer(&mut world, "c", 100);
    let refused = world.refused(equal);
    assert_eq!((code(&refused), refused.fee_charged), (&TransactionResultResult::TxInsufficientFee, 101));
    let better = offer(&mut world, "d", 150);
    pending(&mut world, better);
    assert!(!world.network.pending(&a));
    assert_eq!(world.network.pending_count(), 2);
}

#[test]
fn fees_of_pending_transactions_are_counted_against_their_payer() {
    let mut world = World::new();
    let sponsor = world.fund("sponsor", 10);
    let envelopes: Vec<_> = ["a", "b"]
        .map(|name| {
            let inner = offer(&mut world, name, 100);
            build::fee_bump(inner, &sponsor, 50_000_000, world.id())
        })
        .into();
    pending(&mut world, envelopes[0].clone());
    let refused = world.refused(envelopes[1].clone());
    assert_eq!(*code(&refused), TransactionResultResult::TxInsufficientBalance);
}

#[test]
fn one_ledger_takes_fees_of_all_before_it_applies_any() {
    let mut world = World::new();
    let alice = world.fund("alice", 10);
    let bob = world.fund("bob", 10);
    let everything = world.available(&alice);
    let pay = world.draft(&alice).operation(build::payment(id(&bob), &Asset::Native, everything - 100));
    let pay = pay.sign(world.id(), &[&alice]);
    let bump =
        world.draft(&bob).operation(build::payment(id(&bob), &Asset::Native, 1)).sign(world.id(), &[&bob]);
    pending(&mut world, pay);
    let bump = build::fee_bump(bump, &alice, 200, world.id());
    pending(&mut world, bump);
    let ledger = world.close();
    assert_eq!(
        ledger.transactions.iter().filter(|record| record.successful).count(),
        1,
        "alice paid two fees first"
    );
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, ..ProptestConfig::default() })]

    #[test]
    fn a_ledger_holds_the_best_paying_that_fit_and_charges_nobody_more_than_offered(
        offers in proptest::collection::vec((1..8_usize, 100..1_000_u32), 1..12),
        capacity in 8..20_u32,
    ) {
        let mut world = World::new();
        let keys: Vec<_> = (0..offers.len()).map(|index| world.fund(&index.to_string(), 10)).collect();
        let envelopes: Vec<_> = keys
            .iter()
            .zip(&offers)
            .map(|(key, (count, fee))| {
                let pay = build::payment(id(key), &Asset::Native, 1);
                let draft = (0..*count).fold(world.draft(key), |draft, _| draft.operation(pay.clone()));
                world.sign(&draft.fee_per_operation(*fee), &[key])
            })
            .collect();
        let mut queue = Queue::new();
        for envelope in envelopes {
            queue.insert(Frame::new(envelope, world.id()).unwrap());
        }
        let all = queue.select(u32::MAX, 100).frames;
        let chosen = queue.select(capacity, 100);
        let taken: u32 = chosen.frames.iter().map(|frame| frame.operation_count()).sum();
        prop_assert!(taken <= capacity);
        let rate = |frame: &Frame| frame.max_fee() / i64::from(frame.operation_count());
        let left: Vec<_> =
            all.iter().filter(|frame| chosen.frames.iter().all(|other| other.hash != frame.hash)).collect();
        for frame in &chosen.frames {
            prop_assert!(chosen.fee_rate * i64::from(frame.operation_count()) <= frame.max_fee());
        }
        for frame in &left {
            let better: u32 = chosen
                .frames
                .iter()
                .filter(|other| rate(other) >= rate(frame))
                .map(|other| other.operation_count())
                .sum();
            prop_assert!(better + frame.operation_count() > capacity, "it would have fitted behind its betters");
        }
        let lowest = chosen.frames.iter().map(|frame| rate(frame)).min().unwrap();
        prop_assert_eq!(chosen.fee_rate, if left.is_empty() { 100 } else { lowest });
    }
}
