//! Servers that fail, begin anew, belong to another network, or lose answers.

use super::*;

#[tokio::test]
async fn submission_whose_answer_is_lost_is_found_later() {
    for (fault, lands) in
        [(Fault::TimeoutBefore { by: Timeout::Cut }, false), (Fault::TimeoutAfter { by: Timeout::Cut }, true)]
    {
        let network = real().await;
        let (user, payer) = (Stranger::new(&network).await, Stranger::new(&network).await);
        let draft = payer.draft().await.operation(build::payment(user.address(), &Asset::Native, 7));
        let envelope = payer.sign(&draft);
        network.devnet.faults().add(FaultRule::new(fault.clone()).method("POST").times(1));
        network.ledger.submit(&encode(&envelope)).await.unwrap_err();
        network.close(1).await;
        let found = network.ledger.lookup(&hash(&network, &envelope)).await.unwrap();
        assert_eq!(matches!(found, Lookup::Succeeded { .. }), lands, "{fault:?}: {found:?}");
    }
}

#[tokio::test]
async fn trouble_of_the_server_is_never_an_answer() {
    let network = real().await;
    let user = Stranger::new(&network).await;
    let after = network.ledger.movements_start(&user.id()).await.unwrap();
    for fault in [
        Fault::ServerError { status: 500 },
        Fault::ServerError { status: 503 },
        Fault::TimeoutBefore { by: Timeout::Answer },
        Fault::TimeoutBefore { by: Timeout::Cut },
        Fault::RateLimit { retry_after: 3 },
    ] {
        network.devnet.faults().add(FaultRule::new(fault.clone()));
        let ledger = &network.ledger;
        let nobody = SigningKey::generate().account();
        assert!(ledger.account(&nobody).await.is_err(), "{fault:?}");
        assert!(ledger.accounts(&[nobody]).await.iter().all(Result::is_err), "{fault:?}");
        assert!(ledger.latest().await.is_err(), "{fault:?}");
        assert!(ledger.fee_bid().await.is_err(), "{fault:?}");
        assert!(ledger.lookup(&TransactionHash::from_bytes([1; 32])).await.is_err(), "{fault:?}");
        assert!(ledger.movements_start(&user.id()).await.is_err(), "{fault:?}");
        assert!(ledger.movements(&user.id(), &after).await.is_err(), "{fault:?}");
        network.devnet.faults().clear();
        ledger.latest().await.unwrap();
    }
}

#[tokio::test]
async fn stream_survives_errors_and_limits_without_gap_or_repetition() {
    for dialect in DIALECTS {
        let network = Rpc::new(dialect).await;
        let (user, payer) = (Stranger::new(&network).await, Stranger::new(&network).await);
        let after = network.ledger.movements_start(&user.id()).await.unwrap();
        let mut stream = network.ledger.follow(user.id(), after);
        let faults = [
            None,
            Some(Fault::ServerError { status: 502 }),
            Some(Fault::RateLimit { retry_after: 0 }),
            Some(Fault::TimeoutAfter { by: Timeout::Cut }),
            Some(Fault::Stale { ledgers: 2 }),
            None,
        ];
        let mut seen = Vec::new();
        for (amount, fault) in (1..).zip(faults) {
            payer.apply([build::payment(user.address(), &Asset::Native, amount)]).await;
            if let Some(fault) = fault {
                network.devnet.faults().add(FaultRule::new(fault).route("/rpc").times(2));
            }
            let page = loop {
                match stream.next().await.unwrap() {
                    Ok(page) if !page.movements.is_empty() => break page,
                    Ok(_) => {}
                    Err(error) => assert!(!matches!(error, LedgerError::HistoryGone { .. }), "{error}"),
                }
            };
            seen.extend(stroops(&page.movements));
        }
        assert_eq!(seen, [1, 2, 3, 4, 5, 6], "{dialect:?}");
    }
}

#[tokio::test]
async fn network_that_began_anew_is_noticed() {
    for dialect in DIALECTS {
        let network = Rpc::new(dialect).await;
        let user = Stranger::new(&network).await;
        let latest = network.ledger.latest().await.unwrap().sequence;
        for ahead in [1_u64, 5] {
            let near = Cursor::from(((u64::from(latest) + ahead) << 32 | u64::from(u32::MAX)).to_string());
            let page = network.ledger.movements(&user.id(), &near).await.unwrap();
            assert_eq!((page.next, page.more), (near, false), "a server that lags a little");
        }
        for operation in [u64::from(u32::MAX), 1 << 12] {
            let far = Cursor::from(((u64::from(latest) + 100) << 32 | operation).to_string());
            let page = network.ledger.movements(&user.id(), &far).await;
            assert!(matches!(page, Err(LedgerError::Malformed(_))), "{dialect:?}: {page:?}");
        }
    }
}

#[tokio::test]
async fn server_of_another_network_is_refused() {
    let devnet = Devnet::builder().passphrase("Another Network").start().await.unwrap();
    let url = devnet.rpc_url().parse().unwrap();
    let ledger = RpcLedger::new(&url, Network::new(Network::TESTNET), [], RpcOptions::default()).unwrap();
    assert!(matches!(ledger.latest().await, Err(LedgerError::OtherNetwork)));
    assert!(matches!(ledger.submit("AAAA").await, Err(LedgerError::Malformed(_))));
}

#[tokio::test]
async fn rpc_03_envelope_that_was_applied_is_told_by_looking_not_by_sending() {
    for dialect in DIALECTS {
        let network = Rpc::new(dialect).await;
        let (user, payer) = (Stranger::new(&network).await, Stranger::new(&network).await);
        let draft = payer.draft().await.operation(build::payment(user.address(), &Asset::Native, 7));
        let envelope = payer.sign(&draft);
        land(&network, &envelope).await;
        assert_eq!(network.ledger.submit(&encode(&envelope)).await.unwrap(), Submission::TryAgain);
        for _ in 0..12 {
            network.close(5).await;
        }
        let said = network.ledger.submit(&encode(&envelope)).await.unwrap();
        assert!(matches!(said, Submission::Rejected(_)), "{said:?}");
        let found = network.ledger.lookup(&hash(&network, &envelope)).await.unwrap();
        assert!(matches!(found, Lookup::Succeeded { .. }));
    }
}
