//! Customers and what is known of them.

use chrono::{DateTime, Duration, Utc};

use super::books::{Books, Lease, claim_limit, until};
use crate::customer::{Customer, CustomerOwner, Decision, FieldState, Kept, KeptField, Place, Sealed};
use crate::id::{CustomerId, FileId};
use crate::store::{
    CallbackEnd, Claim, ClaimedCallback, CodeLimits, CodeWrite, CustomerCallback, CustomerKeyed,
    CustomerStored, CustomerWrite, DecisionWrite, FieldWrite, FileRecord, LeaseToken, NewFile, SealedRow,
};

/// A code, with what is counted.
#[derive(Debug, Clone)]
pub(super) struct CodeRow {
    customer: CustomerId,
    write: CodeWrite,
    tries: u32,
    is_open: bool,
    sent_at: DateTime<Utc>,
}

/// A callback, and who looks at it.
#[derive(Debug)]
pub(super) struct CallbackRow {
    callback: CustomerCallback,
    tries: u32,
    due_at: DateTime<Utc>,
    lease: Lease,
}

impl Books {
    pub(super) fn customer_fetch(&self, key: &CustomerKeyed) -> Option<Customer> {
        match key {
            CustomerKeyed::Id(id) => self.customers.get(id).cloned(),
            CustomerKeyed::Owner(owner) => self.customers.values().find(|one| one.owner == *owner).cloned(),
        }
    }

    pub(super) fn customer_list(&self, before: Option<CustomerId>, limit: u32) -> Vec<Customer> {
        let limit = usize::try_from(limit.min(200)).unwrap_or(usize::MAX);
        let earlier = |customer: &&Customer| before.is_none_or(|before| customer.id < before);
        self.customers.values().rev().filter(earlier).take(limit).cloned().collect()
    }

    /// Looks at everything first: what is refused leaves nothing behind.
    pub(super) fn customer_put(&mut self, write: &CustomerWrite) -> CustomerStored {
        let is_known = self.customers.contains_key(&write.id);
        if write.is_new && self.customers.values().any(|one| one.owner == write.owner) {
            return CustomerStored::OwnerTaken;
        }
        if !write.is_new && !is_known {
            return CustomerStored::Gone;
        }
        let open = |field: &String| self.codes.iter().any(|row| row.is_of(write.id, field) && row.is_open);
        if !write.verified.iter().all(open) {
            return CustomerStored::CodeGone;
        }
        if !write.codes.iter().all(|code| self.may_send(write.id, code, &write.code_limits)) {
            return CustomerStored::TooManyCodes;
        }
        if !write.attach.iter().all(|file| self.may_attach(*file, write)) {
            return CustomerStored::FileGone;
        }
        for field in &write.verified {
            self.codes
                .iter_mut()
                .filter(|row| row.is_of(write.id, field))
                .for_each(|row| row.is_open = false);
        }
        for code in &write.codes {
            self.codes
                .iter_mut()
                .filter(|row| row.is_of(write.id, &code.field))
                .for_each(|row| row.is_open = false);
            let row = CodeRow {
                customer: write.id,
                write: code.clone(),
                tries: 0,
                is_open: true,
                sent_at: write.at,
            };
            self.codes.push(row);
        }
        for file in &write.files {
            self.files.insert(file.record.id, file.clone());
        }
        for file in &write.attach {
            if let Some(file) = self.files.get_mut(file) {
                file.record.customer = Some(write.id);
                file.record.expires_at = None;
            }
        }
        let fresh = || Customer::new(write.id, write.owner.clone(), write.at);
        let mut customer = self.customers.remove(&write.id).unwrap_or_else(fresh);
        customer.updated_at = write.at;
        customer.last_type = write.last_type.clone().or(customer.last_type);
        for field in &write.fields {
            if let Some(file) = write_field(&mut customer, field, write.at) {
                self.files.remove(&file);
            }
        }
        if !write.fields.is_empty() {
            customer.decisions.retain(|_, decision| *decision != Decision::Accepted);
        }
        self.customers.insert(write.id, customer);
        self.callback_due(write.id, write.at);
        CustomerStored::Stored
    }

    fn may_send(&self, customer: CustomerId, code: &CodeWrite, limits: &CodeLimits) -> bool {
        let recent = || self.codes.iter().filter(|row| row.sent_at > limits.since);
        let most = usize::try_from(limits.most).unwrap_or(usize::MAX);
        recent().filter(|row| row.is_of(customer, &code.field)).count() < most
            && recent().filter(|row| row.write.to == code.to).count() < most
    }

    fn may_attach(&self, file: FileId, write: &CustomerWrite) -> bool {
        self.files.get(&file).is_some_and(|file| {
            let record = &file.record;
            write.senders.contains(&record.owner)
                && record.customer.is_none_or(|customer| customer == write.id)
                && record.expires_at.is_none_or(|end| end > write.at)
        })
    }

    fn callback_due(&mut self, customer: CustomerId, now: DateTime<Utc>) {
        if let Some(row) = self.customer_callbacks.get_mut(&customer) {
            row.due_at = now;
            row.lease.end();
        }
    }

    pub(super) fn customer_decide(&mut self, id: CustomerId, write: &DecisionWrite) -> bool {
        let Some(customer) = self.customers.get_mut(&id) else { return false };
        match &write.decision {
            Some(decision) => customer.decisions.insert(write.customer_type.clone(), decision.clone()),
            None => customer.decisions.remove(&write.customer_type),
        };
        for (name, error) in &write.refused {
            if let Some(field) = customer.fields.iter_mut().find(|field| field.name == *name) {
                field.state = FieldState::Rejected;
                field.error.clone_from(error);
            }
        }
        self.callback_due(id, write.at);
        true
    }

    pub(super) fn customer_delete(&mut self, id: CustomerId) -> bool {
        let Some(customer) = self.customers.remove(&id) else { return false };
        self.customer_forget(&customer.owner, Some(id));
        self.files.retain(|_, file| file.record.customer != Some(id));
        self.customer_callbacks.remove(&id);
        self.codes.iter_mut().filter(|row| row.customer == id).for_each(|row| row.is_open = false);
        true
    }

    pub(super) fn customer_forget(&mut self, owner: &CustomerOwner, customer: Option<CustomerId>) -> bool {
        let (before, key) = (self.files.len(), owner.key());
        self.files.retain(|_, file| file.record.owner != key || file.record.customer.is_some());
        let files = self.files.len() < before;
        self.answers_forget(owner, customer) || files
    }

    pub(super) fn customer_code_try(
        &mut self,
        id: CustomerId,
        field: &str,
        most: u32,
        now: DateTime<Utc>,
    ) -> Option<Sealed> {
        let open = |row: &&mut CodeRow| row.is_of(id, field) && row.can_be_tried(most, now);
        let row = self.codes.iter_mut().find(open)?;
        row.tries = row.tries.saturating_add(1);
        Some(row.write.code.clone())
    }

    pub(super) fn customer_code_is_open(
        &self,
        id: CustomerId,
        field: &str,
        most: u32,
        now: DateTime<Utc>,
    ) -> bool {
        self.codes.iter().any(|row| row.is_of(id, field) && row.can_be_tried(most, now))
    }

    pub(super) fn customer_file_insert(&mut self, file: &NewFile, most: u32) -> bool {
        let waiting =
            |other: &&NewFile| other.record.owner == file.record.owner && other.record.customer.is_none();
        let fits = u32::try_from(self.files.values().filter(waiting).count()).is_ok_and(|count| count < most);
        if fits {
            self.files.insert(file.record.id, file.clone());
        }
        fits
    }

    pub(super) fn customer_file_list(&self, customer: CustomerId) -> Vec<FileRecord> {
        let of_customer = self.files.values().filter(|file| file.record.customer == Some(customer));
        let mut records: Vec<_> = of_customer.map(|file| file.record.clone()).collect();
        records.sort_by_key(|record| (record.created_at, record.id));
        records
    }

    pub(super) fn customer_callback_put(
        &mut self,
        id: CustomerId,
        callback: &CustomerCallback,
        now: DateTime<Utc>,
    ) -> bool {
        if !self.customers.contains_key(&id) {
            return false;
        }
        let mut lease = self.customer_callbacks.remove(&id).map(|row| row.lease).unwrap_or_default();
        lease.end();
        let row = CallbackRow { callback: callback.clone(), tries: 0, due_at: now, lease };
        self.customer_callbacks.insert(id, row);
        true
    }

    pub(super) fn customer_callback_claim(&mut self, claim: &Claim) -> Vec<ClaimedCallback> {
        let due = |row: &CallbackRow| row.due_at <= claim.now && row.lease.is_free(claim.now);
        let mut found: Vec<_> = self
            .customer_callbacks
            .iter()
            .filter(|(_, row)| due(row))
            .map(|(id, row)| (row.due_at, *id))
            .collect();
        found.sort_unstable();
        found.truncate(claim_limit(claim));
        let until = until(claim.now, claim.lease);
        let mut claimed = Vec::with_capacity(found.len());
        for (_, customer) in found {
            let Some(row) = self.customer_callbacks.get_mut(&customer) else { continue };
            let lease = row.lease.take(&claim.owner, until);
            claimed.push(ClaimedCallback {
                customer,
                callback: row.callback.clone(),
                tries: row.tries,
                lease,
            });
        }
        claimed
    }

    pub(super) fn customer_callback_end(&mut self, id: CustomerId, lease: LeaseToken, end: &CallbackEnd) {
        let Some(row) = self.customer_callbacks.get_mut(&id).filter(|row| row.lease.is_held_with(lease))
        else {
            return;
        };
        match end {
            CallbackEnd::Done => drop(self.customer_callbacks.remove(&id)),
            CallbackEnd::Again { told, tries, due } => {
                row.callback.told.clone_from(told);
                row.tries = *tries;
                row.due_at = *due;
                row.lease.end();
            }
        }
    }

    pub(super) fn customer_sealed_list(&self, current: &str, limit: u32) -> Vec<SealedRow> {
        let of = |customer: &Customer, field: &KeptField| {
            let sealed = field.value.clone().filter(|sealed| sealed.key != current)?;
            let place = Place::Field(customer.id, field.name.clone());
            Some(SealedRow { place, kept: Kept::Sealed(sealed) })
        };
        let fields =
            self.customers.values().flat_map(|one| one.fields.iter().filter_map(move |field| of(one, field)));
        let files = self.files.iter().filter(|(_, file)| file.content.key != current);
        let files = files.map(|(id, file)| {
            let kept = Kept::Sealed(file.content.clone());
            SealedRow { place: Place::File(*id), kept }
        });
        let all = fields.chain(files).chain(self.answers_sealed_list(current));
        all.take(usize::try_from(limit).unwrap_or(usize::MAX)).collect()
    }

    pub(super) fn customer_reseal(&mut self, row: &SealedRow, by: &Sealed) -> bool {
        let stored = match &row.place {
            Place::Field(customer, name) => {
                let customer = self.customers.get_mut(customer);
                let fields = customer.map(|customer| customer.fields.iter_mut());
                let field = fields.and_then(|mut fields| fields.find(|field| field.name == *name));
                field.and_then(|field| field.value.as_mut())
            }
            Place::File(file) => self.files.get_mut(file).map(|file| &mut file.content),
            Place::Answers(transaction) => return self.answers_reseal(*transaction, &row.kept, by),
            Place::Code(..) => None,
        };
        match (stored, &row.kept) {
            (Some(stored), Kept::Sealed(sealed)) if stored == sealed => {
                *stored = by.clone();
                true
            }
            _ => false,
        }
    }

    pub(super) fn customer_expired_delete(&mut self, now: DateTime<Utc>) -> usize {
        let before = (self.files.len(), self.codes.len());
        self.files.retain(|_, file| file.record.expires_at.is_none_or(|end| end > now));
        let counted = now.checked_sub_signed(Duration::hours(2)).unwrap_or(now);
        self.codes.retain(|row| row.sent_at > counted);
        (before.0 - self.files.len()) + (before.1 - self.codes.len())
    }
}

impl CodeRow {
    fn is_of(&self, customer: CustomerId, field: &str) -> bool {
        self.customer == customer && self.write.field == field
    }

    fn can_be_tried(&self, most: u32, now: DateTime<Utc>) -> bool {
        self.is_open && self.tries < most && self.write.expires_at > now
    }
}

/// Answers the file that stood there before.
fn write_field(customer: &mut Customer, write: &FieldWrite, at: DateTime<Utc>) -> Option<FileId> {
    let before = customer.fields.iter().position(|field| field.name == write.name);
    let before = before.and_then(|place| customer.fields.remove(place).file);
    customer.fields.push(KeptField {
        name: write.name.clone(),
        state: write.state,
        error: None,
        value: write.value.clone(),
        file: write.file,
        received_at: at,
    });
    customer.fields.sort_by(|one, other| one.name.cmp(&other.name));
    before.filter(|before| write.file != Some(*before))
}
