//! `anchor-devnet`: a Stellar network in one process, served as Horizon.

use std::{path::PathBuf, time::Duration};

use anchor_devnet::{CloseMode, Devnet, TESTNET_PASSPHRASE};
use anyhow::Context;
use clap::Parser;

/// A Stellar network in one process: a ledger, Horizon and friendbot.
#[derive(Debug, Parser)]
#[command(version)]
struct Options {
    /// Address to listen on.
    #[arg(long, env = "DEVNET_LISTEN", default_value = "127.0.0.1:8000")]
    listen: String,
    /// File that keeps the ledgers; in memory without it.
    #[arg(long, env = "DEVNET_FILE")]
    file: Option<PathBuf>,
    /// When ledgers close: `instant`, `manual` or a number of seconds.
    #[arg(long, env = "DEVNET_CLOSE", default_value = "instant", value_parser = close_mode)]
    close: CloseMode,
    /// Operations a ledger holds.
    #[arg(long, env = "DEVNET_CAPACITY", default_value_t = 1_000)]
    capacity: u32,
    /// Network passphrase.
    #[arg(long, env = "DEVNET_PASSPHRASE", default_value = TESTNET_PASSPHRASE)]
    passphrase: String,
    /// Seed of the faults' chances.
    #[arg(long, env = "DEVNET_FAULT_SEED", default_value_t = 0)]
    fault_seed: u64,
    /// Chance in a hundred of each kind of everyday fault, from the start.
    #[arg(long, env = "DEVNET_FAULT_PERCENT", default_value_t = 0, value_parser = clap::value_parser!(u8).range(0..=100))]
    fault_percent: u8,
    /// Seconds until `POST /transactions` answers 504.
    #[arg(long, env = "DEVNET_SUBMISSION_TIMEOUT", default_value_t = 30)]
    submission_timeout: u64,
    /// Seconds until a stream says goodbye.
    #[arg(long, env = "DEVNET_STREAM_LIFETIME", default_value_t = 55)]
    stream_lifetime: u64,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    tracing_subscriber::fmt().with_env_filter(tracing_subscriber::EnvFilter::from_default_env()).init();
    let options = Options::parse();
    let mut builder = Devnet::builder()
        .passphrase(&options.passphrase)
        .close(options.close)
        .capacity(options.capacity)
        .listen(&options.listen)
        .fault_seed(options.fault_seed)
        .submission_timeout(Duration::from_secs(options.submission_timeout))
        .stream_lifetime(Duration::from_secs(options.stream_lifetime));
    if let Some(file) = &options.file {
        builder = builder.file(file);
    }
    let devnet = builder.start().await.context("the devnet does not start")?;
    if options.fault_percent > 0 {
        devnet.faults().add_chaos(options.fault_percent);
    }
    // for whoever starts this and waits until it serves
    println!("listening on {}", devnet.url());
    interrupted().await?;
    devnet.stop().await;
    Ok(())
}

/// Ctrl-C or SIGTERM.
async fn interrupted() -> std::io::Result<()> {
    let mut terminate = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?;
    tokio::select! {
        interrupted = tokio::signal::ctrl_c() => interrupted,
        _ = terminate.recv() => Ok(()),
    }
}

fn close_mode(text: &str) -> Result<CloseMode, String> {
    match text {
        "instant" => Ok(CloseMode::Instant),
        "manual" => Ok(CloseMode::Manual),
        seconds => match seconds.parse() {
            Ok(seconds @ 1..=3_600) => Ok(CloseMode::Every(Duration::from_secs(seconds))),
            _ => Err("instant, manual or a number of seconds from 1 to 3600 is expected".to_owned()),
        },
    }
}
