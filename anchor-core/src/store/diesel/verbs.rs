//! Every verb of the store: which query it runs, in how much of a database transaction.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, Utc};

use super::rows::codec::{hex32, stamp};
use super::start::Start;
use super::{
    DieselStore, answers, attempts, begin, changes, channel, channels, claims, custody, customer_callbacks,
    customer_codes, customer_files, customers, documents, figures, groups, heartbeats, history, outbox,
    payments, quotes, requests, sessions, set_asides, signing, transactions, watches,
};
use crate::account::{AccountId, Sharing};
use crate::asset::{Asset, AssetId};
use crate::customer::{Customer, CustomerOwner, Kept, Sealed};
use crate::id::{AttemptId, CustomerId, EventId, FileId, QuoteId, TransactionId};
use crate::memo::Memo;
use crate::quote::Quote;
use crate::stellar::Cursor;
use crate::store::{
    Begin, Begun, Bump, CallbackEnd, Callbacks, Channel, ChannelCount, Claim, Claimed, ClaimedAttempt,
    ClaimedCallback, ClaimedChannel, ClaimedEvent, ClaimedSigning, CustodyRecord, CustomerCallback,
    CustomerKeyed, CustomerStored, CustomerWrite, DecisionWrite, EventProgress, Figures, FileRecord, GivenUp,
    Heartbeat, KnownRequest, LeaseToken, NewFile, Observation, PaymentRecord, QuoteHold, QuoteUsed, Quoted,
    Recorded, SealedRow, Session, SetAside, Settled, Signing, SigningEnd, StateCount, Store, StoreError,
    Stored, SuspenseReason, TransactionFilter, TransactionLookup, WatchLease,
};
use crate::transaction::{
    Attempt, AttemptStatus, Change, FactRecord, Order, Protocol, Queue, Transaction, TransactionHash,
};

#[async_trait]
impl Store for DieselStore {
    async fn ping(&self) -> Result<(), StoreError> {
        self.database.ping().await
    }

    async fn time(&self) -> Result<Option<DateTime<Utc>>, StoreError> {
        self.database.read("time", figures::time).await
    }

    async fn figures(&self, since: DateTime<Utc>) -> Result<Figures, StoreError> {
        self.database.read("figures", move |c| figures::count(c, stamp(since))).await
    }

    async fn asset_put(&self, asset: &Asset) -> Result<(), StoreError> {
        let asset = asset.clone();
        self.database.upsert("asset_put", move |c| documents::asset_put(c, &asset)).await
    }

    async fn asset_list(&self) -> Result<Vec<Asset>, StoreError> {
        self.database.read("asset_list", documents::asset_list).await
    }

    async fn sharing_fetch(&self, account: &AccountId) -> Result<Option<Sharing>, StoreError> {
        let account = account.to_string();
        self.database.read("sharing_fetch", move |c| documents::sharing_fetch(c, &account)).await
    }

    async fn sharing_put(&self, account: &AccountId, sharing: Sharing) -> Result<(), StoreError> {
        let account = account.to_string();
        self.database.upsert("sharing_put", move |c| documents::sharing_put(c, &account, sharing)).await
    }

    async fn transaction_insert(
        &self,
        transaction: &Transaction,
        url_token: Option<(&[u8; 32], DateTime<Utc>)>,
    ) -> Result<(), StoreError> {
        let url_token = url_token.map(|(hash, expires_at)| (*hash, expires_at));
        let start = Start { transaction: transaction.clone(), url_token, sharing: None };
        self.starts.write(start).await.map(drop)
    }

    async fn transaction_start(
        &self,
        transaction: &Transaction,
        (hash, expires_at): (&[u8; 32], DateTime<Utc>),
        account: &AccountId,
        wanted: Sharing,
    ) -> Result<Sharing, StoreError> {
        let start = Start {
            transaction: transaction.clone(),
            url_token: Some((*hash, expires_at)),
            sharing: Some((account.to_string(), wanted)),
        };
        Ok(self.starts.write(start).await?.unwrap_or(wanted))
    }

    async fn transaction_begin(&self, begin: &Begin) -> Result<Begun, StoreError> {
        let begin = begin.clone();
        self.database.upsert_or_not("transaction_begin", move |c| begin::begin(c, &begin)).await
    }

    async fn request_find(&self, subject: &str, key: &[u8; 32]) -> Result<Option<KnownRequest>, StoreError> {
        let (subject, key) = (subject.to_owned(), *key);
        self.database.read("request_find", move |c| requests::find(c, &subject, &key)).await
    }

    async fn transaction_fetch(&self, id: TransactionId) -> Result<Option<Transaction>, StoreError> {
        self.database.read("transaction_fetch", move |c| transactions::fetch(c, id)).await
    }

    async fn transaction_find(
        &self,
        subject: &str,
        protocol: Protocol,
        lookup: &TransactionLookup,
    ) -> Result<Option<Transaction>, StoreError> {
        let (subject, lookup) = (subject.to_owned(), lookup.clone());
        let find = move |c: &mut _| transactions::find(c, &subject, protocol, &lookup);
        self.database.read("transaction_find", find).await
    }

    async fn transaction_list(&self, filter: &TransactionFilter) -> Result<Vec<Transaction>, StoreError> {
        let filter = filter.clone();
        self.database.read("transaction_list", move |c| transactions::list(c, &filter)).await
    }

    async fn transaction_by_memo(
        &self,
        account: &AccountId,
        memo: &Memo,
    ) -> Result<Option<Transaction>, StoreError> {
        let (account, memo) = (account.to_string(), memo.to_storage());
        let find = move |c: &mut _| transactions::by_memo(c, &account, memo.clone());
        self.database.read("transaction_by_memo", find).await
    }

    async fn transactions_by_memos(
        &self,
        account: &AccountId,
        memos: &[Memo],
    ) -> Result<HashMap<Memo, Transaction>, StoreError> {
        if memos.is_empty() {
            return Ok(HashMap::new());
        }
        let (account, memos) = (account.to_string(), memos.to_vec());
        let find = move |c: &mut _| transactions::by_memos(c, &account, &memos);
        self.database.read("transactions_by_memos", find).await
    }

    async fn transaction_apply(&self, change: &Change, keep_lease: bool) -> Result<Stored, StoreError> {
        let change = [change.clone()];
        let apply = move |c: &mut _| changes::apply(c, &[&change], keep_lease).map(changes::end);
        self.database.write_or_not("transaction_apply", apply).await
    }

    async fn transaction_apply_groups(&self, groups: &[Vec<Change>]) -> Result<Vec<Stored>, StoreError> {
        groups::apply(&self.database, Arc::new(groups.to_vec())).await
    }

    async fn transaction_claim(&self, queue: Queue, claim: &Claim) -> Result<Vec<Claimed>, StoreError> {
        let claim = claim.clone();
        self.database.write("transaction_claim", move |c| claims::claim(c, queue, &claim)).await
    }

    async fn transaction_claim_overdue(&self, claim: &Claim) -> Result<Vec<Claimed>, StoreError> {
        let claim = claim.clone();
        self.database.write("transaction_claim_overdue", move |c| claims::claim_overdue(c, &claim)).await
    }

    async fn transaction_release(
        &self,
        id: TransactionId,
        lease: LeaseToken,
        due: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        self.transaction_release_all(&[(id, lease, due)]).await
    }

    async fn transaction_release_all(
        &self,
        claims: &[(TransactionId, LeaseToken, DateTime<Utc>)],
    ) -> Result<(), StoreError> {
        if claims.is_empty() {
            return Ok(());
        }
        let claims = claims.to_vec();
        self.database.write("transaction_release", move |c| claims::release(c, &claims)).await
    }

    async fn transaction_count(&self) -> Result<Vec<StateCount>, StoreError> {
        self.database.read("transaction_count", transactions::count).await
    }

    async fn transaction_count_ended(&self) -> Result<Vec<StateCount>, StoreError> {
        self.database.read("transaction_count_ended", transactions::count_ended).await
    }

    async fn fact_list(&self, transaction: TransactionId) -> Result<Vec<FactRecord>, StoreError> {
        self.database.read("fact_list", move |c| history::facts(c, transaction)).await
    }

    async fn fact_anomaly(&self, record: &FactRecord) -> Result<(), StoreError> {
        let record = record.clone();
        self.database.upsert("fact_anomaly", move |c| history::anomaly(c, &record)).await
    }

    async fn attempt_fetch(&self, id: AttemptId) -> Result<Option<Attempt>, StoreError> {
        self.database.read("attempt_fetch", move |c| attempts::fetch(c, id)).await
    }

    async fn attempt_open_of(&self, source: &AccountId) -> Result<Option<Attempt>, StoreError> {
        let source = *source;
        self.database.read("attempt_open_of", move |c| attempts::open_of(c, &source)).await
    }

    async fn attempt_landed_at(
        &self,
        source: &AccountId,
        sequence: i64,
    ) -> Result<Option<Attempt>, StoreError> {
        let source = *source;
        self.database.read("attempt_landed_at", move |c| attempts::landed_at(c, &source, sequence)).await
    }

    async fn attempt_open(&self, attempt: &Attempt, at: DateTime<Utc>) -> Result<Stored, StoreError> {
        let attempt = attempt.clone();
        let open = move |c: &mut _| attempts::open_alone(c, &attempt, at).map(changes::end);
        self.database.write_or_not("attempt_open", open).await
    }

    async fn attempt_close(
        &self,
        id: AttemptId,
        status: AttemptStatus,
        ledger: Option<u32>,
        note: &str,
        at: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let note = note.to_owned();
        let close = move |c: &mut _| attempts::close_alone(c, id, status, ledger, &note, at);
        self.database.write("attempt_close", close).await
    }

    async fn attempt_claim(&self, claim: &Claim) -> Result<Vec<ClaimedAttempt>, StoreError> {
        let claim = claim.clone();
        self.database.write("attempt_claim", move |c| attempts::claim(c, &claim)).await
    }

    async fn attempt_release(
        &self,
        claims: &[(AttemptId, LeaseToken, DateTime<Utc>)],
    ) -> Result<(), StoreError> {
        if claims.is_empty() {
            return Ok(());
        }
        let claims = claims.to_vec();
        self.database.write("attempt_release", move |c| attempts::release(c, &claims)).await
    }

    async fn attempt_bump(&self, id: AttemptId, bump: &Bump) -> Result<bool, StoreError> {
        let bump = bump.clone();
        self.database.write("attempt_bump", move |c| attempts::bump(c, id, &bump)).await
    }

    async fn attempt_void_list(&self, transactions: &[TransactionId]) -> Result<Vec<GivenUp>, StoreError> {
        let transactions = transactions.to_vec();
        self.database.read("attempt_void_list", move |c| attempts::void_list(c, &transactions)).await
    }

    async fn attempt_fees_since(&self, since: DateTime<Utc>) -> Result<i64, StoreError> {
        self.database.read("attempt_fees_since", move |c| attempts::fees_since(c, since)).await
    }

    async fn signing_claim(&self, claim: &Claim) -> Result<Vec<ClaimedSigning>, StoreError> {
        let claim = claim.clone();
        self.database.write("signing_claim", move |c| signing::claim(c, &claim)).await
    }

    async fn signing_release(
        &self,
        claims: &[(TransactionHash, LeaseToken, DateTime<Utc>)],
    ) -> Result<(), StoreError> {
        if claims.is_empty() {
            return Ok(());
        }
        let claims = claims.to_vec();
        self.database.write("signing_release", move |c| signing::release(c, &claims)).await
    }

    async fn signing_close(
        &self,
        hash: &TransactionHash,
        lease: LeaseToken,
        end: &SigningEnd,
        at: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        let (hash, end) = (*hash, end.clone());
        let close = move |c: &mut _| signing::close(c, &hash, lease, &end, at);
        self.database.write_or_not("signing_close", close).await
    }

    async fn signing_fetch(&self, hash: &TransactionHash) -> Result<Option<Signing>, StoreError> {
        let hash = *hash;
        self.database.read("signing_fetch", move |c| signing::fetch(c, &hash)).await
    }

    async fn channel_put(&self, channels: &[(AccountId, Option<u32>)]) -> Result<(), StoreError> {
        let channels = channels.to_vec();
        self.database.upsert("channel_put", move |c| channels::put(c, &channels)).await
    }

    async fn channel_list(&self) -> Result<Vec<Channel>, StoreError> {
        self.database.read("channel_list", channels::list).await
    }

    async fn channel_count(&self, now: DateTime<Utc>) -> Result<ChannelCount, StoreError> {
        self.database.read("channel_count", move |c| channels::count(c, now)).await
    }

    async fn channel_claim(&self, claim: &Claim) -> Result<Vec<ClaimedChannel>, StoreError> {
        let claim = claim.clone();
        self.database.write("channel_claim", move |c| channels::claim(c, &claim)).await
    }

    async fn channel_claim_of(
        &self,
        accounts: &[AccountId],
        claim: &Claim,
    ) -> Result<Vec<ClaimedChannel>, StoreError> {
        let (accounts, claim) = (accounts.to_vec(), claim.clone());
        self.database.write("channel_claim_of", move |c| channels::claim_of(c, &accounts, &claim)).await
    }

    async fn channel_release(&self, claims: &[(AccountId, LeaseToken)]) -> Result<(), StoreError> {
        if claims.is_empty() {
            return Ok(());
        }
        let claims = claims.to_vec();
        self.database.write("channel_release", move |c| channels::release(c, &claims)).await
    }

    async fn channel_retire(&self, account: &AccountId, now: DateTime<Utc>) -> Result<bool, StoreError> {
        let account = *account;
        self.database.write("channel_retire", move |c| channels::retire(c, &account, now)).await
    }

    async fn channel_find(&self, accounts: &[AccountId]) -> Result<Vec<Channel>, StoreError> {
        if accounts.is_empty() {
            return Ok(Vec::new());
        }
        let accounts = accounts.to_vec();
        self.database.read("channel_find", move |c| channel::find(c, &accounts)).await
    }

    async fn channel_forget(&self, accounts: &[AccountId]) -> Result<(), StoreError> {
        if accounts.is_empty() {
            return Ok(());
        }
        let accounts = accounts.to_vec();
        self.database.write("channel_forget", move |c| channel::forget(c, &accounts)).await
    }

    async fn custody_list(&self, transaction: TransactionId) -> Result<Vec<CustodyRecord>, StoreError> {
        self.database.read("custody_list", move |c| custody::list(c, transaction)).await
    }

    async fn custody_movements(&self, hash: &TransactionHash) -> Result<Vec<String>, StoreError> {
        let hash = *hash;
        self.database.read("custody_movements", move |c| custody::movements(c, &hash)).await
    }

    async fn set_aside_claim(&self, claim: &Claim, until: u64) -> Result<Vec<SetAside>, StoreError> {
        let claim = claim.clone();
        self.database.write("set_aside_claim", move |c| set_asides::claim(c, &claim, until)).await
    }

    async fn set_aside_wait(&self, balance: &str, due: DateTime<Utc>) -> Result<(), StoreError> {
        let (balance, due) = (balance.to_owned(), stamp(due));
        self.database.write("set_aside_wait", move |c| set_asides::wait(c, &balance, due)).await
    }

    async fn set_aside_reclaim(
        &self,
        balance: &str,
        before: Option<AttemptId>,
        attempt: &Attempt,
        at: DateTime<Utc>,
    ) -> Result<Stored, StoreError> {
        let (balance, attempt) = (balance.to_owned(), attempt.clone());
        let reclaim = move |c: &mut _| set_asides::reclaim(c, &balance, before, &attempt, at);
        self.database.write_or_not("set_aside_reclaim", reclaim).await
    }

    async fn set_aside_end(&self, balance: &str, before: Option<AttemptId>) -> Result<bool, StoreError> {
        let balance = balance.to_owned();
        self.database.write("set_aside_end", move |c| set_asides::end(c, &balance, before)).await
    }

    async fn set_aside_find(&self, balances: &[String]) -> Result<Vec<SetAside>, StoreError> {
        let balances = balances.to_vec();
        self.database.read("set_aside_find", move |c| set_asides::find(c, &balances)).await
    }

    async fn set_aside_list(&self) -> Result<Vec<SetAside>, StoreError> {
        self.database.read("set_aside_list", set_asides::list).await
    }

    async fn set_aside_is_pending(&self, by: &AccountId, until: u64) -> Result<bool, StoreError> {
        let by = *by;
        self.database.read("set_aside_is_pending", move |c| set_asides::is_pending(c, &by, until)).await
    }

    async fn order_open_of(
        &self,
        transaction: TransactionId,
    ) -> Result<Option<(Order, Option<String>)>, StoreError> {
        self.database.read("order_open_of", move |c| history::order_open_of(c, transaction)).await
    }

    async fn watch_claim(
        &self,
        account: &AccountId,
        owner: &str,
        now: DateTime<Utc>,
        lease: Duration,
    ) -> Result<Option<WatchLease>, StoreError> {
        let (account, owner) = (*account, owner.to_owned());
        let claim = move |c: &mut _| watches::claim(c, &account, &owner, now, lease);
        self.database.upsert("watch_claim", claim).await
    }

    async fn watch_fetch(&self, account: &AccountId) -> Result<Option<Cursor>, StoreError> {
        let account = *account;
        self.database.read("watch_fetch", move |c| watches::fetch(c, &account)).await
    }

    async fn watch_list(&self) -> Result<Vec<AccountId>, StoreError> {
        self.database.read("watch_list", watches::list).await
    }

    async fn watch_start(&self, account: &AccountId, cursor: &Cursor) -> Result<(), StoreError> {
        let (account, cursor) = (*account, cursor.clone());
        self.database.upsert("watch_start", move |c| watches::start(c, &account, &cursor)).await
    }

    async fn watch_forget(&self, account: &AccountId) -> Result<(), StoreError> {
        let account = *account;
        self.database.write("watch_forget", move |c| watches::forget(c, &account)).await
    }

    async fn watch_release(&self, lease: &WatchLease) -> Result<(), StoreError> {
        let lease = lease.clone();
        self.database.write("watch_release", move |c| watches::release(c, &lease)).await
    }

    async fn payments_record(&self, observation: &Observation) -> Result<Recorded, StoreError> {
        let observation = Arc::new(observation.clone());
        self.database.write_or_not("payments_record", move |c| payments::record(c, &observation)).await
    }

    async fn suspense_list(&self, reason: Option<SuspenseReason>) -> Result<Vec<PaymentRecord>, StoreError> {
        self.database.read("suspense_list", move |c| payments::suspense(c, reason)).await
    }

    async fn suspense_settle(&self, payment: &str, by: &Change) -> Result<Settled, StoreError> {
        let (payment, by) = (payment.to_owned(), by.clone());
        let settle = move |c: &mut _| payments::settle(c, &payment, &by);
        self.database.write_or_not("suspense_settle", settle).await
    }

    async fn payment_fetch(&self, id: &str) -> Result<Option<PaymentRecord>, StoreError> {
        let id = id.to_owned();
        self.database.read("payment_fetch", move |c| payments::fetch(c, &id)).await
    }

    async fn payment_list(&self, transaction: TransactionId) -> Result<Vec<PaymentRecord>, StoreError> {
        let id = transaction.to_string();
        self.database.read("payment_list", move |c| payments::of_transaction(c, &id)).await
    }

    async fn answers_fetch(&self, transaction: TransactionId) -> Result<Option<Kept>, StoreError> {
        self.database.read("answers_fetch", move |c| answers::fetch(c, transaction)).await
    }

    async fn answers_put(&self, transaction: TransactionId, answers: &Kept) -> Result<(), StoreError> {
        let answers = answers.clone();
        let put = move |c: &mut _| answers::put_collecting(c, transaction, &answers);
        self.database.upsert("answers_put", put).await
    }

    async fn callbacks_put(
        &self,
        transaction: TransactionId,
        callbacks: &Callbacks,
    ) -> Result<(), StoreError> {
        let callbacks = callbacks.clone();
        self.database
            .upsert("callbacks_put", move |c| documents::callbacks_put(c, transaction, &callbacks))
            .await
    }

    async fn callbacks_fetch(&self, transaction: TransactionId) -> Result<Callbacks, StoreError> {
        self.database.read("callbacks_fetch", move |c| documents::callbacks_fetch(c, transaction)).await
    }

    async fn session_open(
        &self,
        url_token: &[u8; 32],
        cookie: &[u8; 32],
        csrf: &str,
        callbacks: &Callbacks,
        now: DateTime<Utc>,
        expires_at: DateTime<Utc>,
    ) -> Result<Option<Session>, StoreError> {
        let new = sessions::NewSession {
            url_token: hex32(url_token),
            cookie: hex32(cookie),
            csrf: csrf.to_owned(),
            callbacks: callbacks.clone(),
            now: stamp(now),
            expires_at: stamp(expires_at),
        };
        self.database.upsert("session_open", move |c| sessions::open(c, &new)).await
    }

    async fn session_fetch(
        &self,
        cookie: &[u8; 32],
        now: DateTime<Utc>,
    ) -> Result<Option<Session>, StoreError> {
        let (cookie, now) = (hex32(cookie), stamp(now));
        self.database.read("session_fetch", move |c| sessions::fetch(c, &cookie, now)).await
    }

    async fn challenge_use(&self, hash: &[u8; 32], expires_at: DateTime<Utc>) -> Result<bool, StoreError> {
        self.challenges.write((hex32(hash), stamp(expires_at))).await
    }

    async fn event_claim(&self, claim: &Claim) -> Result<Vec<ClaimedEvent>, StoreError> {
        let claim = claim.clone();
        self.database.write("event_claim", move |c| outbox::claim(c, &claim)).await
    }

    async fn event_ack(&self, id: EventId, lease: LeaseToken, at: DateTime<Utc>) -> Result<(), StoreError> {
        let at = stamp(at);
        self.database.write("event_ack", move |c| outbox::ack(c, id, lease, at)).await
    }

    async fn event_mark(
        &self,
        id: EventId,
        lease: LeaseToken,
        progress: EventProgress,
    ) -> Result<bool, StoreError> {
        self.database.write("event_mark", move |c| outbox::mark(c, id, lease, progress)).await
    }

    async fn event_defer(
        &self,
        id: EventId,
        lease: LeaseToken,
        progress: EventProgress,
        due: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let due = stamp(due);
        self.database.write("event_defer", move |c| outbox::defer(c, id, lease, progress, due)).await
    }

    async fn quote_insert(&self, quote: &Quote, hold: &QuoteHold) -> Result<Quoted, StoreError> {
        let (quote, hold) = (quote.clone(), *hold);
        self.database.upsert("quote_insert", move |c| quotes::insert(c, &quote, &hold)).await
    }

    async fn quote_fetch(&self, id: QuoteId) -> Result<Option<Quote>, StoreError> {
        self.database.read("quote_fetch", move |c| quotes::fetch(c, id)).await
    }

    async fn quote_use(
        &self,
        quote: QuoteId,
        transaction: &Transaction,
        url_token: Option<(&[u8; 32], DateTime<Utc>)>,
        sharing: Option<(AccountId, Sharing)>,
        now: DateTime<Utc>,
    ) -> Result<QuoteUsed, StoreError> {
        let start = Start {
            transaction: transaction.clone(),
            url_token: url_token.map(|(hash, expires_at)| (*hash, expires_at)),
            sharing: sharing.map(|(account, wanted)| (account.to_string(), wanted)),
        };
        let now = stamp(now);
        self.database.upsert_or_not("quote_use", move |c| quotes::use_for(c, quote, &start, now)).await
    }

    async fn quote_used_by(&self, id: QuoteId) -> Result<Option<TransactionId>, StoreError> {
        self.database.read("quote_used_by", move |c| quotes::used_by(c, id)).await
    }

    async fn quote_overdue(&self, now: DateTime<Utc>, limit: u32) -> Result<Vec<QuoteId>, StoreError> {
        let now = stamp(now);
        self.database.read("quote_overdue", move |c| quotes::overdue(c, now, limit)).await
    }

    async fn quote_release(&self, id: QuoteId, now: DateTime<Utc>) -> Result<bool, StoreError> {
        let now = stamp(now);
        self.database.write("quote_release", move |c| quotes::release(c, id, now)).await
    }

    async fn quote_reserved(&self, asset: &AssetId) -> Result<i64, StoreError> {
        let asset = asset.to_string();
        self.database.read("quote_reserved", move |c| quotes::reserved(c, &asset)).await
    }

    async fn customer_fetch(&self, key: &CustomerKeyed) -> Result<Option<Customer>, StoreError> {
        let key = key.clone();
        self.database.read("customer_fetch", move |c| customers::fetch(c, &key)).await
    }

    async fn customer_list(
        &self,
        before: Option<CustomerId>,
        limit: u32,
    ) -> Result<Vec<Customer>, StoreError> {
        self.database.read("customer_list", move |c| customers::list(c, before, limit)).await
    }

    async fn customer_put(&self, write: &CustomerWrite) -> Result<CustomerStored, StoreError> {
        let write = write.clone();
        self.database.upsert_or_not("customer_put", move |c| customers::put(c, &write)).await
    }

    async fn customer_decide(&self, id: CustomerId, write: &DecisionWrite) -> Result<bool, StoreError> {
        let write = write.clone();
        self.database.write("customer_decide", move |c| customers::decide(c, id, &write)).await
    }

    async fn customer_delete(&self, id: CustomerId, at: DateTime<Utc>) -> Result<bool, StoreError> {
        let at = stamp(at);
        self.database.write("customer_delete", move |c| customers::delete(c, id, at)).await
    }

    async fn customer_forget(&self, owner: &CustomerOwner, at: DateTime<Utc>) -> Result<bool, StoreError> {
        let (owner, at) = (owner.clone(), stamp(at));
        let forget = move |c: &mut _| customers::forget(c, &owner, None, at);
        self.database.write("customer_forget", forget).await
    }

    async fn customer_code_try(
        &self,
        id: CustomerId,
        field: &str,
        most: u32,
        now: DateTime<Utc>,
    ) -> Result<Option<Sealed>, StoreError> {
        let (id, field, now) = (id.to_string(), field.to_owned(), stamp(now));
        let once = move |c: &mut _| customer_codes::try_one(c, &id, &field, most, now);
        self.database.write("customer_code_try", once).await
    }

    async fn customer_code_is_open(
        &self,
        id: CustomerId,
        field: &str,
        most: u32,
        now: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        let (id, field, now) = (id.to_string(), field.to_owned(), stamp(now));
        let is_open = move |c: &mut _| customer_codes::is_open(c, &id, &field, most, now);
        self.database.read("customer_code_is_open", is_open).await
    }

    async fn customer_file_insert(&self, file: &NewFile, most: u32) -> Result<bool, StoreError> {
        let file = file.clone();
        let insert = move |c: &mut _| customer_files::insert(c, &file, most);
        self.database.write_or_not("customer_file_insert", insert).await
    }

    async fn customer_file_fetch(&self, id: FileId) -> Result<Option<FileRecord>, StoreError> {
        let id = id.to_string();
        self.database.read("customer_file_fetch", move |c| customer_files::fetch(c, &id)).await
    }

    async fn customer_file_list(&self, customer: CustomerId) -> Result<Vec<FileRecord>, StoreError> {
        let customer = customer.to_string();
        self.database.read("customer_file_list", move |c| customer_files::list(c, &customer)).await
    }

    async fn customer_file_content(&self, id: FileId) -> Result<Option<Sealed>, StoreError> {
        let id = id.to_string();
        self.database.read("customer_file_content", move |c| customer_files::content(c, &id)).await
    }

    async fn customer_callback_put(
        &self,
        id: CustomerId,
        callback: &CustomerCallback,
        now: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        let callback = callback.clone();
        let put = move |c: &mut _| customer_callbacks::put(c, id, &callback, now);
        self.database.upsert("customer_callback_put", put).await
    }

    async fn customer_callback_claim(&self, claim: &Claim) -> Result<Vec<ClaimedCallback>, StoreError> {
        let claim = claim.clone();
        let take = move |c: &mut _| customer_callbacks::claim(c, &claim);
        self.database.write("customer_callback_claim", take).await
    }

    async fn customer_callback_end(
        &self,
        id: CustomerId,
        lease: LeaseToken,
        end: &CallbackEnd,
    ) -> Result<(), StoreError> {
        let end = end.clone();
        let close = move |c: &mut _| customer_callbacks::end(c, id, lease, &end);
        self.database.write("customer_callback_end", close).await
    }

    async fn customer_sealed_list(&self, current: &str, limit: u32) -> Result<Vec<SealedRow>, StoreError> {
        let current = current.to_owned();
        let list = move |c: &mut _| customers::sealed_list(c, &current, limit);
        self.database.read("customer_sealed_list", list).await
    }

    async fn customer_reseal(&self, row: &SealedRow, by: &Sealed) -> Result<bool, StoreError> {
        let (row, by) = (row.clone(), by.clone());
        self.database.write("customer_reseal", move |c| customers::reseal(c, &row, &by)).await
    }

    async fn heartbeat_put(&self, job: &str, at: DateTime<Utc>) -> Result<(), StoreError> {
        let (job, at) = (job.to_owned(), stamp(at));
        self.database.upsert("heartbeat_put", move |c| heartbeats::put(c, &job, at)).await
    }

    async fn heartbeat_list(&self) -> Result<Vec<Heartbeat>, StoreError> {
        self.database.read("heartbeat_list", heartbeats::list).await
    }

    async fn expired_delete(&self, now: DateTime<Utc>) -> Result<u64, StoreError> {
        let now = stamp(now);
        self.database.write("expired_delete", move |c| sessions::expired_delete(c, now)).await
    }
}
