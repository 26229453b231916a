//! Deposits and withdrawals by API (SEP-6): the wallet asks, waits, and tells what is missing.

use std::time::Duration;

use anyhow::{Result, bail};
use demo_wallet::anchor::{AnchorClient, Kind};
use demo_wallet::ledger::Account;
use serde_json::Value;

use crate::Move;

/// Until it is done, or is over.
pub(crate) async fn run(
    kind: Kind,
    wanted: &Move,
    anchor: &AnchorClient,
    account: &Account,
    token: &str,
) -> Result<()> {
    let (owner, quote) = (account.key.account(), wanted.quote.as_deref());
    let requested = anchor.request(kind, token, &owner, wanted.amount, quote, &wanted.money).await?;
    println!("asked    {}", requested.id);
    let (mut paid, mut shown) = (false, String::new());
    loop {
        let asked = anchor.asked(token, &requested.id).await?;
        let transaction = &asked.transaction;
        let is_new = transaction.status != shown;
        if is_new {
            println!("status   {}", transaction.status);
            shown.clone_from(&transaction.status);
        }
        match transaction.status.as_str() {
            "completed" => {
                println!("done     {}", transaction.line());
                return Ok(());
            }
            "pending_customer_info_update" if is_new => {
                println!("kyc      the anchor wants to know you: demo-wallet kyc NAME=VALUE …");
            }
            "pending_transaction_info_update" => {
                let told =
                    asked.wanted().into_iter().map(|name| (name, Value::from(wanted.bank_account.clone())));
                let told = told.collect();
                anchor.tell_more(token, &requested.id, &told).await?;
                println!("told     {}", told.keys().cloned().collect::<Vec<_>>().join(", "));
            }
            "pending_user_transfer_start" if kind == Kind::Deposit && is_new => {
                for (name, line) in &asked.instructions {
                    println!("send to  {name}: {}", line["value"].as_str().unwrap_or_default());
                }
            }
            // what is to be paid is read here and nowhere else: fees may have been added to it
            "pending_user_transfer_start" if kind == Kind::Withdraw && !paid => {
                let hash = account.pay(&anchor.toml.asset, transaction).await?;
                println!("paid     {hash}");
                paid = true;
            }
            "error" | "expired" | "refunded" | "no_market" | "too_small" | "too_large" => {
                let message = transaction.message.clone().unwrap_or_default();
                bail!("the anchor says {}: {message}", transaction.status)
            }
            _ => {}
        }
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
}
