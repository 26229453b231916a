//! SEP-12: what has to be known of customers. Mounted only where something is asked.

use actix_web::HttpResponse;
use actix_web::http::header;
use actix_web::middleware::from_fn;
use actix_web::web::{self, ServiceConfig};
use anchor_core::ops::customer::{CustomerError, CustomerRequest};
use anchor_core::ops::{OpsError, chain};

use crate::config::SEP12_PATH;
use crate::error::SepError;
use crate::extract::Params;
use crate::middleware::{Counted, open_resource};
use crate::observe::observed;

mod callback;
mod customer;
mod described;
mod files;
mod verification;

pub(crate) use described::describe;

const READ_AND_WRITE: &str = "GET, HEAD, PUT, OPTIONS";
const WRITE: &str = "PUT, OPTIONS";
const ERASE: &str = "DELETE, OPTIONS";
const FILES: &str = "GET, HEAD, POST, OPTIONS";

pub(crate) fn routes(app: &mut ServiceConfig) {
    let scope = web::scope(SEP12_PATH)
        .service(
            open_resource("/customer", READ_AND_WRITE, Counted::ByToken)
                .route(web::get().to(customer::show))
                .route(web::head().to(customer::show))
                .route(web::put().to(customer::put)),
        )
        .service(
            open_resource("/customer/callback", WRITE, Counted::ByToken)
                .route(web::put().to(callback::register)),
        )
        .service(
            open_resource("/customer/verification", WRITE, Counted::ByToken)
                .route(web::put().to(verification::put)),
        )
        .service(
            open_resource("/customer/files", FILES, Counted::ByToken)
                .route(web::get().to(files::list))
                .route(web::head().to(files::list))
                .route(web::post().to(files::upload)),
        )
        .service(
            open_resource("/customer/{account}", ERASE, Counted::ByToken)
                .route(web::delete().to(customer::erase)),
        )
        .default_service(web::to(unknown).wrap(from_fn(observed)));
    app.service(scope);
}

/// Parameters that say whom a request is about; everything else is a field.
const ABOUT: [&str; 6] = ["id", "account", "memo", "memo_type", "type", "transaction_id"];

fn about(params: &Params) -> Result<CustomerRequest, SepError> {
    let text = |name| params.scalar(name).map(|text| text.map(str::to_owned));
    Ok(CustomerRequest {
        id: text("id")?,
        account: text("account")?,
        memo: text("memo")?,
        memo_type: text("memo_type")?,
        customer_type: text("type")?,
        transaction_id: text("transaction_id")?,
    })
}

fn refused(error: CustomerError) -> SepError {
    match error {
        CustomerError::Refused(refusal) => SepError::bad_request(refusal.to_string()),
        CustomerError::Forbidden(reason) => SepError::forbidden(reason),
        CustomerError::Unknown | CustomerError::UnknownTransaction => SepError::not_found(error.to_string()),
        CustomerError::Failed(OpsError::Integration(error)) => {
            tracing::warn!(error = chain(&error), "the business does not answer about a customer");
            SepError::unavailable()
        }
        CustomerError::Failed(OpsError::Contended) => SepError::unavailable(),
        CustomerError::Failed(error) => error.into(),
        error => {
            tracing::error!(error = chain(&error), "customers' data cannot be opened or sealed");
            SepError::internal()
        }
    }
}

async fn unknown() -> Result<HttpResponse, SepError> {
    Err(SepError::not_found("there is no such endpoint"))
}

fn fresh(mut response: actix_web::HttpResponseBuilder) -> actix_web::HttpResponseBuilder {
    response.insert_header((header::CACHE_CONTROL, "no-store"));
    response
}
