//! What an operator should hear of when the server starts, and not from the first wallet.

use anchor_core::Anchor;

use super::watch;

/// What the contract has to have.
pub(super) const FUNCTION: &str = "web_auth_verify";

/// Looks at the contract, and says in the log what will keep wallets out. Nothing here ends the server: each wallet is let in
/// or not by what the network says then, and a server that is down now may answer by that time.
pub(crate) async fn check(anchor: &Anchor) {
    let (Some(sep45), Some(contracts)) = (&anchor.config().sep45, anchor.contracts()) else { return };
    let contract = sep45.contract;
    if let Err(error) = watch::reachable(contracts).await {
        tracing::error!(%contract, "contract accounts cannot log in now: {error}");
        return;
    }
    match contracts.contract_code(&contract, FUNCTION).await {
        Err(error) => {
            tracing::error!(%contract, "the web authentication contract cannot be looked at: {error}")
        }
        Ok(None) => tracing::error!(
            %contract,
            "the network knows no such contract as WEB_AUTH_CONTRACT_ID, or has archived it"
        ),
        Ok(Some(code)) if code.has_function == Some(false) => {
            tracing::error!(%contract, "the contract of WEB_AUTH_CONTRACT_ID has no function {FUNCTION}");
        }
        Ok(Some(code)) if sep45.code_hash.is_some() && code.wasm_hash != sep45.code_hash => {
            tracing::error!(%contract, "the contract has other code than WEB_AUTH_CONTRACT_HASH says");
        }
        Ok(Some(_)) => tracing::info!(%contract, "contract accounts can log in"),
    }
}
