//! Transactions on the screen.

use serde_json::{Value, json};

use super::super::CliError;
use super::super::output::{Format, say};
use super::super::suspense::{payment_json, print_payment};
use crate::amount::Money;
use crate::asset::AssetId;
use crate::clock::format_utc;
use crate::store::{PaymentRecord, Store};
use crate::transaction::{Actor, Fact, FactRecord, Kind, Protocol, Settlement, Transaction};

/// One in a list.
pub(in crate::cli) fn line(transaction: &Transaction) -> String {
    format!(
        "{}  {:<10}  {:<17}  {:<34}  {}",
        transaction.id,
        kind(transaction.kind),
        transaction.state.name(),
        amounts(transaction),
        format_utc(transaction.started_at),
    )
}

pub(super) fn say_one(transaction: &Transaction, format: Format) -> Result<(), CliError> {
    if format.json { say(json(transaction)) } else { say(line(transaction)) }
}

/// `542 BRL -> 99.0099009 TEST`: what comes in, and what goes out once that is agreed.
fn amounts(transaction: &Transaction) -> String {
    let shown = |money: &Money| format!("{} {}", money.amount, code(&money.asset));
    match (&transaction.amounts, &transaction.receipt) {
        (Some(amounts), _) => format!("{} -> {}", shown(&amounts.amount_in), shown(&amounts.amount_out)),
        (None, Some(receipt)) => shown(&receipt.amount),
        (None, None) => transaction.asset.code().to_owned(),
    }
}

fn code(asset: &AssetId) -> &str {
    match asset {
        AssetId::Stellar(asset) => asset.code(),
        AssetId::Iso4217(currency) => currency.as_str(),
    }
}

const fn kind(kind: Kind) -> &'static str {
    match kind {
        Kind::Deposit => "deposit",
        Kind::Withdrawal => "withdrawal",
    }
}

const fn protocol(protocol: Protocol) -> &'static str {
    match protocol {
        Protocol::Sep6 => "sep6",
        Protocol::Sep24 => "sep24",
        Protocol::Sep31 => "sep31",
        Protocol::Suspense => "suspense",
    }
}

fn json(transaction: &Transaction) -> Value {
    let money =
        |money: &Money| json!({ "amount": money.amount.to_string(), "asset": money.asset.to_string() });
    let amounts = transaction.amounts.as_ref();
    json!({
        "id": transaction.id.to_string(),
        "kind": kind(transaction.kind),
        "protocol": protocol(transaction.protocol),
        "state": transaction.state.name(),
        "status": transaction.status().to_string(),
        "asset": transaction.asset.to_string(),
        "user": transaction.subject.to_string(),
        "amount_in": amounts.map(|amounts| money(&amounts.amount_in)),
        "fee": amounts.map(|amounts| money(&amounts.fee())),
        "amount_out": amounts.map(|amounts| money(&amounts.amount_out)),
        "received": transaction.receipt.as_ref().map(|receipt| money(&receipt.amount)),
        "pay_to": transaction.receiving().map(|receiving| json!({
            "account": receiving.account.to_string(),
            "memo": receiving.memo.to_string(),
        })),
        "stellar_transaction_id": transaction.stellar_transaction_id.map(|hash| hash.to_string()),
        "external_transaction_id": transaction.external_transaction_id,
        "started_at": format_utc(transaction.started_at).to_string(),
        "updated_at": format_utc(transaction.updated_at).to_string(),
    })
}

/// With its whole history.
pub(super) async fn show(
    store: &dyn Store,
    transaction: &Transaction,
    format: Format,
) -> Result<(), CliError> {
    let history = store.fact_list(transaction.id).await?;
    let payments = store.payment_list(transaction.id).await?;
    if format.json {
        let mut shown = json(transaction);
        if let Some(shown) = shown.as_object_mut() {
            shown.insert("history".to_owned(), history.iter().map(fact_json).collect());
            shown.insert("payments".to_owned(), payments.iter().map(payment_json).collect());
        }
        return say(shown);
    }
    for line in lines(transaction) {
        say(line)?;
    }
    say("history")?;
    for record in &history {
        say(fact_line(record))?;
    }
    payments.iter().try_for_each(|payment: &PaymentRecord| print_payment(payment))
}

fn lines(transaction: &Transaction) -> Vec<String> {
    let mut lines = vec![
        line(transaction),
        format!("  user      {}", transaction.subject),
        format!("  status    {} since {}", transaction.status(), format_utc(transaction.updated_at)),
    ];
    if let Some(amounts) = &transaction.amounts {
        lines.push(format!("  in        {} {}", amounts.amount_in.amount, amounts.amount_in.asset));
        lines.push(format!("  fee       {}", amounts.fee()));
        lines.push(format!("  out       {} {}", amounts.amount_out.amount, amounts.amount_out.asset));
    }
    if let Some(receiving) = transaction.receiving() {
        lines.push(format!("  pay to    {} memo {}", receiving.account, receiving.memo));
    }
    if let Some(hash) = &transaction.stellar_transaction_id {
        lines.push(format!("  ledger    {hash}"));
    }
    if let Some(reference) = &transaction.external_transaction_id {
        lines.push(format!("  rails     {reference}"));
    }
    if let Some(fee) = transaction.receipt.as_ref().and_then(|receipt| receipt.return_fee) {
        lines.push(format!("  refund    less {fee}"));
    }
    lines
}

fn fact_line(record: &FactRecord) -> String {
    let why = reason(&record.fact).map(|why| format!("  {why}")).unwrap_or_default();
    let refused = record.refused.as_ref().map(|why| format!("  REFUSED: {why}")).unwrap_or_default();
    let by = by(&record.actor);
    format!("  {}  {}{why}  by {by}{refused}", format_utc(record.at), record.fact.name())
}

fn fact_json(record: &FactRecord) -> Value {
    json!({
        "at": format_utc(record.at).to_string(),
        "fact": record.fact.name(),
        "by": by(&record.actor),
        "reason": reason(&record.fact),
        "refused": record.refused,
    })
}

/// Who says so: the user, a job, or a person at the anchor by name.
fn by(actor: &Actor) -> String {
    match actor {
        Actor::User => "the user".to_owned(),
        Actor::Worker => "a worker".to_owned(),
        Actor::Operator(name) => format!("operator {name}"),
    }
}

/// Why, where a fact says so.
fn reason(fact: &Fact) -> Option<&str> {
    match fact {
        Fact::Held { reason }
        | Fact::FundsRejected { reason }
        | Fact::AttemptVoided { reason, .. }
        | Fact::CustodyRejected { reason, .. }
        | Fact::CustodyDisputed { reason, .. }
        | Fact::PayoutRefused { reason, .. }
        | Fact::RefundDecided { reason, .. }
        | Fact::Failed { reason, .. }
        | Fact::FundsReceived { settlement: Settlement::Return { reason }, .. }
        | Fact::PaymentSeen { settlement: Settlement::Return { reason }, .. } => Some(reason),
        _ => None,
    }
}
