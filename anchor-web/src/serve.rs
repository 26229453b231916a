//! An HTTP server with nothing but the anchor on it, for those who have no App of their own.

use std::net::TcpListener;
use std::time::Duration;

use actix_web::{App, HttpServer};

use crate::sep45;
use crate::state::Web;

/// How long open requests may take to finish when the server is told to stop.
const SHUTDOWN_SECONDS: u64 = 20;
/// How long a client may take to send the head of a request.
const REQUEST_HEAD_TIMEOUT: Duration = Duration::from_secs(10);

/// Serves `web` on `listener` until `shutdown` is done, then lets open requests finish.
///
/// No signal is listened to: several servers and workers may share a process, and its `main` decides when they end.
///
/// # Errors
/// The listener's.
pub async fn serve(
    web: Web,
    listener: TcpListener,
    shutdown: impl Future<Output = ()>,
) -> std::io::Result<()> {
    let anchor = web.anchor().clone();
    let server = HttpServer::new(move || App::new().configure(web.routes()))
        .client_request_timeout(REQUEST_HEAD_TIMEOUT)
        .shutdown_timeout(SHUTDOWN_SECONDS)
        .disable_signals()
        .listen(listener)?
        .run();
    let handle = server.handle();
    // beside the first requests: a network that answers slowly delays nobody
    let mut server = std::pin::pin!(async move {
        let (ended, ()) = futures_util::join!(server, sep45::check_at_start(&anchor));
        ended
    });
    tokio::select! {
        ended = &mut server => return ended,
        () = shutdown => {}
    }
    let (ended, ()) = futures_util::join!(server, handle.stop(true));
    ended
}
