use async_trait::async_trait;
use futures_util::StreamExt as _;
use futures_util::stream::BoxStream;

use super::*;
use crate::keys::SigningKey;
use crate::stellar::envelope::{Claimant, EnvelopeSpec, Operation, Payment, SignedEnvelope};
use crate::stellar::{Cursor, Failure, FailureKind, Ledger, LedgerError, MovementPage, Submission};

const NOW: u64 = 1_800_000_000;

fn key(seed: u8) -> SigningKey {
    SigningKey::from_seed([seed; 32])
}

fn id(seed: u8) -> AccountId {
    key(seed).account()
}

fn stroops(stroops: i64) -> StellarAmount {
    StellarAmount::from_stroops(stroops).unwrap()
}

fn usd() -> StellarAsset {
    StellarAsset::Credit { code: "USD".parse().unwrap(), issuer: id(9) }
}

fn ledger() -> FakeLedger {
    let ledger = FakeLedger::new(Network::new(Network::TESTNET), NOW);
    ledger.fund(id(1), stroops(1_000_000_000));
    ledger.trust(id(1), &usd(), stroops(500));
    ledger
}

fn envelope(ledger: &FakeLedger, operations: impl Into<Vec<Operation>>, max_time: u64) -> SignedEnvelope {
    let sequence = ledger.state().world.accounts[&id(1)].sequence + 1;
    let spec = EnvelopeSpec {
        network: ledger.network(),
        transaction_source: id(1),
        sequence,
        operation_source: None,
        operations: operations.into(),
        memo: Memo::Id(5),
        fee_per_operation: 100,
        max_time,
    };
    let envelope = spec.build().unwrap();
    let signature = (id(1), key(1).sign(envelope.hash().as_bytes()));
    envelope.sign(&[signature]).unwrap()
}

fn pay(to: u8, amount: i64) -> Operation {
    Payment::Pay { destination: id(to).into(), asset: usd(), amount: stroops(amount) }.into()
}

#[tokio::test]
async fn payment_arrives_when_the_ledger_closes() {
    let ledger = ledger();
    ledger.fund(id(2), stroops(100));
    ledger.trust(id(2), &usd(), StellarAmount::ZERO);
    let start = ledger.movements_start(&id(2)).await.unwrap();
    let sent = envelope(&ledger, [pay(2, 20), pay(2, 30)], NOW + 60);
    assert_eq!(ledger.submit(&sent.xdr).await.unwrap(), Submission::Accepted);
    assert_eq!(ledger.submit(&sent.xdr).await.unwrap(), Submission::Accepted);
    let checked = ledger.latest().await.unwrap();
    assert_eq!(ledger.lookup(&sent.hash).await.unwrap(), Lookup::NotFound { checked });

    let point = ledger.close();
    let applied = Lookup::Succeeded { ledger: point.sequence, claimable_balances: vec![] };
    assert_eq!(ledger.lookup(&sent.hash).await.unwrap(), applied);
    assert_eq!(ledger.balance(&id(2), &usd()), stroops(50));
    assert_eq!(ledger.balance(&id(1), &usd()), stroops(450));
    let page = ledger.movements(&id(2), &start).await.unwrap();
    let amounts: Vec<_> = page.movements.iter().map(|movement| movement.amount).collect();
    assert_eq!(amounts, [stroops(20), stroops(30)]);
    assert_eq!(page.movements[0].memo, Memo::Id(5));
    assert_eq!(ledger.submit(&sent.xdr).await.unwrap(), Submission::Applied { ledger: point.sequence });
}

#[tokio::test]
async fn failed_operation_takes_the_fee_and_nothing_else() {
    let ledger = ledger();
    ledger.fund(id(2), stroops(100));
    let sent = envelope(&ledger, [pay(9, 20), pay(2, 30)], NOW + 60);
    ledger.submit(&sent.xdr).await.unwrap();
    let point = ledger.close();
    // the issuer does not exist here
    let failure = Failure {
        operations: vec![Some(FailureKind::NoDestination), None],
        ..Failure::new(FailureKind::NoDestination, "tx_failed: op_no_destination")
    };
    assert_eq!(ledger.lookup(&sent.hash).await.unwrap(), Lookup::Failed { ledger: point.sequence, failure });
    assert_eq!(ledger.balance(&id(1), &usd()), stroops(500));
    assert_eq!(ledger.balance(&id(1), &StellarAsset::Native), stroops(1_000_000_000 - 200));
}

#[tokio::test]
async fn envelope_past_its_bound_is_dropped() {
    let ledger = ledger();
    let sent = envelope(&ledger, [pay(2, 20)], NOW + 9);
    ledger.submit(&sent.xdr).await.unwrap();
    let checked = ledger.close_at(NOW + 10);
    assert_eq!(ledger.lookup(&sent.hash).await.unwrap(), Lookup::NotFound { checked });
    let failure = Failure::new(FailureKind::TooLate, "tx_too_late");
    assert_eq!(ledger.submit(&sent.xdr).await.unwrap(), Submission::Rejected(failure));
}

#[tokio::test]
async fn claimable_balances_and_new_accounts_are_created() {
    let ledger = ledger();
    let claimants = vec![Claimant { account: id(3), from: None }];
    let balance = Payment::ClaimableBalance { claimants, asset: usd(), amount: stroops(7) };
    let create = Payment::CreateAccount { destination: id(3), starting_balance: stroops(9) };
    let sent = envelope(&ledger, [balance.into(), create.into()], NOW + 60);
    ledger.submit(&sent.xdr).await.unwrap();
    ledger.close();
    let Lookup::Succeeded { claimable_balances, .. } = ledger.lookup(&sent.hash).await.unwrap() else {
        panic!("not applied")
    };
    assert_eq!(claimable_balances.iter().map(String::len).collect::<Vec<_>>(), [72]);
    assert_eq!(ledger.account(&id(3)).await.unwrap().unwrap().balance, stroops(9));
}

#[tokio::test]
async fn lost_submissions_differ_only_in_what_the_ledger_knows() {
    let lost = |fault| async {
        let ledger = ledger();
        ledger.fund(id(9), stroops(1));
        let sent = envelope(&ledger, [pay(9, 20)], NOW + 60);
        ledger.inject(fault);
        ledger.submit(&sent.xdr).await.unwrap_err();
        assert_eq!(ledger.submissions(), [sent.xdr]);
        ledger.close();
        matches!(ledger.lookup(&sent.hash).await.unwrap(), Lookup::Succeeded { .. })
    };
    assert!(!lost(Fault::SubmitLostBefore).await);
    assert!(lost(Fault::SubmitLostAfter).await);
}

#[tokio::test]
async fn frozen_server_answers_with_what_it_knew() {
    let ledger = ledger();
    ledger.fund(id(9), stroops(1));
    let sent = envelope(&ledger, [pay(9, 20)], NOW + 60);
    ledger.submit(&sent.xdr).await.unwrap();
    ledger.freeze();
    let checked = ledger.latest().await.unwrap();
    let closed = ledger.close();
    assert_eq!(ledger.lookup(&sent.hash).await.unwrap(), Lookup::NotFound { checked });
    ledger.thaw();
    assert_eq!(ledger.latest().await.unwrap(), closed);
    assert!(matches!(ledger.lookup(&sent.hash).await.unwrap(), Lookup::Succeeded { .. }));
}

#[tokio::test]
async fn stream_follows_from_its_cursor_and_goes_on_after_an_error() {
    let ledger = ledger();
    let start = ledger.movements_start(&id(1)).await.unwrap();
    let arrives = |stroops_| ledger.arrives(id(5).into(), id(1).into(), usd(), stroops(stroops_), Memo::None);
    let first = arrives(1);
    let mut stream = ledger.follow(id(1), start);
    assert_eq!(stream.next().await.unwrap().unwrap().movements, [first]);
    ledger.inject(Fault::Movements);
    let second = arrives(2);
    stream.next().await.unwrap().unwrap_err();
    assert_eq!(stream.next().await.unwrap().unwrap().movements, [second]);
    assert_eq!(ledger.balance(&id(1), &usd()), stroops(503));
}

mod conformance {
    use super::*;
    use crate::testing::ledger::conformance::TestNetwork;

    #[async_trait]
    impl TestNetwork for FakeLedger {
        fn ledger(&self) -> &dyn Ledger {
            self
        }

        async fn fund(&self, account: AccountId) {
            Self::fund(self, account, stroops(100_000_000_000));
        }

        async fn close(&self, seconds: u64) {
            let now = self.state().world.point.closed_at;
            self.close_at(now + seconds);
        }
    }

    async fn fake() -> FakeLedger {
        FakeLedger::new(Network::new(Network::TESTNET), NOW)
    }

    crate::ledger_conformance!(fake);
}

/// The suite is worth something only if it notices.
mod broken {
    use super::*;
    use crate::testing::ledger::conformance::{TestNetwork, accounts, history, submission};

    #[derive(Debug, Clone, Copy, PartialEq)]
    enum Bug {
        Nothing,
        KnowsNoAccount,
        AcceptsAnything,
        FindsNothing,
        ChecksNothing,
        ForgetsMuxedIds,
        RepeatsHistory,
        SkipsHistory,
        BeginsAtTheBeginning,
    }

    #[derive(Debug)]
    struct Broken(FakeLedger, Bug);

    impl Broken {
        fn has(&self, bug: Bug) -> bool {
            self.1 == bug
        }
    }

    #[async_trait]
    impl Ledger for Broken {
        fn network(&self) -> &Network {
            self.0.network()
        }

        async fn latest(&self) -> Result<LedgerPoint, LedgerError> {
            self.0.latest().await
        }

        async fn account(&self, id: &AccountId) -> Result<Option<AccountSnapshot>, LedgerError> {
            let found = self.0.account(id).await?;
            Ok(found.filter(|_| !self.has(Bug::KnowsNoAccount)))
        }

        async fn fee_bid(&self) -> Result<u32, LedgerError> {
            self.0.fee_bid().await
        }

        async fn submit(&self, envelope: &str) -> Result<Submission, LedgerError> {
            let said = self.0.submit(envelope).await?;
            Ok(if self.has(Bug::AcceptsAnything) { Submission::Accepted } else { said })
        }

        async fn lookup(&self, hash: &TransactionHash) -> Result<Lookup, LedgerError> {
            let checked = self.0.latest().await?;
            match self.0.lookup(hash).await? {
                _ if self.has(Bug::FindsNothing) => Ok(Lookup::NotFound { checked }),
                Lookup::NotFound { .. } if self.has(Bug::ChecksNothing) => {
                    Ok(Lookup::NotFound { checked: LedgerPoint { sequence: u32::MAX, closed_at: 0 } })
                }
                found => Ok(found),
            }
        }

        async fn movements_start(&self, account: &AccountId) -> Result<Cursor, LedgerError> {
            if self.has(Bug::BeginsAtTheBeginning) {
                return Ok(Cursor::from("0".to_owned()));
            }
            self.0.movements_start(account).await
        }

        async fn movements(&self, account: &AccountId, after: &Cursor) -> Result<MovementPage, LedgerError> {
            let mut page = self.0.movements(account, after).await?;
            match self.1 {
                Bug::ForgetsMuxedIds => page.movements.iter_mut().for_each(|movement| {
                    movement.to = movement.to.ledger_account().unwrap().into();
                }),
                Bug::RepeatsHistory => page.next = after.clone(),
                Bug::SkipsHistory => page.movements.truncate(1),
                _ => {}
            }
            Ok(page)
        }

        fn follow(
            &self,
            account: AccountId,
            after: Cursor,
        ) -> BoxStream<'_, Result<MovementPage, LedgerError>> {
            self.0.follow(account, after)
        }
    }

    #[async_trait]
    impl TestNetwork for Broken {
        fn ledger(&self) -> &dyn Ledger {
            self
        }

        async fn fund(&self, account: AccountId) {
            self.0.fund(account, stroops(100_000_000_000));
        }

        async fn close(&self, seconds: u64) {
            let now = self.0.state().world.point.closed_at;
            self.0.close_at(now + seconds);
        }
    }

    /// Whether the case notices the bug, and passes without it.
    macro_rules! notices {
        ($bug:expr, $case:path) => {{
            let passes = |bug| {
                let broken = Broken(FakeLedger::new(Network::new(Network::TESTNET), NOW), bug);
                tokio::spawn(async move { $case(&broken).await })
            };
            assert!(passes(Bug::Nothing).await.is_ok());
            assert!(passes($bug).await.is_err(), "{:?} passes", $bug);
        }};
    }

    #[tokio::test]
    async fn suite_fails_for_broken_ledgers() {
        notices!(Bug::KnowsNoAccount, accounts::funded_account_is_seen);
        notices!(Bug::AcceptsAnything, submission::used_sequence_number_is_rejected);
        notices!(Bug::AcceptsAnything, submission::envelope_past_its_bound_is_rejected);
        notices!(Bug::FindsNothing, submission::payment_lands_and_is_found);
        notices!(Bug::ChecksNothing, submission::unknown_transaction_is_not_found_up_to_the_latest_ledger);
        notices!(Bug::ChecksNothing, submission::envelope_that_expires_unapplied_is_never_found);
        notices!(Bug::ForgetsMuxedIds, history::muxed_destination_and_memo_are_kept);
        notices!(Bug::RepeatsHistory, history::history_is_read_on_from_any_cursor);
        notices!(Bug::SkipsHistory, history::every_operation_of_a_transaction_is_a_movement);
        notices!(Bug::BeginsAtTheBeginning, history::history_starts_now);
    }
}
