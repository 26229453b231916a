//! Answers, heartbeats.

use chrono::{DateTime, Utc};

use super::books::Books;
use crate::id::TransactionId;
use crate::integration::Answers;
use crate::transaction::State;

impl Books {
    /// Once the terms are agreed, what was answered stays.
    pub(super) fn answers_put(&mut self, transaction: TransactionId, answers: &Answers) {
        let row = self.transactions.get(&transaction);
        if row.is_some_and(|row| row.transaction.state == State::Collecting) {
            self.answers.insert(transaction, answers.clone());
        }
    }

    /// Workers' clocks differ: the latest time stays.
    pub(super) fn heartbeat_put(&mut self, job: &str, at: DateTime<Utc>) {
        let beaten = self.heartbeats.entry(job.to_owned()).or_insert(at);
        *beaten = at.max(*beaten);
    }
}
