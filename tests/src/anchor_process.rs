//! The example anchor as a program of its own: where it lives, and how its processes are started.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use anchor_core::keys::SigningKey;
use anyhow::{Context as _, Result, bail, ensure};
use tokio::net::TcpStream;
use tokio::process::{Child, Command};

use crate::program::program;

/// Far more than a server takes to start on a busy machine.
const START_MAX: Duration = Duration::from_secs(60);

/// Ports that the operating system gives to nobody by itself: while a killed server is down, its port is not taken by
/// some client's connection.
const PORTS: std::ops::Range<u16> = 15_000..32_000;

/// An address that is free now and that no other anchor of these tests uses.
pub(crate) fn free_address() -> Result<SocketAddr> {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let width = u32::from(PORTS.end - PORTS.start);
    // test programs that run side by side begin at different places
    let start = std::process::id().wrapping_mul(97);
    for _ in 0..width {
        let offset = start.wrapping_add(NEXT.fetch_add(1, Ordering::Relaxed)) % width;
        let port = PORTS.start.saturating_add(u16::try_from(offset)?);
        if let Ok(listener) = TcpListener::bind((Ipv4Addr::LOCALHOST, port)) {
            return Ok(listener.local_addr()?);
        }
    }
    bail!("no port is free")
}

/// How to start processes of one anchor.
#[derive(Debug, Clone)]
pub struct AnchorProgram {
    /// The program itself.
    program: PathBuf,
    folder: PathBuf,
    /// What it calls itself, and where wallets find it.
    pub url: String,
    /// Where its server listens.
    pub listen: SocketAddr,
    environment: Vec<(&'static str, String)>,
}

impl AnchorProgram {
    /// An anchor with keys of its own that lives in this folder, at a free port; nothing is started yet.
    ///
    /// # Errors
    /// When there is no such program, or it cannot make keys.
    pub async fn new(folder: &Path, database: &str, horizon: &str) -> Result<Self> {
        Self::of_program(program("testnet-anchor")?, folder, database, horizon).await
    }

    /// As [`new`](Self::new), with a program that was built already.
    ///
    /// # Errors
    /// When it cannot make keys.
    pub async fn of_program(program: PathBuf, folder: &Path, database: &str, horizon: &str) -> Result<Self> {
        let listen = free_address()?;
        let url = format!("http://localhost:{}", listen.port());
        let environment = vec![
            ("DATABASE_URL", database.to_owned()),
            ("HORIZON_URI", horizon.to_owned()),
            ("LISTEN", listen.to_string()),
            ("WORKER_LEASE_SECONDS", "4".to_owned()), // what a killed process had claimed is not waited for long
            ("RUST_LOG", std::env::var("SIEGE_LOG").unwrap_or_else(|_| "error".into())),
        ];
        let anchor = Self { program, folder: folder.to_owned(), url, listen, environment };
        let keys = anchor.command(&["keys", "generate"]).output().await?;
        ensure!(keys.status.success(), "keys could not be made");
        tokio::fs::write(folder.join(".env"), keys.stdout).await?;
        Ok(anchor)
    }

    /// The same anchor under another name, for clients that are told where it listens.
    #[must_use]
    pub fn calling_itself(mut self, url: &str) -> Self {
        url.clone_into(&mut self.url);
        self
    }

    /// The key of `SIGNING_SEED` that it made for itself.
    ///
    /// # Errors
    /// When there is none.
    pub async fn signing_key(&self) -> Result<SigningKey> {
        let file = tokio::fs::read_to_string(self.folder.join(".env")).await?;
        let seed = file.lines().find_map(|line| line.strip_prefix("SIGNING_SEED=")).context("no seed")?;
        Ok(seed.trim_matches('"').parse()?)
    }

    /// The bank's books.
    #[must_use]
    pub fn bank_book(&self) -> PathBuf {
        self.folder.join("bank.jsonl")
    }

    /// Starts a process, which ends when the value is dropped.
    ///
    /// # Errors
    /// When the operating system refuses.
    pub fn start(&self, arguments: &[&str]) -> Result<Child> {
        Ok(self.command(arguments).stdout(Stdio::null()).spawn()?)
    }

    /// Starts a server and waits until it answers.
    ///
    /// # Errors
    /// When it ends, or answers nobody for a minute.
    pub async fn start_server(&self, arguments: &[&str]) -> Result<Child> {
        let mut server = self.start(arguments)?;
        let answers = async {
            while TcpStream::connect(self.listen).await.is_err() {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        };
        tokio::select! {
            ended = server.wait() => bail!("`{}` ended by itself: {}", arguments.join(" "), ended?),
            answered = tokio::time::timeout(START_MAX, answers) => answered.context("the server does not start")?,
        }
        Ok(server)
    }

    /// The same anchor, by another program.
    #[must_use]
    pub fn with_program(&self, program: PathBuf) -> Self {
        Self { program, ..self.clone() }
    }

    /// The same anchor, with one more setting.
    #[must_use]
    pub fn with(&self, name: &'static str, value: &str) -> Self {
        let mut anchor = self.clone();
        anchor.environment.retain(|(known, _)| *known != name);
        anchor.environment.push((name, value.to_owned()));
        anchor
    }

    /// The same anchor, on another ledger server.
    #[must_use]
    pub fn on_network(self, horizon: &str) -> Self {
        self.with("HORIZON_URI", horizon)
    }

    /// Runs a process to its end: whether it succeeded, and what it said.
    ///
    /// # Errors
    /// When the operating system refuses.
    pub async fn output(&self, arguments: &[&str]) -> Result<(bool, String)> {
        let output = self.command(arguments).output().await?;
        let said = [output.stdout, output.stderr].concat();
        Ok((output.status.success(), String::from_utf8_lossy(&said).into_owned()))
    }

    /// Runs a process to its end whose standard output nobody reads, as behind `| true`: whether it succeeded, and what it
    /// said on standard error.
    ///
    /// # Errors
    /// When the operating system refuses.
    pub async fn unread(&self, arguments: &[&str]) -> Result<(bool, String)> {
        let mut child = self.command(arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
        drop(child.stdout.take());
        let output = child.wait_with_output().await?;
        Ok((output.status.success(), String::from_utf8_lossy(&output.stderr).into_owned()))
    }

    /// Runs a process to its end.
    ///
    /// # Errors
    /// When it ends with anything but success; the error holds what it said.
    pub async fn run_once(&self, arguments: &[&str]) -> Result<()> {
        let output = self.command(arguments).output().await?;
        ensure!(
            output.status.success(),
            "`{}` failed: {}",
            arguments.join(" "),
            String::from_utf8_lossy(&output.stderr)
        );
        Ok(())
    }

    /// A process that is yet to be started; it ends when its handle is dropped.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.program);
        command.current_dir(&self.folder).args(arguments).stdin(Stdio::null()).kill_on_drop(true);
        for name in ["SIGNING_SEED", "SERVER_JWT_KEY", "DISTRIBUTION_SEEDS", "ACTIVE_SEPS", "ORG_NAME"] {
            command.env_remove(name);
        }
        command.envs(self.environment.iter().cloned()).env("HOST_URL", &self.url);
        command
    }
}
