use std::{sync::Arc, time::Duration};

use anchor_devnet::{CloseMode, Devnet, ledger::build};

use super::support::{World, id, lumens};

#[tokio::test]
async fn a_stream_catches_up_and_goes_on_live() {
    let world = World::instant().await;
    let [alice, bob] = world.funded(["alice", "bob"]).await;
    world.done(&alice, lumens(&bob, 1)).await;
    let mut events = world.stream(&format!("/accounts/{}/payments?cursor=0&limit=200", id(&bob))).await;
    assert_eq!(events.record().await["type"], "create_account");
    let first = events.next().await.unwrap();
    assert_eq!(
        (first.json()["amount"].as_str(), first.id.as_str()),
        (Some("0.0000001"), first.json()["paging_token"].as_str().unwrap())
    );
    world.done(&alice, lumens(&bob, 2)).await;
    assert_eq!(events.record().await["amount"], "0.0000002");
}

#[tokio::test]
async fn a_cursor_now_streams_only_what_comes_later() {
    let world = World::manual().await;
    let [alice, bob] = world.funded(["alice", "bob"]).await;
    for (path, field) in
        [("transactions", "hash"), ("operations", "transaction_hash"), ("payments", "transaction_hash")]
    {
        let mut events = world.stream(&format!("/accounts/{}/{path}?cursor=now", id(&alice))).await;
        let envelope = world.accept(&alice, lumens(&bob, 5));
        world.close();
        assert_eq!(events.record().await[field], hex::encode(envelope.hash(world.network_id()).unwrap()));
    }
    let mut ledgers = world.stream("/ledgers?cursor=now").await;
    let sequence = world.close();
    assert_eq!(ledgers.record().await["sequence"], sequence);
}

#[tokio::test]
async fn a_stream_resumes_after_the_last_event_id() {
    let world = World::manual().await;
    let [alice, bob] = world.funded(["alice", "bob"]).await;
    let path = format!("/accounts/{}/payments?cursor=now", id(&bob));
    let mut events = world.stream(&path).await;
    world.accept(&alice, lumens(&bob, 1));
    world.close();
    let seen = events.next().await.unwrap().id;
    drop(events);
    world.accept(&alice, lumens(&bob, 2));
    world.close();
    let mut events = world.stream_after(&path, Some(&seen)).await;
    assert_eq!(events.record().await["amount"], "0.0000002");
}

#[tokio::test]
async fn a_stream_says_goodbye_at_its_limit() {
    let world = World::manual().await;
    let mut events = world.stream("/ledgers?cursor=0&limit=2").await;
    for sequence in 1..=2 {
        assert_eq!(events.record().await["sequence"], sequence);
    }
    let goodbye = events.next().await.unwrap();
    assert_eq!(
        (goodbye.event.as_str(), goodbye.data.as_str(), goodbye.retry.as_str()),
        ("close", "\"byebye\"", "10")
    );
    assert_eq!(events.next().await, None);
}

#[tokio::test]
async fn a_stream_says_goodbye_at_the_end_of_its_life() {
    let builder = Devnet::builder().close(CloseMode::Manual).stream_lifetime(Duration::from_millis(30));
    let world = World::start(builder).await;
    let mut events = world.stream("/ledgers?cursor=now").await;
    assert_eq!(events.next().await.unwrap().event, "close");
    assert_eq!(events.next().await, None);
}

#[tokio::test]
async fn an_account_is_streamed_when_it_changes_and_only_then() {
    let world = World::manual().await;
    let [alice, bob] = world.funded(["alice", "bob"]).await;
    let mut events = world.stream(&format!("/accounts/{}", id(&bob))).await;
    assert_eq!(events.record().await["balances"][0]["balance"], "10000.0000000");
    world.close();
    world.accept(&alice, lumens(&bob, 5));
    world.close();
    assert_eq!(events.record().await["balances"][0]["balance"], "10000.0000005");
}

#[tokio::test]
async fn a_bad_parameter_or_a_missing_account_is_a_plain_answer() {
    let world = World::manual().await;
    let missing = format!("/accounts/{}", id(&build::key("nobody")));
    for (path, expected) in [("/payments?cursor=x", 400), ("/ledgers?limit=0", 400), (missing.as_str(), 404)]
    {
        let request = world.http.get(world.url(path)).header("Accept", "text/event-stream");
        assert_eq!(request.send().await.unwrap().status(), expected, "{path}");
    }
    let assets = world.http.get(world.url("/ledgers")).header("Accept", "image/png");
    assert_eq!(assets.send().await.unwrap().status(), 406);
}

#[tokio::test]
async fn nothing_is_missed_or_repeated_while_ledgers_close() {
    const LEDGERS: u32 = 150;
    let world = Arc::new(World::manual().await);
    let [alice, bob] = world.funded(["alice", "bob"]).await;
    let closer = {
        let (world, alice, bob) = (Arc::clone(&world), alice.clone(), bob.clone());
        std::thread::spawn(move || {
            for stroops in 1..=i64::from(LEDGERS) {
                world.accept(&alice, lumens(&bob, stroops));
                world.close();
            }
        })
    };
    let path = format!("/accounts/{}/payments?cursor=0&limit=7", id(&bob));
    let (mut seen, mut last) = (Vec::new(), None::<String>);
    while seen.len() <= LEDGERS as usize {
        let mut events = world.stream_after(&path, last.as_deref()).await;
        while let Some(event) = events.next().await.filter(|event| event.event != "close") {
            seen.push(event.json()["amount"].as_str().map(str::to_owned));
            last = Some(event.id);
            if seen.len() > LEDGERS as usize {
                break;
            }
        }
    }
    closer.join().unwrap();
    let expected: Vec<_> = (1..=LEDGERS).map(|stroops| Some(format!("0.{stroops:07}"))).collect();
    assert_eq!(seen[1..], expected);
}

#[tokio::test]
async fn an_idle_stream_keeps_the_connection_alive() {
    let builder = Devnet::builder().close(CloseMode::Manual).heartbeat(Duration::from_millis(10));
    let world = World::start(builder).await;
    let request = world.http.get(world.url("/ledgers?cursor=now")).header("Accept", "text/event-stream");
    let mut response = request.send().await.unwrap();
    let mut text = String::new();
    while !text.contains("\n\n:\n\n") {
        text.push_str(std::str::from_utf8(&response.chunk().await.unwrap().unwrap()).unwrap());
    }
}

#[tokio::test]
async fn a_stream_with_nothing_to_say_keeps_the_connection_alive_while_ledgers_close() {
    let closing = CloseMode::Every(Duration::from_millis(5));
    let world = World::start(Devnet::builder().close(closing).heartbeat(Duration::from_millis(50))).await;
    let account = id(&world.funded(["alice"]).await[0]);
    let address = world.url(&format!("/accounts/{account}/transactions?cursor=now"));
    let mut response = world.http.get(address).header("Accept", "text/event-stream").send().await.unwrap();
    let mut text = String::new();
    while !text.contains("\n\n:\n\n") {
        text.push_str(std::str::from_utf8(&response.chunk().await.unwrap().unwrap()).unwrap());
    }
}

#[tokio::test]
async fn a_client_that_stops_reading_gets_everything_when_it_reads_again() {
    let world = World::manual().await;
    let [alice, bob] = world.funded(["alice", "bob"]).await;
    let mut events = world.stream(&format!("/accounts/{}/transactions?cursor=now&limit=200", id(&bob))).await;
    // some 3 KB each: far more than the buffers of the connection hold
    for stroops in 1..=200 {
        world.accept(&alice, lumens(&bob, stroops));
        world.close();
    }
    let expected = world.records(&format!("/accounts/{}/transactions?limit=200&order=desc", id(&bob))).await;
    for record in expected.iter().rev() {
        assert_eq!(events.next().await.unwrap().id, record["paging_token"].as_str().unwrap());
    }
}
