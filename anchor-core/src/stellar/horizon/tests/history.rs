//! Reading on: pages, gaps, streams.

use super::*;

fn records(records: &[Value]) -> String {
    ok(&json!({"_embedded": {"records": records}}))
}

fn cursor(number: u64) -> Cursor {
    Cursor::from(number.to_string())
}

#[tokio::test]
async fn history_that_is_gone_is_said_so() {
    let server = Server::new([(ACCOUNT, problem("410 Gone", "before_history", ""))]).await;
    let error = server.ledger.movements(&id(), &cursor(7)).await.unwrap_err();
    assert!(matches!(error, LedgerError::HistoryGone { cursor } if cursor == "7"));
}

#[tokio::test]
async fn unreadable_record_is_kept_and_the_history_goes_on() {
    let page = [
        json!({"paging_token": "8", "hash": "nonsense"}),
        json!({"paging_token": "17179869184", "hash": hash().to_string(), "successful": true, "ledger": 4,
               "created_at": "1970-01-01T00:00:40Z", "envelope_xdr": "AAAA", "result_xdr": SUCCESS}),
    ];
    let server = Server::new([(ACCOUNT, records(&page))]).await;
    let read = server.ledger.movements(&id(), &cursor(7)).await.unwrap();
    assert_eq!(read.next, cursor(17_179_869_184));
    let kept: Vec<Value> = read.poison.iter().map(|each| serde_json::from_str(&each.raw).unwrap()).collect();
    assert_eq!(kept, page);
    assert_eq!(read.poison[0].cursor, cursor(8));
}

#[tokio::test]
async fn history_without_order_or_positions_is_not_believed() {
    for page in [
        vec![json!({"paging_token": "7"})],
        vec![json!({"paging_token": "9"}), json!({"paging_token": "8"})],
        vec![json!({"paging_token": "x"})],
        vec![json!({"paging_token": 9})],
        vec![json!({})],
    ] {
        let server = Server::new([(ACCOUNT, records(&page))]).await;
        assert!(is_malformed(&server.ledger.movements(&id(), &cursor(7)).await), "{page:?}");
    }
    let server = Server::new([]).await;
    assert!(is_malformed(&server.ledger.movements(&id(), &Cursor::from("now".to_owned())).await));
}

#[tokio::test]
async fn page_that_is_too_long_is_read_in_smaller_ones() {
    let long = records(&[json!({"paging_token": "9", "padding": "a".repeat(200_000)})]);
    let short = records(&[json!({"paging_token": "8"})]);
    let server = Server::new([(ACCOUNT, long), (ACCOUNT, short)]).await;
    assert_eq!(server.ledger.movements(&id(), &cursor(7)).await.unwrap().next, cursor(8));
    let asked = server.asked();
    assert!(asked[1].contains("limit=200") && asked[2].contains("limit=50"), "{asked:?}");
}

fn event_stream(events: &str) -> String {
    format!("HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n{events}")
}

#[tokio::test]
async fn silent_stream_is_no_trouble_and_nothing_is_missed_or_repeated() {
    let event = "retry: 1000\nevent: open\ndata: \"hello\"\n\nid: 8\ndata: {\"paging_token\":\"8\"}\n\n";
    let server = Server::new([
        (ACCOUNT, records(&[])),
        (ACCOUNT, event_stream(event)),
        // silence; then paging finds what the stream did not say
        (ACCOUNT, records(&[json!({"paging_token": "9"})])),
        (ACCOUNT, records(&[])),
        (ACCOUNT, event_stream("event: close\ndata: \"byebye\"\n\n")),
        (ACCOUNT, records(&[json!({"paging_token": "10"})])),
    ])
    .await;
    let mut stream = server.ledger.follow(id(), cursor(7));
    assert_eq!(stream.next().await.unwrap().unwrap().next, cursor(8));
    assert_eq!(stream.next().await.unwrap().unwrap().next, cursor(9));
    assert_eq!(stream.next().await.unwrap().unwrap().next, cursor(10));
    let asked = server.asked();
    let cursors: Vec<_> = asked[1..].iter().filter_map(|question| question.split("cursor=").nth(1)).collect();
    let cursors: Vec<_> = cursors.iter().filter_map(|text| text.split('&').next()).collect();
    assert_eq!(cursors, ["7", "7", "8", "9", "9", "9"]);
}

#[tokio::test]
async fn stream_reports_trouble_and_goes_on_after_it() {
    let server = Server::new([
        (ACCOUNT, http("500 Internal Server Error", HTML, "")),
        (ACCOUNT, http("502 Bad Gateway", HTML, "")),
        (ACCOUNT, records(&[json!({"paging_token": "8"})])),
    ])
    .await;
    let mut stream = server.ledger.follow(id(), cursor(7));
    for status in [500, 502] {
        let item = stream.next().await.unwrap();
        assert!(matches!(item, Err(LedgerError::Server { status: code }) if code == status), "{item:?}");
    }
    assert_eq!(stream.next().await.unwrap().unwrap().next, cursor(8));
}

#[tokio::test]
async fn event_that_repeats_or_makes_no_sense_breaks_the_stream_but_not_the_order() {
    for event in ["{\"paging_token\":\"7\"}", "{}", "nonsense"] {
        let server = Server::new([
            (ACCOUNT, records(&[])),
            (ACCOUNT, event_stream(&format!("data: {event}\n\n"))),
            (ACCOUNT, records(&[json!({"paging_token": "8"})])),
        ])
        .await;
        let mut stream = server.ledger.follow(id(), cursor(7));
        assert!(is_malformed(&stream.next().await.unwrap()), "{event}");
        assert_eq!(stream.next().await.unwrap().unwrap().next, cursor(8));
    }
}
