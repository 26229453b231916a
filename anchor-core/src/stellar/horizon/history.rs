//! Reading on in an account's history, page by page.

use reqwest::StatusCode;
use serde_json::Value;

use super::http::{Answer, TOO_LONG};
use super::json::{Page, TransactionRecord};
use super::{HorizonLedger, malformed};
use crate::account::AccountId;
use crate::stellar::{Cursor, LedgerError, MovementPage, Network, PoisonRecord};

/// The most that Horizon gives at once; smaller pages are tried where these are too long to be read.
const PAGE_SIZES: [u32; 4] = [200, 50, 10, 1];

/// The position after everything in this ledger, whatever it holds.
pub(super) fn end_of(ledger: u32) -> Cursor {
    Cursor::from((u64::from(ledger) << 32 | u64::from(u32::MAX)).to_string())
}

/// A position is a number to Horizon.
pub(super) fn position(cursor: &str) -> Result<u64, LedgerError> {
    cursor.parse().map_err(|_| malformed("a cursor is not a number"))
}

impl HorizonLedger {
    pub(super) async fn movement_page(
        &self,
        account: &AccountId,
        after: &Cursor,
    ) -> Result<MovementPage, LedgerError> {
        position(after.as_str())?;
        let mut sizes = PAGE_SIZES.into_iter().peekable();
        while let Some(size) = sizes.next() {
            match self.page_of(account, after, size).await {
                Err(LedgerError::Malformed(reason)) if reason == TOO_LONG && sizes.peek().is_some() => {}
                page => return page,
            }
        }
        Err(malformed(TOO_LONG))
    }

    async fn page_of(
        &self,
        account: &AccountId,
        after: &Cursor,
        size: u32,
    ) -> Result<MovementPage, LedgerError> {
        let (id, limit) = (account.to_string(), size.to_string());
        let query =
            [("cursor", after.as_str()), ("order", "asc"), ("limit", &limit), ("include_failed", "false")];
        let answer = self.get(&["accounts", &id, "transactions"], &query).await?;
        if answer.is_proof_of_absence() {
            return Ok(empty(after));
        }
        if answer.status == StatusCode::GONE {
            return Err(LedgerError::HistoryGone { cursor: after.to_string() });
        }
        if let Some(read) = self.all_readable(&answer, account, after, size) {
            return Ok(read);
        }
        let page: Page<Value> = answer.object()?;
        let records = page.embedded.records;
        let mut read = empty(after);
        read.more = is_full(records.len(), size);
        for record in records {
            add(&mut read, record, account, &self.network)?;
        }
        Ok(read)
    }

    /// The usual page, whose records all make sense: parsed once. Of any other one nothing is concluded here.
    fn all_readable(
        &self,
        answer: &Answer,
        account: &AccountId,
        after: &Cursor,
        size: u32,
    ) -> Option<MovementPage> {
        let page: Page<TransactionRecord> = answer.object().ok()?;
        let records = page.embedded.records;
        let mut read = empty(after);
        read.more = is_full(records.len(), size);
        let mut last = position(after.as_str()).ok()?;
        for record in &records {
            let token = position(record.paging_token()).ok().filter(|token| *token > last)?;
            read.add(record.brought(account, &self.network).ok()?);
            last = token;
        }
        if let Some(record) = records.last() {
            read.next = Cursor::from(record.paging_token().to_owned());
        }
        Some(read)
    }
}

/// There may be more behind a page of so many records.
fn is_full(records: usize, size: u32) -> bool {
    u32::try_from(records).map_or(true, |count| count >= size)
}

/// Nothing new.
pub(super) fn empty(after: &Cursor) -> MovementPage {
    MovementPage::empty(after.clone())
}

/// Adds one record of the history, which may be poison but must have a position after the ones before it.
pub(super) fn add(
    page: &mut MovementPage,
    record: Value,
    account: &AccountId,
    network: &Network,
) -> Result<(), LedgerError> {
    let token = record.get("paging_token").and_then(Value::as_str);
    let cursor = Cursor::from(token.ok_or_else(|| malformed("a record without a paging token"))?.to_owned());
    if position(cursor.as_str())? <= position(page.next.as_str())? {
        return Err(malformed("history that does not go on"));
    }
    page.next = cursor.clone();
    let raw = record.to_string();
    let read = serde_json::from_value::<TransactionRecord>(record).map_err(|error| error.to_string());
    match read.and_then(|transaction| transaction.brought(account, network)) {
        Ok(brought) => page.add(brought),
        Err(reason) => page.poison.push(PoisonRecord { cursor, raw, reason }),
    }
    Ok(())
}
