//! The devnet as a ledger, without a server in between: for tests and measurements of everything but the network.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use anchor_core::account::AccountId;
use anchor_core::stellar::{
    AccountSnapshot, BalanceLookup, Cursor, Failure, FailureKind, Ledger, LedgerError, LedgerPoint, Lookup,
    Movement, MovementPage, Network, Submission,
};
use anchor_core::transaction::TransactionHash;
use anchor_devnet::Devnet;
use anchor_devnet::ledger::{Network as Engine, Submitted};
use async_trait::async_trait;
use futures_util::StreamExt as _;
use futures_util::stream::{self, BoxStream};
use stellar_xdr::{Limits, ReadXdr as _, TransactionEnvelope};

mod read;

/// What Horizon gives at most.
const PAGE: usize = 200;

/// Recent ledgers whose fees are looked at.
const FEE_LEDGERS: u32 = 5;

/// Own envelopes are shorter; nobody else's come here.
const ENVELOPE_LIMITS: Limits = Limits { depth: 500, len: 256 * 1024 };

/// Asks a [`Devnet`] of this process. Clones share it.
///
/// What Horizon would answer after the same ledger, but for faults, which are the server's: they do not meet it.
#[derive(Clone)]
pub struct InProcessLedger {
    network: Network,
    devnet: Arc<Devnet>,
    /// The fee bid, and the ledger after which it was made.
    fee: Arc<Mutex<(u32, u32)>>,
}

impl InProcessLedger {
    /// The ledger of this network.
    #[must_use]
    pub fn new(devnet: Arc<Devnet>) -> Self {
        Self { network: Network::new(devnet.passphrase()), devnet, fee: Arc::default() }
    }

    fn cached_fee(&self) -> u32 {
        let engine = self.devnet.network();
        let latest = engine.latest().sequence;
        let mut fee = self.fee.lock().unwrap_or_else(PoisonError::into_inner);
        if fee.1 != latest {
            *fee = (fee_bid(&engine), latest);
        }
        fee.0
    }

    fn page(&self, account: &AccountId, after: &Cursor) -> Result<MovementPage, LedgerError> {
        let unknown = |_| LedgerError::Malformed("a cursor is not a number".to_owned());
        let position: i64 = after.as_str().parse().map_err(unknown)?;
        // decoded when others may have the engine again
        let records: Vec<_> = {
            let engine = self.devnet.network();
            engine.transactions_of_after(&read::xdr_account(account), position).take(PAGE).collect()
        };
        read::page(&records, records.len() == PAGE, account, after, &self.network)
    }
}

fn point(engine: &Engine) -> LedgerPoint {
    let latest = engine.latest();
    LedgerPoint { sequence: latest.sequence, closed_at: latest.closed_at }
}

/// What nineteen of twenty recent transactions paid for an operation, and never below the base fee.
fn fee_bid(engine: &Engine) -> u32 {
    let latest = engine.latest();
    let first = latest.sequence.saturating_sub(FEE_LEDGERS - 1).max(1);
    let ledgers = (first..=latest.sequence).filter_map(|sequence| engine.ledger(sequence));
    let mut fees: Vec<i64> = ledgers
        .flat_map(|ledger| ledger.transactions.clone())
        .map(|record| record.fee_charged / i64::from(record.fee_operations.max(1)))
        .collect();
    fees.sort_unstable();
    let place = (fees.len() * 95).div_ceil(100).saturating_sub(1);
    let paid = fees.get(place).and_then(|fee| u32::try_from(*fee).ok());
    paid.unwrap_or_default().max(latest.base_fee)
}

fn decode(envelope: &str) -> Result<TransactionEnvelope, LedgerError> {
    TransactionEnvelope::from_xdr_base64(envelope, ENVELOPE_LIMITS)
        .map_err(|error| LedgerError::Malformed(format!("the envelope to be sent: {error}")))
}

fn said(submitted: Submitted) -> Submission {
    match submitted {
        Submitted::Pending { .. } | Submitted::Duplicate { .. } => Submission::Accepted,
        Submitted::TryAgainLater { .. } => Submission::TryAgain,
        Submitted::Rejected { result, .. } => Submission::Rejected(
            read::failure(&result).unwrap_or_else(|| Failure::new(FailureKind::Other, "no readable result")),
        ),
    }
}

fn lookup(engine: &Engine, hash: &TransactionHash) -> Result<Lookup, LedgerError> {
    match engine.transaction(hash.as_bytes()) {
        Some(record) => read::lookup(&record),
        None => Ok(Lookup::NotFound { checked: point(engine) }),
    }
}

impl fmt::Debug for InProcessLedger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InProcessLedger").field("url", &self.devnet.url()).finish_non_exhaustive()
    }
}

#[async_trait]
impl Ledger for InProcessLedger {
    fn network(&self) -> &Network {
        &self.network
    }

    async fn latest(&self) -> Result<LedgerPoint, LedgerError> {
        Ok(point(&self.devnet.network()))
    }

    async fn account(&self, id: &AccountId) -> Result<Option<AccountSnapshot>, LedgerError> {
        read::account(&self.devnet.network(), id)
    }

    async fn accounts(&self, ids: &[AccountId]) -> Vec<Result<Option<AccountSnapshot>, LedgerError>> {
        let engine = self.devnet.network();
        ids.iter().map(|id| read::account(&engine, id)).collect()
    }

    async fn fee_bid(&self) -> Result<u32, LedgerError> {
        Ok(self.cached_fee())
    }

    async fn submit(&self, envelope: &str) -> Result<Submission, LedgerError> {
        Ok(said(self.devnet.submit(decode(envelope)?)))
    }

    async fn submit_all(&self, envelopes: &[&str]) -> Vec<Result<Submission, LedgerError>> {
        let mut answers = Vec::with_capacity(envelopes.len());
        let mut readable = Vec::with_capacity(envelopes.len());
        for envelope in envelopes {
            match decode(envelope) {
                Ok(envelope) => {
                    readable.push(envelope);
                    answers.push(None);
                }
                Err(error) => answers.push(Some(error)),
            }
        }
        let mut taken = self.devnet.submit_all(readable).into_iter().map(said);
        let answer = |unreadable: Option<LedgerError>| match unreadable {
            Some(error) => Err(error),
            None => taken.next().ok_or_else(|| LedgerError::Malformed("an answer is missing".to_owned())),
        };
        answers.into_iter().map(answer).collect()
    }

    async fn lookup(&self, hash: &TransactionHash) -> Result<Lookup, LedgerError> {
        lookup(&self.devnet.network(), hash)
    }

    async fn lookup_all(&self, hashes: &[TransactionHash]) -> Vec<Result<Lookup, LedgerError>> {
        let engine = self.devnet.network();
        hashes.iter().map(|hash| lookup(&engine, hash)).collect()
    }

    async fn claimable_balance(&self, id: &str) -> Result<BalanceLookup, LedgerError> {
        read::balance(&self.devnet.network(), id)
    }

    async fn arrivals(
        &self,
        hash: &TransactionHash,
        account: &AccountId,
    ) -> Result<Option<Vec<Movement>>, LedgerError> {
        let Some(record) = self.devnet.network().transaction(hash.as_bytes()) else { return Ok(None) };
        let page = read::page(&[record], false, account, &Cursor::from(String::new()), &self.network)?;
        match page.poison.first() {
            Some(poison) => Err(LedgerError::Malformed(poison.reason.clone())),
            None => Ok(Some(page.movements)),
        }
    }

    async fn movements_start(&self, _account: &AccountId) -> Result<Cursor, LedgerError> {
        let latest = self.devnet.network().latest().sequence;
        Ok(Cursor::from((u64::from(latest) << 32 | u64::from(u32::MAX)).to_string()))
    }

    async fn movements(&self, account: &AccountId, after: &Cursor) -> Result<MovementPage, LedgerError> {
        self.page(account, after)
    }

    fn follow(&self, account: AccountId, after: Cursor) -> BoxStream<'_, Result<MovementPage, LedgerError>> {
        let closed = self.devnet.ledgers();
        stream::unfold((after, closed), move |(mut after, mut closed)| async move {
            loop {
                closed.mark_unchanged();
                match self.page(&account, &after) {
                    Ok(page) if page.next != after => {
                        after = page.next.clone();
                        return Some((Ok(page), (after, closed)));
                    }
                    Ok(_) => closed.changed().await.ok()?,
                    Err(error) => {
                        // asked again too soon, the same trouble would keep a processor busy
                        closed.changed().await.ok()?;
                        return Some((Err(error), (after, closed)));
                    }
                }
            }
        })
        .boxed()
    }
}
