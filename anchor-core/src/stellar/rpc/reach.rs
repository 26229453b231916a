//! How far a server has read, and how far back it remembers.

use serde_json::json;
use stellar_xdr::LedgerHeader;

use super::json::{LatestLedger, Ledgers, Range, TransactionAnswer, sequence};
use super::{RpcLedger, malformed};
use crate::stellar::{LedgerError, LedgerPoint, codec};

/// No transaction has this hash.
const NOBODY: [u8; 32] = [0; 32];

impl RpcLedger {
    /// What one server has. The answer about a transaction that cannot exist says all of it at once, with every kind
    /// of server, and is short; `getHealth` lacks the times, `getLatestLedger` may bring a whole ledger along.
    pub(super) async fn range(&self) -> Result<Range, LedgerError> {
        let params = json!({ "hash": hex::encode(NOBODY) });
        let answer: TransactionAnswer = self.call("getTransaction", &params).await?;
        if answer.status != "NOT_FOUND" {
            return Err(malformed("a transaction that cannot exist"));
        }
        Ok(answer.range)
    }

    /// The last closed ledger, with the time that it closed.
    pub(super) async fn point(&self) -> Result<LedgerPoint, LedgerError> {
        let range = self.range().await?;
        match range.closed_at() {
            Some(closed_at) => Ok(LedgerPoint { sequence: range.latest()?, closed_at }),
            None => self.latest_ledger().await,
        }
    }

    /// As the server says otherwise: in words, in the ledger's header, or in its list of ledgers.
    async fn latest_ledger(&self) -> Result<LedgerPoint, LedgerError> {
        let latest: LatestLedger = self.call("getLatestLedger", &json!({})).await?;
        let sequence = latest.sequence()?;
        if let Some(closed_at) = latest.close_time.filter(|time| *time > 0) {
            return Ok(LedgerPoint { sequence, closed_at });
        }
        if let Some(header) = &latest.header_xdr {
            let header: LedgerHeader = codec::read(header).map_err(|error| malformed(error.to_string()))?;
            if header.ledger_seq != sequence {
                return Err(malformed("the header of another ledger"));
            }
            return Ok(LedgerPoint { sequence, closed_at: header.scp_value.close_time.0 });
        }
        let closed_at = self.closed_at(sequence).await?;
        Ok(LedgerPoint { sequence, closed_at })
    }

    /// When a ledger closed that the server has.
    pub(super) async fn closed_at(&self, ledger: u32) -> Result<u64, LedgerError> {
        let params = json!({ "startLedger": ledger, "pagination": { "limit": 1 } });
        let listed: Ledgers = self.call("getLedgers", &params).await?;
        let first = listed.ledgers.first().filter(|first| sequence(first.sequence) == Some(ledger));
        let closed_at = first.and_then(|first| first.ledger_close_time).filter(|time| *time > 0);
        closed_at.ok_or_else(|| malformed("a ledger without the time it closed"))
    }

    /// The first ledger that the server still has.
    pub(super) async fn oldest(&self, range: &Range) -> Result<u32, LedgerError> {
        if let Some(oldest) = range.oldest() {
            return Ok(oldest);
        }
        let health: Range = self.call("getHealth", &json!({})).await?;
        health.oldest().ok_or_else(|| malformed("a server that does not say how far back it remembers"))
    }
}
