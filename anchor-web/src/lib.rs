//! Mounts the SEP endpoints and hosted pages of a Stellar anchor on an actix-web App.
//!
//! ```no_run
//! # async fn run(anchor: anchor_core::Anchor) -> Result<(), Box<dyn std::error::Error>> {
//! use actix_web::{App, HttpServer};
//!
//! let web = anchor_web::Web::new(anchor)?;
//! HttpServer::new(move || App::new().configure(web.routes())).bind("127.0.0.1:8000")?.run().await?;
//! # Ok(())
//! # }
//! ```
//!
//! The App may serve anything else besides. Paths are fixed, because wallets remember them:
//! `/.well-known/stellar.toml`, `/auth`, `/sep24/…` and `/health`.

mod auth;
#[cfg(feature = "cli")]
pub mod cli;
mod config;
mod documents;
mod error;
mod extract;
mod health;
mod interactive;
mod links;
mod middleware;
mod sep1;
mod sep10;
mod sep24;
mod serve;
mod state;
mod tokens;
mod wire;

pub use documents::{Documents, documents};
pub use sep1::TomlError;
pub use serve::serve;
pub use state::{Web, WebError};
