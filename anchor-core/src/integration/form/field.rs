//! One question of a page.

use crate::amount::Amount;

/// One answer that can be chosen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choice {
    /// What is stored.
    pub value: String,
    /// What is shown.
    pub label: String,
}

/// What kind of answer is wanted; decides the control, the checks and the keyboard on a phone.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum FieldKind {
    /// One line of at most `max_chars` characters.
    Text {
        /// Longest answer.
        max_chars: usize,
    },
    /// Money, greater than zero.
    Amount {
        /// Most decimals.
        scale: u8,
        /// Smallest answer.
        min: Option<Amount>,
        /// Largest answer.
        max: Option<Amount>,
    },
    /// A whole number.
    Number {
        /// Smallest and largest answer.
        range: std::ops::RangeInclusive<i64>,
    },
    /// One of these.
    Select {
        /// At least one.
        choices: Vec<Choice>,
    },
    /// A day, as `YYYY-MM-DD`.
    Date,
    /// An e-mail address.
    Email,
    /// A file of one of these types. It is handed to the integration with its page and not stored; all files of a
    /// page together have at most 4 MiB.
    File {
        /// At least one.
        accept: Vec<super::FileType>,
    },
    /// Yes or no; a required one has to be yes.
    Checkbox,
}

/// One question of a page. Required unless [`optional`](Self::optional).
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Field {
    /// Unique within the page; use SEP-9 names for personal data.
    pub name: String,
    /// The question. `amount` and the fields of SEP-9 may leave it empty: they are called so in the
    /// user's language.
    pub label: String,
    /// A hint below it.
    pub help: Option<String>,
    /// The kind of answer.
    pub kind: FieldKind,
    /// Whether an answer must be given.
    pub required: bool,
    /// What stands there at first.
    pub prefill: Option<String>,
    /// The browser's `autocomplete` token.
    pub autocomplete: Option<String>,
}

impl Field {
    /// A field of any kind.
    pub fn new(name: impl Into<String>, label: impl Into<String>, kind: FieldKind) -> Self {
        Self {
            name: name.into(),
            label: label.into(),
            help: None,
            kind,
            required: true,
            prefill: None,
            autocomplete: None,
        }
    }

    /// One line of text.
    pub fn text(name: impl Into<String>, label: impl Into<String>, max_chars: usize) -> Self {
        Self::new(name, label, FieldKind::Text { max_chars })
    }

    /// Money with at most `scale` decimals.
    pub fn amount(name: impl Into<String>, label: impl Into<String>, scale: u8) -> Self {
        Self::new(name, label, FieldKind::Amount { scale, min: None, max: None })
    }

    /// One of several choices, each a value and its label.
    pub fn select<V: Into<String>, L: Into<String>>(
        name: impl Into<String>,
        label: impl Into<String>,
        choices: impl IntoIterator<Item = (V, L)>,
    ) -> Self {
        let choices = choices
            .into_iter()
            .map(|(value, label)| Choice { value: value.into(), label: label.into() })
            .collect();
        Self::new(name, label, FieldKind::Select { choices })
    }

    /// Limits an amount; without effect on other kinds.
    #[must_use]
    pub fn limits(mut self, smallest: Option<Amount>, largest: Option<Amount>) -> Self {
        if let FieldKind::Amount { min, max, .. } = &mut self.kind {
            (*min, *max) = (smallest, largest);
        }
        self
    }

    /// Sets the hint.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// The user may leave it empty.
    #[must_use]
    pub const fn optional(mut self) -> Self {
        self.required = false;
        self
    }

    /// Sets what stands there at first.
    #[must_use]
    pub fn prefill(mut self, value: impl Into<String>) -> Self {
        self.prefill = Some(value.into());
        self
    }

    /// Sets the browser's `autocomplete` token.
    #[must_use]
    pub fn autocomplete(mut self, token: impl Into<String>) -> Self {
        self.autocomplete = Some(token.into());
        self
    }
}
