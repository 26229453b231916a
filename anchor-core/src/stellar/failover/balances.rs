//! Is a claimable balance there? Whoever shows it is believed, unless somebody in good standing has read further and it is gone
//! there; that it is gone, only if nobody in good standing says otherwise.

use std::sync::Arc;

use futures_util::future::join_all;

use super::agree::Said;
use super::{About, FailoverLedger, Server, Standing, within};
use crate::stellar::{BalanceLookup, LedgerError, Lookup};

impl FailoverLedger {
    pub(super) async fn balance_of(&self, id: &str) -> Result<BalanceLookup, LedgerError> {
        let order = self.order();
        let ask = |server: &'_ Server| {
            let (ledger, id) = (Arc::clone(&server.ledger), id.to_owned());
            let (is_trusted, patience) = (self.standing(server) == Standing::Well, self.patience(server));
            async move {
                let answer = within(patience, ledger.claimable_balance(&id)).await.and_then(|said| said);
                (is_trusted, answer)
            }
        };
        let told = join_all(order.iter().map(|server| ask(server))).await;
        for (server, (_, answer)) in order.iter().zip(&told) {
            self.note(server, About::AllElse, answer);
        }
        let read_without = |(is_trusted, answer): &(bool, Result<BalanceLookup, LedgerError>)| match answer {
            Ok(BalanceLookup::Absent { checked }) if *is_trusted => Some(checked.sequence),
            _ => None,
        };
        let gone_in = told.iter().filter_map(read_without).max().unwrap_or_default();
        let mut said = Vec::with_capacity(told.len());
        for (is_trusted, answer) in told {
            let answer = match answer {
                Ok(held @ BalanceLookup::Held { as_of, .. }) if as_of >= gone_in => return Ok(held),
                Ok(BalanceLookup::Held { as_of, .. }) => {
                    Err(LedgerError::Behind { reached: as_of, wanted: gone_in })
                }
                Ok(BalanceLookup::Absent { checked }) => Ok(Lookup::NotFound { checked }),
                Err(error) => Err(error),
            };
            said.push(Said { is_trusted, answer });
        }
        // absence is absence, of whatever
        match self.concluded(&said)? {
            Lookup::NotFound { checked } => Ok(BalanceLookup::Absent { checked }),
            Lookup::Succeeded { .. } | Lookup::Failed { .. } => {
                Err(LedgerError::Malformed("another answer than the servers'".to_owned()))
            }
        }
    }
}
