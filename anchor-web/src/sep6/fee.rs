//! `GET /fee` (deprecated): for businesses whose fees `/info` cannot say.

use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, web};
use anchor_core::amount::{Amount, STELLAR_SCALE};
use anchor_core::ops::amounts;
use anchor_core::transaction::Kind;
use serde::Serialize;
use serde_json::value::RawValue;
use utoipa::ToSchema;

use crate::auth::User;
use crate::error::SepError;
use crate::extract::Params;
use crate::openapi::shapes;
use crate::state::WebState;
use crate::wire::number;

#[derive(Serialize, ToSchema)]
#[schema(as = ApiFee)]
pub(super) struct FeeWire {
    #[schema(value_type = shapes::Number)]
    fee: Option<Box<RawValue>>,
}

pub(super) async fn fee(
    _: User,
    state: web::Data<WebState>,
    request: HttpRequest,
) -> Result<HttpResponse, SepError> {
    let params = Params::from_query(&request)?;
    let refused = |why: &'static str| SepError::bad_request(why);
    let kind = match params.text("operation")? {
        Some("deposit") => Kind::Deposit,
        Some("withdraw") => Kind::Withdrawal,
        _ => return Err(refused("operation has to be deposit or withdraw")),
    };
    let code = params.text("asset_code")?.ok_or_else(|| refused("asset_code is required"))?;
    let asset = state.anchor.offered_by_api(kind).find(|asset| asset.id.code() == code);
    let asset =
        asset.ok_or_else(|| refused("asset_code names no asset that is enabled for this operation"))?;
    let amount = params.text("amount")?.ok_or_else(|| refused("amount is required"))?;
    let amount = Amount::parse(amount, STELLAR_SCALE)
        .map_err(|error| SepError::bad_request(format!("amount is not valid: {error}")))?;
    let agreed = amounts::agreed(state.anchor.fee(), asset, kind, amount)
        .map_err(|error| SepError::bad_request(format!("amount is not possible: {error}")))?;
    let wire = FeeWire { fee: number(agreed.fee.total) };
    Ok(HttpResponse::Ok().insert_header((header::CACHE_CONTROL, "no-store")).json(wire))
}
