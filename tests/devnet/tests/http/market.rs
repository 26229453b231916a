use anchor_devnet::ledger::build;
use ed25519_dalek::SigningKey;
use serde_json::{Value, json};
use stellar_xdr::{
    Asset, ClaimClaimableBalanceOp, ClaimPredicate, ClaimableBalanceId, Claimant, ClaimantV0,
    CreateClaimableBalanceOp, Hash, ManageSellOfferOp, OperationBody, PathPaymentStrictReceiveOp,
    PathPaymentStrictSendOp, Price,
};

use super::support::{World, id};

fn offer(selling: &Asset, buying: &Asset, amount: i64, (n, d): (i32, i32)) -> OperationBody {
    let (selling, buying, price) = (selling.clone(), buying.clone(), Price { n, d });
    OperationBody::ManageSellOffer(ManageSellOfferOp { selling, buying, amount, price, offer_id: 0 })
}

/// USD and its market: 50 USD at 2 lumens each. Bob holds USD too.
async fn market(world: &World) -> (Asset, [SigningKey; 3]) {
    let keys = world.funded(["issuer", "alice", "bob"]).await;
    let [issuer, _, bob] = &keys;
    let usd = build::credit("USD", &id(issuer));
    world.done(bob, build::change_trust(&usd, i64::MAX)).await;
    world.done(issuer, offer(&usd, &Asset::Native, 500_000_000, (2, 1))).await;
    (usd, keys)
}

async fn last_payment(world: &World, of: &SigningKey) -> Value {
    world.records(&format!("/accounts/{}/payments?order=desc&limit=1", id(of))).await.remove(0)
}

#[tokio::test]
async fn a_path_payment_tells_what_really_moved() {
    let world = World::instant().await;
    let (usd, [_, alice, bob]) = market(&world).await;
    let send = OperationBody::PathPaymentStrictSend(PathPaymentStrictSendOp {
        send_asset: Asset::Native,
        send_amount: 100_000_000,
        destination: id(&bob).into(),
        dest_asset: usd.clone(),
        dest_min: 1,
        path: Default::default(),
    });
    world.done(&alice, send).await;
    let payment = last_payment(&world, &bob).await;
    assert_eq!(payment["type"], "path_payment_strict_send");
    assert_eq!((&payment["source_amount"], &payment["amount"]), (&"10.0000000".into(), &"5.0000000".into()));
    assert_eq!((&payment["destination_min"], &payment["path"]), (&"0.0000001".into(), &json!([])));
    assert_eq!((&payment["asset_code"], &payment["source_asset_type"]), (&"USD".into(), &"native".into()));
    let receive = OperationBody::PathPaymentStrictReceive(PathPaymentStrictReceiveOp {
        send_asset: Asset::Native,
        send_max: 1_000_000_000,
        destination: id(&bob).into(),
        dest_asset: usd,
        dest_amount: 20_000_000,
        path: Default::default(),
    });
    world.done(&alice, receive).await;
    let payment = last_payment(&world, &bob).await;
    assert_eq!((&payment["source_amount"], &payment["amount"]), (&"4.0000000".into(), &"2.0000000".into()));
    assert_eq!(payment["source_max"], "100.0000000");
}

#[tokio::test]
async fn paths_and_books_follow_the_offers() {
    let world = World::instant().await;
    let (usd, [issuer, alice, bob]) = market(&world).await;
    let eur = build::credit("EUR", &id(&issuer));
    world.done(&issuer, offer(&eur, &usd, 100_000_000, (1, 2))).await;
    let (usd_name, eur_name) = (format!("USD:{}", id(&issuer)), format!("EUR:{}", id(&issuer)));
    let sending = format!(
        "/paths/strict-send?source_asset_type=native&source_amount=10&destination_assets={usd_name},{eur_name}"
    );
    let found = world.records(&sending).await;
    assert_eq!((&found[0]["destination_amount"], &found[0]["path"]), (&"5.0000000".into(), &json!([])));
    assert_eq!(
        (&found[1]["destination_amount"], &found[1]["path"][0]["asset_code"]),
        (&"10.0000000".into(), &"USD".into())
    );
    let credit = format!(
        "asset_type=credit_alphanum4&destination_asset_code=EUR&destination_asset_issuer={}",
        id(&issuer)
    );
    let receiving = format!(
        "/paths/strict-receive?source_account={}&destination_{credit}&destination_amount=1",
        id(&alice)
    );
    let found = world.records(&receiving).await;
    assert_eq!((found.len(), &found[0]["source_amount"]), (1, &"1.0000000".into()));
    assert_eq!(found[0]["path"][0]["asset_code"], "USD");
    for bad in [
        "/paths/strict-send?source_asset_type=native&source_amount=10".to_owned(),
        format!("/paths/strict-send?source_asset_type=native&source_amount=0&destination_assets={usd_name}"),
        format!("/paths/strict-send?source_asset_type=gold&source_amount=1&destination_assets={usd_name}"),
        format!("/paths/strict-receive?source_account={}&source_assets={usd_name}", id(&bob)),
    ] {
        assert_eq!(world.get(&bad).await.0, 400, "{bad}");
    }
    let book = format!(
        "selling_asset_type=credit_alphanum4&selling_asset_code=USD&selling_asset_issuer={}",
        id(&issuer)
    );
    let book = world.body(&format!("/order_book?{book}&buying_asset_type=native")).await;
    let ask = json!([{ "price_r": { "n": 2, "d": 1 }, "price": "2.0000000", "amount": "50.0000000" }]);
    assert_eq!((&book["asks"], &book["bids"]), (&ask, &json!([])));
    assert_eq!(book["base"]["asset_code"], "USD");
}

#[tokio::test]
async fn offers_are_listed_and_found() {
    let world = World::instant().await;
    let (_, [issuer, alice, _]) = market(&world).await;
    let offers = world.records(&format!("/accounts/{}/offers", id(&issuer))).await;
    assert_eq!((offers.len(), &offers[0]["amount"]), (1, &"50.0000000".into()));
    assert_eq!(offers[0]["selling"]["asset_code"], "USD");
    let offer_id = offers[0]["id"].as_str().unwrap();
    assert_eq!(world.body(&format!("/offers/{offer_id}")).await, offers[0]);
    assert_eq!(world.records(&format!("/offers?seller={}", id(&issuer))).await, offers);
    assert!(world.records(&format!("/offers?seller={}", id(&alice))).await.is_empty());
    assert_eq!(world.get("/offers/12345").await.0, 404);
}

#[tokio::test]
async fn assets_count_who_holds_them() {
    let world = World::instant().await;
    let (usd, [issuer, _, bob]) = market(&world).await;
    world.done(&issuer, build::payment(id(&bob), &usd, 50_000_000)).await;
    let assets = world.records(&format!("/assets?asset_code=USD&asset_issuer={}", id(&issuer))).await;
    assert_eq!((assets.len(), &assets[0]["asset_type"]), (1, &"credit_alphanum4".into()));
    assert_eq!(
        (&assets[0]["accounts"]["authorized"], &assets[0]["balances"]["authorized"]),
        (&1.into(), &"5.0000000".into())
    );
    assert_eq!(assets[0]["paging_token"], format!("USD_{}_credit_alphanum4", id(&issuer)));
    assert!(world.records("/assets?asset_code=EUR").await.is_empty());
    assert_eq!(world.get("/assets?asset_code=U-D").await.0, 400);
    assert_eq!(world.get("/assets?cursor=x").await.0, 400);
}

#[tokio::test]
async fn a_claimable_balance_lives_from_creation_to_claim() {
    let world = World::instant().await;
    let [alice, bob] = world.funded(["alice", "bob"]).await;
    let predicate = ClaimPredicate::Not(Some(Box::new(ClaimPredicate::BeforeAbsoluteTime(5))));
    let claimant = Claimant::ClaimantTypeV0(ClaimantV0 { destination: id(&bob), predicate });
    let create = CreateClaimableBalanceOp {
        asset: Asset::Native,
        amount: 70,
        claimants: vec![claimant].try_into().unwrap(),
    };
    world.done(&alice, OperationBody::CreateClaimableBalance(create)).await;
    let found = world.records(&format!("/claimable_balances?claimant={}", id(&bob))).await;
    assert_eq!(found.len(), 1);
    let balance = &found[0];
    assert_eq!((&balance["asset"], &balance["amount"]), (&"native".into(), &"0.0000070".into()));
    assert_eq!(balance["sponsor"], id(&alice).to_string());
    let not = json!({ "not": { "abs_before": "1970-01-01T00:00:05Z", "abs_before_epoch": "5" } });
    assert_eq!(balance["claimants"][0]["predicate"], not);
    let hex_id = balance["id"].as_str().unwrap();
    assert_eq!(hex_id.len(), 72);
    let balance_id = ClaimableBalanceId::ClaimableBalanceIdTypeV0(Hash(
        hex::decode(&hex_id[8..]).unwrap().try_into().unwrap(),
    ));
    for name in [hex_id.to_owned(), balance_id.to_string()] {
        assert_eq!(&world.body(&format!("/claimable_balances/{name}")).await, balance);
    }
    for query in [format!("sponsor={}", id(&alice)), "asset=native".to_owned()] {
        assert_eq!(world.records(&format!("/claimable_balances?{query}")).await, found);
    }
    assert!(world.records(&format!("/claimable_balances?claimant={}", id(&alice))).await.is_empty());
    world.done(&bob, OperationBody::ClaimClaimableBalance(ClaimClaimableBalanceOp { balance_id })).await;
    assert_eq!(world.get(&format!("/claimable_balances/{hex_id}")).await.0, 404);
    let operations = world.records(&format!("/claimable_balances/{hex_id}/operations")).await;
    assert_eq!((operations.len(), &operations[1]["balance_id"]), (2, &hex_id.into()));
    assert_eq!(operations[0]["sponsor"], id(&alice).to_string());
    assert_eq!(world.get("/claimable_balances/xyz").await.0, 400);
}
