//! `PUT /customer/verification`: the old way to send codes back, which `PUT /customer` does as well.

use actix_web::{HttpResponse, web};
use anchor_core::customer::fields::{Derived, derived};
use anchor_core::ops::customer::{self, CustomerRequest, Sent};

use super::refused;
use crate::auth::KnownUser;
use crate::error::SepError;
use crate::extract::Params;
use crate::state::WebState;

pub(super) async fn put(
    KnownUser(user): KnownUser,
    state: web::Data<WebState>,
    params: Params,
) -> Result<HttpResponse, SepError> {
    let id = params.scalar("id")?.ok_or_else(|| SepError::bad_request("id is required"))?.to_owned();
    let about = CustomerRequest { id: Some(id), ..CustomerRequest::default() };
    let values = params.scalars(&["id"])?;
    let are_codes = values.keys().all(|name| matches!(derived(name), Derived::Verification(_)));
    if values.is_empty() || !are_codes {
        return Err(SepError::bad_request(
            "nothing but id and fields ending with _verification can be sent here",
        ));
    }
    let sent = Sent { values, ..Sent::default() };
    let _turn = state.limits.turn()?;
    let stored = customer::put(&state.anchor, &user.subject, &about, &sent).await.map_err(refused)?;
    super::customer::shown(&state, &stored, &about, None).await
}
