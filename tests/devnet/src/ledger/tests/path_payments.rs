use ed25519_dalek::SigningKey;
use stellar_xdr::{
    Asset, ClaimAtom, OperationBody, OperationResult, OperationResultTr, PathPaymentStrictReceiveOp,
    PathPaymentStrictReceiveResult, PathPaymentStrictSendOp, PathPaymentStrictSendResult,
};

use super::fixture::{World, XLM, id};
use super::offers::sell;
use crate::ledger::build;

struct Market {
    world: World,
    usd: Asset,
    eur: Asset,
    maker: SigningKey,
    alice: SigningKey,
    bob: SigningKey,
}

/// USD → XLM at 2 lumens a dollar, XLM → EUR at 3 lumens a euro.
fn market() -> Market {
    let mut world = World::new();
    let (issuer, usd) = world.issuer();
    let eur = build::credit("EUROS", &id(&issuer));
    let maker = world.holder("maker", &usd, 0);
    world.trust(&maker, &eur);
    world.run(&issuer, build::payment(id(&maker), &eur, 1_000)).unwrap();
    let alice = world.holder("alice", &usd, 1_000);
    let bob = world.holder("bob", &eur, 0);
    world.run(&maker, sell(&Asset::Native, &usd, 2_000, (1, 2))).unwrap();
    world.run(&maker, sell(&eur, &Asset::Native, 500, (3, 1))).unwrap();
    Market { world, usd, eur, maker, alice, bob }
}

fn receive(market: &Market, send_max: i64, dest_amount: i64, path: &[Asset]) -> OperationBody {
    OperationBody::PathPaymentStrictReceive(PathPaymentStrictReceiveOp {
        send_asset: market.usd.clone(),
        send_max,
        destination: id(&market.bob).into(),
        dest_asset: market.eur.clone(),
        dest_amount,
        path: path.to_vec().try_into().unwrap(),
    })
}

fn send(market: &Market, send_amount: i64, dest_min: i64, path: &[Asset]) -> OperationBody {
    OperationBody::PathPaymentStrictSend(PathPaymentStrictSendOp {
        send_asset: market.usd.clone(),
        send_amount,
        destination: id(&market.bob).into(),
        dest_asset: market.eur.clone(),
        dest_min,
        path: path.to_vec().try_into().unwrap(),
    })
}

fn amounts(offers: &[ClaimAtom]) -> Vec<(i64, i64)> {
    let amounts = |atom: &ClaimAtom| match atom {
        ClaimAtom::OrderBook(atom) => (atom.amount_bought, atom.amount_sold),
        other => panic!("{other:?}"),
    };
    offers.iter().map(amounts).collect()
}

#[test]
fn strict_receive_delivers_exactly_over_two_hops() {
    let mut market = market();
    let body = receive(&market, 200, 100, &[Asset::Native]);
    let result = market.world.run(&market.alice, body).unwrap();
    let OperationResult::OpInner(OperationResultTr::PathPaymentStrictReceive(
        PathPaymentStrictReceiveResult::Success(success),
    )) = *result
    else {
        panic!("{result:?}")
    };
    assert_eq!(amounts(&success.offers), [(150, 300), (300, 100)]);
    assert_eq!(success.last.amount, 100);
    assert_eq!(market.world.credit(&market.alice, &market.usd), 850);
    assert_eq!(market.world.credit(&market.bob, &market.eur), 100);
    assert_eq!(market.world.credit(&market.maker, &market.usd), 150);
}

#[test]
fn strict_send_spends_exactly_over_two_hops() {
    let mut market = market();
    let body = send(&market, 300, 200, &[Asset::Native]);
    let result = market.world.run(&market.alice, body).unwrap();
    let OperationResult::OpInner(OperationResultTr::PathPaymentStrictSend(
        PathPaymentStrictSendResult::Success(success),
    )) = *result
    else {
        panic!("{result:?}")
    };
    assert_eq!(amounts(&success.offers), [(300, 600), (600, 200)]);
    assert_eq!(success.last.amount, 200);
    assert_eq!(market.world.credit(&market.bob, &market.eur), 200);
}

#[test]
fn a_path_payment_of_one_asset_is_a_payment() {
    let mut market = market();
    let body = OperationBody::PathPaymentStrictSend(PathPaymentStrictSendOp {
        send_asset: Asset::Native,
        send_amount: XLM,
        destination: id(&market.bob).into(),
        dest_asset: Asset::Native,
        dest_min: XLM,
        path: stellar_xdr::VecM::default(),
    });
    let before = market.world.lumens(&market.bob);
    market.world.run(&market.alice, body).unwrap();
    assert_eq!(market.world.lumens(&market.bob), before + XLM);
}

#[test]
fn strict_receive_has_its_refusals() {
    let mut market = market();
    use PathPaymentStrictReceiveResult as Code;
    let code = |market: &mut Market, key: &SigningKey, body| match market.world.fails(key, body) {
        OperationResultTr::PathPaymentStrictReceive(result) => result,
        other => panic!("{other:?}"),
    };
    let via = [Asset::Native];
    let alice = market.alice.clone();
    let cases = [
        (receive(&market, 149, 100, &via), Code::OverSendmax),
        (receive(&market, 10_000, 501, &via), Code::TooFewOffers),
        (receive(&market, 10_000, 100, &[]), Code::TooFewOffers),
        (receive(&market, 0, 100, &via), Code::Malformed),
        (receive(&market, 1, 0, &via), Code::Malformed),
    ];
    for (body, expected) in cases {
        assert_eq!(code(&mut market, &alice, body), expected);
    }
    let maker = market.maker.clone();
    let body = receive(&market, 10_000, 100, &via);
    assert_eq!(code(&mut market, &maker, body), Code::OfferCrossSelf);
    let poor = market.world.holder("poor", &market.usd.clone(), 10);
    let body = receive(&market, 10_000, 100, &via);
    assert_eq!(code(&mut market, &poor, body), Code::Underfunded);
    let trustless = market.world.fund("trustless", 10);
    let body = receive(&market, 10_000, 100, &via);
    assert_eq!(code(&mut market, &trustless, body), Code::SrcNoTrust);
}

#[test]
fn strict_send_has_its_refusals() {
    let mut market = market();
    use PathPaymentStrictSendResult as Code;
    let alice = market.alice.clone();
    let via = [Asset::Native];
    let cases = [
        (send(&market, 300, 201, &via), Code::UnderDestmin),
        (send(&market, 1_000, 1, &via), Code::TooFewOffers),
        (send(&market, 1_001, 1, &via), Code::Underfunded),
        (send(&market, 300, 0, &via), Code::Malformed),
    ];
    for (body, expected) in cases {
        match market.world.fails(&alice, body) {
            OperationResultTr::PathPaymentStrictSend(result) => assert_eq!(result, expected),
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(market.world.credit(&alice, &market.usd.clone()), 1_000);
}
