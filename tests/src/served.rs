//! An anchor behind a real socket, for what only a connection shows.

use std::net::{SocketAddr, TcpListener};
use std::time::Duration;

use anchor_web::Web;
use anyhow::{Context as _, Result, ensure};
use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

/// Longer than any limit of a server's own: reaching it is a failure.
const PATIENCE: Duration = Duration::from_secs(30);

/// A server with nothing but the anchor on it.
#[derive(Debug)]
#[non_exhaustive]
pub struct Served {
    /// Where it listens.
    pub address: SocketAddr,
    stop: oneshot::Sender<()>,
    server: JoinHandle<std::io::Result<()>>,
}

impl Served {
    /// Starts it on a free port.
    ///
    /// # Errors
    /// When there is none.
    pub fn start(web: &Web) -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let address = listener.local_addr()?;
        let (stop, stopped) = oneshot::channel::<()>();
        let shutdown = async move { stopped.await.unwrap_or_default() };
        let server = actix_web::rt::spawn(anchor_web::serve(web.clone(), listener, shutdown));
        Ok(Self { address, stop, server })
    }

    /// Sends these bytes and not one more, then reads until the server closes the connection.
    ///
    /// # Errors
    /// When it does not close it, or breaks it without an answer.
    pub async fn exchange(&self, bytes: &[u8]) -> Result<Reply> {
        let mut connection = TcpStream::connect(self.address).await?;
        // a server that has heard enough may close before it has taken everything
        let _ = connection.write_all(bytes).await;
        let mut answer = Vec::new();
        let read = tokio::time::timeout(PATIENCE, connection.read_to_end(&mut answer)).await;
        let read = read.context("the connection was not closed")?;
        ensure!(read.is_ok() || !answer.is_empty(), "the connection was broken without an answer: {read:?}");
        Reply::read(&answer)
    }

    /// Stops it.
    ///
    /// # Errors
    /// When it does not stop, or failed.
    pub async fn stop(self) -> Result<()> {
        ensure!(self.stop.send(()).is_ok(), "it has ended already");
        Ok(tokio::time::timeout(PATIENCE, self.server).await???)
    }
}

/// One answer as it stood on the wire.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Reply {
    /// The HTTP status.
    pub status: u16,
    /// Status line and headers, in lower case.
    pub head: String,
    /// The rest, further answers included.
    pub rest: String,
}

impl Reply {
    fn read(bytes: &[u8]) -> Result<Self> {
        let text = String::from_utf8_lossy(bytes);
        let (head, rest) = text.split_once("\r\n\r\n").with_context(|| format!("no answer: {text:?}"))?;
        let status = head.split(' ').nth(1).context("a status")?.parse()?;
        Ok(Self { status, head: head.to_ascii_lowercase(), rest: rest.to_owned() })
    }

    /// The text of a SEP error.
    ///
    /// # Errors
    /// When the answer is none that wallets understand, on any origin.
    pub fn error(&self) -> Result<String> {
        ensure!(
            self.head.contains("\r\naccess-control-allow-origin: *"),
            "not open to all origins: {self:?}"
        );
        let body: Value = serde_json::from_str(&self.rest).with_context(|| format!("{self:?}"))?;
        Ok(body["error"].as_str().context("an error text")?.to_owned())
    }
}
