//! Deposits and withdrawals, as an operator sees them.

use clap::{Args, Subcommand};

mod decide;

use decide::{Decision, decide};

use super::CliError;
use super::suspense::print_payment;
use crate::clock::format_utc;
use crate::id::TransactionId;
use crate::store::{Store, TransactionFilter};
use crate::transaction::{Fact, Settlement, Transaction};

/// Deposits and withdrawals.
#[derive(Debug, Subcommand)]
pub enum TransactionCommand {
    /// The newest ones.
    List {
        /// How many; at most 200 without --state.
        #[arg(long, default_value_t = 20)]
        limit: u32,
        /// Only those in this state, such as on_hold.
        #[arg(long)]
        state: Option<String>,
    },
    /// One with its whole history.
    Show {
        /// Its id.
        id: TransactionId,
    },
    /// Stop it: nothing more is paid until it is released.
    Hold {
        /// Its id.
        id: TransactionId,
        /// Why, for the history.
        #[arg(long)]
        reason: String,
        #[command(flatten)]
        operator: Operator,
    },
    /// Let one that is on hold go on where it stopped.
    Release {
        /// Its id.
        id: TransactionId,
        #[command(flatten)]
        operator: Operator,
    },
    /// Give the money back instead: tokens on the ledger, money through your rails.
    Refund {
        /// Its id.
        id: TransactionId,
        /// Why; the user reads it.
        #[arg(long)]
        reason: String,
        #[command(flatten)]
        operator: Operator,
    },
    /// A deposit's money came after it had expired or failed: give it back through your rails.
    Late {
        /// Its id.
        id: TransactionId,
        /// What arrived, in the deposit's money.
        #[arg(long)]
        amount: String,
        /// The bank's reference of this credit.
        #[arg(long)]
        reference: String,
        #[command(flatten)]
        operator: Operator,
    },
    /// You know that the bank carried the order out, although your rails cannot tell.
    Delivered {
        /// Its id.
        id: TransactionId,
        /// The bank's reference.
        #[arg(long)]
        reference: Option<String>,
        #[command(flatten)]
        operator: Operator,
    },
    /// You know that the bank did not and will not carry the order out. It stays on hold, to be released or refunded.
    Undelivered {
        /// Its id.
        id: TransactionId,
        /// Why, for the history.
        #[arg(long)]
        reason: String,
        #[command(flatten)]
        operator: Operator,
    },
}

/// Who decides.
#[derive(Debug, Clone, Args)]
pub struct Operator {
    /// Your name, for the history.
    #[arg(long = "by", alias = "operator", env = "USER", default_value = "operator")]
    pub(super) name: String,
}

impl TransactionCommand {
    pub(super) async fn run(self, store: &dyn Store) -> Result<(), CliError> {
        match self {
            Self::List { limit, state } => {
                for transaction in list(store, limit, state.as_deref()).await? {
                    println!("{}", line(&transaction));
                }
            }
            Self::Show { id } => {
                let found = store.transaction_fetch(id).await?;
                let transaction = found.ok_or_else(|| CliError::Refused(format!("no transaction {id}")))?;
                show(store, &transaction).await?;
            }
            Self::Hold { id, reason, operator } => {
                decided(store, id, Decision::Hold { reason }, &operator).await?;
            }
            Self::Release { id, operator } => decided(store, id, Decision::Release, &operator).await?,
            Self::Refund { id, reason, operator } => {
                decided(store, id, Decision::Refund { reason }, &operator).await?;
            }
            Self::Late { id, amount, reference, operator } => {
                decided(store, id, Decision::Late { amount, reference }, &operator).await?;
            }
            Self::Delivered { id, reference, operator } => {
                decided(store, id, Decision::Delivered { reference }, &operator).await?;
            }
            Self::Undelivered { id, reason, operator } => {
                decided(store, id, Decision::Undelivered { reason }, &operator).await?;
            }
        }
        Ok(())
    }
}

/// The newest ones; with `state`, however far back they are.
async fn list(store: &dyn Store, limit: u32, state: Option<&str>) -> Result<Vec<Transaction>, CliError> {
    let Some(state) = state else {
        let filter = TransactionFilter { limit: Some(limit), ..TransactionFilter::default() };
        return Ok(store.transaction_list(&filter).await?);
    };
    let wanted = usize::try_from(limit).unwrap_or(usize::MAX);
    let mut filter = TransactionFilter::default();
    let mut found = Vec::new();
    while found.len() < wanted {
        let page = store.transaction_list(&filter).await?;
        let Some(last) = page.last() else { break };
        filter.before = Some(last.id);
        found.extend(page.into_iter().filter(|transaction| transaction.state.name() == state));
    }
    found.truncate(wanted);
    Ok(found)
}

async fn decided(
    store: &dyn Store,
    id: TransactionId,
    decision: Decision,
    operator: &Operator,
) -> Result<(), CliError> {
    println!("{}", line(&decide(store, id, &decision, &operator.name).await?));
    Ok(())
}

pub(super) fn line(transaction: &Transaction) -> String {
    let kind = format!("{:?}", transaction.kind).to_lowercase();
    let agreed = transaction.amounts.as_ref().map(|amounts| &amounts.amount_in);
    let amount = agreed.or(transaction.receipt.as_ref().map(|receipt| &receipt.amount));
    let amount = amount.map(|money| money.amount.to_string());
    format!(
        "{}  {kind:<10}  {:<17}  {:>14} {:<12}  {}",
        transaction.id,
        transaction.state.name(),
        amount.unwrap_or_default(),
        transaction.asset.code(),
        format_utc(transaction.started_at),
    )
}

async fn show(store: &dyn Store, transaction: &Transaction) -> Result<(), CliError> {
    println!("{}", line(transaction));
    println!("  user      {}", transaction.subject);
    println!("  status    {} since {}", transaction.status(), format_utc(transaction.updated_at));
    if let Some(amounts) = &transaction.amounts {
        println!("  in        {} {}", amounts.amount_in.amount, amounts.amount_in.asset);
        println!("  fee       {}", amounts.fee());
        println!("  out       {} {}", amounts.amount_out.amount, amounts.amount_out.asset);
    }
    if let Some(receiving) = transaction.receiving() {
        println!("  pay to    {} memo {}", receiving.account, receiving.memo);
    }
    if let Some(hash) = &transaction.stellar_transaction_id {
        println!("  ledger    {hash}");
    }
    if let Some(reference) = &transaction.external_transaction_id {
        println!("  rails     {reference}");
    }
    if let Some(fee) = transaction.receipt.as_ref().and_then(|receipt| receipt.return_fee) {
        println!("  refund    less {fee}");
    }
    println!("history");
    for record in store.fact_list(transaction.id).await? {
        let why = reason(&record.fact).map(|why| format!("  {why}")).unwrap_or_default();
        let refused = record.refused.map(|why| format!("  REFUSED: {why}")).unwrap_or_default();
        println!("  {}  {}{why}{refused}", format_utc(record.at), record.fact.name());
    }
    for payment in store.payment_list(transaction.id).await? {
        print_payment(&payment);
    }
    Ok(())
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
