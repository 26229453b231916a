//! What SEP-24 asks of the journeys themselves: trust lines, refunds, matching, ends.

use std::time::Duration;

use anchor_core::account::{Account, AccountId};
use anchor_core::amount::StellarAmount;
use anchor_core::asset::StellarAsset;
use anchor_core::keys::SigningKey;
use anchor_core::memo::{Memo, MemoText};
use anchor_core::store::{Callbacks, SuspenseReason};
use anchor_core::testing::fakes::samples;
use anchor_core::transaction::{Actor, FailureCode};
use anchor_core::transaction::{EventKind, Fact, Kind, Status, Transaction};
use stellar_xdr::{Limits, ReadXdr as _, TransactionEnvelope};

use crate::world::{World, lumens};

fn other() -> AccountId {
    SigningKey::from_seed([9; 32]).account()
}

fn stroops(stroops: i64) -> StellarAmount {
    StellarAmount::from_stroops(stroops).unwrap()
}

fn native(world: &World, account: &AccountId) -> StellarAmount {
    world.ledger.balance(account, &StellarAsset::Native)
}

/// Memo and destination of the one payment that was ever sent.
pub(crate) fn only_payment(world: &World) -> (stellar_xdr::Memo, String) {
    let mut sent = world.ledger.submissions();
    sent.dedup();
    let [envelope] = &sent[..] else { panic!("{} envelopes", sent.len()) };
    let envelope = TransactionEnvelope::from_xdr_base64(envelope, Limits { depth: 50, len: 10_000 }).unwrap();
    let TransactionEnvelope::Tx(envelope) = envelope else { panic!("{envelope:?}") };
    let stellar_xdr::OperationBody::Payment(payment) = &envelope.tx.operations[0].body else {
        panic!("{envelope:?}")
    };
    (envelope.tx.memo.clone(), payment.destination.to_string())
}

#[tokio::test]
async fn r_24_044_user_without_lumens_gets_those_of_a_trust_line_once() {
    let world = World::new().await;
    let user = samples::user().account();
    world.ledger.edit(user, |account| {
        account.trust_lines.clear();
        account.subentries = 0;
        account.balance = lumens(1);
    });
    let id = world.deposit("100").await;
    world.settle().await;
    assert_eq!(native(&world, &user), lumens(1), "nothing before the money is here");
    world.credit(id, "100");
    world.settle().await;
    assert_eq!(world.fetch(id).await.status(), Status::PendingTrust);
    assert_eq!(native(&world, &user), stroops(15_100_000), "three reserves, and fees");

    // whoever spends them on something else waits
    world.ledger.edit(user, |account| account.balance = lumens(1));
    world.settle().await;
    assert_eq!((native(&world, &user), world.envelopes()), (lumens(1), 1));
    world.ledger.trust(user, &samples::token(), lumens(0));
    world.settle().await;
    assert_eq!(world.state(id).await, "paid");
    // it was the anchor's gift: only the fee that was shown is taken
    assert_eq!(world.user_holds(), "99.75");
}

#[tokio::test]
async fn r_24_045_r_06_069_deposit_goes_on_when_the_trust_line_is_there_and_authorized() {
    let world = World::new().await;
    let user = samples::user().account();
    world.ledger.edit(user, |account| account.trust_lines.clear());
    let id = world.deposit("100").await;
    world.credit(id, "100");
    world.settle().await;
    assert_eq!(world.fetch(id).await.status(), Status::PendingTrust);
    world.ledger.trust(user, &samples::token(), lumens(0));
    world.ledger.edit(user, |account| account.trust_lines[0].authorized = false);
    world.settle().await;
    assert_eq!(world.fetch(id).await.status(), Status::PendingTrust, "the issuer has to authorize it");
    world.ledger.edit(user, |account| account.trust_lines[0].authorized = true);
    world.settle().await;
    assert_eq!((world.state(id).await, world.user_holds().as_str()), ("paid", "99.75"));
}

/// A withdrawal of too little, so that it is sent back.
async fn returned(from: Account, refund_memo: Memo, memo: Memo, to: Account) -> (World, Transaction) {
    let world = World::new().await;
    let mut started = samples::started(world.id(), Kind::Withdrawal);
    started.request.memo = refund_memo;
    let id = world.agree(started, "100", 7).await;
    world.ledger.arrives(from, to, samples::token(), "0.3".parse().unwrap(), memo);
    world.settle().await;
    let transaction = world.fetch(id).await;
    assert_eq!(transaction.status(), Status::Refunded);
    assert_eq!(world.user_holds(), "0.3");
    (world, transaction)
}

#[tokio::test]
async fn r_24_055_r_me_003_refund_carries_the_refund_memo_or_the_memo_of_the_payment() {
    let ours: Account = samples::distribution().account().into();
    let plain: Account = samples::user().account().into();
    let muxed = Account::Muxed { account: samples::user().account(), id: 4 };
    let wanted = || Memo::Text(MemoText::new("back to Ada").unwrap());
    let text = stellar_xdr::Memo::Text("back to Ada".try_into().unwrap());

    let (world, _) = returned(plain, wanted(), Memo::Id(7), ours).await;
    assert_eq!(only_payment(&world), (text.clone(), plain.to_string()));
    let (world, _) = returned(plain, Memo::None, Memo::Id(7), ours).await;
    assert_eq!(only_payment(&world), (stellar_xdr::Memo::Id(7), plain.to_string()));
    // the number in the sender's address says whose it is, unless the wallet says it by a memo
    let (world, _) = returned(muxed, Memo::None, Memo::Id(7), ours).await;
    assert_eq!(only_payment(&world), (stellar_xdr::Memo::None, muxed.to_string()));
    let (world, _) = returned(muxed, wanted(), Memo::Id(7), ours).await;
    assert_eq!(only_payment(&world), (text, plain.to_string()));
}

#[tokio::test]
async fn r_24_057_payment_is_matched_by_its_memo_whoever_sent_it() {
    let world = World::new().await;
    let mut started = samples::started(world.id(), Kind::Withdrawal);
    started.request.account = other().into();
    let id = world.agree(started, "100", 7).await;
    // from an exchange that nobody announced
    let from = samples::user().account();
    assert_ne!(from, other());
    world.pay("100", Memo::Id(7));
    world.settle().await;
    let paid = world.fetch(id).await;
    assert_eq!(paid.status(), Status::Completed);
    assert_eq!(paid.receipt.unwrap().ledger.unwrap().from, Account::from(from));
}

#[tokio::test]
async fn r_24_057_announced_account_alone_matches_nothing() {
    let world = World::new().await;
    let id = world.withdrawal("100", 7).await;
    assert_eq!(world.fetch(id).await.request.account, samples::user().account().into());
    world.pay("100", Memo::None);
    world.settle().await;
    assert_eq!(world.state(id).await, "awaiting_payment");
    let suspense = world.anchor.store().suspense_list(None).await.unwrap();
    assert_eq!(suspense[0].suspense, Some(SuspenseReason::Unmatched));
}

#[tokio::test]
async fn r_24_074_abandoned_flow_expires_and_tells_no_end_of_it() {
    let world = World::new().await;
    let started = samples::started(world.id(), Kind::Deposit);
    world.anchor.store().transaction_insert(&started, None).await.unwrap();
    let callback = Some("https://wallet.example/finished".to_owned());
    let callbacks = Callbacks { finished: callback, on_change: None };
    world.anchor.store().callbacks_put(started.id, &callbacks).await.unwrap();
    world.settle().await;
    assert_eq!(world.fetch(started.id).await.status(), Status::Incomplete);
    world.clock.advance(Duration::from_secs(24 * 3600));
    world.settle().await;
    assert_eq!(world.fetch(started.id).await.status(), Status::Expired);
    assert_eq!(world.callbacks.tries(), 0);
    let kinds: Vec<_> = world.events.all().into_iter().map(|event| event.kind).collect();
    assert_eq!(kinds, [EventKind::StatusChanged]);
}

#[tokio::test]
async fn r_24_123_money_for_ended_withdrawals_goes_back() {
    for end in
        [Fact::DeadlinePassed, Fact::Failed { code: FailureCode::Error, reason: "not for you".to_owned() }]
    {
        let world = World::new().await;
        let id = world.withdrawal("100", 7).await;
        world.tell(id, end, Actor::Operator("ana".to_owned())).await;
        let ended = world.fetch(id).await.status();
        assert!(matches!(ended, Status::Expired | Status::Error), "{ended}");
        world.pay("100", Memo::Id(7));
        world.settle().await;
        assert_eq!(world.fetch(id).await.status(), Status::Refunded);
        assert_eq!(world.user_holds(), "100");
        assert_eq!(world.anchor.store().payment_list(id).await.unwrap().len(), 1, "it is on record");
    }
}

#[tokio::test]
async fn r_24_136_r_29_004_memo_required_destination_is_never_paid_without_one() {
    let world = World::new().await;
    let user = samples::user().account();
    world.ledger.edit(user, |account| account.memo_required = true);
    let without = world.deposit("100").await;
    let mut started = samples::started(world.id(), Kind::Deposit);
    started.request.memo = Memo::Id(5);
    let with = world.agree(started, "50", 0).await;
    let mut started = samples::started(world.id(), Kind::Deposit);
    started.request.account = Account::Muxed { account: user, id: 6 };
    let muxed = world.agree(started, "10", 0).await;
    for (id, amount) in [(without, "100"), (with, "50"), (muxed, "10")] {
        world.credit(id, amount);
    }
    world.settle().await;
    assert_eq!(world.fetch(without).await.status(), Status::OnHold);
    assert_eq!((world.state(with).await, world.state(muxed).await), ("paid", "paid"));
    assert_eq!(world.user_holds(), "59.5");
}

#[tokio::test]
async fn r_24_133_r_me_007_every_withdrawal_is_paid_under_a_number_that_contracts_can_carry() {
    let world = World::new().await;
    let id = world.withdrawal("100", 7).await;
    let receiving = world.fetch(id).await.receiving().unwrap().clone();
    assert_eq!(receiving.memo, Memo::Id(7));
    // as a contract's wallet pays: no memo, the number in the destination
    let to = Account::Muxed { account: receiving.account, id: 7 };
    world.ledger.arrives(samples::user().account().into(), to, samples::token(), lumens(100), Memo::None);
    world.settle().await;
    assert_eq!(world.fetch(id).await.status(), Status::Completed);
}
