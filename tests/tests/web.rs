//! The SEP endpoints, asked as wallets and attackers ask them.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

#[path = "web/bad_http.rs"]
mod bad_http;
#[path = "web/bad_input.rs"]
mod bad_input;
#[path = "web/bad_input_doors.rs"]
mod bad_input_doors;
#[path = "web/bad_input_everywhere.rs"]
mod bad_input_everywhere;
#[path = "web/bad_input_sep6.rs"]
mod bad_input_sep6;
#[path = "web/cors.rs"]
mod cors;
#[path = "web/discovery.rs"]
mod discovery;
#[path = "web/health.rs"]
mod health;
#[path = "web/interop.rs"]
mod interop;
#[path = "web/interop_sep12.rs"]
mod interop_sep12;
#[path = "web/interop_sep24.rs"]
mod interop_sep24;
#[path = "web/interop_sep31.rs"]
mod interop_sep31;
#[path = "web/interop_sep38.rs"]
mod interop_sep38;
#[path = "web/interop_sep6.rs"]
mod interop_sep6;
#[path = "web/limits.rs"]
mod limits;
#[path = "web/observability.rs"]
mod observability;
#[path = "web/openapi.rs"]
mod openapi;
#[path = "web/privacy.rs"]
mod privacy;
#[path = "web/sep1.rs"]
mod sep1;
#[path = "web/sep10.rs"]
mod sep10;
#[path = "web/sep10_domains.rs"]
mod sep10_domains;
#[path = "web/sep10_header.rs"]
mod sep10_header;
#[path = "web/sep10_logs.rs"]
mod sep10_logs;
#[path = "web/sep10_rate.rs"]
mod sep10_rate;
#[path = "web/sep10_wallet.rs"]
mod sep10_wallet;
#[path = "web/sep12.rs"]
mod sep12;
#[path = "web/sep12_callback.rs"]
mod sep12_callback;
#[path = "web/sep12_customer.rs"]
mod sep12_customer;
#[path = "web/sep12_files.rs"]
mod sep12_files;
#[path = "web/sep12_identity.rs"]
mod sep12_identity;
#[path = "web/sep24_accounts.rs"]
mod sep24_accounts;
#[path = "web/sep24_info.rs"]
mod sep24_info;
#[path = "web/sep24_lists.rs"]
mod sep24_lists;
#[path = "web/sep24_start.rs"]
mod sep24_start;
#[path = "web/sep24_transactions.rs"]
mod sep24_transactions;
#[path = "web/sep31.rs"]
mod sep31;
#[path = "web/sep31_customers.rs"]
mod sep31_customers;
#[path = "web/sep31_info.rs"]
mod sep31_info;
#[path = "web/sep31_quotes.rs"]
mod sep31_quotes;
#[path = "web/sep31_start.rs"]
mod sep31_start;
#[path = "web/sep31_transactions.rs"]
mod sep31_transactions;
#[path = "web/sep38.rs"]
mod sep38;
#[path = "web/sep38_late.rs"]
mod sep38_late;
#[path = "web/sep38_prices.rs"]
mod sep38_prices;
#[path = "web/sep38_quote.rs"]
mod sep38_quote;
#[path = "web/sep38_rates.rs"]
mod sep38_rates;
#[path = "web/sep38_use.rs"]
mod sep38_use;
#[path = "web/sep45.rs"]
mod sep45;
#[path = "web/sep45_lies.rs"]
mod sep45_lies;
#[path = "web/sep45_network.rs"]
mod sep45_network;
#[path = "web/sep45_stand.rs"]
mod sep45_stand;
#[path = "web/sep45_users.rs"]
mod sep45_users;
#[path = "web/sep45_wallet.rs"]
mod sep45_wallet;
#[path = "web/sep6.rs"]
mod sep6;
#[path = "web/sep6_exchange.rs"]
mod sep6_exchange;
#[path = "web/sep6_info.rs"]
mod sep6_info;
#[path = "web/sep6_start.rs"]
mod sep6_start;
#[path = "web/sep6_transactions.rs"]
mod sep6_transactions;
#[path = "web/sep6_update.rs"]
mod sep6_update;
#[path = "web/server.rs"]
mod server;
#[path = "web/slow.rs"]
mod slow;
#[path = "web/slow_ledger.rs"]
mod slow_ledger;
#[path = "web/tokens.rs"]
mod tokens;
