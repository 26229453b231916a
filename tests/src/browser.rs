//! A headless browser for tests of pages, gone with the process that started it.

use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use anyhow::{Context as _, Result, anyhow};
use fantoccini::{Client, ClientBuilder};
use serde_json::json;
use tokio::sync::oneshot;

use crate::found::Chromium;

/// Far more than driver and browser take to start on a busy machine.
const START_MAX: Duration = Duration::from_secs(60);

/// For one page to load, or one script to end.
const CALL_MAX: Duration = Duration::from_secs(30);

/// Far more than any test takes. Not every call of the protocol ends by itself: a screenshot of a page that is loaded
/// anew at that moment does not.
pub const LIFE_MAX: Duration = Duration::from_secs(180);

/// The driver's log, in the profile's folder.
const LOG: &str = "driver.log";

/// A browser with a fresh profile, and the WebDriver session that drives it.
///
/// Dropping it ends both.
#[derive(Debug)]
pub struct Browser {
    /// The session: goes to pages, finds elements, clicks.
    pub client: Client,
    _processes: Processes,
}

/// What somebody's browser is like.
#[derive(Debug, Clone, Copy)]
#[expect(clippy::exhaustive_structs, reason = "test support, not an API that is versioned")]
pub struct Look<'a> {
    /// As in `Accept-Language`.
    pub language: &'a str,
    /// A touch screen of 390 points, high enough for a screenshot of a whole page.
    pub phone: bool,
    /// `prefers-color-scheme: dark`.
    pub dark: bool,
    /// Whether pages may run scripts.
    pub script: bool,
}

impl<'a> Look<'a> {
    /// An ordinary browser on a desk.
    pub const fn desk(language: &'a str) -> Self {
        Self { language, phone: false, dark: false, script: true }
    }
}

impl Browser {
    /// Starts the driver and opens a session in `language` (as in `Accept-Language`).
    pub async fn start(found: &Chromium, language: &str) -> Result<Self> {
        Self::start_as(found, Look::desk(language)).await
    }

    /// As [`start`](Self::start), for somebody whose browser looks like this.
    ///
    /// It lives no longer than [`LIFE_MAX`]: whoever waits for it then gets an error, and what the driver did last is
    /// written to the standard error.
    pub async fn start_as(found: &Chromium, look: Look<'_>) -> Result<Self> {
        let profile = tempfile::Builder::new().prefix("anchor-browser-").tempdir()?.keep();
        let (processes, port) = Processes::start(found, &profile)?;
        let user_data = format!("--user-data-dir={}", profile.display());
        let language = format!("--accept-lang={}", look.language);
        let scheme = format!("--blink-settings=preferredColorScheme={}", if look.dark { 0 } else { 1 });
        // The sandbox refuses root; without the others, each start looks up hosts of the vendor.
        let switches = [
            "--headless=new",
            "--no-sandbox",
            "--disable-dev-shm-usage",
            "--disable-gpu",
            "--disable-quic",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            &user_data,
            &language,
            &scheme,
            "--window-size=1000,1600",
        ];
        let mut options = json!({ "binary": found.browser, "args": switches });
        if look.phone {
            let metrics = json!({ "width": 390, "height": 1700, "pixelRatio": 2.0, "touch": true });
            options["mobileEmulation"] = json!({ "deviceMetrics": metrics });
        }
        if !look.script {
            options["prefs"] = json!({ "profile.managed_default_content_settings.javascript": 2 });
        }
        let timeouts = json!({ "pageLoad": CALL_MAX.as_millis(), "script": CALL_MAX.as_millis() });
        let capabilities = json!({ "goog:chromeOptions": options, "timeouts": timeouts });
        let capabilities = capabilities.as_object().cloned().unwrap_or_default();
        let session = async {
            let port = port.await.context("the WebDriver server ended before it listened")?;
            let url = format!("http://127.0.0.1:{port}");
            Ok(ClientBuilder::rustls()?.capabilities(capabilities).connect(&url).await?)
        };
        let session: Result<Client> = match tokio::time::timeout(START_MAX, session).await {
            Ok(session) => session,
            Err(_) => Err(anyhow!("no session within {START_MAX:?}")),
        };
        let client = session.with_context(|| format!("no browser; {}", last_words(&profile)))?;
        Ok(Self { client, _processes: processes })
    }
}

/// What the driver did last.
fn last_words(profile: &Path) -> String {
    let log = std::fs::read_to_string(profile.join(LOG)).unwrap_or_default();
    let lines: Vec<&str> = log.lines().collect();
    let last = lines.iter().skip(lines.len().saturating_sub(30));
    let last: Vec<String> = last.map(|line| line.chars().take(300).collect()).collect();
    format!("the driver's log ends with:\n{}", last.join("\n"))
}

/// The driver and the browser that it starts, under a shell that ends them all when our end of its pipe closes: when
/// this is dropped, when they have lived too long, or when this process is killed.
#[derive(Debug)]
struct Processes {
    shell: Child,
    profile: PathBuf,
    /// Somebody may still use the browser.
    in_use: Option<mpsc::Sender<()>>,
}

impl Processes {
    /// And the port at which the driver listens, once it does. It chooses one itself: between looking for a free port
    /// and listening there, another test could take it.
    fn start(found: &Chromium, profile: &Path) -> Result<(Self, oneshot::Receiver<u16>)> {
        // Whoever ignores the polite request is ended nevertheless, this shell included.
        const RUN_THEN_END_ALL: &str = r#"
            "$1" --port=0 --log-path="$2" &
            driver=$!
            read -r _
            trap '' TERM
            kill -TERM 0
            for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
                kill -0 "$driver" 2>/dev/null || break
                sleep 0.1
            done
            for _ in 1 2 3 4 5 6 7 8 9; do
                rm -rf -- "$3"
                [ -e "$3" ] || break
                sleep 0.1
            done
            kill -KILL 0
        "#;
        let mut shell = Command::new("sh");
        shell
            .args(["-c", RUN_THEN_END_ALL, "anchor-browser"])
            .arg(&found.driver)
            .arg(profile.join(LOG))
            .arg(profile)
            // Where the browser puts what it forgets to remove.
            .env("TMPDIR", profile)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .process_group(0);
        let mut shell = shell.spawn().context("starting the WebDriver server")?;
        let (until_closed, said) = (shell.stdin.take(), shell.stdout.take());
        let (told, port) = oneshot::channel();
        let (in_use, use_ends) = mpsc::channel();
        let profile = profile.to_owned();
        let log = profile.clone();
        std::thread::spawn(move || {
            if use_ends.recv_timeout(LIFE_MAX) == Err(mpsc::RecvTimeoutError::Timeout) {
                let end = format!("a browser was ended after {LIFE_MAX:?}; {}", last_words(&log));
                let _unused = writeln!(std::io::stderr(), "{end}");
            }
            drop(until_closed);
        });
        std::thread::spawn(move || {
            let mut told = Some(told);
            // to the end, so that nothing that is said later blocks the driver
            for line in said.into_iter().flat_map(|said| BufReader::new(said).lines()).map_while(Result::ok) {
                let port = line.trim_end_matches('.').rsplit_once("successfully on port ");
                if let Some(port) = port.and_then(|(_, port)| port.parse().ok())
                    && let Some(told) = told.take()
                {
                    let _unused = told.send(port);
                }
            }
        });
        Ok((Self { shell, profile, in_use: Some(in_use) }, port))
    }
}

impl Drop for Processes {
    fn drop(&mut self) {
        drop(self.in_use.take());
        let _unused = self.shell.wait();
        // what somebody wrote while the shell removed it
        let _unused = std::fs::remove_dir_all(&self.profile);
    }
}
