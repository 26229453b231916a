//! What every handler gets to know of its request.

use std::{
    future::{Ready, ready},
    sync::Arc,
};

use actix_web::{FromRequest, HttpMessage, HttpRequest, HttpResponse, dev::Payload, http::header, web};

use super::{problem::Problem, query::Query};
use crate::{core::Core, faults::Verdict, replica::View};

/// What handlers return.
pub(crate) type Answer = Result<HttpResponse, Problem>;

/// A request, and the network as it shall see it.
#[derive(Debug, Clone)]
pub(crate) struct Call {
    pub(crate) core: Arc<Core>,
    /// `http://host:port`, as the client addressed this server.
    pub(crate) base: String,
    pub(crate) path: String,
    pub(crate) query: Query,
    pub(crate) view: View,
    pub(crate) last_event_id: Option<String>,
    pub(crate) format: Format,
    pub(crate) verdict: Verdict,
}

/// What the client accepts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    Json,
    EventStream,
    Raw,
    Other,
}

impl Call {
    fn from_parts(request: &HttpRequest) -> Result<Self, Problem> {
        let core = request.app_data::<web::Data<Core>>().map(|core| Arc::clone(core));
        let core = core.ok_or_else(Problem::not_found)?;
        let verdict = request.extensions().get::<Verdict>().cloned().unwrap_or_default();
        let connection = request.connection_info();
        let last_event_id = header_text(request, "Last-Event-ID").filter(|id| !id.is_empty());
        Ok(Self {
            base: format!("{}://{}", connection.scheme(), connection.host()),
            path: request.path().to_owned(),
            query: Query::parse(request.query_string())?,
            view: core.replica.view_behind(verdict.lag),
            core,
            last_event_id: last_event_id.map(str::to_owned),
            format: format(header_text(request, header::ACCEPT.as_str())),
            verdict,
        })
    }
}

impl FromRequest for Call {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Self::from_parts(request))
    }
}

fn header_text<'a>(request: &'a HttpRequest, name: &str) -> Option<&'a str> {
    request.headers().get(name)?.to_str().ok()
}

/// The first type of the header that this server has an answer for.
fn format(accept: Option<&str>) -> Format {
    let Some(accept) = accept.filter(|accept| !accept.trim().is_empty()) else { return Format::Json };
    accept
        .split(',')
        .find_map(|kind| match kind.split(';').next().unwrap_or_default().trim() {
            "text/event-stream" => Some(Format::EventStream),
            "application/octet-stream" => Some(Format::Raw),
            "application/hal+json"
            | "application/json"
            | "application/problem+json"
            | "application/*"
            | "*/*"
            | "text/html"
            | "text/*"
            | "text/plain" => Some(Format::Json),
            _ => None,
        })
        .unwrap_or(Format::Other)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_known_type_is_served() {
        assert_eq!(format(None), Format::Json);
        assert_eq!(format(Some("text/event-stream")), Format::EventStream);
        assert_eq!(format(Some("application/json, text/plain, */*")), Format::Json);
        assert_eq!(format(Some("image/png")), Format::Other);
    }
}
