//! Transactions: find, list, count.

use std::collections::BTreeMap;

use super::books::Books;
use crate::account::AccountId;
use crate::memo::Memo;
use crate::store::{StateCount, TransactionFilter, TransactionLookup};
use crate::transaction::{Protocol, State, Transaction};

/// Most transactions of one list.
const LIST_MAX: u32 = 200;

impl Books {
    pub(super) fn find(
        &self,
        subject: &str,
        protocol: Protocol,
        lookup: &TransactionLookup,
    ) -> Option<Transaction> {
        if lookup.id.is_none() && lookup.stellar.is_none() && lookup.external.is_none() {
            return None;
        }
        let fits = |transaction: &&Transaction| {
            transaction.subject.key() == subject
                && transaction.protocol == protocol
                && lookup.id.is_none_or(|id| transaction.id == id)
                && lookup.stellar.is_none_or(|hash| transaction.stellar_transaction_id == Some(hash))
                && lookup
                    .external
                    .as_ref()
                    .is_none_or(|wanted| transaction.external_transaction_id.as_ref() == Some(wanted))
        };
        self.all().filter(fits).max_by_key(|found| (found.started_at, found.id)).cloned()
    }

    pub(super) fn list(&self, filter: &TransactionFilter) -> Vec<Transaction> {
        let fits = |transaction: &&Transaction| {
            filter.subject.as_ref().is_none_or(|subject| transaction.subject.key() == *subject)
                && filter.protocol.is_none_or(|protocol| transaction.protocol == protocol)
                && filter.asset.as_ref().is_none_or(|asset| transaction.asset == *asset)
                && (filter.variants.is_empty() || filter.variants.contains(&transaction.variant()))
                && (filter.stellar.is_none() || transaction.stellar_transaction_id == filter.stellar)
                && (filter.external.is_none() || transaction.external_transaction_id == filter.external)
                && filter.no_older_than.is_none_or(|at| transaction.started_at >= at)
        };
        let mut found: Vec<&Transaction> = self.all().filter(fits).collect();
        found.sort_by_key(|transaction| (transaction.started_at, transaction.id));
        found.reverse();
        let skipped = match filter.before {
            None => 0,
            Some(before) => match found.iter().position(|transaction| transaction.id == before) {
                Some(place) => place.saturating_add(1),
                None => return Vec::new(),
            },
        };
        let stands =
            |transaction: &&Transaction| filter.state.is_none_or(|state| transaction.state.name() == state);
        let limit = filter.limit.unwrap_or(LIST_MAX).min(LIST_MAX);
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        found.into_iter().skip(skipped).filter(stands).take(limit).cloned().collect()
    }

    pub(super) fn by_memo(&self, account: &AccountId, memo: &Memo) -> Option<Transaction> {
        let id = self.memos.get(&(*account, memo.clone()))?;
        self.transactions.get(id).map(|row| row.transaction.clone())
    }

    pub(super) fn count(&self) -> Vec<StateCount> {
        self.count_in(&State::OPEN)
    }

    /// Nobody waits there.
    pub(super) fn count_ended(&self) -> Vec<StateCount> {
        let counts = self.count_in(&State::ENDED).into_iter();
        counts.map(|count| StateCount { oldest: None, ..count }).collect()
    }

    fn count_in(&self, states: &[&str]) -> Vec<StateCount> {
        let mut counts: BTreeMap<&'static str, StateCount> = BTreeMap::new();
        for transaction in self.all().filter(|transaction| states.contains(&transaction.state.name())) {
            let state = transaction.state.name();
            let none = StateCount { state: state.to_owned(), count: 0, oldest: None };
            let count = counts.entry(state).or_insert(none);
            count.count = count.count.saturating_add(1);
            let updated_at = transaction.updated_at;
            count.oldest = Some(count.oldest.map_or(updated_at, |oldest| oldest.min(updated_at)));
        }
        counts.into_values().collect()
    }

    fn all(&self) -> impl Iterator<Item = &Transaction> {
        self.transactions.values().map(|row| &row.transaction)
    }
}
