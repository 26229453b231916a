//! The interactive flow in the business's words: pages with fields in, valid answers out. No HTML here.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::amount::Amount;
use crate::asset::Asset;
use crate::transaction::{Instruction, Transaction};

mod field;
mod sep9;
mod upload;
mod validate;

pub use field::{Choice, Field, FieldKind};
pub use sep9::Sep9;
pub use upload::{FileType, Upload};
pub use validate::{FieldError, FieldProblem, ValidForm};
pub(crate) use validate::{is_email, is_unprintable};

/// What the user answered so far: for each finished page its fields, as validated text.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Answers(BTreeMap<String, BTreeMap<String, String>>);

impl Answers {
    /// One answer.
    pub fn text(&self, page: &str, field: &str) -> Option<&str> {
        self.0.get(page)?.get(field).map(String::as_str)
    }

    /// The first answer to a field of this name, on whatever page.
    pub fn find(&self, field: &str) -> Option<&str> {
        self.0.values().find_map(|page| page.get(field)).map(String::as_str)
    }

    /// True once this page was answered.
    pub fn has(&self, page: &str) -> bool {
        self.0.contains_key(page)
    }

    /// Stores the answers of one page, replacing earlier ones of the same page.
    pub fn record(&mut self, page: impl Into<String>, form: &ValidForm) {
        self.0.insert(page.into(), form.to_texts());
    }

    /// Stores one answer that came by API, replacing an earlier one of the same name on the same page.
    pub(crate) fn tell(&mut self, page: &str, field: &str, text: impl Into<String>) {
        self.0.entry(page.to_owned()).or_default().insert(field.to_owned(), text.into());
    }
}

/// Answers are personal data: only the names of pages and fields are shown.
impl std::fmt::Debug for Answers {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let names = self.0.iter().map(|(page, fields)| (page, fields.keys().collect::<Vec<_>>()));
        f.debug_map().entries(names).finish()
    }
}

/// What the integration may look at to decide on a page.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct FlowView {
    /// The transaction; `transaction.request` is what the wallet announced.
    pub transaction: Transaction,
    /// What is moved, with its limits.
    pub asset: Asset,
    /// What was answered so far.
    pub answers: Answers,
    /// The user's language: a lower-case tag such as `en` or `pt-br`.
    pub language: String,
}

impl FlowView {
    /// For tests of your own flow.
    pub fn new(
        transaction: Transaction,
        asset: Asset,
        answers: Answers,
        language: impl Into<String>,
    ) -> Self {
        Self { transaction, asset, answers, language: language.into() }
    }
}

/// One page of the flow.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Page {
    /// Unique within the flow; the key of its answers.
    pub name: String,
    /// Headline; if empty, what the transaction is ("Deposit USDC"), translated.
    pub title: String,
    /// A sentence below it.
    pub intro: Option<String>,
    /// What is asked.
    pub fields: Vec<Field>,
    /// The button; a translated "Continue" if absent.
    pub submit: Option<String>,
}

impl Page {
    /// An empty page.
    pub fn new(name: impl Into<String>, title: impl Into<String>) -> Self {
        Self { name: name.into(), title: title.into(), intro: None, fields: Vec::new(), submit: None }
    }

    /// Sets the sentence below the headline.
    #[must_use]
    pub fn intro(mut self, intro: impl Into<String>) -> Self {
        self.intro = Some(intro.into());
        self
    }

    /// Adds a field.
    #[must_use]
    pub fn field(mut self, field: Field) -> Self {
        self.fields.push(field);
        self
    }

    /// Sets the text of the button.
    #[must_use]
    pub fn submit(mut self, label: impl Into<String>) -> Self {
        self.submit = Some(label.into());
        self
    }
}

/// What user and business agreed on; the framework adds fee, memo and deadline.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Agreement {
    /// What the user will give; `None` if that may be any amount within the limits, which a page cannot agree on.
    pub amount: Option<Amount>,
    /// Deposit: how to send the money.
    pub instructions: Vec<Instruction>,
    /// The user's side off the ledger, fit to be shown (a masked account number).
    pub counterpart: Option<String>,
}

impl Agreement {
    /// The user will give this amount.
    pub const fn new(amount: Amount) -> Self {
        Self { amount: Some(amount), instructions: Vec::new(), counterpart: None }
    }

    /// The user will give what they like, within the limits; fee and payout are computed from what arrives.
    pub const fn open() -> Self {
        Self { amount: None, instructions: Vec::new(), counterpart: None }
    }

    /// Adds a line to the payment instructions.
    #[must_use]
    pub fn instruction(mut self, label: impl Into<String>, value: impl Into<String>) -> Self {
        self.instructions.push(Instruction::new(label, value));
        self
    }

    /// Adds a line that is shown as a QR code too: what a banking app scans, such as a Pix or EPC payment code.
    #[must_use]
    pub fn scannable(mut self, label: impl Into<String>, value: impl Into<String>) -> Self {
        self.instructions.push(Instruction { qr: true, ..Instruction::new(label, value) });
        self
    }

    /// As [`instruction`](Self::instruction), under a name of SEP-9's financial account fields, which a wallet that was
    /// told by API (SEP-6 `instructions`) knows what to do with: `bank_account_number`, `organization.bank_name`.
    #[must_use]
    pub fn field(
        mut self,
        sep9: impl Into<String>,
        label: impl Into<String>,
        value: impl Into<String>,
    ) -> Self {
        let field = Some(sep9.into());
        self.instructions.push(Instruction { field, ..Instruction::new(label, value) });
        self
    }

    /// Sets what is shown as the user's account off the ledger.
    #[must_use]
    pub fn counterpart(mut self, counterpart: impl Into<String>) -> Self {
        self.counterpart = Some(counterpart.into());
        self
    }
}

/// What follows a submitted page.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum FlowStep {
    /// Store the answers and show the next page.
    Next,
    /// Show the page again with these errors; nothing is stored.
    Invalid(Vec<FieldError>),
    /// Store the answers; the user goes on at this absolute https URL.
    Redirect(String),
    /// Store the answers; the flow is finished.
    Done(Agreement),
}

/// The page of the default flow: the amount, filled in with what the wallet announced. Its texts are translated.
///
/// The amount of a field of this name, `amount`, is priced while it is typed, on other pages too.
pub fn amount_page(view: &FlowView) -> Page {
    let kind = view.transaction.kind;
    let limits = view.asset.offer(kind);
    let mut field = Field::amount("amount", "", view.asset.scale_in(kind))
        .limits(limits.and_then(|offer| offer.min), limits.and_then(|offer| offer.max));
    if let Some(amount) = view.transaction.request.amount {
        field = field.prefill(amount.to_string());
    }
    Page::new("amount", "").field(field)
}

/// The step of the default flow: agreed, as soon as there is an amount.
pub fn amount_step(form: &ValidForm) -> FlowStep {
    form.amount("amount").map_or(FlowStep::Next, |amount| FlowStep::Done(Agreement::new(amount)))
}
