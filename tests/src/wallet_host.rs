//! The server of a wallet's domain, on this machine: it has a stellar.toml, or something that only looks like one.

use std::sync::{Arc, Mutex, PoisonError};

use anchor_core::account::AccountId;
use anyhow::Result;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio::sync::watch;

/// Answers every connection in the same way, until told otherwise. Ends when dropped.
#[derive(Debug)]
pub struct WalletHost {
    port: u16,
    /// Byte for byte; nothing, and the connection stays open, if absent.
    answer: Arc<Mutex<Option<String>>>,
    asked: watch::Receiver<u32>,
    server: tokio::task::JoinHandle<()>,
}

impl WalletHost {
    /// A wallet whose stellar.toml names this key.
    ///
    /// # Errors
    /// When there is no free port.
    pub async fn with_key(key: AccountId) -> Result<Self> {
        let host = Self::silent().await?;
        host.serve(&format!("SIGNING_KEY = \"{key}\"\n"));
        Ok(host)
    }

    /// A server that takes connections and never answers.
    ///
    /// # Errors
    /// When there is no free port.
    pub async fn silent() -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let port = listener.local_addr()?.port();
        let answer = Arc::new(Mutex::new(None::<String>));
        let (count, asked) = watch::channel(0);
        let shared = Arc::clone(&answer);
        let server = tokio::spawn(async move {
            while let Ok((mut socket, _)) = listener.accept().await {
                let shared = Arc::clone(&shared);
                count.send_modify(|count| *count += 1);
                tokio::spawn(async move {
                    let mut request = [0; 4096];
                    let _ = socket.read(&mut request).await;
                    let answer = shared.lock().unwrap_or_else(PoisonError::into_inner).clone();
                    match answer {
                        Some(answer) => drop(socket.write_all(answer.as_bytes()).await),
                        // until the other side gives up
                        None => drop(socket.read(&mut request).await),
                    }
                });
            }
        });
        Ok(Self { port, answer, asked, server })
    }

    /// From now on, this file.
    pub fn serve(&self, file: &str) {
        self.say("200 OK", file);
    }

    /// From now on, this status (and further header lines) with this body.
    pub fn say(&self, head: &str, body: &str) {
        let length = body.len();
        let text = format!("HTTP/1.1 {head}\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}");
        *self.answer.lock().unwrap_or_else(PoisonError::into_inner) = Some(text);
    }

    /// How a wallet writes it as `client_domain`.
    #[must_use]
    pub fn domain(&self) -> String {
        format!("localhost:{}", self.port)
    }

    /// How often it was asked.
    #[must_use]
    pub fn asked(&self) -> u32 {
        *self.asked.borrow()
    }

    /// Returns once it was asked this often.
    pub async fn wait_until_asked(&self, times: u32) {
        let mut asked = self.asked.clone();
        // an error is the end of the server, and of the test that waits
        let _ = asked.wait_for(|asked| *asked >= times).await;
    }
}

impl Drop for WalletHost {
    fn drop(&mut self) {
        self.server.abort();
    }
}
