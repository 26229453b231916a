//! How to send the money: `instructions`, by the names of SEP-9, and `how`, for people.

use std::collections::BTreeMap;

use anchor_core::transaction::{Instruction, Status, Transaction};
use serde::Serialize;
use utoipa::ToSchema;

/// One of them.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Instruction)]
pub(crate) struct InstructionWire<'a> {
    value: &'a str,
    description: &'a str,
}

/// By their names; `None` where nothing is to be sent yet, or nothing has a name.
pub(crate) fn instructions(transaction: &Transaction) -> Option<BTreeMap<&str, InstructionWire<'_>>> {
    let lines = lines(transaction);
    let named = lines.iter().filter_map(|line| {
        let wire = InstructionWire { value: &line.value, description: &line.label };
        Some((line.field.as_deref()?, wire))
    });
    let named: BTreeMap<_, _> = named.collect();
    (!named.is_empty()).then_some(named)
}

/// A sentence, and all lines.
pub(crate) fn how(transaction: &Transaction) -> String {
    let lines = lines(transaction);
    if lines.is_empty() {
        return "Look at the transaction: it says what comes next.".to_owned();
    }
    let lines = lines.iter().map(|line| format!("{}: {}", line.label, line.value));
    format!("Send the money as follows. {}.", lines.collect::<Vec<_>>().join(". "))
}

/// Not before the user is to send something (SEP-6: never while the anchor or the customer is still to act).
fn lines(transaction: &Transaction) -> &[Instruction] {
    let hidden = matches!(
        transaction.status(),
        Status::Incomplete | Status::PendingCustomerInfoUpdate | Status::PendingTransactionInfoUpdate
    );
    match &transaction.terms {
        Some(terms) if !hidden => &terms.instructions,
        _ => &[],
    }
}
