//! Where things are served, and how long what is handed out is good for.

use std::time::Duration;

use anchor_core::Config;

/// SEP-1: fixed by the protocol.
pub(crate) const STELLAR_TOML_PATH: &str = anchor_core::stellar::toml_file::PATH;
/// SEP-10, both methods.
pub(crate) const AUTH_PATH: &str = "/auth";
/// SEP-45, both methods.
pub(crate) const CONTRACT_AUTH_PATH: &str = "/auth/contracts";
/// SEP-12.
pub(crate) const SEP12_PATH: &str = "/sep12";
/// SEP-24, and the hosted pages below it.
pub(crate) const SEP24_PATH: &str = "/sep24";
/// SEP-31.
pub(crate) const SEP31_PATH: &str = "/sep31";
/// SEP-6.
pub(crate) const SEP6_PATH: &str = "/sep6";
/// SEP-38.
pub(crate) const SEP38_PATH: &str = "/sep38";
/// The hosted flow; the transaction's id follows.
pub(crate) const INTERACTIVE_PATH: &str = "/sep24/interactive";
/// The page behind `more_info_url`.
pub(crate) const MORE_INFO_PATH: &str = "/sep24/transaction/more_info";
/// For load balancers and operators.
pub(crate) const HEALTH_PATH: &str = "/health";

/// Bodies above this are refused, multipart ones with files aside.
pub(crate) const BODY_BYTES_MAX: usize = 128 * 1024;
/// Multipart bodies above this are refused; their files are read past, not kept.
pub(crate) const MULTIPART_BYTES_MAX: usize = 4 * 1024 * 1024;
/// Files of one request: so many times the largest one, together.
pub(crate) const FILES_AT_ONCE: usize = 4;
/// Largest request with files.
pub(crate) const fn upload_bytes_max(file_bytes_max: usize) -> usize {
    file_bytes_max.saturating_mul(FILES_AT_ONCE).saturating_add(BODY_BYTES_MAX)
}

/// Parts of one request with files.
pub(crate) const PARTS_MAX: usize = 64;
/// One text field.
pub(crate) const FIELD_BYTES_MAX: usize = 4 * 1024;
/// Names in one request.
pub(crate) const FIELDS_MAX: usize = 200;
/// Everything after the `?`.
pub(crate) const QUERY_BYTES_MAX: usize = 8 * 1024;

/// How long a wallet may use its token. Signers of an account can change meanwhile (SEP-10, JWT expiration); a
/// token moves no money by itself, so a day is the price for wallets that watch a slow bank transfer.
pub(crate) const TOKEN_LIFETIME: Duration = Duration::from_secs(24 * 60 * 60);
/// How long a contract account may use its token. Whoever changes the contract's code changes who it is, from one ledger to
/// the next (SEP-45 has five minutes in its sample).
pub(crate) const CONTRACT_TOKEN_LIFETIME: Duration = Duration::from_secs(60 * 60);
/// How long a `more_info_url` shows its transaction. Every answer of the API has a fresh one.
pub(crate) const MORE_INFO_LIFETIME: Duration = Duration::from_secs(7 * 24 * 60 * 60);
/// How long a browser may go on with the flow after it opened the address.
pub(crate) const SESSION_LIFETIME: Duration = Duration::from_secs(6 * 60 * 60);

/// `WEB_AUTH_ENDPOINT`.
pub(crate) fn web_auth_endpoint(config: &Config) -> String {
    format!("{}{AUTH_PATH}", config.host_url())
}

/// `WEB_AUTH_FOR_CONTRACTS_ENDPOINT`.
pub(crate) fn contract_auth_endpoint(config: &Config) -> String {
    format!("{}{CONTRACT_AUTH_PATH}", config.host_url())
}

/// `KYC_SERVER`.
pub(crate) fn kyc_server(config: &Config) -> String {
    format!("{}{SEP12_PATH}", config.host_url())
}

/// `ANCHOR_QUOTE_SERVER`.
pub(crate) fn quote_server(config: &Config) -> String {
    format!("{}{SEP38_PATH}", config.host_url())
}

/// `DIRECT_PAYMENT_SERVER`.
pub(crate) fn direct_payment_server(config: &Config) -> String {
    format!("{}{SEP31_PATH}", config.host_url())
}

/// `TRANSFER_SERVER`.
pub(crate) fn api_server(config: &Config) -> String {
    format!("{}{SEP6_PATH}", config.host_url())
}

/// `TRANSFER_SERVER_SEP0024`.
pub(crate) fn transfer_server(config: &Config) -> String {
    format!("{}{SEP24_PATH}", config.host_url())
}
