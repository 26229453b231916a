//! Files that users send: they pass through the anchor, and a crash on the way loses nothing but a click.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use anchor_core::Anchor;
use anchor_core::id::TransactionId;
use anchor_core::integration::form::{
    Agreement, Field, FieldKind, FileType, FlowStep, FlowView, Page, Upload, ValidForm,
};
use anchor_core::integration::{DepositIntegration, IntegrationError};
use anchor_core::ops::form::{SentPage, Shown, Submitted, page, submit};
use anchor_core::store::diesel::DieselStore;
use anchor_core::testing::fakes::{AmountForms, samples};
use anchor_core::transaction::{State, Transaction};
use anchor_tests::web::{TestAnchor, config};
use anyhow::{Context as _, Result, bail};
use async_trait::async_trait;
use serde_json::json;
use tokio::sync::Notify;

/// Under the transaction and the name of the question.
type Kept = BTreeMap<(TransactionId, &'static str), Vec<u8>>;

/// A business that keeps each paper under the transaction and the question, as the book says.
#[derive(Debug, Clone, Default)]
struct Papers {
    kept: Arc<Mutex<Kept>>,
    /// Told when a paper is kept; the answer is then never given.
    dies: Option<Arc<Notify>>,
}

#[async_trait]
impl DepositIntegration for Papers {
    async fn page(&self, _: &FlowView) -> Result<Page, IntegrationError> {
        let accept = vec![FileType::Jpeg];
        Ok(Page::new("paper", "Your paper").field(Field::new("paper", "Photo", FieldKind::File { accept })))
    }

    async fn submit(&self, view: &FlowView, form: ValidForm) -> Result<FlowStep, IntegrationError> {
        let paper = form.file("paper").ok_or_else(|| IntegrationError::permanent("no paper"))?;
        let key = (view.transaction.id, "paper");
        self.kept.lock().unwrap().insert(key, paper.content.clone());
        if let Some(dies) = &self.dies {
            dies.notify_one();
            std::future::pending::<()>().await;
        }
        let amount = "10".parse().map_err(|_| IntegrationError::permanent("no amount"))?;
        Ok(FlowStep::Done(Agreement::new(amount)))
    }
}

/// A process with this business on the same database.
async fn process(site: &TestAnchor, papers: &Papers) -> Result<Anchor> {
    let anchor = Anchor::builder(config(&[])?)
        .store(DieselStore::open(site.database().url())?)
        .ledger(site.ledger.clone())
        .rails(site.rails.clone())
        .deposit(papers.clone())
        .withdrawal(AmountForms)
        .clock(site.clock.clone())
        .asset(samples::asset());
    Ok(anchor.build().await?)
}

fn sent(content: &[u8]) -> SentPage {
    let files = BTreeMap::from([("paper".to_owned(), Upload::new(content.to_vec()))]);
    SentPage { page: "paper".to_owned(), files, ..SentPage::default() }
}

async fn read(anchor: &Anchor, transaction: &Transaction) -> Result<Transaction> {
    anchor.store().transaction_fetch(transaction.id).await?.context("it is there")
}

#[tokio::test]
async fn killed_between_a_paper_and_the_terms_the_user_is_asked_again_and_the_paper_replaced() -> Result<()> {
    let site = TestAnchor::new().await?;
    let token = site.log_in(&samples::user()).await?;
    let transaction = site.start("deposit", &token, json!({ "asset_code": "USDC" })).await?;
    let (first, second) = (b"\xff\xd8\xff blurred".to_vec(), b"\xff\xd8\xff sharp".to_vec());

    let dies = Arc::new(Notify::new());
    let papers = Papers { dies: Some(Arc::clone(&dies)), ..Papers::default() };
    let killed = process(&site, &papers).await?;
    let photo = sent(&first);
    tokio::select! {
        biased;
        submitted = submit(&killed, &transaction, "en", &photo) => bail!("it answered: {submitted:?}"),
        () = dies.notified() => {}
    }
    drop(killed);
    let key = (transaction.id, "paper");
    assert_eq!(papers.kept.lock().unwrap().get(&key), Some(&first), "the business has it");

    let papers = Papers { dies: None, ..papers };
    let next = process(&site, &papers).await?;
    let transaction = read(&next, &transaction).await?;
    assert_eq!(transaction.state, State::Collecting);
    let Shown::Page { page, answers } = page(&next, &transaction, "en").await? else {
        bail!("the user is not asked again");
    };
    assert_eq!((page.name.as_str(), answers.text("paper", "paper")), ("paper", None));

    let submitted = submit(&next, &transaction, "en", &sent(&second)).await?;
    assert!(matches!(submitted, Submitted::Finished(_)), "{submitted:?}");
    assert_eq!(read(&next, &transaction).await?.state, State::AwaitingFunds);
    assert_eq!(*papers.kept.lock().unwrap(), BTreeMap::from([(key, second.clone())]), "once, the last one");

    // a browser that sends the page once more is told that it is finished, and the business hears nothing
    let again = submit(&next, &read(&next, &transaction).await?, "en", &sent(&first)).await?;
    assert!(matches!(again, Submitted::Finished(_)), "{again:?}");
    assert_eq!(papers.kept.lock().unwrap().get(&key), Some(&second));
    Ok(())
}
