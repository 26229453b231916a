//! What arrived, and reading on from where one was.

use super::*;

/// All of history from a cursor to its end.
async fn history(ledger: &dyn Ledger, account: &AccountId, after: &Cursor) -> (Vec<(String, i64)>, Cursor) {
    let (mut all, mut after) = (Vec::new(), after.clone());
    loop {
        let page = ledger.movements(account, &after).await.unwrap();
        assert_eq!(page.poison, []);
        all.extend(page.movements.into_iter().map(|each| (each.id, each.amount.stroops())));
        after = page.next;
        if !page.more {
            return (all, after);
        }
    }
}

fn amounts(history: &[(String, i64)]) -> Vec<i64> {
    history.iter().map(|(_, amount)| *amount).collect()
}

#[tokio::test]
async fn path_payments_count_by_what_arrived() {
    for dialect in DIALECTS {
        let network = Rpc::new(dialect).await;
        let (_issuer, user, usd) = market(&network).await;
        let payer = Stranger::new(&network).await;
        let after = network.ledger.movements_start(&user.id()).await.unwrap();
        let send = PathPaymentStrictSendOp {
            send_asset: Asset::Native,
            send_amount: 1000,
            destination: build::muxed(&user.address(), 42),
            dest_asset: usd.clone(),
            dest_min: 1,
            path: VecM::default(),
        };
        let receive = PathPaymentStrictReceiveOp {
            send_asset: Asset::Native,
            send_max: 1_000_000,
            destination: user.address().into(),
            dest_asset: usd,
            dest_amount: 70,
            path: VecM::default(),
        };
        let operations =
            [OperationBody::PathPaymentStrictSend(send), OperationBody::PathPaymentStrictReceive(receive)];
        payer.apply(operations).await;
        let movements = arrived(&network, &user.id(), &after).await;
        assert_eq!(stroops(&movements), [500, 70], "{dialect:?}");
        assert_eq!(movements[0].to, Account::Muxed { account: user.id(), id: 42 });
    }
}

#[tokio::test]
async fn merged_account_brings_its_lumens_and_is_gone() {
    for dialect in DIALECTS {
        let network = Rpc::new(dialect).await;
        let (user, leaver) = (Stranger::new(&network).await, Stranger::new(&network).await);
        let after = network.ledger.movements_start(&user.id()).await.unwrap();
        leaver.apply([OperationBody::AccountMerge(user.address().into())]).await;
        let movements = arrived(&network, &user.id(), &after).await;
        assert_eq!(stroops(&movements), [100_000_000_000 - 100]);
        assert_eq!(network.ledger.account(&leaver.id()).await.unwrap(), None);
    }
}

#[tokio::test]
async fn claimed_balance_arrives_with_what_it_held() {
    for dialect in DIALECTS {
        let network = Rpc::new(dialect).await;
        let (user, payer) = (Stranger::new(&network).await, Stranger::new(&network).await);
        let claimant = ClaimantV0 { destination: user.address(), predicate: ClaimPredicate::Unconditional };
        let create = CreateClaimableBalanceOp {
            asset: Asset::Native,
            amount: 55,
            claimants: vec![Claimant::ClaimantTypeV0(claimant)].try_into().unwrap(),
        };
        let created = payer.apply([OperationBody::CreateClaimableBalance(create)]).await;
        let Lookup::Succeeded { claimable_balances, .. } = network.ledger.lookup(&created).await.unwrap()
        else {
            panic!("not created")
        };
        let after = network.ledger.movements_start(&user.id()).await.unwrap();
        let balance_id =
            ClaimableBalanceId::ClaimableBalanceIdTypeV0(claimable_balances[0][8..].parse().unwrap());
        user.apply([OperationBody::ClaimClaimableBalance(ClaimClaimableBalanceOp { balance_id })]).await;
        let movements = arrived(&network, &user.id(), &after).await;
        assert_eq!(stroops(&movements), [55], "{dialect:?}");
        assert_eq!((movements[0].from, movements[0].to), (payer.id().into(), user.id().into()));
        assert_eq!(movements[0].asset, StellarAsset::Native);
    }
}

#[tokio::test]
async fn rpc_10_cursor_older_than_the_servers_memory_is_a_gap_and_never_skipped() {
    for dialect in DIALECTS {
        let network = Rpc::on(builder(dialect).rpc_retention(4)).await;
        let (user, payer) = (Stranger::new(&network).await, Stranger::new(&network).await);
        let end_of_ledger = network.ledger.movements_start(&user.id()).await.unwrap();
        payer.apply([build::payment(user.address(), &Asset::Native, 7)]).await;
        let (arrived, _) = history(&network.ledger, &user.id(), &end_of_ledger).await;
        assert_eq!(amounts(&arrived), [7]);
        let transaction = network.ledger.movements(&user.id(), &end_of_ledger).await.unwrap().next;
        for _ in 0..8 {
            network.close(5).await;
        }
        payer.apply([build::payment(user.address(), &Asset::Native, 8)]).await;
        // another process, which remembers no page
        let ledger = adapter(&network.devnet);
        for cursor in [end_of_ledger, transaction] {
            let page = ledger.movements(&user.id(), &cursor).await;
            assert!(matches!(page, Err(LedgerError::HistoryGone { .. })), "{dialect:?} {cursor}: {page:?}");
            let item = ledger.follow(user.id(), cursor).next().await.unwrap();
            assert!(matches!(item, Err(LedgerError::HistoryGone { .. })));
        }
        // the last ledger that is remembered is enough to go on from the one before it
        let latest = ledger.latest().await.unwrap().sequence;
        let cursor = Cursor::from((u64::from(latest - 4) << 32 | u64::from(u32::MAX)).to_string());
        assert_eq!(amounts(&history(&ledger, &user.id(), &cursor).await.0), [8]);
    }
}

#[tokio::test]
async fn rpc_10_long_history_is_read_in_pages_without_gaps_or_repetition() {
    for dialect in DIALECTS {
        let network = Rpc::new(dialect).await;
        let (user, other, payer) =
            (Stranger::new(&network).await, Stranger::new(&network).await, Stranger::new(&network).await);
        let start = network.ledger.movements_start(&user.id()).await.unwrap();
        let account = network.ledger.account(&payer.id()).await.unwrap().unwrap();
        for amount in 1..=250_i64 {
            let to = if amount % 2 == 0 { &other } else { &user };
            let draft = Draft::new(&payer.address(), account.sequence + amount).operation(build::payment(
                to.address(),
                &Asset::Native,
                amount,
            ));
            network.devnet.submit(payer.sign(&draft));
            network.close(1).await;
        }
        let (mine, end) = history(&network.ledger, &user.id(), &start).await;
        assert_eq!(amounts(&mine), (1..=250).step_by(2).collect::<Vec<_>>(), "{dialect:?}");
        assert_eq!(history(&network.ledger, &user.id(), &end).await.0, []);
        // the same pages, kept
        let (theirs, _) = history(&network.ledger, &other.id(), &start).await;
        assert_eq!(amounts(&theirs), (2..=250).step_by(2).collect::<Vec<_>>());
    }
}

#[tokio::test]
async fn horizon_and_rpc_tell_the_same_history_under_the_same_positions() {
    for dialect in DIALECTS {
        let network = Rpc::new(dialect).await;
        let url = network.devnet.url().parse().unwrap();
        let passphrase = Network::new(network.devnet.passphrase());
        let horizon = HorizonLedger::new(&url, passphrase, HorizonOptions::default()).unwrap();
        let (user, payer) = (Stranger::new(&network).await, Stranger::new(&network).await);
        let start = horizon.movements_start(&user.id()).await.unwrap();
        assert_eq!(network.ledger.movements_start(&user.id()).await.unwrap(), start);
        let pay = |amount| build::payment(user.address(), &Asset::Native, amount);
        payer.apply([pay(1), pay(2)]).await;
        let (by_horizon, horizons_end) = history(&horizon, &user.id(), &start).await;
        let (by_rpc, rpcs_end) = history(&network.ledger, &user.id(), &start).await;
        assert_eq!(by_horizon, by_rpc);
        payer.apply([pay(3)]).await;
        // an anchor that changes servers reads on where it was
        assert_eq!(amounts(&history(&network.ledger, &user.id(), &horizons_end).await.0), [3]);
        assert_eq!(amounts(&history(&horizon, &user.id(), &rpcs_end).await.0), [3]);
        let (shown, by_horizon) =
            (network.ledger.account(&user.id()).await.unwrap(), horizon.account(&user.id()).await.unwrap());
        assert_eq!(shown, by_horizon);
    }
}
