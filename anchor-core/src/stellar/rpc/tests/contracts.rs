//! Trying transactions: what is asked, and which answers are believed.

use super::*;
use crate::account::ContractId;
use crate::stellar::contracts::{ContractLedger as _, ContractServers, Simulated};

fn success() -> Value {
    json!({
        "transactionData": "AAAA", "minResourceFee": "1", "results": [{ "auth": [], "xdr": "AAAAAQ==" }],
        "latestLedger": 77,
    })
}

async fn simulated(reply: Reply) -> Result<Simulated, LedgerError> {
    Server::new([("simulateTransaction", reply)]).await.ledger.simulate("AAAA").await
}

#[tokio::test]
async fn r_45_044_simulation_is_always_told_to_enforce() {
    let server = Server::new([("simulateTransaction", result(success()))]).await;
    let said = server.ledger.simulate("AAAA").await.unwrap();
    assert_eq!(said, Simulated::Succeeded { latest: 77, data: "AAAA".to_owned() });
    let params = server.params("simulateTransaction");
    assert_eq!(params, [json!({ "transaction": "AAAA", "authMode": "enforce" })]);
}

#[tokio::test]
async fn r_45_042_what_the_network_says_is_a_no_and_what_a_server_says_is_none() {
    let error = |text: &str| result(with(&success(), json!({ "error": text, "results": null })));
    for text in [
        "HostError: Error(Auth, InvalidAction)\n\nEvent log (newest first): …",
        // also beside what looks like a result
        "Could not unmarshal transaction",
    ] {
        let said = simulated(error(text)).await.unwrap();
        assert!(matches!(said, Simulated::Refused { latest: Some(77), .. }), "{said:?}");
    }
    let both = simulated(result(with(&success(), json!({ "error": "HostError: no" })))).await.unwrap();
    assert!(matches!(both, Simulated::Refused { .. }), "{both:?}");
    let unread = simulated(Reply::Error(-32602, "invalid params")).await.unwrap();
    assert!(matches!(unread, Simulated::Refused { latest: None, .. }), "{unread:?}");
    for trouble in [
        error("preflight queue full"),
        error("missing meta for latest ledger (77)"),
        Reply::Error(-32603, "internal error"),
        Reply::Raw(http("503 Service Unavailable", "")),
        Reply::Raw(ok(&json!("nonsense"))),
        result(json!({})),
        result(with(&success(), json!({ "results": [] }))),
        result(with(&success(), json!({ "results": null }))),
        result(with(&success(), json!({ "transactionData": null }))),
        result(with(&success(), json!({ "latestLedger": null }))),
        result(json!({ "latestLedger": 77 })),
    ] {
        let said = simulated(trouble.clone()).await;
        assert!(said.is_err(), "{trouble:?}: {said:?}");
    }
}

#[tokio::test]
async fn next_server_is_asked_where_one_does_not_answer() {
    let down = Server::new([("simulateTransaction", Reply::Error(-32603, "internal error"))]).await;
    let up = Server::new([("simulateTransaction", result(success()))]).await;
    let refuses = Server::new([(
        "simulateTransaction",
        result(json!({ "error": "HostError: no", "latestLedger": 77 })),
    )])
    .await;
    let both = ContractServers::new([Arc::new(down.ledger) as _, Arc::new(up.ledger) as _]);
    assert!(matches!(both.simulate("AAAA").await, Ok(Simulated::Succeeded { .. })));
    // a no is an answer: nobody asks until somebody says yes
    let up = Server::new([("simulateTransaction", result(success()))]).await;
    let both = ContractServers::new([Arc::new(refuses.ledger) as _, Arc::new(up.ledger) as _]);
    assert!(matches!(both.simulate("AAAA").await, Ok(Simulated::Refused { .. })));
    assert!(up.asked.lock().unwrap().is_empty());
    assert!(ContractServers::new([]).latest_ledger().await.is_err());
}

#[tokio::test]
async fn contract_that_is_not_there_is_none_and_another_entry_is_nonsense() {
    let contract = ContractId::from_bytes([1; 32]);
    let code = |entries: Value| async move {
        let server =
            Server::new([("getLedgerEntries", result(json!({ "entries": entries, "latestLedger": 77 })))])
                .await;
        server.ledger.contract_code(&contract, "web_auth_verify").await
    };
    assert_eq!(code(json!([])).await.unwrap(), None);
    let entry = json!({ "key": "AAAA", "xdr": "AAAA", "lastModifiedLedgerSeq": 1 });
    assert!(code(json!([entry])).await.is_err());
}
