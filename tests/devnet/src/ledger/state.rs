//! The ledger entries and the journal that lets a failed operation or transaction leave no trace.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

use stellar_xdr::{
    AccountEntry, AccountId, Asset, ClaimableBalanceEntry, ClaimableBalanceId, DataEntry, LedgerEntry,
    LedgerEntryChange, LedgerEntryChanges, LedgerEntryData, LedgerEntryExt, LedgerKey, LedgerKeyAccount,
    LedgerKeyClaimableBalance, LedgerKeyData, LedgerKeyOffer, LedgerKeyTrustLine, OfferEntry,
    SponsorshipDescriptor, String64, TrustLineEntry,
};

use super::asset;
use super::orderbook::OrderBook;
use super::sponsorship::sponsored_by;

/// All entries of the ledger plus the header fields that operations read or move.
///
/// Every write goes through the journal, so that [`State::rollback`] restores an earlier [`Mark`] exactly and
/// [`State::changes_since`] can tell what happened in between.
#[derive(Debug)]
pub(crate) struct State {
    pub(crate) header: Header,
    entries: BTreeMap<LedgerKey, LedgerEntry>,
    book: OrderBook,
    journal: Vec<Undo>,
    /// What was made final since it was last asked for.
    touched: BTreeSet<LedgerKey>,
}

/// Header fields that live while a ledger is being made.
#[derive(Clone, Debug)]
pub(crate) struct Header {
    /// Sequence of the ledger being built (or, between closes, of the last one closed).
    pub(crate) sequence: u32,
    pub(crate) closed_at: u64,
    pub(crate) total_coins: i64,
    pub(crate) fee_pool: i64,
    /// Last offer id given out.
    pub(crate) id_pool: i64,
    pub(crate) base_fee: u32,
    pub(crate) base_reserve: u32,
}

/// A point in the journal.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Mark {
    journal: usize,
    id_pool: i64,
}

#[derive(Debug)]
struct Undo {
    key: LedgerKey,
    before: Option<LedgerEntry>,
}

impl State {
    pub(crate) fn new(header: Header) -> Self {
        Self {
            header,
            entries: BTreeMap::new(),
            book: OrderBook::default(),
            journal: Vec::new(),
            touched: BTreeSet::new(),
        }
    }

    pub(crate) fn entry(&self, key: &LedgerKey) -> Option<&LedgerEntry> {
        self.entries.get(key)
    }

    pub(crate) fn entries(&self) -> impl Iterator<Item = (&LedgerKey, &LedgerEntry)> {
        self.entries.iter()
    }

    /// Entries from `from` on, in key order.
    pub(crate) fn entries_from(&self, from: LedgerKey) -> impl Iterator<Item = (&LedgerKey, &LedgerEntry)> {
        self.entries.range(from..)
    }

    pub(crate) fn book(&self) -> &OrderBook {
        &self.book
    }

    pub(crate) fn account(&self, id: &AccountId) -> Option<&AccountEntry> {
        match &self.entries.get(&account_key(id))?.data {
            LedgerEntryData::Account(account) => Some(account),
            _ => None,
        }
    }

    pub(crate) fn trust_line(&self, account: &AccountId, asset: &Asset) -> Option<&TrustLineEntry> {
        match &self.entries.get(&trust_line_key(account, asset))?.data {
            LedgerEntryData::Trustline(line) => Some(line),
            _ => None,
        }
    }

    pub(crate) fn offer(&self, seller: &AccountId, offer_id: i64) -> Option<&OfferEntry> {
        match &self.entries.get(&offer_key(seller, offer_id))?.data {
            LedgerEntryData::Offer(offer) => Some(offer),
            _ => None,
        }
    }

    pub(crate) fn data(&self, account: &AccountId, name: &String64) -> Option<&DataEntry> {
        match &self.entries.get(&data_key(account, name))?.data {
            LedgerEntryData::Data(data) => Some(data),
            _ => None,
        }
    }

    pub(crate) fn claimable_balance(&self, id: &ClaimableBalanceId) -> Option<&ClaimableBalanceEntry> {
        match &self.entries.get(&claimable_balance_key(id))?.data {
            LedgerEntryData::ClaimableBalance(balance) => Some(balance),
            _ => None,
        }
    }

    pub(crate) fn account_mut(&mut self, id: &AccountId) -> Option<&mut AccountEntry> {
        match &mut self.entry_mut(account_key(id))?.data {
            LedgerEntryData::Account(account) => Some(account),
            _ => None,
        }
    }

    pub(crate) fn trust_line_mut(
        &mut self,
        account: &AccountId,
        asset: &Asset,
    ) -> Option<&mut TrustLineEntry> {
        match &mut self.entry_mut(trust_line_key(account, asset))?.data {
            LedgerEntryData::Trustline(line) => Some(line),
            _ => None,
        }
    }

    pub(crate) fn data_mut(&mut self, account: &AccountId, name: &String64) -> Option<&mut DataEntry> {
        match &mut self.entry_mut(data_key(account, name))?.data {
            LedgerEntryData::Data(data) => Some(data),
            _ => None,
        }
    }

    /// Sets what an offer still sells. Price and assets of an offer never change in place, so the book stands.
    pub(crate) fn set_offer_amount(&mut self, seller: &AccountId, offer_id: i64, amount: i64) {
        if let Some(LedgerEntry { data: LedgerEntryData::Offer(offer), .. }) =
            self.entry_mut(offer_key(seller, offer_id))
        {
            offer.amount = amount;
        }
    }

    /// Notes who pays the reserve of an entry; the counters of the accounts are the caller's business.
    pub(crate) fn set_sponsor(&mut self, key: &LedgerKey, sponsor: Option<&AccountId>) {
        if let Some(entry) = self.entry_mut(key.clone()) {
            match (&mut entry.ext, sponsor) {
                (LedgerEntryExt::V1(v1), sponsor) => {
                    v1.sponsoring_id = SponsorshipDescriptor(sponsor.cloned())
                }
                (ext @ LedgerEntryExt::V0, Some(sponsor)) => *ext = sponsored_by(sponsor),
                (LedgerEntryExt::V0, None) => {}
            }
        }
    }

    /// Adds an entry, or replaces the one with the same key.
    pub(crate) fn insert(&mut self, data: LedgerEntryData, ext: LedgerEntryExt) {
        let entry = LedgerEntry { last_modified_ledger_seq: self.header.sequence, data, ext };
        let key = entry.to_key();
        if let LedgerEntryData::Offer(offer) = &entry.data {
            self.book.insert(offer);
        }
        let before = self.entries.insert(key.clone(), entry);
        self.journal.push(Undo { key, before });
    }

    pub(crate) fn remove(&mut self, key: &LedgerKey) {
        if let Some(before) = self.entries.remove(key) {
            if let LedgerEntryData::Offer(offer) = &before.data {
                self.book.remove(offer);
            }
            self.journal.push(Undo { key: key.clone(), before: Some(before) });
        }
    }

    /// Id for a new offer.
    pub(crate) fn next_id(&mut self) -> i64 {
        self.header.id_pool += 1;
        self.header.id_pool
    }

    pub(crate) fn mark(&self) -> Mark {
        Mark { journal: self.journal.len(), id_pool: self.header.id_pool }
    }

    /// Undoes every write since `mark`.
    pub(crate) fn rollback(&mut self, mark: Mark) {
        self.header.id_pool = mark.id_pool;
        for Undo { key, before } in self.journal.split_off(mark.journal).into_iter().rev() {
            if let Some(LedgerEntryData::Offer(offer)) = before.as_ref().map(|entry| &entry.data) {
                self.book.insert(offer);
            }
            let undone = match before {
                Some(before) => self.entries.insert(key.clone(), before),
                None => self.entries.remove(&key),
            };
            if let (Some(LedgerEntryData::Offer(offer)), None) =
                (undone.map(|entry| entry.data), self.entries.get(&key))
            {
                self.book.remove(&offer);
            }
        }
    }

    /// What happened since `mark`, as the network's metadata tells it: entries in the order they were first
    /// touched, each as state-before and outcome.
    pub(crate) fn changes_since(&self, mark: Mark) -> LedgerEntryChanges {
        let mut first = BTreeMap::new();
        let mut order = Vec::new();
        for undo in &self.journal[mark.journal..] {
            if let Entry::Vacant(slot) = first.entry(&undo.key) {
                slot.insert(&undo.before);
                order.push(&undo.key);
            }
        }
        let mut changes = Vec::new();
        for key in order {
            match (first[key], self.entries.get(key)) {
                (None, None) => {}
                (None, Some(after)) => changes.push(LedgerEntryChange::Created(after.clone())),
                (Some(before), Some(after)) => {
                    changes.push(LedgerEntryChange::State(before.clone()));
                    changes.push(LedgerEntryChange::Updated(after.clone()));
                }
                (Some(before), None) => {
                    changes.push(LedgerEntryChange::State(before.clone()));
                    changes.push(LedgerEntryChange::Removed(key.clone()));
                }
            }
        }
        LedgerEntryChanges(changes.try_into().unwrap_or_default())
    }

    /// Makes everything so far final.
    pub(crate) fn commit(&mut self) {
        self.touched.extend(self.journal.drain(..).map(|undo| undo.key));
    }

    /// The keys of all entries that were written, and of those that are gone, since this was last asked.
    pub(crate) fn take_touched(&mut self) -> BTreeSet<LedgerKey> {
        std::mem::take(&mut self.touched)
    }

    fn entry_mut(&mut self, key: LedgerKey) -> Option<&mut LedgerEntry> {
        let entry = self.entries.get_mut(&key)?;
        self.journal.push(Undo { key, before: Some(entry.clone()) });
        entry.last_modified_ledger_seq = self.header.sequence;
        Some(entry)
    }
}

pub(crate) fn account_key(id: &AccountId) -> LedgerKey {
    LedgerKey::Account(LedgerKeyAccount { account_id: id.clone() })
}

pub(crate) fn trust_line_key(account: &AccountId, asset: &Asset) -> LedgerKey {
    LedgerKey::Trustline(LedgerKeyTrustLine {
        account_id: account.clone(),
        asset: asset::trust_line_asset(asset),
    })
}

pub(crate) fn offer_key(seller: &AccountId, offer_id: i64) -> LedgerKey {
    LedgerKey::Offer(LedgerKeyOffer { seller_id: seller.clone(), offer_id })
}

pub(crate) fn data_key(account: &AccountId, name: &String64) -> LedgerKey {
    LedgerKey::Data(LedgerKeyData { account_id: account.clone(), data_name: name.clone() })
}

pub(crate) fn claimable_balance_key(id: &ClaimableBalanceId) -> LedgerKey {
    LedgerKey::ClaimableBalance(LedgerKeyClaimableBalance { balance_id: id.clone() })
}
