//! SEP-10: a wallet proves an account and gets a token.

use actix_web::web::ServiceConfig;

pub(crate) fn routes(_: &mut ServiceConfig) {}
