//! Deposits and withdrawals, as an operator sees them.

use clap::Subcommand;

use super::CliError;
use crate::clock::format_utc;
use crate::id::TransactionId;
use crate::store::{Store, TransactionFilter};
use crate::transaction::Transaction;

/// Deposits and withdrawals.
#[derive(Debug, Subcommand)]
pub enum TransactionCommand {
    /// The newest ones.
    List {
        /// How many, at most 200.
        #[arg(long, default_value_t = 20)]
        limit: u32,
    },
    /// One with its whole history.
    Show {
        /// Its id.
        id: TransactionId,
    },
}

impl TransactionCommand {
    pub(super) async fn run(self, store: &dyn Store) -> Result<(), CliError> {
        match self {
            Self::List { limit } => {
                let filter = TransactionFilter { limit: Some(limit), ..TransactionFilter::default() };
                for transaction in store.transaction_list(&filter).await? {
                    println!("{}", line(&transaction));
                }
            }
            Self::Show { id } => {
                let found = store.transaction_fetch(id).await?;
                let transaction = found.ok_or_else(|| CliError::Refused(format!("no transaction {id}")))?;
                show(store, &transaction).await?;
            }
        }
        Ok(())
    }
}

fn line(transaction: &Transaction) -> String {
    let kind = format!("{:?}", transaction.kind).to_lowercase();
    let amount = transaction.amounts.as_ref().map(|amounts| amounts.amount_in.amount.to_string());
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
        println!("  fee       {}", amounts.fee.total);
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
    println!("history");
    for record in store.fact_list(transaction.id).await? {
        let refused = record.refused.map(|why| format!("  REFUSED: {why}")).unwrap_or_default();
        println!("  {}  {}{refused}", format_utc(record.at), record.fact.name());
    }
    for payment in store.payment_list(transaction.id).await? {
        let (movement, suspense) = (&payment.movement, payment.suspense);
        let note = suspense.map(|reason| format!("  SUSPENSE: {}", reason.as_str())).unwrap_or_default();
        println!(
            "  payment {}: {} {} from {}{note}",
            movement.id, movement.amount, movement.asset, movement.from
        );
    }
    Ok(())
}
