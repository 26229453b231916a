use std::time::Duration;

use anchor_devnet::{CloseMode, Devnet, Fault, FaultRule, Timeout, ledger::build};
use serde_json::json;

use super::support::{World, answer, base64, id, lumens};

fn once(fault: Fault) -> FaultRule {
    FaultRule::new(fault).times(1)
}

#[tokio::test]
async fn a_timeout_before_acceptance_leaves_nothing() {
    let world = World::instant().await;
    let [alice, bob] = world.funded(["alice", "bob"]).await;
    let envelope = world.sign(&world.draft(&alice).operation(lumens(&bob, 5)), &alice);
    let hash = hex::encode(envelope.hash(world.network_id()).unwrap());
    world.devnet.faults().add(once(Fault::TimeoutBefore { by: Timeout::Answer }).route("/transactions"));
    let (status, body) = world.post("/transactions", &envelope).await;
    assert_eq!((status.as_u16(), &body["extras"]["hash"]), (504, &hash.clone().into()));
    world.close();
    assert_eq!(world.get(&format!("/transactions/{hash}")).await.0, 404);
    assert_eq!(world.post("/transactions", &envelope).await.0, 200);
}

#[tokio::test]
async fn a_timeout_after_acceptance_lands_all_the_same() {
    let world = World::instant().await;
    let [alice, bob] = world.funded(["alice", "bob"]).await;
    let envelope = world.sign(&world.draft(&alice).operation(lumens(&bob, 5)), &alice);
    world.devnet.faults().add(once(Fault::TimeoutAfter { by: Timeout::Answer }).method("POST"));
    let (status, body) = world.post("/transactions", &envelope).await;
    assert_eq!(status, 504);
    let hash = body["extras"]["hash"].as_str().unwrap();
    assert_eq!(world.body(&format!("/transactions/{hash}")).await["successful"], true);
}

#[tokio::test]
async fn a_cut_or_hanging_connection_hides_that_the_transaction_landed() {
    let world = World::instant().await;
    let [alice, bob] = world.funded(["alice", "bob"]).await;
    for by in [Timeout::Cut, Timeout::Hang] {
        let envelope = world.sign(&world.draft(&alice).operation(lumens(&bob, 5)), &alice);
        world.devnet.faults().add(once(Fault::TimeoutAfter { by }).route("/transactions"));
        let request = world.http.post(world.url("/transactions")).form(&[("tx", base64(&envelope))]);
        let error = request.timeout(Duration::from_millis(500)).send().await.unwrap_err();
        assert_eq!(error.is_timeout(), by == Timeout::Hang, "{error:?}");
        let hash = hex::encode(envelope.hash(world.network_id()).unwrap());
        assert_eq!(world.body(&format!("/transactions/{hash}")).await["successful"], true);
    }
}

#[tokio::test]
async fn a_read_can_be_cut_or_hang_too() {
    let world = World::instant().await;
    for by in [Timeout::Cut, Timeout::Hang] {
        world.devnet.faults().add(once(Fault::TimeoutBefore { by }));
        let request = world.http.get(world.url("/ledgers")).timeout(Duration::from_millis(300));
        assert_eq!(request.send().await.unwrap_err().is_timeout(), by == Timeout::Hang);
    }
    assert_eq!(world.get("/ledgers").await.0, 200);
}

#[tokio::test]
async fn a_rate_limit_says_when_to_come_back() {
    let world = World::instant().await;
    world.devnet.faults().add(once(Fault::RateLimit { retry_after: 7 }).route("/ledgers/**"));
    assert_eq!(world.get("/fee_stats").await.0, 200);
    let response = world.http.get(world.url("/ledgers/1")).send().await.unwrap();
    assert_eq!(response.headers()["retry-after"], "7");
    let (status, body) = answer(response).await;
    assert_eq!(
        (status.as_u16(), &body["type"]),
        (429, &"https://stellar.org/horizon-errors/rate_limit_exceeded".into())
    );
}

#[tokio::test]
async fn a_server_error_does_nothing() {
    let world = World::instant().await;
    let [alice, bob] = world.funded(["alice", "bob"]).await;
    let before = world.body(&format!("/accounts/{}", id(&alice))).await;
    for status in [500, 502, 503, 504] {
        world.devnet.faults().add(once(Fault::ServerError { status }).route("/transactions"));
        let (answered, body) = world.submit(&alice, lumens(&bob, 5)).await;
        assert_eq!((answered.as_u16(), &body["status"]), (status, &status.into()));
    }
    assert_eq!(world.body(&format!("/accounts/{}", id(&alice))).await["sequence"], before["sequence"]);
}

#[tokio::test]
async fn a_stale_replica_answers_from_one_earlier_ledger() {
    let world = World::manual().await;
    let [alice, bob] = world.funded(["alice", "bob"]).await;
    let usd = build::credit("USD", &id(&alice));
    let mut hashes = Vec::new();
    for operation in [lumens(&bob, 5), build::payment(id(&alice), &usd, 5), lumens(&bob, 7)] {
        let envelope = world.accept(&alice, operation);
        world.close();
        hashes.push(hex::encode(envelope.hash(world.network_id()).unwrap()));
    }
    let latest = world.devnet.network().latest().sequence;
    let account = format!("/accounts/{}", id(&bob));
    world.devnet.faults().add(FaultRule::new(Fault::Stale { ledgers: 2 }));
    let root = world.http.get(world.url("/")).send().await.unwrap();
    assert_eq!(root.headers()["latest-ledger"], (latest - 2).to_string().as_str());
    assert_eq!(answer(root).await.1["history_latest_ledger"], latest - 2);
    assert_eq!(world.body(&account).await["balances"][0]["balance"], "10000.0000005");
    assert_eq!(world.body(&format!("/transactions/{}", hashes[0])).await["ledger"], latest - 2);
    assert_eq!(world.get(&format!("/transactions/{}", hashes[2])).await.0, 404);
    assert_eq!(
        world.records(&format!("{account}/payments?order=desc&limit=1")).await[0]["amount"],
        "0.0000005"
    );
    assert_eq!(world.records("/ledgers?order=desc&limit=1").await[0]["sequence"], latest - 2);
    assert_eq!(world.get(&format!("/ledgers/{latest}")).await.0, 404);
    world.devnet.faults().clear();
    assert_eq!(world.body(&account).await["balances"][0]["balance"], "10000.0000012");
}

#[tokio::test]
async fn a_stale_replica_streams_late_and_misses_nothing() {
    let world = World::manual().await;
    world.devnet.faults().add(FaultRule::new(Fault::Stale { ledgers: 2 }));
    let latest = world.close();
    let mut events = world.stream("/ledgers?cursor=now").await;
    for behind in [1, 0] {
        world.close();
        assert_eq!(events.record().await["sequence"], latest - behind);
    }
}

#[tokio::test]
async fn a_fault_for_requests_is_not_used_up_by_an_open_stream() {
    let world = World::manual().await;
    let mut events = world.stream("/ledgers?cursor=now").await;
    world.devnet.faults().add(once(Fault::RateLimit { retry_after: 1 }));
    let sequence = world.close();
    assert_eq!(events.record().await["sequence"], sequence);
    assert_eq!(world.get("/ledgers").await.0, 429);
}

#[tokio::test]
async fn a_merged_account_still_exists_on_a_stale_replica() {
    let world = World::manual().await;
    let [alice, bob] = world.funded(["alice", "bob"]).await;
    world.accept(&alice, stellar_xdr::OperationBody::AccountMerge(id(&bob).into()));
    world.close();
    let account = format!("/accounts/{}", id(&alice));
    assert_eq!(world.get(&account).await.0, 404);
    world.devnet.faults().add(once(Fault::Stale { ledgers: 1 }));
    assert_eq!(world.get(&account).await.0, 200);
    for _ in 0..70 {
        world.close();
    }
    world.devnet.faults().add(once(Fault::Stale { ledgers: 64 }));
    assert_eq!(world.get(&account).await.0, 404);
}

#[tokio::test]
async fn a_slow_answer_is_late_but_right() {
    let world = World::instant().await;
    world.devnet.faults().add(once(Fault::Slow { delay_ms: 150 }));
    let request = world.http.get(world.url("/ledgers")).timeout(Duration::from_millis(30));
    assert!(request.send().await.unwrap_err().is_timeout());
    world.devnet.faults().add(once(Fault::Slow { delay_ms: 20 }));
    assert_eq!(world.get("/ledgers").await.0, 200);
}

#[tokio::test]
async fn an_open_stream_drops_and_can_be_resumed() {
    let world = World::manual().await;
    let mut events = world.stream("/ledgers?cursor=now").await;
    let first = world.close();
    let seen = events.next().await.unwrap();
    assert_eq!(seen.json()["sequence"], first);
    world.devnet.faults().add(once(Fault::DropStream));
    world.close();
    assert_eq!(events.next().await, None);
    let mut events = world.stream_after("/ledgers?cursor=now", Some(&seen.id)).await;
    assert_eq!(events.record().await["sequence"], first + 1);
}

#[tokio::test]
async fn a_silent_stream_stays_open_and_tells_nothing() {
    let builder = Devnet::builder().close(CloseMode::Manual).heartbeat(Duration::from_millis(10));
    let world = World::start(builder).await;
    let mut events = world.stream("/ledgers?cursor=now").await;
    world.devnet.faults().add(once(Fault::SilentStream).route("/ledgers"));
    while !world.devnet.faults().list().is_empty() {
        tokio::task::yield_now().await;
    }
    world.close();
    let nothing = tokio::time::timeout(Duration::from_millis(200), events.next()).await;
    assert!(nothing.is_err(), "{nothing:?}");
    let mut other = world.stream("/ledgers?cursor=now").await;
    let sequence = world.close();
    assert_eq!(other.record().await["sequence"], sequence);
}

#[tokio::test]
async fn a_stalled_network_accepts_but_closes_nothing() {
    let builder = Devnet::builder().submission_timeout(Duration::from_millis(30));
    let world = World::start(builder).await;
    let [alice, bob] = world.funded(["alice", "bob"]).await;
    world.devnet.faults().add(FaultRule::new(Fault::Stall));
    let before = world.devnet.network().latest().sequence;
    assert_eq!(world.submit(&alice, lumens(&bob, 5)).await.0, 504);
    assert_eq!(world.devnet.network().latest().sequence, before);
    assert_eq!(world.devnet.network().pending_count(), 1);
    world.devnet.faults().clear();
    assert_eq!(world.submit(&bob, lumens(&alice, 5)).await.0, 200);
    assert_eq!(world.devnet.network().pending_count(), 0);
}

#[tokio::test]
async fn faults_are_ordered_over_http() {
    let world = World::instant().await;
    let faults = world.url("/devnet/faults");
    let order = json!({ "kind": "rate_limit", "retry_after": 3, "route": "/accounts/*", "count": 2 });
    let (status, body) = answer(world.http.post(&faults).json(&order).send().await.unwrap()).await;
    assert_eq!(status, 201);
    assert_eq!(world.get("/accounts/x").await.0, 429);
    let listed = world.body("/devnet/faults").await;
    assert_eq!((&listed["faults"][0]["id"], &listed["faults"][0]["fired"]), (&body["id"], &1.into()));
    assert_eq!(listed["faults"][0]["kind"], "rate_limit");
    let one = format!("{faults}/{}", body["id"]);
    assert_eq!(world.http.delete(&one).send().await.unwrap().status(), 204);
    assert_eq!(world.http.delete(&one).send().await.unwrap().status(), 404);
    assert_eq!(world.get("/accounts/x").await.0, 400);
    for bad in [json!({}), json!({ "kind": "meteor" }), json!({ "kind": "stall", "percent": 101 })] {
        assert_eq!(world.http.post(&faults).json(&bad).send().await.unwrap().status(), 400, "{bad}");
    }
    let chaos = world.http.post(format!("{faults}/chaos")).json(&json!({ "seed": 1, "percent": 100 }));
    assert_eq!(chaos.send().await.unwrap().status(), 201);
    assert_ne!(world.get("/ledgers").await.0, 200);
    assert_eq!(world.http.delete(&faults).send().await.unwrap().status(), 204);
    assert_eq!(world.get("/ledgers").await.0, 200);
}

/// Resubmits one and the same envelope until history has it, as a careful client does.
async fn pay_patiently(world: &World, envelope: &stellar_xdr::TransactionEnvelope) {
    let hash = hex::encode(envelope.hash(world.network_id()).unwrap());
    let form = [("tx", base64(envelope))];
    for _ in 0..200 {
        let _ = world.http.post(world.url("/transactions")).form(&form).send().await;
        let found = world.http.get(world.url(&format!("/transactions/{hash}"))).send().await;
        if found.is_ok_and(|answer| answer.status() == 200) {
            return;
        }
    }
    panic!("{hash} never landed");
}

#[tokio::test]
async fn a_patient_client_pays_exactly_once_in_chaos() {
    let world = World::start(Devnet::builder().fault_seed(42)).await;
    let [alice, bob] = world.funded(["alice", "bob"]).await;
    world.devnet.faults().add_chaos(15);
    for stroops in 1..=15 {
        let envelope = world.sign(&world.draft(&alice).operation(lumens(&bob, stroops)), &alice);
        pay_patiently(&world, &envelope).await;
    }
    let fired: u64 = world.devnet.faults().list().iter().map(|fault| fault.fired).sum();
    world.devnet.faults().clear();
    assert!(fired > 10, "{fired}");
    let paid = world.records(&format!("/accounts/{}/payments?limit=200", id(&bob))).await;
    assert_eq!(paid.len(), 16, "the creation and one payment each");
    let balance = world.body(&format!("/accounts/{}", id(&bob))).await["balances"][0]["balance"].clone();
    assert_eq!(balance, "10000.0000120");
}
