//! Deposits and withdrawals, as an operator sees them.

use clap::{Args, Subcommand};

mod decide;
mod find;
mod show;

use decide::{Decision, decide};
use find::FindArgs;
pub(super) use show::line;
use show::{say_one, show};

use super::CliError;
use super::output::{Format, say};
use crate::id::TransactionId;
use crate::store::{Store, TransactionFilter};
use crate::transaction::State;

/// Deposits and withdrawals.
#[derive(Debug, Subcommand)]
pub enum TransactionCommand {
    /// The newest ones.
    List {
        /// How many.
        #[arg(long, default_value_t = 20)]
        limit: u32,
        /// Only those in this state, such as on_hold.
        #[arg(long, value_parser = state)]
        state: Option<&'static str>,
        /// Only those that are older than this one: the last of the list before.
        #[arg(long)]
        before: Option<TransactionId>,
        #[command(flatten)]
        format: Format,
    },
    /// The newest ones that something else names: 200 at most.
    Find(FindArgs),
    /// One with its whole history.
    Show {
        /// Its id.
        id: TransactionId,
        #[command(flatten)]
        format: Format,
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
        #[arg(long, allow_hyphen_values = true)]
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
            Self::List { limit, state, before, format } => {
                let filter = TransactionFilter { state, before, ..TransactionFilter::default() };
                list(store, filter, limit, format).await?;
            }
            Self::Find(find) => find.run(store).await?,
            Self::Show { id, format } => {
                let found = store.transaction_fetch(id).await?;
                let transaction = found.ok_or_else(|| CliError::Refused(format!("no transaction {id}")))?;
                show(store, &transaction, format).await?;
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

/// The newest of one state or of all, page by page until there are as many as wanted.
async fn list(
    store: &dyn Store,
    mut filter: TransactionFilter,
    limit: u32,
    format: Format,
) -> Result<(), CliError> {
    let mut wanted = limit;
    while wanted > 0 {
        filter.limit = Some(wanted);
        let page = store.transaction_list(&filter).await?;
        let Some(last) = page.last() else { break };
        filter.before = Some(last.id);
        wanted = wanted.saturating_sub(u32::try_from(page.len()).unwrap_or(u32::MAX));
        page.iter().try_for_each(|transaction| say_one(transaction, format))?;
    }
    Ok(())
}

async fn decided(
    store: &dyn Store,
    id: TransactionId,
    decision: Decision,
    operator: &Operator,
) -> Result<(), CliError> {
    say(line(&decide(store, id, &decision, &operator.name).await?))
}

fn state(word: &str) -> Result<&'static str, String> {
    let mut all = State::OPEN.into_iter().chain(State::ENDED);
    all.find(|name| *name == word).ok_or_else(|| {
        let names: Vec<_> = State::OPEN.into_iter().chain(State::ENDED).collect();
        format!("one of {}", names.join(", "))
    })
}
