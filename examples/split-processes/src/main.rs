//! Web and every job as its own process on one PostgreSQL database.
//!
//! This is what a cluster does with containers, shrunk to one machine: a server, one process for each job, and a
//! supervisor that starts again whatever ends. Kill any of them; nothing is lost, and nothing happens twice.

use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};
use tokio::process::{Child, Command};
use tokio::signal::unix::{SignalKind, signal};
use tokio::task::JoinSet;

/// How long a process that ended stays down.
const PAUSE: Duration = Duration::from_secs(1);

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    let database = std::env::var("DATABASE_URL").unwrap_or_default();
    ensure!(
        database.starts_with("postgres"),
        "DATABASE_URL has to name a PostgreSQL database (postgres://…)"
    );

    let mut commands: Vec<Vec<&str>> = vec![vec!["serve"]];
    commands.extend(anchor_worker::jobs::NAMES.iter().map(|job| vec!["worker", *job]));

    let mut network = None;
    if std::env::var_os("HORIZON_URI").is_none() {
        network = Some(start_network().await?);
    }
    run_once(&["migrate"]).await?;
    run_once(&["testnet", "issue", "--asset", "TEST"]).await?;

    let mut processes = JoinSet::new();
    for command in &commands {
        let command: Vec<String> = command.iter().map(|&word| word.to_owned()).collect();
        println!("starting {}", command.join(" "));
        processes.spawn(supervise(command));
    }
    println!("ready: one server and {} jobs, each in a process of its own", anchor_worker::jobs::NAMES.len());

    while let Some(ended) = processes.join_next().await {
        ended??;
    }
    if let Some(network) = network {
        stop(network).await?;
    }
    Ok(())
}

/// The example anchor beside this program: `cargo build --workspace` puts them into one folder.
fn program(name: &str) -> Result<PathBuf> {
    let folder = std::env::current_exe()?.parent().context("this program lies in no folder")?.to_owned();
    let program = folder.join(name);
    ensure!(program.exists(), "{} is missing: run `cargo build --workspace` first", program.display());
    Ok(program)
}

async fn start_network() -> Result<Child> {
    let mut network = Command::new(program("anchor-devnet")?);
    network.args(["--listen", "127.0.0.1:8001", "--file", "network.devnet", "--close", "1"]);
    let child = network.kill_on_drop(true).stdout(Stdio::null()).spawn()?;
    for _ in 0..100 {
        if tokio::net::TcpStream::connect("127.0.0.1:8001").await.is_ok() {
            return Ok(child);
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    bail!("the embedded network did not start")
}

async fn run_once(arguments: &[&str]) -> Result<()> {
    let status = anchor(arguments)?.status().await?;
    ensure!(status.success(), "`{}` failed", arguments.join(" "));
    Ok(())
}

fn anchor<S: AsRef<std::ffi::OsStr>>(arguments: &[S]) -> Result<Command> {
    let mut command = Command::new(program("testnet-anchor")?);
    // the network is a process of its own: nobody embeds another one
    if std::env::var_os("HORIZON_URI").is_none() {
        command.env("HORIZON_URI", "http://localhost:8001");
    }
    command.args(arguments).kill_on_drop(true);
    Ok(command)
}

/// Runs one process for ever, until this one is told to stop.
async fn supervise(arguments: Vec<String>) -> Result<()> {
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    loop {
        let mut child = anchor(&arguments)?.spawn()?;
        tokio::select! {
            ended = child.wait() => eprintln!("`{}` ended ({}), starting it again", arguments.join(" "), ended?),
            _ = interrupt.recv() => return stop(child).await,
            _ = terminate.recv() => return stop(child).await,
        }
        tokio::time::sleep(PAUSE).await;
    }
}

/// Asks a process to finish its work at hand, and waits until it has.
async fn stop(mut child: Child) -> Result<()> {
    if let Some(id) = child.id() {
        Command::new("kill").args(["-TERM", &id.to_string()]).status().await?;
    }
    child.wait().await?;
    Ok(())
}
