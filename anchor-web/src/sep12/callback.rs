//! `PUT /customer/callback`: where a wallet wants to hear how a customer stands.

use actix_web::{HttpResponse, web};
use anchor_core::ops::customer;

use super::{about, fresh, refused};
use crate::auth::KnownUser;
use crate::error::SepError;
use crate::extract::Params;
use crate::state::WebState;

pub(super) async fn register(
    KnownUser(user): KnownUser,
    state: web::Data<WebState>,
    params: Params,
) -> Result<HttpResponse, SepError> {
    let about = about(&params)?;
    let url = params.text("url")?;
    let _turn = state.limits.turn()?;
    let resolved = customer::resolve(&state.anchor, &user.subject, &about).await.map_err(refused)?;
    let of = about.customer_type.as_deref();
    customer::register(&state.anchor, &resolved, of, url).await.map_err(refused)?;
    Ok(fresh(HttpResponse::Ok()).json(serde_json::json!({})))
}
