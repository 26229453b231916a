//! The hosted pages: the flow that a wallet opens in a browser (SEP-24 §Interactive flow), and `more_info_url`.
//!
//! ```text
//! wallet ── /sep24/interactive/{id}?token=…&callback=… ──> the token is consumed, a cookie is set
//!        ── 303 ──> /sep24/interactive/{id} ── GET shows, POST takes, 303 ──> … ──> status and instructions
//! wallet ── /sep24/transaction/more_info?id=…&token=… ──> the same status, read-only, for whoever has the address
//! ```
//!
//! With pages of the business's own (`INTERACTIVE_UI_URL`) the form is theirs, and the rest stays as it is:
//!
//! ```text
//! ── 303 ──> /sep24/interactive/{id} ── 303 ──> their pages?token=hand-over ── … ──> {id}/return?token=return ── 303 ──> status
//! ```
//!
//! Everything works without JavaScript; with it, amounts are priced while they are typed, the status follows by
//! itself and the wallet's window is told. Nothing is loaded from another host.

use actix_web::middleware::from_fn;
use actix_web::web::{self, FormConfig, ServiceConfig};

use crate::config::{BODY_BYTES_MAX, INTERACTIVE_PATH, MORE_INFO_PATH};
use crate::observe::observed;

mod assets;
mod brand;
mod callbacks;
mod csrf;
mod described;
mod figures;
mod flow;
mod form_view;
mod guard;
mod messages;
mod more_info;
mod notice;
mod own_pages;
mod pages;
mod payment_request;
mod qr;
mod query;
mod render;
mod sent_form;
mod session;
mod status_view;

pub(crate) use described::{describe, security};
pub(crate) use messages::{Language, Languages, Messages};
pub(crate) use pages::Pages;
pub use pages::PagesError;

/// Mounts the pages. Not open to other origins, unlike the API beside them.
pub(crate) fn routes(app: &mut ServiceConfig) {
    let flow = format!("{INTERACTIVE_PATH}/{{id}}");
    app.service(
        web::resource(flow.as_str())
            .app_data(FormConfig::default().limit(BODY_BYTES_MAX))
            .route(web::get().to(flow::show))
            .route(web::post().to(flow::submit))
            .wrap(from_fn(guard::page))
            .wrap(from_fn(observed)),
    );
    app.service(
        web::resource(format!("{flow}/return"))
            .route(web::get().to(own_pages::take_back))
            .wrap(from_fn(guard::page))
            .wrap(from_fn(observed)),
    );
    app.service(
        web::resource(format!("{flow}/details"))
            .route(web::get().to(own_pages::details))
            .wrap(from_fn(guard::page))
            .wrap(from_fn(observed)),
    );
    app.service(
        web::resource(format!("{flow}/preview"))
            .route(web::get().to(flow::preview))
            .wrap(from_fn(guard::page))
            .wrap(from_fn(observed)),
    );
    app.service(
        web::resource(MORE_INFO_PATH)
            .route(web::get().to(more_info::show))
            .wrap(from_fn(guard::page))
            .wrap(from_fn(observed)),
    );
    app.service(web::resource(assets::path()).route(web::get().to(assets::serve)).wrap(from_fn(observed)));
}
