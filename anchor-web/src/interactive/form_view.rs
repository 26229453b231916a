//! A page of the business as the template needs it: fields with values, errors and hints, and what it would cost.

use std::collections::BTreeMap;

use anchor_core::Anchor;
use anchor_core::amount::Amount;
use anchor_core::asset::Asset;
use anchor_core::integration::Answers;
use anchor_core::integration::form::{Field, FieldError, FieldKind, FieldProblem, Page};
use anchor_core::ops;
use anchor_core::transaction::{Amounts, Kind, Transaction};
use serde::Serialize;
use utoipa::ToSchema;

use super::figures;
use super::messages::Messages;

/// The field whose amount is priced; what [`amount_page`](anchor_core::integration::form::amount_page) calls it.
const PRICED_FIELD: &str = "amount";

/// Where the page stands.
pub(super) struct Context<'a> {
    pub(super) anchor: &'a Anchor,
    pub(super) transaction: &'a Transaction,
    pub(super) messages: &'a Messages,
    pub(super) csrf: &'a str,
    pub(super) action: String,
    pub(super) preview_url: String,
}

/// A form.
#[derive(Debug, Serialize)]
pub(super) struct FormView {
    title: String,
    intro: Option<String>,
    name: String,
    csrf: String,
    action: String,
    fields: Vec<FieldView>,
    /// Files need another encoding.
    has_files: bool,
    has_errors: bool,
    /// About the whole page.
    errors: Vec<String>,
    submit: String,
    can_restart: bool,
    price: Option<PriceView>,
    preview_url: String,
}

#[derive(Debug, Serialize)]
struct FieldView {
    id: String,
    name: String,
    label: String,
    help: Option<String>,
    limits: Option<String>,
    unit: Option<String>,
    control: &'static str,
    input_type: &'static str,
    input_mode: Option<&'static str>,
    max_chars: Option<usize>,
    value: String,
    checked: bool,
    required: bool,
    choices: Vec<ChoiceView>,
    /// Media types of files.
    accept: String,
    autocomplete: Option<String>,
    error: Option<String>,
    described_by: String,
    focus: bool,
    priced: bool,
}

#[derive(Debug, Serialize)]
struct ChoiceView {
    value: String,
    label: String,
    chosen: bool,
}

/// What an amount would cost; as JSON also the answer to the script.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PagePrice)]
pub(super) struct PriceView {
    rows: Vec<PriceRow>,
    /// Why there is no price, or what to do to see one.
    #[schema(required = true)]
    hint: Option<String>,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PagePriceRow)]
struct PriceRow {
    label: String,
    value: String,
    strong: bool,
}

impl FormView {
    /// `sent` is what the browser sent just now; without it the fields show earlier answers or what the page
    /// starts with.
    pub(super) fn new(
        context: &Context<'_>,
        page: &Page,
        answers: &Answers,
        sent: Option<&BTreeMap<String, String>>,
        errors: &[FieldError],
    ) -> Self {
        let messages = context.messages;
        let asset = context.anchor.asset(&context.transaction.asset);
        let asset = asset.map(|asset| context.transaction.exchanged(asset));
        let asset = asset.as_deref();
        let kind = context.transaction.kind;
        let is_on_page = |error: &FieldError| page.fields.iter().any(|field| field.name == error.field);
        let on_page = errors.iter().filter(|error| is_on_page(error));
        let first_wrong = on_page.clone().next().map(|error| error.field.as_str());
        let mut fields: Vec<_> = page
            .fields
            .iter()
            .map(|field| {
                let wrong = on_page.clone().find(|error| error.field == field.name);
                let value = match sent {
                    Some(sent) => sent.get(&field.name).cloned(),
                    None => {
                        answers.text(&page.name, &field.name).map(str::to_owned).or(field.prefill.clone())
                    }
                };
                let problem = wrong.map(|error| say(messages, asset, kind, field, &error.problem));
                FieldView::new(messages, asset, kind, field, value.unwrap_or_default(), problem)
            })
            .collect();
        for field in &mut fields {
            field.focus = first_wrong == Some(field.name.as_str());
        }
        let about_all = errors.iter().filter(|error| !is_on_page(error));
        let priced = fields.iter().find(|field| field.priced);
        let price = priced.and_then(|field| {
            // what is wrong with the amount stands at its field already
            let text = if field.error.is_some() { "" } else { field.value.as_str() };
            PriceView::of(context.anchor, context.transaction, text, messages)
        });
        Self {
            title: title(messages, context.transaction, page),
            intro: page.intro.clone(),
            name: page.name.clone(),
            csrf: context.csrf.to_owned(),
            action: context.action.clone(),
            has_files: fields.iter().any(|field| field.control == "file"),
            has_errors: !errors.is_empty(),
            errors: about_all.map(|error| say_plainly(messages, asset, kind, &error.problem)).collect(),
            submit: page.submit.clone().unwrap_or_else(|| messages.text("continue").to_owned()),
            can_restart: *answers != Answers::default(),
            price,
            preview_url: context.preview_url.clone(),
            fields,
        }
    }
}

impl FieldView {
    fn new(
        messages: &Messages,
        asset: Option<&Asset>,
        kind: Kind,
        field: &Field,
        value: String,
        error: Option<String>,
    ) -> Self {
        let id = format!("field-{}", field.name);
        let priced = field.name == PRICED_FIELD && matches!(field.kind, FieldKind::Amount { .. });
        let (control, input_type, input_mode) = match &field.kind {
            FieldKind::Amount { .. } => ("input", "text", Some("decimal")),
            // the digits of some phones have no minus
            FieldKind::Number { range } if *range.start() < 0 => ("input", "text", None),
            FieldKind::Number { .. } => ("input", "text", Some("numeric")),
            FieldKind::Select { .. } => ("select", "", None),
            FieldKind::Date => ("input", "date", None),
            FieldKind::Email => ("input", "email", Some("email")),
            FieldKind::File { .. } => ("file", "file", None),
            FieldKind::Checkbox => ("checkbox", "checkbox", None),
            _ if is_phone(&field.name) => ("input", "tel", Some("tel")),
            _ => ("input", "text", None),
        };
        let max_chars = match &field.kind {
            FieldKind::Text { max_chars } => Some(*max_chars),
            FieldKind::Email => Some(254),
            FieldKind::Amount { .. } => Some(40),
            FieldKind::Number { .. } => Some(20),
            _ => None,
        };
        let limits = match (&field.kind, asset) {
            (FieldKind::Amount { min, max, .. }, Some(asset)) if priced => {
                limits(messages, asset, kind, *min, *max)
            }
            (FieldKind::Number { range }, _) => Some(messages.fill(
                "limits.between",
                &[("min", &range.start().to_string()), ("max", &range.end().to_string())],
            )),
            _ => None,
        };
        let choices = match &field.kind {
            FieldKind::Select { choices } => choices
                .iter()
                .map(|choice| ChoiceView {
                    value: choice.value.clone(),
                    label: choice.label.clone(),
                    chosen: choice.value == value,
                })
                .collect(),
            _ => Vec::new(),
        };
        let parts =
            [(error.is_some(), "error"), (field.help.is_some(), "help"), (limits.is_some(), "limits")];
        let described_by: Vec<_> =
            parts.iter().filter(|(there, _)| *there).map(|(_, part)| format!("{id}-{part}")).collect();
        Self {
            name: field.name.clone(),
            label: own_words(messages, &field.label, &format!("field.{}", field.name)),
            help: field.help.clone(),
            unit: asset.filter(|_| priced).map(|asset| figures::code(&asset.asset_in(kind))),
            limits,
            control,
            input_type,
            input_mode,
            max_chars,
            checked: matches!(value.as_str(), "true" | "on"),
            value,
            required: field.required,
            choices,
            accept: match &field.kind {
                FieldKind::File { accept } => {
                    accept.iter().map(|file| file.media_type()).collect::<Vec<_>>().join(",")
                }
                _ => String::new(),
            },
            autocomplete: field.autocomplete.clone().or_else(|| usual_token(&field.name).map(str::to_owned)),
            error,
            described_by: described_by.join(" "),
            focus: false,
            priced,
            id,
        }
    }
}

impl PriceView {
    /// `None` if the transaction cannot be priced here at all.
    pub(super) fn of(
        anchor: &Anchor,
        transaction: &Transaction,
        text: &str,
        messages: &Messages,
    ) -> Option<Self> {
        let asset = &*transaction.exchanged(anchor.asset(&transaction.asset)?);
        if text.trim().is_empty() {
            return Some(Self { rows: Vec::new(), hint: Some(messages.text("preview.wait").to_owned()) });
        }
        Some(match ops::form::preview(anchor, transaction, text) {
            Ok(amounts) => Self { rows: price_rows(asset, &amounts, messages), hint: None },
            Err(problem) => {
                let hint = say_plainly(messages, Some(asset), transaction.kind, &problem);
                Self { rows: Vec::new(), hint: Some(hint) }
            }
        })
    }
}

fn price_rows(asset: &Asset, amounts: &Amounts, messages: &Messages) -> Vec<PriceRow> {
    let row = |key, value, strong| PriceRow { label: messages.text(key).to_owned(), value, strong };
    let fee = amounts.fee();
    vec![
        row("row.amount_in", figures::money(asset, &amounts.amount_in), false),
        row("row.fee", figures::money(asset, &fee), false),
        row("row.amount_out", figures::money(asset, &amounts.amount_out), true),
    ]
}

/// The business's words, or ours where it has none.
fn own_words(messages: &Messages, theirs: &str, key: &str) -> String {
    if theirs.is_empty() { messages.find(key).unwrap_or(key).to_owned() } else { theirs.to_owned() }
}

fn title(messages: &Messages, transaction: &Transaction, page: &Page) -> String {
    if !page.title.is_empty() {
        return page.title.clone();
    }
    let key = match transaction.kind {
        Kind::Deposit => "deposit.title",
        Kind::Withdrawal => "withdrawal.title",
    };
    messages.fill(key, &[("code", &figures::code(&transaction.asset.clone().into()))])
}

fn limits(
    messages: &Messages,
    asset: &Asset,
    kind: Kind,
    min: Option<Amount>,
    max: Option<Amount>,
) -> Option<String> {
    let text = |amount| figures::given(asset, kind, amount);
    match (min, max) {
        (Some(min), Some(max)) => {
            Some(messages.fill("limits.between", &[("min", &text(min)), ("max", &text(max))]))
        }
        (Some(min), None) => Some(messages.fill("limits.from", &[("min", &text(min))])),
        (None, Some(max)) => Some(messages.fill("limits.to", &[("max", &text(max))])),
        (None, None) => None,
    }
}

fn say(
    messages: &Messages,
    asset: Option<&Asset>,
    kind: Kind,
    field: &Field,
    problem: &FieldProblem,
) -> String {
    match (problem, &field.kind) {
        (FieldProblem::Missing, FieldKind::Checkbox) => messages.text("error.unticked").to_owned(),
        // amounts of other fields have no unit that we know
        (FieldProblem::TooSmall(amount), _) if field.name != PRICED_FIELD => {
            messages.fill("error.too_small", &[("amount", &amount.to_string())])
        }
        (FieldProblem::TooLarge(amount), _) if field.name != PRICED_FIELD => {
            messages.fill("error.too_large", &[("amount", &amount.to_string())])
        }
        _ => say_plainly(messages, asset, kind, problem),
    }
}

fn say_plainly(messages: &Messages, asset: Option<&Asset>, kind: Kind, problem: &FieldProblem) -> String {
    let text = |amount: &Amount| {
        asset.map_or_else(|| amount.to_string(), |asset| figures::given(asset, kind, *amount))
    };
    let plain = |key| messages.text(key).to_owned();
    match problem {
        FieldProblem::Missing => plain("error.missing"),
        FieldProblem::TooLong(count) => messages.fill("error.too_long", &[("count", &count.to_string())]),
        FieldProblem::Unprintable => plain("error.unprintable"),
        FieldProblem::NotANumber => plain("error.not_a_number"),
        FieldProblem::TooPrecise(count) => {
            messages.fill("error.too_precise", &[("count", &count.to_string())])
        }
        FieldProblem::TooSmall(amount) => messages.fill("error.too_small", &[("amount", &text(amount))]),
        FieldProblem::TooLarge(amount) => messages.fill("error.too_large", &[("amount", &text(amount))]),
        FieldProblem::NotThisFile => plain("error.not_this_file"),
        FieldProblem::NotWhole => plain("error.not_whole"),
        FieldProblem::Below(least) => messages.fill("error.too_small", &[("amount", &least.to_string())]),
        FieldProblem::Above(most) => messages.fill("error.too_large", &[("amount", &most.to_string())]),
        FieldProblem::BelowFee => plain("error.below_fee"),
        FieldProblem::NotAChoice => plain("error.not_a_choice"),
        FieldProblem::NotADate => plain("error.not_a_date"),
        FieldProblem::NotAnEmail => plain("error.not_an_email"),
        FieldProblem::Custom(message) => message.clone(),
        _ => plain("error.not_offered"),
    }
}

/// Phones show their keys for dialling.
fn is_phone(name: &str) -> bool {
    matches!(name, "mobile_number" | "mobile_money_number")
}

/// What browsers call the SEP-9 fields that they can fill in.
fn usual_token(name: &str) -> Option<&'static str> {
    Some(match name {
        "first_name" => "given-name",
        "last_name" => "family-name",
        "additional_name" => "additional-name",
        "email_address" => "email",
        "mobile_number" => "tel",
        "birth_date" => "bday",
        "address" => "street-address",
        "city" => "address-level2",
        "state_or_province" => "address-level1",
        "postal_code" => "postal-code",
        "address_country_code" => "country",
        "amount" => "off",
        _ => return None,
    })
}
