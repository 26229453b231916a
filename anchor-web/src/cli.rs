//! The `serve` subcommand for the integrator's own binary (feature `cli`).

use std::net::{SocketAddr, TcpListener};

use clap::Args;

use crate::serve::serve;
use crate::state::Web;

/// Arguments of a `serve` subcommand.
///
/// ```
/// #[derive(clap::Subcommand)]
/// enum Command {
///     /// Serve wallets and users
///     Serve(anchor_web::cli::ServeArgs),
/// }
/// ```
#[derive(Debug, Clone, Args)]
#[non_exhaustive]
pub struct ServeArgs {
    /// Address and port to listen on
    #[arg(long, env = "LISTEN", default_value = "127.0.0.1:8000")]
    pub listen: SocketAddr,
    /// Address and port for `GET /metrics` of this server; nothing is served if absent. Not for the public
    #[arg(long, env = "METRICS_LISTEN")]
    pub metrics_listen: Option<SocketAddr>,
}

impl ServeArgs {
    /// Serves until the process is interrupted or terminated, then lets open requests finish.
    ///
    /// # Errors
    /// The address is taken, or the listener fails.
    pub async fn run(self, web: Web) -> std::io::Result<()> {
        let listener = self.bind()?;
        let Some(address) = self.metrics_listen else { return serve(web, listener, interrupted()).await };
        let metrics = TcpListener::bind(address)?;
        tracing::info!(listen = %address, "metrics");
        let metrics = anchor_core::metrics::serve(web.metrics(), metrics);
        tokio::select! {
            ended = serve(web, listener, interrupted()) => ended,
            failed = metrics => failed,
        }
    }

    /// Takes the address, for those who serve themselves with [`serve`].
    ///
    /// # Errors
    /// The address is taken or not ours.
    pub fn bind(&self) -> std::io::Result<TcpListener> {
        let listener = TcpListener::bind(self.listen)?;
        tracing::info!(listen = %self.listen, "listening");
        Ok(listener)
    }
}

/// Ctrl-C, and on Unix also the signal by which process managers ask to end.
async fn interrupted() {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let Ok(mut terminate) = signal(SignalKind::terminate()) {
            tokio::select! {
                _ = tokio::signal::ctrl_c() => {}
                _ = terminate.recv() => {}
            }
            return;
        }
    }
    if let Err(error) = tokio::signal::ctrl_c().await {
        tracing::error!(%error, "signals cannot be listened to: stop the process instead");
        std::future::pending::<()>().await;
    }
}
