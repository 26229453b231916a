//! The tutorial as a program: a complete anchor for a test network.

use std::time::Duration;

use anchor_core::Anchor;
use anchor_core::asset::Asset;
use anchor_core::cli::{AdminCommand, Parts, Settings};
use anchor_core::config::SendingAnchors;
use anchor_core::integration::Signer as _;
use anchor_core::store::Store as _;
use anchor_web::Web;
use anchor_web::cli::ServeArgs;
use anchor_worker::cli::WorkerArgs;
use anyhow::{Context as _, Result};
use clap::{Parser, Subcommand};
use remote_signer::client::RemoteSigner;

mod bank;
mod customers;
mod forms;
mod network;
mod quotes;
mod rails;
mod remittances;

#[cfg(all(unix, feature = "jemalloc"))]
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

/// What the example reads besides the framework's settings.
const OWN_SETTINGS: [&str; 5] =
    ["DEVNET_LISTEN", "DEVNET_FILE", "REMOTE_SIGNER_URI", "REMOTE_SIGNER_TOKEN", "REMOTE_SIGNER_ACCOUNTS"];

/// An anchor for a test network: deposits and withdrawals of TEST.
#[derive(Parser)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    /// Server and all jobs in one process (the default). Makes what is missing first.
    All(AllArgs),
    /// The server alone.
    Serve(ServeArgs),
    /// Jobs alone: all, or those named.
    Worker(WorkerArgs),
    #[command(flatten)]
    Admin(AdminCommand),
}

/// What server and jobs take together.
#[derive(clap::Args)]
struct AllArgs {
    #[command(flatten)]
    serve: ServeArgs,
    #[command(flatten)]
    worker: WorkerArgs,
}

#[actix_web::main]
async fn main() -> Result<()> {
    let mut settings = Settings::load(".env")?;
    anchor_core::cli::init_logging(&settings);
    let command = Cli::parse().command.or_else(|| Cli::parse_from(["testnet-anchor", "all"]).command);
    let command = command.context("nothing to do")?;
    settings.set_default("OPENAPI_PATH", "/openapi.json");
    settings.set_own(OWN_SETTINGS);
    if matches!(command, Command::All(_)) {
        // before anything is written, the network's file among it
        anchor_core::cli::ensure_keys(&mut settings)?;
    }
    // without HORIZON_URI: a Stellar network of our own, in this process
    let network = network::embed(&mut settings, matches!(command, Command::All(_))).await?;
    if let Some(signer) = RemoteSigner::from_settings(|name| settings.get(name))? {
        settings.set_signed_elsewhere(signer.accounts());
    }
    let done = match command {
        Command::Admin(admin) => admin.run(settings).await.map_err(Into::into),
        Command::Serve(serve) => serve_alone(serve, &settings).await,
        Command::Worker(worker) => work_alone(worker, &settings).await,
        Command::All(both) => all(both, settings).await,
    };
    network.stop().await;
    done
}

// ANCHOR: anchor
/// Our anchor: the framework's parts, and our own six.
async fn anchor(settings: &Settings) -> Result<Anchor> {
    let parts = Parts::open(settings)?;
    // only `migrate` changes tables, when nobody is at work on them
    parts.require_migrated().await?;
    let Parts { config, store, ledger, .. } = parts;
    let documents = anchor_web::documents(&config);
    let rails =
        rails::TestRails { bank: bank::Bank::new("bank.jsonl"), transfer_time: Duration::from_secs(3) };
    // our own prices, unless there is a file of QUOTES
    let token = store.asset_list().await?.into_iter().map(|asset| asset.id).find(|id| id.issuer().is_some());
    let own = if config.quotes.is_none() { token.map(|token| quotes::quotes(&token)) } else { None };
    let mut builder = match RemoteSigner::from_settings(|name| settings.get(name))? {
        Some(signer) => Anchor::builder(config).signer(signer),
        None => Anchor::builder(config),
    };
    // our own desk, unless there is a file of CUSTOMERS, or no key to seal what it is told
    if builder.config().customers.is_none() && !builder.config().customer_keys.is_empty() {
        builder = builder.customers(customers::TestDesk::new());
    }
    if let Some((desk, rates)) = own.transpose()? {
        builder = builder.quotes(desk, rates);
    }
    // whatever has no way of paying yet is paid by bank transfer, by API too
    let has_partners = builder.config().sending_anchors != SendingAnchors::default();
    for asset in store.asset_list().await? {
        let asset = by_transfer(asset);
        builder = builder.asset(if has_partners { remittances::receive(asset) } else { asset });
    }
    Ok(builder
        .store(store)
        .ledger(ledger)
        .documents(documents)
        .rails(rails)
        .deposit(forms::DepositForms)
        .withdrawal(forms::WithdrawalForms::new())
        .build()
        .await?)
}
// ANCHOR_END: anchor

fn by_transfer(mut asset: Asset) -> Asset {
    for offer in [&mut asset.deposit, &mut asset.withdrawal].into_iter().flatten() {
        if offer.funding_methods.is_empty() {
            offer.funding_methods.push("bank_account".to_owned());
        }
    }
    asset
}

async fn serve_alone(serve: ServeArgs, settings: &Settings) -> Result<()> {
    Ok(serve.run(settings, Web::new(anchor(settings).await?)?).await?)
}

async fn work_alone(worker: WorkerArgs, settings: &Settings) -> Result<()> {
    Ok(worker.run(settings, anchor(settings).await?).await?)
}

/// Everything in one process. The first start makes the asset, and each brings the tables up to date: nobody else is at work.
async fn all(both: AllArgs, mut settings: Settings) -> Result<()> {
    anchor_core::cli::ensure_asset(&mut settings, "TEST".parse()?).await?;
    let anchor = anchor(&settings).await?;
    let web = Web::new(anchor.clone())?;
    println!("{}", welcome(&anchor));
    tokio::try_join!(async { both.serve.run(&settings, web).await.map_err(anyhow::Error::from) }, async {
        both.worker.run(&settings, anchor).await.map_err(anyhow::Error::from)
    },)?;
    Ok(())
}

fn welcome(anchor: &Anchor) -> String {
    format!(
        "\nready: {host}/.well-known/stellar.toml\n\n\
         Be a customer, in another terminal:\n  \
         cargo run -p demo-wallet -- deposit --amount 100\n  \
         cargo run -p demo-wallet -- withdraw --amount 40\n  \
         cargo run -p demo-wallet -- deposit --sep 6 --amount 100\n  \
         cargo run -p demo-wallet -- quote --sell iso4217:BRL --amount 542 --by PIX\n  \
         cargo run -p demo-wallet -- kyc first_name=Ada last_name=Lovelace email_address=ada@example.com\n\n\
         Look behind it, in this folder:\n  \
         cargo run -p testnet-anchor -- transaction list\n  \
         cargo run -p testnet-anchor -- doctor\n",
        host = anchor.config().host_url()
    )
}
