//! What all endpoints share, and how it is mounted.

use std::sync::OnceLock;

use actix_web::web::{self, ServiceConfig};
use anchor_core::Anchor;
use anchor_core::config::Sep;
use anchor_core::http::GuardError;
use anchor_core::metrics::Metrics;

use crate::health::Probes;
use crate::interactive::{Pages, PagesError};
use crate::limits::Limits;
use crate::links::Links;
use crate::mounts::Mount;
use crate::requests::Requests;
use crate::sep1::{StellarToml, TomlError};
use crate::tokens::Tokens;
use crate::wallet_domains::WalletDomains;
use crate::{openapi, sep6, sep10, sep24, sep31, sep38, sep45};

/// The web side of an anchor, ready to be mounted. Clones share everything.
#[derive(Debug, Clone)]
pub struct Web {
    state: web::Data<WebState>,
}

/// The anchor cannot be served as it is configured.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WebError {
    /// stellar.toml would not be what wallets need.
    #[error("stellar.toml cannot be published")]
    Toml(#[from] TomlError),
    /// Nobody could log in.
    #[error("there is no key for tokens: set SERVER_JWT_KEY")]
    NoTokenKey,
    /// Wallets' domains could not be looked up.
    #[error("the client for wallets' servers cannot be set up")]
    Client(#[from] GuardError),
    /// The files that change the hosted pages cannot be used.
    #[error("the hosted pages cannot be served")]
    Pages(#[from] PagesError),
    /// Deposits, withdrawals, customers, payments from other anchors and firm quotes need somebody to log in.
    #[error("SEP-6, SEP-12, SEP-24, SEP-31 and SEP-38 need SEP-1 and SEP-10: add them to ACTIVE_SEPS")]
    NoAuthentication,
    /// Two things cannot be served at the same address.
    #[error("OPENAPI_PATH is or begins like the path of something else that is served here")]
    OpenApiPath,
}

/// Shared by the handlers.
#[derive(Debug)]
pub(crate) struct WebState {
    pub(crate) anchor: Anchor,
    pub(crate) tokens: Tokens,
    pub(crate) links: Links,
    pub(crate) limits: Limits,
    pub(crate) requests: Requests,
    pub(crate) probes: Probes,
    pub(crate) toml: StellarToml,
    pub(crate) info: web::Bytes,
    pub(crate) receive_info: web::Bytes,
    pub(crate) sep6_info: web::Bytes,
    pub(crate) quotes_info: web::Bytes,
    pub(crate) web_auth: sep10::WebAuth,
    pub(crate) contract_auth: sep45::ContractAuth,
    pub(crate) wallets: WalletDomains,
    pub(crate) pages: Pages,
    pub(crate) openapi: OnceLock<web::Bytes>,
}

impl Web {
    /// Prepares what is served; nothing is mounted or listened to yet.
    ///
    /// # Errors
    /// What is wrong with the configuration; see [`WebError`].
    pub fn new(anchor: Anchor) -> Result<Self, WebError> {
        let config = anchor.config();
        if config.jwt_keys.is_empty() {
            return Err(WebError::NoTokenKey);
        }
        let deposits = anchor.speaks_by_api() || config.speaks(Sep::Sep24);
        let others = anchor.quote_desk().is_some() || anchor.customers().is_some() || anchor.receives();
        let needs_users = deposits || others;
        if needs_users && !(config.speaks(Sep::Sep1) && config.speaks(Sep::Sep10)) {
            return Err(WebError::NoAuthentication);
        }
        if config.openapi_path.as_deref().is_some_and(|path| openapi::is_taken(&anchor, path)) {
            return Err(WebError::OpenApiPath);
        }
        let state = WebState {
            tokens: Tokens::new(config),
            links: Links::new(config),
            limits: Limits::new(config),
            requests: Requests::new(),
            probes: Probes::default(),
            toml: StellarToml::new(&anchor)?,
            info: sep24::info_document(&anchor),
            receive_info: sep31::info_document(&anchor),
            sep6_info: sep6::info_document(&anchor),
            quotes_info: sep38::info_document(&anchor),
            web_auth: sep10::WebAuth::new(config),
            contract_auth: sep45::ContractAuth::new(config),
            wallets: WalletDomains::new(config.local_mode)?,
            pages: Pages::load(&config.pages)?,
            openapi: OnceLock::new(),
            anchor,
        };
        Ok(Self { state: web::Data::new(state) })
    }

    /// The anchor behind it.
    pub fn anchor(&self) -> &Anchor {
        &self.state.anchor
    }

    /// What this server tells a Prometheus server, for [`anchor_core::metrics::serve`]. Not mounted by
    /// [`routes`](Self::routes): it is not for the public.
    pub fn metrics(&self) -> Metrics {
        Metrics::new(self.anchor().clone()).with(self.state.requests.clone())
    }

    /// Mounts the endpoints of the active SEPs on an App: `App::new().configure(web.routes())`. Cheap, for every
    /// worker thread anew.
    pub fn routes(&self) -> impl FnOnce(&mut ServiceConfig) + use<> {
        let state = self.state.clone();
        move |app| {
            Mount::all(&state.anchor).for_each(|mount| mount.routes(app, &state.anchor));
            app.app_data(state);
        }
    }
}
