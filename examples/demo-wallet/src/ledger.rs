//! The wallet's account on the ledger.

use std::path::Path;
use std::time::Duration;

use anchor_core::account::AccountId;
use anchor_core::amount::StellarAmount;
use anchor_core::asset::StellarAsset;
use anchor_core::keys::SigningKey;
use anchor_core::memo::Memo;
use anchor_core::stellar::envelope::{EnvelopeSpec, Operation, Payment};
use anchor_core::stellar::horizon::{HorizonLedger, HorizonOptions, fund};
use anchor_core::stellar::{AccountSnapshot, Ledger as _, Lookup};
use anyhow::{Context as _, Result, bail};
use serde::{Deserialize, Serialize};

use crate::anchor::{Toml, Transaction};

/// How long a transaction may land, in seconds of ledger time. Short: one that was built on an old sequence number
/// is only given up when this is over.
const LIFETIME: u64 = 30;

/// How often a lagging server is asked again.
const TRIES_MAX: u32 = 20;

/// A signed payment, as it can be kept on disk: whoever has it can only make it land, once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Signed {
    /// What the ledger will know it by.
    pub hash: String,
    /// Base64 XDR.
    pub xdr: String,
    /// Until when it may land, in seconds of ledger time.
    pub max_time: u64,
}

/// What became of a payment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Settled {
    /// It is on the ledger.
    Landed,
    /// It is on the ledger and moved nothing, for this reason.
    Failed(String),
    /// It is not there, and its time has passed.
    Dead,
}

/// The wallet's key and the network it lives on.
#[derive(Debug)]
pub struct Account {
    /// Its only signer.
    pub key: SigningKey,
    ledger: HorizonLedger,
}

impl Account {
    /// Reads the key from a file, or makes one.
    pub async fn open(path: &Path, toml: &Toml) -> Result<Self> {
        let key: SigningKey = match std::fs::read_to_string(path) {
            Ok(seed) => seed.trim().parse()?,
            Err(_) => {
                let key = SigningKey::generate();
                std::fs::write(path, key.to_strkey().expose())?;
                key
            }
        };
        Self::with_key(key, toml).await
    }

    /// Has the network's friendbot create the account if it is new.
    pub async fn with_key(key: SigningKey, toml: &Toml) -> Result<Self> {
        let ledger = HorizonLedger::new(&toml.horizon, toml.network.clone(), HorizonOptions::default())?;
        let account = Self { key, ledger };
        if account.ledger.account(&account.key.account()).await?.is_none() {
            let friendbot = format!("{}/friendbot", toml.horizon.as_str().trim_end_matches('/'));
            fund(&friendbot.parse()?, &account.key.account()).await?;
        }
        Ok(account)
    }

    /// How much of the asset it holds.
    pub async fn balance(&self, asset: &StellarAsset) -> Result<StellarAmount> {
        let account = self.ledger.account(&self.key.account()).await?.context("the account is gone")?;
        let line = account.trust_lines.iter().find(|line| line.asset == *asset);
        Ok(line.map_or(StellarAmount::ZERO, |line| line.balance))
    }

    /// Adds the trust line, unless it is there.
    pub async fn trust(&self, asset: &StellarAsset) -> Result<()> {
        let account = self.ledger.account(&self.key.account()).await?.context("the account is gone")?;
        if *asset == StellarAsset::Native || account.trust_lines.iter().any(|line| line.asset == *asset) {
            return Ok(());
        }
        let limit = StellarAmount::from_stroops(i64::MAX)?;
        self.submit(Operation::ChangeTrust { asset: asset.clone(), limit }, Memo::None).await.map(drop)
    }

    /// Pays a withdrawal, as the anchor asked for it.
    pub async fn pay(&self, asset: &StellarAsset, transaction: &Transaction) -> Result<String> {
        let missing = "the anchor did not say what to pay where";
        let memo_type = transaction.withdraw_memo_type.as_deref().context(missing)?;
        let memo = Memo::parse(memo_type, transaction.withdraw_memo.as_deref().context(missing)?)?;
        let destination = transaction.withdraw_anchor_account.as_deref().context(missing)?.parse()?;
        let amount = transaction.amount_in.as_deref().context(missing)?.parse()?;
        self.pay_to(asset, destination, memo, amount).await
    }

    /// Signs a payment, and tells nobody yet.
    pub async fn sign_payment(
        &self,
        asset: &StellarAsset,
        destination: AccountId,
        memo: Memo,
        amount: StellarAmount,
    ) -> Result<Signed> {
        let payment = Payment::Pay { destination: destination.into(), asset: asset.clone(), amount };
        self.sign(payment.into(), memo).await
    }

    /// Pays, and waits until the ledger says so. An error means that it has not landed and never will.
    pub async fn pay_to(
        &self,
        asset: &StellarAsset,
        destination: AccountId,
        memo: Memo,
        amount: StellarAmount,
    ) -> Result<String> {
        let payment = Payment::Pay { destination: destination.into(), asset: asset.clone(), amount };
        self.submit(payment.into(), memo).await
    }

    /// The account as new as the latest ledger, and the time until which a transaction may land. A server that lags
    /// behind would show a sequence number that is used already.
    async fn current(&self) -> Result<(AccountSnapshot, u64)> {
        for _ in 0..TRIES_MAX {
            let latest = self.ledger.latest().await?;
            let account = self.ledger.account(&self.key.account()).await?.context("the account is gone")?;
            if account.as_of.is_none_or(|as_of| as_of >= latest.sequence) {
                return Ok((account, latest.closed_at.saturating_add(LIFETIME)));
            }
            tokio::time::sleep(Duration::from_millis(300)).await;
        }
        bail!("the ledger server lags behind")
    }

    async fn submit(&self, operation: Operation, memo: Memo) -> Result<String> {
        let signed = self.sign(operation, memo).await?;
        match self.settle(&signed).await? {
            Settled::Landed => Ok(signed.hash),
            Settled::Failed(codes) => bail!("the ledger says {codes}"),
            Settled::Dead => bail!("it did not land in time"),
        }
    }

    async fn sign(&self, operation: Operation, memo: Memo) -> Result<Signed> {
        let (account, max_time) = self.current().await?;
        let spec = EnvelopeSpec {
            network: self.ledger.network(),
            transaction_source: self.key.account(),
            sequence: account.sequence.saturating_add(1),
            operation_source: None,
            operations: vec![operation],
            memo,
            fee_per_operation: 10_000,
            max_time,
        };
        let unsigned = spec.build()?;
        let hash = unsigned.hash();
        let envelope = unsigned.sign(&[(self.key.account(), self.key.sign(hash.as_bytes()))])?;
        Ok(Signed { hash: envelope.hash.to_string(), xdr: envelope.xdr, max_time })
    }

    /// Looks for a payment first, and sends it for as long as it may land. What is not known yet is asked again.
    ///
    /// # Errors
    /// When it was not signed by us.
    pub async fn settle(&self, signed: &Signed) -> Result<Settled> {
        let hash = signed.hash.parse()?;
        let mut pause = Duration::ZERO;
        loop {
            match self.ledger.lookup(&hash).await {
                Ok(Lookup::Succeeded { .. }) => return Ok(Settled::Landed),
                Ok(Lookup::Failed { failure, .. }) => return Ok(Settled::Failed(failure.codes.to_string())),
                // proved by the server that would know of it: it has read on past the bound
                Ok(Lookup::NotFound { checked }) if checked.closed_at > signed.max_time => {
                    return Ok(Settled::Dead);
                }
                // whatever the server says now: only a look-up tells what became of it
                Ok(Lookup::NotFound { .. }) => drop(self.ledger.submit(&signed.xdr).await),
                Err(_) => {}
            }
            tokio::time::sleep(pause).await;
            pause = Duration::from_millis(300);
        }
    }
}
