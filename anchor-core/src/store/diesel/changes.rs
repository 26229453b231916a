//! Steps of transactions: everything that belongs to them, or nothing.

use diesel::prelude::*;

use super::answers;
use super::attempts;
use super::bulk::{insert_all, transactions_update};
use super::closing::{self, Closing};
use super::connection::AnyConnection;
use super::custody;
use super::fault::{Fault, Rule};
use super::pool::End;
use super::rows::attempt::{AttemptItemRow, AttemptRow, OrderRow};
use super::rows::codec::{free_text, stamp};
use super::rows::event::EventRow;
use super::rows::fact::FactRow;
use super::rows::transaction::TransactionRow;
use super::schema::{attempt_items, events, facts, orders, receipts, receiving_memos, transactions};
use super::set_asides;
use super::signing;
use crate::id::TransactionId;
use crate::store::Stored;
use crate::transaction::{Change, ChangeEffect, Fact, OrderStatus, Receipt, Receiving};

/// Writes groups of changes, which open or close one attempt each. Anything but [`Stored::Applied`] is about all of
/// them, and has to be rolled back by the caller.
pub(super) fn apply(
    connection: &mut AnyConnection,
    groups: &[&[Change]],
    keep_lease: bool,
) -> Result<Stored, Fault> {
    let written = write(connection, groups, keep_lease);
    match written.as_ref().err().and_then(Fault::rule) {
        None => written,
        Some(Rule::MemoUnique) => Ok(Stored::MemoTaken),
        Some(Rule::ReceiptUnique) => Ok(Stored::ReceiptTaken),
        Some(
            Rule::OneOpenAttempt
            | Rule::OneOpenAttemptOfSource
            | Rule::OneOpenOrder
            | Rule::OneOpenCustody
            | Rule::OneOrderOfMovement,
        ) => Ok(Stored::SourceBusy),
    }
}

/// What to do with the database transaction of changes.
pub(super) fn end(stored: Stored) -> End<Stored> {
    if stored == Stored::Applied { End::Commit(stored) } else { End::Rollback(stored) }
}

fn write(connection: &mut AnyConnection, groups: &[&[Change]], keep_lease: bool) -> Result<Stored, Fault> {
    let changes = || groups.iter().copied().flatten();
    let rows: Vec<TransactionRow> = changes()
        .map(|change| TransactionRow::new(change.transaction(), change.fact().at))
        .collect::<Result<_, _>>()?;
    if transactions_update(connection, &rows, keep_lease)? != rows.len() {
        return Ok(Stored::Stale);
    }
    belongings(connection, groups)?;
    Ok(Stored::Applied)
}

/// Inserts transactions as their first changes leave them, with all that belongs to these.
pub(super) fn begin(connection: &mut AnyConnection, changes: &[&Change]) -> Result<(), Fault> {
    let rows: Vec<TransactionRow> = changes
        .iter()
        .map(|change| TransactionRow::new(change.transaction(), change.fact().at))
        .collect::<Result<_, _>>()?;
    insert_all!(connection, transactions::table, rows);
    let groups: Vec<&[Change]> = changes.iter().map(|change| std::slice::from_ref(*change)).collect();
    belongings(connection, &groups)
}

/// Everything but the transactions themselves.
fn belongings(connection: &mut AnyConnection, groups: &[&[Change]]) -> Result<(), Fault> {
    let changes = || groups.iter().copied().flatten();
    let mut history: Vec<FactRow> = Vec::new();
    let mut news: Vec<EventRow> = Vec::new();
    for change in changes() {
        let (next, record) = (change.transaction(), change.fact());
        history.push(FactRow::new(record, next.version)?);
        for (position, event) in (0..).zip(change.events()) {
            news.push(EventRow::new(event, position)?);
        }
        if let Fact::TermsAgreed { terms } = &record.fact
            && let Some(receiving) = &terms.receiving
        {
            memo_reserve(connection, next.id, receiving)?;
        }
        if let Fact::FundsReceived { receipt, .. } = &record.fact {
            receipt_use(connection, next.id, receipt)?;
        }
        if let Some(told) = change.answers() {
            answers::put(connection, next.id, told)?;
        }
    }
    insert_all!(connection, facts::table, history);
    insert_all!(connection, events::table, news);
    attempts_effect(connection, groups)?;
    for change in changes() {
        order_effect(connection, change)?;
    }
    Ok(())
}

pub(super) fn memo_reserve(
    connection: &mut AnyConnection,
    transaction: TransactionId,
    receiving: &Receiving,
) -> Result<(), Fault> {
    let (memo_type, memo) = receiving.memo.to_storage();
    diesel::insert_into(receiving_memos::table)
        .values((
            receiving_memos::account.eq(receiving.account.to_string()),
            receiving_memos::memo_type.eq(memo_type),
            receiving_memos::memo.eq(memo),
            receiving_memos::transaction_id.eq(transaction.to_string()),
        ))
        .execute(connection)?;
    Ok(())
}

/// A credit at the bank funds one transaction.
fn receipt_use(
    connection: &mut AnyConnection,
    transaction: TransactionId,
    receipt: &Receipt,
) -> Result<(), Fault> {
    diesel::insert_into(receipts::table)
        .values((
            receipts::asset.eq(receipt.amount.asset.to_string()),
            receipts::reference.eq(free_text(&receipt.reference)),
            receipts::transaction_id.eq(transaction.to_string()),
        ))
        .execute(connection)?;
    Ok(())
}

/// Each group opens or closes one attempt, or none.
fn attempts_effect(connection: &mut AnyConnection, groups: &[&[Change]]) -> Result<(), Fault> {
    let (mut opened, mut items, mut closed) = (Vec::new(), Vec::new(), Vec::new());
    for group in groups {
        let Some(first) = group.first() else { continue };
        match first.effect() {
            ChangeEffect::OpenAttempt(attempt) => {
                let at = first.fact().at;
                for (position, change) in (0..).zip(*group) {
                    match change.effect() {
                        ChangeEffect::OpenAttempt(same) if same == attempt => {
                            items.push(AttemptItemRow::open(attempt, position, change.transaction().id));
                        }
                        _ => return Err(mixed(change)),
                    }
                }
                opened.push(AttemptRow::open(attempt, at)?);
            }
            ChangeEffect::CloseAttempt { id, status, ledger, note } => {
                let same = |change: &Change| match change.effect() {
                    ChangeEffect::CloseAttempt { id: other, status: end, ledger: within, .. } => {
                        other == id && end == status && within == ledger
                    }
                    _ => false,
                };
                if let Some(change) = group.iter().find(|change| !same(change)) {
                    return Err(mixed(change));
                }
                closed.push(Closing {
                    id: id.to_string(),
                    status: status.as_str().to_owned(),
                    ledger: ledger.map(i64::from),
                    note: note.as_deref().map(free_text),
                    at: stamp(first.fact().at),
                    transactions: group.iter().map(|change| change.transaction().id.to_string()).collect(),
                });
            }
            ChangeEffect::None
            | ChangeEffect::OpenOrder(_)
            | ChangeEffect::UpdateOrder { .. }
            | ChangeEffect::OpenCustody(_)
            | ChangeEffect::CloseCustody { .. } => {}
        }
    }
    if !opened.is_empty() {
        attempts::open(connection, opened)?;
        insert_all!(connection, attempt_items::table, items);
        for change in groups.iter().filter_map(|group| group.first()) {
            if let ChangeEffect::OpenAttempt(attempt) = change.effect() {
                signing::open(connection, [attempt], change.fact().at)?;
                set_asides::make(connection, attempt, change.transaction().id)?;
            }
        }
    }
    closing::close(connection, &closed)?;
    groups
        .iter()
        .filter_map(|group| group.first())
        .try_for_each(|change| set_asides::made(connection, change))
}

fn mixed(change: &Change) -> Fault {
    Fault::Corrupt(format!("transactions {}: not about the attempt of its group", change.transaction().id))
}

fn order_effect(connection: &mut AnyConnection, change: &Change) -> Result<(), Fault> {
    let transaction = change.transaction().id.to_string();
    let at = change.fact().at;
    let updated = match change.effect() {
        ChangeEffect::None | ChangeEffect::OpenAttempt(_) | ChangeEffect::CloseAttempt { .. } => {
            return Ok(());
        }
        ChangeEffect::OpenCustody(order) => custody::open(connection, order, at)?,
        ChangeEffect::CloseCustody { id, status, carried, note } => {
            custody::close(connection, &transaction, *id, *status, carried.as_ref(), note.as_deref(), at)?
        }
        ChangeEffect::OpenOrder(order) => {
            let row = OrderRow::open(order, at)?;
            diesel::insert_into(orders::table).values(row).execute(connection)?
        }
        ChangeEffect::UpdateOrder { id, status, reference } => {
            let open = orders::table
                .filter(orders::id.eq(id.to_string()))
                .filter(orders::transaction_id.eq(&transaction))
                .filter(orders::closed_at.is_null());
            let closed_at = (*status != OrderStatus::Open).then(|| stamp(at));
            // a reference that is known already stays when the rails leave it out
            let reference = reference.as_deref().map(|reference| orders::reference.eq(free_text(reference)));
            diesel::update(open)
                .set((orders::status.eq(status.as_str()), orders::closed_at.eq(closed_at), reference))
                .execute(connection)?
        }
    };
    if updated == 1 {
        Ok(())
    } else {
        Err(Fault::Corrupt(format!("transactions {transaction}: the open order is not there")))
    }
}
