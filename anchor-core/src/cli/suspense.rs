//! Payments that nobody was credited for, and what an operator does with them.

use clap::Subcommand;
use serde_json::{Value, json};

use super::CliError;
use super::output::{Format, note, say};
use super::transaction::{Operator, line};
use crate::amount::Amount;
use crate::clock::{Clock as _, SystemClock, format_utc};
use crate::id::{RandomIds, TransactionId};
use crate::ops::suspense::{ReturnFee, assign, obstacle, refund};
use crate::store::{PaymentRecord, Store, SuspenseReason};
use crate::transaction::{Actor, ApplyContext};

mod set_aside;

/// Payments that nobody was credited for.
#[derive(Debug, Subcommand)]
pub enum SuspenseCommand {
    /// Those that wait for a decision, newest first, at most 200.
    List {
        /// Only those for this reason: unmatched, wrong_asset, duplicate, unexpected, late, underpaid, overpaid or
        /// reclaimed.
        #[arg(long, value_parser = reason)]
        reason: Option<SuspenseReason>,
        #[command(flatten)]
        format: Format,
    },
    /// Balances that were set aside and may be taken back, or were: the last 200.
    SetAside {
        #[command(flatten)]
        format: Format,
    },
    /// Send one back to its sender, less the refund fee of its asset.
    Refund {
        /// Its id.
        payment: String,
        /// All of it goes back.
        #[arg(long)]
        without_fee: bool,
        #[command(flatten)]
        operator: Operator,
    },
    /// Credit a withdrawal that awaits its payment with one.
    Assign {
        /// Its id.
        payment: String,
        /// The id of the withdrawal.
        transaction: TransactionId,
        /// What you keep as the fee of the withdrawal, if it is not the agreed amount.
        #[arg(long)]
        fee: Option<Amount>,
        #[command(flatten)]
        operator: Operator,
    },
}

impl SuspenseCommand {
    pub(super) async fn run(self, store: &dyn Store) -> Result<(), CliError> {
        match self {
            Self::List { reason, format } => list(store, reason, format).await?,
            Self::SetAside { format } => {
                for one in store.set_aside_list().await? {
                    set_aside::print(&one, format)?;
                }
            }
            Self::Refund { payment, without_fee, operator } => {
                let fee = if without_fee { ReturnFee::Waived } else { ReturnFee::Policy };
                note(line(&refund(store, &payment, fee, &context(&operator)).await?));
            }
            Self::Assign { payment, transaction, fee, operator } => {
                let credited = assign(store, &payment, transaction, fee, &context(&operator)).await?;
                note(line(&credited));
            }
        }
        Ok(())
    }
}

async fn list(store: &dyn Store, reason: Option<SuspenseReason>, format: Format) -> Result<(), CliError> {
    let assets = store.asset_list().await?;
    let context = ApplyContext { ids: &RandomIds, actor: Actor::Worker, at: SystemClock.now() };
    for payment in store.suspense_list(reason).await? {
        let obstacle = obstacle(&assets, &payment, &context);
        if format.json {
            let mut shown = payment_json(&payment);
            if let Some(shown) = shown.as_object_mut() {
                shown.insert("obstacle".to_owned(), obstacle.map(|obstacle| obstacle.to_string()).into());
            }
            say(shown)?;
            continue;
        }
        print_payment(&payment)?;
        if let Some(obstacle) = obstacle {
            say(format_args!("      {obstacle}"))?;
        }
    }
    Ok(())
}

fn context(operator: &Operator) -> ApplyContext<'static> {
    let actor = Actor::Operator(operator.name.clone());
    ApplyContext { ids: &RandomIds, actor, at: SystemClock.now() }
}

pub(super) fn payment_json(payment: &PaymentRecord) -> Value {
    let movement = &payment.movement;
    json!({
        "id": movement.id,
        "amount": movement.amount.to_string(),
        "asset": movement.asset.to_string(),
        "from": movement.from.to_string(),
        "to": movement.to.to_string(),
        "memo": movement.reference().to_string(),
        "stellar_transaction_id": movement.hash.to_string(),
        "at": format_utc(movement.at).to_string(),
        "transaction": payment.transaction.map(|id| id.to_string()),
        "suspense": payment.suspense.map(SuspenseReason::as_str),
        "settled_by": payment.settled_by.map(|id| id.to_string()),
    })
}

pub(super) fn print_payment(payment: &PaymentRecord) -> Result<(), CliError> {
    let movement = &payment.movement;
    let reason = payment.suspense.map(SuspenseReason::as_str);
    let note = match (reason, payment.settled_by) {
        (None, _) => String::new(),
        (Some(reason), None) => format!("  SUSPENSE: {reason}"),
        (Some(reason), Some(by)) => format!("  {reason}, settled by {by}"),
    };
    let meant = payment.transaction.map(|id| format!("  for {id}")).unwrap_or_default();
    say(format_args!(
        "  payment {}: {} {} from {} memo {} at {}{meant}{note}",
        movement.id,
        movement.amount,
        movement.asset,
        movement.from,
        movement.reference(),
        format_utc(movement.at),
    ))
}

fn reason(word: &str) -> Result<SuspenseReason, String> {
    SuspenseReason::from_word(word).ok_or_else(|| {
        let words: Vec<_> = SuspenseReason::ALL.iter().map(|reason| reason.as_str()).collect();
        format!("one of {}", words.join(", "))
    })
}
