//! Wallets' accounts.

use clap::Subcommand;

use super::CliError;
use super::output::say;
use crate::account::{AccountId, Sharing};
use crate::store::Store;

/// Wallets' accounts.
#[derive(Debug, Subcommand)]
pub enum AccountCommand {
    /// Show how an account is used, or decide it: by one user (single), by users with memos (shared), or both.
    /// Without a decision, whoever starts the first transaction decides for ever.
    Sharing {
        /// The account (G…).
        account: AccountId,
        /// What to decide: single, shared or both.
        sharing: Option<Sharing>,
    },
}

impl AccountCommand {
    pub(super) async fn run(self, store: &dyn Store) -> Result<(), CliError> {
        let Self::Sharing { account, sharing } = self;
        if let Some(sharing) = sharing {
            store.sharing_put(&account, sharing).await?;
        }
        match store.sharing_fetch(&account).await? {
            Some(sharing) => say(format_args!("{account} {sharing}")),
            None => say(format_args!("{account} was never used")),
        }
    }
}
