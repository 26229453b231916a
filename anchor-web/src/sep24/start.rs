//! `POST /transactions/{deposit,withdraw}/interactive`.

use actix_web::HttpResponse;
use actix_web::http::header;
use actix_web::web;
use anchor_core::ops::start::{StartRequest, start};
use anchor_core::transaction::Kind;
use serde::Serialize;
use utoipa::ToSchema;

use crate::auth::User;
use crate::error::SepError;
use crate::extract::Params;
use crate::refusals::not_started;
use crate::state::WebState;

/// SEP-24 §Interactive customer information needed: these three and no others.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = HostedStarted)]
pub(super) struct StartedWire {
    #[serde(rename = "type")]
    kind: &'static str,
    url: String,
    id: String,
}

pub(super) async fn deposit(
    user: User,
    state: web::Data<WebState>,
    params: Params,
) -> Result<HttpResponse, SepError> {
    let request = StartRequest {
        off_chain_asset: owned(params.text("source_asset")?),
        memo: owned(params.text("memo")?),
        memo_type: owned(params.text("memo_type")?),
        claimable_balances: params.flag("claimable_balance_supported")?,
        ..common(&params)?
    };
    answer(user, &state, Kind::Deposit, &request).await
}

/// `memo` and `memo_type` told users apart before tokens did; they are no longer looked at.
pub(super) async fn withdraw(
    user: User,
    state: web::Data<WebState>,
    params: Params,
) -> Result<HttpResponse, SepError> {
    let request = StartRequest {
        off_chain_asset: owned(params.text("destination_asset")?),
        memo: owned(params.text("refund_memo")?),
        memo_type: owned(params.text("refund_memo_type")?),
        ..common(&params)?
    };
    answer(user, &state, Kind::Withdrawal, &request).await
}

fn common(params: &Params) -> Result<StartRequest, SepError> {
    Ok(StartRequest {
        asset_code: owned(params.text("asset_code")?),
        asset_issuer: owned(params.text("asset_issuer")?),
        amount: owned(params.decimal("amount")?),
        quote_id: owned(params.text("quote_id")?),
        account: owned(params.text("account")?),
        language: owned(params.text("lang")?),
        customer_id: owned(params.text("customer_id")?),
        ..StartRequest::default()
    })
}

async fn answer(
    user: User,
    state: &WebState,
    kind: Kind,
    request: &StartRequest,
) -> Result<HttpResponse, SepError> {
    let _turn = state.limits.turn()?;
    let started = start(&state.anchor, kind, user.subject, user.client_domain, request).await;
    let started = started.map_err(|error| not_started(state, request.language.as_deref(), error))?;
    let url = state.links.interactive_url(&started.transaction, started.url_token.expose());
    let wire =
        StartedWire { kind: "interactive_customer_info_needed", url, id: started.transaction.id.to_string() };
    Ok(HttpResponse::Ok().insert_header((header::CACHE_CONTROL, "no-store")).json(wire))
}

fn owned(text: Option<&str>) -> Option<String> {
    text.map(str::to_owned)
}
