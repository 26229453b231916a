use stellar_xdr::Asset;

use super::fixture::{World, XLM, id};
use crate::ledger::build;

#[test]
fn lumens_and_credit_move_between_accounts() {
    let mut world = World::new();
    let (issuer, usd) = world.issuer();
    let alice = world.holder("alice", &usd, 50);
    let bob = world.holder("bob", &usd, 0);

    world.run(&alice, build::payment(id(&bob), &usd, 20)).unwrap();
    world.run(&alice, build::payment(id(&bob), &Asset::Native, 3 * XLM)).unwrap();
    world.run(&bob, build::payment(id(&issuer), &usd, 5)).unwrap();

    assert_eq!((world.credit(&alice, &usd), world.credit(&bob, &usd)), (30, 15));
    assert_eq!(world.lumens(&alice), 997 * XLM - 300);
    assert_eq!(world.outstanding(&usd), 45);
    let ledger = world.network.latest();
    assert_eq!(
        world.outstanding(&Asset::Native) + i128::from(ledger.fee_pool),
        i128::from(ledger.total_coins)
    );
}

#[test]
fn ledgers_form_a_chain() {
    let mut world = World::new();
    world.fund("alice", 10);
    let second = world.network.latest();
    let third = world.close();
    assert_eq!((second.sequence, third.sequence), (2, 3));
    assert_eq!(third.previous_hash, second.hash);
    assert_eq!(second.previous_hash, world.network.ledger(1).unwrap().hash);
    assert!(world.network.ledger(4).is_none() && world.network.ledger(0).is_none());
}
