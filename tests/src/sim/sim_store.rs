//! The database as one process sees it: it fails and stalls, but a verb happens whole or not at all.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anchor_core::account::{AccountId, Sharing};
use anchor_core::asset::{Asset, AssetId};
use anchor_core::customer::{Customer, CustomerOwner, Kept, Sealed};
use anchor_core::id::{AttemptId, CustomerId, EventId, FileId, QuoteId, TransactionId};
use anchor_core::memo::Memo;
use anchor_core::quote::Quote;
use anchor_core::stellar::{Cursor, Ledger as _};
use anchor_core::store::{
    Begin, Begun, Bump, CallbackEnd, Callbacks, Channel, ChannelCount, Claim, Claimed, ClaimedAttempt,
    ClaimedCallback, ClaimedChannel, ClaimedEvent, ClaimedSigning, CustodyRecord, CustomerCallback,
    CustomerKeyed, CustomerStored, CustomerWrite, DecisionWrite, EventProgress, Figures, FileRecord, GivenUp,
    Heartbeat, KnownRequest, LeaseToken, NewFile, Observation, PaymentRecord, QuoteHold, QuoteUsed, Quoted,
    Recorded, SealedRow, Session, SetAside, Settled, Signing, SigningEnd, StateCount, Store, StoreError,
    Stored, SuspenseReason, TransactionFilter, TransactionLookup, WatchLease,
};
use anchor_core::testing::ledger::FakeLedger;
use anchor_core::testing::store::memory::MemoryStore;
use anchor_core::transaction::{
    Attempt, AttemptStatus, Change, ChangeEffect, FactRecord, Order, Protocol, Queue, Transaction,
    TransactionHash,
};
use async_trait::async_trait;
use chrono::{DateTime, Utc};

use super::Bug;
use super::bank::Bank;
use super::custodian::Custodian;
use super::life::Life;
use super::signer::Vault;

/// Who has a claim on what, until when: kept beside the store, to be compared with what it hands out.
pub(super) type Claims = Arc<Mutex<BTreeMap<TransactionId, (LeaseToken, DateTime<Utc>)>>>;

/// The database behind one process's connections.
pub(super) struct SimStore {
    pub(super) life: Life,
    pub(super) books: MemoryStore,
    pub(super) claims: Claims,
    /// Hears who may execute an order.
    pub(super) bank: Bank,
    /// For a planted bug.
    pub(super) network: FakeLedger,
    /// For another one.
    pub(super) vault: Option<Vault>,
    /// Hears who may hand over an order.
    pub(super) custodian: Option<Custodian>,
}

impl fmt::Debug for SimStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("SimStore").field(&self.life).finish()
    }
}

fn failure() -> StoreError {
    StoreError::Unavailable("the connection broke".into())
}

impl SimStore {
    /// No two claims overlap.
    fn audit(&self, claim: &Claim, claimed: &[Claimed]) {
        if self.life.sim.has(Bug::SharedClaims) {
            // to be found by what it leads to
            return;
        }
        let mut claims = self.claims.lock().unwrap_or_else(PoisonError::into_inner);
        let until = claim.now + chrono::Duration::from_std(claim.lease).unwrap_or_default();
        for one in claimed {
            let before = claims.insert(one.transaction.id, (one.lease, until));
            if before.is_some_and(|(_, until)| until > claim.now) {
                let id = one.transaction.id;
                self.life.sim.violated(format!("{id} was handed out to {} and is another's", self.life.name));
            }
        }
    }

    fn ended(&self, id: TransactionId, lease: Option<LeaseToken>) {
        let mut claims = self.claims.lock().unwrap_or_else(PoisonError::into_inner);
        if lease.is_none_or(|lease| claims.get(&id).is_some_and(|(token, _)| *token == lease)) {
            claims.remove(&id);
        }
    }

    async fn apply(&self, change: &Change, keep_lease: bool) -> Result<Stored, StoreError> {
        let stored = self.books.transaction_apply(change, keep_lease).await?;
        if stored == Stored::Applied {
            self.wrote(change, keep_lease);
        }
        Ok(stored)
    }

    async fn apply_groups(&self, groups: &[Vec<Change>]) -> Result<Vec<Stored>, StoreError> {
        if self.life.sim.has(Bug::SentFirst) {
            for change in groups.iter().filter_map(|group| group.first()) {
                if let ChangeEffect::OpenAttempt(attempt) = change.effect() {
                    let sent = self.network.submit(&attempt.envelope);
                    self.life.call("ledger: submit too early", async { Ok(sent.await) }, failure).await?.ok();
                }
            }
        }
        if let (true, Some(vault)) = (self.life.sim.has(Bug::ShownFirst), &self.vault) {
            for change in groups.iter().filter_map(|group| group.first()) {
                if let ChangeEffect::OpenAttempt(Attempt { hash, unsigned: Some(unsigned), .. }) =
                    change.effect()
                {
                    let shown = async {
                        vault.send(*hash, &unsigned.envelope).await;
                        Ok(())
                    };
                    self.life.call("vault: sign too early", shown, failure).await?;
                    for _ in 0..8 {
                        self.life.call("vault: is it signed?", async { Ok(()) }, failure).await?;
                    }
                }
            }
        }
        let stored = self.books.transaction_apply_groups(groups).await?;
        for (group, _) in groups.iter().zip(&stored).filter(|(_, stored)| **stored == Stored::Applied) {
            group.iter().for_each(|change| self.wrote(change, false));
        }
        Ok(stored)
    }

    fn wrote(&self, change: &Change, keep_lease: bool) {
        let transaction = change.transaction();
        let (id, state) = (transaction.id, transaction.state.name());
        self.life.sim.note(&self.life.name, || format!("{id} is {state}: {}", change.fact().fact.name()));
        if !keep_lease {
            self.ended(id, None);
        }
        if let ChangeEffect::OpenOrder(order) = change.effect() {
            self.bank.permit(order.id, &self.life.name);
        }
        if let (ChangeEffect::OpenCustody(order), Some(custodian)) = (change.effect(), &self.custodian) {
            custodian.permit(order.id, &self.life.name);
        }
    }

    async fn claim(&self, queue: Queue, claim: &Claim) -> Result<Vec<Claimed>, StoreError> {
        let claimed = self.books.transaction_claim(queue, claim).await?;
        self.audit(claim, &claimed);
        if self.life.sim.has(Bug::SharedClaims) {
            for one in &claimed {
                self.books.transaction_release(one.transaction.id, one.lease, claim.now).await?;
            }
        }
        Ok(claimed)
    }

    async fn record(&self, observation: &Observation) -> Result<Recorded, StoreError> {
        if !self.life.sim.has(Bug::CursorFirst) || observation.observed.is_empty() {
            return self.books.payments_record(observation).await;
        }
        let nothing = Observation { observed: Vec::new(), poison: Vec::new(), ..observation.clone() };
        let moved = self.books.payments_record(&nothing).await?;
        if moved != Recorded::Recorded {
            return Ok(moved);
        }
        let lease = WatchLease { cursor: Some(observation.next.clone()), ..observation.lease.clone() };
        let rest = Observation { lease, ..observation.clone() };
        self.life.call("store: payments after their cursor", self.books.payments_record(&rest), failure).await
    }
}

/// Implements the store: these verbs only suffer the weather, the others are looked at too.
macro_rules! pass_on {
    ($(fn $verb:ident($($argument:ident: $type:ty),*) -> $result:ty;)+) => {
        #[async_trait]
        impl Store for SimStore {
            $(
                async fn $verb(&self, $($argument: $type),*) -> Result<$result, StoreError> {
                    let effect = self.books.$verb($($argument),*);
                    self.life.call(concat!("store: ", stringify!($verb)), effect, failure).await
                }
            )+

            async fn transaction_apply(&self, change: &Change, keep: bool) -> Result<Stored, StoreError> {
                self.life.call("store: transaction_apply", self.apply(change, keep), failure).await
            }

            async fn transaction_apply_groups(&self, groups: &[Vec<Change>]) -> Result<Vec<Stored>, StoreError> {
                let what = format!("store: transaction_apply_groups of {}", groups.len());
                self.life.call(&what, self.apply_groups(groups), failure).await
            }

            async fn transaction_release_all(
                &self,
                claims: &[(TransactionId, LeaseToken, DateTime<Utc>)],
            ) -> Result<(), StoreError> {
                let effect = async {
                    claims.iter().for_each(|(id, lease, _)| self.ended(*id, Some(*lease)));
                    self.books.transaction_release_all(claims).await
                };
                self.life.call("store: transaction_release_all", effect, failure).await
            }

            async fn transaction_claim(&self, queue: Queue, claim: &Claim) -> Result<Vec<Claimed>, StoreError> {
                self.life.call(queue.as_str(), self.claim(queue, claim), failure).await
            }

            async fn attempt_claim(&self, claim: &Claim) -> Result<Vec<ClaimedAttempt>, StoreError> {
                let effect = async {
                    let claimed = self.books.attempt_claim(claim).await?;
                    if self.life.sim.has(Bug::SharedClaims) {
                        let back: Vec<_> =
                            claimed.iter().map(|one| (one.attempt.id, one.lease, claim.now)).collect();
                        self.books.attempt_release(&back).await?;
                    }
                    Ok(claimed)
                };
                self.life.call("attempts", effect, failure).await
            }

            async fn transaction_claim_overdue(&self, claim: &Claim) -> Result<Vec<Claimed>, StoreError> {
                let effect = async {
                    let claimed = self.books.transaction_claim_overdue(claim).await?;
                    self.audit(claim, &claimed);
                    Ok(claimed)
                };
                self.life.call("overdue", effect, failure).await
            }

            async fn transaction_release(
                &self,
                id: TransactionId,
                lease: LeaseToken,
                due: DateTime<Utc>,
            ) -> Result<(), StoreError> {
                let effect = async {
                    self.ended(id, Some(lease));
                    self.books.transaction_release(id, lease, due).await
                };
                self.life.call("store: transaction_release", effect, failure).await
            }

            async fn payments_record(&self, observation: &Observation) -> Result<Recorded, StoreError> {
                let effect = async {
                    let recorded = self.record(observation).await?;
                    for observed in observation.observed.iter().filter(|_| recorded == Recorded::Recorded) {
                        if let anchor_core::store::Disposition::Matched(change) = &observed.disposition {
                            self.ended(change.transaction().id, None);
                        }
                    }
                    Ok(recorded)
                };
                self.life.call("store: payments_record", effect, failure).await
            }
        }
    };
}

pass_on! {
    fn ping() -> ();
    fn customer_fetch(key: &CustomerKeyed) -> Option<Customer>;
    fn customer_list(before: Option<CustomerId>, limit: u32) -> Vec<Customer>;
    fn customer_put(write: &CustomerWrite) -> CustomerStored;
    fn customer_decide(id: CustomerId, write: &DecisionWrite) -> bool;
    fn customer_delete(id: CustomerId, at: DateTime<Utc>) -> bool;
    fn customer_forget(owner: &CustomerOwner, at: DateTime<Utc>) -> bool;
    fn customer_code_try(id: CustomerId, field: &str, most: u32, now: DateTime<Utc>) -> Option<Sealed>;
    fn customer_code_is_open(id: CustomerId, field: &str, most: u32, now: DateTime<Utc>) -> bool;
    fn customer_file_insert(file: &NewFile, most: u32) -> bool;
    fn customer_file_fetch(id: FileId) -> Option<FileRecord>;
    fn customer_file_list(customer: CustomerId) -> Vec<FileRecord>;
    fn customer_file_content(id: FileId) -> Option<Sealed>;
    fn customer_callback_put(id: CustomerId, callback: &CustomerCallback, now: DateTime<Utc>) -> bool;
    fn customer_callback_claim(claim: &Claim) -> Vec<ClaimedCallback>;
    fn customer_callback_end(id: CustomerId, lease: LeaseToken, end: &CallbackEnd) -> ();
    fn customer_sealed_list(current: &str, limit: u32) -> Vec<SealedRow>;
    fn customer_reseal(row: &SealedRow, by: &Sealed) -> bool;
    fn figures(since: DateTime<Utc>) -> Figures;
    fn sharing_fetch(account: &AccountId) -> Option<Sharing>;
    fn sharing_put(account: &AccountId, sharing: Sharing) -> ();
    fn asset_put(asset: &Asset) -> ();
    fn asset_list() -> Vec<Asset>;
    fn transaction_insert(transaction: &Transaction, url_token: Option<(&[u8; 32], DateTime<Utc>)>) -> ();
    fn transaction_start(transaction: &Transaction, url_token: (&[u8; 32], DateTime<Utc>), account: &AccountId, wanted: Sharing) -> Sharing;
    fn transaction_begin(begin: &Begin) -> Begun;
    fn transaction_fetch(id: TransactionId) -> Option<Transaction>;
    fn transaction_find(subject: &str, protocol: Protocol, lookup: &TransactionLookup) -> Option<Transaction>;
    fn transaction_list(filter: &TransactionFilter) -> Vec<Transaction>;
    fn transaction_by_memo(account: &AccountId, memo: &Memo) -> Option<Transaction>;
    fn transaction_count() -> Vec<StateCount>;
    fn transaction_count_ended() -> Vec<StateCount>;
    fn fact_list(transaction: TransactionId) -> Vec<FactRecord>;
    fn fact_anomaly(record: &FactRecord) -> ();
    fn attempt_fetch(id: AttemptId) -> Option<Attempt>;
    fn attempt_open_of(source: &AccountId) -> Option<Attempt>;
    fn attempt_open(attempt: &Attempt, at: DateTime<Utc>) -> Stored;
    fn attempt_close(
        id: AttemptId,
        status: AttemptStatus,
        ledger: Option<u32>,
        note: &str,
        at: DateTime<Utc>
    ) -> ();
    fn attempt_release(claims: &[(AttemptId, LeaseToken, DateTime<Utc>)]) -> ();
    fn attempt_bump(id: AttemptId, bump: &Bump) -> bool;
    fn attempt_void_list(transactions: &[TransactionId]) -> Vec<GivenUp>;
    fn attempt_fees_since(since: DateTime<Utc>) -> i64;
    fn signing_claim(claim: &Claim) -> Vec<ClaimedSigning>;
    fn signing_release(claims: &[(TransactionHash, LeaseToken, DateTime<Utc>)]) -> ();
    fn signing_close(hash: &TransactionHash, lease: LeaseToken, end: &SigningEnd, at: DateTime<Utc>) -> bool;
    fn signing_fetch(hash: &TransactionHash) -> Option<Signing>;
    fn channel_put(channels: &[(AccountId, Option<u32>)]) -> ();
    fn channel_list() -> Vec<Channel>;
    fn channel_count(now: DateTime<Utc>) -> ChannelCount;
    fn channel_claim(claim: &Claim) -> Vec<ClaimedChannel>;
    fn channel_claim_of(accounts: &[AccountId], claim: &Claim) -> Vec<ClaimedChannel>;
    fn channel_release(claims: &[(AccountId, LeaseToken)]) -> ();
    fn channel_retire(account: &AccountId, now: DateTime<Utc>) -> bool;
    fn attempt_landed_at(source: &AccountId, sequence: i64) -> Option<Attempt>;
    fn channel_find(accounts: &[AccountId]) -> Vec<Channel>;
    fn channel_forget(accounts: &[AccountId]) -> ();
    fn custody_list(transaction: TransactionId) -> Vec<CustodyRecord>;
    fn custody_movements(hash: &TransactionHash) -> Vec<String>;
    fn set_aside_claim(claim: &Claim, until: u64) -> Vec<SetAside>;
    fn set_aside_wait(balance: &str, due: DateTime<Utc>) -> ();
    fn set_aside_reclaim(balance: &str, before: Option<AttemptId>, attempt: &Attempt, at: DateTime<Utc>) -> Stored;
    fn set_aside_end(balance: &str, before: Option<AttemptId>) -> bool;
    fn set_aside_find(balances: &[String]) -> Vec<SetAside>;
    fn set_aside_list() -> Vec<SetAside>;
    fn set_aside_is_pending(by: &AccountId, until: u64) -> bool;
    fn order_open_of(transaction: TransactionId) -> Option<(Order, Option<String>)>;
    fn watch_claim(account: &AccountId, owner: &str, now: DateTime<Utc>, lease: Duration) -> Option<WatchLease>;
    fn watch_fetch(account: &AccountId) -> Option<Cursor>;
    fn watch_list() -> Vec<AccountId>;
    fn watch_start(account: &AccountId, cursor: &Cursor) -> ();
    fn watch_forget(account: &AccountId) -> ();
    fn watch_release(lease: &WatchLease) -> ();
    fn suspense_list(reason: Option<SuspenseReason>) -> Vec<PaymentRecord>;
    fn suspense_settle(payment: &str, by: &Change) -> Settled;
    fn payment_fetch(id: &str) -> Option<PaymentRecord>;
    fn payment_list(transaction: TransactionId) -> Vec<PaymentRecord>;
    fn answers_fetch(transaction: TransactionId) -> Option<Kept>;
    fn answers_put(transaction: TransactionId, answers: &Kept) -> ();
    fn callbacks_put(transaction: TransactionId, callbacks: &Callbacks) -> ();
    fn request_find(subject: &str, key: &[u8; 32]) -> Option<KnownRequest>;
    fn callbacks_fetch(transaction: TransactionId) -> Callbacks;
    fn session_open(
        url_token: &[u8; 32],
        cookie: &[u8; 32],
        csrf: &str,
        callbacks: &Callbacks,
        now: DateTime<Utc>,
        expires_at: DateTime<Utc>
    ) -> Option<Session>;
    fn session_fetch(cookie: &[u8; 32], now: DateTime<Utc>) -> Option<Session>;
    fn challenge_use(hash: &[u8; 32], expires_at: DateTime<Utc>) -> bool;
    fn event_claim(claim: &Claim) -> Vec<ClaimedEvent>;
    fn event_ack(id: EventId, lease: LeaseToken, at: DateTime<Utc>) -> ();
    fn event_mark(id: EventId, lease: LeaseToken, progress: EventProgress) -> bool;
    fn event_defer(id: EventId, lease: LeaseToken, progress: EventProgress, due: DateTime<Utc>) -> ();
    fn quote_insert(quote: &Quote, hold: &QuoteHold) -> Quoted;
    fn quote_fetch(id: QuoteId) -> Option<Quote>;
    fn quote_use(
        quote: QuoteId,
        transaction: &Transaction,
        url_token: Option<(&[u8; 32], DateTime<Utc>)>,
        sharing: Option<(AccountId, Sharing)>,
        now: DateTime<Utc>
    ) -> QuoteUsed;
    fn quote_used_by(id: QuoteId) -> Option<TransactionId>;
    fn quote_overdue(now: DateTime<Utc>, limit: u32) -> Vec<QuoteId>;
    fn quote_release(id: QuoteId, now: DateTime<Utc>) -> bool;
    fn quote_reserved(asset: &AssetId) -> i64;
    fn heartbeat_put(job: &str, at: DateTime<Utc>) -> ();
    fn heartbeat_list() -> Vec<Heartbeat>;
    fn expired_delete(now: DateTime<Utc>) -> u64;
}
