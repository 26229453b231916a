//! What users told: kept as it comes, and erased with them.

use super::books::{AnswersRow, Books};
use crate::customer::{CustomerOwner, Kept, Place, Sealed};
use crate::id::{CustomerId, TransactionId};
use crate::store::SealedRow;
use crate::transaction::{Protocol, State, Transaction};

impl Books {
    pub(super) fn answers_fetch(&self, transaction: TransactionId) -> Option<Kept> {
        self.answers.get(&transaction).map(|row| row.kept.clone())
    }

    /// Once the terms are agreed, what was answered stays.
    pub(super) fn answers_put(&mut self, transaction: TransactionId, kept: &Kept) {
        let row = self.transactions.get(&transaction);
        if row.is_some_and(|row| row.transaction.state == State::Collecting) {
            self.answers_write(transaction, kept);
        }
    }

    /// What is to be forgotten stays so.
    pub(super) fn answers_write(&mut self, transaction: TransactionId, kept: &Kept) {
        let row = AnswersRow { kept: kept.clone(), forget: false };
        self.answers.entry(transaction).or_insert(row).kept.clone_from(kept);
    }

    pub(super) fn answers_forget(&mut self, owner: &CustomerOwner, customer: Option<CustomerId>) -> bool {
        let keys = [owner.key(), owner.account().to_string()];
        let customer = customer.map(|customer| customer.to_string());
        let is_theirs = |one: &Transaction| {
            let (subject, request) = (one.subject.key(), &one.request);
            let named = [&request.customer, &request.sender, &request.receiver];
            let names = customer.is_some() && named.contains(&&customer);
            (subject == keys[0] && one.protocol != Protocol::Sep31) || (names && keys.contains(&subject))
        };
        let (mut forgotten, transactions) = (false, &self.transactions);
        self.answers.retain(|id, row| {
            let one = transactions.get(id).map(|row| &row.transaction).filter(|one| is_theirs(one));
            let Some(one) = one else { return true };
            forgotten = true;
            row.forget = true;
            if one.state == State::Collecting {
                row.kept = Kept::Clear("{}".to_owned());
            }
            !has_ended(one)
        });
        forgotten
    }

    pub(super) fn answers_delete_forgotten(&mut self) -> usize {
        let (before, transactions) = (self.answers.len(), &self.transactions);
        self.answers.retain(|id, row| {
            let is_over = transactions.get(id).is_some_and(|row| has_ended(&row.transaction));
            !(row.forget && is_over)
        });
        before.saturating_sub(self.answers.len())
    }

    pub(super) fn answers_sealed_list(&self, current: &str) -> Vec<SealedRow> {
        let other = |row: &AnswersRow| match &row.kept {
            Kept::Clear(_) => true,
            Kept::Sealed(sealed) => sealed.key != current,
        };
        let rows = self.answers.iter().filter(|(_, row)| other(row));
        rows.map(|(id, row)| SealedRow { place: Place::Answers(*id), kept: row.kept.clone() }).collect()
    }

    pub(super) fn answers_reseal(&mut self, transaction: TransactionId, kept: &Kept, by: &Sealed) -> bool {
        let row = self.answers.get_mut(&transaction).filter(|row| row.kept == *kept);
        row.map(|row| row.kept = Kept::Sealed(by.clone())).is_some()
    }
}

fn has_ended(one: &Transaction) -> bool {
    State::ENDED.contains(&one.state.name())
}
