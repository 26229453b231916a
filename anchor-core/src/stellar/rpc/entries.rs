//! Accounts, from ledger entries by their keys: the account itself, its trust lines of the assets that matter, and
//! the data entry by which it asks for memos.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::PoisonError;

use serde_json::json;
use stellar_xdr::{
    AccountEntry, AccountEntryExt, AccountEntryExtensionV1Ext, AccountFlags, LedgerEntryData, LedgerKey,
    LedgerKeyAccount, LedgerKeyData, LedgerKeyTrustLine, Liabilities, SignerKey as XdrSignerKey, StringM,
    Thresholds, TrustLineEntry, TrustLineEntryExt, TrustLineFlags, WriteXdr as _,
};

use super::json::Entries;
use super::{RpcLedger, malformed};
use crate::account::AccountId;
use crate::asset::StellarAsset;
use crate::stellar::{AccountSnapshot, DecodeError, LedgerError, SignerKey, TrustLine, codec};

/// The most that a server looks up at once.
const KEYS_MAX: usize = 200;

/// SEP-29.
const MEMO_REQUIRED: &str = "config.memo_required";

/// What was asked for and is there.
#[derive(Default)]
struct Found {
    entries: BTreeMap<LedgerKey, LedgerEntryData>,
    /// The ledger that every answer had reached.
    as_of: Option<u32>,
}

impl RpcLedger {
    /// Shows the trust lines of these assets from now on, too.
    pub(super) fn add_assets(&self, assets: impl IntoIterator<Item = StellarAsset>) {
        let mut known = self.assets.write().unwrap_or_else(PoisonError::into_inner);
        for asset in assets {
            if asset != StellarAsset::Native && !known.contains(&asset) {
                known.push(asset);
            }
        }
    }

    /// Many in one question: what cannot be found out is so about all accounts of that question.
    pub(super) async fn snapshots(
        &self,
        ids: &[AccountId],
    ) -> Vec<Result<Option<AccountSnapshot>, LedgerError>> {
        let assets = self.assets.read().unwrap_or_else(PoisonError::into_inner).clone();
        let keys_each = assets.len().saturating_add(2);
        // an account is asked about in one question wherever that is possible: all of it is of one ledger then
        let accounts_each = KEYS_MAX.checked_div(keys_each).unwrap_or(1).max(1);
        let mut snapshots = Vec::with_capacity(ids.len());
        for some in ids.chunks(accounts_each) {
            match self.entries_of(some, &assets).await {
                Ok(found) => {
                    snapshots.extend(some.iter().map(|id| found.snapshot(id, &assets).map_err(unreadable)));
                }
                Err(error) => snapshots.extend(some.iter().map(|_| Err(error.clone()))),
            }
        }
        snapshots
    }

    async fn entries_of(&self, ids: &[AccountId], assets: &[StellarAsset]) -> Result<Found, LedgerError> {
        let keys = ids.iter().map(|id| keys(id, assets)).collect::<Result<Vec<_>, _>>();
        let keys = keys.map_err(unreadable)?.concat();
        let mut found = Found::default();
        for question in keys.chunks(KEYS_MAX) {
            self.entries(question, &mut found).await?;
        }
        Ok(found)
    }

    async fn entries(&self, keys: &[LedgerKey], found: &mut Found) -> Result<(), LedgerError> {
        let written: Result<Vec<String>, _> =
            keys.iter().map(|key| key.to_xdr_base64(codec::limits())).collect();
        let written = written.map_err(|error| malformed(error.to_string()))?;
        let answer: Entries = self.call("getLedgerEntries", &json!({ "keys": written })).await?;
        let latest = answer.range.latest()?;
        found.as_of = Some(found.as_of.map_or(latest, |as_of| as_of.min(latest)));
        let asked: BTreeSet<&LedgerKey> = keys.iter().collect();
        for entry in answer.entries {
            // in any order, and without what is not there: only the key tells which one it is
            let key: LedgerKey = codec::read(&entry.key).map_err(unreadable)?;
            let data: LedgerEntryData = codec::read(&entry.xdr).map_err(unreadable)?;
            if !asked.contains(&key) || data.to_key() != key {
                return Err(malformed("a ledger entry that was not asked for"));
            }
            if found.entries.insert(key, data).is_some() {
                return Err(malformed("the same ledger entry twice"));
            }
        }
        Ok(())
    }
}

fn keys(id: &AccountId, assets: &[StellarAsset]) -> Result<Vec<LedgerKey>, DecodeError> {
    let mut keys = vec![account_key(id), data_key(id)?];
    keys.extend(assets.iter().map(|asset| trust_line_key(id, asset)));
    Ok(keys)
}

fn account_key(id: &AccountId) -> LedgerKey {
    LedgerKey::Account(LedgerKeyAccount { account_id: codec::to_account_id(id) })
}

fn data_key(id: &AccountId) -> Result<LedgerKey, DecodeError> {
    let name: StringM<64> = MEMO_REQUIRED.try_into().map_err(|_| DecodeError::Content("data name"))?;
    Ok(LedgerKey::Data(LedgerKeyData { account_id: codec::to_account_id(id), data_name: name.into() }))
}

fn trust_line_key(id: &AccountId, asset: &StellarAsset) -> LedgerKey {
    let asset = codec::to_trust_line_asset(asset);
    LedgerKey::Trustline(LedgerKeyTrustLine { account_id: codec::to_account_id(id), asset })
}

impl Found {
    fn snapshot(
        &self,
        id: &AccountId,
        assets: &[StellarAsset],
    ) -> Result<Option<AccountSnapshot>, DecodeError> {
        let Some(LedgerEntryData::Account(account)) = self.entries.get(&account_key(id)) else {
            return Ok(None);
        };
        let (liabilities, sponsoring, sponsored) = extensions(account);
        let Thresholds([master, low, medium, _]) = account.thresholds;
        let mut signers = vec![(SignerKey::Ed25519(*id), u32::from(master))];
        signers.extend(account.signers.iter().map(|signer| (signer_key(&signer.key), signer.weight)));
        let memo_required = match self.entries.get(&data_key(id)?) {
            Some(LedgerEntryData::Data(entry)) => entry.data_value.as_slice() == b"1",
            _ => false,
        };
        let home_domain = String::from_utf8(account.home_domain.as_slice().to_vec()).ok();
        Ok(Some(AccountSnapshot {
            id: *id,
            as_of: self.as_of,
            sequence: account.seq_num.0,
            balance: codec::amount(account.balance)?,
            selling_liabilities: codec::amount(liabilities.selling)?,
            subentries: account.num_sub_entries,
            sponsoring,
            sponsored,
            signers,
            low_threshold: u32::from(low),
            medium_threshold: u32::from(medium),
            trust_lines: self.trust_lines(id, assets)?,
            memo_required,
            auth_required: account.flags & FLAG_AUTH_REQUIRED != 0,
            home_domain: home_domain.filter(|domain| !domain.is_empty()),
        }))
    }

    fn trust_lines(&self, id: &AccountId, assets: &[StellarAsset]) -> Result<Vec<TrustLine>, DecodeError> {
        let lines = assets.iter().filter_map(|asset| match self.entries.get(&trust_line_key(id, asset)) {
            Some(LedgerEntryData::Trustline(line)) => Some(trust_line(asset, line)),
            _ => None,
        });
        lines.collect()
    }
}

fn trust_line(asset: &StellarAsset, line: &TrustLineEntry) -> Result<TrustLine, DecodeError> {
    let liabilities = match &line.ext {
        TrustLineEntryExt::V0 => Liabilities { buying: 0, selling: 0 },
        TrustLineEntryExt::V1(more) => more.liabilities.clone(),
    };
    Ok(TrustLine {
        asset: asset.clone(),
        balance: codec::amount(line.balance)?,
        limit: codec::amount(line.limit)?,
        buying_liabilities: codec::amount(liabilities.buying)?,
        selling_liabilities: codec::amount(liabilities.selling)?,
        authorized: line.flags & FLAG_AUTHORIZED != 0,
        limited: line.flags & FLAG_LIMITED != 0,
    })
}

/// The issuer allows payments, not only offers that stand already.
const FLAG_AUTHORIZED: u32 = 1;
/// Only offers that stand already.
const FLAG_LIMITED: u32 = 2;
/// Of an account: its assets' trust lines need its authorisation.
const FLAG_AUTH_REQUIRED: u32 = 1;
const _: () = assert!(
    TrustLineFlags::AuthorizedFlag as i32 == 1
        && TrustLineFlags::AuthorizedToMaintainLiabilitiesFlag as i32 == 2
        && AccountFlags::RequiredFlag as i32 == 1,
    "the ledger's own numbers"
);

/// Liabilities, reserves paid for others, reserves paid by others.
fn extensions(account: &AccountEntry) -> (Liabilities, u32, u32) {
    let AccountEntryExt::V1(more) = &account.ext else {
        return (Liabilities { buying: 0, selling: 0 }, 0, 0);
    };
    let (sponsoring, sponsored) = match &more.ext {
        AccountEntryExtensionV1Ext::V0 => (0, 0),
        AccountEntryExtensionV1Ext::V2(more) => (more.num_sponsoring, more.num_sponsored),
    };
    (more.liabilities.clone(), sponsoring, sponsored)
}

const fn signer_key(key: &XdrSignerKey) -> SignerKey {
    match key {
        XdrSignerKey::Ed25519(key) => SignerKey::Ed25519(AccountId::from_bytes(key.0)),
        _ => SignerKey::Other,
    }
}

fn unreadable(error: DecodeError) -> LedgerError {
    malformed(error.to_string())
}
