//! From a view to HTML.

use actix_web::HttpResponse;
use actix_web::http::{StatusCode, header};
use serde::Serialize;
use tera::Context;

use super::messages::Language;
use super::pages::Pages;
use crate::state::WebState;

/// What is the same on all pages of a visitor.
#[derive(Debug, Clone, Copy)]
pub(super) struct Frame<'a> {
    pub(super) language: &'a Language,
    /// Whose pages these are.
    org_name: &'a str,
    pages: &'a Pages,
}

impl<'a> Frame<'a> {
    pub(super) fn new(state: &'a WebState, language: &'a Language) -> Self {
        Self { language, org_name: &state.anchor.config().org_name, pages: &state.pages }
    }
}

/// A whole page. The headers that go with it come from the guard around all pages.
pub(super) fn page(
    status: StatusCode,
    template: &'static str,
    frame: Frame<'_>,
    view: &impl Serialize,
) -> HttpResponse {
    let mut context = Context::new();
    let (messages, pages) = (&frame.language.messages, frame.pages);
    let urls = pages.assets.urls();
    context.insert("t", messages.as_ref());
    context.insert("lang", messages.tag());
    context.insert("dir", messages.text("_dir"));
    context.insert("org_name", frame.org_name);
    context.insert("logo_url", &pages.logo.as_deref().and_then(|name| urls.get(name)));
    context.insert("style_url", &urls.get("pages.css"));
    context.insert("script_url", &urls.get("pages.js"));
    context.insert("assets", &urls);
    context.insert("view", view);
    match pages.render(template, &context) {
        Ok(html) => HttpResponse::build(status)
            .insert_header((header::CONTENT_TYPE, "text/html; charset=utf-8"))
            .insert_header((header::VARY, "Accept-Language"))
            .body(html),
        Err(error) => {
            tracing::error!(template, "a template cannot be rendered: {error}");
            HttpResponse::InternalServerError().finish()
        }
    }
}
