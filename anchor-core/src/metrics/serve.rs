//! `GET /metrics`, and nothing else.

use std::convert::Infallible;
use std::net::TcpListener;
use std::sync::Arc;
use std::time::Duration;

use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::header::{CONTENT_TYPE, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::sync::Semaphore;

use super::Metrics;

const CONTENT: HeaderValue =
    HeaderValue::from_static("application/openmetrics-text; version=1.0.0; charset=utf-8");
/// One connection's time for everything.
const CONNECTION_MAX: Duration = Duration::from_secs(60);
/// How long a client may take to send the head of a request.
const HEAD_MAX: Duration = Duration::from_secs(10);
/// More wait in the listener's queue.
const CONNECTIONS_MAX: usize = 16;
/// After an error, of too many open files, say.
const ACCEPT_PAUSE: Duration = Duration::from_millis(200);

/// Serves the page on `listener` until it is dropped. Whoever reaches the address may read it: let it be one of a
/// network of your own.
///
/// # Errors
/// When the listener cannot be used at all.
pub async fn serve(metrics: Metrics, listener: TcpListener) -> std::io::Result<()> {
    listener.set_nonblocking(true)?;
    let listener = tokio::net::TcpListener::from_std(listener)?;
    let free = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    // dropped with this future
    let mut connections = tokio::task::JoinSet::new();
    loop {
        while connections.try_join_next().is_some() {}
        let Ok(place) = Arc::clone(&free).acquire_owned().await else { return Ok(()) };
        let stream = match listener.accept().await {
            Ok((stream, _)) => stream,
            Err(error) => {
                tracing::warn!(%error, "metrics: a connection was not accepted");
                tokio::time::sleep(ACCEPT_PAUSE).await;
                continue;
            }
        };
        let metrics = metrics.clone();
        connections.spawn(async move {
            let _place = place;
            let service = service_fn(|request| answer(&metrics, request));
            let mut http = http1::Builder::new();
            let served = http.timer(TokioTimer::new()).header_read_timeout(HEAD_MAX);
            let served = served.serve_connection(TokioIo::new(stream), service);
            let _ = tokio::time::timeout(CONNECTION_MAX, served).await;
        });
    }
}

async fn answer(metrics: &Metrics, request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
    let mut response = Response::new(Full::default());
    if request.uri().path() != "/metrics" {
        *response.status_mut() = StatusCode::NOT_FOUND;
    } else if request.method() != Method::GET {
        *response.status_mut() = StatusCode::METHOD_NOT_ALLOWED;
    } else {
        response.headers_mut().insert(CONTENT_TYPE, CONTENT);
        *response.body_mut() = Full::from(metrics.page().await);
    }
    Ok(response)
}
