use super::*;
use crate::id::{IdSource as _, OrderId, RandomIds};
use crate::store::diesel::DieselStore;
use crate::testing::fakes::samples;
use crate::transaction::{Order, OrderPurpose};

struct Bench {
    store: DieselStore,
    _folder: tempfile::TempDir,
}

impl Bench {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite://{}", folder.path().join("anchor.sqlite3").display());
        let store = DieselStore::open(&url).unwrap();
        store.migrate().await.unwrap();
        store.asset_put(&samples::asset()).await.unwrap();
        Self { store, _folder: folder }
    }

    async fn agreed(&self, kind: Kind) -> TransactionId {
        let started = samples::started(TransactionId::new(RandomIds.next()), kind);
        self.store.transaction_insert(&started, None).await.unwrap();
        self.told(
            started.id,
            Fact::TermsAgreed { terms: samples::terms(kind, "100", rand::random::<u32>().into()) },
        )
        .await;
        started.id
    }

    async fn told(&self, id: TransactionId, fact: Fact) {
        let transaction = self.store.transaction_fetch(id).await.unwrap().unwrap();
        tell(&self.store, &transaction, fact, "test").await.unwrap().unwrap();
    }

    /// A deposit whose money came and goes back by an order that the bank cannot tell of.
    async fn refund_without_answer(&self) -> (TransactionId, OrderId) {
        let id = self.agreed(Kind::Deposit).await;
        self.told(id, Fact::DeadlinePassed).await;
        let late = Decision::Late { amount: "5".to_owned(), reference: format!("credit of {id}") };
        self.decide(id, late).await.unwrap();
        let order = OrderId::new(RandomIds.next());
        let purpose = OrderPurpose::Refund;
        let order = Order { id: order, transaction: id, purpose, amount: samples::usd("5.00") };
        self.told(id, Fact::PayoutIntended { order: order.clone() }).await;
        self.told(id, Fact::Held { reason: "the rails cannot tell".to_owned() }).await;
        (id, order.id)
    }

    async fn decide(&self, id: TransactionId, decision: Decision) -> Result<State, CliError> {
        decide(&self.store, id, &decision, "ana").await.map(|transaction| transaction.state)
    }
}

fn late(amount: &str) -> Decision {
    Decision::Late { amount: amount.to_owned(), reference: "credit 1".to_owned() }
}

#[tokio::test]
async fn credit_after_a_deposit_expired_goes_back_once() {
    let bench = Bench::new().await;
    let id = bench.agreed(Kind::Deposit).await;
    let early = bench.decide(id, late("5")).await;
    assert!(matches!(early, Err(CliError::Refused(_))), "the rails tell of it: {early:?}");
    bench.told(id, Fact::DeadlinePassed).await;
    for bad in ["0", "-1", "1.234", "1e9", "five"] {
        assert!(matches!(bench.decide(id, late(bad)).await, Err(CliError::Refused(_))), "{bad}");
    }
    let due = State::RefundDue { via: RefundVia::Rails };
    assert_eq!(bench.decide(id, late("5")).await.unwrap(), due);
    assert_eq!(bench.decide(id, late("5")).await.unwrap(), due, "the same credit again is no news");
    let transaction = bench.store.transaction_fetch(id).await.unwrap().unwrap();
    assert_eq!(transaction.receipt.unwrap().amount, samples::usd("5.00"));
    let other = bench.agreed(Kind::Deposit).await;
    bench.told(other, Fact::DeadlinePassed).await;
    let twice = bench.decide(other, late("5")).await;
    assert!(matches!(twice, Err(CliError::Refused(_))), "one credit goes back once: {twice:?}");
    let history = bench.store.fact_list(id).await.unwrap();
    assert_eq!(history.last().unwrap().actor, Actor::Operator("ana".to_owned()));
}

#[tokio::test]
async fn order_that_the_bank_cannot_tell_of_is_settled_by_a_person() {
    let bench = Bench::new().await;
    let (id, order) = bench.refund_without_answer().await;
    let delivered = Decision::Delivered { reference: Some("R1".to_owned()) };
    let refunded = State::Refunded { step: RefundStep::Order(order) };
    assert_eq!(bench.decide(id, delivered.clone()).await.unwrap(), refunded);
    assert_eq!(bench.decide(id, delivered).await.unwrap(), refunded, "twice is once");

    let (id, _) = bench.refund_without_answer().await;
    let undelivered = Decision::Undelivered { reason: "the bank says no".to_owned() };
    let held = State::OnHold { resume: Resume::Refund(RefundVia::Rails) };
    assert_eq!(bench.decide(id, undelivered).await.unwrap(), held);
    let due = State::RefundDue { via: RefundVia::Rails };
    assert_eq!(bench.decide(id, Decision::Release).await.unwrap(), due);
}

#[tokio::test]
async fn nobody_is_refunded_who_never_paid() {
    let bench = Bench::new().await;
    for kind in [Kind::Deposit, Kind::Withdrawal] {
        let id = bench.agreed(kind).await;
        for decision in [
            Decision::Refund { reason: "why not".to_owned() },
            Decision::Hold { reason: "why not".to_owned() },
            Decision::Release,
            Decision::Delivered { reference: None },
        ] {
            let decided = bench.decide(id, decision).await;
            assert!(matches!(decided, Err(CliError::Refused(_))), "{decided:?}");
        }
        let history = bench.store.fact_list(id).await.unwrap();
        assert_eq!(history.len(), 1, "a slip of an operator is no anomaly of the transaction");
    }
}

#[tokio::test]
async fn what_cannot_be_done_is_said_in_words_for_people() {
    let bench = Bench::new().await;
    let id = bench.agreed(Kind::Deposit).await;
    let said = async |decision| bench.decide(id, decision).await.unwrap_err().to_string();
    let hold = || Decision::Hold { reason: "look".to_owned() };
    let refund = || Decision::Refund { reason: "look".to_owned() };
    let held = said(hold()).await;
    assert!(
        held.starts_with(
            "cannot be held: it still awaits its money (awaiting_funds); hold works from ready_to_pay on"
        ),
        "{held}"
    );
    assert!(said(refund()).await.starts_with("cannot be refunded: it still awaits its money"));
    assert!(said(Decision::Release).await.ends_with("release works while it is on_hold"));
    bench.told(id, Fact::DeadlinePassed).await;
    assert!(said(hold()).await.contains("it has ended (expired)"));
    assert!(said(late("-5")).await.contains("above zero"));
    let withdrawal = bench.agreed(Kind::Withdrawal).await;
    let said = bench.decide(withdrawal, hold()).await.unwrap_err().to_string();
    assert!(said.contains("(awaiting_payment); hold works from ready_to_pay_out on"), "{said}");
}
