//! Horizon's JSON, as far as it is read.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::Deserialize;

use super::malformed;
use crate::account::AccountId;
use crate::amount::StellarAmount;
use crate::asset::StellarAsset;
use crate::stellar::decode::{self, Brought, ForeignTransaction, Outcome};
use crate::stellar::{
    AccountSnapshot, BalanceLookup, LedgerError, LedgerPoint, Lookup, Network, SignerKey, TrustLine,
};
use crate::transaction::TransactionHash;

#[derive(Deserialize)]
pub(super) struct Root {
    pub(super) network_passphrase: String,
}

/// An error (`application/problem+json`).
#[derive(Deserialize)]
pub(super) struct Problem {
    #[serde(rename = "type")]
    pub(super) address: String,
    pub(super) status: u16,
    #[serde(default)]
    pub(super) extras: Extras,
}

#[derive(Deserialize, Default)]
pub(super) struct Extras {
    pub(super) result_xdr: Option<String>,
}

impl Problem {
    /// `not_found` of `https://stellar.org/horizon-errors/not_found`.
    pub(super) fn kind(&self) -> &str {
        self.address.rsplit('/').next().unwrap_or_default()
    }
}

#[derive(Deserialize)]
pub(super) struct Page<T> {
    #[serde(rename = "_embedded")]
    pub(super) embedded: Records<T>,
}

#[derive(Deserialize)]
pub(super) struct Records<T> {
    pub(super) records: Vec<T>,
}

#[derive(Deserialize)]
pub(super) struct LedgerRecord {
    sequence: u32,
    closed_at: DateTime<Utc>,
}

impl LedgerRecord {
    pub(super) fn point(&self) -> Result<LedgerPoint, LedgerError> {
        let closed_at = u64::try_from(self.closed_at.timestamp()).map_err(|_| malformed("closed_at"))?;
        Ok(LedgerPoint { sequence: self.sequence, closed_at })
    }
}

#[derive(Deserialize)]
pub(super) struct FeeStats {
    last_ledger_base_fee: String,
    fee_charged: Percentiles,
}

#[derive(Deserialize)]
struct Percentiles {
    p95: String,
}

impl FeeStats {
    /// What nineteen of twenty recent transactions got in with, and never below the base fee.
    pub(super) fn bid(&self) -> Result<u32, LedgerError> {
        let read = |text: &String| text.parse::<u32>().map_err(|_| malformed("a fee is not a number"));
        Ok(read(&self.last_ledger_base_fee)?.max(read(&self.fee_charged.p95)?))
    }
}

#[derive(Deserialize)]
pub(super) struct AccountRecord {
    account_id: AccountId,
    sequence: String,
    subentry_count: u32,
    #[serde(default)]
    num_sponsoring: u32,
    #[serde(default)]
    num_sponsored: u32,
    #[serde(default)]
    home_domain: Option<String>,
    thresholds: Thresholds,
    #[serde(default)]
    flags: Flags,
    balances: Vec<Balance>,
    signers: Vec<Signer>,
    #[serde(default)]
    data: BTreeMap<String, String>,
}

#[derive(Deserialize)]
struct Thresholds {
    low_threshold: u32,
    med_threshold: u32,
}

#[derive(Default, Deserialize)]
struct Flags {
    #[serde(default)]
    auth_required: bool,
}

#[derive(Deserialize)]
struct Signer {
    key: String,
    weight: u32,
    #[serde(rename = "type")]
    kind: String,
}

#[derive(Deserialize)]
struct Balance {
    asset_type: String,
    balance: StellarAmount,
    #[serde(default)]
    limit: Option<StellarAmount>,
    #[serde(default)]
    buying_liabilities: StellarAmount,
    #[serde(default)]
    selling_liabilities: StellarAmount,
    #[serde(default)]
    asset_code: Option<String>,
    #[serde(default)]
    asset_issuer: Option<AccountId>,
    /// Present on every trust line; without it nothing is known.
    #[serde(default)]
    is_authorized: bool,
    /// True of authorised ones too.
    #[serde(default)]
    is_authorized_to_maintain_liabilities: bool,
}

impl AccountRecord {
    pub(super) fn snapshot(self, id: &AccountId, as_of: Option<u32>) -> Result<AccountSnapshot, LedgerError> {
        if self.account_id != *id {
            return Err(malformed("another account than the one that was asked for"));
        }
        let native = self.balances.iter().find(|balance| balance.asset_type == "native");
        let native = native.ok_or_else(|| malformed("an account without lumens"))?;
        let (balance, selling_liabilities) = (native.balance, native.selling_liabilities);
        let trust_lines: Result<Vec<_>, _> = self.balances.into_iter().filter_map(trust_line).collect();
        let signers: Result<Vec<_>, _> = self.signers.into_iter().map(signer).collect();
        Ok(AccountSnapshot {
            id: *id,
            as_of,
            sequence: self.sequence.parse().map_err(|_| malformed("sequence"))?,
            balance,
            selling_liabilities,
            subentries: self.subentry_count,
            sponsoring: self.num_sponsoring,
            sponsored: self.num_sponsored,
            signers: signers?,
            low_threshold: self.thresholds.low_threshold,
            medium_threshold: self.thresholds.med_threshold,
            trust_lines: trust_lines?,
            // "1" in base64
            memo_required: self.data.get("config.memo_required").is_some_and(|value| value == "MQ=="),
            auth_required: self.flags.auth_required,
            home_domain: self.home_domain.filter(|domain| !domain.is_empty()),
        })
    }
}

fn signer(signer: Signer) -> Result<(SignerKey, u32), LedgerError> {
    let key = match signer.kind.as_str() {
        "ed25519_public_key" => {
            SignerKey::Ed25519(signer.key.parse().map_err(|_| malformed("the key of a signer"))?)
        }
        _ => SignerKey::Other,
    };
    Ok((key, signer.weight))
}

/// Shares of liquidity pools are no assets that anybody could be paid in.
fn trust_line(balance: Balance) -> Option<Result<TrustLine, LedgerError>> {
    if !balance.asset_type.starts_with("credit_alphanum") {
        return None;
    }
    let read = || {
        let code = balance.asset_code.and_then(|code| code.parse().ok());
        let code = code.ok_or_else(|| malformed("asset_code"))?;
        let issuer = balance.asset_issuer.ok_or_else(|| malformed("asset_issuer"))?;
        Ok(TrustLine {
            asset: StellarAsset::Credit { code, issuer },
            balance: balance.balance,
            limit: balance.limit.ok_or_else(|| malformed("limit"))?,
            buying_liabilities: balance.buying_liabilities,
            selling_liabilities: balance.selling_liabilities,
            authorized: balance.is_authorized,
            limited: balance.is_authorized_to_maintain_liabilities && !balance.is_authorized,
        })
    };
    Some(read())
}

/// A claimable balance that nobody has claimed.
#[derive(Deserialize)]
pub(super) struct BalanceRecord {
    id: String,
    asset: String,
    amount: StellarAmount,
}

impl BalanceRecord {
    pub(super) fn held(self, id: &str, as_of: u32) -> Result<BalanceLookup, LedgerError> {
        if self.id != id {
            return Err(malformed("another balance than the one that was asked for"));
        }
        let asset = self.asset.parse().map_err(|_| malformed("the asset of a balance"))?;
        Ok(BalanceLookup::Held { asset, amount: self.amount, as_of })
    }
}

/// A transaction that was applied.
#[derive(Deserialize)]
pub(super) struct TransactionRecord {
    pub(super) hash: TransactionHash,
    pub(super) successful: bool,
    pub(super) ledger: u32,
    paging_token: String,
    created_at: DateTime<Utc>,
    envelope_xdr: String,
    result_xdr: String,
}

impl TransactionRecord {
    /// Its place in the history.
    pub(super) fn paging_token(&self) -> &str {
        &self.paging_token
    }

    pub(super) fn lookup(&self, hash: &TransactionHash) -> Result<Lookup, LedgerError> {
        if self.hash != *hash {
            return Err(malformed("another transaction than the one that was asked for"));
        }
        let outcome = decode::outcome(&self.result_xdr).map_err(|error| malformed(error.to_string()))?;
        match (outcome, self.successful) {
            (Outcome::Succeeded { claimable_balances }, true) => {
                Ok(Lookup::Succeeded { ledger: self.ledger, claimable_balances })
            }
            (Outcome::Failed(failure), false) => Ok(Lookup::Failed { ledger: self.ledger, failure }),
            _ => Err(malformed("a result that is not the transaction's")),
        }
    }

    /// Under the hash of its envelope: asked for by the hash inside, a fee bump is shown under that one.
    pub(super) fn listed(mut self, network: &Network) -> Result<Self, LedgerError> {
        let hash = crate::stellar::codec::envelope_hash(&self.envelope_xdr, network);
        self.hash = hash.map_err(|error| malformed(error.to_string()))?;
        Ok(self)
    }

    /// What arrived on the account; the text says why that could not be read.
    pub(super) fn brought(&self, account: &AccountId, network: &Network) -> Result<Brought, String> {
        let transaction = ForeignTransaction {
            hash: self.hash,
            ledger: self.ledger,
            at: self.created_at,
            id: self.paging_token.parse().map_err(|_| "the paging token is not a number".to_owned())?,
            envelope: &self.envelope_xdr,
            result: &self.result_xdr,
            meta: None,
        };
        decode::brought(&transaction, account, network).map_err(|error| error.to_string())
    }
}

/// The answer of `/transactions_async`.
#[derive(Deserialize)]
pub(super) struct AsyncAnswer {
    pub(super) tx_status: String,
    #[serde(default)]
    pub(super) hash: Option<TransactionHash>,
    #[serde(default, alias = "errorResultXdr")]
    pub(super) error_result_xdr: Option<String>,
}
