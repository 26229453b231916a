//! The programs that some tests need beyond the Rust toolchain, and what happens when one is not there.
//!
//! A test that lacks one is *skipped loudly*: it prints a line past the test runner's capture and adds it to the file
//! that [`SKIPS_FILE_VARIABLE`] names. With [`REQUIRE_ALL_VARIABLE`] set to `1`, as CI does, it fails instead.

use std::fs::OpenOptions;
use std::io::Write as _;
use std::panic::Location;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::postgres::Cluster;

/// With the value `1`, a missing program fails the test that needs it.
pub const REQUIRE_ALL_VARIABLE: &str = "ANCHOR_REQUIRE_ALL";

/// Names a file that gets one line for each skipped test.
pub const SKIPS_FILE_VARIABLE: &str = "ANCHOR_SKIPS_FILE";

/// The Node.js program and the folder `tests/clients`, whose wallets are installed.
#[derive(Debug, Clone)]
#[expect(clippy::exhaustive_structs, reason = "test support, not an API that is versioned")]
pub struct Node {
    /// The Node.js program.
    pub program: PathBuf,
    /// The folder that holds the scripts and `node_modules`.
    pub clients: PathBuf,
}

/// A Python that has the Stellar SDK, and the folder `tests/clients`.
#[derive(Debug, Clone)]
#[expect(clippy::exhaustive_structs, reason = "test support, not an API that is versioned")]
pub struct Python {
    /// The Python of the virtual environment.
    pub program: PathBuf,
    /// The folder that holds the scripts.
    pub clients: PathBuf,
}

/// The program that tries an API by its OpenAPI document, and the folder `tests/clients`.
#[derive(Debug, Clone)]
#[expect(clippy::exhaustive_structs, reason = "test support, not an API that is versioned")]
pub struct Schemathesis {
    /// The program of the virtual environment.
    pub program: PathBuf,
    /// The folder that holds its settings.
    pub clients: PathBuf,
}

/// A browser and the WebDriver server that drives it.
#[derive(Debug, Clone)]
#[expect(clippy::exhaustive_structs, reason = "test support, not an API that is versioned")]
pub struct Chromium {
    /// The browser.
    pub browser: PathBuf,
    /// The WebDriver server.
    pub driver: PathBuf,
}

/// The cluster that the tests of this process share.
///
/// # Panics
/// When a server is installed but does not start: that is no reason to skip.
#[must_use]
#[track_caller]
pub fn postgres() -> Option<&'static Cluster> {
    let cluster = Cluster::shared().unwrap_or_else(|error| panic!("{error:#}"));
    or_skip(cluster, "no PostgreSQL server that can be started", "apt-get install postgresql")
}

/// Node.js with the wallet SDKs.
#[must_use]
#[track_caller]
pub fn node() -> Option<Node> {
    let program = or_skip(program("node"), "no program `node`", "install Node.js 20 or later")?;
    let clients = clients();
    let installed = clients.join("node_modules/@stellar").is_dir();
    or_skip(
        installed.then_some(()),
        "the wallet SDKs of Node.js are not installed",
        "tests/clients/install",
    )?;
    Some(Node { program, clients })
}

/// The source of axe-core, which finds what keeps people from using a page.
#[must_use]
#[track_caller]
pub fn axe() -> Option<String> {
    let source = std::fs::read_to_string(clients().join("node_modules/axe-core/axe.min.js")).ok();
    or_skip(source, "axe-core is not installed", "tests/clients/install")
}

/// Python with the Stellar SDK.
#[must_use]
#[track_caller]
pub fn python() -> Option<Python> {
    let program = workspace().join("target/clients-venv/bin/python");
    let works = Command::new(&program)
        .args(["-c", "import stellar_sdk"])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success());
    or_skip(
        works.then_some(()),
        "no Python with the Stellar SDK in target/clients-venv",
        "tests/clients/install",
    )?;
    Some(Python { program, clients: clients() })
}

/// Schemathesis.
#[must_use]
#[track_caller]
pub fn schemathesis() -> Option<Schemathesis> {
    let program = workspace().join("target/clients-venv/bin/schemathesis");
    let found = program.is_file().then_some(program);
    let program = or_skip(found, "no schemathesis in target/clients-venv", "tests/clients/install")?;
    Some(Schemathesis { program, clients: clients() })
}

/// A headless browser and its driver.
#[must_use]
#[track_caller]
pub fn chromium() -> Option<Chromium> {
    let install = "apt-get install chromium chromium-driver";
    let browser = or_skip(program("chromium"), "no program `chromium`", install)?;
    let driver = or_skip(program("chromedriver"), "no program `chromedriver`", install)?;
    Some(Chromium { browser, driver })
}

/// The folder of the workspace.
#[must_use]
pub fn workspace() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap_or(Path::new("."))
}

fn clients() -> PathBuf {
    workspace().join("tests/clients")
}

fn program(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|folder| folder.join(name)).find(|candidate| candidate.is_file())
}

#[track_caller]
fn or_skip<T>(found: Option<T>, missing: &str, install: &str) -> Option<T> {
    if found.is_none() {
        let line = format!("SKIPPED {}: {missing}; to have it: {install}", test_name());
        report(&line);
        assert!(std::env::var_os(REQUIRE_ALL_VARIABLE).is_none_or(|value| value != "1"), "{line}");
    }
    found
}

/// The test runner names each test's thread; with one thread only, the place of the call has to do.
#[track_caller]
fn test_name() -> String {
    let place = Location::caller();
    match std::thread::current().name() {
        Some(name) if name != "main" => name.to_owned(),
        _ => format!("{}:{}", place.file(), place.line()),
    }
}

/// The runner captures `println!` of a test that passes, and a skipped test passes; it does not capture this.
fn report(line: &str) {
    let _unused = writeln!(std::io::stderr(), "\n{line}");
    if let Some(file) = std::env::var_os(SKIPS_FILE_VARIABLE) {
        let written = OpenOptions::new()
            .create(true)
            .append(true)
            .open(&file)
            .and_then(|mut file| file.write_all(format!("{line}\n").as_bytes()));
        written.unwrap_or_else(|error| panic!("{SKIPS_FILE_VARIABLE} {}: {error}", file.display()));
    }
}
