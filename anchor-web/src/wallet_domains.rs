//! Which key speaks for a wallet's domain: the `SIGNING_KEY` of its stellar.toml (SEP-10, `client_domain`).
//!
//! The domain comes from a stranger, and its server may be slow, hostile or gone. So: the guarded client fetches it,
//! within one deadline; answers and failures are remembered; one domain is fetched once at a time, and only so many
//! domains at all, and of one parent. Whoever waits here occupies no thread, and no turn that others need; who would
//! have to wait with too many others gets the last key that was found, if that is not too long ago, or has to come back.

use std::time::Duration;

use anchor_core::account::AccountId;
use anchor_core::domain::Domain;
use anchor_core::http::{GuardError, GuardedClient, check_url};
use anchor_core::stellar::toml_file;
use chrono::{DateTime, Utc};
use url::Url;

mod fetches;
mod memory;

use fetches::Fetches;
use memory::{Known, Memory, Slot};

/// From the question to the last byte. A wallet's user waits meanwhile.
const DEADLINE: Duration = Duration::from_secs(5);

/// Why there is no key. The text is for the wallet, and the same for everything that a network can do: it must not
/// help anybody to look around in ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum WalletDomainError {
    #[error("the stellar.toml of client_domain could not be fetched over https within {} seconds", DEADLINE.as_secs())]
    Unreachable,
    #[error("the stellar.toml of client_domain cannot be used: {0}")]
    Unusable(toml_file::ReadError),
    /// Nothing was tried.
    #[error("too many domains are being looked up")]
    Busy,
}

/// The keys of wallets' domains.
#[derive(Debug)]
pub(crate) struct WalletDomains {
    client: GuardedClient,
    local_mode: bool,
    fetches: Fetches,
    memory: Memory,
}

impl WalletDomains {
    pub(crate) fn new(local_mode: bool) -> Result<Self, GuardError> {
        Ok(Self {
            client: GuardedClient::new(local_mode)?,
            local_mode,
            fetches: Fetches::default(),
            memory: Memory::default(),
        })
    }

    /// The domain's key, as known or as just fetched. Where too much is being looked up, the one that the last look found,
    /// at most an hour ago: or whoever keeps us busy would lock out everybody else's wallet.
    pub(crate) async fn signing_key(
        &self,
        domain: &Domain,
        now: DateTime<Utc>,
    ) -> Result<AccountId, WalletDomainError> {
        let slot = self.memory.slot(domain, now);
        match self.look(&slot, domain, now).await {
            Err(WalletDomainError::Busy) => slot.last_key(now).ok_or(WalletDomainError::Busy),
            looked => looked,
        }
    }

    /// The domain's key after `stale` did not fit: fetched again, unless that was done just now. Never an older one.
    pub(crate) async fn signing_key_instead_of(
        &self,
        stale: AccountId,
        domain: &Domain,
        now: DateTime<Utc>,
    ) -> Result<AccountId, WalletDomainError> {
        self.doubt(stale, domain, now);
        let slot = self.memory.slot(domain, now);
        self.look(&slot, domain, now).await
    }

    async fn look(
        &self,
        slot: &Slot,
        domain: &Domain,
        now: DateTime<Utc>,
    ) -> Result<AccountId, WalletDomainError> {
        let mut known = slot.enter().await?;
        if let Some(known) = known.as_ref().filter(|known| known.holds(now)) {
            return known.key;
        }
        let _permit = self.fetches.permit(domain).ok_or(WalletDomainError::Busy)?;
        let key = self.fetch(domain).await;
        slot.learn(&mut known, Known { key, at: now });
        key
    }

    /// A signature by this key was expected and did not come: perhaps the wallet has another one by now. The next
    /// question is answered by its file, but not every few seconds, or anybody could make us knock there.
    pub(crate) fn doubt(&self, key: AccountId, domain: &Domain, now: DateTime<Utc>) {
        let slot = self.memory.slot(domain, now);
        // in use: then it is just being fetched or read, and the next doubt will do
        let Some(mut known) = slot.try_enter() else { return };
        if known.as_ref().is_some_and(|known| known.key == Ok(key) && known.may_be_doubted(now)) {
            *known = None;
        }
    }

    async fn fetch(&self, domain: &Domain) -> Result<AccountId, WalletDomainError> {
        let address = self.address(domain);
        let fetched = self.client.fetch_text(&address, toml_file::BYTES_MAX);
        let text = match tokio::time::timeout(DEADLINE, fetched).await {
            Ok(Ok(text)) => text,
            Ok(Err(error)) => {
                tracing::info!(%domain, reason = chain(&error), "a wallet's stellar.toml was not fetched");
                return Err(WalletDomainError::Unreachable);
            }
            Err(_) => {
                tracing::info!(%domain, "a wallet's stellar.toml did not come in time");
                return Err(WalletDomainError::Unreachable);
            }
        };
        toml_file::signing_key(&text).map_err(WalletDomainError::Unusable)
    }

    /// Plain http only where the guard allows it: to this machine, in development.
    fn address(&self, domain: &Domain) -> String {
        let plain = format!("http://{domain}{}", toml_file::PATH);
        let is_plain = Url::parse(&plain).is_ok_and(|url| check_url(&url, self.local_mode).is_ok());
        if is_plain { plain } else { format!("https://{domain}{}", toml_file::PATH) }
    }
}

fn chain(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(Some(error), |error| error.source());
    causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}
