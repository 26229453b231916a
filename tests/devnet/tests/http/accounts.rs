use anchor_devnet::ledger::build;
use serde_json::json;
use stellar_xdr::{
    DataValue, ManageDataOp, OperationBody, SetOptionsOp, Signer, SignerKey, String32, String64, Uint256,
};

use super::support::{World, id, path_of, records};

fn data(name: &str, value: &[u8]) -> OperationBody {
    OperationBody::ManageData(ManageDataOp {
        data_name: String64(name.try_into().unwrap()),
        data_value: Some(DataValue(value.to_vec().try_into().unwrap())),
    })
}

#[tokio::test]
async fn a_new_account_has_every_field_that_clients_read() {
    let world = World::instant().await;
    let [alice] = world.funded(["alice"]).await;
    let address = id(&alice).to_string();
    let body = world.body(&format!("/accounts/{address}")).await;
    for field in ["id", "account_id", "paging_token"] {
        assert_eq!(body[field], address);
    }
    assert!(body["sequence"].is_string());
    let native = json!([{
        "asset_type": "native", "balance": "10000.0000000",
        "buying_liabilities": "0.0000000", "selling_liabilities": "0.0000000",
    }]);
    assert_eq!(body["balances"], native);
    assert_eq!(body["signers"], json!([{ "key": address, "weight": 1, "type": "ed25519_public_key" }]));
    assert_eq!(body["thresholds"], json!({ "low_threshold": 0, "med_threshold": 0, "high_threshold": 0 }));
    assert_eq!(body["flags"]["auth_required"], false);
    assert_eq!(body["data"], json!({}));
    assert_eq!(
        (&body["subentry_count"], &body["num_sponsoring"], &body["num_sponsored"]),
        (&0.into(), &0.into(), &0.into())
    );
    assert!(body["last_modified_ledger"].is_u64() && body["last_modified_time"].is_string());
    assert_eq!(body["_links"]["data"]["templated"], true);
    assert_eq!(path_of(&world, &body["_links"]["data"]), format!("/accounts/{address}/data/{{key}}"));
}

#[tokio::test]
async fn trustlines_options_and_data_show() {
    let world = World::instant().await;
    let [issuer, alice] = world.funded(["issuer", "alice"]).await;
    let usd = build::credit("USD", &id(&issuer));
    world.done(&alice, build::change_trust(&usd, 70_000_000)).await;
    world.done(&issuer, build::payment(id(&alice), &usd, 5)).await;
    world.done(&alice, data("key", b"value")).await;
    let signer = Signer { key: SignerKey::HashX(Uint256([7; 32])), weight: 3 };
    let options = SetOptionsOp {
        home_domain: Some(String32("anchor.example".try_into().unwrap())),
        med_threshold: Some(2),
        master_weight: Some(5),
        signer: Some(signer.clone()),
        ..SetOptionsOp::default()
    };
    world.done(&alice, OperationBody::SetOptions(options)).await;
    let body = world.body(&format!("/accounts/{}", id(&alice))).await;
    let line = &body["balances"][0];
    assert_eq!(
        (&line["asset_code"], &line["asset_issuer"]),
        (&"USD".into(), &id(&issuer).to_string().into())
    );
    assert_eq!((&line["balance"], &line["limit"]), (&"0.0000005".into(), &"7.0000000".into()));
    assert_eq!(line["is_authorized"], true);
    assert_eq!(body["balances"][1]["asset_type"], "native");
    assert_eq!(body["subentry_count"], 3);
    assert_eq!(body["home_domain"], "anchor.example");
    assert_eq!(body["thresholds"]["med_threshold"], 2);
    assert_eq!(body["signers"][0]["key"], signer.key.to_string());
    assert_eq!(
        (&body["signers"][0]["type"], &body["signers"][1]["weight"]),
        (&"sha256_hash".into(), &5.into())
    );
    assert_eq!(body["data"], json!({ "key": "dmFsdWU=" }));
    assert!(body["sequence_ledger"].is_u64() && body["sequence_time"].is_string());
}

#[tokio::test]
async fn a_data_entry_is_json_or_raw() {
    let world = World::instant().await;
    let [alice] = world.funded(["alice"]).await;
    world.done(&alice, data("a key", b"\x00\xff")).await;
    let path = format!("/accounts/{}/data/a%20key", id(&alice));
    assert_eq!(world.body(&path).await, json!({ "value": "AP8=" }));
    let raw =
        world.http.get(world.url(&path)).header("Accept", "application/octet-stream").send().await.unwrap();
    assert_eq!(raw.bytes().await.unwrap().as_ref(), b"\x00\xff");
    assert_eq!(world.get(&format!("/accounts/{}/data/other", id(&alice))).await.0, 404);
}

#[tokio::test]
async fn a_missing_account_is_404_and_a_malformed_one_400() {
    let world = World::instant().await;
    let (status, body) = world.get(&format!("/accounts/{}", id(&build::key("nobody")))).await;
    assert_eq!((status.as_u16(), &body["status"]), (404, &404.into()));
    assert_eq!(body["type"], "https://stellar.org/horizon-errors/not_found");
    for bad in ["GABC", "x", "MA7QYNF7SOWQ3GLR2BGMZEHXAVIRZA4KVWLTJJFC7MGXUA74P7UJUAAAAAAAAAAAACJUQ"] {
        let (status, body) = world.get(&format!("/accounts/{bad}")).await;
        assert_eq!((status.as_u16(), &body["extras"]["invalid_field"]), (400, &"account_id".into()));
    }
}

#[tokio::test]
async fn accounts_are_found_by_exactly_one_filter() {
    let world = World::instant().await;
    let [issuer, alice, bob] = world.funded(["issuer", "alice", "bob"]).await;
    let usd = build::credit("USD", &id(&issuer));
    for holder in [&alice, &bob] {
        world.done(holder, build::change_trust(&usd, i64::MAX)).await;
    }
    let holders = format!("/accounts?asset=USD:{}", id(&issuer));
    let found: Vec<_> = world.records(&holders).await.iter().map(|account| account["id"].clone()).collect();
    let mut expected = [id(&alice).to_string(), id(&bob).to_string()];
    expected.sort();
    assert_eq!(found, expected);
    let first = world.body(&format!("{holders}&limit=1")).await;
    let second = world.records(&path_of(&world, &first["_links"]["next"])).await;
    assert_eq!((&records(&first)[0]["id"], &second[0]["id"]), (&found[0], &found[1]));
    let signed = world.records(&format!("/accounts?signer={}", id(&alice))).await;
    assert_eq!((signed.len(), &signed[0]["id"]), (1, &id(&alice).to_string().into()));
    for bad in [
        "/accounts",
        &format!("{holders}&signer={}", id(&alice)),
        "/accounts?asset=native",
        "/accounts?asset=USD",
    ] {
        assert_eq!(world.get(bad).await.0, 400, "{bad}");
    }
}
