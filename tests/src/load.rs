//! Load: how many requests an anchor answers, what they cost it, and how near that is to what is possible.
//!
//! The anchor is the example's own program, on a database with 100,000 transactions. Beside it runs a server that does
//! only what cannot be left out ([`Ceilings`]); each endpoint is measured right after its ceiling, by the same client.
//! Method and figures: `docs/reference/performance.md`.

mod ceilings;
mod client;
mod fill;
mod others;
pub(crate) mod process;
mod report;

use std::net::SocketAddr;
use std::path::Path;
use std::process::Stdio;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use anchor_core::keys::SigningKey;
use anchor_devnet::{CloseMode, Devnet};
use anyhow::{Context as _, Result, ensure};
use demo_wallet::anchor::AnchorClient;
use demo_wallet::auth;
use stellar_xdr::{PublicKey, Uint256};
use tokio::process::{Child, Command};

pub use self::{ceilings::Ceilings, report::Report};

use self::client::{Plan, ask_once};
use self::report::{Figure, Measured};
use crate::anchor_process::{AnchorProgram, free_address};

/// Longest wait for a server's first answer.
const START_MAX: Duration = Duration::from_secs(60);
/// Starts whose median is told.
const STARTS: usize = 5;

/// What to measure with.
#[derive(Debug, Clone)]
pub struct Load {
    /// What to ask, in this order.
    pub requests: Vec<Request>,
    /// Connections, kept alive; each waits for an answer before it asks again.
    pub connections: usize,
    /// How long each request is repeated.
    pub time: Duration,
}

/// A kind of request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
#[expect(clippy::exhaustive_enums, reason = "test support, not an API that is versioned")]
pub enum Request {
    /// `GET /info`
    Info,
    /// `GET /auth`
    Challenge,
    /// `POST /auth`
    Token,
    /// `GET /transaction`
    Transaction,
    /// `GET /transactions`, a hundred at once
    Transactions,
    /// `POST /transactions/deposit/interactive`; adds rows
    Interactive,
    /// SEP-6: information, a transaction, a list; beside SEP-24's
    Sep6,
    /// SEP-12: a customer, read and told about
    Sep12,
    /// SEP-31: information and a transaction; beside SEP-24's
    Sep31,
    /// SEP-38: information, prices, a price, a quote; and firm ones
    Sep38,
}

impl Load {
    /// Measures an anchor on this empty database, and the ceilings on the other.
    ///
    /// # Errors
    /// When a program is missing or an answer is not 200.
    pub async fn run(&self, database: &str, ceilings: &str) -> Result<Report> {
        let folder = tempfile::tempdir()?;
        let devnet = Devnet::builder().close(CloseMode::Instant).start().await?;
        let program = std::env::current_exe()?.with_file_name("testnet-anchor");
        ensure!(
            program.is_file(),
            "build testnet-anchor beside this program: see docs/reference/performance.md"
        );
        let anchor = AnchorProgram::of_program(program, folder.path(), database, &devnet.url()).await?;
        let anchor = anchor.with("RUST_LOG", "info"); // as in production
        anchor.run_once(&["testnet", "issue", "--asset", "TEST"]).await?;

        let keys: Vec<SigningKey> = (0..self.connections).map(|_| SigningKey::generate()).collect();
        let accounts: Vec<String> = keys.iter().map(|key| key.account().to_string()).collect();
        let anchor = anchor.with("SENDING_ANCHORS", &accounts.join(","));
        for account in keys.iter().chain([&ceilings::client()]).map(SigningKey::account) {
            let bytes = Uint256(*account.as_bytes());
            devnet.fund(&stellar_xdr::AccountId(PublicKey::PublicKeyTypeEd25519(bytes))).await?;
        }
        let (template, asset) = {
            let _all = started(&anchor, "all").await?;
            let client = AnchorClient::discover(&anchor.url, "TEST", None).await?;
            (fill::deposit(&anchor).await?, client.toml.asset)
        };
        let quotes = folder.path().join("quotes.toml");
        std::fs::write(&quotes, others::quotes(&asset))?;
        let anchor = anchor.with("QUOTES", &quotes.display().to_string());
        fill::copy(database, &template, &accounts)?;

        let server = started(&anchor, "serve").await?;
        let memory_rest = process::memory(id(&server)?)?;
        let place = Place { database: ceilings, horizon: &devnet.url(), folder: folder.path() };
        let stand = Stand::set_up(self, &anchor, server, keys, &place).await?;
        let figures = stand.figures().await?;
        let memory_peak = process::memory_peak(id(&stand.server)?)?;
        drop(stand);
        let start_up = start_up(&anchor).await?;
        devnet.stop().await;
        Ok(Report { figures, memory_rest, memory_peak, start_up })
    }
}

/// Where the ceilings are measured.
struct Place<'a> {
    database: &'a str,
    horizon: &'a str,
    folder: &'a Path,
}

/// Two servers, side by side.
struct Stand<'a> {
    load: &'a Load,
    anchor: &'a AnchorProgram,
    server: Child,
    ceilings: Child,
    ceilings_at: SocketAddr,
    keys: Vec<SigningKey>,
    tokens: Vec<String>,
    client: AnchorClient,
    info: Vec<u8>,
}

impl<'a> Stand<'a> {
    async fn set_up(
        load: &'a Load,
        anchor: &'a AnchorProgram,
        server: Child,
        keys: Vec<SigningKey>,
        place: &Place<'_>,
    ) -> Result<Self> {
        let client = AnchorClient::discover(&anchor.url, "TEST", None).await?;
        let mut tokens = Vec::new();
        for key in &keys {
            tokens.push(auth::authenticate(&client, key).await?);
        }
        let info = ask_once(anchor.listen, &get("/sep24/info", None)).await?;
        let path = format!("/sep24/transaction?id={}", fill::row_id(0, 0));
        let row = ask_once(anchor.listen, &get(&path, tokens.first().map(String::as_str))).await?;
        std::fs::write(place.folder.join("info.json"), &info)?;
        std::fs::write(place.folder.join("row.json"), row)?;

        let ceilings_at = free_address()?;
        let ceilings = Command::new(std::env::current_exe()?)
            .args(["ceilings", "--listen", &ceilings_at.to_string(), "--database", place.database])
            .args(["--horizon", place.horizon, "--info", "info.json", "--row", "row.json"])
            .current_dir(place.folder)
            .kill_on_drop(true)
            .spawn()?;
        answers(ceilings_at, "/bare").await?;
        Ok(Self { load, anchor, server, ceilings, ceilings_at, keys, tokens, client, info })
    }

    async fn figures(&self) -> Result<Vec<Figure>> {
        let mut figures = Vec::new();
        for request in self.load.requests.iter().copied() {
            figures.extend(match request {
                Request::Info => vec![self.info().await?],
                Request::Challenge => vec![self.challenge().await?],
                Request::Token => self.token().await?.into(),
                Request::Transaction => vec![self.transaction().await?],
                Request::Transactions => vec![self.transactions().await?],
                Request::Interactive => vec![self.interactive().await?],
                Request::Sep6 => self.sep6().await?,
                Request::Sep12 => self.sep12().await?,
                Request::Sep31 => self.sep31().await?,
                Request::Sep38 => self.sep38().await?,
            });
        }
        Ok(figures)
    }

    async fn info(&self) -> Result<Figure> {
        ensure!(self.info.starts_with(b"{"), "/info is no object");
        let ceiling = self.ceiling(|_| Plan::Cycle(vec![get("/bare", None)])).await?;
        let anchor = self.anchor(|_| Plan::Cycle(vec![get("/sep24/info", None)])).await?;
        Ok(Figure { name: "GET /info", anchor, ceiling: Some(ceiling) })
    }

    async fn challenge(&self) -> Result<Figure> {
        let ceiling = self.ceiling(|_| Plan::Cycle(vec![get("/build", None)])).await?;
        let path = |key: &SigningKey| format!("/auth?account={}", key.account());
        let anchor = self.anchor(|at| {
            Plan::Cycle(self.keys.get(at).map(|key| get(&path(key), None)).into_iter().collect())
        });
        Ok(Figure { name: "GET /auth (challenge)", anchor: anchor.await?, ceiling: Some(ceiling) })
    }

    /// Against the arithmetic alone, and against all that a login cannot do without.
    async fn token(&self) -> Result<[Figure; 2]> {
        let signed = self.signed(self.ceilings_at, "/build", &ceilings::client()).await?;
        let arithmetic = self.ceiling(|_| Plan::Cycle(vec![post("/verify", None, &signed)])).await?;
        let whole = self.ceiling(|_| Plan::Cycle(vec![post("/login", None, &signed)])).await?;
        // each challenge is good for one token: all are signed before the clock runs
        let each = usize::try_from(self.load.time.as_millis()).unwrap_or(usize::MAX) * TOKENS_PER_SECOND_MAX
            / 1_000
            / self.load.connections.max(1);
        let mut plans = Vec::new();
        for key in &self.keys {
            let path = format!("/auth?account={}", key.account());
            let mut requests = Vec::new();
            for _ in 0..each {
                requests.push(post("/auth", None, &self.signed(self.anchor.listen, &path, key).await?));
            }
            plans.push(Plan::Once(requests));
        }
        let anchor = self.measure(self.anchor.listen, &self.server, plans).await?;
        Ok([
            Figure { name: "POST /auth (token)", anchor: anchor.clone(), ceiling: Some(arithmetic) },
            Figure { name: "POST /auth (token), with ledger and commit", anchor, ceiling: Some(whole) },
        ])
    }

    async fn transaction(&self) -> Result<Figure> {
        let token = ceilings::token(&self.keys.first().context("a key")?.account().to_string())?;
        let ids = |at: usize| (0..fill::ROWS_OF_ACCOUNT).map(move |row| (at, row));
        let ceiling = self.ceiling(|at| {
            let step = ceilings::ROWS / 127;
            let number = |(at, row): (usize, usize)| {
                u64::try_from(at * fill::ROWS_OF_ACCOUNT + row).unwrap_or_default() * step % ceilings::ROWS
            };
            let path = |id| format!("/row?id={}", ceilings::row_id(number(id)));
            Plan::Cycle(ids(at).map(|id| get(&path(id), Some(&token))).collect())
        });
        let ceiling = ceiling.await?;
        let anchor = self.anchor(|at| {
            let token = self.token_of(at);
            let path = |(at, row)| format!("/sep24/transaction?id={}", fill::row_id(at, row));
            Plan::Cycle(ids(at).map(|id| get(&path(id), token)).collect())
        });
        Ok(Figure { name: "GET /transaction", anchor: anchor.await?, ceiling: Some(ceiling) })
    }

    async fn transactions(&self) -> Result<Figure> {
        let path = format!("/sep24/transactions?asset_code=TEST&limit={}", fill::ROWS_OF_ACCOUNT);
        let request = get(&path, self.tokens.first().map(String::as_str));
        let list: serde_json::Value = serde_json::from_slice(&ask_once(self.anchor.listen, &request).await?)?;
        let count = list["transactions"].as_array().map(Vec::len);
        ensure!(count == Some(fill::ROWS_OF_ACCOUNT), "not a hundred transactions but {count:?}");
        let anchor = self.anchor(|at| Plan::Cycle(vec![get(&path, self.token_of(at))]));
        Ok(Figure { name: "GET /transactions (100)", anchor: anchor.await?, ceiling: None })
    }

    async fn interactive(&self) -> Result<Figure> {
        let body = r#"{"asset_code":"TEST","amount":"100"}"#;
        let ceiling = self.ceiling(|_| Plan::Cycle(vec![post("/commit", None, body)])).await?;
        let path = "/sep24/transactions/deposit/interactive";
        let anchor = self.anchor(|at| Plan::Cycle(vec![post(path, self.token_of(at), body)]));
        Ok(Figure { name: "POST interactive", anchor: anchor.await?, ceiling: Some(ceiling) })
    }

    fn token_of(&self, connection: usize) -> Option<&str> {
        self.tokens.get(connection).map(String::as_str)
    }

    /// The body that answers a fresh challenge of this path.
    async fn signed(&self, server: SocketAddr, path: &str, key: &SigningKey) -> Result<String> {
        let challenge = ask_once(server, &get(path, None)).await?;
        let challenge: ceilings::Challenge = serde_json::from_slice(&challenge)?;
        let network = &self.client.toml.network;
        ensure!(challenge.network_passphrase == network.passphrase(), "another network");
        let signed = crate::web::sign(&challenge.transaction, network, &[key])?;
        Ok(serde_json::json!({ "transaction": signed }).to_string())
    }

    async fn anchor(&self, plan: impl Fn(usize) -> Plan) -> Result<Measured> {
        self.measure(self.anchor.listen, &self.server, (0..self.load.connections).map(plan).collect()).await
    }

    async fn ceiling(&self, plan: impl Fn(usize) -> Plan) -> Result<Measured> {
        self.measure(self.ceilings_at, &self.ceilings, (0..self.load.connections).map(plan).collect()).await
    }

    async fn measure(&self, address: SocketAddr, server: &Child, plans: Vec<Plan>) -> Result<Measured> {
        let server = id(server)?;
        let before = Arc::new(OnceLock::new());
        let begin = {
            let before = Arc::clone(&before);
            move || {
                before.get_or_init(|| process::cpu_time(server).unwrap_or_default());
            }
        };
        let sample = client::run(address, plans, self.load.time, begin).await?;
        let cpu = process::cpu_time(server)?.saturating_sub(before.get().copied().unwrap_or_default());
        Ok(Measured { sample, cpu })
    }
}

/// More than are given out: so many challenges are signed beforehand for each second.
const TOKENS_PER_SECOND_MAX: usize = 4_000;

/// Starts a server of the anchor and waits for its first answer.
async fn started(anchor: &AnchorProgram, command: &str) -> Result<Child> {
    // what it logs is written, as in production, but not to our terminal
    let server = anchor.command(&[command]).stdout(Stdio::null()).stderr(Stdio::null()).spawn()?;
    answers(anchor.listen, "/sep24/info").await?;
    Ok(server)
}

async fn answers(server: SocketAddr, path: &str) -> Result<()> {
    let answered = async {
        while ask_once(server, &get(path, None)).await.is_err() {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    tokio::time::timeout(START_MAX, answered).await.with_context(|| format!("{server}{path} does not answer"))
}

/// The median time from the start of the program to its first answer.
async fn start_up(anchor: &AnchorProgram) -> Result<Duration> {
    let mut times = Vec::new();
    for _ in 0..STARTS {
        let began = Instant::now();
        let mut server = started(anchor, "serve").await?;
        times.push(began.elapsed());
        server.kill().await?;
    }
    times.sort_unstable();
    times.get(STARTS / 2).copied().context("a median")
}

fn id(process: &Child) -> Result<u32> {
    process.id().context("the server ended by itself")
}

fn get(path: &str, token: Option<&str>) -> Vec<u8> {
    format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n{}\r\n", authorization(token)).into_bytes()
}

fn post(path: &str, token: Option<&str>, body: &str) -> Vec<u8> {
    with_body("POST", path, token, body)
}

fn put(path: &str, token: Option<&str>, body: &str) -> Vec<u8> {
    with_body("PUT", path, token, body)
}

fn with_body(method: &str, path: &str, token: Option<&str>, body: &str) -> Vec<u8> {
    format!(
        "{method} {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: {}\r\n{}\r\n{body}",
        body.len(),
        authorization(token)
    )
    .into_bytes()
}

fn authorization(token: Option<&str>) -> String {
    token.map(|token| format!("Authorization: Bearer {token}\r\n")).unwrap_or_default()
}
