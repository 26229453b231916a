//! Reading on in an account's history, wherever it can be read.

use std::sync::Arc;

use futures_util::future::join_all;

use super::{About, FailoverLedger, Server, Standing};
use crate::account::AccountId;
use crate::stellar::{Cursor, LedgerError, LedgerPoint, Movement, MovementPage};
use crate::transaction::TransactionHash;

impl FailoverLedger {
    /// The earliest "now" of those that have not fallen far behind: what none of them has read yet is not skipped.
    pub(super) async fn start(&self, account: &AccountId) -> Result<Cursor, LedgerError> {
        let order = self.order();
        let ask = |server: &'_ Server| {
            let (ledger, account) = (Arc::clone(&server.ledger), *account);
            async move { ledger.movements_start(&account).await }
        };
        let answers = join_all(order.iter().map(|server| ask(server))).await;
        let (mut starts, mut trouble) = (Vec::new(), None);
        for (server, answer) in order.iter().zip(answers) {
            self.note(server, About::AllElse, &answer);
            match answer {
                Ok(start) => match start.number().zip(start.ledger()) {
                    Some((number, ledger)) => starts.push((number, ledger, start)),
                    // positions that cannot be compared: the best server's counts
                    None if starts.is_empty() => return Ok(start),
                    None => {}
                },
                Err(error) => trouble = Some(error),
            }
        }
        let latest = starts.iter().map(|(_, ledger, _)| *ledger).max().unwrap_or_default();
        starts.retain(|(_, ledger, _)| ledger.saturating_add(self.options.lag_max) >= latest);
        let earliest = starts.into_iter().min_by_key(|(number, _, _)| *number);
        earliest
            .map(|(_, _, start)| start)
            .ok_or_else(|| trouble.unwrap_or(LedgerError::NoQuorum { said: 0, wanted: 1 }))
    }

    /// From the first server that has something new. That there is nothing new is believed only of servers that have
    /// read beyond the position, or if none of the others failed.
    pub(super) async fn page(
        &self,
        account: &AccountId,
        after: &Cursor,
    ) -> Result<MovementPage, LedgerError> {
        let (mut quiet, mut gone, mut trouble) = (None, None, None);
        for server in self.order() {
            let answer = server.ledger.movements(account, after).await;
            self.note(server, About::AllElse, &answer);
            match answer {
                // another one may have read further
                Ok(page) if page.next != *after => {
                    return Ok(MovementPage { more: page.more || self.servers.len() > 1, ..page });
                }
                Ok(page) => quiet = quiet.or(Some((server, page))),
                Err(error @ LedgerError::HistoryGone { .. }) => gone = Some(error),
                Err(error) => trouble = Some(error),
            }
        }
        match (quiet, trouble.or(gone)) {
            (Some((_, page)), None) => Ok(page),
            (Some((server, page)), Some(error)) => {
                let point = server.ledger.latest().await;
                self.note(server, About::AllElse, &point);
                if has_read_beyond(&point?, after) { Ok(page) } else { Err(error) }
            }
            (None, error) => Err(error.unwrap_or(LedgerError::NoQuorum { said: 0, wanted: 1 })),
        }
    }

    /// From the first server that knows the transaction; nothing only if none of them does, and none failed.
    pub(super) async fn brought(
        &self,
        hash: &TransactionHash,
        account: &AccountId,
    ) -> Result<Option<Vec<Movement>>, LedgerError> {
        let (mut is_missing, mut trouble) = (false, None);
        for server in self.order() {
            let answer = server.ledger.arrivals(hash, account).await;
            self.note(server, About::Transactions, &answer);
            match answer {
                Ok(Some(brought)) => return Ok(Some(brought)),
                Ok(None) => is_missing = true,
                Err(error) => trouble = Some(error),
            }
        }
        match trouble {
            None if is_missing => Ok(None),
            trouble => Err(trouble.unwrap_or(LedgerError::NoQuorum { said: 0, wanted: 1 })),
        }
    }

    /// What somebody else has after this position, if the server that is followed keeps silent.
    pub(super) async fn elsewhere(
        &self,
        account: &AccountId,
        after: &Cursor,
        followed: &Server,
    ) -> Option<(&Server, MovementPage)> {
        let others = self.order().into_iter().filter(|server| !std::ptr::eq(*server, followed));
        for server in others.filter(|server| self.standing(server) < Standing::Shut) {
            let answer = server.ledger.movements(account, after).await;
            self.note(server, About::AllElse, &answer);
            if let Ok(page) = answer
                && page.next != *after
            {
                return Some((server, page));
            }
        }
        None
    }
}

/// A server that has not read as far as the position has nothing new to tell, whatever arrived.
fn has_read_beyond(point: &LedgerPoint, after: &Cursor) -> bool {
    after.ledger().is_none_or(|ledger| point.sequence >= ledger)
}
