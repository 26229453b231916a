//! Searching through ledgers for an envelope that is not found by its hash.
//!
//! Anybody may wrap an envelope of ours into a fee bump of theirs. It is applied then, and the server knows it under
//! the hash of the wrapping only. So before an envelope whose sequence number was used is given up, every transaction
//! of the time in which it could be applied is looked at.

use std::time::Duration;

use stellar_xdr::{FeeBumpTransactionInnerTx, TransactionEnvelope};
use tokio::time::Instant;

use super::lookup::Search;
use super::position::{FIRST_LEDGER, Position};
use super::{RpcLedger, malformed};
use crate::stellar::{DecodeError, Ledger as _, LedgerError, LedgerPoint, Lookup, Network, codec};
use crate::transaction::TransactionHash;

/// So many pages are read in one go, and for so long; the next call reads on. Whoever asks holds a lease meanwhile.
const PAGES: usize = 40;
const TIME: Duration = Duration::from_secs(10);

/// So many searches are remembered, finished or not.
const SEARCHES_MAX: usize = 10_000;

impl RpcLedger {
    pub(super) async fn search_through(
        &self,
        hash: &TransactionHash,
        from: u64,
        until: u64,
    ) -> Result<Lookup, LedgerError> {
        let found = self.lookup(hash).await?;
        let Lookup::NotFound { checked } = found else { return Ok(found) };
        if checked.closed_at <= until {
            return Ok(found);
        }
        let begun = match self.searches.lock().get(hash) {
            Some(Search::Nowhere { from: begun, until: ended, checked })
                if *begun <= from && *ended >= until =>
            {
                return Ok(Lookup::NotFound { checked: *checked });
            }
            Some(Search::At(position)) => Some(*position),
            _ => None,
        };
        let time = (from, until);
        let mut position = match begun {
            Some(position) => position,
            None => self.search_start(from, checked).await?,
        };
        // a wrapping may fail and another one of the same envelope succeed: only success ends the search early
        let mut ended = found;
        let begun = Instant::now();
        for _ in 0..PAGES {
            if begun.elapsed() > TIME {
                break;
            }
            let page = self.page_after(position).await?;
            let before = position;
            for record in page.records.iter().filter(|record| record.position > before) {
                let closed_at = record.closed_at();
                if closed_at.ok_or_else(|| malformed("a transaction without createdAt"))? > until {
                    return Ok(self.end_search(hash, time, ended));
                }
                if record.carries(hash, &self.network)? {
                    ended = record.lookup()?;
                    if matches!(ended, Lookup::Succeeded { .. }) {
                        return Ok(self.end_search(hash, time, ended));
                    }
                }
                position = record.position;
            }
            if position == before {
                return if page.latest >= checked.sequence {
                    Ok(self.end_search(hash, time, ended))
                } else {
                    Err(malformed("a server that lags behind was searched"))
                };
            }
        }
        self.remember_search(hash, Search::At(position));
        Err(LedgerError::Unfinished)
    }

    /// All that could hold it was read, unless it was applied and found before: nothing that comes changes that. Who asks for
    /// it again, in a round of many, does not begin anew.
    fn end_search(&self, hash: &TransactionHash, (from, until): (u64, u64), ended: Lookup) -> Lookup {
        let search = match &ended {
            Lookup::Succeeded { .. } | Lookup::Failed { .. } => Search::Found(ended.clone()),
            Lookup::NotFound { checked } => Search::Nowhere { from, until, checked: *checked },
        };
        self.remember_search(hash, search);
        ended
    }

    fn remember_search(&self, hash: &TransactionHash, search: Search) {
        let mut searches = self.searches.lock();
        if searches.len() >= SEARCHES_MAX && !searches.contains_key(hash) {
            // whichever: it is searched for again, if anybody asks
            let other = searches.keys().next().copied();
            other.and_then(|other| searches.remove(&other));
        }
        searches.insert(*hash, search);
    }

    /// A position before everything that closed at `from` or later. Halves the server's history with the shortest
    /// question that tells the time of a ledger.
    async fn search_start(&self, from: u64, checked: LedgerPoint) -> Result<Position, LedgerError> {
        let range = self.range().await?;
        let oldest = self.oldest(&range).await?;
        let closed_at = match range.oldest_closed_at() {
            Some(closed_at) => closed_at,
            None => self.closed_at(oldest).await?,
        };
        let before_oldest = Position::end_of(oldest.saturating_sub(1));
        if closed_at > from && oldest > FIRST_LEDGER {
            return Err(LedgerError::HistoryGone { cursor: before_oldest.cursor().to_string() });
        }
        let (mut low, mut high) = (oldest, checked.sequence);
        while high.saturating_sub(low) > 1 {
            let middle = low.midpoint(high);
            match self.first_from(middle).await? {
                Some((ledger, closed_at)) if closed_at < from => low = ledger.max(middle),
                _ => high = middle,
            }
        }
        Ok(Position::end_of(low.saturating_sub(1)))
    }
}

/// Whether an envelope is the one with this hash, or carries it inside.
pub(super) fn carries(
    envelope: &str,
    hash: &TransactionHash,
    network: &Network,
) -> Result<bool, DecodeError> {
    let envelope: TransactionEnvelope = codec::read(envelope)?;
    let unreadable = |error: stellar_xdr::Error| DecodeError::Xdr(error.to_string());
    if envelope.hash(*network.id()).map_err(unreadable)? == *hash.as_bytes() {
        return Ok(true);
    }
    let TransactionEnvelope::TxFeeBump(bump) = envelope else { return Ok(false) };
    let FeeBumpTransactionInnerTx::Tx(inner) = bump.tx.inner_tx;
    Ok(inner.tx.hash(*network.id()).map_err(unreadable)? == *hash.as_bytes())
}
