//! Accounts, as they are shown.

use super::*;

fn account() -> Value {
    json!({
        "account_id": id().to_string(), "sequence": "5", "subentry_count": 1,
        "thresholds": {"low_threshold": 0, "med_threshold": 2, "high_threshold": 3},
        "balances": [
            {"asset_type": "liquidity_pool_shares", "balance": "1.0", "limit": "2.0", "liquidity_pool_id": "ab"},
            {"asset_type": "credit_alphanum4", "asset_code": "USD", "asset_issuer": id().to_string(),
             "balance": "1.5000000", "limit": "922337203685.4775807", "is_authorized": false},
            {"asset_type": "native", "balance": "10.0000001", "selling_liabilities": "0.0000002"},
        ],
        "signers": [
            {"type": "sha256_hash", "key": "X", "weight": 1},
            {"type": "ed25519_public_key", "key": id().to_string(), "weight": 255},
        ],
        "flags": {"auth_required": true, "auth_revocable": true, "auth_immutable": false},
        "data": {"config.memo_required": "MQ=="},
    })
}

#[tokio::test]
async fn account_is_read_as_it_is_shown() {
    let server = Server::new([(ACCOUNT, ok(&account()))]).await;
    let read = server.ledger.account(&id()).await.unwrap().unwrap();
    assert_eq!(
        (read.sequence, read.balance.stroops(), read.selling_liabilities.stroops()),
        (5, 100_000_001, 2)
    );
    assert_eq!(read.medium_threshold, 2);
    let signers =
        vec![(crate::stellar::SignerKey::Other, 1), (crate::stellar::SignerKey::Ed25519(id()), 255)];
    assert_eq!(read.signers, signers);
    assert_eq!(read.trust_lines.len(), 1);
    assert!(!read.trust_lines[0].authorized);
    assert_eq!(read.trust_lines[0].limit.stroops(), i64::MAX);
    assert!(read.memo_required && read.auth_required);
    // authorised lines may keep their offers too, which is not what "limited" means
    for (authorized, maintains, limited) in [(true, true, false), (false, true, true), (false, false, false)]
    {
        let mut shown = account();
        shown["balances"][1]["is_authorized"] = authorized.into();
        shown["balances"][1]["is_authorized_to_maintain_liabilities"] = maintains.into();
        let server = Server::new([(ACCOUNT, ok(&shown))]).await;
        let line = server.ledger.account(&id()).await.unwrap().unwrap().trust_lines.remove(0);
        assert_eq!((line.authorized, line.limited), (authorized, limited));
    }
}

#[tokio::test]
async fn account_that_makes_no_sense_is_not_believed() {
    let with = |pointer: &str, value: Value| {
        let mut account = account();
        *account.pointer_mut(pointer).unwrap() = value;
        account
    };
    for account in [
        with("/account_id", json!(AccountId::from_bytes([3; 32]).to_string())),
        with("/balances", json!([])),
        with("/balances/2/balance", json!("-1.0")),
        with("/balances/2/balance", json!("1.00000001")),
        with("/balances/1/limit", json!("1e3")),
        with("/balances/1/asset_code", json!("U$D")),
        with("/signers/1/key", json!("G")),
        with("/signers/1/weight", json!(-1)),
        with("/sequence", json!("9223372036854775808")),
    ] {
        let server = Server::new([(ACCOUNT, ok(&account))]).await;
        assert!(is_malformed(&server.ledger.account(&id()).await), "{account}");
    }
}
