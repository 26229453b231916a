//! Payments that nobody was credited for, and what an operator does with them.

use chrono::DateTime;
use clap::Subcommand;

use super::CliError;
use super::transaction::{Operator, line};
use crate::amount::Amount;
use crate::clock::{Clock as _, SystemClock, format_utc};
use crate::id::{RandomIds, TransactionId};
use crate::ops::suspense::{ReturnFee, assign, obstacle, refund};
use crate::store::{PaymentRecord, SetAside, Store, SuspenseReason};
use crate::transaction::{Actor, ApplyContext};

/// Payments that nobody was credited for.
#[derive(Debug, Subcommand)]
pub enum SuspenseCommand {
    /// Those that wait for a decision, newest first, at most 200.
    List {
        /// Only those for this reason: unmatched, wrong_asset, duplicate, unexpected, late, underpaid, overpaid or
        /// reclaimed.
        #[arg(long, value_parser = reason)]
        reason: Option<SuspenseReason>,
    },
    /// Balances that were set aside and may be taken back, or were: the last 200.
    SetAside,
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
            Self::List { reason } => list(store, reason).await?,
            Self::SetAside => {
                for one in store.set_aside_list().await? {
                    println!("{}", set_aside(&one));
                }
            }
            Self::Refund { payment, without_fee, operator } => {
                let fee = if without_fee { ReturnFee::Waived } else { ReturnFee::Policy };
                println!("{}", line(&refund(store, &payment, fee, &context(&operator)).await?));
            }
            Self::Assign { payment, transaction, fee, operator } => {
                let credited = assign(store, &payment, transaction, fee, &context(&operator)).await?;
                println!("{}", line(&credited));
            }
        }
        Ok(())
    }
}

async fn list(store: &dyn Store, reason: Option<SuspenseReason>) -> Result<(), CliError> {
    let assets = store.asset_list().await?;
    let context = ApplyContext { ids: &RandomIds, actor: Actor::Worker, at: SystemClock.now() };
    for payment in store.suspense_list(reason).await? {
        print_payment(&payment);
        if let Some(obstacle) = obstacle(&assets, &payment, &context) {
            println!("      {obstacle}");
        }
    }
    Ok(())
}

fn set_aside(one: &SetAside) -> String {
    let from = i64::try_from(one.from).ok().and_then(|from| DateTime::from_timestamp(from, 0));
    let from = from.map(format_utc).unwrap_or_default();
    let attempt = one.attempt.map(|last| format!("  attempt {} {}", last.id, last.status.as_str()));
    format!(
        "{}  {} {}  for {}  {}  by {} from {from}{}",
        one.balance,
        one.amount,
        one.asset,
        one.transaction,
        one.state.as_str(),
        one.by,
        attempt.unwrap_or_default(),
    )
}

fn context(operator: &Operator) -> ApplyContext<'static> {
    let actor = Actor::Operator(operator.name.clone());
    ApplyContext { ids: &RandomIds, actor, at: SystemClock.now() }
}

pub(super) fn print_payment(payment: &PaymentRecord) {
    let movement = &payment.movement;
    let reason = payment.suspense.map(SuspenseReason::as_str);
    let note = match (reason, payment.settled_by) {
        (None, _) => String::new(),
        (Some(reason), None) => format!("  SUSPENSE: {reason}"),
        (Some(reason), Some(by)) => format!("  {reason}, settled by {by}"),
    };
    let meant = payment.transaction.map(|id| format!("  for {id}")).unwrap_or_default();
    println!(
        "  payment {}: {} {} from {} memo {} at {}{meant}{note}",
        movement.id,
        movement.amount,
        movement.asset,
        movement.from,
        movement.reference(),
        format_utc(movement.at),
    );
}

fn reason(word: &str) -> Result<SuspenseReason, String> {
    SuspenseReason::from_word(word).ok_or_else(|| {
        let words: Vec<_> = SuspenseReason::ALL.iter().map(|reason| reason.as_str()).collect();
        format!("one of {}", words.join(", "))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::AttemptId;
    use crate::store::{LastReclaim, SetAsideState};
    use crate::testing::fakes::samples;
    use crate::transaction::AttemptStatus;

    #[test]
    fn line_of_a_balance_says_whose_it_is_and_what_became_of_it() {
        let id = uuid::Uuid::nil();
        let last = LastReclaim {
            id: AttemptId::new(id),
            status: AttemptStatus::Void,
            max_time: 1_767_225_600,
            ledger: Some(7),
        };
        let mut one = SetAside {
            balance: "00".repeat(36),
            transaction: TransactionId::new(id),
            by: samples::distribution().account(),
            asset: samples::token(),
            amount: "9.75".parse().unwrap(),
            from: 1_767_225_600,
            ledger: 5,
            state: SetAsideState::Open,
            attempt: None,
        };
        let (balance, token, account) =
            ("00".repeat(36), samples::token(), samples::distribution().account());
        let line = format!("{balance}  9.75 {token}  for {id}  open  by {account} from 2026-01-01T00:00:00");
        assert!(set_aside(&one).starts_with(&line), "{}", set_aside(&one));
        (one.state, one.attempt) = (SetAsideState::Claimed, Some(last));
        let said = set_aside(&one);
        assert!(said.contains("  claimed  ") && said.ends_with(&format!("  attempt {id} void")), "{said}");
    }
}
