//! From what is known of a customer, and what was decided, to what a wallet is told. Pure.

use super::{Customer, CustomerType, Decision, FieldState, WantedField};
use crate::id::CustomerId;
use crate::integration::Review;

/// Whether a customer may do what a type is for.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Standing {
    /// Yes.
    Accepted,
    /// Nobody knows yet, and it is not up to the customer.
    Processing {
        /// For the customer.
        message: Option<String>,
    },
    /// Something is missing. No field at all: a code that was sent has to come back.
    NeedsInfo {
        /// What, under the names of the protocol.
        fields: Vec<String>,
        /// For the customer.
        message: Option<String>,
    },
    /// Never.
    Rejected {
        /// For the customer.
        message: String,
    },
}

impl Standing {
    /// All that [`as_str`](Self::as_str) may say.
    pub const WORDS: [&'static str; 4] = ["ACCEPTED", "PROCESSING", "NEEDS_INFO", "REJECTED"];

    /// The protocol's word.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Accepted => "ACCEPTED",
            Self::Processing { .. } => "PROCESSING",
            Self::NeedsInfo { .. } => "NEEDS_INFO",
            Self::Rejected { .. } => "REJECTED",
        }
    }

    /// What the customer is told.
    pub fn message(&self) -> Option<&str> {
        match self {
            Self::Accepted => None,
            Self::Processing { message } | Self::NeedsInfo { message, .. } => message.as_deref(),
            Self::Rejected { message } => Some(message),
        }
    }

    /// It does not change by itself any more: whoever waits for it can stop.
    pub const fn is_settled(&self) -> bool {
        matches!(self, Self::Accepted | Self::Rejected { .. })
    }
}

/// How far a field is, as a wallet is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum FieldStatus {
    /// Good.
    Accepted,
    /// Nobody knows yet.
    Processing,
    /// Refused.
    Rejected,
    /// A code has to come back.
    VerificationRequired,
}

impl FieldStatus {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Accepted, Self::Processing, Self::Rejected, Self::VerificationRequired];

    /// The protocol's word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Accepted => "ACCEPTED",
            Self::Processing => "PROCESSING",
            Self::Rejected => "REJECTED",
            Self::VerificationRequired => "VERIFICATION_REQUIRED",
        }
    }
}

/// A field that is here.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Provided {
    /// What it is.
    pub field: WantedField,
    /// How far it is.
    pub status: FieldStatus,
    /// Why it was refused; for the customer.
    pub error: Option<String>,
}

/// What a wallet is told of a customer, as far as one type is concerned. Never a value.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Answer {
    /// Absent where nobody is registered.
    pub id: Option<CustomerId>,
    /// Whether it may do what the type is for.
    pub standing: Standing,
    /// What is still needed, or may be given.
    pub fields: Vec<WantedField>,
    /// What is here.
    pub provided: Vec<Provided>,
}

/// What is known of a customer, held against what a type asks. `review` is the business's word, where it was asked for
/// it: nothing is missing then, as far as the type goes, and nothing was decided before.
pub fn weigh(customer: Option<&Customer>, of: &CustomerType, review: Option<Review>) -> Answer {
    let decision = customer.and_then(|customer| customer.decisions.get(&of.name));
    let mut wanted = of.fields.clone();
    let mut also =
        |field: WantedField| match wanted.iter_mut().find(|known| known.stored_as() == field.stored_as()) {
            Some(known) => known.optional = false,
            None => wanted.push(field),
        };
    if let Some(Decision::NeedsInfo { fields, .. }) = decision {
        let asked = |name: &String| of.field(name).cloned().or_else(|| WantedField::sep9(name));
        fields.iter().filter_map(asked).for_each(&mut also);
    }
    let mut again = Vec::new();
    if let Some(Review::NeedsInfo { fields, .. }) = &review {
        for asked in fields {
            also(asked.field.clone());
            again.push((asked.field.stored_as().to_owned(), asked.error.clone()));
        }
    }
    let kept = |field: &WantedField| customer.and_then(|customer| customer.field(&field.name));
    let is_here = |field: &WantedField| {
        kept(field).is_some_and(|kept| kept.state != FieldState::Rejected)
            && !again.iter().any(|(name, _)| name == field.stored_as())
    };
    let open: Vec<_> = wanted.iter().filter(|field| !is_here(field)).cloned().collect();
    let needed: Vec<_> =
        open.iter().filter(|field| !field.optional).map(|field| field.name.clone()).collect();
    let awaits_code = wanted
        .iter()
        .any(|field| kept(field).is_some_and(|kept| kept.state == FieldState::VerificationRequired));
    let standing = standing(decision, review, needed, awaits_code);
    let fields = if matches!(standing, Standing::Rejected { .. }) { Vec::new() } else { open };
    let provided =
        customer.map(|customer| provided(customer, &wanted, &again, &standing)).unwrap_or_default();
    Answer { id: customer.map(|customer| customer.id), standing, fields, provided }
}

fn standing(
    decision: Option<&Decision>,
    review: Option<Review>,
    needed: Vec<String>,
    awaits_code: bool,
) -> Standing {
    let told = match (decision, &review) {
        (Some(Decision::NeedsInfo { message, .. }), _) | (_, Some(Review::NeedsInfo { message, .. })) => {
            message.clone()
        }
        _ => None,
    };
    match (decision, review) {
        (Some(Decision::Rejected { message }), _) => Standing::Rejected { message: message.clone() },
        (_, Some(Review::Rejected { message })) => Standing::Rejected { message },
        _ if !needed.is_empty() || awaits_code => Standing::NeedsInfo { fields: needed, message: told },
        (Some(Decision::Accepted), _) | (None, Some(Review::Accepted)) => Standing::Accepted,
        (Some(Decision::Processing { message }), _) => Standing::Processing { message: message.clone() },
        (None, Some(Review::Processing { message })) => Standing::Processing { message },
        // asked, answered, and not decided anew
        (Some(Decision::NeedsInfo { .. }), _) | (None, Some(Review::NeedsInfo { .. }) | None) => {
            Standing::Processing { message: None }
        }
    }
}

/// Under the names by which it is asked for.
fn provided(
    customer: &Customer,
    wanted: &[WantedField],
    again: &[(String, Option<String>)],
    standing: &Standing,
) -> Vec<Provided> {
    let mut provided = Vec::new();
    for kept in &customer.fields {
        let asked = wanted.iter().find(|field| field.stored_as() == kept.name).cloned();
        let Some(field) = asked.or_else(|| WantedField::sep9(&kept.name)) else { continue };
        let refused = again.iter().find(|(name, _)| *name == kept.name).map(|(_, error)| error.clone());
        let (status, error) = match (refused, kept.state) {
            (Some(error), _) => (FieldStatus::Rejected, error),
            (None, FieldState::Rejected) => (FieldStatus::Rejected, kept.error.clone()),
            (None, FieldState::VerificationRequired) => (FieldStatus::VerificationRequired, None),
            (None, FieldState::Received) if *standing == Standing::Accepted => (FieldStatus::Accepted, None),
            (None, FieldState::Received) => (FieldStatus::Processing, None),
        };
        provided.push(Provided { field, status, error });
    }
    provided
}

#[cfg(test)]
mod tests;
