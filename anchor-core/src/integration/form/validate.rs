//! From what a browser sent to answers that can be trusted.

use std::collections::BTreeMap;

use chrono::NaiveDate;

use super::field::{Field, FieldKind};
use super::{FileType, Page, Upload};
use crate::amount::Amount;

/// Longest answer that is looked at, in bytes.
const MAX_ANSWER_LEN: usize = 4096;

/// Longest e-mail address (RFC 3696, erratum 1690).
const EMAIL_MAX_CHARS: usize = 254;

/// What is wrong with one answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldError {
    /// The field's name.
    pub field: String,
    /// What is wrong.
    pub problem: FieldProblem,
}

impl FieldError {
    /// An error in the business's own words, already in the user's language.
    pub fn custom(field: impl Into<String>, message: impl Into<String>) -> Self {
        Self { field: field.into(), problem: FieldProblem::Custom(message.into()) }
    }
}

/// The kinds of wrong answers; `anchor-web` has a sentence for each in every language.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum FieldProblem {
    /// Nothing was answered.
    Missing,
    /// Longer than this many characters.
    TooLong(usize),
    /// Contains control characters.
    Unprintable,
    /// Not a plain decimal number.
    NotANumber,
    /// More decimals than this.
    TooPrecise(u8),
    /// Below this amount.
    TooSmall(Amount),
    /// Above this amount.
    TooLarge(Amount),
    /// Nothing would be left after the fee.
    BelowFee,
    /// There is no such transaction at the moment, or no fee for this amount.
    NotOffered,
    /// Not a whole number.
    NotWhole,
    /// A number below this.
    Below(i64),
    /// A number above this.
    Above(i64),
    /// Not one of the choices.
    NotAChoice,
    /// Not a file of the types that are asked for.
    NotThisFile,
    /// Not a day of the calendar.
    NotADate,
    /// Not an e-mail address.
    NotAnEmail,
    /// In the business's own words.
    Custom(String),
}

#[derive(Clone, PartialEq, Eq)]
enum Value {
    Text(String),
    Amount(Amount),
    Number(i64),
    File(Upload),
    Date(NaiveDate),
    Checked(bool),
}

/// The answers to one page; every required field is there and every value passed its field's checks.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct ValidForm(BTreeMap<String, Value>);

impl ValidForm {
    /// A text, choice or e-mail address; `None` if it was left empty.
    pub fn text(&self, field: &str) -> Option<&str> {
        match self.0.get(field)? {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    /// An amount; `None` if it was left empty.
    pub fn amount(&self, field: &str) -> Option<Amount> {
        match self.0.get(field)? {
            Value::Amount(amount) => Some(*amount),
            _ => None,
        }
    }

    /// A file; `None` if there is none.
    pub fn file(&self, field: &str) -> Option<&Upload> {
        match self.0.get(field)? {
            Value::File(upload) => Some(upload),
            _ => None,
        }
    }

    /// A whole number; `None` if it was left empty.
    pub fn number(&self, field: &str) -> Option<i64> {
        match self.0.get(field)? {
            Value::Number(number) => Some(*number),
            _ => None,
        }
    }

    /// A day; `None` if it was left empty.
    pub fn date(&self, field: &str) -> Option<NaiveDate> {
        match self.0.get(field)? {
            Value::Date(date) => Some(*date),
            _ => None,
        }
    }

    /// A checkbox.
    pub fn checked(&self, field: &str) -> bool {
        matches!(self.0.get(field), Some(Value::Checked(true)))
    }

    pub(super) fn to_texts(&self) -> BTreeMap<String, String> {
        let text = |value: &Value| match value {
            Value::Text(text) => text.clone(),
            Value::Amount(amount) => amount.to_string(),
            Value::Number(number) => number.to_string(),
            // what it shows is the business's to keep
            Value::File(upload) => {
                upload.file_type().map(FileType::media_type).unwrap_or_default().to_owned()
            }
            Value::Date(date) => date.to_string(),
            Value::Checked(checked) => checked.to_string(),
        };
        self.0.iter().map(|(name, value)| (name.clone(), text(value))).collect()
    }
}

/// Answers are personal data: only the names of fields are shown.
impl std::fmt::Debug for ValidForm {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

impl Page {
    /// Checks what a browser sent for this page. Names that the page does not have are ignored.
    ///
    /// # Errors
    /// All that is wrong, in the order of the fields.
    pub fn validate(&self, sent: &BTreeMap<String, String>) -> Result<ValidForm, Vec<FieldError>> {
        self.validate_with(sent, &BTreeMap::new())
    }

    /// As [`validate`](Self::validate), with the files that came along.
    ///
    /// # Errors
    /// All that is wrong, in the order of the fields.
    pub fn validate_with(
        &self,
        sent: &BTreeMap<String, String>,
        files: &BTreeMap<String, Upload>,
    ) -> Result<ValidForm, Vec<FieldError>> {
        let mut values = BTreeMap::new();
        let mut errors = Vec::new();
        for field in &self.fields {
            let answer = sent.get(&field.name).map_or("", |answer| answer.trim());
            let checked = match &field.kind {
                FieldKind::File { accept } => file(field, accept, files.get(&field.name)),
                _ => check(field, answer),
            };
            match checked {
                Ok(Some(value)) => drop(values.insert(field.name.clone(), value)),
                Ok(None) => {}
                Err(problem) => errors.push(FieldError { field: field.name.clone(), problem }),
            }
        }
        if errors.is_empty() { Ok(ValidForm(values)) } else { Err(errors) }
    }
}

fn check(field: &Field, answer: &str) -> Result<Option<Value>, FieldProblem> {
    if matches!(field.kind, FieldKind::Checkbox) {
        return match (answer, field.required) {
            ("true" | "on", _) => Ok(Some(Value::Checked(true))),
            (_, true) => Err(FieldProblem::Missing),
            (_, false) => Ok(Some(Value::Checked(false))),
        };
    }
    if answer.is_empty() {
        return if field.required { Err(FieldProblem::Missing) } else { Ok(None) };
    }
    if answer.len() > MAX_ANSWER_LEN {
        return Err(FieldProblem::TooLong(MAX_ANSWER_LEN));
    }
    if answer.chars().any(is_unprintable) {
        return Err(FieldProblem::Unprintable);
    }
    match &field.kind {
        FieldKind::Text { max_chars } => within(answer, *max_chars),
        FieldKind::Amount { scale, min, max } => amount(answer, *scale, *min, *max),
        FieldKind::Number { range } => number(answer, range),
        FieldKind::Select { choices } => choices
            .iter()
            .any(|choice| choice.value == answer)
            .then(|| Value::Text(answer.to_owned()))
            .ok_or(FieldProblem::NotAChoice),
        FieldKind::Date => day(answer).map(Value::Date).ok_or(FieldProblem::NotADate),
        FieldKind::Email if is_email(answer) => within(answer, EMAIL_MAX_CHARS),
        FieldKind::Email => Err(FieldProblem::NotAnEmail),
        // looked at above
        FieldKind::Checkbox | FieldKind::File { .. } => Ok(Value::Checked(false)),
    }
    .map(Some)
}

/// Control characters, and what makes text look like another one to whoever reads it at the anchor: line and
/// paragraph separators, and overrides of the reading direction. Joiners stay, because scripts need them.
pub(crate) fn is_unprintable(c: char) -> bool {
    c.is_control() || matches!(c, '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

/// Exactly `YYYY-MM-DD`, as browsers send it.
fn day(answer: &str) -> Option<NaiveDate> {
    let day: NaiveDate = answer.parse().ok()?;
    (day.to_string() == answer && answer.len() == "YYYY-MM-DD".len()).then_some(day)
}

/// Only what certainly cannot be one is refused: whether it can be reached shows when it is used.
pub(crate) fn is_email(answer: &str) -> bool {
    let Some((user, host)) = answer.rsplit_once('@') else { return false };
    let labels_fit = host.split('.').all(|label| !label.is_empty()) && host.contains('.');
    !user.is_empty() && labels_fit && !answer.contains(char::is_whitespace) && !user.contains('@')
}

fn within(answer: &str, max_chars: usize) -> Result<Value, FieldProblem> {
    if answer.chars().count() > max_chars {
        return Err(FieldProblem::TooLong(max_chars));
    }
    Ok(Value::Text(answer.to_owned()))
}

fn file(field: &Field, accept: &[FileType], sent: Option<&Upload>) -> Result<Option<Value>, FieldProblem> {
    match sent {
        None if field.required => Err(FieldProblem::Missing),
        None => Ok(None),
        Some(upload) if upload.file_type().is_some_and(|found| accept.contains(&found)) => {
            Ok(Some(Value::File(upload.clone())))
        }
        Some(_) => Err(FieldProblem::NotThisFile),
    }
}

fn number(answer: &str, range: &std::ops::RangeInclusive<i64>) -> Result<Value, FieldProblem> {
    let number: i64 = answer.parse().map_err(|_| FieldProblem::NotWhole)?;
    match number {
        _ if number < *range.start() => Err(FieldProblem::Below(*range.start())),
        _ if number > *range.end() => Err(FieldProblem::Above(*range.end())),
        _ => Ok(Value::Number(number)),
    }
}

fn amount(answer: &str, scale: u8, min: Option<Amount>, max: Option<Amount>) -> Result<Value, FieldProblem> {
    use crate::amount::AmountError;
    let amount = Amount::parse(answer, scale).map_err(|error| match error {
        AmountError::TooPrecise { max } => FieldProblem::TooPrecise(max),
        _ => FieldProblem::NotANumber,
    })?;
    match (min, max) {
        _ if amount.is_zero() => Err(FieldProblem::TooSmall(min.unwrap_or(amount))),
        (Some(min), _) if amount < min => Err(FieldProblem::TooSmall(min)),
        (_, Some(max)) if amount > max => Err(FieldProblem::TooLarge(max)),
        _ => Ok(Value::Amount(amount)),
    }
}

#[cfg(test)]
mod tests;
