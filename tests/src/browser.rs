//! A headless browser for tests of pages, gone with the process that started it.

use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use fantoccini::{Client, ClientBuilder};
use serde_json::json;

use crate::found::Chromium;

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
    /// Starts the driver on a free port and opens a session in `language` (as in `Accept-Language`).
    pub async fn start(found: &Chromium, language: &str) -> Result<Self> {
        Self::start_as(found, Look::desk(language)).await
    }

    /// As [`start`](Self::start), for somebody whose browser looks like this.
    pub async fn start_as(found: &Chromium, look: Look<'_>) -> Result<Self> {
        // The shell that ends the processes removes it, since they may outlive us by a moment.
        let profile = tempfile::Builder::new().prefix("anchor-browser-").tempdir()?.keep();
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port();
        let processes = Processes::start(found, port, &profile)?;
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
        let capabilities = [("goog:chromeOptions".to_owned(), options)].into_iter().collect();
        let client = connect(&format!("http://127.0.0.1:{port}"), capabilities).await?;
        Ok(Self { client, _processes: processes })
    }
}

/// The driver takes a moment to listen.
async fn connect(url: &str, capabilities: serde_json::Map<String, serde_json::Value>) -> Result<Client> {
    let start = Instant::now();
    loop {
        match ClientBuilder::rustls()?.capabilities(capabilities.clone()).connect(url).await {
            Ok(client) => return Ok(client),
            Err(error) if start.elapsed() > Duration::from_secs(30) => {
                bail!("no session with {url}: {error}")
            }
            Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
        }
    }
}

/// The driver and the browser that it starts, under a shell that ends them all when our end of its pipe closes: when
/// this is dropped, or when this process is killed.
#[derive(Debug)]
struct Processes(Child);

impl Processes {
    fn start(found: &Chromium, port: u16, profile: &Path) -> Result<Self> {
        const RUN_THEN_END_ALL: &str = r#"
            "$1" --port="$2" &
            read -r _
            trap '' TERM
            kill -TERM 0
            wait
            for _ in 1 2 3 4 5 6 7 8 9; do
                rm -rf -- "$3"
                sleep 0.1
                [ -e "$3" ] || break
            done
        "#;
        let mut shell = Command::new("sh");
        shell
            .args(["-c", RUN_THEN_END_ALL, "anchor-browser"])
            .arg(&found.driver)
            .arg(port.to_string())
            .arg(profile)
            // Where the browser puts what it forgets to remove.
            .env("TMPDIR", profile)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .process_group(0);
        shell.spawn().map(Self).context("starting the WebDriver server")
    }
}

impl Drop for Processes {
    fn drop(&mut self) {
        drop(self.0.stdin.take());
        let _unused = self.0.wait();
    }
}
