use std::time::Duration;

use anchor_devnet::{CloseMode, Devnet};

use super::support::{World, id, lumens};

#[tokio::test]
async fn a_manual_network_closes_only_when_told() {
    let world = World::manual().await;
    let before = world.devnet.network().latest().sequence;
    let closed = world.http.post(world.url("/devnet/close?count=3")).send().await.unwrap();
    assert_eq!(closed.status(), 200);
    assert_eq!(world.devnet.network().latest().sequence, before + 3);
    assert_eq!(world.body("/devnet").await["latest_ledger"], before + 3);
}

#[tokio::test]
async fn an_idle_network_closes_ledgers_by_itself() {
    for mode in [CloseMode::Instant, CloseMode::Every(Duration::from_millis(20))] {
        let world = World::start(Devnet::builder().close(mode)).await;
        let mut ledgers = world.stream("/ledgers?cursor=now").await;
        ledgers.record().await;
    }
}

#[tokio::test]
async fn an_advanced_clock_lets_time_bounds_pass_on_the_ledger() {
    let world = World::manual().await;
    let [alice, bob] = world.funded(["alice", "bob"]).await;
    let bound = world.devnet.clock().now() + 100;
    let envelope = world.sign(&world.draft(&alice).operation(lumens(&bob, 5)).time_bounds(0, bound), &alice);
    let advanced = world.http.post(world.url("/devnet/advance?seconds=101")).send().await.unwrap();
    assert_eq!(advanced.status(), 200);
    world.close();
    assert!(world.devnet.network().latest().closed_at > bound);
    let (_, body) = world.post("/transactions", &envelope).await;
    assert_eq!(body["extras"]["result_codes"]["transaction"], "tx_too_late");
}

#[tokio::test]
async fn answers_are_dated_by_the_devnets_clock() {
    let world = World::manual().await;
    world.devnet.clock().advance(1_000_000_000);
    let response = world.http.get(world.url("/")).send().await.unwrap();
    let year: u32 = response.headers()["date"].to_str().unwrap()[12..16].parse().unwrap();
    assert!(year >= 2055, "{year}");
    assert_eq!(
        response.headers()["latest-ledger"],
        world.devnet.network().latest().sequence.to_string().as_str()
    );
}

#[tokio::test]
async fn any_web_page_may_call() {
    let world = World::manual().await;
    let origin = "https://wallet.example";
    let plain = world.http.get(world.url("/")).header("Origin", origin).send().await.unwrap();
    assert_eq!(plain.headers()["access-control-allow-origin"], "*");
    let preflight = world
        .http
        .request(reqwest::Method::OPTIONS, world.url("/transactions"))
        .header("Origin", origin)
        .header("Access-Control-Request-Method", "POST")
        .header("Access-Control-Request-Headers", "x-client-name");
    let preflight = preflight.send().await.unwrap();
    assert_eq!(preflight.status(), 200);
    assert_eq!(preflight.headers()["access-control-allow-origin"], "*");
    let stream =
        world.http.get(world.url("/ledgers")).header("Origin", origin).header("Accept", "text/event-stream");
    assert_eq!(stream.send().await.unwrap().headers()["access-control-allow-origin"], "*");
}

#[tokio::test]
async fn a_restarted_network_goes_on_from_its_file() {
    let folder = tempfile::tempdir().unwrap();
    let builder = || Devnet::builder().close(CloseMode::Manual).file(folder.path().join("ledgers"));
    let world = World::start(builder()).await;
    let [alice, bob] = world.funded(["alice", "bob"]).await;
    world.accept(&alice, lumens(&bob, 5));
    let sequence = world.close();
    let payments = format!("/accounts/{}/payments", id(&bob));
    let before = world.records(&payments).await;
    let accounts = world.body(&format!("/accounts/{}", id(&bob))).await["balances"].clone();
    world.devnet.stop().await;
    let world = World::start(builder()).await;
    assert_eq!(world.devnet.network().latest().sequence, sequence);
    let after = world.records(&payments).await;
    let tokens =
        |records: &[serde_json::Value]| records.iter().map(|record| record["id"].clone()).collect::<Vec<_>>();
    assert_eq!(tokens(&after), tokens(&before));
    assert_eq!(world.body(&format!("/accounts/{}", id(&bob))).await["balances"], accounts);
    world.accept(&alice, lumens(&bob, 6));
    world.close();
    assert_eq!(world.records(&payments).await.len(), before.len() + 1);
}

#[tokio::test]
async fn stopping_ends_streams_and_pending_submissions() {
    let world = World::manual().await;
    let [alice, bob] = world.funded(["alice", "bob"]).await;
    let mut events = world.stream("/ledgers?cursor=now").await;
    let envelope = world.sign(&world.draft(&alice).operation(lumens(&bob, 5)), &alice);
    let url = world.url("/transactions");
    let form = [("tx", super::support::base64(&envelope))];
    let waiting = tokio::spawn(world.http.post(url).form(&form).send());
    while world.devnet.network().pending_count() == 0 {
        tokio::task::yield_now().await;
    }
    world.devnet.stop().await;
    assert_eq!(events.next().await.unwrap().event, "close");
    assert_eq!(waiting.await.unwrap().unwrap().status(), 504);
}

#[tokio::test]
async fn two_networks_live_side_by_side() {
    let (one, other) =
        tokio::join!(World::instant(), World::start(Devnet::builder().passphrase("Another Network")));
    one.funded(["alice"]).await;
    let path = format!("/accounts/{}", id(&anchor_devnet::ledger::build::key("alice")));
    assert_eq!((one.get(&path).await.0.as_u16(), other.get(&path).await.0.as_u16()), (200, 404));
    assert_eq!(other.body("/").await["network_passphrase"], "Another Network");
    assert_eq!(other.devnet.passphrase(), "Another Network");
}
