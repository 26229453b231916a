//! Transactions that begin with what was decided about them at once.

use super::books::{Books, refused};
use crate::store::{Begin, Begun, Callbacks, KnownRequest, StoreError, Stored};

impl Books {
    /// Everything is looked at before anything is written.
    pub(super) fn begin_with(&mut self, begin: &Begin) -> Result<Begun, StoreError> {
        let id = begin.transaction.id;
        let place = begin.key.as_ref().map(|key| (key.subject.clone(), key.key));
        if let Some(known) = place.as_ref().and_then(|place| self.requests.get(place)) {
            return Ok(Begun::Known(*known));
        }
        let quote = begin.quote.map(|quote| (quote, self.quotes.get(&quote)));
        if let Some((_, found)) = &quote {
            if found.is_some_and(|row| row.used_by.is_some()) {
                return Ok(Begun::QuoteTaken);
            }
            if found.is_none_or(|row| row.has_ended(begin.at)) {
                return Ok(Begun::QuoteEnded);
            }
        }
        if let Some((account, wanted)) = begin.sharing {
            let decided = self.sharing.get(&account).copied().unwrap_or(wanted);
            if !decided.admits(wanted) {
                return Ok(Begun::NotAdmitted(wanted));
            }
        }
        if let Some(first) = &begin.first {
            if first.transaction().id != id || first.expected_version() != begin.transaction.version {
                return Err(refused("transaction_begin", "the change does not begin it"));
            }
            if first.transaction().receiving().is_some_and(|receiving| self.memo_is_taken(receiving)) {
                return Ok(Begun::MemoTaken);
            }
        }
        self.insert(&begin.transaction, None)?;
        if let (Some(place), Some(key)) = (place, &begin.key) {
            self.requests.insert(place, KnownRequest { transaction: id, digest: key.digest });
        }
        if let Some((account, wanted)) = begin.sharing {
            self.sharing.entry(account).or_insert(wanted);
        }
        if let Some(row) = begin.quote.and_then(|quote| self.quotes.get_mut(&quote)) {
            row.used_by = Some(id);
        }
        if let Some(told) = &begin.answers {
            self.answers_write(id, told);
        }
        if begin.callbacks != Callbacks::default() {
            self.callbacks.insert(id, begin.callbacks.clone());
        }
        let Some(first) = &begin.first else { return Ok(Begun::Begun) };
        match self.apply(std::slice::from_ref(first), false)? {
            Stored::Applied => Ok(Begun::Begun),
            _ => Err(refused("transaction_begin", "the change does not begin it")),
        }
    }
}
