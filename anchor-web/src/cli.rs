//! The `serve` subcommand for the integrator's own binary (feature `cli`).

use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4, TcpListener};

use anchor_core::cli::{Flags, Settings};
use anchor_core::config::ConfigError;
use clap::Args;

use crate::serve::serve;
use crate::state::Web;

/// Unless a flag or the settings say something else.
const LISTEN: SocketAddr = SocketAddr::V4(SocketAddrV4::new(Ipv4Addr::LOCALHOST, 8000));

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
    /// Address and port to listen on (setting LISTEN) (default: 127.0.0.1:8000)
    #[arg(long)]
    pub listen: Option<SocketAddr>,
    /// Address and port for `GET /metrics` of this server; nothing is served if absent. Not for the public (setting
    /// METRICS_LISTEN)
    #[arg(long)]
    pub metrics_listen: Option<SocketAddr>,
}

/// Why a server does not run.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ServeError {
    /// The settings.
    #[error(transparent)]
    Settings(#[from] ConfigError),
    /// The address is taken, or not ours.
    #[error("{address} cannot be listened on; {setting} says where")]
    Listen {
        /// Which one.
        address: SocketAddr,
        /// The setting that says so, or would say something else.
        setting: &'static str,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The listener failed.
    #[error("the server cannot go on")]
    Serve(#[source] std::io::Error),
}

impl ServeArgs {
    /// Serves until the process is interrupted or terminated, then lets open requests finish. What no flag says, the
    /// settings do.
    ///
    /// # Errors
    /// See [`ServeError`].
    pub async fn run(self, settings: &Settings, web: Web) -> Result<(), ServeError> {
        let addresses = self.addresses(settings)?;
        let listener = bind(addresses.listen, "LISTEN")?;
        let served = async { serve(web.clone(), listener, interrupted()).await.map_err(ServeError::Serve) };
        let Some(address) = addresses.metrics else { return served.await };
        let metrics = listener_of(address, "METRICS_LISTEN")?;
        tracing::info!(listen = %address, "metrics");
        let metrics = anchor_core::metrics::serve(web.metrics(), metrics);
        tokio::select! {
            ended = served => ended,
            failed = metrics => failed.map_err(ServeError::Serve),
        }
    }

    /// Takes the address, for those who serve themselves with [`serve`].
    ///
    /// # Errors
    /// The settings are wrong; the address is taken or not ours.
    pub fn bind(&self, settings: &Settings) -> Result<TcpListener, ServeError> {
        bind(self.addresses(settings)?.listen, "LISTEN")
    }

    fn addresses(&self, settings: &Settings) -> Result<Addresses, ConfigError> {
        let mut flags = Flags::new(settings);
        let addresses = Addresses {
            listen: flags.address(self.listen, "LISTEN").unwrap_or(LISTEN),
            metrics: flags.address(self.metrics_listen, "METRICS_LISTEN"),
        };
        flags.check().map(|()| addresses)
    }
}

/// Where this server listens.
struct Addresses {
    listen: SocketAddr,
    metrics: Option<SocketAddr>,
}

fn bind(address: SocketAddr, setting: &'static str) -> Result<TcpListener, ServeError> {
    let listener = listener_of(address, setting)?;
    tracing::info!(listen = %address, "listening");
    Ok(listener)
}

fn listener_of(address: SocketAddr, setting: &'static str) -> Result<TcpListener, ServeError> {
    TcpListener::bind(address).map_err(|source| ServeError::Listen { address, setting, source })
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

#[cfg(test)]
mod tests {
    use super::*;

    const NOWHERE: ServeArgs = ServeArgs { listen: None, metrics_listen: None };

    fn settings(folder: &tempfile::TempDir, text: &str) -> Settings {
        let path = folder.path().join(".env");
        std::fs::write(&path, text).unwrap();
        Settings::load(path).unwrap()
    }

    #[test]
    fn every_setting_of_a_server_is_read_from_the_file_alone_and_a_flag_goes_first() {
        let folder = tempfile::tempdir().unwrap();
        let settings = settings(&folder, "LISTEN=127.0.0.1:81\nMETRICS_LISTEN=127.0.0.1:82\n");
        let addresses = NOWHERE.addresses(&settings).unwrap();
        assert_eq!((addresses.listen.port(), addresses.metrics.unwrap().port()), (81, 82));
        let flag = ServeArgs { listen: Some(([127, 0, 0, 1], 83).into()), ..NOWHERE };
        assert_eq!(flag.addresses(&settings).unwrap().listen.port(), 83);
    }

    #[test]
    fn without_settings_the_server_listens_for_this_machine_only() {
        let folder = tempfile::tempdir().unwrap();
        let addresses = NOWHERE.addresses(&settings(&folder, "")).unwrap();
        assert_eq!((addresses.listen, addresses.metrics), (LISTEN, None));
    }

    #[test]
    fn address_that_is_taken_is_named_with_its_setting() {
        let folder = tempfile::tempdir().unwrap();
        let taken = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = taken.local_addr().unwrap().to_string();
        let settings = settings(&folder, &format!("LISTEN={address}\n"));
        let error = NOWHERE.bind(&settings).unwrap_err().to_string();
        assert!(error.contains(&address) && error.contains("LISTEN"), "{error}");
        let wrong = self::settings(&folder, "LISTEN=8000\nMETRICS_LISTEN=here\n");
        let error = NOWHERE.bind(&wrong).unwrap_err().to_string();
        assert!(error.contains("METRICS_LISTEN: should be address and port"), "{error}");
    }
}
