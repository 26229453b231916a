//! The names of all settings, so that one that is misspelt is seen.

/// Every setting of docs/reference/settings.md; a test compares the two.
pub const SETTINGS: &[&str] = &[
    "ACCOUNT_CREATION",
    "ACCOUNT_REQUESTS_PER_MINUTE",
    "ACTIVE_SEPS",
    "BODIES_AT_ONCE",
    "BODY_SECONDS",
    "BRAND_COLOR",
    "BRAND_LOGO",
    "CHANNEL_SEED",
    "CLAIMABLE_BALANCES",
    "CLAIMABLE_RECLAIM_AFTER_DAYS",
    "CUSTOMERS",
    "CUSTOMER_KEYS",
    "CUSTOMER_TEXT_MEMOS",
    "DATABASE_URL",
    "DEPOSIT_DESTINATIONS",
    "DISTRIBUTION_SEEDS",
    "FEE_ACCOUNT",
    "FEE_BUDGET",
    "FEE_CAP",
    "FEE_SEED",
    "FILE_BYTES_MAX",
    "FRIENDBOT_URI",
    "HORIZON_URI",
    "HOST_URL",
    "INTERACTIVE_UI_KEY",
    "INTERACTIVE_UI_URL",
    "ISSUER_SEEDS",
    "LEDGER_QUORUM",
    "LISTEN",
    "LOCAL_MODE",
    "LOG_FORMAT",
    "METRICS_LISTEN",
    "OPENAPI_PATH",
    "OPERATIONS_MAX",
    "ORG_NAME",
    "PAGES_DIR",
    "QUOTES",
    "QUOTE_GRACE_SECONDS",
    "REQUESTS_AT_ONCE",
    "REQUESTS_PER_MINUTE",
    "RUST_LOG",
    "SENDING_ANCHORS",
    "SEP10_AUTHORIZATION_REQUIRED",
    "SEP10_CLIENT_ATTRIBUTION",
    "SEP10_CLIENT_ATTRIBUTION_ALLOWLIST",
    "SEP10_CLIENT_ATTRIBUTION_DENYLIST",
    "SEP10_HOME_DOMAINS",
    "SEP10_REQUESTS_PER_MINUTE",
    "SEP45_RPC_AUTHORIZATION",
    "SEP45_RPC_AUTHORIZATION_HEADER",
    "SEP45_RPC_URI",
    "SERVER_JWT_KEY",
    "SIGNER_LIFETIME",
    "SIGNING_KEYS_RETIRED",
    "SIGNING_SEED",
    "STELLAR_NETWORK_PASSPHRASE",
    "STELLAR_RPC_AUTHORIZATION",
    "STELLAR_RPC_AUTHORIZATION_HEADER",
    "STELLAR_RPC_URI",
    "STELLAR_TOML",
    "TRUSTED_PROXIES",
    "UPLOAD_BYTES_AT_ONCE",
    "UPLOAD_SECONDS",
    "WEB_AUTH_CONTRACT_HASH",
    "WEB_AUTH_CONTRACT_ID",
    "WORKER_BATCH",
    "WORKER_LEASE_SECONDS",
    "WORKER_METRICS_LISTEN",
];

/// What is not in that table: the seeds that `testnet issue` keeps, servers beyond the first, and the logs.
pub(super) fn is_known(name: &str) -> bool {
    let numbered = [
        "STELLAR_RPC_AUTHORIZATION_HEADER_",
        "STELLAR_RPC_AUTHORIZATION_",
        "SEP45_RPC_AUTHORIZATION_HEADER_",
        "SEP45_RPC_AUTHORIZATION_",
    ];
    let is_number = |rest: &str| !rest.is_empty() && rest.bytes().all(|byte| byte.is_ascii_digit());
    SETTINGS.contains(&name)
        || ["_ISSUER_SEED", "_DISTRIBUTION_SEED"].iter().any(|end| name.ends_with(end))
        || numbered.iter().any(|start| name.strip_prefix(start).is_some_and(is_number))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_with_a_number_or_an_asset_in_their_name_are_known_and_misspelt_ones_are_not() {
        for known in ["FEE_BUDGET", "USD_ISSUER_SEED", "STELLAR_RPC_AUTHORIZATION_2", "RUST_LOG"] {
            assert!(is_known(known), "{known}");
        }
        for unknown in
            ["FEE_BUDGE", "fee_budget", "STELLAR_RPC_AUTHORIZATION_", "STELLAR_RPC_AUTHORIZATION_B"]
        {
            assert!(!is_known(unknown), "{unknown}");
        }
    }
}
