//! What users typed: nobody finds it in a copy of the database, the rails get it as long as they may have to pay by it, and
//! then it is gone.

use std::sync::{Arc, Mutex, PoisonError};

use anchor_core::Anchor;
use anchor_core::account::{Account, Subject};
use anchor_core::clock::ManualClock;
use anchor_core::customer::{CustomerOwner, Vault};
use anchor_core::id::TransactionId;
use anchor_core::integration::form::{Field, amount_page, amount_step};
use anchor_core::integration::{
    FlowStep, FlowView, FundsOutcome, IntegrationError, Page, PayoutOrder, PayoutOutcome, PendingDeposit,
    RailsIntegration, ValidForm, WithdrawalIntegration,
};
use anchor_core::memo::Memo;
use anchor_core::ops::customer::reseal;
use anchor_core::ops::form::{SentPage, Submitted, submit};
use anchor_core::ops::{JobSettings, answers, commit, expire, payout};
use anchor_core::store::diesel::DieselStore;
use anchor_core::testing::fakes::{AmountForms, samples};
use anchor_core::testing::ledger::FakeLedger;
use anchor_core::transaction::{
    Actor, Fact, Kind, LedgerReceipt, Receipt, Settlement, State, Transaction, TransactionHash,
};
use anchor_tests::database::TestDatabase;
use anchor_tests::on_each_database;
use anyhow::{Context as _, Result};
use async_trait::async_trait;

use super::schema::{POSTGRES_COLUMNS, SQLITE_COLUMNS, execute, lines};

const NUMBER: &str = "DE89370400440532013000";
const NAME: &str = "Lovelace-Quetzalcoatl";

/// The bank account first, then the amount.
struct Pages;

#[async_trait]
impl WithdrawalIntegration for Pages {
    async fn page(&self, view: &FlowView) -> Result<Page, IntegrationError> {
        if view.answers.has("bank") {
            return Ok(amount_page(view));
        }
        Ok(Page::new("bank", "Your account")
            .field(Field::text("number", "Number", 40))
            .field(Field::text("name", "Name", 40)))
    }

    async fn submit(&self, _view: &FlowView, form: ValidForm) -> Result<FlowStep, IntegrationError> {
        Ok(amount_step(&form))
    }
}

/// A bank that writes down to which number it was told to pay.
#[derive(Clone, Default)]
struct Bank(Arc<Mutex<Vec<Option<String>>>>);

impl Bank {
    fn paid(&self) -> Vec<Option<String>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

#[async_trait]
impl RailsIntegration for Bank {
    async fn poll_pending_deposit(&self, _: &PendingDeposit) -> Result<FundsOutcome, IntegrationError> {
        Ok(FundsOutcome::StillWaiting)
    }

    async fn execute_outgoing_transaction(
        &self,
        order: &PayoutOrder,
    ) -> Result<PayoutOutcome, IntegrationError> {
        let number = order.answers.find("number").map(str::to_owned);
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(number);
        Ok(PayoutOutcome::Delivered { reference: None })
    }

    async fn find_outgoing_transaction(&self, _: &PayoutOrder) -> Result<PayoutOutcome, IntegrationError> {
        Ok(PayoutOutcome::NeverSeen)
    }
}

struct World {
    anchor: Anchor,
    bank: Bank,
    clock: ManualClock,
}

impl World {
    async fn new(database: &TestDatabase) -> Result<Self> {
        let store = DieselStore::open(database.url())?;
        store.migrate().await?;
        let (bank, clock) = (Bank::default(), ManualClock::new(samples::start()));
        let now = u64::try_from(samples::start().timestamp())?;
        let anchor = Anchor::builder(samples::config())
            .store(store)
            .ledger(FakeLedger::new(samples::config().network, now))
            .rails(bank.clone())
            .deposit(AmountForms)
            .withdrawal(Pages)
            .clock(clock.clone())
            .asset(samples::asset())
            .build()
            .await?;
        Ok(Self { anchor, bank, clock })
    }

    async fn started(&self) -> Result<Transaction> {
        let started = samples::started(TransactionId::new(self.anchor.ids().next()), Kind::Withdrawal);
        self.anchor.store().transaction_insert(&started, None).await?;
        Ok(started)
    }

    async fn send(&self, to: &Transaction, page: &str, fields: &[(&str, &str)]) -> Result<Submitted> {
        let fields = fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let sent = SentPage { page: page.to_owned(), fields, ..SentPage::default() };
        Ok(submit(&self.anchor, to, "en", &sent).await?)
    }

    /// One who has told where the money goes.
    async fn told(&self) -> Result<Transaction> {
        let started = self.started().await?;
        let fields = [("number", NUMBER), ("name", NAME)];
        anyhow::ensure!(matches!(self.send(&started, "bank", &fields).await?, Submitted::Next));
        Ok(started)
    }

    /// One whose terms are agreed, too.
    async fn agreed(&self) -> Result<Transaction> {
        let told = self.told().await?;
        match self.send(&told, "amount", &[("amount", "20")]).await? {
            Submitted::Finished(agreed) => Ok(agreed),
            other => anyhow::bail!("not agreed: {other:?}"),
        }
    }

    async fn paid_in(&self, transaction: &Transaction) -> Result<()> {
        let amounts = transaction.amounts.clone().context("amounts")?;
        let receipt = Receipt {
            reference: transaction.id.to_string(),
            amount: amounts.amount_in.clone(),
            from: None,
            ledger: Some(LedgerReceipt {
                hash: TransactionHash::from_bytes([7; 32]),
                from: user().account(),
                memo: Memo::None,
            }),
            return_fee: None,
        };
        let seen = Fact::PaymentSeen { receipt, settlement: Settlement::Accept(amounts) };
        commit(&self.anchor, transaction, seen, Actor::Worker, false).await?;
        Ok(())
    }

    async fn work(&self) -> Result<()> {
        let settings = JobSettings::new("worker");
        payout::execute(&self.anchor, &settings).await?;
        expire::expire(&self.anchor, &settings).await?;
        Ok(())
    }

    async fn number(&self, of: &Transaction) -> Result<Option<String>> {
        Ok(answers::fetch(&self.anchor, of.id).await?.find("number").map(str::to_owned))
    }

    async fn state(&self, of: &Transaction) -> Result<State> {
        Ok(self.anchor.store().transaction_fetch(of.id).await?.context("it is there")?.state)
    }
}

fn user() -> Subject {
    Account::from(samples::user().account()).into()
}

/// Everything that stands in the database, a value a line.
fn dump(database: &TestDatabase) -> Result<Vec<String>> {
    let mut all = Vec::new();
    for line in lines(database, SQLITE_COLUMNS, POSTGRES_COLUMNS)? {
        let (table, rest) = line.split_once('.').context("table.column type")?;
        let column = rest.split_once(' ').context("column type")?.0;
        let sql = format!(
            "SELECT CAST(\"{column}\" AS TEXT) AS line FROM \"{table}\" WHERE \"{column}\" IS NOT NULL"
        );
        all.extend(
            lines(database, &sql, &sql)?.into_iter().map(|value| format!("{table}.{column}: {value}")),
        );
    }
    Ok(all)
}

fn assert_nothing_typed(database: &TestDatabase) -> Result<()> {
    let all = dump(database)?;
    assert!(all.iter().any(|line| line.starts_with("transactions.request: ")), "it is the whole database");
    for line in all {
        assert!(!line.contains(NUMBER) && !line.contains(NAME), "{line}");
    }
    Ok(())
}

on_each_database! {
    async fn nothing_that_was_typed_is_found_in_the_tables(database: TestDatabase) -> Result<()> {
        let world = World::new(&database).await?;
        let told = world.told().await?;
        assert_nothing_typed(&database)?;
        assert_eq!(world.number(&told).await?.as_deref(), Some(NUMBER));
        let agreed = world.agreed().await?;
        assert_nothing_typed(&database)?;
        world.paid_in(&agreed).await?;
        world.work().await?;
        assert_eq!(world.bank.paid(), [Some(NUMBER.to_owned())], "the rails read what was typed");
        assert!(matches!(world.state(&agreed).await?, State::PaidOut { .. }));
        assert_nothing_typed(&database)?;
        // somebody else's row does not open here
        let moved = format!("UPDATE answers SET data = (SELECT data FROM answers WHERE transaction_id = '{}')
            WHERE transaction_id = '{}'", told.id, agreed.id);
        execute(&database, &moved)?;
        assert!(answers::fetch(&world.anchor, agreed.id).await.is_err());
        Ok(())
    }

    async fn erasure_takes_what_was_typed_and_what_is_under_way_is_paid_out_before(database: TestDatabase) -> Result<()> {
        let world = World::new(&database).await?;
        let (told, waits, paid, done) =
            (world.told().await?, world.agreed().await?, world.agreed().await?, world.agreed().await?);
        world.paid_in(&done).await?;
        world.work().await?;
        world.paid_in(&paid).await?;
        let now = anchor_core::clock::Clock::now(&world.clock);
        assert!(world.anchor.store().customer_forget(&CustomerOwner::of(&user()), now).await?);
        assert_eq!([world.number(&told).await?, world.number(&done).await?], [None, None]);
        // the money of one is here, and that of another may be on its way
        world.work().await?;
        assert_eq!(world.bank.paid(), [Some(NUMBER.to_owned()), Some(NUMBER.to_owned())]);
        assert_eq!(world.number(&paid).await?, None, "gone with its end");
        assert_eq!(world.number(&waits).await?.as_deref(), Some(NUMBER));
        world.clock.advance(std::time::Duration::from_secs(40 * 24 * 3600));
        world.work().await?;
        world.work().await?;
        assert_eq!(world.state(&waits).await?, State::Expired);
        assert_eq!(world.number(&waits).await?, None);
        let left = lines(&database, "SELECT data AS line FROM answers", "SELECT data AS line FROM answers")?;
        assert_eq!(left.len(), 0, "{left:?}");
        Ok(())
    }

    async fn answers_that_an_older_version_left_open_are_read_and_can_be_sealed(database: TestDatabase) -> Result<()> {
        let world = World::new(&database).await?;
        let (told, agreed) = (world.told().await?, world.agreed().await?);
        let open = format!(r#"{{"bank":{{"name":"{NAME}","number":"{NUMBER}"}}}}"#);
        execute(&database, &format!("UPDATE answers SET key_name = NULL, data = '{open}'"))?;
        for one in [&told, &agreed] {
            assert_eq!(world.number(one).await?.as_deref(), Some(NUMBER));
        }
        // whatever goes on seals its own
        assert!(matches!(world.send(&told, "amount", &[("amount", "20")]).await?, Submitted::Finished(_)));
        assert_eq!(dump(&database)?.iter().filter(|line| line.contains(NUMBER)).count(), 1);
        let vault = Vault::new(samples::config().customer_keys);
        assert_eq!(reseal(world.anchor.store(), &vault).await?, 1);
        assert_nothing_typed(&database)?;
        for one in [&told, &agreed] {
            assert_eq!(world.number(one).await?.as_deref(), Some(NUMBER));
        }
        assert_eq!(reseal(world.anchor.store(), &vault).await?, 0);
        Ok(())
    }
}
