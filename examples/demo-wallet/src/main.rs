//! A wallet in the terminal: deposits and withdraws through an anchor, the way any wallet does.
//!
//! It knows nothing of the anchor but its address: everything else comes from stellar.toml and the SEPs.

use std::path::PathBuf;

use anchor_core::amount::StellarAmount;
use anyhow::{Context as _, Result, bail};
use clap::{Parser, Subcommand};
use demo_wallet::anchor::{AnchorClient, Kind};
use demo_wallet::ledger::Account;
use demo_wallet::remittance::arguments::field;
use demo_wallet::{auth, pages, suite};
use url::Url;

mod by_api;
mod sending;

/// A wallet in the terminal.
#[derive(Parser)]
struct Cli {
    /// The anchor's address.
    #[arg(long, env = "ANCHOR", default_value = "http://localhost:8000", global = true)]
    anchor: String,
    /// Where the wallet keeps its key; made at first use.
    #[arg(long, default_value = "demo-wallet.key", global = true)]
    key: PathBuf,
    /// The ledger server to use, if not the one that the anchor names.
    #[arg(long, env = "HORIZON_URI", global = true)]
    horizon: Option<Url>,
    /// The token to use.
    #[arg(long, default_value = "TEST", global = true)]
    asset: String,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Bank money in, tokens out.
    Deposit(Move),
    /// Tokens in, bank money out.
    Withdraw(Move),
    /// What money is worth in tokens, and a promise of it.
    Quote(Wanted),
    /// What the anchor wants to know of this wallet's user, and telling it.
    Kyc(Known),
    /// Money to somebody whom the anchor pays, where it takes this wallet's account for a sending anchor.
    Send(sending::Send),
    /// Makes the transactions that the official validation suite wants to find, and writes them into its configuration.
    Suite(Suite),
    /// Balances, and what the anchor knows of this wallet.
    Status,
}

#[derive(clap::Args)]
struct Move {
    /// How much.
    #[arg(long)]
    amount: StellarAmount,
    /// The quote to do it with (see `quote`); the amount is then that of the quote.
    #[arg(long)]
    quote: Option<String>,
    /// How to ask the anchor: 24 for its pages, 6 without any.
    #[arg(long, default_value_t = 24, value_parser = clap::value_parser!(u8).range(6..=24))]
    sep: u8,
    /// The money of the quote (with `--sep 6`).
    #[arg(long, default_value = "iso4217:BRL")]
    money: String,
    /// The bank account that the anchor is told, if it asks (with `--sep 6`).
    #[arg(long, default_value = "12345678")]
    bank_account: String,
    /// Print the address of the anchor's page and wait, instead of filling it in.
    #[arg(long)]
    open: bool,
}

#[derive(clap::Args)]
struct Wanted {
    /// The money to give, as SEP-38 writes it.
    #[arg(long, default_value = "iso4217:BRL")]
    sell: String,
    /// How much of it.
    #[arg(long)]
    amount: StellarAmount,
    /// How it is given, where there are several ways.
    #[arg(long)]
    by: Option<String>,
}

#[derive(clap::Args)]
struct Suite {
    /// The suite's configuration; its key is used instead of the wallet's.
    #[arg(long, default_value = "examples/testnet-anchor/anchor-tests.json")]
    config: PathBuf,
    /// Where the completed one is written to.
    #[arg(long)]
    out: PathBuf,
}

/// Nothing to tell: only what is asked.
#[derive(clap::Args)]
struct Known {
    /// What it is for.
    #[arg(long = "type", default_value = "sep6")]
    of: String,
    /// Each as NAME=VALUE.
    #[arg(value_parser = field)]
    fields: Vec<(String, String)>,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    let cli = Cli::parse();
    let anchor = AnchorClient::discover(&cli.anchor, &cli.asset, cli.horizon).await?;
    let key = match &cli.command {
        Command::Suite(suite) => return complete(&anchor, suite).await,
        _ => &cli.key,
    };
    let account = Account::open(key, &anchor.toml).await?;
    println!("wallet   {}", account.key.account());
    let token = auth::authenticate(&anchor, &account.key).await.context("the anchor did not let us in")?;
    match cli.command {
        Command::Deposit(wanted) => run(Kind::Deposit, &wanted, &anchor, &account, &token).await?,
        Command::Withdraw(wanted) => run(Kind::Withdraw, &wanted, &anchor, &account, &token).await?,
        Command::Quote(wanted) => quote(&anchor, &token, &wanted).await?,
        Command::Kyc(known) => {
            if !known.fields.is_empty() {
                anchor.tell(&token, &known.of, &known.fields).await?;
            }
            for line in anchor.customer(&token, &known.of).await?.lines() {
                println!("kyc      {line}");
            }
        }
        Command::Send(wanted) => {
            account.trust(&anchor.toml.asset).await.context("the trust line could not be added")?;
            return sending::run(wanted, anchor, &account, token).await;
        }
        // answered above, without the wallet's own key
        Command::Suite(_) => {}
        Command::Status => {
            for transaction in anchor.transactions(&token, None).await? {
                println!("{}", transaction.line());
            }
        }
    }
    println!("balance  {} {}", account.balance(&anchor.toml.asset).await?, cli.asset);
    Ok(())
}

async fn complete(anchor: &AnchorClient, Suite { config, out }: &Suite) -> Result<()> {
    let text = std::fs::read_to_string(config).with_context(|| format!("{}", config.display()))?;
    let mut config = serde_json::from_str(&text)?;
    println!("account  {}", suite::key(&config)?.account());
    suite::complete(anchor, &mut config).await?;
    std::fs::write(out, serde_json::to_string_pretty(&config)?)?;
    println!("written  {}", out.display());
    Ok(())
}

async fn quote(anchor: &AnchorClient, token: &str, wanted: &Wanted) -> Result<()> {
    let (sell, amount) = (&wanted.sell, wanted.amount);
    for item in anchor.prices(sell, amount).await? {
        println!("price    {} {sell} for one {}", item.price, item.asset);
    }
    let quote = anchor.quote(token, sell, amount, wanted.by.as_deref()).await?;
    println!("quote    {}", quote.line());
    println!(
        "use it   demo-wallet deposit --amount {} --quote {} (until {})",
        quote.sell_amount, quote.id, quote.expires_at
    );
    Ok(())
}

async fn run(kind: Kind, wanted: &Move, anchor: &AnchorClient, account: &Account, token: &str) -> Result<()> {
    if kind == Kind::Deposit {
        account.trust(&anchor.toml.asset).await.context("the trust line could not be added")?;
    }
    println!("balance  {} {}", account.balance(&anchor.toml.asset).await?, anchor.toml.asset.code());
    match wanted.sep {
        24 => {}
        6 => return by_api::run(kind, wanted, anchor, account, token).await,
        other => bail!("SEP-{other} moves no money: use 6 or 24"),
    }
    let started = {
        let (account, quote) = (account.key.account(), wanted.quote.as_deref());
        anchor.start_quoted(kind, token, &account, wanted.amount, quote).await?
    };
    println!("started  {}", started.id);
    if wanted.open {
        println!("open     {}", started.url);
    } else {
        pages::fill(&started.url, wanted.amount)
            .await
            .context("the anchor's pages could not be filled in")?;
    }
    let mut paid = false;
    let mut shown = String::new();
    loop {
        let transaction = anchor.transaction(token, &started.id).await?;
        if transaction.status != shown {
            println!("status   {}", transaction.status);
            shown.clone_from(&transaction.status);
        }
        match transaction.status.as_str() {
            "completed" => {
                println!("done     {}", transaction.line());
                return Ok(());
            }
            "pending_user_transfer_start" if kind == Kind::Withdraw && !paid => {
                let hash = account.pay(&anchor.toml.asset, &transaction).await?;
                println!("paid     {hash}");
                paid = true;
            }
            "error" | "expired" | "refunded" | "no_market" | "too_small" | "too_large" => {
                bail!("the anchor says {}: {}", transaction.status, transaction.message.unwrap_or_default())
            }
            _ => tokio::time::sleep(std::time::Duration::from_millis(500)).await,
        }
    }
}
