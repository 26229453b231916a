//! `send`: money to somebody whom another anchor pays, with the wallet's account as the sending anchor.

use std::path::PathBuf;

use anchor_core::amount::StellarAmount;
use anyhow::Result;
use demo_wallet::anchor::AnchorClient;
use demo_wallet::ledger::Account;
use demo_wallet::remittance::journal::Journal;
use demo_wallet::remittance::people::Person;
use demo_wallet::remittance::receiver::Receiver;
use demo_wallet::remittance::send::{self, Order};

/// The anchor has to know this wallet's account in its `SENDING_ANCHORS`.
#[derive(clap::Args)]
pub(crate) struct Send {
    /// Names this payment: started again with the same name, it goes on and is paid once.
    #[arg(long)]
    order: String,
    /// How much of the token.
    #[arg(long)]
    amount: StellarAmount,
    /// The receiver's money, as SEP-38 writes it; without it, the token's own.
    #[arg(long)]
    money: Option<String>,
    /// How the receiver gets it.
    #[arg(long, default_value = "SEPA")]
    by: String,
    /// What is known of this wallet's user: NAME=VALUE, by the names of SEP-9.
    #[arg(long, value_parser = crate::field)]
    sender: Vec<(String, String)>,
    /// What is known of the receiver.
    #[arg(long, value_parser = crate::field)]
    receiver: Vec<(String, String)>,
    /// Tells this wallet's receivers apart.
    #[arg(long, default_value_t = 1)]
    receiver_number: u64,
    /// Where the wallet remembers how far its payments have come.
    #[arg(long, default_value = "demo-wallet.payments")]
    journal: PathBuf,
}

/// Until the receiver has it.
pub(crate) async fn run(wanted: Send, client: AnchorClient, account: &Account, token: String) -> Result<()> {
    let mut journal = Journal::open(&wanted.journal, &wanted.order)?;
    let person = |of: &str, known: Vec<(String, String)>, memo| Person {
        of: of.to_owned(),
        known: known.into_iter().collect(),
        memo,
    };
    let order = Order {
        key: wanted.order,
        amount: wanted.amount,
        money: wanted.money,
        funding_method: wanted.by,
        sender: person("sep31-sender", wanted.sender, None),
        receiver: person("sep31-receiver", wanted.receiver, Some(wanted.receiver_number)),
    };
    let anchor = Receiver { client, token };
    println!("sent     {}", send::announce(&anchor, &order, &mut journal, None).await?);
    let payment = send::follow(&anchor, account, &order, &mut journal).await?;
    println!("paid     {}", journal.known().paid.as_deref().unwrap_or("nothing"));
    println!("done     {}: {}", payment.status, payment.amount_out.unwrap_or_default());
    let asset = &anchor.client.toml.asset;
    println!("balance  {} {}", account.balance(asset).await?, asset.code());
    Ok(())
}
