//! A run of schemathesis, and what it found.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Stdio;
use std::time::Duration;

use anchor_tests::found::Schemathesis;
use anyhow::{Context as _, Result, ensure};
use serde_json::Value;
use tokio::process::Command;

/// Far more than a run takes; for one that hangs.
const PATIENCE: Duration = Duration::from_secs(4 * 60 * 60);

/// What is tried, and where.
#[derive(Debug)]
pub(crate) struct Fuzz<'a> {
    pub(crate) schemathesis: Schemathesis,
    pub(crate) document: &'a Value,
    pub(crate) server: &'a str,
    /// Values of which something comes, by the names that `tests/clients/openapi_words.toml` has for them.
    pub(crate) known: &'a BTreeMap<&'static str, Vec<String>>,
}

/// Who asks.
#[derive(Debug)]
pub(crate) struct Caller {
    pub(crate) token: String,
    /// Of a browser in the hosted pages.
    pub(crate) cookie: String,
}

/// What came of it.
#[derive(Debug)]
pub(crate) struct Report {
    is_clean: bool,
    pub(crate) operations: u64,
    pub(crate) cases: u64,
    /// The statuses with which each method of a path answered.
    pub(crate) answers: BTreeMap<String, BTreeSet<u16>>,
    said: String,
}

impl Fuzz<'_> {
    /// What the document itself gives as examples, as it stands there.
    pub(crate) async fn examples(&self, caller: &Caller) -> Result<Report> {
        self.run_with("", &["--phases", "examples"], Some(caller)).await
    }

    /// Requests that are made up, with values here and there of which something comes.
    pub(crate) async fn run(&self, options: &[&str], caller: Option<&Caller>) -> Result<Report> {
        let words = std::fs::read_to_string(self.schemathesis.clients.join("openapi_words.toml"))?;
        self.run_with(&(words + &self.dictionaries()), options, caller).await
    }

    async fn run_with(&self, words: &str, options: &[&str], caller: Option<&Caller>) -> Result<Report> {
        let setting = |name: &str, usual: &str| std::env::var(name).unwrap_or_else(|_| usual.to_owned());
        let (cases, seed) = (setting("OPENAPI_FUZZ_CASES", "8"), setting("OPENAPI_FUZZ_SEED", "1"));
        let folder = tempfile::tempdir()?;
        let (config, document) = (folder.path().join("openapi.toml"), folder.path().join("openapi.json"));
        let usual = std::fs::read_to_string(self.schemathesis.clients.join("openapi.toml"))?;
        std::fs::write(&config, usual + words + &caller.map(auth).unwrap_or_default())?;
        std::fs::write(&document, serde_json::to_vec(self.document)?)?;

        let mut command = Command::new(&self.schemathesis.program);
        command.current_dir(folder.path()).stdin(Stdio::null()).kill_on_drop(true);
        command
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .arg("--config-file")
            .arg(&config)
            .arg("run")
            .arg(&document);
        command.args(["--url", self.server, "--no-color", "--max-examples", &cases, "--seed", &seed]);
        command.args(["--report", "json", "--report-json-path", "report.json"]).args(options);
        command.env("SCHEMATHESIS_HOOKS", self.schemathesis.clients.join("openapi_hooks.py"));
        command.env("ANCHOR_FUZZ_ANSWERS", folder.path().join("answers"));
        let output =
            tokio::time::timeout(PATIENCE, command.output()).await.context("schemathesis hangs")??;
        let said = [output.stdout, output.stderr].concat();
        let said = String::from_utf8_lossy(&said).into_owned();
        let read = |name: &str| std::fs::read_to_string(folder.path().join(name));
        let ended: Value = serde_json::from_str(&read("report.json")?).with_context(|| said.clone())?;
        let number = |pointer: &str| ended.pointer(pointer).and_then(Value::as_u64).context("a number");
        let (operations, cases) = (number("/operations/tested")?, number("/test_cases/generated")?);
        let mut answers: BTreeMap<String, BTreeSet<u16>> = BTreeMap::new();
        for line in read("answers")?.lines() {
            let (operation, status) = line.rsplit_once(' ').context("a status")?;
            answers.entry(operation.to_owned()).or_default().insert(status.parse()?);
        }
        Ok(Report { is_clean: output.status.success(), operations, cases, answers, said })
    }

    fn dictionaries(&self) -> String {
        let each =
            self.known.iter().map(|(name, values)| format!("\n[dictionaries.{name}]\nvalues = {values:?}\n"));
        each.collect()
    }
}

fn auth(Caller { token, cookie }: &Caller) -> String {
    format!("\n[auth.openapi.sep10]\nbearer = {token:?}\n\n[auth.openapi.visit]\napi_key = {cookie:?}\n")
}

impl Report {
    /// Nothing was found.
    pub(crate) fn is_clean(&self) -> Result<()> {
        eprintln!("{} operations, {} cases", self.operations, self.cases);
        ensure!(self.is_clean, "{}", self.said);
        Ok(())
    }

    /// All of this was found.
    pub(crate) fn tells_of(&self, findings: &[&str]) -> Result<()> {
        ensure!(!self.is_clean, "nothing was found:\n{}", self.said);
        for finding in findings {
            ensure!(self.said.contains(finding), "{finding} was not found:\n{}", self.said);
        }
        Ok(())
    }
}
