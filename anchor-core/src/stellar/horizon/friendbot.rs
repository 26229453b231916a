//! A test network's friend, who gives lumens to new accounts.

use std::sync::Arc;
use std::time::Duration;

use url::Url;

use crate::account::AccountId;
use crate::stellar::LedgerError;

/// Friendbot answers after a ledger has closed.
const TIMEOUT: Duration = Duration::from_secs(60);

/// Asks a friendbot to create this account.
///
/// # Errors
/// When it did not say that it has: the account may exist all the same, or have existed before.
pub async fn fund(friendbot: &Url, account: &AccountId) -> Result<(), LedgerError> {
    let unreachable = |error: reqwest::Error| LedgerError::Unreachable(Arc::new(error));
    let client = reqwest::Client::builder().timeout(TIMEOUT).build().map_err(unreachable)?;
    let request = client.get(friendbot.clone()).query(&[("addr", account.to_string())]);
    let answer = request.send().await.map_err(unreachable)?;
    if answer.status().is_success() {
        return Ok(());
    }
    Err(LedgerError::Server { status: answer.status().as_u16() })
}
