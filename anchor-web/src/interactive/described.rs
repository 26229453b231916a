//! The hosted pages, described: what they show is for people, and may be another text tomorrow.

use actix_web::http::StatusCode;
use serde_json::{Value, json};

use super::form_view::PriceView;
use super::{assets, csrf, flow, more_info, own_pages, session};
use crate::config::{INTERACTIVE_PATH, MORE_INFO_PATH};
use crate::documents::DocumentWire;
use crate::error::Body as ErrorBody;
use crate::openapi::{Body, Description, Operation, Who, of, shapes};

/// The cookie that a browser gets for the token in its address.
pub(crate) fn security() -> Value {
    json!({ "type": "apiKey", "in": "cookie", "name": session::COOKIE, "description": "A browser that opened the flow" })
}

pub(crate) fn describe(api: &mut Description<'_>) {
    let flow = format!("{INTERACTIVE_PATH}/{{id}}");
    let show = visit(of(flow::show))
        .about("The flow: first with a token, then the page that is due")
        .in_query::<String>("token", "From the address that the wallet opens; once")
        .in_query::<String>("callback", "Where the wallet wants to hear of the end, or `postMessage`")
        .in_query::<String>(
            "on_change_callback",
            "Where the wallet wants to hear of changes, or `postMessage`",
        )
        .shows(StatusCode::OK, "The page");
    let submit = visit(of(flow::submit))
        .about("One page, filled in")
        .takes(Body::Form)
        .may::<String>(csrf::FIELD, "From the page: says that the form is ours")
        .may::<String>(flow::PAGE_FIELD, "From the page: which one it is")
        .may_be(flow::STEP_FIELD, ["preview", "restart"], "A button that does not go on")
        .shows(StatusCode::OK, "The page with a price, or where to go on")
        .shows(StatusCode::UNPROCESSABLE_ENTITY, "The page again, with what is wrong")
        .shows(StatusCode::REQUEST_TIMEOUT, "The form did not arrive in time");
    let back = visit(of(own_pages::take_back))
        .about("The way back from the business's own pages")
        .in_query::<String>("token", "What came of the visit, signed by the pages")
        .shows(StatusCode::OK, "How the transaction stands");
    let preview = page(of(flow::preview))
        .about("What an amount would cost, for the page's script")
        .asks_who(Who::Visitor)
        .in_path::<shapes::Id>("id", ID)
        .in_query::<String>("amount", "As it was typed")
        .in_query::<String>("lang", LANG)
        .answers::<PriceView>(StatusCode::OK, "Rows for people")
        .answers_nothing(StatusCode::FORBIDDEN, "No cookie of this flow")
        .answers_nothing(StatusCode::NOT_FOUND, "Nothing is priced here")
        .answers_nothing(StatusCode::SERVICE_UNAVAILABLE, "Later");
    let info = page(of(more_info::show))
        .about("How a transaction stands, for whoever has the address")
        .in_query::<shapes::Id>("id", ID)
        .in_query::<String>("token", "From `more_info_url`")
        .in_query::<String>("lang", LANG)
        .shows(StatusCode::OK, "The transaction")
        .shows(StatusCode::FORBIDDEN, "The address is over, or was never ours")
        .shows(StatusCode::SERVICE_UNAVAILABLE, "Later");
    let asset = assets::CONTENT_TYPES.iter().fold(of(assets::serve), |operation, (_, content_type)| {
        let media = content_type.split(';').next().unwrap_or_default();
        operation.answers_as(StatusCode::OK, "The file", media, json!({}))
    });
    let asset = asset
        .about("Style, script and pictures of the pages")
        .in_path::<String>("hash", "Changes with the file")
        .in_path::<String>("name", "Which file")
        .answers_nothing(StatusCode::NOT_FOUND, "There is no such file");

    api.group("Pages", "The hosted pages of SEP-24, and what wallets link to")
        .closed("get", &flow, show)
        .closed("post", &flow, submit)
        .closed("get", &format!("{flow}/return"), back)
        .closed("get", &format!("{flow}/details"), details())
        .closed("get", &format!("{flow}/preview"), preview)
        .closed("get", MORE_INFO_PATH, info)
        .closed("get", &assets::path(), asset);
}

const ID: &str = "The transaction";
const LANG: &str = "The language";

/// A page of the flow.
fn visit(operation: Operation) -> Operation {
    page(operation)
        .asks_who(Who::Visitor)
        .in_path::<shapes::Id>("id", ID)
        .in_query::<String>("lang", LANG)
        .answers_nothing(StatusCode::SEE_OTHER, "Go on there")
        .with_header(StatusCode::SEE_OTHER, "Location", "Where")
        .shows(StatusCode::BAD_REQUEST, "What was sent cannot be used")
        .shows(StatusCode::FORBIDDEN, "No cookie of this flow, or a form that is none of ours")
        .shows(StatusCode::GONE, "The address was used, or it is too late")
        .shows(StatusCode::SERVICE_UNAVAILABLE, "Later")
}

/// What the guard around all pages adds.
fn page(operation: Operation) -> Operation {
    operation
        .shows(StatusCode::TOO_MANY_REQUESTS, "Too often: come back later")
        .with_header(StatusCode::TOO_MANY_REQUESTS, "Retry-After", "Seconds")
        .answers_nothing(StatusCode::INTERNAL_SERVER_ERROR, "Our own fault")
}

/// For a program, unlike the others.
fn details() -> Operation {
    page(of(own_pages::details))
        .about("What does not travel through the browser, for the business's own pages")
        .asks_who(Who::PagesServer)
        .in_path::<shapes::Id>("id", ID)
        .answers_with::<DocumentWire<'static>>(
            StatusCode::OK,
            "The transaction, and what the wallet said",
            "transaction",
            json!({
                "type": "object",
                "required": ["transaction", "request"],
                "properties": { "request": { "type": "object" } },
            }),
        )
        .answers::<ErrorBody<'static>>(StatusCode::FORBIDDEN, "Not theirs to ask")
        .answers::<ErrorBody<'static>>(StatusCode::SERVICE_UNAVAILABLE, "Later")
}
