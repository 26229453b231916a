#![allow(clippy::unwrap_used, reason = "tests")]

use async_trait::async_trait;

use super::*;
use crate::clock::ManualClock;
use crate::fee::{FeeBreakdown, FeeError};
use crate::integration::form::{Field, amount_page};
use crate::integration::{DepositIntegration, FeeInput, FeeIntegration};
use crate::memo::Memo;
use crate::store::diesel::DieselStore;
use crate::testing::fakes::{AmountForms, samples};
use crate::testing::ledger::FakeLedger;
use crate::testing::rails::ScriptedRails;
use crate::transaction::{Fact, Receiving};

/// Ten, whatever is moved.
struct Ten;

impl FeeIntegration for Ten {
    fn fee(&self, _: &FeeInput<'_>) -> Result<FeeBreakdown, FeeError> {
        FeeBreakdown::new("10".parse()?, Vec::new())
    }
}

/// Agrees on an amount that stands on no page.
struct FixedAmount(&'static str);

#[async_trait]
impl DepositIntegration for FixedAmount {
    async fn page(&self, _: &FlowView) -> Result<Page, IntegrationError> {
        Ok(Page::new("confirm", "Confirm").field(Field::text("x", "X", 5).optional()))
    }

    async fn submit(&self, _: &FlowView, _: ValidForm) -> Result<FlowStep, IntegrationError> {
        Ok(FlowStep::Done(Agreement::new(self.0.parse().unwrap())))
    }
}

/// Never answers.
struct Silent;

#[async_trait]
impl DepositIntegration for Silent {
    async fn page(&self, view: &FlowView) -> Result<Page, IntegrationError> {
        Ok(amount_page(view))
    }

    async fn submit(&self, _: &FlowView, _: ValidForm) -> Result<FlowStep, IntegrationError> {
        std::future::pending().await
    }
}

async fn anchor(deposit: impl DepositIntegration + 'static) -> (Anchor, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let store = DieselStore::open(&format!("sqlite://{}/a.sqlite3", folder.path().display())).unwrap();
    store.migrate().await.unwrap();
    let config = samples::config();
    let now = u64::try_from(samples::start().timestamp()).unwrap();
    let anchor = Anchor::builder(config.clone())
        .store(store)
        .ledger(FakeLedger::new(config.network, now))
        .rails(ScriptedRails::new())
        .deposit(deposit)
        .withdrawal(AmountForms)
        .fee(Ten)
        .asset(samples::asset())
        .clock(ManualClock::new(samples::start()))
        .build()
        .await
        .unwrap();
    (anchor, folder)
}

async fn started(anchor: &Anchor, kind: Kind) -> Transaction {
    let transaction = samples::started(TransactionId::new(anchor.ids().next()), kind);
    anchor.store().transaction_insert(&transaction, None).await.unwrap();
    transaction
}

fn sent(page: &str, amount: &str) -> SentPage {
    SentPage {
        page: page.to_owned(),
        fields: BTreeMap::from([("amount".to_owned(), amount.to_owned())]),
        files: BTreeMap::new(),
    }
}

#[tokio::test]
async fn amount_that_the_fee_eats_up_is_told_at_its_field() {
    let (anchor, _folder) = anchor(AmountForms).await;
    let transaction = started(&anchor, Kind::Withdrawal).await;
    for amount in ["9.99", "10", "10.0099999"] {
        assert_eq!(preview(&anchor, &transaction, amount), Err(FieldProblem::BelowFee), "{amount}");
        let answer = submit(&anchor, &transaction, "en", &sent("amount", amount)).await.unwrap();
        let Submitted::Again { errors, .. } = answer else { panic!("{answer:?}") };
        assert_eq!(errors, [FieldError { field: "amount".to_owned(), problem: FieldProblem::BelowFee }]);
    }
    let amounts = preview(&anchor, &transaction, " 10.01 ").unwrap();
    assert_eq!(amounts.amount_out.amount, "0.01".parse().unwrap());
    assert_eq!(answers::fetch(&anchor, transaction.id).await.unwrap(), Answers::default());
}

#[tokio::test]
async fn r_24_072_agreement_beyond_the_limits_is_refused_whatever_the_page_checked() {
    for (amount, problem) in [
        ("0.49", FieldProblem::TooSmall("0.5".parse().unwrap())),
        ("1000.01", FieldProblem::TooLarge("1000".parse().unwrap())),
        ("20.001", FieldProblem::TooPrecise(2)),
    ] {
        let (anchor, _folder) = anchor(FixedAmount(amount)).await;
        let transaction = started(&anchor, Kind::Deposit).await;
        let answer = submit(&anchor, &transaction, "en", &sent("confirm", "")).await.unwrap();
        let Submitted::Again { errors, .. } = answer else { panic!("{answer:?}") };
        // the amount is on no page: the error is about the whole of it
        assert_eq!(errors, [FieldError { field: String::new(), problem }]);
        let stored = anchor.store().transaction_fetch(transaction.id).await.unwrap();
        assert_eq!(stored, Some(transaction));
    }
}

#[tokio::test(start_paused = true)]
async fn silent_integration_changes_nothing() {
    let (anchor, _folder) = anchor(Silent).await;
    let transaction = started(&anchor, Kind::Deposit).await;
    let answer = submit(&anchor, &transaction, "en", &sent("amount", "20")).await;
    assert!(matches!(answer, Err(OpsError::Integration(_))), "{answer:?}");
    assert_eq!(anchor.store().transaction_fetch(transaction.id).await.unwrap(), Some(transaction));
}

#[tokio::test]
async fn stale_view_of_a_finished_flow_finds_it_finished() {
    let (anchor, _folder) = anchor(AmountForms).await;
    let transaction = started(&anchor, Kind::Withdrawal).await;
    let first = submit(&anchor, &transaction, "en", &sent("amount", "20")).await.unwrap();
    // the same snapshot again, as a second request holds it that was read before the first was stored
    let second = submit(&anchor, &transaction, "en", &sent("amount", "30")).await.unwrap();
    let (Submitted::Finished(one), Submitted::Finished(two)) = (first, second) else { panic!() };
    assert_eq!(one, two);
    let answers = answers::fetch(&anchor, transaction.id).await.unwrap();
    assert_eq!(answers.find("amount"), Some("20"));
    let facts = anchor.store().fact_list(transaction.id).await.unwrap();
    assert!(
        matches!(&facts[..], [only] if matches!(only.fact, Fact::TermsAgreed { .. }) && only.refused.is_none())
    );
}

#[tokio::test]
async fn r_24_111_memos_differ_and_survive_wallets_that_count_in_floats() {
    let (anchor, _folder) = anchor(AmountForms).await;
    let mut memos = std::collections::BTreeSet::new();
    for _ in 0..20 {
        let transaction = started(&anchor, Kind::Withdrawal).await;
        let done = submit(&anchor, &transaction, "en", &sent("amount", "20")).await.unwrap();
        let Submitted::Finished(done) = done else { panic!("{done:?}") };
        let Some(Receiving { memo: Memo::Id(memo), .. }) = done.receiving() else { panic!() };
        assert!((1..=1 << 53).contains(memo));
        memos.insert(*memo);
    }
    assert_eq!(memos.len(), 20);
}
