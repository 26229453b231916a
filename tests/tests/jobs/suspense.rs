//! Payments that nobody can be credited for: they wait, go back once, or find their transaction after all.

use std::time::Duration;

use anchor_core::account::{Account, ContractId};
use anchor_core::asset::{OtherAmount, Remedy, StellarAsset, SuspensePolicy};
use anchor_core::clock::Clock as _;
use anchor_core::id::RandomIds;
use anchor_core::memo::{Memo, MemoText};
use anchor_core::ops::suspense::{Obstacle, ReturnFee, SuspenseError, assign, refund};
use anchor_core::store::{PaymentRecord, SuspenseReason};
use anchor_core::testing::fakes::samples;
use anchor_core::transaction::{Actor, ApplyContext, Fact, Kind, Protocol, Status, Transaction};

use crate::sep24::only_payment;
use crate::world::{World, lumens};

/// Everything goes back, less half a token.
fn everything_back() -> SuspensePolicy {
    SuspensePolicy {
        unmatched: Remedy::Refund,
        wrong_asset: Remedy::Refund,
        duplicate: Remedy::Refund,
        refund_fee: "0.5".parse().unwrap(),
        ..SuspensePolicy::default()
    }
}

fn by_ana(world: &World) -> ApplyContext<'static> {
    ApplyContext { ids: &RandomIds, actor: Actor::Operator("ana".into()), at: world.clock.now() }
}

async fn in_suspense(world: &World) -> Vec<PaymentRecord> {
    world.anchor.store().suspense_list(None).await.unwrap()
}

async fn payment(world: &World, id: &str) -> PaymentRecord {
    world.anchor.store().payment_fetch(id).await.unwrap().unwrap()
}

/// The transaction that returned this payment.
async fn returning(world: &World, id: &str) -> Transaction {
    world.fetch(payment(world, id).await.settled_by.unwrap()).await
}

async fn refunded_by_ana(world: &World, id: &str) -> Result<Transaction, SuspenseError> {
    refund(world.anchor.store(), id, ReturnFee::Policy, &by_ana(world)).await
}

#[tokio::test]
async fn nobodys_payment_goes_back_less_the_fee_where_the_policy_wants_it() {
    let world = World::with_policy(everything_back()).await;
    let paid = world.pay("100", Memo::Id(99));
    world.settle().await;
    assert_eq!(world.user_holds(), "99.5");
    assert!(in_suspense(&world).await.is_empty());
    let back = returning(&world, &paid.id).await;
    assert_eq!((back.status(), back.protocol), (Status::Refunded, Protocol::Suspense));
    let [refund] = &back.refunds[..] else { panic!("{:?}", back.refunds) };
    assert_eq!((refund.amount.to_string(), refund.fee.to_string()), ("99.5".into(), "0.5".into()));
    assert_eq!(only_payment(&world).0, stellar_xdr::Memo::Id(99), "the exchange's own way to find its user");
    assert!(world.transfers(back.id).is_empty());
}

#[tokio::test]
async fn nothing_goes_back_by_itself_unless_that_is_asked_for() {
    let world = World::new().await;
    let id = world.withdrawal("100", 7).await;
    for (amount, memo) in [("100", 7), ("20", 7), ("5", 99)] {
        world.pay(amount, Memo::Id(memo));
    }
    world.settle().await;
    assert_eq!((world.state(id).await, world.user_holds().as_str()), ("paid_out", "0"));
    let mut reasons: Vec<_> = in_suspense(&world).await.into_iter().filter_map(|one| one.suspense).collect();
    reasons.sort_by_key(|reason| reason.as_str());
    assert_eq!(reasons, [SuspenseReason::Duplicate, SuspenseReason::Unmatched]);
}

#[tokio::test]
async fn peer_second_payment_goes_back_with_the_refund_memo_of_the_first() {
    let world = World::with_policy(everything_back()).await;
    let mut started = samples::started(world.id(), Kind::Withdrawal);
    started.request.memo = Memo::Text(MemoText::new("back to Ada").unwrap());
    let id = world.agree(started, "100", 7).await;
    world.pay("100", Memo::Id(7));
    let second = world.pay("20", Memo::Id(7));
    world.settle().await;
    assert_eq!((world.state(id).await, world.transfers(id).len()), ("paid_out", 1));
    assert_eq!(world.user_holds(), "19.5");
    let text = stellar_xdr::Memo::Text("back to Ada".try_into().unwrap());
    assert_eq!(only_payment(&world).0, text);
    let kept = payment(&world, &second.id).await;
    assert_eq!((kept.suspense, kept.transaction), (Some(SuspenseReason::Duplicate), Some(id)));
}

#[tokio::test]
async fn muxed_sender_gets_it_back_under_its_number() {
    let world = World::with_policy(everything_back()).await;
    let from = Account::Muxed { account: samples::user().account(), id: 4 };
    let to = samples::distribution().account().into();
    world.ledger.arrives(from, to, samples::token(), lumens(10), Memo::Id(99));
    world.settle().await;
    assert_eq!(only_payment(&world), (stellar_xdr::Memo::None, from.to_string()));
    assert_eq!(world.user_holds(), "9.5");
}

#[tokio::test]
async fn what_is_not_more_than_the_fee_stays_in_suspense() {
    let world = World::with_policy(everything_back()).await;
    let paid = world.pay("0.5", Memo::Id(99));
    // nor does it end a withdrawal
    let id = world.withdrawal("100", 7).await;
    world.pay("0.4", Memo::Id(7));
    world.settle().await;
    assert_eq!(in_suspense(&world).await.len(), 2);
    assert_eq!(world.state(id).await, "awaiting_payment");
    let refused = refunded_by_ana(&world, &paid.id).await.unwrap_err();
    assert!(matches!(refused, SuspenseError::Obstacle(Obstacle::NotMoreThanFee)), "{refused}");
    // the operator may waive it
    let back = refund(world.anchor.store(), &paid.id, ReturnFee::Waived, &by_ana(&world)).await.unwrap();
    world.settle().await;
    assert_eq!((world.state(back.id).await, world.user_holds().as_str()), ("refunded", "0.5"));
}

#[tokio::test]
async fn refund_to_a_sender_who_is_gone_is_on_hold() {
    let world = World::with_policy(everything_back()).await;
    let paid = world.pay("100", Memo::Id(99));
    world.ledger.remove(&samples::user().account());
    world.settle().await;
    let back = returning(&world, &paid.id).await;
    assert_eq!(back.state.name(), "on_hold");
    assert!(world.ledger.submissions().is_empty());
    // back again, with a trust line: the operator lets it go on
    world.ledger.fund(samples::user().account(), lumens(10));
    world.ledger.trust(samples::user().account(), &samples::token(), lumens(0));
    world.tell(back.id, Fact::Released, Actor::Operator("ana".into())).await;
    world.settle().await;
    assert_eq!((world.state(back.id).await, world.user_holds().as_str()), ("refunded", "99.5"));
}

#[tokio::test]
async fn what_the_anchor_cannot_return_is_said() {
    let world = World::with_policy(everything_back()).await;
    let to: Account = samples::distribution().account().into();
    let contract = Account::Contract(ContractId::from_bytes([5; 32]));
    let from_contract = world.ledger.arrives(contract, to, samples::token(), lumens(10), Memo::Id(99));
    let imitation = StellarAsset::Credit { code: "USDC".parse().unwrap(), issuer: samples::user().account() };
    let imitation = world.pay_asset("10", imitation, Memo::Id(99));
    world.settle().await;
    assert_eq!(in_suspense(&world).await.len(), 2);
    for (id, text) in [(from_contract.id, "contract"), (imitation.id, "your own wallet")] {
        let refused = refunded_by_ana(&world, &id).await.unwrap_err().to_string();
        assert!(refused.contains(text), "{refused}");
    }
    let refused = refunded_by_ana(&world, "4711").await.unwrap_err();
    assert_eq!(refused.to_string(), "there is no payment 4711");
}

#[tokio::test(flavor = "multi_thread")]
async fn operators_who_decide_at_once_send_it_back_once() {
    let world = World::new().await;
    let id = world.withdrawal("100", 7).await;
    let paid = world.pay("100", Memo::Id(99)).id;
    world.settle().await;
    let store = world.anchor.store();
    let (one, two, three) = (by_ana(&world), by_ana(&world), by_ana(&world));
    let (one, two, three) = tokio::join!(
        refund(store, &paid, ReturnFee::Policy, &one),
        refund(store, &paid, ReturnFee::Policy, &two),
        assign(store, &paid, id, None, &three),
    );
    let done = [&one, &two, &three].iter().filter(|done| done.is_ok()).count();
    assert_eq!(done, 1, "{one:?} {two:?} {three:?}");
    let again = refunded_by_ana(&world, &paid).await.unwrap_err();
    assert!(matches!(again, SuspenseError::Settled(_)), "{again}");
    world.settle().await;
    let is_assigned = three.is_ok();
    assert_eq!(world.user_holds(), if is_assigned { "0" } else { "100" });
    assert_eq!(world.state(id).await, if is_assigned { "paid_out" } else { "awaiting_payment" });
}

#[tokio::test(flavor = "multi_thread")]
async fn two_workers_send_it_back_once() {
    let world = World::with_policy(everything_back()).await;
    for memo in 90..94 {
        world.pay("10", Memo::Id(memo));
    }
    let (one, two) = (world.another_worker(), world.another_worker());
    for _ in 0..12 {
        let (first, second) = tokio::join!(one.run_until_idle(), two.run_until_idle());
        first.unwrap();
        second.unwrap();
        world.tick();
    }
    world.settle().await;
    assert_eq!(world.user_holds(), "38", "four times ten, less half a token each");
}

/// What can be seen when everything is over.
async fn came_back_once(world: &World, paid: &str, when: &str) {
    world.settle().await;
    assert_eq!(world.user_holds(), "99.5", "{when}");
    let back = returning(world, paid).await;
    assert_eq!((back.state.name(), back.refunds.len()), ("refunded", 1), "{when}");
    assert!(in_suspense(world).await.is_empty(), "{when}");
}

#[tokio::test(flavor = "multi_thread")]
async fn return_from_suspense_survives_death_at_every_moment() {
    for ledger_goes_on in [false, true] {
        for moment in 0.. {
            let world = World::with_policy(everything_back()).await;
            let paid = world.pay("100", Memo::Id(99)).id;
            let is_over = async || {
                let found = world.anchor.store().payment_fetch(&paid).await.unwrap();
                match found.and_then(|payment| payment.settled_by) {
                    Some(back) => world.state(back).await == "refunded",
                    None => false,
                }
            };
            let died = world.work_through_death(is_over, moment, ledger_goes_on).await;
            let when = format!("killed at moment {moment}, ledger goes on: {ledger_goes_on}");
            came_back_once(&world, &paid, &when).await;
            if !died {
                assert!(moment > 6, "the road has more moments than {moment}");
                break;
            }
        }
    }
}

#[tokio::test]
async fn operator_who_was_cut_off_may_ask_again() {
    let policy = SuspensePolicy { unmatched: Remedy::Hold, ..everything_back() };
    let world = World::with_policy(policy).await;
    let paid = world.pay("100", Memo::Id(99)).id;
    world.settle().await;
    world.switch.arm(0);
    assert!(world.switch.process(refunded_by_ana(&world, &paid)).await.is_none(), "killed after the commit");
    world.switch.disarm();
    let again = refunded_by_ana(&world, &paid).await.unwrap_err();
    assert!(matches!(again, SuspenseError::Settled(_)), "{again}");
    came_back_once(&world, &paid, "cut off").await;
    let history = world.anchor.store().fact_list(returning(&world, &paid).await.id).await.unwrap();
    assert_eq!(history[0].actor, Actor::Operator("ana".into()));
}

#[tokio::test]
async fn late_payment_goes_back_less_the_fee_or_waits() {
    for (late, holds) in [(Remedy::Refund, "99.5"), (Remedy::Hold, "0")] {
        let world = World::with_policy(SuspensePolicy { late, ..everything_back() }).await;
        let id = world.withdrawal("100", 7).await;
        world.clock.advance(Duration::from_secs(2 * 24 * 3600));
        world.settle().await;
        assert_eq!(world.state(id).await, "expired");
        let paid = world.pay("100", Memo::Id(7)).id;
        world.settle().await;
        assert_eq!(world.user_holds(), holds);
        if late == Remedy::Refund {
            let refunded = world.fetch(id).await;
            assert_eq!(refunded.status(), Status::Refunded);
            assert_eq!(refunded.refunds[0].fee.to_string(), "0.5");
            continue;
        }
        assert_eq!(in_suspense(&world).await[0].suspense, Some(SuspenseReason::Late));
        let refused = assign(world.anchor.store(), &paid, id, None, &by_ana(&world)).await.unwrap_err();
        assert!(refused.to_string().contains("is expired: only"), "{refused}");
        refunded_by_ana(&world, &paid).await.unwrap();
        world.settle().await;
        assert_eq!((world.state(id).await, world.user_holds().as_str()), ("expired", "99.5"));
    }
}

#[tokio::test]
async fn other_amount_counts_goes_back_or_waits_for_the_operator() {
    for (amount, reason) in [("90", SuspenseReason::Underpaid), ("110", SuspenseReason::Overpaid)] {
        for (other_amount, state, back) in [
            (OtherAmount::Credit, "paid_out", false),
            (OtherAmount::Refund, "refunded", true),
            (OtherAmount::Hold, "awaiting_payment", false),
        ] {
            let world = World::with_policy(SuspensePolicy { other_amount, ..everything_back() }).await;
            let id = world.withdrawal("100", 7).await;
            let paid = world.pay(amount, Memo::Id(7)).id;
            world.settle().await;
            assert_eq!(world.state(id).await, state, "{other_amount:?}");
            assert_eq!(world.user_holds() != "0", back, "{other_amount:?}");
            let listed = in_suspense(&world).await;
            assert_eq!(listed.len(), usize::from(other_amount == OtherAmount::Hold));
            let Some(record) = listed.first() else { continue };
            assert_eq!((record.suspense, record.transaction), (Some(reason), Some(id)));

            let store = world.anchor.store();
            let refused = assign(store, &paid, id, None, &by_ana(&world)).await.unwrap_err();
            assert!(refused.to_string().contains("say what you keep"), "{refused}");
            let fee = Some("2".parse().unwrap());
            assign(store, &paid, id, fee, &by_ana(&world)).await.unwrap();
            world.settle().await;
            let paid_out: i64 = amount.parse::<i64>().unwrap() - 2;
            let [transfer] = &world.transfers(id)[..] else { panic!("{:?}", world.transfers(id)) };
            assert_eq!(transfer.amount, samples::usd(&paid_out.to_string()));
            assert_eq!(world.state(id).await, "paid_out");
        }
    }
}

#[tokio::test]
async fn forgotten_memo_is_no_loss() {
    let world = World::new().await;
    let id = world.withdrawal("100", 7).await;
    let paid = world.pay("100", Memo::None).id;
    let wrong = world.pay_asset("100", StellarAsset::Native, Memo::None).id;
    world.settle().await;
    let store = world.anchor.store();
    let refused = assign(store, &wrong, id, None, &by_ana(&world)).await.unwrap_err();
    assert!(refused.to_string().starts_with("the payment is in native"), "{refused}");
    let refused = assign(store, &paid, world.id(), None, &by_ana(&world)).await.unwrap_err();
    assert!(refused.to_string().contains("no transaction"), "{refused}");

    let credited = assign(store, &paid, id, None, &by_ana(&world)).await.unwrap();
    assert_eq!(credited.state.name(), "ready_to_pay_out");
    world.settle().await;
    assert_eq!((world.state(id).await, world.transfers(id).len()), ("paid_out", 1));
    assert_eq!(payment(&world, &paid).await.settled_by, Some(id));
    let again = assign(store, &paid, id, None, &by_ana(&world)).await.unwrap_err();
    assert!(matches!(again, SuspenseError::Settled(by) if by == id), "{again}");
    let history = store.fact_list(id).await.unwrap();
    assert!(history.iter().any(|record| record.actor == Actor::Operator("ana".into())));
}
