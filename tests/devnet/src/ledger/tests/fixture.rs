//! A small world: a network, some funded accounts, an issuer, and short ways to act in it.

use std::path::Path;
use std::sync::Arc;

use ed25519_dalek::SigningKey;
use stellar_xdr::{
    AccountId, Asset, LedgerEntryData, OperationBody, OperationResult, OperationResultTr,
    TransactionEnvelope, TransactionResult, TransactionResultResult,
};

use crate::ledger::build::{self, Draft, account};
use crate::ledger::{ClosedLedger, LedgerConfig, Network, Submitted, TransactionRecord, operation_results};

pub(super) const BORN: u64 = 1_700_000_000;
pub(super) const XLM: i64 = 10_000_000;

pub(super) struct World {
    pub(super) network: Network,
    pub(super) now: u64,
}

impl World {
    pub(super) fn new() -> Self {
        Self::with(LedgerConfig::default())
    }

    pub(super) fn with(config: LedgerConfig) -> Self {
        Self { network: Network::genesis(config, BORN), now: BORN }
    }

    pub(super) fn in_file(path: &Path) -> Self {
        Self { network: Network::open(path, LedgerConfig::default(), BORN).unwrap(), now: BORN }
    }

    pub(super) fn root(&self) -> SigningKey {
        build::key_from_seed(self.network.root_seed())
    }

    pub(super) fn id(&self) -> [u8; 32] {
        self.network.network_id()
    }

    /// Creates and funds an account.
    pub(super) fn fund(&mut self, name: &str, lumens: i64) -> SigningKey {
        let key = build::key(name);
        let root = self.root();
        self.run(&root, build::create_account(&account(&key), lumens * XLM)).unwrap();
        key
    }

    /// An issuer of USD and one holder of it.
    pub(super) fn holder(&mut self, name: &str, asset: &Asset, amount: i64) -> SigningKey {
        let key = self.fund(name, 1_000);
        self.trust(&key, asset);
        if amount > 0 {
            let issuer = build::key("issuer");
            self.run(&issuer, build::payment(account(&key), asset, amount)).unwrap();
        }
        key
    }

    pub(super) fn issuer(&mut self) -> (SigningKey, Asset) {
        let issuer = self.fund("issuer", 1_000);
        let usd = build::credit("USD", &account(&issuer));
        (issuer, usd)
    }

    pub(super) fn trust(&mut self, key: &SigningKey, asset: &Asset) {
        self.run(key, build::change_trust(asset, i64::MAX)).unwrap();
    }

    pub(super) fn sequence(&self, key: &SigningKey) -> i64 {
        self.network.account(&account(key)).map_or(0, |entry| entry.seq_num.0)
    }

    /// A transaction of `key` with the next sequence number.
    pub(super) fn draft(&self, key: &SigningKey) -> Draft {
        Draft::new(&account(key), self.sequence(key) + 1)
    }

    pub(super) fn sign(&self, draft: &Draft, signers: &[&SigningKey]) -> TransactionEnvelope {
        draft.sign(self.id(), signers)
    }

    pub(super) fn submit(&mut self, envelope: TransactionEnvelope) -> Submitted {
        self.network.submit(envelope, self.now)
    }

    pub(super) fn close(&mut self) -> Arc<ClosedLedger> {
        self.now += 5;
        self.network.close(self.now).unwrap()
    }

    /// Submits and closes; the record, or the result of the refusal.
    pub(super) fn land(
        &mut self,
        envelope: TransactionEnvelope,
    ) -> Result<Arc<TransactionRecord>, TransactionResult> {
        match self.submit(envelope) {
            Submitted::Pending { hash } => {
                self.close();
                Ok(self.network.transaction(&hash).expect("it was pending and there was room"))
            }
            Submitted::Rejected { result, .. } => Err(*result),
            other => panic!("{other:?}"),
        }
    }

    /// Lands one operation of `key`; `Err` is the operation's result.
    pub(super) fn run(
        &mut self,
        key: &SigningKey,
        body: OperationBody,
    ) -> Result<Box<OperationResult>, Box<OperationResult>> {
        let envelope = self.sign(&self.draft(key).operation(body), &[key]);
        let (result, successful) = match self.land(envelope) {
            Ok(record) => (record.result(), record.successful),
            Err(result) => (result, false),
        };
        let operation = operation_results(&result).first().cloned().unwrap_or_else(|| panic!("{result:?}"));
        if successful { Ok(Box::new(operation)) } else { Err(Box::new(operation)) }
    }

    /// Lands one operation of `key` that fails; its result.
    pub(super) fn fails(&mut self, key: &SigningKey, body: OperationBody) -> OperationResultTr {
        match *self.run(key, body).expect_err("the operation fails") {
            OperationResult::OpInner(result) => result,
            other => panic!("{other:?}"),
        }
    }

    /// Submits a transaction that the network refuses; its result.
    pub(super) fn refused(&mut self, envelope: TransactionEnvelope) -> TransactionResult {
        match self.submit(envelope) {
            Submitted::Rejected { result, .. } => *result,
            other => panic!("{other:?}"),
        }
    }

    pub(super) fn lumens(&self, key: &SigningKey) -> i64 {
        self.network.account(&account(key)).expect("account").balance
    }

    pub(super) fn credit(&self, key: &SigningKey, asset: &Asset) -> i64 {
        self.network.trust_line(&account(key), asset).expect("trust line").balance
    }

    pub(super) fn available(&self, key: &SigningKey) -> i64 {
        crate::ledger::account::available(self.network.account(&account(key)).expect("account"), 5_000_000)
    }

    /// Units of `asset` on all trust lines and claimable balances.
    pub(super) fn outstanding(&self, asset: &Asset) -> i128 {
        self.network
            .entries()
            .map(|(_, entry)| match &entry.data {
                LedgerEntryData::Trustline(line)
                    if crate::ledger::asset::of_trust_line(&line.asset).as_ref() == Some(asset) =>
                {
                    i128::from(line.balance)
                }
                LedgerEntryData::ClaimableBalance(balance) if balance.asset == *asset => {
                    i128::from(balance.amount)
                }
                LedgerEntryData::Account(account) if *asset == Asset::Native => i128::from(account.balance),
                _ => 0,
            })
            .sum()
    }
}

pub(super) fn code(result: &TransactionResult) -> &TransactionResultResult {
    &result.result
}

pub(super) fn id(key: &SigningKey) -> AccountId {
    account(key)
}
