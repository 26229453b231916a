//! Arithmetic on one account entry: its extensions, reserve, liabilities and spendable balance.

use stellar_xdr::{
    AccountEntry, AccountEntryExt, AccountEntryExtensionV1, AccountEntryExtensionV1Ext,
    AccountEntryExtensionV2, AccountEntryExtensionV2Ext, AccountEntryExtensionV3, AccountId, ExtensionPoint,
    Liabilities, SequenceNumber, Signer, SignerKey, SponsorshipDescriptor, String32, Thresholds, TimePoint,
    VecM,
};

/// Most entries an account may own.
pub(crate) const SUBENTRY_LIMIT: u32 = 1_000;
/// Most signers an account may have besides its master key.
pub(crate) const SIGNER_LIMIT: usize = 20;

/// A fresh account: master weight 1, no thresholds, no flags.
pub(crate) fn new(account_id: AccountId, balance: i64, sequence: i64) -> AccountEntry {
    AccountEntry {
        account_id,
        balance,
        seq_num: SequenceNumber(sequence),
        num_sub_entries: 0,
        inflation_dest: None,
        flags: 0,
        home_domain: String32::default(),
        thresholds: Thresholds([1, 0, 0, 0]),
        signers: VecM::default(),
        ext: AccountEntryExt::V0,
    }
}

/// What the account's open offers may still bring in (`buying`) or take out (`selling`) in lumens.
pub fn liabilities(account: &AccountEntry) -> Liabilities {
    match &account.ext {
        AccountEntryExt::V0 => Liabilities { buying: 0, selling: 0 },
        AccountEntryExt::V1(v1) => v1.liabilities.clone(),
    }
}

/// Reserves others pay for this account.
pub fn num_sponsored(account: &AccountEntry) -> u32 {
    v2(account).map_or(0, |v2| v2.num_sponsored)
}

/// Reserves this account pays for others.
pub fn num_sponsoring(account: &AccountEntry) -> u32 {
    v2(account).map_or(0, |v2| v2.num_sponsoring)
}

/// Who pays the reserve of each signer, in the order of `account.signers`.
pub fn signer_sponsors(account: &AccountEntry) -> Vec<Option<AccountId>> {
    match v2(account) {
        Some(v2) => v2.signer_sponsoring_i_ds.iter().map(|sponsor| sponsor.0.clone()).collect(),
        None => vec![None; account.signers.len()],
    }
}

/// Ledger and close time of the account's last sequence number; zeros when it never had one.
pub fn sequence_age(account: &AccountEntry) -> (u32, u64) {
    match v2(account).map(|v2| &v2.ext) {
        Some(AccountEntryExtensionV2Ext::V3(v3)) => (v3.seq_ledger, v3.seq_time.0),
        Some(AccountEntryExtensionV2Ext::V0) | None => (0, 0),
    }
}

/// The lumens the account must keep.
pub fn min_balance(account: &AccountEntry, base_reserve: u32) -> i64 {
    let entries = 2 + i64::from(account.num_sub_entries) + i64::from(num_sponsoring(account))
        - i64::from(num_sponsored(account));
    entries * i64::from(base_reserve)
}

/// The lumens the account can spend: above reserve and selling liabilities. Negative if the reserve was raised.
pub fn available(account: &AccountEntry, base_reserve: u32) -> i64 {
    account.balance - min_balance(account, base_reserve) - liabilities(account).selling
}

/// The lumens the account can still take in.
pub fn receivable(account: &AccountEntry) -> i64 {
    i64::MAX - account.balance - liabilities(account).buying
}

/// Adds `delta` lumens if reserve and liabilities allow; `false` leaves the account as it was.
#[must_use]
pub(crate) fn add_balance(account: &mut AccountEntry, delta: i64, base_reserve: u32) -> bool {
    let Some(balance) = account.balance.checked_add(delta).filter(|balance| *balance >= 0) else {
        return false;
    };
    let liabilities = liabilities(account);
    if delta < 0 && balance - min_balance(account, base_reserve) < liabilities.selling {
        return false;
    }
    if balance > i64::MAX - liabilities.buying {
        return false;
    }
    account.balance = balance;
    true
}

/// Sets the sequence number and notes when that happened.
pub(crate) fn set_sequence(account: &mut AccountEntry, sequence: i64, ledger: u32, closed_at: u64) {
    account.seq_num = SequenceNumber(sequence);
    touch_sequence(account, ledger, closed_at);
}

/// Notes that the sequence number was written in this ledger.
pub(crate) fn touch_sequence(account: &mut AccountEntry, ledger: u32, closed_at: u64) {
    v2_mut(account).ext = AccountEntryExtensionV2Ext::V3(AccountEntryExtensionV3 {
        ext: ExtensionPoint::V0,
        seq_ledger: ledger,
        seq_time: TimePoint(closed_at),
    });
}

pub(crate) fn liabilities_mut(account: &mut AccountEntry) -> &mut Liabilities {
    &mut v1_mut(account).liabilities
}

/// Where `key` stands in the (sorted) signers, or where it would go.
pub(crate) fn signer_position(account: &AccountEntry, key: &SignerKey) -> Result<usize, usize> {
    account.signers.binary_search_by(|signer| signer.key.cmp(key))
}

/// Inserts an unsponsored signer at `position`; `false` when there is no room.
#[must_use]
pub(crate) fn insert_signer(account: &mut AccountEntry, position: usize, signer: Signer) -> bool {
    if account.signers.len() >= SIGNER_LIMIT {
        return false;
    }
    edit(&mut account.signers, |signers| signers.insert(position, signer));
    if let Some(v2) = existing_v2_mut(account) {
        edit(&mut v2.signer_sponsoring_i_ds, |sponsors| {
            sponsors.insert(position, SponsorshipDescriptor(None))
        });
    }
    true
}

/// Takes the signer at `position` out and says who paid its reserve.
pub(crate) fn remove_signer(account: &mut AccountEntry, position: usize) -> Option<AccountId> {
    edit(&mut account.signers, |signers| signers.remove(position));
    let v2 = existing_v2_mut(account)?;
    edit(&mut v2.signer_sponsoring_i_ds, |sponsors| sponsors.remove(position))?.0
}

pub(crate) fn v2_mut(account: &mut AccountEntry) -> &mut AccountEntryExtensionV2 {
    let signers = account.signers.len();
    let v1 = v1_mut(account);
    if let AccountEntryExtensionV1Ext::V0 = v1.ext {
        let mut sponsors = VecM::default();
        edit(&mut sponsors, |sponsors| sponsors.resize(signers, SponsorshipDescriptor(None)));
        v1.ext = AccountEntryExtensionV1Ext::V2(AccountEntryExtensionV2 {
            num_sponsored: 0,
            num_sponsoring: 0,
            signer_sponsoring_i_ds: sponsors,
            ext: AccountEntryExtensionV2Ext::V0,
        });
    }
    match &mut v1.ext {
        AccountEntryExtensionV1Ext::V2(v2) => v2,
        AccountEntryExtensionV1Ext::V0 => unreachable!("set just above"),
    }
}

fn v1_mut(account: &mut AccountEntry) -> &mut AccountEntryExtensionV1 {
    if let AccountEntryExt::V0 = account.ext {
        account.ext = AccountEntryExt::V1(AccountEntryExtensionV1 {
            liabilities: Liabilities { buying: 0, selling: 0 },
            ext: AccountEntryExtensionV1Ext::V0,
        });
    }
    match &mut account.ext {
        AccountEntryExt::V1(v1) => v1,
        AccountEntryExt::V0 => unreachable!("set just above"),
    }
}

fn v2(account: &AccountEntry) -> Option<&AccountEntryExtensionV2> {
    match &account.ext {
        AccountEntryExt::V1(AccountEntryExtensionV1 { ext: AccountEntryExtensionV1Ext::V2(v2), .. }) => {
            Some(v2)
        }
        AccountEntryExt::V0 | AccountEntryExt::V1(_) => None,
    }
}

fn existing_v2_mut(account: &mut AccountEntry) -> Option<&mut AccountEntryExtensionV2> {
    match &mut account.ext {
        AccountEntryExt::V1(AccountEntryExtensionV1 { ext: AccountEntryExtensionV1Ext::V2(v2), .. }) => {
            Some(v2)
        }
        AccountEntryExt::V0 | AccountEntryExt::V1(_) => None,
    }
}

/// Edits a bounded list in place; an edit that would overflow the bound leaves the list empty, which callers
/// exclude by checking the length first.
fn edit<T: Clone, const MAX: u32, R>(
    list: &mut VecM<T, MAX>,
    change: impl FnOnce(&mut Vec<T>) -> R,
) -> Option<R> {
    let mut items = std::mem::take(list).into_vec();
    let result = change(&mut items);
    *list = items.try_into().ok()?;
    Some(result)
}
