//! Afterwards: what the books say of every deposit, and what the ledger shows, have to be the same.

use std::collections::BTreeMap;

use anchor_core::account::AccountId;
use anchor_core::testing::fakes::samples;
use anchor_core::transaction::Transaction;
use anchor_devnet::ledger::{TransactionRecord, asset};
use anyhow::{Context as _, Result};
use stellar_xdr::{FeeBumpTransactionInnerTx, Memo, Operation, OperationBody, TransactionEnvelope};

use super::stand::{Moment, Stand, xdr};
use super::{Pace, amount_out, rows};

/// How often each (ledger transaction, user, memo) was paid.
type Payments = BTreeMap<(String, String, String), u64>;

/// Everything that does not add up; empty if every deposit was paid once, with the right amount, and nothing else was.
pub(super) fn deposits(
    stand: &Stand,
    database: &str,
    before: Moment,
    template: &Transaction,
    pace: &Pace,
) -> Result<Vec<String>> {
    let mut violations = Vec::new();
    let mut expect = |what: &str, expected: i64, found: i64| {
        if expected != found {
            violations.push(format!("{what}: {found} instead of {expected}"));
        }
    };
    let amount = amount_out(template)?.stroops();
    let count = i64::from(pace.count);
    expect("deposits that are paid", count, rows::count(database, rows::PAID)?);
    expect("attempts that are open", 0, rows::count(database, rows::OPEN_ATTEMPTS)?);
    let spent = before.held - stand.held(&samples::distribution().account());
    expect("stroops that left the anchor's account", amount * count, spent);
    for (number, user) in (0_i64..).zip(&stand.users) {
        let users = i64::try_from(stand.users.len())?;
        let due = (count - number + users - 1) / users;
        expect(&format!("stroops of {}", user.account()), amount * due.max(0), stand.held(&user.account()));
    }

    let in_books = in_books(database, pace.memos)?;
    let on_ledger = on_ledger(stand, before, amount)?;
    expect("payments on the ledger", count, i64::try_from(on_ledger.values().sum::<u64>())?);
    if in_books != on_ledger {
        let differing = in_books.iter().filter(|(paid, times)| on_ledger.get(*paid) != Some(*times));
        for (paid, times) in differing.take(5) {
            violations.push(format!("{paid:?} stands {times} times in the books, not so on the ledger"));
        }
        violations.push("books and ledger name different payments".to_owned());
    }
    Ok(violations)
}

fn in_books(database: &str, memos: bool) -> Result<Payments> {
    let mut payments = Payments::new();
    for row in rows::settled(database)? {
        let request: serde_json::Value = serde_json::from_str(&row.request)?;
        let memo = request.get("memo").map(ToString::to_string).unwrap_or_default();
        let memo = if memos { memo.chars().filter(char::is_ascii_digit).collect() } else { String::new() };
        *payments.entry((row.hash.unwrap_or_default(), row.subject, memo)).or_default() += 1;
    }
    Ok(payments)
}

/// The payments of the right amount from the anchor's account; one of another amount counts as none.
fn on_ledger(stand: &Stand, before: Moment, amount: i64) -> Result<Payments> {
    let mut payments = Payments::new();
    let anchor = xdr(&samples::distribution());
    let records: Vec<_> = {
        let network = stand.devnet.network();
        let after = anchor_devnet::ledger::toid(before.ledger + 1, 0, 0);
        network.transactions_of_after(&anchor, after).filter(|record| record.successful).collect()
    };
    for record in records {
        let (operations, memo) = body(&record)?;
        for operation in &operations {
            let OperationBody::Payment(payment) = &operation.body else { continue };
            let is_right = payment.asset == stand.usd && payment.amount == amount;
            let from = operation.source_account.as_ref().map(asset::account_of);
            if is_right && from.is_none_or(|from| from == anchor) {
                let to = asset::account_of(&payment.destination);
                let to = AccountId::from_bytes(asset::public_key(&to)).to_string();
                *payments.entry((hex::encode(record.hash), to, memo.clone())).or_default() += 1;
            }
        }
    }
    Ok(payments)
}

fn body(record: &TransactionRecord) -> Result<(Vec<Operation>, String)> {
    let transaction = match record.envelope() {
        TransactionEnvelope::Tx(envelope) => envelope.tx,
        TransactionEnvelope::TxFeeBump(bump) => {
            let FeeBumpTransactionInnerTx::Tx(inner) = bump.tx.inner_tx;
            inner.tx
        }
        TransactionEnvelope::TxV0(_) => None.context("an envelope of the old form")?,
    };
    let memo = match transaction.memo {
        Memo::Id(id) => id.to_string(),
        _ => String::new(),
    };
    Ok((transaction.operations.to_vec(), memo))
}
