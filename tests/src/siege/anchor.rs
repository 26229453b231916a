//! The besieged anchor: where it lives, and how its processes are started.

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use anyhow::{Result, ensure};
use tokio::process::{Child, Command};

use super::program;

/// How to start processes of one anchor.
#[derive(Debug, Clone)]
pub(super) struct Anchor {
    program: PathBuf,
    folder: PathBuf,
    /// Where wallets find it.
    pub(super) url: String,
    environment: Vec<(&'static str, String)>,
}

impl Anchor {
    /// An anchor with keys of its own that lives in this folder; nothing is started yet.
    pub(super) async fn new(folder: &Path, database: &str, horizon: &str) -> Result<Self> {
        // free now; nobody else on this machine is likely to take it before the server does
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let url = format!("http://localhost:{port}");
        let environment = vec![
            ("DATABASE_URL", database.to_owned()),
            ("HORIZON_URI", horizon.to_owned()),
            ("HOST_URL", url.clone()),
            ("LISTEN", format!("127.0.0.1:{port}")),
            ("RUST_LOG", std::env::var("SIEGE_LOG").unwrap_or_else(|_| "error".into())),
        ];
        let anchor =
            Self { program: program("testnet-anchor")?, folder: folder.to_owned(), url, environment };
        let keys = anchor.command(&["keys", "generate"]).output().await?;
        ensure!(keys.status.success(), "keys could not be made");
        tokio::fs::write(folder.join(".env"), keys.stdout).await?;
        Ok(anchor)
    }

    /// The bank's books.
    pub(super) fn bank_book(&self) -> PathBuf {
        self.folder.join("bank.jsonl")
    }

    /// Starts a process.
    pub(super) fn start(&self, arguments: &[&str]) -> Result<Child> {
        Ok(self.command(arguments).stdout(Stdio::null()).spawn()?)
    }

    /// Runs a process to its end.
    pub(super) async fn run_once(&self, arguments: &[&str]) -> Result<()> {
        let output = self.command(arguments).output().await?;
        ensure!(
            output.status.success(),
            "`{}` failed: {}",
            arguments.join(" "),
            String::from_utf8_lossy(&output.stderr)
        );
        Ok(())
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.program);
        command.current_dir(&self.folder).args(arguments).stdin(Stdio::null()).kill_on_drop(true);
        for name in ["SIGNING_SEED", "SERVER_JWT_KEY", "DISTRIBUTION_SEEDS", "ACTIVE_SEPS", "ORG_NAME"] {
            command.env_remove(name);
        }
        command.envs(self.environment.iter().cloned());
        command
    }
}
