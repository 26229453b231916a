//! Reading on: pages, gaps, poison, and what watchers share.

use futures_util::StreamExt as _;

use super::*;
use crate::stellar::Movement;

fn after(ledger: u32, order: u64) -> Cursor {
    Position::of_transaction(ledger, order).unwrap().cursor()
}

fn end_of(ledger: u32) -> Cursor {
    Position::end_of(ledger).cursor()
}

/// A payment of one stroop to [`paid`].
fn payment(ledger: u32, order: u32) -> Value {
    json!({
        "status": "SUCCESS", "ledger": ledger, "applicationOrder": order, "createdAt": ledger * 10,
        "envelopeXdr": envelope().xdr, "resultXdr": success(), "feeBump": false,
    })
}

/// A page of a server that has the ledgers 2 to 9.
fn page(transactions: &[Value], cursor: &str) -> Value {
    json!({
        "transactions": transactions, "cursor": cursor, "latestLedger": 9, "oldestLedger": 2,
        "latestLedgerCloseTimestamp": 90, "oldestLedgerCloseTimestamp": 20,
    })
}

fn pages(pages: &[Value]) -> Vec<(&'static str, Reply)> {
    let pages = pages.iter().map(|page| ("getTransactions", result(page.clone())));
    std::iter::once(probe(9)).chain(pages).collect()
}

fn places(movements: &[Movement]) -> Vec<(u32, u64)> {
    movements.iter().map(|each| (each.ledger, (each.id.parse::<u64>().unwrap() >> 12) & 0xf_ffff)).collect()
}

#[tokio::test]
async fn rpc_10_ledgers_are_read_from_their_start_and_transactions_from_behind_them() {
    let server = Server::new(pages(&[page(&[payment(5, 1), payment(5, 2)], "")])).await;
    let read = server.ledger.movements(&paid(), &end_of(4)).await.unwrap();
    assert_eq!(places(&read.movements), [(5, 1), (5, 2)]);
    assert_eq!((read.next, read.more), (after(5, 2), true));
    let server = Server::new(pages(&[page(&[payment(5, 3)], "")])).await;
    let read = server.ledger.movements(&paid(), &after(5, 2)).await.unwrap();
    assert_eq!(places(&read.movements), [(5, 3)]);
    assert_eq!(server.params("getTransactions")[0]["pagination"]["cursor"], after(5, 2).as_str());
    let server = Server::new(pages(&[page(&[], "")])).await;
    server.ledger.movements(&paid(), &end_of(4)).await.unwrap();
    let asked = &server.params("getTransactions")[0];
    assert_eq!((&asked["startLedger"], &asked["pagination"]["limit"]), (&5.into(), &200.into()));
    assert!(asked["pagination"].get("cursor").is_none());
}

#[tokio::test]
async fn rpc_10_page_without_transactions_keeps_the_position_unless_the_server_names_a_later_one() {
    let scanned = |ledger: u64| (ledger << 32 | 0xfff).to_string();
    for (cursor, next) in [
        (String::new(), after(5, 2)),
        ("0".to_owned(), after(5, 2)),
        ("nonsense".to_owned(), after(5, 2)),
        (scanned(4), after(5, 2)),
        (scanned(12), after(5, 2)),
        (scanned(9), end_of(9)),
    ] {
        let server = Server::new(pages(&[page(&[], &cursor)])).await;
        let read = server.ledger.movements(&paid(), &after(5, 2)).await.unwrap();
        assert_eq!((read.next, read.more, read.movements.len()), (next, false, 0), "{cursor}");
    }
    // nothing has closed since: nobody is asked for a ledger that does not exist
    let server = Server::new([probe(9)]).await;
    assert_eq!(server.ledger.movements(&paid(), &end_of(9)).await.unwrap().next, end_of(9));
    assert_eq!(server.asked(), [PROBE]);
}

#[tokio::test]
async fn rpc_10_every_answer_is_checked_for_a_gap() {
    // a server that skips what it has forgotten, and says so only by the way
    let skipped = with(&page(&[payment(8, 1)], ""), json!({ "oldestLedger": 6 }));
    for cursor in [after(5, 2), end_of(4)] {
        let server = Server::new(pages(std::slice::from_ref(&skipped))).await;
        let read = server.ledger.movements(&paid(), &cursor).await;
        assert!(matches!(read, Err(LedgerError::HistoryGone { cursor: gone }) if gone == cursor.as_str()));
    }
    // from the end of the ledger before the oldest one, nothing is missing
    let server = Server::new(pages(std::slice::from_ref(&skipped))).await;
    assert_eq!(places(&server.ledger.movements(&paid(), &end_of(5)).await.unwrap().movements), [(8, 1)]);
    // a page that does not say how far back the server remembers: it is asked
    for (oldest, is_whole) in [(2, true), (6, false)] {
        let mut replies = pages(&[with(&skipped, json!({ "oldestLedger": null }))]);
        replies.push(("getHealth", result(json!({ "status": "healthy", "oldestLedger": oldest }))));
        let server = Server::new(replies).await;
        assert_eq!(server.ledger.movements(&paid(), &after(5, 2)).await.is_ok(), is_whole);
    }
}

#[tokio::test]
async fn rpc_09_refused_position_is_a_gap_only_if_the_server_has_forgotten_it() {
    for code in [-32600, -32602] {
        for (oldest, is_gone) in [(2, false), (7, true)] {
            let range = with(&missing(9), json!({ "oldestLedger": oldest }));
            let refusal = Reply::Error(code, "database does not contain metadata for ledger: 5");
            let server = Server::new([(PROBE, result(range)), ("getTransactions", refusal)]).await;
            let error = server.ledger.movements(&paid(), &after(5, 2)).await.unwrap_err();
            assert_eq!(matches!(error, LedgerError::HistoryGone { .. }), is_gone, "{error}");
            assert!(is_gone || matches!(error, LedgerError::Refused { .. }));
        }
    }
    let server = Server::new([probe(9), ("getTransactions", Reply::Error(-32603, "internal"))]).await;
    assert!(matches!(
        server.ledger.movements(&paid(), &after(5, 2)).await,
        Err(LedgerError::Refused { code: -32603, .. })
    ));
}

#[tokio::test]
async fn rpc_09_limit_above_the_operators_is_lowered_and_long_pages_are_read_in_smaller_ones() {
    let good = result(page(&[payment(5, 3)], ""));
    let replies = [
        probe(9),
        ("getTransactions", Reply::Error(-32600, "limit must not exceed 50")),
        ("getTransactions", good.clone()),
        ("getTransactions", result(page(&[], ""))),
    ];
    let server = Server::new(replies).await;
    server.ledger.movements(&paid(), &after(5, 2)).await.unwrap();
    server.ledger.movements(&paid(), &after(5, 3)).await.unwrap();
    let limits = |server: &Server| {
        let asked = server.params("getTransactions");
        asked.iter().map(|params| params["pagination"]["limit"].as_u64().unwrap()).collect::<Vec<_>>()
    };
    assert_eq!(limits(&server), [200, 50, 50]);

    let long = with(&payment(5, 3), json!({ "padding": "a".repeat(200_000) }));
    let server = Server::new(pages(&[page(&[long], ""), page(&[payment(5, 3)], "")])).await;
    let read = server.ledger.movements(&paid(), &after(5, 2)).await.unwrap();
    assert_eq!((places(&read.movements), limits(&server)), (vec![(5, 3)], vec![200, 50]));
}

#[tokio::test]
async fn history_without_order_or_places_is_not_believed() {
    for listed in [
        vec![payment(5, 2)],
        vec![payment(4, 7)],
        vec![payment(5, 4), payment(5, 3)],
        vec![payment(5, 3), payment(5, 3)],
        vec![payment(10, 1)],
        vec![payment(5, 0)],
        vec![with(&payment(5, 3), json!({ "ledger": null }))],
        vec![with(&payment(5, 3), json!({ "applicationOrder": "third" }))],
        vec![json!(null)],
    ] {
        let server = Server::new(pages(&[page(&listed, "")])).await;
        assert!(is_malformed(&server.ledger.movements(&paid(), &after(5, 2)).await), "{listed:?}");
    }
    for lacking in [json!({ "latestLedger": null }), json!({ "transactions": null })] {
        let server = Server::new(pages(&[with(&page(&[], ""), lacking)])).await;
        assert!(is_malformed(&server.ledger.movements(&paid(), &after(5, 2)).await));
    }
    let server = Server::new([probe(9)]).await;
    assert!(is_malformed(&server.ledger.movements(&paid(), &Cursor::from("now".to_owned())).await));
}

#[tokio::test]
async fn unreadable_record_that_may_concern_the_account_is_kept_and_the_history_goes_on() {
    let poison = [
        with(&payment(5, 3), json!({ "resultXdr": "AAAA" })),
        with(&payment(5, 4), json!({ "envelopeXdr": "not base64" })),
        with(&payment(5, 5), json!({ "envelopeXdr": null })),
        with(&payment(5, 6), json!({ "status": "FAILED" })),
        with(&payment(5, 7), json!({ "status": "PERHAPS" })),
        with(&payment(5, 8), json!({ "createdAt": null })),
        with(&payment(5, 9), json!({ "txHash": "ab".repeat(32) })),
    ];
    let listed = [poison.as_slice(), &[payment(5, 10)]].concat();
    let server = Server::new(pages(&[page(&listed, "")])).await;
    let read = server.ledger.movements(&paid(), &after(5, 2)).await.unwrap();
    let kept: Vec<Value> = read.poison.iter().map(|each| serde_json::from_str(&each.raw).unwrap()).collect();
    assert_eq!(kept, poison);
    assert_eq!(read.poison[0].cursor, after(5, 3));
    assert_eq!((places(&read.movements), read.next), (vec![(5, 10)], after(5, 10)));
}

#[tokio::test]
async fn what_strangers_do_in_unknown_ways_troubles_nobody() {
    let unknown = with(
        &payment(5, 3),
        json!({ "envelopeXdr": "/////w==", "resultXdr": "/////w==", "resultMetaXdr": "/////w==" }),
    );
    let server = Server::new(pages(&[page(&[unknown, payment(5, 4)], "")])).await;
    let read = server.ledger.movements(&paid(), &after(5, 2)).await.unwrap();
    assert_eq!((read.poison, places(&read.movements)), (Vec::new(), vec![(5, 4)]));
}

#[tokio::test]
async fn accounts_that_are_watched_side_by_side_share_what_is_read() {
    let first = page(&[payment(5, 3), payment(6, 1), payment(7, 1)], "");
    let server = Server::new(pages(&[first, page(&[], "")])).await;
    let asked = || server.params("getTransactions").len();
    let read = server.ledger.movements(&paid(), &after(5, 2)).await.unwrap();
    assert_eq!((read.movements.len(), asked()), (3, 1));
    // another one from the same position, and one from the middle of the page
    let read = server.ledger.movements(&paid(), &after(5, 2)).await.unwrap();
    assert_eq!(read.movements.len(), 3);
    let read = server.ledger.movements(&paid(), &end_of(5)).await.unwrap();
    assert_eq!((places(&read.movements), asked()), (vec![(6, 1), (7, 1)], 1));
    // who is not concerned reads on at once
    let nobody = AccountId::from_bytes([9; 32]);
    let read = server.ledger.movements(&nobody, &after(5, 2)).await.unwrap();
    assert_eq!((read.next, read.more, asked()), (after(7, 1), false, 2));
}

#[tokio::test]
async fn stream_reports_trouble_and_goes_on_after_it() {
    let replies = [
        probe(9),
        ("getTransactions", Reply::Raw(http("500 Internal Server Error", ""))),
        ("getTransactions", Reply::Error(-32603, "internal")),
        ("getTransactions", result(page(&[payment(5, 3)], ""))),
        ("getTransactions", result(page(&[], ""))),
        ("getTransactions", result(page(&[payment(6, 1)], ""))),
    ];
    let server = Server::new(replies).await;
    let mut stream = server.ledger.follow(paid(), after(5, 2));
    assert!(matches!(stream.next().await.unwrap(), Err(LedgerError::Server { status: 500 })));
    assert!(matches!(stream.next().await.unwrap(), Err(LedgerError::Refused { .. })));
    assert_eq!(stream.next().await.unwrap().unwrap().next, after(5, 3));
    assert_eq!(stream.next().await.unwrap().unwrap().next, after(6, 1));
}

#[tokio::test]
async fn network_that_began_anew_is_an_error_and_a_server_that_lags_a_little_is_not() {
    let lagging = with(&page(&[], "0"), json!({ "latestLedger": 5, "oldestLedger": 2 }));
    let server = Server::new(pages(std::slice::from_ref(&lagging))).await;
    assert_eq!(server.ledger.movements(&paid(), &after(9, 1)).await.unwrap().next, after(9, 1));
    let server = Server::new(pages(&[lagging])).await;
    assert!(is_malformed(&server.ledger.movements(&paid(), &after(900, 1)).await));
}

/// The ledgers of the time in which it could be applied do not change any more.
#[tokio::test]
async fn search_that_found_nothing_is_not_made_again() {
    let answer = with(&missing(9), json!({ "oldestLedger": 2 }));
    let replies = [
        probe(9),
        ("getTransaction", result(answer)),
        ("getHealth", result(json!({ "latestLedger": 9, "oldestLedger": 2 }))),
        ("getTransactions", result(page(&[payment(5, 1), payment(9, 1)], ""))),
    ];
    let server = Server::new(replies).await;
    let hash = TransactionHash::from_bytes([9; 32]);
    let search = |from, until| server.ledger.search(&hash, from, until);
    let absent = Lookup::NotFound { checked: point(9) };
    let pages = || server.params("getTransactions").len();
    assert_eq!(search(40, 80).await.unwrap(), absent);
    let read = pages();
    assert!(read > 0);
    for (from, until) in [(40, 80), (50, 70)] {
        assert_eq!(search(from, until).await.unwrap(), absent);
        assert_eq!(pages(), read, "{from} to {until} was read already");
    }
    // before and after what was read, it may be yet
    for (from, until) in [(30, 80), (40, 85)] {
        let read = pages();
        assert_eq!(search(from, until).await.unwrap(), absent);
        assert!(pages() > read, "{from} to {until}");
    }
}
