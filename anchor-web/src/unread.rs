//! Bodies without an announced end that nobody reads to their end: the connection ends with the answer.
//!
//! Once the reader of a chunked body is gone, the server reads past what is left of it for as long as the client sends,
//! which may be for ever. While a reader is there when the answer is sent, it closes the connection instead.

use std::cell::RefCell;
use std::error::Error;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use actix_web::HttpMessage as _;
use actix_web::body::{BodySize, BoxBody, MessageBody};
use actix_web::dev::{Payload, ServiceRequest, ServiceResponse};
use actix_web::http::header;
use actix_web::web::Bytes;
use futures_util::StreamExt as _;
use futures_util::stream::poll_fn;

/// A reader that stays.
pub(crate) struct Unread {
    _payload: Rc<RefCell<Payload>>,
}

impl Unread {
    /// Of a request's body, if that is a chunked one. Others read it as before.
    pub(crate) fn of(request: &mut ServiceRequest) -> Option<Self> {
        if !request.headers().contains_key(header::TRANSFER_ENCODING) {
            return None;
        }
        let payload = Rc::new(RefCell::new(request.take_payload()));
        let shared = Rc::clone(&payload);
        let stream = poll_fn(move |context| shared.borrow_mut().poll_next_unpin(context));
        request.set_payload(Payload::from(stream.boxed_local()));
        Some(Self { _payload: payload })
    }

    /// Stays until the answer has been sent.
    pub(crate) fn until_answered(self, response: ServiceResponse<BoxBody>) -> ServiceResponse<BoxBody> {
        response.map_body(|_, body| BoxBody::new(Attended { body, _reader: self }))
    }
}

struct Attended {
    body: BoxBody,
    _reader: Unread,
}

impl MessageBody for Attended {
    type Error = Box<dyn Error>;

    fn size(&self) -> BodySize {
        self.body.size()
    }

    fn poll_next(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, Self::Error>>> {
        Pin::new(&mut self.body).poll_next(context)
    }
}
