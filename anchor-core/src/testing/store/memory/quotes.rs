//! Firm quotes, what is in reserve for them, and who used them.

use chrono::{DateTime, Utc};

use super::books::{Books, refused};
use crate::account::{AccountId, Sharing, Subject};
use crate::asset::AssetId;
use crate::id::{QuoteId, TransactionId};
use crate::quote::Quote;
use crate::store::{QuoteHold, QuoteUsed, Quoted, StoreError};
use crate::transaction::Transaction;

/// A quote with what is kept beside it.
#[derive(Debug)]
pub(super) struct QuoteRow {
    pub(super) quote: Quote,
    pub(super) amount: i64,
    pub(super) used_by: Option<TransactionId>,
    pub(super) released: bool,
}

impl QuoteRow {
    /// What was released has ended, whatever the caller takes for the time.
    pub(super) fn has_ended(&self, now: DateTime<Utc>) -> bool {
        self.released || self.quote.expires_at <= now
    }
}

impl Books {
    pub(super) fn quote_insert(&mut self, quote: &Quote, hold: &QuoteHold) -> Result<Quoted, StoreError> {
        if self.quotes.contains_key(&quote.id) {
            return Err(refused("quote_insert", "the id is taken"));
        }
        let held = || self.quotes.values().filter(|row| !row.released);
        let of_user = |row: &&QuoteRow| row.quote.subject.key() == quote.subject.key();
        let open = held().filter(of_user).filter(|row| row.used_by.is_none()).count();
        if u32::try_from(open).is_ok_and(|open| open >= hold.open_of_user) {
            return Ok(Quoted::TooManyOpen);
        }
        let sum = |of: Option<&Subject>| -> i64 {
            let rows = held().filter(|row| row.quote.buy_asset == quote.buy_asset);
            let rows = rows.filter(|row| of.is_none_or(|of| row.quote.subject.key() == of.key()));
            rows.map(|row| row.amount).fold(0, i64::saturating_add)
        };
        let fits = |sum: i64, limit: Option<i64>| {
            let after = sum.checked_add(hold.amount);
            after.is_some_and(|after| limit.is_none_or(|limit| after <= limit))
        };
        if !fits(sum(Some(&quote.subject)), hold.of_user) {
            return Ok(Quoted::TooMuchOpen);
        }
        if !fits(sum(None), hold.of_all) {
            return Ok(Quoted::NothingLeft);
        }
        let row = QuoteRow { quote: quote.clone(), amount: hold.amount, used_by: None, released: false };
        self.quotes.insert(quote.id, row);
        Ok(Quoted::Stored)
    }

    pub(super) fn quote_use(
        &mut self,
        id: QuoteId,
        transaction: &Transaction,
        url_token: Option<(&[u8; 32], DateTime<Utc>)>,
        sharing: Option<(AccountId, Sharing)>,
        now: DateTime<Utc>,
    ) -> Result<QuoteUsed, StoreError> {
        let found = self.quotes.get(&id);
        if found.is_some_and(|row| row.used_by.is_some()) {
            return Ok(QuoteUsed::Taken);
        }
        if found.is_none_or(|row| row.has_ended(now)) {
            return Ok(QuoteUsed::Ended);
        }
        if let Some((account, wanted)) = sharing {
            let decided = self.sharing.get(&account).copied().unwrap_or(wanted);
            if !decided.admits(wanted) {
                return Ok(QuoteUsed::NotAdmitted(wanted));
            }
            self.insert(transaction, url_token)?;
            self.sharing.insert(account, decided);
        } else {
            self.insert(transaction, url_token)?;
        }
        if let Some(row) = self.quotes.get_mut(&id) {
            row.used_by = Some(transaction.id);
        }
        Ok(QuoteUsed::Used)
    }

    pub(super) fn quote_overdue(&self, now: DateTime<Utc>, limit: u32) -> Vec<QuoteId> {
        let held = self.quotes.values().filter(|row| !row.released && row.quote.expires_at <= now);
        let mut overdue: Vec<_> = held.map(|row| (row.quote.expires_at, row.quote.id)).collect();
        overdue.sort_unstable();
        overdue.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
        overdue.into_iter().map(|(_, id)| id).collect()
    }

    pub(super) fn quote_release(&mut self, id: QuoteId, now: DateTime<Utc>) -> bool {
        let held = self.quotes.get_mut(&id).filter(|row| !row.released && row.quote.expires_at <= now);
        let Some(row) = held else { return false };
        row.released = true;
        true
    }

    pub(super) fn quote_reserved(&self, asset: &AssetId) -> i64 {
        let held = self.quotes.values().filter(|row| !row.released && row.quote.buy_asset == *asset);
        held.map(|row| row.amount).fold(0, i64::saturating_add)
    }
}
