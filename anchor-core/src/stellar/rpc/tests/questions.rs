//! Single questions: the latest ledger, look-ups, submissions, entries, fees.

use stellar_xdr::{
    LedgerEntryData, LedgerHeader, LedgerKey, LedgerKeyAccount, PaymentResult, StellarValue, TimePoint,
};

use super::*;
use crate::stellar::FailureKind;

#[tokio::test]
async fn rpc_01_times_are_read_in_every_form_and_under_either_name() {
    let plain = json!({ "latestLedgerCloseTime": null, "oldestLedgerCloseTime": null });
    for times in [
        json!({ "latestLedgerCloseTime": "50" }),
        json!({ "latestLedgerCloseTime": 50 }),
        json!({ "latestLedgerCloseTimestamp": 50 }),
        json!({ "latestLedgerCloseTimestamp": "50" }),
        json!({ "latestLedgerCloseTime": "1970-01-01T00:00:50Z" }),
        json!({ "latestLedgerCloseTime": 50, "latestLedgerCloseTimestamp": "50", "latestLedger": "5" }),
    ] {
        let answer = with(&with(&missing(5), plain.clone()), times);
        let server = Server::new([(PROBE, result(answer))]).await;
        assert_eq!(server.ledger.latest().await.unwrap(), point(5));
    }
}

fn header(sequence: u32) -> String {
    let scp_value = StellarValue { close_time: TimePoint(u64::from(sequence) * 10), ..Default::default() };
    let header = LedgerHeader { ledger_seq: sequence, scp_value, ..Default::default() };
    header.to_xdr_base64(codec::limits()).unwrap()
}

#[tokio::test]
async fn rpc_01_close_time_is_asked_for_elsewhere_where_an_answer_lacks_it() {
    let silent = with(&missing(4), json!({ "latestLedgerCloseTime": null }));
    let listed = json!({ "ledgers": [{ "sequence": 5, "ledgerCloseTime": "50" }] });
    for (latest, is_known) in [
        (json!({ "sequence": 5, "closeTime": "50" }), true),
        (json!({ "sequence": 5, "closeTime": 50 }), true),
        (json!({ "sequence": 5, "headerXdr": header(5) }), true),
        (json!({ "sequence": 5 }), true),
        (json!({ "sequence": 5, "headerXdr": header(6) }), false),
        (json!({ "sequence": 5, "headerXdr": "AAAA" }), false),
        (json!({ "sequence": 6 }), false),
        (json!({ "sequence": 0, "closeTime": 50 }), false),
        (json!({}), false),
    ] {
        let replies = [
            (PROBE, result(silent.clone())),
            ("getLatestLedger", result(latest.clone())),
            ("getLedgers", result(listed.clone())),
        ];
        let read = Server::new(replies).await.ledger.latest().await;
        assert_eq!(read.as_ref().ok(), is_known.then(|| point(5)).as_ref(), "{latest}");
        assert!(is_known || is_malformed(&read));
    }
}

async fn lookup(point: u32, answer: Value) -> Result<Lookup, LedgerError> {
    let server = Server::new([probe(point), ("getTransaction", result(answer))]).await;
    let found = server.ledger.lookup(&envelope().hash).await;
    assert_eq!(server.asked(), [PROBE, "getTransaction"], "the latest ledger is read first");
    found
}

#[tokio::test]
async fn rpc_02_not_found_counts_up_to_what_was_read_before_and_what_the_server_has() {
    let real = with(&missing(5), json!({ "txHash": "ab", "ledger": 0, "createdAt": "0", "events": {} }));
    for answer in [missing(5), missing(9), real] {
        assert_eq!(lookup(5, answer).await.unwrap(), Lookup::NotFound { checked: point(5) });
    }
    // another server behind the same address, which lags
    assert_eq!(lookup(5, missing(3)).await.unwrap(), Lookup::NotFound { checked: point(3) });
    for lacking in [
        with(&missing(3), json!({ "latestLedgerCloseTime": null })),
        with(&missing(5), json!({ "latestLedger": null })),
        with(&missing(5), json!({ "oldestLedger": null })),
        with(&missing(5), json!({ "oldestLedger": 0 })),
        with(&missing(5), json!({ "latestLedger": -1 })),
        with(&missing(5), json!({ "status": "WHATEVER" })),
        json!({}),
    ] {
        let found = lookup(5, lacking.clone()).await;
        assert!(is_malformed(&found), "{lacking}: {found:?}");
    }
}

#[tokio::test]
async fn rpc_02_not_found_is_no_proof_once_the_ledgers_since_submission_are_forgotten() {
    let sent = json!({ "status": "PENDING", "hash": envelope().hash.to_string(), "latestLedger": 5 });
    for (oldest, is_proof) in [(2, true), (6, true), (7, false), (90, false)] {
        let answer = with(&missing(99), json!({ "oldestLedger": oldest }));
        let replies =
            [probe(99), ("sendTransaction", result(sent.clone())), ("getTransaction", result(answer))];
        let server = Server::new(replies).await;
        server.ledger.submit(&envelope().xdr).await.unwrap();
        let found = server.ledger.lookup(&envelope().hash).await;
        assert_eq!(found.is_ok(), is_proof, "{oldest}: {found:?}");
        assert!(is_proof || matches!(found, Err(LedgerError::HistoryGone { .. })));
    }
}

fn found() -> Value {
    let found = json!({
        "status": "SUCCESS", "ledger": 4, "createdAt": "40", "applicationOrder": 1, "feeBump": false,
        "envelopeXdr": envelope().xdr, "resultXdr": success(),
    });
    with(&missing(5), found)
}

#[tokio::test]
async fn rpc_02_transaction_is_believed_with_its_own_envelope_and_a_result_that_agrees() {
    let applied = Lookup::Succeeded { ledger: 4, claimable_balances: Vec::new() };
    assert_eq!(lookup(5, found()).await.unwrap(), applied);
    assert_eq!(lookup(5, with(&found(), json!({ "ledger": "4" }))).await.unwrap(), applied);
    let failed = json!({ "status": "FAILED", "resultXdr": result_xdr(TransactionResultResult::TxBadSeq) });
    let Lookup::Failed { failure, .. } = lookup(5, with(&found(), failed.clone())).await.unwrap() else {
        panic!("not failed")
    };
    assert_eq!(failure.kind, FailureKind::BadSequence);
    for contradiction in [
        json!({ "status": "FAILED" }),
        json!({ "resultXdr": failed["resultXdr"] }),
        json!({ "resultXdr": "AAAA" }),
        json!({ "resultXdr": null }),
        json!({ "envelopeXdr": null }),
        json!({ "envelopeXdr": "AAAA" }),
        json!({ "ledger": 0 }),
        json!({ "ledger": "four" }),
    ] {
        assert!(is_malformed(&lookup(5, with(&found(), contradiction.clone())).await), "{contradiction}");
    }
    let server = Server::new([probe(5), ("getTransaction", result(found()))]).await;
    assert!(is_malformed(&server.ledger.lookup(&TransactionHash::from_bytes([9; 32])).await));
}

async fn submit(answer: Value) -> Result<Submission, LedgerError> {
    Server::new([("sendTransaction", result(answer))]).await.ledger.submit(&envelope().xdr).await
}

#[tokio::test]
async fn rpc_03_statuses_of_a_submission_have_their_meaning_and_doubt_is_an_error() {
    let said =
        |status: &str| json!({ "status": status, "hash": envelope().hash.to_string(), "latestLedger": 5 });
    assert_eq!(submit(said("PENDING")).await.unwrap(), Submission::Accepted);
    assert_eq!(submit(said("DUPLICATE")).await.unwrap(), Submission::Accepted);
    // #4 and #5: one pending transaction an account; what was applied already; what the network is too busy for
    assert_eq!(submit(said("TRY_AGAIN_LATER")).await.unwrap(), Submission::TryAgain);
    let other = with(&said("PENDING"), json!({ "hash": "ab".repeat(32) }));
    for doubtful in [said("WHATEVER"), other, json!({ "status": 1 }), json!({}), json!(null)] {
        assert!(is_malformed(&submit(doubtful.clone()).await), "{doubtful}");
    }
}

#[tokio::test]
async fn rpc_06_rpc_07_refusals_are_classified_whatever_fee_and_codes_they_bring() {
    use TransactionResultResult as Code;
    let malformed = OperationResult::OpInner(OperationResultTr::Payment(PaymentResult::Malformed));
    for (code, kind) in [
        (Code::TxBadSeq, FailureKind::BadSequence),
        (Code::TxTooLate, FailureKind::TooLate),
        (Code::TxInsufficientFee, FailureKind::Fee),
        (Code::TxBadAuth, FailureKind::Signature),
        (Code::TxNoAccount, FailureKind::Other),
        (Code::TxFailed(Vec::new().try_into().unwrap()), FailureKind::Other),
        (Code::TxFailed(vec![malformed].try_into().unwrap()), FailureKind::Other),
        (Code::TxFailed(vec![OperationResult::OpBadAuth].try_into().unwrap()), FailureKind::Signature),
    ] {
        let answer = json!({ "status": "ERROR", "errorResultXdr": result_xdr(code.clone()) });
        let Submission::Rejected(failure) = submit(answer).await.unwrap() else { panic!("not rejected") };
        assert_eq!(failure.kind, kind, "{code:?}");
    }
    for unreadable in [json!({ "status": "ERROR" }), json!({ "status": "ERROR", "errorResultXdr": "AAAA" })] {
        let Submission::Rejected(failure) = submit(unreadable).await.unwrap() else { panic!("not rejected") };
        assert_eq!(failure.kind, FailureKind::Other);
    }
}

#[tokio::test]
async fn what_is_no_envelope_is_not_sent() {
    let server = Server::new([]).await;
    assert!(is_malformed(&server.ledger.submit("AAAA").await));
    assert!(server.asked().is_empty());
}

fn account_key(id: &AccountId) -> LedgerKey {
    LedgerKey::Account(LedgerKeyAccount { account_id: codec::to_account_id(id) })
}

fn entry(key: &AccountId, of: &AccountId) -> Value {
    let account = stellar_xdr::AccountEntry {
        account_id: codec::to_account_id(of),
        balance: 70,
        thresholds: stellar_xdr::Thresholds([1, 0, 2, 3]),
        ..Default::default()
    };
    json!({
        "key": account_key(key).to_xdr_base64(codec::limits()).unwrap(),
        "xdr": LedgerEntryData::Account(account).to_xdr_base64(codec::limits()).unwrap(),
        "lastModifiedLedgerSeq": 3,
    })
}

async fn accounts(answer: Value) -> Result<Vec<Option<AccountSnapshot>>, LedgerError> {
    let server = Server::new([("getLedgerEntries", result(answer))]).await;
    server.ledger.accounts(&[paid(), key().account()]).await.into_iter().collect()
}

#[tokio::test]
async fn rpc_08_entries_are_told_apart_by_their_keys_and_only_a_whole_answer_proves_absence() {
    let (one, other) = (paid(), key().account());
    let answer = |entries: &[Value]| json!({ "entries": entries, "latestLedger": 5 });
    let found = accounts(answer(&[entry(&other, &other)])).await.unwrap();
    let there: Vec<_> = found.iter().map(|account| account.as_ref().map(|account| account.id)).collect();
    assert_eq!(there, [None, Some(other)]);
    let account = found[1].as_ref().unwrap();
    assert_eq!((account.as_of, account.balance.stroops(), account.medium_threshold), (Some(5), 70, 2));
    let found = accounts(answer(&[entry(&other, &other), entry(&one, &one)])).await.unwrap();
    assert!(found.iter().all(Option::is_some));
    let stranger = AccountId::from_bytes([8; 32]);
    for nonsense in [
        answer(&[entry(&stranger, &stranger)]),
        answer(&[entry(&one, &stranger)]),
        answer(&[entry(&one, &one), entry(&one, &one)]),
        answer(&[json!({ "key": "AAAA", "xdr": "AAAA" })]),
        answer(&[json!({})]),
        json!({ "entries": null, "latestLedger": 5 }),
        json!({ "latestLedger": 5 }),
        json!({ "entries": [] }),
        json!({ "entries": [], "latestLedger": 0 }),
        json!([]),
    ] {
        assert!(is_malformed(&accounts(nonsense.clone()).await), "{nonsense}");
    }
}

#[tokio::test]
async fn rpc_08_rpc_14_questions_about_many_accounts_stay_below_the_servers_limits() {
    let server =
        Server::new([("getLedgerEntries", result(json!({ "entries": [], "latestLedger": 5 })))]).await;
    let usd = StellarAsset::Credit { code: "USD".parse().unwrap(), issuer: paid() };
    server.ledger.expect_assets(&[usd.clone(), usd, StellarAsset::Native]);
    let ids: Vec<_> = (0..=255).map(|number| AccountId::from_bytes([number; 32])).collect();
    let found: Result<Vec<_>, _> = server.ledger.accounts(&ids).await.into_iter().collect();
    assert_eq!(found.unwrap(), vec![None; 256]);
    let asked = server.params("getLedgerEntries");
    let keys: Vec<_> = asked.iter().map(|params| params["keys"].as_array().unwrap().len()).collect();
    // account, trust line and data entry of each, never torn apart
    assert_eq!(keys, [198, 198, 198, 174]);
    assert!(asked.iter().all(|params| params.to_string().len() < 500 * 1024));
}

#[tokio::test]
async fn rpc_13_error_objects_are_errors_with_any_status() {
    for code in [-32600, -32602, -32603] {
        let replies = [(PROBE, Reply::Error(code, "no\nway")), ("getFeeStats", Reply::Error(code, ""))];
        let server = Server::new(replies).await;
        let error = server.ledger.latest().await.unwrap_err();
        assert!(
            matches!(&error, LedgerError::Refused { code: said, message } if *said == code && message == "noway")
        );
        assert!(server.ledger.fee_bid().await.is_err());
        assert!(server.ledger.lookup(&envelope().hash).await.is_err());
    }
    for (raw, is_throttled) in [
        (http("500 Internal Server Error", "{}"), false),
        (http("401 Unauthorized", "{}"), false),
        (http("302 Found\r\nlocation: http://127.0.0.1:1/", ""), false),
        (http("429 Too Many Requests\r\nretry-after: 7", ""), true),
    ] {
        let error = Server::new([(PROBE, Reply::Raw(raw))]).await.ledger.latest().await.unwrap_err();
        assert_eq!(error.retry_after(), is_throttled.then_some(Duration::from_secs(7)));
        assert_eq!(matches!(error, LedgerError::Server { .. }), !is_throttled, "{error}");
    }
}

#[tokio::test]
async fn answers_that_make_no_sense_are_not_believed() {
    let long = json!({ "id": 1, "result": { "passphrase": "a".repeat(200_000) } });
    for raw in [
        ok(&json!({})),
        ok(&json!({ "id": 77, "result": missing(5) })),
        ok(&json!({ "id": "1", "result": missing(5) })),
        ok(&json!([])),
        ok(&long),
        http("200 OK", "<html>"),
        http("200 OK", ""),
        "HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{\"sta"
            .to_owned(),
    ] {
        let server = Server::new([(PROBE, Reply::Raw(raw.clone()))]).await;
        let read = server.ledger.latest().await;
        assert!(is_malformed(&read), "{raw}: {read:?}");
        assert!(read.unwrap_err().to_string().len() < 500);
    }
    let cut = "HTTP/1.1 200 OK\r\ncontent-length: 500\r\nconnection: close\r\n\r\n{".to_owned();
    let read = Server::new([(PROBE, Reply::Raw(cut))]).await.ledger.latest().await;
    assert!(matches!(read, Err(LedgerError::Unreachable(_))), "{read:?}");
}

#[tokio::test]
async fn server_of_another_network_is_asked_again_but_never_believed() {
    let other = ("getNetwork", result(json!({ "passphrase": Network::PUBLIC })));
    let right = ("getNetwork", result(json!({ "passphrase": Network::TESTNET })));
    let server = Server::new([other, right, probe(5)]).await;
    assert!(matches!(server.ledger.latest().await, Err(LedgerError::OtherNetwork)));
    assert_eq!(server.ledger.latest().await.unwrap(), point(5));
    server.ledger.latest().await.unwrap();
    assert_eq!(server.params("getNetwork").len(), 2);
}

#[tokio::test]
async fn fee_bid_is_never_below_the_base_fee_and_always_a_number() {
    for (p95, bid) in [
        (json!("250"), Some(250)),
        (json!(250), Some(250)),
        (json!("0"), Some(100)),
        (json!("-1"), None),
        (json!("99999999999"), None),
        (json!(null), None),
    ] {
        let stats = json!({ "inclusionFee": { "p95": p95 } });
        let server = Server::new([("getFeeStats", result(stats))]).await;
        assert_eq!(server.ledger.fee_bid().await.ok(), bid);
    }
}

#[tokio::test]
async fn authorization_is_sent_and_never_shown() {
    let authorize = |options: &mut RpcOptions| {
        let value = Secret::new("Bearer opensesame".to_owned());
        options.authorization = Some(RpcAuthorization { header: "X-Api-Key".to_owned(), value });
    };
    let server = Server::with([probe(5)], authorize).await;
    server.ledger.latest().await.unwrap();
    let heads = server.heads.lock().unwrap().clone();
    assert!(heads.iter().all(|head| head.contains("x-api-key: Bearer opensesame")), "{heads:?}");
    let shown = format!("{:?} {:?}", server.ledger, server.ledger.options);
    assert!(shown.contains("127.0.0.1"));
    assert!(!shown.contains("opensesame") && !shown.contains("key-in-path"), "{shown}");
    let failing = Server::with([(PROBE, Reply::Raw(http("500 No", "")))], authorize).await;
    let error = format!("{:?}", failing.ledger.latest().await.unwrap_err());
    assert!(!error.contains("opensesame") && !error.contains("key-in-path"), "{error}");
}

#[test]
fn only_http_addresses_and_real_headers_are_accepted() {
    let new = |url: &str, header: &str, value: &str| {
        let authorization =
            RpcAuthorization { header: header.to_owned(), value: Secret::new(value.to_owned()) };
        let options = RpcOptions { authorization: Some(authorization), ..RpcOptions::default() };
        RpcLedger::new(&url.parse().unwrap(), Network::new(Network::TESTNET), [], options)
    };
    assert!(new("https://rpc.example/", "Authorization", "Bearer x").is_ok());
    assert!(matches!(new("ftp://rpc.example/", "Authorization", "x"), Err(RpcError::Url)));
    for (header, value) in [("A B", "x"), ("", "x"), ("Authorization", "a\nb")] {
        assert!(matches!(new("https://rpc.example/", header, value), Err(RpcError::Authorization)));
    }
}
