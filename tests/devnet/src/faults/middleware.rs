//! Where faults meet requests.

use std::{
    net::{Shutdown, TcpStream},
    os::fd::AsFd,
    sync::Arc,
};

use actix_web::{
    Error, HttpMessage, HttpResponse, ResponseError,
    body::{BoxBody, MessageBody},
    dev::{Extensions, ServiceRequest, ServiceResponse},
    http::{StatusCode, header},
    middleware::Next,
    web,
};

use super::{Fault, Timeout, Verdict};
use crate::{core::Core, horizon::problem::Problem};

/// The client's socket, to cut the connection by.
#[derive(Debug, Clone)]
struct Socket(Arc<TcpStream>);

/// Keeps a second handle on a new connection's socket.
pub(crate) fn remember_socket(connection: &dyn std::any::Any, data: &mut Extensions) {
    let stream = connection.downcast_ref::<actix_web::rt::net::TcpStream>();
    if let Some(Ok(socket)) = stream.map(|stream| stream.as_fd().try_clone_to_owned()) {
        data.insert(Socket(Arc::new(TcpStream::from(socket))));
    }
}

/// Lets the request meet its faults. What a submission has to know of its own is left in the request's
/// extensions as a [`Verdict`].
pub(crate) async fn meet(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let core = request.app_data::<web::Data<Core>>().cloned();
    let Some(core) = core.filter(|_| !request.path().starts_with("/devnet")) else {
        return next.call(request).await.map(ServiceResponse::map_into_boxed_body);
    };
    let verdict = core.faults.judge(request.method().as_str(), request.path());
    if !verdict.delay.is_zero() {
        actix_web::rt::time::sleep(verdict.delay).await;
    }
    match verdict.outcome {
        None => pass(request, next, verdict).await,
        Some(Fault::RateLimit { retry_after }) => {
            let mut limited = Problem::rate_limit_exceeded().error_response();
            limited.headers_mut().insert(header::RETRY_AFTER, retry_after.into());
            Ok(answer(request, limited))
        }
        Some(Fault::ServerError { status }) => {
            let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
            Ok(answer(request, Problem::server(status).error_response()))
        }
        Some(Fault::TimeoutBefore { by: Timeout::Answer } | Fault::TimeoutAfter { by: Timeout::Answer })
            if request.path().starts_with("/transactions") && request.method() == "POST" =>
        {
            pass(request, next, verdict).await
        }
        Some(Fault::TimeoutBefore { by }) => go_silent(&core, request, by).await,
        Some(Fault::TimeoutAfter { by }) => {
            let done = pass(request, next, verdict).await?;
            let (http, _) = done.into_parts();
            go_silent(&core, ServiceRequest::from_request(http), by).await
        }
        Some(_) => pass(request, next, verdict).await,
    }
}

async fn pass(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
    verdict: Verdict,
) -> Result<ServiceResponse<BoxBody>, Error> {
    request.extensions_mut().insert(verdict);
    next.call(request).await.map(ServiceResponse::map_into_boxed_body)
}

async fn go_silent(
    core: &Core,
    request: ServiceRequest,
    by: Timeout,
) -> Result<ServiceResponse<BoxBody>, Error> {
    match by {
        Timeout::Answer => return Ok(answer(request, Problem::timeout().error_response())),
        Timeout::Hang => {
            let _ = core.stopping().wait_for(|stopping| *stopping).await;
        }
        Timeout::Cut => {}
    }
    if let Some(Socket(socket)) = request.conn_data::<Socket>() {
        let _ = socket.shutdown(Shutdown::Both);
    }
    Ok(answer(request, HttpResponse::InternalServerError().finish()))
}

fn answer(request: ServiceRequest, response: HttpResponse) -> ServiceResponse<BoxBody> {
    request.into_response(response)
}
