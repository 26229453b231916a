//! From a view to HTML. Templates end in `.html`, so that everything in them is escaped.

use std::sync::LazyLock;

use actix_web::HttpResponse;
use actix_web::http::{StatusCode, header};
use serde::Serialize;
use tera::{Context, Tera};

use super::assets;
use super::messages::Language;

#[expect(clippy::expect_used, reason = "the templates are part of the binary, and tests render each of them")]
static TEMPLATES: LazyLock<Tera> = LazyLock::new(|| {
    let mut tera = Tera::default();
    tera.add_raw_templates([
        ("base.html", include_str!("../../templates/base.html")),
        ("field.html", include_str!("../../templates/field.html")),
        ("form.html", include_str!("../../templates/form.html")),
        ("notice.html", include_str!("../../templates/notice.html")),
        ("rows.html", include_str!("../../templates/rows.html")),
        ("status.html", include_str!("../../templates/status.html")),
    ])
    .expect("the templates can be parsed");
    tera
});

/// What is the same on all pages of a visitor.
#[derive(Debug, Clone, Copy)]
pub(super) struct Frame<'a> {
    pub(super) language: &'a Language,
    /// Whose pages these are.
    pub(super) org_name: &'a str,
}

/// A whole page. The headers that go with it come from the guard around all pages.
pub(super) fn page(
    status: StatusCode,
    template: &'static str,
    frame: Frame<'_>,
    view: &impl Serialize,
) -> HttpResponse {
    let mut context = Context::new();
    let language = frame.language;
    context.insert("t", language.messages);
    context.insert("lang", language.messages.tag());
    context.insert("dir", language.messages.text("_dir"));
    context.insert("org_name", frame.org_name);
    context.insert("style_url", assets::style_url());
    context.insert("script_url", assets::script_url());
    context.insert("view", view);
    match TEMPLATES.render(template, &context) {
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
