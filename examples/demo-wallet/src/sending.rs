//! `send`: money to somebody whom another anchor pays, with the wallet's account as the sending anchor.

use std::path::PathBuf;

use anyhow::Result;
use demo_wallet::anchor::AnchorClient;
use demo_wallet::ledger::Account;
use demo_wallet::remittance::arguments::Remittance;
use demo_wallet::remittance::journal::Journal;
use demo_wallet::remittance::receiver::Receiver;
use demo_wallet::remittance::send;

/// The anchor has to know this wallet's account in its `SENDING_ANCHORS`.
#[derive(clap::Args)]
pub(crate) struct Send {
    #[command(flatten)]
    remittance: Remittance,
    /// Tells this wallet's receivers apart.
    #[arg(long, default_value_t = 1)]
    receiver_number: u64,
    /// Where the wallet remembers how far its payments have come.
    #[arg(long, default_value = "demo-wallet.payments")]
    journal: PathBuf,
}

/// Until the receiver has it.
pub(crate) async fn run(wanted: Send, client: AnchorClient, account: &Account, token: String) -> Result<()> {
    let mut journal = Journal::open(&wanted.journal, &wanted.remittance.order)?;
    let order = wanted.remittance.into_order(None, Some(wanted.receiver_number));
    let anchor = Receiver { client, token };
    println!("sent     {}", send::announce(&anchor, &order, &mut journal, None).await?);
    let payment = send::follow(&anchor, account, &order, &mut journal).await?;
    println!("paid     {}", journal.known().paid.as_deref().unwrap_or("nothing"));
    println!("done     {}: {}", payment.status, payment.amount_out.unwrap_or_default());
    let asset = &anchor.client.toml.asset;
    println!("balance  {} {}", account.balance(asset).await?, asset.code());
    Ok(())
}
