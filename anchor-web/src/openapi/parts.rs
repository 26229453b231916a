//! What the types of a handler say of its endpoint: what it asks for, and how it refuses.

use actix_web::{HttpRequest, HttpResponse, web};

use super::operation::{Body, Operation, Who};
use crate::auth::{KnownUser, OptionalUser, User};
use crate::error::SepError;
use crate::extract::{JsonParams, Nested, OneUpload, OptionalParams, Params, Uploads};
use crate::sep31::SendingAnchor;
use crate::state::WebState;

/// An argument of a handler, or what it gives back.
pub(crate) trait Part {
    fn tell(operation: Operation) -> Operation;
}

/// All arguments of a handler.
pub(crate) trait Parts {
    fn tell(operation: Operation) -> Operation;
}

macro_rules! parts {
    ($($part:ident)*) => {
        impl<$($part: Part),*> Parts for ($($part,)*) {
            fn tell(operation: Operation) -> Operation {
                $(let operation = $part::tell(operation);)*
                operation
            }
        }
    };
}

parts!();
parts!(A);
parts!(A B);
parts!(A B C);
parts!(A B C D);

/// Those that say nothing to the outside.
macro_rules! silent {
    ($($part:ty),+) => {$(
        impl Part for $part {
            fn tell(operation: Operation) -> Operation {
                operation
            }
        }
    )+};
}

silent!(web::Data<WebState>, HttpRequest, web::Path<String>, web::Path<(String, String)>, HttpResponse);

/// Whatever can go wrong on the way to an answer.
impl Part for Result<HttpResponse, SepError> {
    fn tell(operation: Operation) -> Operation {
        operation
            .refuses(&SepError::bad_request(""))
            .refuses(&SepError::internal())
            .refuses(&SepError::unavailable())
    }
}

impl Part for User {
    fn tell(operation: Operation) -> Operation {
        operation.asks_who(Who::Wallet).refuses(&SepError::authentication_required())
    }
}

impl Part for KnownUser {
    fn tell(operation: Operation) -> Operation {
        operation.asks_who(Who::Wallet).refuses(&SepError::authentication_required().or_unauthorized())
    }
}

impl Part for OptionalUser {
    fn tell(operation: Operation) -> Operation {
        operation.asks_who(Who::Anybody).refuses(&SepError::authentication_required())
    }
}

impl Part for SendingAnchor {
    fn tell(operation: Operation) -> Operation {
        User::tell(operation)
    }
}

impl Part for Params {
    fn tell(operation: Operation) -> Operation {
        operation.reads(Body::Any)
    }
}

/// Read by [`Params::from_body`].
impl Part for web::Payload {
    fn tell(operation: Operation) -> Operation {
        operation.reads(Body::Any)
    }
}

impl Part for Uploads {
    fn tell(operation: Operation) -> Operation {
        operation.reads(Body::Any)
    }
}

impl Part for OneUpload {
    fn tell(operation: Operation) -> Operation {
        operation.reads(Body::Any)
    }
}

impl Part for OptionalParams {
    fn tell(operation: Operation) -> Operation {
        operation.reads(Body::Optional)
    }
}

impl Part for JsonParams {
    fn tell(operation: Operation) -> Operation {
        operation.reads(Body::Json)
    }
}

impl Part for Nested {
    fn tell(operation: Operation) -> Operation {
        operation.reads(Body::Json)
    }
}
