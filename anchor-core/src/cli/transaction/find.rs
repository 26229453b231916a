//! Transactions by what a wallet, a bank or the ledger calls them.

use std::collections::BTreeSet;

use clap::{ArgGroup, Args};

use super::super::CliError;
use super::super::output::Format;
use super::show::say_one;
use crate::account::Subject;
use crate::memo::Memo;
use crate::store::{Store, TransactionFilter};
use crate::transaction::TransactionHash;

/// What names them: all that is given has to fit.
#[derive(Debug, Args)]
#[group(skip)]
#[command(group(ArgGroup::new("named").required(true).multiple(true).args(["memo", "hash", "reference", "account"])))]
pub struct FindArgs {
    /// The memo that its payment to the anchor carries: a number, or type:value as `transaction show` writes it.
    #[arg(long, value_parser = memo)]
    memo: Option<Memo>,
    /// The ledger transaction that delivered a deposit or funded a withdrawal.
    #[arg(long)]
    hash: Option<TransactionHash>,
    /// The rails' reference that funded a deposit or delivered a withdrawal.
    #[arg(long)]
    reference: Option<String>,
    /// Whose: G…, or G…:memo for one user of a shared account.
    #[arg(long)]
    account: Option<Subject>,
    #[command(flatten)]
    format: Format,
}

impl FindArgs {
    pub(super) async fn run(self, store: &dyn Store) -> Result<(), CliError> {
        let filter = TransactionFilter {
            subject: self.account.as_ref().map(Subject::key),
            stellar: self.hash,
            external: self.reference.clone(),
            ..TransactionFilter::default()
        };
        let Some(memo) = &self.memo else {
            let found = store.transaction_list(&filter).await?;
            return found.iter().try_for_each(|transaction| say_one(transaction, self.format));
        };
        let assets = store.asset_list().await?;
        let accounts: BTreeSet<_> = assets.iter().map(|asset| asset.distribution).collect();
        for account in accounts {
            let Some(found) = store.transaction_by_memo(&account, memo).await? else { continue };
            let fits = filter.subject.as_ref().is_none_or(|subject| found.subject.key() == *subject)
                && (self.hash.is_none() || found.stellar_transaction_id == self.hash)
                && (self.reference.is_none() || found.external_transaction_id == self.reference);
            if fits {
                say_one(&found, self.format)?;
            }
        }
        Ok(())
    }
}

fn memo(text: &str) -> Result<Memo, String> {
    let memo = if text.contains(':') { text.parse() } else { Memo::parse("id", text) };
    memo.map_err(|error| error.to_string())
}
