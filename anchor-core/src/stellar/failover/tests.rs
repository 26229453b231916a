use std::sync::atomic::AtomicU8;

use super::*;
use crate::amount::StellarAmount;
use crate::stellar::Failure;
use crate::testing::fakes::samples;
use crate::testing::ledger::FakeLedger;

/// How a server of the tests answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
enum Mood {
    Honest,
    /// Not at all.
    Down,
    /// After longer than anybody waits.
    Hanging,
    /// It never heard of any transaction, whatever it has read.
    Ignorant,
    /// What it keeps of transactions is broken.
    Amnesic,
    /// Ledgers closed at another time.
    Otherwise,
    /// Accounts are poorer.
    Poorer,
    /// Everything failed.
    Gloomy,
}

/// A server of the same network, in some mood. Clones share it.
#[derive(Debug, Clone)]
struct Moody {
    inner: FakeLedger,
    mood: Arc<AtomicU8>,
}

impl Moody {
    fn new(inner: FakeLedger) -> Self {
        Self { inner, mood: Arc::default() }
    }

    fn be(&self, mood: Mood) {
        self.mood.store(mood as u8, Ordering::SeqCst);
    }

    fn is(&self, mood: Mood) -> bool {
        self.mood.load(Ordering::SeqCst) == mood as u8
    }

    async fn up(&self) -> Result<(), LedgerError> {
        if self.is(Mood::Hanging) {
            std::future::pending::<()>().await;
        }
        if self.is(Mood::Down) { Err(LedgerError::Server { status: 503 }) } else { Ok(()) }
    }
}

#[async_trait]
impl Ledger for Moody {
    fn network(&self) -> &Network {
        self.inner.network()
    }

    async fn latest(&self) -> Result<LedgerPoint, LedgerError> {
        self.up().await?;
        let point = self.inner.latest().await?;
        let off = u64::from(self.is(Mood::Otherwise));
        Ok(LedgerPoint { closed_at: point.closed_at + off, ..point })
    }

    async fn account(&self, id: &AccountId) -> Result<Option<AccountSnapshot>, LedgerError> {
        self.up().await?;
        let account = self.inner.account(id).await?;
        let poorer = |account: AccountSnapshot| AccountSnapshot { balance: StellarAmount::ZERO, ..account };
        Ok(if self.is(Mood::Poorer) { account.map(poorer) } else { account })
    }

    async fn fee_bid(&self) -> Result<u32, LedgerError> {
        self.up().await?;
        self.inner.fee_bid().await
    }

    async fn submit(&self, envelope: &str) -> Result<Submission, LedgerError> {
        self.up().await?;
        self.inner.submit(envelope).await
    }

    async fn lookup(&self, hash: &TransactionHash) -> Result<Lookup, LedgerError> {
        self.up().await?;
        if self.is(Mood::Amnesic) {
            return Err(LedgerError::Server { status: 500 });
        }
        if self.is(Mood::Ignorant) {
            return Ok(Lookup::NotFound { checked: self.inner.latest().await? });
        }
        match self.inner.lookup(hash).await? {
            Lookup::Succeeded { ledger, .. } if self.is(Mood::Gloomy) => Ok(Lookup::Failed {
                ledger,
                failure: Failure::new(crate::stellar::FailureKind::Other, "gloom"),
            }),
            found => Ok(found),
        }
    }

    async fn claimable_balance(&self, id: &str) -> Result<BalanceLookup, LedgerError> {
        self.up().await?;
        if self.is(Mood::Ignorant) {
            return Ok(BalanceLookup::Absent { checked: self.inner.latest().await? });
        }
        self.inner.claimable_balance(id).await
    }

    async fn movements_start(&self, account: &AccountId) -> Result<Cursor, LedgerError> {
        self.up().await?;
        self.inner.movements_start(account).await
    }

    async fn movements(&self, account: &AccountId, after: &Cursor) -> Result<MovementPage, LedgerError> {
        self.up().await?;
        self.inner.movements(account, after).await
    }

    fn follow(&self, account: AccountId, after: Cursor) -> BoxStream<'_, Result<MovementPage, LedgerError>> {
        self.inner.follow(account, after)
    }
}

/// One ledger behind the other by so many ledgers, and both as one.
struct Pair {
    fresh: Moody,
    lagging: Moody,
    ledger: FailoverLedger,
}

fn pair(lag: usize, options: FailoverOptions) -> Pair {
    let fake = FakeLedger::new(Network::new(Network::TESTNET), 1_000_000);
    fake.fund(samples::user().account(), StellarAmount::from_stroops(100).unwrap());
    let (fresh, lagging) = (Moody::new(fake.clone()), Moody::new(fake.behind(lag)));
    // the one that lags is preferred
    let servers: Vec<(String, Arc<dyn Ledger>)> = vec![
        ("lagging".to_owned(), Arc::new(lagging.clone())),
        ("fresh".to_owned(), Arc::new(fresh.clone())),
    ];
    for _ in 0..lag {
        fake.close();
    }
    Pair { fresh, lagging, ledger: FailoverLedger::new(servers, options).unwrap() }
}

fn states(ledger: &FailoverLedger) -> Vec<EndpointState> {
    ledger.endpoints().unwrap().each.into_iter().map(|endpoint| endpoint.state).collect()
}

#[tokio::test]
async fn servers_that_cannot_be_one_ledger_are_refused() {
    let server = |passphrase: &str| -> (String, Arc<dyn Ledger>) {
        (passphrase.to_owned(), Arc::new(FakeLedger::new(Network::new(passphrase), 0)))
    };
    let with = |servers, quorum| {
        FailoverLedger::new(servers, FailoverOptions { quorum, ..FailoverOptions::default() })
    };
    assert!(matches!(with(Vec::new(), 1), Err(FailoverError::Nobody)));
    let mixed = with(vec![server(Network::TESTNET), server(Network::PUBLIC)], 1);
    assert!(matches!(mixed, Err(FailoverError::OtherNetwork)));
    for quorum in [0, 2] {
        assert!(matches!(with(vec![server(Network::TESTNET)], quorum), Err(FailoverError::Quorum)));
    }
}

#[tokio::test]
async fn latest_ledger_is_that_of_the_server_that_has_read_furthest() {
    let pair = pair(3, FailoverOptions::default());
    let latest = pair.ledger.latest().await.unwrap();
    assert_eq!(latest, pair.fresh.inner.latest().await.unwrap());
    pair.fresh.be(Mood::Down);
    assert_eq!(pair.ledger.latest().await.unwrap().sequence, latest.sequence - 3, "it says so itself");
}

#[tokio::test]
async fn server_that_falls_far_behind_is_told_apart_and_forgiven() {
    let pair = pair(13, FailoverOptions::default());
    pair.ledger.latest().await.unwrap();
    assert_eq!(states(&pair.ledger), [EndpointState::Behind, EndpointState::Well]);
    pair.fresh.be(Mood::Down);
    pair.ledger.latest().await.unwrap();
    assert_eq!(states(&pair.ledger)[0], EndpointState::Well, "there is nobody to be behind of");
}

#[tokio::test]
async fn balance_is_gone_only_if_nobody_in_good_standing_says_otherwise() {
    let pair = pair(1, FailoverOptions::default());
    let id = format!("00000000{}", "07".repeat(32));
    let gone = pair.ledger.claimable_balance(&id).await.unwrap();
    let checked = pair.lagging.inner.latest().await.unwrap();
    assert_eq!(gone, BalanceLookup::Absent { checked }, "as of the one that has read less");
    pair.fresh.be(Mood::Down);
    pair.ledger.claimable_balance(&id).await.unwrap_err();
    pair.fresh.be(Mood::Honest);
    pair.fresh.inner.sets_aside(&id, &[], &samples::token(), StellarAmount::from_stroops(7).unwrap());
    pair.fresh.inner.close();
    pair.lagging.be(Mood::Ignorant);
    assert!(matches!(pair.ledger.claimable_balance(&id).await.unwrap(), BalanceLookup::Held { .. }));
}

#[tokio::test]
async fn balance_is_not_there_because_a_server_shows_what_another_one_has_read_beyond() {
    let pair = pair(1, FailoverOptions::default());
    let id = format!("00000000{}", "07".repeat(32));
    let user = samples::user().account();
    pair.fresh.inner.trust(user, &samples::token(), StellarAmount::ZERO);
    pair.fresh.inner.sets_aside(&id, &[user], &samples::token(), StellarAmount::from_stroops(7).unwrap());
    pair.fresh.inner.close();
    assert!(matches!(pair.ledger.claimable_balance(&id).await.unwrap(), BalanceLookup::Held { .. }));
    assert!(pair.fresh.inner.claims(user, &id, crate::memo::Memo::None));
    assert!(matches!(pair.lagging.inner.claimable_balance(&id).await.unwrap(), BalanceLookup::Held { .. }));
    let unknown = pair.ledger.claimable_balance(&id).await;
    assert!(matches!(unknown, Err(LedgerError::Behind { .. })), "{unknown:?}");
    pair.fresh.inner.close();
    assert!(matches!(pair.ledger.claimable_balance(&id).await.unwrap(), BalanceLookup::Absent { .. }));
}

#[tokio::test]
async fn account_is_never_older_than_what_was_shown() {
    let pair = pair(3, FailoverOptions::default());
    let user = samples::user().account();
    let latest = pair.ledger.latest().await.unwrap().sequence;
    let shown = pair.ledger.account(&user).await.unwrap().unwrap();
    assert_eq!(shown.as_of, Some(latest));
    pair.fresh.be(Mood::Down);
    let older = pair.ledger.account(&user).await;
    assert!(matches!(older, Err(LedgerError::Behind { wanted, .. }) if wanted == latest), "{older:?}");
    for _ in 0..3 {
        pair.fresh.inner.close();
    }
    assert_eq!(pair.ledger.account(&user).await.unwrap().unwrap().as_of, Some(latest), "it has caught up");
}

#[tokio::test(start_paused = true)]
async fn claim_of_a_server_that_is_gone_does_not_stop_the_others_for_ever() {
    let pair = pair(3, FailoverOptions::default());
    let user = samples::user().account();
    pair.ledger.latest().await.unwrap();
    pair.fresh.be(Mood::Down);
    pair.ledger.account(&user).await.unwrap_err();
    tokio::time::advance(Duration::from_secs(61)).await;
    assert!(pair.ledger.account(&user).await.unwrap().is_some());
}

#[tokio::test]
async fn account_that_has_just_come_or_gone_is_as_the_later_ledger_has_it() {
    let pair = pair(3, FailoverOptions::default());
    let new = samples::distribution().account();
    pair.fresh.inner.close();
    pair.fresh.inner.fund(new, StellarAmount::from_stroops(1).unwrap());
    assert_eq!(pair.lagging.account(&new).await.unwrap(), None);
    assert!(pair.ledger.account(&new).await.unwrap().is_some());
    for _ in 0..3 {
        pair.fresh.inner.close();
    }
    pair.fresh.inner.remove(&new);
    assert!(pair.lagging.account(&new).await.unwrap().is_some());
    // whoever was shown the latest ledger is not shown the account
    pair.ledger.latest().await.unwrap();
    assert_eq!(pair.ledger.account(&new).await.unwrap(), None);
}

/// A transaction that was applied, and the pair that knows of it.
async fn applied(pair: &Pair) -> TransactionHash {
    let (user, fake) = (samples::user(), &pair.fresh.inner);
    fake.fund(user.account(), StellarAmount::from_stroops(1_000_000).unwrap());
    let account = fake.account(&user.account()).await.unwrap().unwrap();
    let spec = crate::stellar::envelope::EnvelopeSpec {
        network: fake.network(),
        transaction_source: user.account(),
        sequence: account.sequence + 1,
        operation_source: None,
        operations: vec![crate::stellar::envelope::Operation::SetHomeDomain("a.example".to_owned())],
        memo: crate::memo::Memo::None,
        fee_per_operation: 1000,
        max_time: fake.latest().await.unwrap().closed_at + 1000,
    };
    let unsigned = spec.build().unwrap();
    let signature = (user.account(), user.sign(unsigned.hash().as_bytes()));
    let envelope = unsigned.sign(&[signature]).unwrap();
    assert_eq!(pair.ledger.submit(&envelope.xdr).await.unwrap(), Submission::Accepted);
    fake.close();
    envelope.hash
}

#[tokio::test]
async fn server_that_denies_a_transaction_which_another_one_knows_is_an_alarm_and_not_believed() {
    let pair = pair(0, FailoverOptions::default());
    let hash = applied(&pair).await;
    pair.lagging.be(Mood::Ignorant);
    for _ in 0..2 {
        let found = pair.ledger.lookup(&hash).await.unwrap();
        assert!(matches!(found, Lookup::Succeeded { .. }), "{found:?}");
    }
    let found = pair.ledger.search(&hash, 0, u64::MAX).await.unwrap();
    assert!(matches!(found, Lookup::Succeeded { .. }), "{found:?}");
    assert_eq!(pair.ledger.endpoints().unwrap().contradictions, 3);
}

#[tokio::test]
async fn silence_proves_nothing_until_the_server_is_known_to_be_down() {
    let pair = pair(0, FailoverOptions::default());
    let hash = applied(&pair).await;
    pair.lagging.be(Mood::Ignorant);
    pair.fresh.be(Mood::Down);
    for _ in 0..3 {
        pair.ledger.lookup(&hash).await.unwrap_err();
    }
    let alone = pair.ledger.lookup(&hash).await.unwrap();
    assert!(matches!(alone, Lookup::NotFound { .. }), "{alone:?}");
    let both = FailoverOptions { quorum: 2, ..FailoverOptions::default() };
    let pair = self::pair(0, both);
    pair.fresh.be(Mood::Down);
    for _ in 0..5 {
        pair.ledger.lookup(&hash).await.unwrap_err();
    }
    pair.fresh.be(Mood::Honest);
    assert!(pair.ledger.latest().await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn server_that_only_fails_about_transactions_does_not_keep_envelopes_open_for_ever() {
    let pair = pair(0, FailoverOptions::default());
    let unknown = TransactionHash::from_bytes([7; 32]);
    pair.fresh.be(Mood::Amnesic);
    for _ in 0..3 {
        pair.ledger.lookup(&unknown).await.unwrap_err();
        pair.ledger.latest().await.unwrap();
    }
    for _ in 0..20 {
        pair.ledger.lookup(&unknown).await.unwrap();
        pair.ledger.latest().await.unwrap();
        tokio::time::advance(Duration::from_secs(60)).await;
    }
    assert_eq!(states(&pair.ledger)[1], EndpointState::Down);
    pair.fresh.be(Mood::Honest);
    tokio::time::advance(Duration::from_secs(300)).await;
    pair.ledger.lookup(&unknown).await.unwrap();
    assert_eq!(states(&pair.ledger)[1], EndpointState::Well);
}

#[tokio::test]
async fn contradictions_are_errors_and_alarms() {
    let pair = pair(0, FailoverOptions::default());
    let hash = applied(&pair).await;
    pair.fresh.be(Mood::Otherwise);
    assert!(matches!(pair.ledger.latest().await, Err(LedgerError::Disagreement(_))));
    pair.fresh.be(Mood::Gloomy);
    // whoever finds it first is believed; in a search all are asked
    let searched = pair.ledger.search(&hash, 0, u64::MAX).await;
    assert!(matches!(searched, Err(LedgerError::Disagreement(_))), "{searched:?}");
    assert_eq!(pair.ledger.endpoints().unwrap().contradictions, 2);
}

#[tokio::test]
async fn two_states_of_an_account_in_one_ledger_are_an_alarm() {
    let pair = pair(0, FailoverOptions::default());
    pair.fresh.be(Mood::Poorer);
    let told = [&pair.lagging, &pair.fresh];
    // asked together, because an older ledger than the one that was shown is not enough
    pair.ledger.show(pair.fresh.inner.latest().await.unwrap().sequence + 1);
    let user = samples::user().account();
    assert!(told[0].account(&user).await.unwrap() != told[1].account(&user).await.unwrap());
    let said = pair.ledger.account(&user).await;
    assert!(matches!(said, Err(LedgerError::Disagreement(_))), "{said:?}");
    assert_eq!(pair.ledger.endpoints().unwrap().contradictions, 1);
}

#[tokio::test(start_paused = true)]
async fn server_that_hangs_holds_nobody_up_for_long() {
    let pair = pair(0, FailoverOptions::default());
    pair.lagging.be(Mood::Hanging);
    for _ in 0..3 {
        let asked = tokio::time::timeout(Duration::from_secs(4), pair.ledger.latest());
        asked.await.expect("the other one has answered").unwrap();
    }
    assert_eq!(states(&pair.ledger), [EndpointState::Down, EndpointState::Well]);
    let begun = Instant::now();
    pair.ledger.latest().await.unwrap();
    assert_eq!(begun.elapsed(), Duration::ZERO, "it is left alone");
    pair.lagging.be(Mood::Honest);
    tokio::time::advance(Duration::from_secs(5)).await;
    pair.ledger.latest().await.unwrap();
    assert_eq!(states(&pair.ledger), [EndpointState::Well, EndpointState::Well]);
}

#[tokio::test(start_paused = true)]
async fn server_that_fails_is_left_alone_for_longer_each_time() {
    let (health, options) = (Health::default(), FailoverOptions::default());
    let standing = || health.state().standing(options.failures_max);
    let error = LedgerError::Server { status: 503 };
    for expected in [Standing::Well, Standing::Well, Standing::Shut] {
        health.failed("it", About::AllElse, &error, &options);
        assert_eq!(standing(), expected);
    }
    tokio::time::advance(Duration::from_secs(5)).await;
    assert_eq!(standing(), Standing::OnTrial);
    health.failed("it", About::AllElse, &error, &options);
    tokio::time::advance(Duration::from_millis(4900)).await;
    assert_eq!(standing(), Standing::Shut);
    tokio::time::advance(Duration::from_secs(6)).await;
    assert_eq!(standing(), Standing::OnTrial);
    health.answered("it", About::AllElse);
    assert_eq!(standing(), Standing::Well);
    let asked = LedgerError::Throttled { after: Some(Duration::from_secs(40)) };
    health.failed("it", About::Transactions, &asked, &options);
    tokio::time::advance(Duration::from_secs(19)).await;
    assert_eq!(standing(), Standing::Shut, "it said when to come back");
}
