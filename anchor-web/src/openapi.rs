//! What is mounted, described for programs (OpenAPI 3.1): served where `OPENAPI_PATH` says, and nowhere without it.
//!
//! Each protocol describes its endpoints beside them, in `described.rs`. What an endpoint asks for and how it refuses
//! is said by the types of its handler ([`parts`]), and the shape of an answer by its wire type. By hand come the names
//! of parameters, which handlers read one by one, and what a status means.

use actix_web::HttpResponse;
use actix_web::http::{StatusCode, header};
use actix_web::web::{self, ServiceConfig};
use anchor_core::config::Sep;
use anchor_core::{Anchor, Config};
use serde_json::{Map, Value, json};

use crate::config::{SEP6_PATH, SEP12_PATH, SEP24_PATH, SEP31_PATH, SEP38_PATH};
use crate::error::SepError;
use crate::middleware::{Counted, open_resource};
use crate::mounts::Mount;
use crate::state::WebState;

mod operation;
mod parts;
mod refusals;
mod schemas;
pub(crate) mod shapes;

pub(crate) use operation::{Body, Operation, Who, of};
use schemas::Schemas;

const ABOUT: &str = "The endpoints of a Stellar anchor, as they are switched on here.\n\n\
    Every path of a SEP answers `OPTIONS` with 204, for pages of other origins (CORS), and methods that it does not have \
    with 405; both are left out below where nothing else is to be said. What is not described is not served to wallets: \
    metrics have an address of their own, which is not for the public.";

/// A document that is being written.
pub(crate) struct Description<'a> {
    pub(crate) anchor: &'a Anchor,
    paths: Map<String, Value>,
    schemas: Schemas,
    tags: Vec<Value>,
    tag: &'static str,
}

/// Whether other origins may read an answer, which also decides how a path refuses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Made with [`open_resource`].
    Open,
    /// Pages and probes.
    Closed,
}

impl<'a> Description<'a> {
    fn new(anchor: &'a Anchor) -> Self {
        let (paths, schemas) = (Map::new(), Schemas::default());
        Self { anchor, paths, schemas, tags: Vec::new(), tag: "" }
    }

    /// What follows belongs together.
    pub(crate) fn group(&mut self, tag: &'static str, about: &'static str) -> &mut Self {
        self.tag = tag;
        self.tags.push(json!({ "name": tag, "description": about }));
        self
    }

    /// An open endpoint's `GET` and `HEAD`.
    pub(crate) fn read(&mut self, path: &str, operation: Operation) -> &mut Self {
        self.add(path, &["get", "head"], operation, Kind::Open)
    }

    /// An open endpoint's other method, or a `GET` that has no `HEAD` beside it.
    pub(crate) fn open(&mut self, method: &'static str, path: &str, operation: Operation) -> &mut Self {
        self.add(path, &[method], operation, Kind::Open)
    }

    /// A method of what is not made for other origins.
    pub(crate) fn closed(&mut self, method: &'static str, path: &str, operation: Operation) -> &mut Self {
        self.add(path, &[method], operation, Kind::Closed)
    }

    fn add(&mut self, path: &str, methods: &[&'static str], operation: Operation, kind: Kind) -> &mut Self {
        let mut common: Map<_, _> = refusals::request_id().into_iter().collect();
        let mut operation = operation;
        operation = match kind {
            Kind::Open => {
                common.extend(refusals::open());
                operation
                    .refuses(&SepError::method_not_allowed(""))
                    .refuses(&SepError::too_many_requests(1))
                    .refuses(&SepError::internal())
            }
            Kind::Closed => operation
                .answers_nothing(StatusCode::METHOD_NOT_ALLOWED, "This path has other methods")
                .with_header(StatusCode::METHOD_NOT_ALLOWED, "Allow", "The methods that there are"),
        };
        self.schemas.append(std::mem::take(&mut operation.schemas));
        let item = self.paths.entry(path).or_insert_with(|| json!({}));
        for method in methods {
            let id = format!("{method}{path}");
            let id: Vec<_> = id.split(|letter: char| !letter.is_ascii_alphanumeric()).collect();
            let id = id.into_iter().filter(|word| !word.is_empty()).collect::<Vec<_>>().join("_");
            let (shown, body) = operation.as_json(&id, self.tag, &common, *method != "head");
            item[*method] = shown;
            if let Some((name, schema)) = body {
                self.schemas.insert(name, schema);
            }
        }
        self
    }

    /// The codes of assets that satisfy this, each once.
    pub(crate) fn codes(&self, wanted: impl Fn(&anchor_core::asset::Asset) -> bool) -> Vec<String> {
        let codes = self.anchor.assets().iter().filter(|asset| wanted(asset)).map(|asset| asset.id.code());
        let codes: std::collections::BTreeSet<_> = codes.collect();
        codes.into_iter().map(str::to_owned).collect()
    }

    fn finish(mut self) -> Value {
        self.schemas.shape::<crate::error::Body<'static>>();
        let config = self.anchor.config();
        json!({
            "openapi": "3.1.0",
            "info": { "title": config.org_name, "version": env!("CARGO_PKG_VERSION"), "description": ABOUT },
            "servers": [{ "url": config.host_url() }],
            "tags": self.tags,
            "paths": self.paths,
            "components": {
                "schemas": self.schemas.into_json(),
                "responses": refusals::responses(),
                "securitySchemes": security(config),
            },
        })
    }
}

/// Ways to say who asks.
fn security(config: &Config) -> Value {
    let bearer = |about: &str| json!({ "type": "http", "scheme": "bearer", "bearerFormat": "JWT", "description": about });
    let mut schemes = json!({});
    if config.speaks(Sep::Sep10) {
        schemes["sep10"] = bearer("A token of `/auth` (SEP-10)");
        schemes["sep10_request"] =
            bearer("The request, signed by the account or by the wallet's domain (SEP-10)");
    }
    if config.interactive_ui.is_some() {
        schemes["pages_server"] = bearer("Signed with `INTERACTIVE_UI_KEY`");
    }
    if config.speaks(Sep::Sep24) || config.speaks(Sep::Sep6) {
        schemes["visit"] = crate::interactive::security();
    }
    schemes
}

/// The whole document.
pub(crate) fn document(anchor: &Anchor) -> web::Bytes {
    let mut api = Description::new(anchor);
    Mount::all(anchor).for_each(|mount| mount.describe(&mut api));
    // texts and flags: there is nothing that could fail
    serde_json::to_vec(&api.finish()).unwrap_or_default().into()
}

pub(crate) fn routes(app: &mut ServiceConfig, config: &Config) {
    let Some(path) = &config.openapi_path else { return };
    app.service(
        open_resource(path, "GET, HEAD, OPTIONS", Counted::Here)
            .route(web::get().to(serve))
            .route(web::head().to(serve)),
    );
}

/// Written when somebody asks for it the first time.
async fn serve(state: web::Data<WebState>) -> HttpResponse {
    let document = state.openapi.get_or_init(|| document(&state.anchor));
    HttpResponse::Ok()
        .content_type("application/json")
        .insert_header((header::CACHE_CONTROL, "public, max-age=60"))
        .body(document.clone())
}

pub(crate) fn describe(api: &mut Description<'_>) {
    let Some(path) = api.anchor.config().openapi_path.clone() else { return };
    let document = json!({ "type": "object", "required": ["openapi", "info", "paths"] });
    api.group("OpenAPI", "This document").read(
        &path,
        of(serve).about("This document").answers_as(
            StatusCode::OK,
            "The description of everything that is served here",
            "application/json",
            document,
        ),
    );
}

/// Whether something else is served there.
pub(crate) fn is_taken(anchor: &Anchor, path: &str) -> bool {
    let mut api = Description::new(anchor);
    Mount::all(anchor).filter(|mount| *mount != Mount::OpenApi).for_each(|mount| mount.describe(&mut api));
    // a scope answers for everything below its own path
    let first = |path: &str| format!("/{}", path.split('/').nth(1).unwrap_or_default());
    let scopes = [SEP6_PATH, SEP12_PATH, SEP24_PATH, SEP31_PATH, SEP38_PATH];
    api.paths.contains_key(path) || scopes.contains(&first(path).as_str())
}
