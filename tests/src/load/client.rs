//! A client that costs as little as possible: it shares the machine with what it measures.
//!
//! It speaks just the HTTP/1.1 that actix answers: keep-alive and `Content-Length`.

use std::cell::Cell;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use futures_util::future::try_join_all;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// Not counted: caches fill, connections are made.
const WARM_UP: Duration = Duration::from_millis(500);
/// Far more than any answer's head.
const HEAD_MAX: usize = 16 * 1024;
/// Read at once.
const CHUNK: usize = 64 * 1024;

/// What each connection sends, in turn.
#[derive(Debug, Clone)]
pub(super) enum Plan {
    /// Again and again, until the time is over.
    Cycle(Vec<Vec<u8>>),
    /// Each once: the measurement ends when the time is over or the first connection has sent its last.
    Once(Vec<Vec<u8>>),
}

impl Plan {
    fn requests(&self) -> &[Vec<u8>] {
        match self {
            Self::Cycle(requests) | Self::Once(requests) => requests,
        }
    }
}

/// What came of it.
#[derive(Debug, Clone)]
pub(super) struct Sample {
    /// Answers that were no refusals.
    pub(super) answers: u64,
    /// From the first counted request to the last.
    pub(super) elapsed: Duration,
    /// Of each answer, sorted.
    latencies: Vec<Duration>,
}

impl Sample {
    /// Answers in a second.
    pub(super) fn per_second(&self) -> u64 {
        let micros = u64::try_from(self.elapsed.as_micros()).unwrap_or(u64::MAX).max(1);
        self.answers.saturating_mul(1_000_000) / micros
    }

    /// So many of a hundred answers came within this time.
    pub(super) fn percentile(&self, of_hundred: usize) -> Duration {
        let at = self.latencies.len().saturating_mul(of_hundred) / 100;
        self.latencies.get(at.min(self.latencies.len().saturating_sub(1))).copied().unwrap_or_default()
    }
}

/// Runs one plan a connection against the server, on a thread of its own. `begin` is called when counting begins.
///
/// # Errors
/// When an answer is a refusal.
pub(super) async fn run(
    address: SocketAddr,
    plans: Vec<Plan>,
    time: Duration,
    begin: impl FnOnce() + Send + 'static,
) -> Result<Sample> {
    tokio::task::spawn_blocking(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        runtime.block_on(all(address, &plans, time, begin))
    })
    .await?
}

async fn all(address: SocketAddr, plans: &[Plan], time: Duration, begin: impl FnOnce()) -> Result<Sample> {
    let mut connections = try_join_all(plans.iter().map(|_| Connection::open(address))).await?;
    if plans.iter().all(|plan| matches!(plan, Plan::Cycle(_))) {
        spell(&mut connections, plans, WARM_UP).await?;
    }
    begin();
    spell(&mut connections, plans, time).await
}

/// All connections at once, for a while.
async fn spell(connections: &mut [Connection], plans: &[Plan], time: Duration) -> Result<Sample> {
    let (started, over) = (Instant::now(), Cell::new(false));
    let work = connections.iter_mut().zip(plans).map(|(connection, plan)| {
        let over = &over;
        async move {
            let mut latencies = Vec::new();
            let mut at = 0;
            while !over.get() {
                let requests = plan.requests();
                let Some(request) = requests.get(at) else {
                    over.set(true);
                    break;
                };
                let sent = Instant::now();
                connection.ask(request).await?;
                latencies.push(sent.elapsed());
                at += 1;
                if at == requests.len() && matches!(plan, Plan::Cycle(_)) {
                    at = 0;
                }
                if started.elapsed() >= time {
                    over.set(true);
                }
            }
            anyhow::Ok(latencies)
        }
    });
    let mut latencies = try_join_all(work).await?.concat();
    let elapsed = started.elapsed();
    latencies.sort_unstable();
    Ok(Sample { answers: u64::try_from(latencies.len())?, elapsed, latencies })
}

/// Asks once, on a connection of its own.
///
/// # Errors
/// When the answer is a refusal, or there is none.
pub(super) async fn ask_once(address: SocketAddr, request: &[u8]) -> Result<Vec<u8>> {
    let mut connection = Connection::open(address).await?;
    connection.ask(request).await?;
    Ok(connection.body)
}

#[derive(Debug)]
struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
    body: Vec<u8>,
}

impl Connection {
    async fn open(address: SocketAddr) -> Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, buffer: vec![0; CHUNK], body: Vec::new() })
    }

    /// Sends a request and reads its answer to the end.
    async fn ask(&mut self, request: &[u8]) -> Result<()> {
        self.stream.write_all(request).await?;
        self.body.clear();
        let head = loop {
            self.more().await?;
            if let Some(end) = self.body.windows(4).position(|window| window == b"\r\n\r\n") {
                break end + 4;
            }
            ensure!(self.body.len() < HEAD_MAX, "the answer's head does not end");
        };
        let length = content_length(&self.body[..head])?;
        while self.body.len() < head + length {
            self.more().await?;
        }
        if !self.body.starts_with(b"HTTP/1.1 2") {
            bail!("refused: {}", String::from_utf8_lossy(&self.body));
        }
        self.body.drain(..head);
        Ok(())
    }

    async fn more(&mut self) -> Result<()> {
        let read = self.stream.read(&mut self.buffer).await?;
        ensure!(read > 0, "the server hung up");
        self.body.extend_from_slice(&self.buffer[..read]);
        Ok(())
    }
}

fn content_length(head: &[u8]) -> Result<usize> {
    let head = std::str::from_utf8(head)?;
    let mut headers = head.split("\r\n").filter_map(|line| line.split_once(':'));
    let length = headers.find(|(name, _)| name.eq_ignore_ascii_case("content-length"));
    let (_, length) = length.context("an answer without Content-Length")?;
    Ok(length.trim().parse()?)
}
