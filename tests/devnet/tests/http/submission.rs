use anchor_devnet::{CloseMode, Devnet, ledger::build};
use stellar_xdr::{
    Asset, ClaimPredicate, Claimant, ClaimantV0, CreateClaimableBalanceOp, Memo, OperationBody,
};

use super::support::{World, answer, base64, id, lumens};

#[tokio::test]
async fn a_landed_transaction_is_answered_whole() {
    let world = World::instant().await;
    let [alice, bob] = world.funded(["alice", "bob"]).await;
    let draft = world.draft(&alice).operation(lumens(&bob, 15)).memo(Memo::Text("hi".try_into().unwrap()));
    let envelope = world.sign(&draft.time_bounds(0, world.devnet.clock().now() + 60), &alice);
    let (status, body) = world.post("/transactions", &envelope).await;
    assert_eq!(status, 200, "{body}");
    assert_eq!(body["successful"], true);
    assert_eq!(body["envelope_xdr"], base64(&envelope));
    assert_eq!(body["id"], body["hash"]);
    assert_eq!(body["hash"], hex::encode(envelope.hash(world.network_id()).unwrap()));
    assert_eq!(body["source_account"], id(&alice).to_string());
    assert_eq!(body["fee_account"], id(&alice).to_string());
    assert_eq!((&body["fee_charged"], &body["max_fee"]), (&"100".into(), &"100".into()));
    assert_eq!(
        (&body["memo_type"], &body["memo"], &body["memo_bytes"]),
        (&"text".into(), &"hi".into(), &"aGk=".into())
    );
    assert_eq!(body["operation_count"], 1);
    assert!(body["preconditions"]["timebounds"]["max_time"].is_string());
    assert_eq!(body["signatures"].as_array().unwrap().len(), 1);
    for field in ["result_xdr", "fee_meta_xdr", "result_meta_xdr", "paging_token", "created_at"] {
        assert!(!body[field].as_str().unwrap().is_empty(), "{field}");
    }
    let again = world.body(&format!("/transactions/{}", body["hash"].as_str().unwrap())).await;
    assert_eq!(again, body);
}

#[tokio::test]
async fn a_failed_operation_is_400_with_its_codes() {
    let world = World::instant().await;
    let [alice, bob] = world.funded(["alice", "bob"]).await;
    let usd = build::credit("USD", &id(&alice));
    let (status, body) = world.submit(&alice, build::payment(id(&bob), &usd, 1)).await;
    assert_eq!(status, 400);
    assert_eq!(body["type"], "https://stellar.org/horizon-errors/transaction_failed");
    assert_eq!(body["status"], 400);
    assert_eq!(body["extras"]["result_codes"]["transaction"], "tx_failed");
    assert_eq!(body["extras"]["result_codes"]["operations"], serde_json::json!(["op_no_trust"]));
    assert!(body["extras"]["envelope_xdr"].is_string() && body["extras"]["result_xdr"].is_string());
    let own = format!("/accounts/{}/transactions", id(&alice));
    assert_eq!(world.records(&own).await.len(), 1, "the creation only");
    let all = world.records(&format!("{own}?include_failed=true")).await;
    assert_eq!((all.len(), &all[1]["successful"]), (2, &false.into()));
}

#[tokio::test]
async fn codes_of_common_failures_are_horizons() {
    let world = World::instant().await;
    let [alice, bob] = world.funded(["alice", "bob"]).await;
    let nobody = build::key("nobody");
    let usd = build::credit("USD", &id(&bob));
    let cases = [
        (lumens(&nobody, 5), "op_no_destination"),
        (lumens(&bob, 100_000_000_000), "op_underfunded"),
        (build::create_account(&id(&bob), 50_000_000), "op_already_exists"),
        (build::create_account(&id(&nobody), 5), "op_low_reserve"),
        (build::change_trust(&build::credit("USD", &id(&nobody)), 5), "op_no_issuer"),
        (build::payment(id(&bob), &usd, 5), "op_src_no_trust"),
    ];
    for (operation, code) in cases {
        let (status, body) = world.submit(&alice, operation).await;
        assert_eq!(status, 400, "{body}");
        assert_eq!(body["extras"]["result_codes"]["operations"][0], code, "{body}");
    }
}

#[tokio::test]
async fn a_refused_transaction_never_touches_the_ledger() {
    let world = World::instant().await;
    let [alice, bob] = world.funded(["alice", "bob"]).await;
    let wrong_sequence = build::Draft::new(&id(&alice), 7).operation(lumens(&bob, 5));
    let late = world.draft(&alice).operation(lumens(&bob, 5)).time_bounds(0, 1);
    let cases = [
        (world.sign(&wrong_sequence, &alice), "tx_bad_seq"),
        (world.sign(&world.draft(&alice).operation(lumens(&bob, 5)), &bob), "tx_bad_auth"),
        (world.sign(&late, &alice), "tx_too_late"),
        (world.sign(&world.draft(&alice), &alice), "tx_missing_operation"),
        (
            world.sign(&world.draft(&alice).operation(lumens(&bob, 5)).fee_per_operation(1), &alice),
            "tx_insufficient_fee",
        ),
    ];
    for (envelope, code) in cases {
        let (status, body) = world.post("/transactions", &envelope).await;
        assert_eq!(
            (status.as_u16(), &body["extras"]["result_codes"]["transaction"]),
            (400, &code.into()),
            "{body}"
        );
        let hash = hex::encode(envelope.hash(world.network_id()).unwrap());
        assert_eq!(world.get(&format!("/transactions/{hash}")).await.0, 404);
    }
}

#[tokio::test]
async fn what_is_not_an_envelope_is_malformed() {
    let world = World::instant().await;
    for text in ["", "AAAA", "not base64", "%%%"] {
        let form = [("tx", text)];
        let (status, body) =
            answer(world.http.post(world.url("/transactions")).form(&form).send().await.unwrap()).await;
        assert_eq!(status, 400);
        assert_eq!(body["type"], "https://stellar.org/horizon-errors/transaction_malformed");
        assert_eq!(body["extras"]["envelope_xdr"], text);
    }
    let json = world.http.post(world.url("/transactions")).json(&serde_json::json!({ "tx": "AAAA" }));
    assert_eq!(answer(json.send().await.unwrap()).await.0, 415);
}

#[tokio::test]
async fn a_deeply_nested_or_huge_envelope_is_refused() {
    let world = World::instant().await;
    let [alice] = world.funded(["alice"]).await;
    let mut predicate = ClaimPredicate::Unconditional;
    for _ in 0..250 {
        predicate = ClaimPredicate::Not(Some(Box::new(predicate)));
    }
    let claimant = Claimant::ClaimantTypeV0(ClaimantV0 { destination: id(&alice), predicate });
    let claimants = vec![claimant].try_into().unwrap();
    let create = CreateClaimableBalanceOp { asset: Asset::Native, amount: 5, claimants };
    let draft = world.draft(&alice).operation(OperationBody::CreateClaimableBalance(create));
    let (status, body) = world.post("/transactions", &world.sign(&draft, &alice)).await;
    assert_eq!((status.as_u16(), &body["title"]), (400, &"Transaction Malformed".into()));
    let huge = [("tx", "A".repeat(2_000_000))];
    let refused = world.http.post(world.url("/transactions")).form(&huge).send().await;
    assert!(refused.is_err() || refused.is_ok_and(|answer| answer.status() == 413));
    assert_eq!(world.get("/").await.0, 200);
}

#[tokio::test]
async fn an_envelope_in_the_query_is_read_too() {
    let world = World::instant().await;
    let [alice, bob] = world.funded(["alice", "bob"]).await;
    let envelope = world.sign(&world.draft(&alice).operation(lumens(&bob, 5)), &alice);
    let request = world.http.post(world.url("/transactions")).query(&[("tx", base64(&envelope))]);
    assert_eq!(answer(request.send().await.unwrap()).await.0, 200);
}

#[tokio::test]
async fn a_resubmission_is_answered_like_the_first() {
    let world = World::instant().await;
    let [alice, bob] = world.funded(["alice", "bob"]).await;
    let good = world.sign(&world.draft(&alice).operation(lumens(&bob, 5)), &alice);
    assert_eq!(world.post("/transactions", &good).await, world.post("/transactions", &good).await);
    let bad = world.sign(&world.draft(&alice).operation(lumens(&build::key("nobody"), 5)), &alice);
    let (first, second) = (world.post("/transactions", &bad).await, world.post("/transactions", &bad).await);
    assert_eq!(first.0, 400);
    assert_eq!(first, second);
}

#[tokio::test]
async fn submission_waits_until_a_ledger_closes() {
    let world = World::manual().await;
    let [alice, bob] = world.funded(["alice", "bob"]).await;
    let envelope = world.sign(&world.draft(&alice).operation(lumens(&bob, 5)), &alice);
    let closing = async {
        while world.devnet.network().pending_count() == 0 {
            tokio::task::yield_now().await;
        }
        world.close()
    };
    let ((status, body), ledger) = tokio::join!(world.post("/transactions", &envelope), closing);
    assert_eq!((status.as_u16(), &body["ledger"]), (200, &ledger.into()));
}

#[tokio::test]
async fn no_ledger_in_time_is_504_and_the_transaction_may_still_land() {
    let builder = Devnet::builder().close(CloseMode::Manual);
    let world = World::start(builder.submission_timeout(std::time::Duration::from_millis(20))).await;
    let [alice, bob] = world.funded(["alice", "bob"]).await;
    let envelope = world.sign(&world.draft(&alice).operation(lumens(&bob, 5)), &alice);
    let (status, body) = world.post("/transactions", &envelope).await;
    assert_eq!(status, 504);
    assert_eq!(body["type"], "https://stellar.org/horizon-errors/transaction_submission_timeout");
    let path = format!("/transactions/{}", body["extras"]["hash"].as_str().unwrap());
    assert_eq!(world.get(&path).await.0, 404);
    world.close();
    assert_eq!(world.body(&path).await["successful"], true);
}

#[tokio::test]
async fn asynchronous_submission_tells_the_status_at_once() {
    let world = World::manual().await;
    let [alice, bob] = world.funded(["alice", "bob"]).await;
    let first = world.draft(&alice).operation(lumens(&bob, 5));
    let sequence = world.devnet.network().account(&id(&alice)).unwrap().seq_num.0;
    let next = build::Draft::new(&id(&alice), sequence + 2).operation(lumens(&bob, 5));
    let wrong = build::Draft::new(&id(&bob), 1).operation(lumens(&alice, 5));
    let cases = [(&first, 201, "PENDING"), (&first, 409, "DUPLICATE"), (&next, 503, "TRY_AGAIN_LATER")];
    for (draft, expected, word) in cases {
        let envelope = world.sign(draft, &alice);
        let (status, body) = world.post("/transactions_async", &envelope).await;
        assert_eq!((status.as_u16(), &body["tx_status"]), (expected, &word.into()), "{body}");
        assert_eq!(body["hash"], hex::encode(envelope.hash(world.network_id()).unwrap()));
        assert!(body.get("error_result_xdr").is_none());
    }
    let (status, body) = world.post("/transactions_async", &world.sign(&wrong, &bob)).await;
    assert_eq!((status.as_u16(), &body["tx_status"]), (400, &"ERROR".into()));
    assert!(body["error_result_xdr"].as_str().unwrap().ends_with("////7AAAAAA=="), "{body}");
}

#[tokio::test]
async fn asynchronous_resubmission_of_what_has_landed_says_nothing_certain() {
    let world = World::manual().await;
    let [alice, bob] = world.funded(["alice", "bob"]).await;
    let envelope = world.accept(&alice, lumens(&bob, 5));
    world.close();
    assert_eq!(world.post("/transactions_async", &envelope).await.1["tx_status"], "TRY_AGAIN_LATER");
    for _ in 0..10 {
        world.close();
    }
    let (status, body) = world.post("/transactions_async", &envelope).await;
    assert_eq!((status.as_u16(), &body["tx_status"]), (400, &"ERROR".into()));
    assert_eq!(body["error_result_xdr"], "AAAAAAAAAAD////7AAAAAA==");
    assert_eq!(world.post("/transactions", &envelope).await.0, 200, "history knows better");
}

#[tokio::test]
async fn a_fee_bump_answers_to_both_its_hashes() {
    let world = World::instant().await;
    let [alice, bob] = world.funded(["alice", "bob"]).await;
    let inner = world.sign(&world.draft(&alice).operation(lumens(&bob, 5)), &alice);
    let bump = build::fee_bump(inner.clone(), &bob, 2_000, world.network_id());
    let (status, outer) = world.post("/transactions", &bump).await;
    assert_eq!(status, 200, "{outer}");
    assert_eq!(outer["fee_account"], id(&bob).to_string());
    assert_eq!((&outer["max_fee"], &outer["inner_transaction"]["max_fee"]), (&"2000".into(), &"100".into()));
    let inner_hash = hex::encode(inner.hash(world.network_id()).unwrap());
    assert_eq!(outer["inner_transaction"]["hash"], inner_hash);
    assert_eq!(outer["fee_bump_transaction"]["hash"], outer["hash"]);
    assert_eq!(outer["signatures"], outer["fee_bump_transaction"]["signatures"]);
    let by_inner = world.body(&format!("/transactions/{inner_hash}")).await;
    assert_eq!((&by_inner["hash"], &by_inner["paging_token"]), (&inner_hash.into(), &outer["paging_token"]));
    assert_eq!(by_inner["signatures"], outer["inner_transaction"]["signatures"]);
    let (status, resubmitted) = world.post("/transactions", &inner).await;
    assert_eq!((status.as_u16(), &resubmitted), (200, &by_inner));
}

#[tokio::test]
async fn a_failed_fee_bump_tells_outer_and_inner_code() {
    let world = World::instant().await;
    let [alice, bob] = world.funded(["alice", "bob"]).await;
    let inner = world.sign(&world.draft(&alice).operation(lumens(&build::key("nobody"), 5)), &alice);
    let bump = build::fee_bump(inner.clone(), &bob, 2_000, world.network_id());
    let (status, body) = world.post("/transactions", &bump).await;
    assert_eq!(status, 400);
    let expected = serde_json::json!({
        "transaction": "tx_fee_bump_inner_failed",
        "inner_transaction": "tx_failed",
        "operations": ["op_no_destination"],
    });
    assert_eq!(body["extras"]["result_codes"], expected);
    let (_, of_inner) = world.post("/transactions", &inner).await;
    assert_eq!(of_inner["extras"]["result_codes"]["transaction"], "tx_failed");
}

#[tokio::test]
async fn memos_are_written_as_horizon_writes_them() {
    let world = World::instant().await;
    let [alice, bob] = world.funded(["alice", "bob"]).await;
    let hash = "BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=";
    let cases = [
        (Memo::None, "none", None),
        (Memo::Id(u64::MAX), "id", Some("18446744073709551615")),
        (Memo::Hash([7; 32].into()), "hash", Some(hash)),
        (Memo::Return([7; 32].into()), "return", Some(hash)),
        (Memo::Text(vec![0xff].try_into().unwrap()), "text", Some("\u{fffd}")),
    ];
    for (memo, kind, text) in cases {
        let envelope = world.sign(&world.draft(&alice).operation(lumens(&bob, 5)).memo(memo), &alice);
        let (_, body) = world.post("/transactions", &envelope).await;
        assert_eq!(
            (&body["memo_type"], body.get("memo").and_then(|memo| memo.as_str())),
            (&kind.into(), text)
        );
    }
}

#[tokio::test]
async fn ledger_time_keeps_to_the_clock_however_many_ledgers_close() {
    let often = CloseMode::Every(std::time::Duration::from_millis(5));
    for mode in [CloseMode::Instant, often] {
        let world = World::start(Devnet::builder().close(mode)).await;
        let [alice, bob] = world.funded(["alice", "bob"]).await;
        for _ in 0..30 {
            world.done(&alice, build::payment(id(&bob), &Asset::Native, 1)).await;
        }
        assert!(world.devnet.network().latest().closed_at <= world.devnet.clock().now());
    }
}
