use anchor_devnet::ledger::build;
use anchor_devnet::{CloseMode, ContractKind, Devnet, Dialect};
use serde_json::{Value, json};
use stellar_xdr::{
    ContractId, Hash, HostFunction, InvokeContractArgs, InvokeHostFunctionOp, LedgerCloseMeta,
    LedgerEntryChanges, LedgerEntryData, LedgerKey, LedgerKeyAccount, Limits, OperationBody, ReadXdr,
    ScAddress, ScMap, ScMapEntry, ScString, ScSymbol, ScVal, WriteXdr,
};

use super::support::{World, answer, base64, id, lumens};

async fn rpc(world: &World, method: &str, params: Value) -> Value {
    let request = json!({ "jsonrpc": "2.0", "id": 8, "method": method, "params": params });
    let (status, body) =
        answer(world.http.post(world.url("/rpc")).json(&request).send().await.unwrap()).await;
    assert_eq!((status.as_u16(), &body["id"]), (200, &8.into()), "{body}");
    body
}

async fn result(world: &World, method: &str, params: Value) -> Value {
    let body = rpc(world, method, params).await;
    assert!(body.get("error").is_none(), "{body}");
    body["result"].clone()
}

#[tokio::test]
async fn the_network_introduces_itself() {
    let world = World::manual().await;
    let latest = world.devnet.network().latest();
    let health = result(&world, "getHealth", Value::Null).await;
    assert_eq!((&health["status"], &health["latestLedger"]), (&"healthy".into(), &latest.sequence.into()));
    assert_eq!(
        (&health["oldestLedger"], &health["ledgerRetentionWindow"]),
        (&1.into(), &latest.sequence.into())
    );
    let network = result(&world, "getNetwork", json!({})).await;
    assert_eq!(network["passphrase"], anchor_devnet::TESTNET_PASSPHRASE);
    let ledger = result(&world, "getLatestLedger", json!({})).await;
    assert_eq!(
        (&ledger["sequence"], &ledger["id"]),
        (&latest.sequence.into(), &hex::encode(latest.hash).into())
    );
    let fees = result(&world, "getFeeStats", json!({})).await;
    assert_eq!(fees["inclusionFee"]["p99"], "100");
    assert!(result(&world, "getVersionInfo", json!({})).await["protocolVersion"].is_u64());
}

#[tokio::test]
async fn entries_are_found_by_key_and_missing_ones_left_out() {
    let world = World::instant().await;
    let [alice] = world.funded(["alice"]).await;
    let key = |account_id| {
        LedgerKey::Account(LedgerKeyAccount { account_id }).to_xdr_base64(Limits::none()).unwrap()
    };
    let keys = [key(id(&build::key("nobody"))), key(id(&alice))];
    let found = result(&world, "getLedgerEntries", json!({ "keys": keys })).await;
    assert_eq!(found["entries"].as_array().unwrap().len(), 1);
    assert_eq!(found["entries"][0]["key"], keys[1]);
    let data = LedgerEntryData::from_xdr_base64(found["entries"][0]["xdr"].as_str().unwrap(), Limits::none())
        .unwrap();
    assert!(matches!(data, LedgerEntryData::Account(account) if account.balance == 100_000_000_000));
    let many: Vec<&str> = vec![&keys[0]; 201];
    for bad in [json!({ "keys": ["AAAA"] }), json!({ "keys": many }), json!({})] {
        assert_eq!(rpc(&world, "getLedgerEntries", bad).await["error"]["code"], -32602);
    }
}

#[tokio::test]
async fn a_sent_transaction_is_pending_then_found() {
    let world = World::manual().await;
    let [alice, bob] = world.funded(["alice", "bob"]).await;
    let envelope = world.sign(&world.draft(&alice).operation(lumens(&bob, 5)), &alice);
    let params = json!({ "transaction": base64(&envelope) });
    let sent = result(&world, "sendTransaction", params.clone()).await;
    assert_eq!(sent["status"], "PENDING");
    assert_eq!(result(&world, "sendTransaction", params.clone()).await["status"], "DUPLICATE");
    let hash = json!({ "hash": sent["hash"] });
    let missing = result(&world, "getTransaction", hash.clone()).await;
    assert_eq!((&missing["status"], &missing["createdAt"]), (&"NOT_FOUND".into(), &"0".into()));
    let sequence = world.close();
    let found = result(&world, "getTransaction", hash).await;
    assert_eq!((&found["status"], &found["ledger"]), (&"SUCCESS".into(), &sequence.into()));
    assert_eq!(found["envelopeXdr"], base64(&envelope));
    assert!(found["createdAt"].is_string() && found["resultMetaXdr"].is_string());
    assert_eq!(result(&world, "sendTransaction", params).await["status"], "TRY_AGAIN_LATER");
    let wrong = build::Draft::new(&id(&bob), 1).operation(lumens(&alice, 5));
    let refused = json!({ "transaction": base64(&world.sign(&wrong, &bob)) });
    let refused = result(&world, "sendTransaction", refused).await;
    assert_eq!(refused["status"], "ERROR");
    assert!(refused["errorResultXdr"].as_str().unwrap().ends_with("////7AAAAAA=="));
    assert_eq!(
        rpc(&world, "sendTransaction", json!({ "transaction": "AAAA" })).await["error"]["message"],
        "invalid_xdr"
    );
    assert_eq!(rpc(&world, "getTransaction", json!({ "hash": "abc" })).await["error"]["code"], -32602);
}

#[tokio::test]
async fn a_fee_bump_is_found_by_its_outer_hash_only() {
    let world = World::instant().await;
    let [alice, bob] = world.funded(["alice", "bob"]).await;
    let inner = world.sign(&world.draft(&alice).operation(lumens(&bob, 5)), &alice);
    let bump = build::fee_bump(inner.clone(), &bob, 2_000, world.network_id());
    world.post("/transactions", &bump).await;
    for (envelope, status) in [(bump, "SUCCESS"), (inner, "NOT_FOUND")] {
        let hash = hex::encode(envelope.hash(world.network_id()).unwrap());
        assert_eq!(result(&world, "getTransaction", json!({ "hash": hash })).await["status"], status);
    }
}

#[tokio::test]
async fn transactions_page_by_cursor_with_failed_ones_and_none_twice() {
    let world = World::instant().await;
    let [alice, bob] = world.funded(["alice", "bob"]).await;
    for to in [&bob, &build::key("nobody"), &bob] {
        world.submit(&alice, lumens(to, 5)).await;
    }
    let (mut params, mut seen) = (json!({ "startLedger": 1, "pagination": { "limit": 2 } }), Vec::new());
    loop {
        let page = result(&world, "getTransactions", params).await;
        let found = page["transactions"].as_array().unwrap().clone();
        assert!(found.iter().all(|transaction| transaction["createdAt"].is_u64()));
        params = json!({ "pagination": { "limit": 2, "cursor": page["cursor"] } });
        if found.is_empty() {
            break;
        }
        seen.extend(found);
    }
    let statuses: Vec<_> = seen.iter().map(|transaction| transaction["status"].clone()).collect();
    assert_eq!(statuses, ["SUCCESS", "SUCCESS", "SUCCESS", "SUCCESS", "FAILED", "SUCCESS"]);
    world.done(&alice, lumens(&bob, 5)).await;
    let later = result(&world, "getTransactions", params).await;
    assert_eq!(later["transactions"].as_array().unwrap().len(), 1);
    for bad in [
        json!({ "startLedger": 0 }),
        json!({ "startLedger": 4_000_000_000_u32 }),
        json!({}),
        json!({ "startLedger": 1, "pagination": { "cursor": "5" } }),
        json!({ "startLedger": 1, "pagination": { "limit": 201 } }),
    ] {
        assert_eq!(rpc(&world, "getTransactions", bad.clone()).await["error"]["code"], -32600, "{bad}");
    }
}

#[tokio::test]
async fn ledgers_come_whole_with_every_transaction() {
    let world = World::manual().await;
    let [alice, bob] = world.funded(["alice", "bob"]).await;
    let envelope = world.accept(&alice, lumens(&bob, 5));
    let sequence = world.close();
    let page =
        result(&world, "getLedgers", json!({ "startLedger": sequence - 1, "pagination": { "limit": 1 } }))
            .await;
    assert_eq!(
        (&page["ledgers"][0]["sequence"], &page["cursor"]),
        (&(sequence - 1).into(), &(sequence - 1).to_string().into())
    );
    let page = result(&world, "getLedgers", json!({ "pagination": { "cursor": page["cursor"] } })).await;
    let meta = page["ledgers"][0]["metadataXdr"].as_str().unwrap();
    let Ok(LedgerCloseMeta::V2(meta)) = LedgerCloseMeta::from_xdr_base64(meta, Limits::none()) else {
        panic!("{meta}")
    };
    assert_eq!(meta.ledger_header.header.ledger_seq, sequence);
    assert_eq!(meta.tx_processing[0].result.transaction_hash.0, envelope.hash(world.network_id()).unwrap());
    assert_ne!(meta.tx_processing[0].fee_processing, LedgerEntryChanges::default());
    let empty = result(&world, "getLedgers", json!({ "pagination": { "cursor": page["cursor"] } })).await;
    assert_eq!((&empty["ledgers"], &empty["cursor"]), (&json!([]), &page["cursor"]));
    assert_eq!(
        rpc(&world, "getLedgers", json!({ "startLedger": sequence + 1 })).await["error"]["code"],
        -32600
    );
}

#[tokio::test]
async fn the_other_dialect_has_other_names_types_and_codes() {
    let world = World::start(Devnet::builder().close(CloseMode::Manual).rpc_dialect(Dialect::Henyey)).await;
    let [alice, bob] = world.funded(["alice", "bob"]).await;
    let envelope = world.accept(&alice, lumens(&bob, 5));
    let sequence = world.close();
    assert!(result(&world, "getLatestLedger", json!({})).await.get("closeTime").is_none());
    let hash = hex::encode(envelope.hash(world.network_id()).unwrap());
    let found = result(&world, "getTransaction", json!({ "hash": hash })).await;
    assert_eq!((&found["status"], found.get("txHash")), (&"SUCCESS".into(), None));
    for hash in ["ab".repeat(32), "abc".to_owned()] {
        let missing = result(&world, "getTransaction", json!({ "hash": hash })).await;
        assert_eq!((&missing["status"], missing.get("createdAt")), (&"NOT_FOUND".into(), None));
    }
    let page =
        result(&world, "getTransactions", json!({ "startLedger": sequence, "pagination": { "limit": 999 } }))
            .await;
    assert!(page["latestLedgerCloseTime"].is_string() && page["transactions"][0]["createdAt"].is_u64());
    let cursor = page["cursor"].clone();
    let empty = result(&world, "getTransactions", json!({ "pagination": { "cursor": cursor } })).await;
    assert_eq!((&empty["transactions"], &empty["cursor"]), (&json!([]), &"".into()));
    // order 0 is not the start of the ledger
    let start = (u64::from(sequence) << 32).to_string();
    let skipped = result(&world, "getTransactions", json!({ "pagination": { "cursor": start } })).await;
    assert_eq!(skipped["transactions"], json!([]));
    let late = rpc(&world, "getTransactions", json!({ "startLedger": sequence + 1 })).await;
    assert_eq!(late["error"]["code"], -32602);
    let body = "a".repeat(600 * 1024);
    assert_eq!(world.http.post(world.url("/rpc")).body(body).send().await.unwrap().status(), 413);
}

#[tokio::test]
async fn what_is_forgotten_is_not_found_and_no_place_to_read_on_from() {
    for dialect in [Dialect::Real, Dialect::Henyey] {
        let builder = Devnet::builder().close(CloseMode::Manual).rpc_dialect(dialect).rpc_retention(3);
        let world = World::start(builder).await;
        let [alice, bob] = world.funded(["alice", "bob"]).await;
        let envelope = world.accept(&alice, lumens(&bob, 5));
        let sequence = world.close();
        for _ in 0..3 {
            world.close();
        }
        world.accept(&alice, lumens(&bob, 6));
        let latest = world.close();
        let hash = hex::encode(envelope.hash(world.network_id()).unwrap());
        let missing = result(&world, "getTransaction", json!({ "hash": hash })).await;
        assert_eq!(
            (&missing["status"], &missing["oldestLedger"]),
            (&"NOT_FOUND".into(), &(latest - 2).into())
        );
        let params = json!({ "pagination": { "cursor": (u64::from(sequence) << 32 | 1 << 12).to_string() } });
        let answer = rpc(&world, "getTransactions", params).await;
        match dialect {
            Dialect::Real => assert_eq!(answer["error"]["code"], -32602),
            // skipped without a word
            _ => assert_eq!(answer["result"]["transactions"][0]["ledger"], latest),
        }
        assert!(
            rpc(&world, "getTransactions", json!({ "startLedger": sequence })).await["error"]["code"]
                .is_i64()
        );
    }
}

#[tokio::test]
async fn what_is_not_a_known_call_is_an_error_with_status_200() {
    let world = World::manual().await;
    assert_eq!(rpc(&world, "getEvents", json!({})).await["error"]["code"], -32601);
    let garbage = answer(world.http.post(world.url("/rpc")).body("{").send().await.unwrap()).await;
    assert_eq!((garbage.0.as_u16(), &garbage.1["error"]["code"]), (200, &(-32700).into()));
}

/// A call of `web_auth_verify` about these, without anything that authorises it.
fn unauthorized(world: &World, source: &ed25519_dalek::SigningKey, contract: [u8; 32]) -> String {
    let argument = |name: &str, value: &str| ScMapEntry {
        key: ScVal::Symbol(ScSymbol(name.try_into().unwrap())),
        val: ScVal::String(ScString(value.try_into().unwrap())),
    };
    let account = stellar_strkey::Contract([7; 32]).to_string();
    let server = stellar_strkey::ed25519::PublicKey(source.verifying_key().to_bytes()).to_string();
    let map = [argument("account", account.as_str()), argument("web_auth_domain_account", server.as_str())];
    let call = InvokeContractArgs {
        contract_address: ScAddress::Contract(ContractId(Hash(contract))),
        function_name: ScSymbol("web_auth_verify".try_into().unwrap()),
        args: [ScVal::Map(Some(ScMap(map.try_into().unwrap())))].try_into().unwrap(),
    };
    let body = OperationBody::InvokeHostFunction(InvokeHostFunctionOp {
        host_function: HostFunction::InvokeContract(call),
        auth: Vec::new().try_into().unwrap(),
    });
    let draft = build::Draft::new(&id(source), 1).operation(body);
    draft.sign(world.devnet.network().network_id(), &[]).to_xdr_base64(Limits::none()).unwrap()
}

/// The trap that a server of web authentication has to know: without a wish, an empty list makes the server record.
#[tokio::test]
async fn calls_are_recorded_where_nothing_authorises_them_unless_they_are_to_be_enforced() {
    let world = World::manual().await;
    let alice = build::key("alice");
    let contract = [45; 32];
    world.devnet.install_contract(contract, ContractKind::WebAuth);
    let call = unauthorized(&world, &alice, contract);
    for params in [json!({ "transaction": call }), json!({ "transaction": call, "authMode": "record" })] {
        let recorded = result(&world, "simulateTransaction", params).await;
        assert!(recorded.get("error").is_none(), "{recorded}");
        assert_eq!(recorded["results"][0]["auth"].as_array().unwrap().len(), 2);
    }
    let enforced = json!({ "transaction": call, "authMode": "enforce" });
    let enforced = result(&world, "simulateTransaction", enforced).await;
    assert!(enforced["error"].as_str().unwrap().starts_with("HostError"), "{enforced}");
    for (params, told) in [
        (json!({ "transaction": call, "authMode": "perhaps" }), "authMode"),
        (json!({ "transaction": "AAAA" }), "Could not unmarshal"),
        (json!({ "transaction": unauthorized(&world, &alice, [1; 32]) }), "not found"),
    ] {
        let refused = result(&world, "simulateTransaction", params).await;
        assert!(refused["error"].as_str().unwrap().contains(told), "{refused}");
    }
}
