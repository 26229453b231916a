use stellar_xdr::{
    Asset, ClaimAtom, CreatePassiveSellOfferOp, ManageBuyOfferOp, ManageBuyOfferResult,
    ManageOfferSuccessResult, ManageOfferSuccessResultOffer, ManageSellOfferOp, ManageSellOfferResult,
    OperationBody, OperationResult, OperationResultTr, PaymentResult, Price,
};

use super::fixture::{World, XLM, id};
use crate::ledger::build;
use crate::ledger::{account, line_liabilities};

pub(super) fn sell(selling: &Asset, buying: &Asset, amount: i64, price: (i32, i32)) -> OperationBody {
    change_offer(selling, buying, amount, price, 0)
}

fn change_offer(
    selling: &Asset,
    buying: &Asset,
    amount: i64,
    (n, d): (i32, i32),
    offer_id: i64,
) -> OperationBody {
    OperationBody::ManageSellOffer(ManageSellOfferOp {
        selling: selling.clone(),
        buying: buying.clone(),
        amount,
        price: Price { n, d },
        offer_id,
    })
}

fn buy(selling: &Asset, buying: &Asset, buy_amount: i64, (n, d): (i32, i32)) -> OperationBody {
    OperationBody::ManageBuyOffer(ManageBuyOfferOp {
        selling: selling.clone(),
        buying: buying.clone(),
        buy_amount,
        price: Price { n, d },
        offer_id: 0,
    })
}

fn passive(selling: &Asset, buying: &Asset, amount: i64, (n, d): (i32, i32)) -> OperationBody {
    OperationBody::CreatePassiveSellOffer(CreatePassiveSellOfferOp {
        selling: selling.clone(),
        buying: buying.clone(),
        amount,
        price: Price { n, d },
    })
}

fn success(result: &OperationResult) -> &ManageOfferSuccessResult {
    match result {
        OperationResult::OpInner(
            OperationResultTr::ManageSellOffer(ManageSellOfferResult::Success(success))
            | OperationResultTr::CreatePassiveSellOffer(ManageSellOfferResult::Success(success))
            | OperationResultTr::ManageBuyOffer(ManageBuyOfferResult::Success(success)),
        ) => success,
        other => panic!("{other:?}"),
    }
}

fn offer_id(result: &OperationResult) -> i64 {
    match &success(result).offer {
        ManageOfferSuccessResultOffer::Created(offer) | ManageOfferSuccessResultOffer::Updated(offer) => {
            offer.offer_id
        }
        ManageOfferSuccessResultOffer::Deleted => panic!("no offer is left"),
    }
}

fn claimed(result: &OperationResult) -> Vec<(i64, i64)> {
    success(result)
        .offers_claimed
        .iter()
        .map(|atom| match atom {
            ClaimAtom::OrderBook(atom) => (atom.amount_sold, atom.amount_bought),
            other => panic!("{other:?}"),
        })
        .collect()
}

fn refusal(result: OperationResultTr) -> ManageSellOfferResult {
    match result {
        OperationResultTr::ManageSellOffer(result) | OperationResultTr::CreatePassiveSellOffer(result) => {
            result
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn an_offer_is_created_changed_and_deleted_with_its_reserve_and_liabilities() {
    let mut world = World::new();
    let (_, usd) = world.issuer();
    let alice = world.holder("alice", &usd, 100);
    let before = world.available(&alice);
    let result = world.run(&alice, sell(&usd, &Asset::Native, 60, (2, 1))).unwrap();
    let offer = offer_id(&result);
    assert_eq!(world.available(&alice), before - 5_000_100);
    let selling =
        |world: &World| line_liabilities(world.network.trust_line(&id(&alice), &usd).unwrap()).selling;
    let buying = |world: &World| account::liabilities(world.network.account(&id(&alice)).unwrap()).buying;
    assert_eq!((selling(&world), buying(&world)), (60, 120));
    let pay = world.fails(&alice, build::payment(id(&build::key("issuer")), &usd, 41));
    assert_eq!(pay, OperationResultTr::Payment(PaymentResult::Underfunded), "60 are promised");

    let changed = world.run(&alice, change_offer(&usd, &Asset::Native, 10, (3, 1), offer)).unwrap();
    assert!(matches!(&success(&changed).offer, ManageOfferSuccessResultOffer::Updated(o) if o.amount == 10));
    assert_eq!((selling(&world), buying(&world)), (10, 30));
    let deleted = world.run(&alice, change_offer(&usd, &Asset::Native, 0, (3, 1), offer)).unwrap();
    assert!(matches!(&success(&deleted).offer, ManageOfferSuccessResultOffer::Deleted));
    assert_eq!((selling(&world), buying(&world)), (0, 0));
    assert_eq!(world.available(&alice), before - 400);
    let gone = world.fails(&alice, change_offer(&usd, &Asset::Native, 0, (3, 1), offer));
    assert_eq!(refusal(gone), ManageSellOfferResult::NotFound);
}

#[test]
fn crossing_offers_trade_at_the_price_on_the_book_best_first() {
    let mut world = World::new();
    let (_, usd) = world.issuer();
    let maker = world.holder("maker", &usd, 1_000);
    let taker = world.fund("taker", 1_000);
    world.trust(&taker, &usd);
    world.run(&maker, sell(&usd, &Asset::Native, 100, (3, 1))).unwrap();
    world.run(&maker, sell(&usd, &Asset::Native, 100, (2, 1))).unwrap();
    let prices: Vec<_> = world.network.order_book(&usd, &Asset::Native).map(|offer| offer.price.n).collect();
    assert_eq!(prices, [2, 3]);

    let lumens = world.lumens(&maker);
    let result = world.run(&taker, sell(&Asset::Native, &usd, 500, (1, 4))).unwrap();
    assert_eq!(claimed(&result), [(100, 200), (100, 300)]);
    assert!(matches!(success(&result).offer, ManageOfferSuccessResultOffer::Deleted));
    assert_eq!(world.credit(&taker, &usd), 200);
    assert_eq!(world.lumens(&maker), lumens + 500);
    assert_eq!(world.network.offers_of(&id(&maker)).count(), 0);
    assert_eq!(world.network.account(&id(&maker)).unwrap().num_sub_entries, 1);
}

#[test]
fn what_is_not_taken_stays_on_the_book() {
    let mut world = World::new();
    let (_, usd) = world.issuer();
    let maker = world.holder("maker", &usd, 1_000);
    let taker = world.fund("taker", 1_000);
    world.trust(&taker, &usd);
    world.run(&maker, sell(&usd, &Asset::Native, 30, (1, 1))).unwrap();
    let result = world.run(&taker, sell(&Asset::Native, &usd, 100, (1, 1))).unwrap();
    assert_eq!(claimed(&result), [(30, 30)]);
    let rest: Vec<_> = world.network.order_book(&Asset::Native, &usd).map(|offer| offer.amount).collect();
    assert_eq!(rest, [70]);
    let result = world.run(&maker, buy(&usd, &Asset::Native, 20, (1, 1))).unwrap();
    assert_eq!(claimed(&result), [(20, 20)]);
    let rest: Vec<_> = world.network.order_book(&Asset::Native, &usd).map(|offer| offer.amount).collect();
    assert_eq!(rest, [50]);
}

#[test]
fn a_passive_offer_does_not_take_an_equal_price() {
    let mut world = World::new();
    let (issuer, usd) = world.issuer();
    let alice = world.holder("alice", &usd, 1_000);
    world.run(&alice, sell(&usd, &Asset::Native, 100, (1, 1))).unwrap();
    let result = world.run(&issuer, passive(&Asset::Native, &usd, 100, (1, 1))).unwrap();
    assert_eq!(claimed(&result), []);
    let result = world.run(&alice, change_offer(&usd, &Asset::Native, 50, (1, 2), 1)).unwrap();
    assert_eq!(claimed(&result), [(50, 50)], "others may take it");
}

#[test]
fn each_reason_to_refuse_an_offer_has_its_code() {
    let mut world = World::new();
    let (issuer, usd) = world.issuer();
    let alice = world.holder("alice", &usd, 100);
    let bob = world.fund("bob", 10);
    let xlm = Asset::Native;
    let eur = build::credit("EUR", &id(&issuer));
    use ManageSellOfferResult as Code;
    let code = |world: &mut World, key, body| refusal(world.fails(key, body));
    assert_eq!(code(&mut world, &alice, sell(&usd, &usd, 1, (1, 1))), Code::Malformed);
    assert_eq!(code(&mut world, &alice, sell(&usd, &xlm, -1, (1, 1))), Code::Malformed);
    assert_eq!(code(&mut world, &alice, sell(&usd, &xlm, 0, (1, 1))), Code::Malformed);
    assert_eq!(code(&mut world, &alice, sell(&usd, &xlm, 1, (0, 1))), Code::Malformed);
    assert_eq!(code(&mut world, &alice, passive(&usd, &xlm, 1, (1, -1))), Code::Malformed);
    assert_eq!(code(&mut world, &bob, sell(&usd, &xlm, 1, (1, 1))), Code::SellNoTrust);
    assert_eq!(code(&mut world, &bob, sell(&xlm, &usd, 1, (1, 1))), Code::BuyNoTrust);
    assert_eq!(code(&mut world, &alice, sell(&usd, &xlm, 101, (1, 1))), Code::Underfunded);
    assert_eq!(code(&mut world, &alice, sell(&usd, &eur, 1, (1, 1))), Code::BuyNoTrust);
    world.run(&bob, build::change_trust(&usd, 10)).unwrap();
    assert_eq!(code(&mut world, &bob, sell(&usd, &xlm, 1, (1, 1))), Code::Underfunded);
    assert_eq!(code(&mut world, &bob, sell(&xlm, &usd, 11, (1, 1))), Code::LineFull);
    assert_eq!(code(&mut world, &alice, change_offer(&usd, &xlm, 1, (1, 1), 99)), Code::NotFound);
    world.run(&alice, sell(&usd, &xlm, 10, (1, 1))).unwrap();
    assert_eq!(code(&mut world, &alice, sell(&xlm, &usd, 10, (1, 1))), Code::CrossSelf);
    let rest = world.available(&bob) - 1_000;
    world.run(&bob, build::payment(id(&alice), &xlm, rest)).unwrap();
    assert_eq!(code(&mut world, &bob, sell(&xlm, &usd, 1, (1, 1))), Code::LowReserve);
}

#[test]
fn an_issuer_sells_its_own_asset_without_a_line() {
    let mut world = World::new();
    let (issuer, usd) = world.issuer();
    world.run(&issuer, sell(&usd, &Asset::Native, 1_000, (1, 2))).unwrap();
    let taker = world.fund("taker", 10);
    world.trust(&taker, &usd);
    let result = world.run(&taker, buy(&Asset::Native, &usd, 300, (1, 2))).unwrap();
    assert_eq!(claimed(&result), [(300, 150)]);
    assert_eq!(world.outstanding(&usd), 300);
}

#[test]
fn an_offer_never_sells_what_its_owner_no_longer_has() {
    let mut world = World::new();
    let (_, usd) = world.issuer();
    let maker = world.holder("maker", &usd, 100);
    let taker = world.holder("taker", &usd, 1_000);
    world.run(&maker, sell(&Asset::Native, &usd, 500 * XLM, (1, 1_000_000))).unwrap();
    let spare = world.available(&maker);
    assert!(spare < 500 * XLM, "the rest is promised");
    let pay = world.fails(&maker, build::payment(id(&taker), &Asset::Native, spare + 1));
    assert_eq!(pay, OperationResultTr::Payment(PaymentResult::Underfunded));
    let result = world.run(&taker, sell(&usd, &Asset::Native, 1_000, (1_000_000, 1))).unwrap();
    assert_eq!(claimed(&result), [(1_000_000_000, 1_000)]);
}

#[test]
fn a_failed_transaction_uses_up_no_offer_id() {
    let mut world = World::new();
    let (_, usd) = world.issuer();
    let alice = world.holder("alice", &usd, 100);
    let draft = world.draft(&alice).operation(sell(&usd, &Asset::Native, 10, (1, 1))).operation(sell(
        &usd,
        &Asset::Native,
        1_000,
        (1, 1),
    ));
    assert!(!world.land(world.sign(&draft, &[&alice])).unwrap().successful);
    let result = world.run(&alice, sell(&usd, &Asset::Native, 10, (1, 1))).unwrap();
    assert_eq!(offer_id(&result), 1);
}

#[test]
fn one_operation_crosses_at_most_a_thousand_offers() {
    let mut world = World::new();
    let (_, usd) = world.issuer();
    for (name, offers) in [("a", 900), ("b", 101)] {
        let maker = world.holder(name, &usd, 1_000);
        for chunk in vec![sell(&usd, &Asset::Native, 1, (1, 1)); offers].chunks(100) {
            let draft = chunk.iter().cloned().fold(world.draft(&maker), build::Draft::operation);
            assert!(world.land(world.sign(&draft, &[&maker])).unwrap().successful);
        }
    }
    let taker = world.fund("taker", 100);
    world.trust(&taker, &usd);
    let too_many = world.run(&taker, sell(&Asset::Native, &usd, 1_001, (1, 1))).unwrap_err();
    assert_eq!(*too_many, OperationResult::OpExceededWorkLimit);
    let result = world.run(&taker, sell(&Asset::Native, &usd, 1_000, (1, 1))).unwrap();
    assert_eq!(claimed(&result).len(), 1_000);
}
