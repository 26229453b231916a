//! Claimable balances, by their keys.

use serde_json::json;
use stellar_xdr::{LedgerEntryData, LedgerKey, LedgerKeyClaimableBalance, WriteXdr as _};

use super::json::Entries;
use super::{RpcLedger, malformed};
use crate::stellar::{BalanceLookup, LedgerError, LedgerPoint, codec};

impl RpcLedger {
    /// `point` was read before. If the answer comes from a server that lags behind, it counts only up to where that one is.
    pub(super) async fn balance_of(&self, id: &str) -> Result<BalanceLookup, LedgerError> {
        let unreadable = |error: &dyn std::error::Error| malformed(error.to_string());
        let balance_id = codec::balance_id(id).map_err(|error| unreadable(&error))?;
        let key = LedgerKey::ClaimableBalance(LedgerKeyClaimableBalance { balance_id });
        let written = key.to_xdr_base64(codec::limits()).map_err(|error| unreadable(&error))?;
        let point = self.point().await?;
        let answer: Entries = self.call("getLedgerEntries", &json!({ "keys": [written] })).await?;
        let latest = answer.range.latest()?;
        let Some(entry) = answer.entries.first() else {
            if latest >= point.sequence {
                return Ok(BalanceLookup::Absent { checked: point });
            }
            let checked = LedgerPoint { sequence: latest, closed_at: self.closed_at(latest).await? };
            return Ok(BalanceLookup::Absent { checked });
        };
        let data: LedgerEntryData = codec::read(&entry.xdr).map_err(|error| unreadable(&error))?;
        match data {
            LedgerEntryData::ClaimableBalance(balance) if data.to_key() == key => Ok(BalanceLookup::Held {
                asset: codec::asset(&balance.asset).map_err(|error| unreadable(&error))?,
                amount: codec::amount(balance.amount).map_err(|error| unreadable(&error))?,
                as_of: latest,
            }),
            _ => Err(malformed("a ledger entry that was not asked for")),
        }
    }
}
