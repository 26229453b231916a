//! The HTTP server: routes, headers, cross-origin rules.

use std::{net::TcpListener, sync::Arc, time::Duration};

use actix_cors::Cors;
use actix_web::{
    App, Error, HttpMessage, HttpServer,
    body::MessageBody,
    dev::{Server, ServiceRequest, ServiceResponse},
    guard::{GuardContext, fn_guard},
    http::header::{self, HeaderName, HeaderValue},
    middleware::{Next, NormalizePath, from_fn},
    web,
};

use crate::{
    control,
    core::Core,
    faults::{
        Verdict,
        middleware::{meet, remember_socket},
    },
    friendbot::{self, Friendbot},
    horizon, rpc,
};

const LATEST_LEDGER: HeaderName = HeaderName::from_static("latest-ledger");
/// The largest envelope is far below; more than this in a body is refused unread.
const MAX_BODY_BYTES: usize = 1024 * 1024;

/// A server for `listener`, not yet running.
pub(crate) fn serve(
    listener: TcpListener,
    core: &Arc<Core>,
    friendbot: &Arc<Friendbot>,
) -> std::io::Result<Server> {
    let (core, friendbot) = (web::Data::from(Arc::clone(core)), web::Data::from(Arc::clone(friendbot)));
    let app = move || {
        App::new()
            .app_data(core.clone())
            .app_data(friendbot.clone())
            .app_data(web::PayloadConfig::new(MAX_BODY_BYTES))
            .wrap(from_fn(meet))
            .wrap(from_fn(stamp))
            .wrap(cross_origin())
            .wrap(NormalizePath::trim())
            .configure(control::routes)
            .route("/", web::get().guard(fn_guard(asks_friendbot)).to(friendbot::handle))
            .configure(horizon::routes)
            .route("/rpc", web::post().to(rpc::handle))
            .route("/friendbot", web::get().to(friendbot::handle))
            .route("/friendbot", web::post().to(friendbot::handle))
            .default_service(web::to(horizon::missing))
    };
    let server = HttpServer::new(app)
        .workers(2)
        .disable_signals()
        .shutdown_timeout(2)
        .keep_alive(Duration::from_secs(75))
        .on_connect(remember_socket)
        .listen(listener)?;
    Ok(server.run())
}

/// SDKs ask the public friendbot at the root of a host of its own; whoever maps that name to this address is served
/// there too.
fn asks_friendbot(context: &GuardContext<'_>) -> bool {
    let host = context.head().headers().get(header::HOST).and_then(|host| host.to_str().ok());
    host.is_some_and(|host| host.starts_with("friendbot."))
}

/// As the public Horizon: any web page may call.
fn cross_origin() -> Cors {
    Cors::default()
        .allow_any_origin()
        .send_wildcard()
        .allow_any_method()
        .allow_any_header()
        .expose_headers([header::DATE, LATEST_LEDGER])
        .max_age(None)
}

/// Dates answers by the devnet's clock, which wallets build their time bounds from, and tells the latest ledger that
/// the answer knows of.
async fn stamp(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    let core = request.app_data::<web::Data<Core>>().cloned();
    let mut response = next.call(request).await?;
    let lag = response.request().extensions().get::<Verdict>().map_or(0, |verdict| verdict.lag);
    if let Some(core) = core {
        let headers = response.headers_mut();
        if let Ok(date) = HeaderValue::from_str(&horizon::time::http_date(core.clock.now())) {
            headers.insert(header::DATE, date);
        }
        headers.insert(LATEST_LEDGER, core.replica.view_behind(lag).latest().into());
    }
    Ok(response)
}
