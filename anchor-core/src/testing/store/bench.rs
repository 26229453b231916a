//! Transactions to try a store with.

use std::time::Duration;

use chrono::{DateTime, Utc};

use crate::account::AccountId;
use crate::amount::Money;
use crate::id::{AttemptId, IdSource as _, OrderId, SequentialIds, TransactionId};
use crate::memo::Memo;
use crate::store::{Claim, Store, Stored};
use crate::testing::fakes::samples;
use crate::transaction::{
    Actor, AfterVoid, Applied, ApplyContext, Attempt, AttemptPurpose, Change, Fact, FactRecord, Kind, Order,
    OrderPurpose, Receipt, Receiving, Settlement, Transaction, TransactionHash,
};

/// A store under test, with the sample asset in it, and everything that makes rows for it.
#[derive(Debug)]
pub(super) struct Bench<'a> {
    pub(super) store: &'a dyn Store,
    pub(super) ids: SequentialIds,
}

/// So many seconds after the samples begin.
pub(super) fn at(seconds: i64) -> DateTime<Utc> {
    samples::start() + chrono::Duration::seconds(seconds)
}

pub(super) fn account(number: u8) -> AccountId {
    AccountId::from_bytes([number; 32])
}

pub(super) fn claim(owner: &str, seconds: i64, limit: u32) -> Claim {
    Claim { owner: owner.to_owned(), now: at(seconds), lease: Duration::from_secs(60), limit }
}

impl<'a> Bench<'a> {
    pub(super) async fn new(store: &'a dyn Store) -> Self {
        store.asset_put(&samples::asset()).await.expect("an asset is stored");
        Self { store, ids: SequentialIds::default() }
    }

    pub(super) fn id(&self) -> TransactionId {
        TransactionId::new(self.ids.next())
    }

    /// Any 32 bytes that were not there before.
    pub(super) fn hash(&self) -> TransactionHash {
        let mut bytes = [0; 32];
        bytes[..16].copy_from_slice(self.ids.next().as_bytes());
        TransactionHash::from_bytes(bytes)
    }

    pub(super) async fn insert(&self, transaction: Transaction) -> Transaction {
        self.store.transaction_insert(&transaction, None).await.expect("a transaction is inserted");
        transaction
    }

    pub(super) async fn collecting(&self, kind: Kind) -> Transaction {
        self.insert(samples::started(self.id(), kind)).await
    }

    pub(super) fn change_at(&self, transaction: &Transaction, fact: Fact, seconds: i64) -> Change {
        let context = ApplyContext { ids: &self.ids, actor: Actor::Worker, at: at(seconds) };
        match transaction.apply(fact, &context) {
            Applied::Changed(change) => change,
            other => panic!("the fact should move the transaction: {other:?}"),
        }
    }

    pub(super) fn change(&self, transaction: &Transaction, fact: Fact) -> Change {
        self.change_at(transaction, fact, 0)
    }

    pub(super) fn anomaly(&self, transaction: &Transaction, fact: Fact) -> FactRecord {
        let context = ApplyContext { ids: &self.ids, actor: Actor::Worker, at: at(0) };
        match transaction.apply(fact, &context) {
            Applied::Anomaly(record, _) => record,
            other => panic!("the fact should not fit: {other:?}"),
        }
    }

    pub(super) async fn apply(&self, change: &Change) -> Stored {
        self.store.transaction_apply(change, false).await.expect("the store answers")
    }

    pub(super) async fn moved_at(&self, transaction: &Transaction, fact: Fact, seconds: i64) -> Transaction {
        let change = self.change_at(transaction, fact, seconds);
        assert_eq!(self.apply(&change).await, Stored::Applied);
        change.into_transaction()
    }

    pub(super) async fn moved(&self, transaction: &Transaction, fact: Fact) -> Transaction {
        self.moved_at(transaction, fact, 0).await
    }

    pub(super) async fn awaiting_funds(&self) -> Transaction {
        let collecting = self.collecting(Kind::Deposit).await;
        self.moved(&collecting, terms(Kind::Deposit, 0)).await
    }

    pub(super) async fn ready_to_pay(&self) -> Transaction {
        let awaiting = self.awaiting_funds().await;
        self.moved(&awaiting, self.funds(&awaiting, &format!("bank-{}", awaiting.id))).await
    }

    pub(super) async fn awaiting_payment(&self, memo: u64) -> Transaction {
        let collecting = self.collecting(Kind::Withdrawal).await;
        self.moved(&collecting, terms(Kind::Withdrawal, memo)).await
    }

    pub(super) async fn ready_to_pay_out(&self, memo: u64) -> Transaction {
        let awaiting = self.awaiting_payment(memo).await;
        self.moved(&awaiting, self.payment(&awaiting, &memo.to_string())).await
    }

    pub(super) fn funds(&self, transaction: &Transaction, reference: &str) -> Fact {
        let (receipt, settlement) = settled(transaction, reference);
        Fact::FundsReceived { receipt, settlement }
    }

    pub(super) fn payment(&self, transaction: &Transaction, reference: &str) -> Fact {
        let (receipt, settlement) = settled(transaction, reference);
        Fact::PaymentSeen { receipt, settlement }
    }

    pub(super) fn attempt(&self, source: AccountId) -> Attempt {
        Attempt {
            id: AttemptId::new(self.ids.next()),
            purpose: AttemptPurpose::Payment,
            hash: self.hash(),
            envelope: "AAAA".into(),
            source,
            sequence: i64::MAX,
            max_time: 1_767_225_600,
            fee: 100,
            unsigned: None,
            reclaim: None,
        }
    }

    pub(super) fn order(&self, transaction: &Transaction) -> Order {
        Order {
            id: OrderId::new(self.ids.next()),
            transaction: transaction.id,
            purpose: OrderPurpose::Payout,
            amount: samples::usd("9.75"),
        }
    }

    pub(super) async fn fetch(&self, id: TransactionId) -> Transaction {
        let found = self.store.transaction_fetch(id).await.expect("the store answers");
        found.expect("the transaction is there")
    }

    pub(super) async fn facts(&self, id: TransactionId) -> Vec<&'static str> {
        let facts = self.store.fact_list(id).await.expect("the store answers");
        facts.iter().map(|record| record.fact.name()).collect()
    }
}

pub(super) fn opened(attempt: &Attempt) -> Fact {
    Fact::AttemptOpened { attempt: attempt.clone() }
}

pub(super) fn voided(attempt: &Attempt) -> Fact {
    let reason = "too late".to_owned();
    Fact::AttemptVoided { attempt: attempt.id, ledger: None, reason, next: AfterVoid::Retry }
}

/// A ledger holds it, and it did nothing there.
pub(super) fn failed(attempt: &Attempt) -> Fact {
    let reason = "tx_failed: op_no_trust".to_owned();
    Fact::AttemptVoided { attempt: attempt.id, ledger: Some(8), reason, next: AfterVoid::Retry }
}

pub(super) fn terms(kind: Kind, memo: u64) -> Fact {
    Fact::TermsAgreed { terms: samples::terms(kind, "10", memo) }
}

/// Terms of a withdrawal whose tokens are to arrive on another account or under another kind of memo.
pub(super) fn terms_with(account: AccountId, memo: Memo) -> Fact {
    let mut terms = samples::terms(Kind::Withdrawal, "10", 0);
    terms.receiving = Some(Receiving { account, memo });
    Fact::TermsAgreed { terms }
}

fn settled(transaction: &Transaction, reference: &str) -> (Receipt, Settlement) {
    let amounts = transaction.amounts.clone().expect("terms were agreed");
    let amount: Money = amounts.amount_in.clone();
    let receipt =
        Receipt { reference: reference.to_owned(), amount, from: None, ledger: None, return_fee: None };
    (receipt, Settlement::Accept(amounts))
}
