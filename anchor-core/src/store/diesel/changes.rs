//! One step of a transaction: everything that belongs to it, or nothing.

use diesel::prelude::*;

use super::connection::AnyConnection;
use super::documents;
use super::fault::{Fault, Rule};
use super::pool::End;
use super::rows::attempt::{AttemptRow, OrderRow};
use super::rows::codec::{free_text, stamp};
use super::rows::event::EventRow;
use super::rows::fact::FactRow;
use super::rows::transaction::TransactionRow;
use super::schema::{attempts, events, facts, orders, receipts, receiving_memos, transactions};
use crate::id::TransactionId;
use crate::store::Stored;
use crate::transaction::{Change, ChangeEffect, Fact, OrderStatus, Receipt, Receiving};

/// Writes a change. Anything but [`Stored::Applied`] has to be rolled back by the caller.
pub(super) fn apply(
    connection: &mut AnyConnection,
    change: &Change,
    keep_lease: bool,
) -> Result<Stored, Fault> {
    let written = write(connection, change, keep_lease);
    match written.as_ref().err().and_then(Fault::rule) {
        None => written,
        Some(Rule::MemoUnique) => Ok(Stored::MemoTaken),
        Some(Rule::ReceiptUnique) => Ok(Stored::ReceiptTaken),
        Some(Rule::OneOpenAttempt | Rule::OneOpenAttemptOfSource | Rule::OneOpenOrder) => {
            Ok(Stored::SourceBusy)
        }
    }
}

/// What to do with the database transaction of a change.
pub(super) fn end(stored: Stored) -> End<Stored> {
    if stored == Stored::Applied { End::Commit(stored) } else { End::Rollback(stored) }
}

fn write(connection: &mut AnyConnection, change: &Change, keep_lease: bool) -> Result<Stored, Fault> {
    let (next, record) = (change.transaction(), change.fact());
    let id = next.id.to_string();
    let row = TransactionRow::new(next, record.at)?;
    let expected = transactions::table
        .filter(transactions::id.eq(&id))
        .filter(transactions::version.eq(change.expected_version()));
    let updated = if keep_lease {
        diesel::update(expected).set(&row).execute(connection)?
    } else {
        let lease = (
            transactions::lease_owner.eq(None::<String>),
            transactions::lease_until.eq(None::<chrono::NaiveDateTime>),
        );
        diesel::update(expected).set((&row, lease)).execute(connection)?
    };
    if updated != 1 {
        return Ok(Stored::Stale);
    }
    let fact = FactRow::new(record, next.version)?;
    diesel::insert_into(facts::table).values(fact).execute(connection)?;
    if let Fact::TermsAgreed { terms } = &record.fact
        && let Some(receiving) = &terms.receiving
    {
        memo_reserve(connection, next.id, receiving)?;
    }
    if let Fact::FundsReceived { receipt, .. } = &record.fact {
        receipt_use(connection, next.id, receipt)?;
    }
    if let Some(answers) = change.answers() {
        documents::answers_put(connection, next.id, answers)?;
    }
    effect(connection, change, &id)?;
    for (position, event) in (0..).zip(change.events()) {
        diesel::insert_into(events::table).values(EventRow::new(event, position)?).execute(connection)?;
    }
    Ok(Stored::Applied)
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

fn effect(connection: &mut AnyConnection, change: &Change, transaction: &str) -> Result<(), Fault> {
    let at = change.fact().at;
    let updated = match change.effect() {
        ChangeEffect::None => return Ok(()),
        ChangeEffect::OpenAttempt(attempt) => {
            let row = AttemptRow::open(attempt, at)?;
            diesel::insert_into(attempts::table).values(row).execute(connection)?
        }
        ChangeEffect::CloseAttempt { id, status, note } => {
            let open = attempts::table
                .filter(attempts::id.eq(id.to_string()))
                .filter(attempts::transaction_id.eq(transaction))
                .filter(attempts::closed_at.is_null());
            diesel::update(open)
                .set((
                    attempts::status.eq(status.as_str()),
                    attempts::note.eq(note.as_deref().map(free_text)),
                    attempts::closed_at.eq(stamp(at)),
                ))
                .execute(connection)?
        }
        ChangeEffect::OpenOrder(order) => {
            let row = OrderRow::open(order, at)?;
            diesel::insert_into(orders::table).values(row).execute(connection)?
        }
        ChangeEffect::UpdateOrder { id, status, reference } => {
            let open = orders::table
                .filter(orders::id.eq(id.to_string()))
                .filter(orders::transaction_id.eq(transaction))
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
        Err(Fault::Corrupt(format!("transactions {transaction}: the open attempt or order is not there")))
    }
}
