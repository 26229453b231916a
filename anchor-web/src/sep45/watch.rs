//! How far the network is, and that the contract is still the one it was: looked at every few seconds, however many wallets
//! ask.

use anchor_core::clock::Clock;
use anchor_core::config::Sep45Config;
use anchor_core::stellar::LedgerPoint;
use anchor_core::stellar::contracts::{ContractLedger, FUNCTION};
use chrono::{DateTime, TimeDelta, Utc};
use tokio::sync::Mutex;

use crate::error::SepError;

/// What was seen counts for so long: about as long as a ledger.
const KNOWN: TimeDelta = TimeDelta::seconds(5);

/// After a look that failed, the next one is taken so much later; whoever waits in line meanwhile has the same answer.
const FAILED: TimeDelta = TimeDelta::seconds(1);

/// A network, or a server, whose last ledger closed longer ago stands still: what it says of signers is of the past, and no
/// signature would ever expire there.
const STANDSTILL: TimeDelta = TimeDelta::minutes(5);

/// The last look.
#[derive(Debug, Default)]
pub(super) struct Watch(Mutex<Option<Seen>>);

#[derive(Debug)]
struct Seen {
    at: DateTime<Utc>,
    /// Why there is nothing was logged when it was seen.
    point: Option<LedgerPoint>,
}

impl Watch {
    /// The last closed ledger, not long ago.
    ///
    /// # Errors
    /// 503: the network cannot be asked, stands still, or has another contract than it should.
    pub(super) async fn point(
        &self,
        contracts: &dyn ContractLedger,
        sep45: &Sep45Config,
        clock: &dyn Clock,
    ) -> Result<LedgerPoint, SepError> {
        let asked = clock.now();
        // one looks, the others wait for what it sees
        let mut seen = self.0.lock().await;
        let is_fresh = |seen: &&Seen| {
            let good_for = if seen.point.is_some() { KNOWN } else { FAILED };
            // seen after it was asked for: by whoever was before in line; long after: by a clock that was put back
            asked < seen.at + good_for && seen.at < asked + STANDSTILL
        };
        if let Some(seen) = seen.as_ref().filter(is_fresh) {
            return seen.point.ok_or_else(SepError::unavailable);
        }
        let looked = look(contracts, sep45, asked).await;
        let point = looked.as_ref().ok().copied();
        *seen = Some(Seen { at: clock.now(), point });
        looked
    }
}

async fn look(
    contracts: &dyn ContractLedger,
    sep45: &Sep45Config,
    now: DateTime<Utc>,
) -> Result<LedgerPoint, SepError> {
    let point = contracts.latest_ledger().await?;
    let closed_at = i64::try_from(point.closed_at).ok().and_then(|at| DateTime::from_timestamp(at, 0));
    if closed_at.is_none_or(|closed_at| closed_at + STANDSTILL < now) {
        tracing::error!(
            ledger = point.sequence,
            "no ledger has closed for minutes: no contract account can log in"
        );
        return Err(SepError::unavailable());
    }
    if let Some(wanted) = sep45.code_hash {
        check_code(contracts, sep45, wanted).await?;
    }
    Ok(point)
}

/// Whoever may upgrade the contract could let anybody in as anybody.
async fn check_code(
    contracts: &dyn ContractLedger,
    sep45: &Sep45Config,
    wanted: [u8; 32],
) -> Result<(), SepError> {
    match contracts.contract_code(&sep45.contract, FUNCTION).await? {
        Some(code) if code.wasm_hash == Some(wanted) => Ok(()),
        Some(_) => {
            tracing::error!(
                contract = %sep45.contract,
                "the web authentication contract has other code than WEB_AUTH_CONTRACT_HASH says: nobody gets in"
            );
            Err(SepError::unavailable())
        }
        // archived: nobody can have changed it, and whoever restores it finds what was there
        None => Ok(()),
    }
}
