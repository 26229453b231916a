//! A private PostgreSQL cluster for tests: made in a temporary folder, gone with the process that made it.
//!
//! The server runs as its own process outside ours, so nothing in Rust can be trusted to stop it: statics are not
//! dropped, and a SIGKILL runs no code at all. A watchdog shell therefore waits on a pipe whose only writer is this
//! process; when we end, however that happens, the pipe closes and the watchdog stops the server and removes its folder.

use std::ffi::OsStr;
use std::io::Write as _;
use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use diesel::connection::SimpleConnection as _;
use diesel::result::{DatabaseErrorKind, Error as DieselError};
use diesel::{Connection as _, PgConnection};

use crate::scratch;

mod copies;

pub use copies::Copies;
use copies::Used;

/// Names a running server that tests may use instead of starting one: `postgres://user@host:port/database`, whose
/// user may create databases. It saves the two seconds a new cluster costs each test process.
pub const URL_VARIABLE: &str = "ANCHOR_TEST_POSTGRES_URL";

/// How a cluster treats the disk.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "test support, not an API that is versioned")]
pub enum Durability {
    /// No fsync: a crash of the server loses nothing, only a crash of the machine would.
    #[default]
    Fast,
    /// As in production: every commit waits for the disk.
    Full,
}

/// A server that tests may fill with databases.
///
/// Dropping it stops the server (unless it was given by [`URL_VARIABLE`]) and waits until it is gone.
#[derive(Debug)]
pub struct Cluster {
    admin_url: String,
    managed: Option<Managed>,
}

impl Cluster {
    /// Starts a new cluster, or attaches to the one that [`URL_VARIABLE`] names.
    ///
    /// `None` means that no PostgreSQL server is installed here.
    pub fn start() -> Result<Option<Self>> {
        if let Ok(url) = std::env::var(URL_VARIABLE) {
            return Ok(Some(Self { admin_url: url, managed: None }));
        }
        Self::start_private(Durability::Fast)
    }

    /// Starts a new cluster that is nobody else's, for tests that stop, crash or restart it.
    ///
    /// `None` means that no PostgreSQL server is installed here.
    pub fn start_private(durability: Durability) -> Result<Option<Self>> {
        let Some(installation) = Installation::find() else { return Ok(None) };
        let managed = Managed::start(installation, durability)?;
        Ok(Some(Self { admin_url: managed.url("postgres"), managed: Some(managed) }))
    }

    /// The cluster that all tests of this process share, started by the first that asks.
    pub fn shared() -> Result<Option<&'static Self>> {
        static SHARED: OnceLock<Result<Option<Cluster>, String>> = OnceLock::new();
        match SHARED.get_or_init(|| Self::start().map_err(|error| format!("{error:#}"))) {
            Ok(cluster) => Ok(cluster.as_ref()),
            Err(error) => bail!("the shared PostgreSQL cluster did not start: {error}"),
        }
    }

    /// Whether it was started here, and ends with the tests.
    #[must_use]
    pub const fn is_ours(&self) -> bool {
        self.managed.is_some()
    }

    /// Creates an empty database and returns it; it is dropped, with whoever is still connected, when the value is.
    pub fn new_database(&self) -> Result<Database> {
        self.create("")
    }

    /// As [`new_database`](Self::new_database), with everything that is in `template`, to which nobody may be connected.
    pub fn new_copy(&self, template: &Database) -> Result<Database> {
        self.create(&format!(" TEMPLATE {}", template.name))
    }

    fn create(&self, like: &str) -> Result<Database> {
        let mut admin = self.connect_as_admin()?;
        let by = if self.copies_files() { " STRATEGY file_copy" } else { "" };
        let until = Instant::now() + Duration::from_secs(10);
        loop {
            let name = new_name();
            match admin.batch_execute(&format!("CREATE DATABASE {name}{like}{by}")) {
                Ok(()) => return Database::new(&self.admin_url, name),
                // Left behind on an attached server by an older process with our number.
                Err(error) if is_duplicate_database(&error) => {}
                // a connection that was closed a moment ago, as the server sees it
                Err(error) if is_in_use(&error) && Instant::now() < until => {
                    std::thread::sleep(Duration::from_millis(20));
                }
                Err(error) => return Err(error).with_context(|| format!("CREATE DATABASE {name}")),
            }
        }
    }

    /// Stops the server as an operator would: open connections are ended, everything is written out.
    pub fn stop(&self) -> Result<()> {
        self.managed()?.pg_ctl(&["stop", "--wait", "--mode=fast"])
    }

    /// Stops the server as a power cut would: no shutdown checkpoint, recovery at the next start.
    pub fn crash(&self) -> Result<()> {
        self.managed()?.pg_ctl(&["stop", "--wait", "--mode=immediate"])
    }

    /// Starts a stopped or crashed server again, on the same port and with the same databases.
    pub fn resume(&self) -> Result<()> {
        self.managed()?.run_server()
    }

    /// Stops the server and starts it again: every open connection is lost, every database is kept.
    pub fn restart(&self) -> Result<()> {
        self.stop()?;
        self.resume()
    }

    fn managed(&self) -> Result<&Managed> {
        self.managed.as_ref().with_context(|| {
            format!("{URL_VARIABLE} names this server: it is not ours to stop; use start_private")
        })
    }

    /// Where nobody waits for the disk, copying files takes less than half of the time that writing a log of them does.
    fn copies_files(&self) -> bool {
        let is_fast = |managed: &Managed| {
            managed.durability == Durability::Fast && managed.installation.version >= STRATEGY_SINCE
        };
        self.managed.as_ref().is_some_and(is_fast)
    }

    fn connect_as_admin(&self) -> Result<PgConnection> {
        PgConnection::establish(&self.admin_url).with_context(|| format!("connecting to {}", self.admin_url))
    }
}

/// The version of PostgreSQL that can be told how to copy a database.
const STRATEGY_SINCE: u32 = 15;

/// No other test of this process has it.
fn new_name() -> String {
    static NUMBER: AtomicU32 = AtomicU32::new(1);
    format!("anchor_{}_{}", std::process::id(), NUMBER.fetch_add(1, Ordering::Relaxed))
}

/// An empty database of one test.
#[derive(Debug)]
pub struct Database {
    admin_url: String,
    name: String,
    url: String,
    /// Who gets it when the test is done with it, and how many tests had it by then.
    again: Option<(Arc<Used>, u32)>,
}

impl Database {
    fn new(admin_url: &str, name: String) -> Result<Self> {
        let mut database =
            Self { admin_url: admin_url.to_owned(), name: String::new(), url: String::new(), again: None };
        database.rename(name)?;
        Ok(database)
    }

    fn rename(&mut self, name: String) -> Result<()> {
        let mut url = url::Url::parse(&self.admin_url).context("the cluster's own URL")?;
        url.set_path(&name);
        (self.name, self.url) = (name, url.into());
        Ok(())
    }

    /// `postgres://user@host:port/name`
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        if let Some((used, tests)) = &self.again {
            return used.give_back(&self.name, *tests);
        }
        // A server that a test stopped takes its databases with it; nothing to do then.
        if let Ok(mut admin) = PgConnection::establish(&self.admin_url) {
            let _unused = admin.batch_execute(&format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.name));
        }
    }
}

fn is_duplicate_database(error: &DieselError) -> bool {
    let DieselError::DatabaseError(kind, information) = error else { return false };
    matches!(kind, DatabaseErrorKind::UniqueViolation) || information.message().ends_with("already exists")
}

fn is_in_use(error: &DieselError) -> bool {
    let DieselError::DatabaseError(_, information) = error else { return false };
    information.message().ends_with("is being accessed by other users")
}

/// The server programs of this machine and the account they may run as.
#[derive(Debug, Clone)]
struct Installation {
    programs: PathBuf,
    runs_as: Account,
    /// The first number of it.
    version: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Account {
    Ourselves,
    /// The server refuses to run as root; Debian's package makes this account for it.
    Postgres,
}

impl Installation {
    fn find() -> Option<Self> {
        let programs = program_folders().into_iter().find(|folder| {
            ["initdb", "pg_ctl", "postgres"].iter().all(|program| folder.join(program).is_file())
        })?;
        let runs_as = match output_of(Command::new("id").arg("-u")).ok()?.trim() {
            "0" => Account::Postgres,
            _ => Account::Ourselves,
        };
        let mut installation = Self { programs, runs_as, version: 0 };
        // A folder may hold wrappers, and root may lack the account or runuser: only a run tells.
        let told = output_of(&mut installation.command("postgres", ["--version"])).ok()?;
        installation.version = first_number(&told).unwrap_or_default();
        Some(installation)
    }

    fn command<S: AsRef<OsStr>>(&self, program: &str, arguments: impl IntoIterator<Item = S>) -> Command {
        let program = self.programs.join(program);
        let mut command = self.command_as_account(program.as_os_str());
        command.args(arguments);
        command
    }

    fn command_as_account(&self, program: &OsStr) -> Command {
        let mut command = match self.runs_as {
            Account::Ourselves => Command::new(program),
            Account::Postgres => {
                let mut command = Command::new("runuser");
                command.args(["-u", "postgres", "--"]).arg(program);
                command
            }
        };
        // Our own folder may be closed to that account.
        command.current_dir("/").stdin(Stdio::null());
        command
    }
}

/// Folders that may hold the server: those of PATH, then Debian's, newest version first.
fn program_folders() -> Vec<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut folders: Vec<PathBuf> = std::env::split_paths(&path).collect();
    let mut debian: Vec<PathBuf> = std::fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .flatten()
        .map(|version| version.path().join("bin"))
        .collect();
    debian.sort_by_key(|folder| version_of(folder));
    folders.extend(debian.into_iter().rev());
    folders
}

/// Of `postgres (PostgreSQL) 15.18`: 15.
fn first_number(version: &str) -> Option<u32> {
    version.split(|letter: char| !letter.is_ascii_digit()).find_map(|digits| digits.parse().ok())
}

fn version_of(bin: &Path) -> Option<u32> {
    bin.parent()?.file_name()?.to_str()?.parse().ok()
}

#[derive(Debug)]
struct Managed {
    installation: Installation,
    folder: PathBuf,
    port: u16,
    durability: Durability,
    watchdog: Child,
}

impl Managed {
    fn start(installation: Installation, durability: Durability) -> Result<Self> {
        let mut mktemp = installation.command_as_account(OsStr::new("mktemp"));
        let memory = scratch::in_memory().filter(|_| durability == Durability::Fast);
        let parent = memory.map_or("--tmpdir".to_owned(), |memory| format!("--tmpdir={}", memory.display()));
        mktemp.args(["--directory", &parent, "anchor-postgres-XXXXXXXX"]);
        let folder = PathBuf::from(output_of(&mut mktemp)?.trim());
        // Before anything runs, so that no moment exists at which our death would leave it behind.
        let watchdog = start_watchdog(&installation, &folder)?;
        let mut managed = Self { installation, folder, port: 0, durability, watchdog };
        managed.create()?;
        // The port is free when asked for, but another process may take it before the server does.
        for _ in 0..5 {
            managed.port = free_port()?;
            if managed.run_server().is_ok() {
                return Ok(managed);
            }
        }
        let log = std::fs::read_to_string(managed.log()).unwrap_or_default();
        bail!("the PostgreSQL server does not start; its log says:\n{log}")
    }

    fn create(&self) -> Result<()> {
        let options = ["--username=postgres", "--auth=trust", "--encoding=UTF8", "--no-locale", "--no-sync"];
        let mut initdb = self.installation.command("initdb", options);
        initdb.arg("--pgdata").arg(self.data());
        output_of(&mut initdb).map(drop)
    }

    fn run_server(&self) -> Result<()> {
        let options = format!(
            "-p {} -c listen_addresses=127.0.0.1 -c unix_socket_directories= -c max_connections=400 {}",
            self.port,
            match self.durability {
                Durability::Fast => {
                    "-c fsync=off -c synchronous_commit=off -c full_page_writes=off -c max_wal_size=128MB \
                     -c wal_level=minimal -c max_wal_senders=0 -c autovacuum=off"
                }
                Durability::Full => "",
            }
        );
        self.pg_ctl(&["start", "--wait", "--timeout=60", "--options", &options])
    }

    fn pg_ctl(&self, arguments: &[&str]) -> Result<()> {
        let mut pg_ctl = self.installation.command("pg_ctl", arguments);
        pg_ctl.arg("--pgdata").arg(self.data()).arg("--log").arg(self.log());
        output_of(&mut pg_ctl).map(drop)
    }

    fn url(&self, database: &str) -> String {
        format!("postgres://postgres@127.0.0.1:{}/{database}", self.port)
    }

    fn data(&self) -> PathBuf {
        self.folder.join("data")
    }

    fn log(&self) -> PathBuf {
        self.folder.join("log")
    }
}

impl Drop for Managed {
    fn drop(&mut self) {
        drop(self.watchdog.stdin.take());
        let _unused = self.watchdog.wait();
    }
}

fn start_watchdog(installation: &Installation, folder: &Path) -> Result<Child> {
    const WAIT_THEN_CLEAN_UP: &str = r#"
        read -r _
        "$1/pg_ctl" stop --silent --wait --mode=immediate --pgdata "$2/data"
        rm -rf -- "$2"
    "#;
    let mut watchdog = installation.command_as_account(OsStr::new("sh"));
    watchdog
        .args(["-c", WAIT_THEN_CLEAN_UP, "anchor-postgres-watchdog"])
        .arg(&installation.programs)
        .arg(folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        // Ctrl-C and a test runner's kill go to our group; the watchdog has to outlive them.
        .process_group(0);
    watchdog.spawn().context("starting the watchdog of the PostgreSQL cluster")
}

fn free_port() -> Result<u16> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).context("looking for a free port")?;
    Ok(listener.local_addr()?.port())
}

/// Runs to the end and returns what was printed; an error tells what the program said.
///
/// Standard error goes through a file, since a server that `pg_ctl` leaves running would keep a pipe open for ever.
fn output_of(command: &mut Command) -> Result<String> {
    let printed = tempfile::tempfile()?;
    let status = command
        .stdout(printed.try_clone()?)
        .stderr(printed.try_clone()?)
        .status()
        .with_context(|| format!("running {command:?}"))?;
    let text = read_back(printed)?;
    ensure!(status.success(), "{command:?} ended with {status}: {text}");
    Ok(text)
}

fn read_back(mut file: std::fs::File) -> Result<String> {
    use std::io::{Read as _, Seek as _};
    file.flush()?;
    file.rewind()?;
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}
