use anchor_devnet::ledger::build;
use serde_json::Value;
use stellar_xdr::{Asset, OperationBody};

use super::support::{World, id, lumens, path_of, records};

/// Alice pays bob 1, 2, … `count` stroops.
async fn payments(world: &World, count: i64) -> String {
    let [alice, bob] = world.funded(["alice", "bob"]).await;
    for stroops in 1..=count {
        world.done(&alice, lumens(&bob, stroops)).await;
    }
    id(&bob).to_string()
}

fn amounts(records: &[Value]) -> Vec<String> {
    records.iter().filter_map(|record| record["amount"].as_str().map(str::to_owned)).collect()
}

#[tokio::test]
async fn pages_lead_forward_and_back_without_gap_or_repetition() {
    let world = World::instant().await;
    let bob = payments(&world, 7).await;
    let (mut path, mut seen) = (format!("/accounts/{bob}/payments?limit=3"), Vec::new());
    loop {
        let page = world.body(&path).await;
        if records(&page).is_empty() {
            break;
        }
        seen.extend(records(&page));
        path = path_of(&world, &page["_links"]["next"]);
    }
    assert_eq!(seen[0]["type"], "create_account");
    let expected: Vec<String> = (1..=7).map(|stroops| format!("0.000000{stroops}")).collect();
    assert_eq!(amounts(&seen), expected);
    let last = world.body(&format!("/accounts/{bob}/payments?order=desc&limit=2")).await;
    assert_eq!(amounts(&records(&last)), ["0.0000007", "0.0000006"]);
    let before = world.body(&path_of(&world, &last["_links"]["next"])).await;
    assert_eq!(amounts(&records(&before)), ["0.0000005", "0.0000004"]);
    let back = world.records(&path_of(&world, &before["_links"]["prev"])).await;
    assert_eq!(amounts(&back), ["0.0000006", "0.0000007"]);
}

#[tokio::test]
async fn a_cursor_now_sees_only_what_comes_later() {
    let world = World::instant().await;
    let bob = payments(&world, 2).await;
    let now = world.body(&format!("/accounts/{bob}/payments?cursor=now")).await;
    assert!(records(&now).is_empty());
    world.done(&build::key("alice"), lumens(&build::key("bob"), 9)).await;
    let later = world.records(&path_of(&world, &now["_links"]["next"])).await;
    assert_eq!(amounts(&later), ["0.0000009"]);
}

#[tokio::test]
async fn parameters_are_checked_and_named() {
    let world = World::instant().await;
    for (query, field) in [
        ("limit=0", "limit"),
        ("limit=201", "limit"),
        ("limit=x", "limit"),
        ("order=up", "order"),
        ("cursor=x", "cursor"),
        ("cursor=-5", "cursor"),
        ("join=effects", "join"),
        ("include_failed=maybe", "include_failed"),
    ] {
        let (status, body) = world.get(&format!("/operations?{query}")).await;
        assert_eq!((status.as_u16(), &body["extras"]["invalid_field"]), (400, &field.into()), "{query}");
        assert_eq!(body["type"], "https://stellar.org/horizon-errors/bad_request");
    }
    let (status, body) = world.get("/transactions?order=desc&cursor=1").await;
    assert_eq!(status, 410);
    assert_eq!(body["type"], "https://stellar.org/horizon-errors/before_history");
    let (status, body) = world.get("/no/such/path").await;
    assert_eq!((status.as_u16(), &body["status"]), (404, &404.into()));
}

#[tokio::test]
async fn operations_of_one_transaction_are_listed_also_when_it_failed() {
    let world = World::instant().await;
    let [alice, bob] = world.funded(["alice", "bob"]).await;
    let nobody = build::key("nobody");
    let draft = world.draft(&alice).operation(lumens(&bob, 5)).operation(lumens(&nobody, 5));
    let envelope = world.sign(&draft, &alice);
    world.post("/transactions", &envelope).await;
    let hash = hex::encode(envelope.hash(world.network_id()).unwrap());
    let operations = world.records(&format!("/transactions/{hash}/operations")).await;
    assert_eq!(operations.len(), 2);
    assert!(operations.iter().all(|operation| operation["transaction_successful"] == false));
    let one =
        world.body(&format!("/operations/{}?join=transactions", operations[1]["id"].as_str().unwrap())).await;
    assert_eq!((&one["to"], &one["transaction"]["hash"]), (&id(&nobody).to_string().into(), &hash.into()));
    assert_eq!(world.get("/operations/1").await.0, 410);
    assert_eq!(world.get("/operations/99999999999999").await.0, 404);
    assert_eq!(world.get("/operations/x").await.0, 400);
    assert_eq!(world.get("/transactions/abc").await.0, 400);
}

#[tokio::test]
async fn payments_are_all_that_move_money_and_nothing_else() {
    let world = World::instant().await;
    let [issuer, alice] = world.funded(["issuer", "alice"]).await;
    let usd = build::credit("USD", &id(&issuer));
    world.done(&alice, build::change_trust(&usd, i64::MAX)).await;
    world.done(&issuer, build::payment(id(&alice), &usd, 5)).await;
    world.done(&alice, build::payment(id(&issuer), &usd, 5)).await;
    world.done(&alice, build::change_trust(&usd, 0)).await;
    world.done(&alice, OperationBody::AccountMerge(id(&issuer).into())).await;
    let own = format!("/accounts/{}", id(&alice));
    let kinds = |records: Vec<Value>| records.iter().map(|record| record["type"].clone()).collect::<Vec<_>>();
    let payments = kinds(world.records(&format!("{own}/payments")).await);
    assert_eq!(payments, ["create_account", "payment", "payment", "account_merge"]);
    let operations = kinds(world.records(&format!("{own}/operations")).await);
    assert_eq!(operations.len(), 6, "the merged account's history stays: {operations:?}");
    assert_eq!(world.get(&own).await.0, 404);
}

#[tokio::test]
async fn a_muxed_destination_keeps_its_id() {
    let world = World::instant().await;
    let [alice, bob] = world.funded(["alice", "bob"]).await;
    let muxed = build::muxed(&id(&bob), u64::MAX);
    world.done(&alice, build::payment(muxed.clone(), &Asset::Native, 5)).await;
    let listed = world.records(&format!("/accounts/{}/payments?order=desc&limit=1", id(&bob))).await;
    assert_eq!(listed[0]["to"], id(&bob).to_string());
    assert_eq!(listed[0]["to_muxed"], muxed.to_string());
    assert_eq!(listed[0]["to_muxed_id"], "18446744073709551615");
    let envelope = world.sign(&world.draft(&alice).muxed_source(7).operation(lumens(&bob, 5)), &alice);
    let (_, body) = world.post("/transactions", &envelope).await;
    assert_eq!(
        (&body["source_account"], &body["account_muxed_id"]),
        (&id(&alice).to_string().into(), &"7".into())
    );
    assert_eq!(body["fee_account_muxed"], body["account_muxed"]);
}

#[tokio::test]
async fn ledgers_chain_and_list_their_contents() {
    let world = World::manual().await;
    let [alice, bob] = world.funded(["alice", "bob"]).await;
    world.accept(&alice, lumens(&bob, 5));
    world.accept(&bob, lumens(&build::key("nobody"), 5));
    let sequence = world.close();
    let ledger = world.body(&format!("/ledgers/{sequence}")).await;
    assert_eq!(
        (&ledger["successful_transaction_count"], &ledger["failed_transaction_count"]),
        (&1.into(), &1.into())
    );
    assert_eq!((&ledger["operation_count"], &ledger["tx_set_operation_count"]), (&1.into(), &2.into()));
    assert_eq!(
        (&ledger["base_fee_in_stroops"], &ledger["base_reserve_in_stroops"]),
        (&100.into(), &5_000_000.into())
    );
    assert_eq!(ledger["paging_token"], (i64::from(sequence) << 32).to_string());
    let previous = world.body(&format!("/ledgers/{}", sequence - 1)).await;
    assert_eq!(ledger["prev_hash"], previous["hash"]);
    for (listing, count) in
        [("transactions", 1), ("operations", 1), ("payments", 1), ("transactions?include_failed=true", 2)]
    {
        assert_eq!(world.records(&format!("/ledgers/{sequence}/{listing}")).await.len(), count, "{listing}");
    }
    let newest = world.body("/ledgers?order=desc&limit=2").await;
    assert_eq!(records(&newest), [ledger, previous]);
    let older = world.records(&path_of(&world, &newest["_links"]["next"])).await;
    assert_eq!(older[0]["sequence"], sequence - 2);
    assert_eq!(world.get(&format!("/ledgers/{}", sequence + 1)).await.0, 404);
    assert_eq!(world.get("/ledgers/0").await.0, 400);
}

#[tokio::test]
async fn the_root_and_the_fees_tell_what_builders_need() {
    let world = World::instant().await;
    let root = world.body("/").await;
    assert_eq!(root["network_passphrase"], anchor_devnet::TESTNET_PASSPHRASE);
    assert!(root["current_protocol_version"].is_u64() && root["history_latest_ledger"].is_u64());
    assert_eq!(root["_links"]["account"]["templated"], true);
    assert_eq!(world.body("/health").await["core_synced"], true);
    let [alice, bob] = world.funded(["alice", "bob"]).await;
    for fee in [100, 500, 500] {
        let draft = world.draft(&alice).operation(lumens(&bob, 5)).fee_per_operation(fee);
        world.post("/transactions", &world.sign(&draft, &alice)).await;
    }
    let fees = world.body("/fee_stats").await;
    assert_eq!(fees["last_ledger_base_fee"], "100");
    assert_eq!(fees["fee_charged"]["max"], "100");
    for name in ["min", "mode", "p10", "p50", "p95", "p99"] {
        assert!(fees["max_fee"][name].as_str().unwrap().parse::<u64>().is_ok(), "{name}");
    }
}
