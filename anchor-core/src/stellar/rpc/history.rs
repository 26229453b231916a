//! Reading on in the network's history: all transactions, of which some concern a watched account.
//!
//! A page that was read is kept for a while. Accounts that are watched side by side read the same stretch one after
//! the other, so each page is fetched once and not once for every account.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::sync::Mutex;
use tokio::time::Instant;

use super::http::TOO_LONG;
use super::json::{Range, Transactions};
use super::position::Position;
use super::record::Record;
use super::{RpcLedger, malformed};
use crate::account::AccountId;
use crate::stellar::{Cursor, LedgerError, MovementPage, PoisonRecord};

/// The most that servers give at once; smaller pages are tried where these are refused or too long to be read.
const PAGE_SIZES: [u32; 4] = [200, 50, 10, 1];

/// So many pages without anything for the account are read on before that is said.
const STRETCH: usize = 8;

/// And for so long: whoever reads holds the account's lease.
const STRETCH_TIME: Duration = Duration::from_secs(3);

/// So many pages are kept.
const PAGES_KEPT: usize = 4;

/// So many ledgers behind where reading stopped is a server that lags. More is a network that began anew.
const LAG_MAX: u32 = 24;

/// JSON-RPC's codes of questions that a server refuses for what they ask.
const REFUSED: std::ops::RangeInclusive<i64> = -32602..=-32600;

/// All transactions after a position, up to the last one of the page.
pub(super) struct Page {
    after: Position,
    pub(super) records: Vec<Record>,
    /// How far the server had read.
    pub(super) latest: u32,
    /// A page without transactions: there are none up to the end of this ledger, says the server.
    scanned: Option<u32>,
}

/// What was read last. Whoever reads holds the lock, and the others find the page when they get it.
#[derive(Default)]
pub(super) struct Recent {
    pages: Mutex<VecDeque<Arc<Page>>>,
    /// The first of the sizes that the server accepts.
    size: AtomicUsize,
}

impl RpcLedger {
    /// What arrived after the cursor: a page, or several if nothing did in the first ones.
    pub(super) async fn movement_page(
        &self,
        account: &AccountId,
        after: &Cursor,
    ) -> Result<MovementPage, LedgerError> {
        let mut position = Position::parse(after)?;
        let mut read = MovementPage::empty(after.clone());
        let begun = Instant::now();
        for _ in 0..STRETCH {
            let page = match self.page_after(position).await {
                // what was read before the trouble is not lost; the next call reports it
                Err(_) if read.next != *after => return Ok(read),
                page => page?,
            };
            let before = position;
            for record in page.records.iter().filter(|record| record.position > before) {
                position = record.position;
                self.add(&mut read, record, account);
            }
            read.more = position != before;
            if let (false, Some(ledger)) = (read.more, page.scanned) {
                position = position.max(Position::end_of(ledger));
            }
            if position != before {
                read.next = position.cursor();
            }
            let is_late = begun.elapsed() > STRETCH_TIME;
            if is_late || !read.more || !read.is_empty() {
                break;
            }
        }
        Ok(read)
    }

    fn add(&self, page: &mut MovementPage, record: &Record, account: &AccountId) {
        match record.brought(account, &self.network) {
            Ok(brought) => page.add(brought),
            Err(reason) => {
                page.poison.push(PoisonRecord { cursor: record.position.cursor(), raw: record.raw(), reason })
            }
        }
    }

    /// A page that holds what comes after this position, read just now or a moment ago.
    pub(super) async fn page_after(&self, after: Position) -> Result<Arc<Page>, LedgerError> {
        let mut pages = self.recent.pages.lock().await;
        if let Some(page) = pages.iter().find(|page| page.goes_on_from(after)) {
            return Ok(Arc::clone(page));
        }
        let page = Arc::new(self.fetch(after).await?);
        // what is not there yet has to be asked for again; what is there never changes
        if !page.records.is_empty() {
            pages.push_back(Arc::clone(&page));
            if pages.len() > PAGES_KEPT {
                pages.pop_front();
            }
        }
        Ok(page)
    }

    async fn fetch(&self, after: Position) -> Result<Page, LedgerError> {
        if after.is_end() {
            // nobody can be asked to begin at a ledger that has not closed yet
            let range = self.range().await?;
            self.check(after, &range).await?;
            if range.latest()? < after.needs() {
                return Ok(Page { after, records: Vec::new(), latest: range.latest()?, scanned: None });
            }
        }
        let first = self.recent.size.load(Ordering::Relaxed).min(PAGE_SIZES.len().saturating_sub(1));
        let mut refusal = None;
        for (index, size) in PAGE_SIZES.into_iter().enumerate().skip(first) {
            let answer = self.call("getTransactions", &question(after, size)).await;
            match answer {
                Ok(answer) => {
                    if refusal.is_some() {
                        self.recent.size.store(index, Ordering::Relaxed);
                    }
                    return self.page(after, answer).await;
                }
                Err(LedgerError::Malformed(reason)) if reason == TOO_LONG => {
                    refusal.get_or_insert_with(|| malformed(TOO_LONG));
                }
                Err(error @ LedgerError::Refused { code, .. }) if REFUSED.contains(&code) => {
                    if refusal.is_none() {
                        // of a position that is gone, servers say so in words of their own
                        self.check(after, &self.range().await?).await?;
                    }
                    refusal = Some(error);
                }
                Err(error) => return Err(error),
            }
        }
        Err(refusal.unwrap_or_else(|| malformed(TOO_LONG)))
    }

    async fn page(&self, after: Position, answer: Transactions) -> Result<Page, LedgerError> {
        self.check(after, &answer.range).await?;
        let (latest, cursor_ledger) = (answer.range.latest()?, answer.cursor_ledger());
        let records = answer.transactions.into_iter().map(Record::new).collect::<Result<Vec<_>, _>>()?;
        let mut last = after;
        for record in &records {
            if record.position <= last || record.position.ledger > latest {
                return Err(malformed("history that does not go on"));
            }
            last = record.position;
        }
        let scanned = cursor_ledger.filter(|ledger| records.is_empty() && *ledger <= latest);
        Ok(Page { after, records, latest, scanned })
    }

    /// A gap is a lost payment: servers skip what they have forgotten, some of them without a word. A server that is
    /// far behind the position has another history.
    async fn check(&self, after: Position, range: &Range) -> Result<(), LedgerError> {
        if self.oldest(range).await? > after.needs() {
            return Err(LedgerError::HistoryGone { cursor: after.cursor().to_string() });
        }
        if range.latest()?.saturating_add(LAG_MAX) < after.ledger {
            return Err(malformed(format!(
                "the server has read up to ledger {}, before the position {}: the network was reset, or it lags",
                range.latest()?,
                after.ledger
            )));
        }
        Ok(())
    }

    /// Ledger and close time of the first transaction in this ledger or after it.
    pub(super) async fn first_from(&self, ledger: u32) -> Result<Option<(u32, u64)>, LedgerError> {
        let params = json!({ "startLedger": ledger, "pagination": { "limit": 1 } });
        let answer: Transactions = self.call("getTransactions", &params).await?;
        let Some(first) = answer.transactions.into_iter().next() else { return Ok(None) };
        let first = Record::new(first)?;
        let closed_at = first.closed_at().ok_or_else(|| malformed("a transaction without createdAt"))?;
        Ok(Some((first.position.ledger, closed_at)))
    }
}

/// From the start of a ledger, or after a transaction: a server skips the first one where the order is 0.
fn question(after: Position, size: u32) -> Value {
    if after.is_end() {
        json!({ "startLedger": after.needs(), "pagination": { "limit": size } })
    } else {
        json!({ "pagination": { "cursor": after.cursor().as_str(), "limit": size } })
    }
}

impl Page {
    /// Whether something in here comes after the position, and nothing before it is missing.
    fn goes_on_from(&self, position: Position) -> bool {
        self.after <= position && self.records.last().is_some_and(|last| position < last.position)
    }
}
