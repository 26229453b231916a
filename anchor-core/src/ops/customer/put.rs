//! What a wallet sends about a customer: checked, sealed, and stored in one commit, or not at all.
//!
//! Killed before the commit, nothing happened, but a try at a code may have been counted. Killed after it, before a code
//! was sent, the customer gets none and sends the field again.

use std::collections::BTreeMap;
use std::fmt;

use super::codes::{self, Code};
use super::files::inspected;
use super::refusal::{CustomerError, CustomerRefusal};
use super::resolve::{CustomerRequest, Resolved, resolve};
use crate::account::Subject;
use crate::anchor::Anchor;
use crate::customer::fields::{self, Check, Derived, FieldFault, FieldType, Sensitivity, check};
use crate::customer::{CustomerOwner, FieldState, KeptField, Place, VaultError, WantedField};
use crate::id::{CustomerId, FileId};
use crate::integration::CustomerIntegration;
use crate::ops::OpsError;
use crate::store::{CustomerStored, CustomerWrite, FieldWrite, FileRecord, NewFile};

/// So often others may be first.
const TRIES: u32 = 5;

/// Longest name that is said back.
const NAME_SHOWN_MAX: usize = 64;

/// What a wallet sent beside the parameters that say whom it is about.
#[derive(Clone, Default)]
pub struct Sent {
    /// Fields, `_verification`s and `_file_id`s, by the names under which they came.
    pub values: BTreeMap<String, String>,
    /// Files, by the names of their fields.
    pub files: BTreeMap<String, Vec<u8>>,
}

/// Names only.
impl fmt::Debug for Sent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.values.keys().chain(self.files.keys())).finish()
    }
}

/// Registers a customer, or changes what is known of it. The same again changes nothing.
///
/// # Errors
/// See [`CustomerError`]: nothing was stored.
pub async fn put(
    anchor: &Anchor,
    subject: &Subject,
    request: &CustomerRequest,
    sent: &Sent,
) -> Result<Resolved, CustomerError> {
    let business = anchor.customers().ok_or(CustomerRefusal::NoCustomers)?;
    for _ in 0..TRIES {
        let resolved = resolve(anchor, subject, request).await?;
        if let Some(name) = &request.customer_type {
            super::type_or_usual(anchor, None, Some(name))?;
        }
        let mut plan = Plan::new(anchor, business, resolved, request.customer_type.as_deref());
        plan.write.senders.push(CustomerOwner::of(subject).key());
        plan.read(sent).await?;
        match anchor.store().customer_put(&plan.write).await? {
            CustomerStored::Stored => {
                let Plan { write, mut resolved, codes, .. } = plan;
                codes::send(business, write.id, &codes).await;
                anchor.wake().events().notify_one();
                tracing::info!(customer.id = %write.id, fields = write.fields.len(), "a customer was written");
                let key = crate::store::CustomerKeyed::Id(write.id);
                resolved.customer = anchor.store().customer_fetch(&key).await?;
                if let Some(customer) = &resolved.customer {
                    super::waiting::resume(anchor, customer).await;
                }
                return Ok(resolved);
            }
            CustomerStored::OwnerTaken | CustomerStored::Gone => {}
            CustomerStored::CodeGone => {
                let name = plan.write.verified.first().cloned().unwrap_or_default();
                return Err(CustomerRefusal::CodeEnded(name).into());
            }
            CustomerStored::FileGone => {
                return Err(CustomerRefusal::UnknownFile("a file_id".to_owned()).into());
            }
            CustomerStored::TooManyCodes => return Err(CustomerRefusal::TooManyCodes.into()),
        }
    }
    Err(OpsError::Contended.into())
}

/// What a request comes to.
struct Plan<'a> {
    anchor: &'a Anchor,
    business: &'a dyn CustomerIntegration,
    resolved: Resolved,
    write: CustomerWrite,
    codes: Vec<Code>,
}

impl<'a> Plan<'a> {
    fn new(
        anchor: &'a Anchor,
        business: &'a dyn CustomerIntegration,
        resolved: Resolved,
        last_type: Option<&str>,
    ) -> Self {
        let known = resolved.customer.as_ref().map(|customer| customer.id);
        let at = anchor.clock().now();
        let write = CustomerWrite {
            id: known.unwrap_or_else(|| CustomerId::new(anchor.ids().next())),
            owner: resolved.owner.clone(),
            is_new: known.is_none(),
            last_type: last_type.map(str::to_owned),
            fields: Vec::new(),
            files: Vec::new(),
            attach: Vec::new(),
            senders: vec![resolved.owner.key()],
            verified: Vec::new(),
            codes: Vec::new(),
            code_limits: codes::limits(at),
            at,
        };
        Self { anchor, business, resolved, write, codes: Vec::new() }
    }

    /// Codes come last: a try is counted even where nothing is stored.
    async fn read(&mut self, sent: &Sent) -> Result<(), CustomerError> {
        let mut values: BTreeMap<&str, (&str, String)> = BTreeMap::new();
        let mut codes = Vec::new();
        for (name, text) in &sent.values {
            match self.meaning(name) {
                Derived::Verification(base) => codes.push((fields::stored_as(base), base, text.trim())),
                Derived::FileId(base) => self.attach(base, name, text).await?,
                Derived::Value(_) => {
                    let value = self.checked(name, text, sent)?;
                    let other = values.insert(fields::stored_as(name), (name, value.clone()));
                    if other.is_some_and(|(_, other)| other != value) {
                        return Err(CustomerRefusal::Twice(fields::stored_as(name).to_owned()).into());
                    }
                }
            }
        }
        for (stored, (name, value)) in &values {
            self.value(stored, name, value).await?;
        }
        for (name, content) in &sent.files {
            self.file(name, content).await?;
        }
        for (stored, base, code) in codes {
            self.verify(stored, base, code).await?;
        }
        Ok(())
    }

    /// A field of the anchor's own is itself, whatever its name ends with.
    fn meaning<'n>(&self, name: &'n str) -> Derived<'n> {
        if self.own(name).is_some() { Derived::Value(name) } else { fields::derived(name) }
    }

    fn wanted(&self) -> impl Iterator<Item = &'a WantedField> + use<'a> {
        self.business.types().iter().flat_map(|each| &each.fields)
    }

    /// A field of the anchor's own.
    fn own(&self, name: &str) -> Option<&'a WantedField> {
        self.wanted().find(|field| field.name == name && fields::find(name).is_none())
    }

    /// What is known of a name; nothing is dropped silently.
    fn field(&self, name: &str) -> Result<WantedField, CustomerRefusal> {
        if let Some(own) = self.own(name) {
            return Ok(own.clone());
        }
        match fields::find(name) {
            Some(spec) if spec.sensitivity == Sensitivity::Never => {
                Err(CustomerRefusal::NeverTaken(name.to_owned()))
            }
            Some(_) => WantedField::sep9(name).ok_or_else(|| CustomerRefusal::UnknownField(shown(name))),
            None => Err(CustomerRefusal::UnknownField(shown(name))),
        }
    }

    fn checked(&self, name: &str, text: &str, sent: &Sent) -> Result<String, CustomerError> {
        let field = self.field(name)?;
        let rule = match field.check() {
            Check::Phone if name == "mobile_number" && !self.is_e164(sent)? => Check::Line,
            rule => rule,
        };
        let invalid = |fault| CustomerRefusal::Field { name: name.to_owned(), fault };
        let value = check(rule, text).map_err(invalid)?;
        let narrowed = self.wanted().filter(|wanted| wanted.stored_as() == field.stored_as());
        let mut narrowed = narrowed.filter(|wanted| !wanted.choices.is_empty()).peekable();
        if narrowed.peek().is_some() && !narrowed.any(|wanted| wanted.choices.contains(&value)) {
            return Err(invalid(FieldFault::Choice).into());
        }
        Ok(value)
    }

    /// Whether a mobile number is written in the usual way: unless its format says otherwise, now or before.
    fn is_e164(&self, sent: &Sent) -> Result<bool, VaultError> {
        const FORMAT: &str = "mobile_number_format";
        let before = match self.kept(FORMAT) {
            Some(kept) => self.opened(kept)?,
            None => None,
        };
        let format = sent.values.get(FORMAT).map(|sent| sent.trim().to_owned()).or(before);
        Ok(format.is_none_or(|format| format == "E.164"))
    }

    fn kept(&self, stored: &str) -> Option<&KeptField> {
        self.resolved.customer.as_ref().and_then(|customer| customer.field(stored))
    }

    fn place(&self, stored: &str) -> Place {
        Place::Field(self.write.id, stored.to_owned())
    }

    fn opened(&self, kept: &KeptField) -> Result<Option<String>, VaultError> {
        let open = |sealed| self.anchor.vault().open_text(&self.place(&kept.name), sealed);
        kept.value.as_ref().map(open).transpose()
    }

    async fn value(&mut self, stored: &str, name: &str, value: &str) -> Result<(), CustomerError> {
        let verified = self.wanted().any(|field| field.verified && field.stored_as() == stored);
        if let Some(kept) = self.kept(stored)
            && self.opened(kept)?.as_deref() == Some(value)
        {
            let is_done = match kept.state {
                FieldState::Received => true,
                FieldState::VerificationRequired => {
                    codes::is_open(self.anchor, self.write.id, stored).await?
                }
                FieldState::Rejected => false,
            };
            if is_done {
                return Ok(());
            }
        }
        let state = if verified { FieldState::VerificationRequired } else { FieldState::Received };
        let sealed = self.anchor.vault().seal(&self.place(stored), value.as_bytes())?;
        self.write.fields.push(FieldWrite {
            name: stored.to_owned(),
            state,
            value: Some(sealed),
            file: None,
        });
        if verified {
            let code = Code::new(name, value);
            self.write.codes.push(code.to_write(self.anchor, self.write.id, stored)?);
            self.codes.push(code);
        }
        Ok(())
    }

    async fn file(&mut self, name: &str, content: &[u8]) -> Result<(), CustomerError> {
        let field = self.field(name)?;
        if field.kind != FieldType::Binary {
            return Err(CustomerRefusal::NotAFile(name.to_owned()).into());
        }
        let stored = fields::stored_as(name).to_owned();
        if self.write.fields.iter().any(|other| other.name == stored) {
            return Err(CustomerRefusal::Twice(stored).into());
        }
        let inspected = inspected(self.business, name, content).await?;
        takes_films(name, inspected.kind.is_film())?;
        let id = FileId::new(self.anchor.ids().next());
        let content = self.anchor.vault().seal(&Place::File(id), &inspected.content)?;
        let record = FileRecord {
            id,
            owner: self.write.owner.key(),
            customer: Some(self.write.id),
            content_type: inspected.kind.media_type().to_owned(),
            size: i64::try_from(inspected.content.len()).unwrap_or(i64::MAX),
            created_at: self.write.at,
            expires_at: None,
        };
        self.write.files.push(NewFile { record, content });
        self.refer(stored, id);
        Ok(())
    }

    /// A file that was uploaded before. Whether it still is there and whose it is, is looked at again in the commit.
    async fn attach(&mut self, base: &str, name: &str, text: &str) -> Result<(), CustomerError> {
        let field = self.field(base)?;
        if field.kind != FieldType::Binary {
            return Err(CustomerRefusal::NotAFile(base.to_owned()).into());
        }
        let unknown = || CustomerRefusal::UnknownFile(name.to_owned());
        let id: FileId = text.trim().parse().map_err(|_| unknown())?;
        let record = self.anchor.store().customer_file_fetch(id).await?.ok_or_else(unknown)?;
        let is_gone = record.expires_at.is_some_and(|end| end <= self.write.at);
        let of_another = record.customer.is_some_and(|customer| customer != self.write.id);
        if is_gone || of_another || !self.write.senders.contains(&record.owner) {
            return Err(unknown().into());
        }
        takes_films(base, record.content_type.starts_with("video/"))?;
        let stored = fields::stored_as(base).to_owned();
        if self.kept(&stored).is_some_and(|kept| kept.file == Some(id) && kept.state == FieldState::Received)
        {
            return Ok(());
        }
        // one file, one field: it goes when the field gets another one
        if record.customer.is_some() || self.write.attach.contains(&id) {
            return Err(unknown().into());
        }
        if self.write.fields.iter().any(|other| other.name == stored) {
            return Err(CustomerRefusal::Twice(stored).into());
        }
        self.write.attach.push(id);
        self.refer(stored, id);
        Ok(())
    }

    fn refer(&mut self, name: String, id: FileId) {
        self.write.fields.push(FieldWrite { name, state: FieldState::Received, value: None, file: Some(id) });
    }

    /// Changing what the code was sent to, in the same request, makes the code worthless.
    async fn verify(&mut self, stored: &str, base: &str, code: &str) -> Result<(), CustomerError> {
        self.field(base)?;
        let awaits = |kept: &&KeptField| kept.state == FieldState::VerificationRequired;
        let not_awaiting = || CustomerRefusal::NotAwaiting(base.to_owned());
        let kept = self.kept(stored).filter(awaits).cloned().ok_or_else(not_awaiting)?;
        if self.write.fields.iter().any(|written| written.name == stored) {
            return Err(not_awaiting().into());
        }
        codes::try_code(self.anchor, self.write.id, stored, base, code).await?;
        self.write.verified.push(stored.to_owned());
        let (value, file) = (kept.value, kept.file);
        let state = FieldState::Received;
        self.write.fields.push(FieldWrite { name: stored.to_owned(), state, value, file });
        Ok(())
    }
}

fn takes_films(name: &str, is_film: bool) -> Result<(), CustomerRefusal> {
    if is_film && name != "proof_of_liveness" {
        let fault = crate::customer::upload::UploadFault::Kind;
        return Err(CustomerRefusal::File { name: name.to_owned(), fault });
    }
    Ok(())
}

/// A stranger's name, as far as it can be shown.
fn shown(name: &str) -> String {
    let printable = name.chars().filter(|c| c.is_ascii_graphic());
    let shown: String = printable.take(NAME_SHOWN_MAX).collect();
    if shown.is_empty() { "a name".to_owned() } else { shown }
}
