//! HAL: links, pages and the JSON answers.

use actix_web::HttpResponse;
use serde_json::{Value, json};

use super::{
    call::Call,
    query::{Order, Page},
};

const PAGING: &str = "{?cursor,limit,order}";

/// A link to a path of this server, marked as a template where it is one.
pub(crate) fn link(base: &str, path: &str) -> Value {
    let href = format!("{base}{path}");
    if path.contains('{') { json!({ "href": href, "templated": true }) } else { json!({ "href": href }) }
}

/// A templated link to a listing.
pub(crate) fn paged_link(base: &str, path: &str) -> Value {
    link(base, &format!("{path}{PAGING}"))
}

/// A record of a listing and its paging token.
#[derive(Debug, Clone)]
pub(crate) struct Record {
    pub(crate) token: String,
    pub(crate) body: Value,
}

impl Record {
    /// Takes the token from the body's own `paging_token`.
    pub(crate) fn new(body: Value) -> Self {
        Self { token: body["paging_token"].as_str().unwrap_or_default().to_owned(), body }
    }
}

/// One object.
pub(crate) fn object(body: &Value) -> HttpResponse {
    HttpResponse::Ok().content_type("application/hal+json; charset=utf-8").body(body.to_string())
}

/// A page of records with links to itself, the next and the previous one.
pub(crate) fn page(call: &Call, page: &Page, records: Vec<Record>) -> HttpResponse {
    let cursor = page.cursor.as_deref().unwrap_or_default();
    let first = records.first().map_or(cursor, |record| &record.token);
    let last = records.last().map_or(cursor, |record| &record.token);
    let href = |cursor: &str, order: Order| json!({ "href": page_url(call, cursor, order, page.limit) });
    object(&json!({
        "_links": {
            "self": href(cursor, page.order),
            "next": href(last, page.order),
            "prev": href(first, page.order.inverted()),
        },
        "_embedded": { "records": records.iter().map(|record| &record.body).collect::<Vec<_>>() },
    }))
}

/// Records without paging.
pub(crate) fn records(records: Vec<Value>) -> HttpResponse {
    object(&json!({ "_embedded": { "records": records } }))
}

fn page_url(call: &Call, cursor: &str, order: Order, limit: usize) -> String {
    let own = ["cursor", "order", "limit"];
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    query.extend_pairs(call.query.pairs().iter().filter(|(key, _)| !own.contains(&key.as_str())));
    query.append_pair("cursor", cursor);
    query.append_pair("limit", &limit.to_string());
    query.append_pair("order", order.name());
    format!("{}{}?{}", call.base, call.path, query.finish())
}
