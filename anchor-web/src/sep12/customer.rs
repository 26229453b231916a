//! `GET`, `PUT` and `DELETE /customer`.

use actix_web::{HttpRequest, HttpResponse, web};
use anchor_core::account::Account;
use anchor_core::customer::fields;
use anchor_core::ops::customer::{self, CustomerRequest, Resolved, Sent};

use super::{ABOUT, about, fresh, refused};
use crate::auth::KnownUser;
use crate::error::SepError;
use crate::extract::{OptionalParams, Params, Uploads};
use crate::state::WebState;
use crate::wire::customer::{CustomerWire, IdWire};

/// Changes nothing, also where nobody is registered yet.
pub(super) async fn show(
    KnownUser(user): KnownUser,
    state: web::Data<WebState>,
    request: HttpRequest,
) -> Result<HttpResponse, SepError> {
    let params = Params::from_query(&request)?;
    if params.names().any(|name| fields::find(name).is_some()) {
        return Err(SepError::bad_request("personal data does not belong into an address: use PUT"));
    }
    let about = about(&params)?;
    let language = params.text("lang")?.map(str::to_owned);
    let _turn = state.limits.turn()?;
    let resolved = customer::resolve(&state.anchor, &user.subject, &about).await.map_err(refused)?;
    shown(&state, &resolved, &about, language.as_deref()).await
}

/// What is known of a customer, in the language that was asked for.
pub(super) async fn shown(
    state: &WebState,
    resolved: &Resolved,
    about: &CustomerRequest,
    language: Option<&str>,
) -> Result<HttpResponse, SepError> {
    let (anchor, known) = (&state.anchor, resolved.customer.as_ref());
    let of = customer::type_or_usual(anchor, known, about.customer_type.as_deref());
    let of = of.map_err(|refusal| refused(refusal.into()))?;
    let answer = customer::answer(anchor, known, of, resolved.transaction.as_ref()).await;
    let language = state.pages.languages.negotiate([language]);
    Ok(fresh(HttpResponse::Ok()).json(CustomerWire::new(&answer, &language.messages)))
}

/// Says only under which id: how the customer stands is asked for.
pub(super) async fn put(
    KnownUser(user): KnownUser,
    state: web::Data<WebState>,
    uploads: Uploads,
) -> Result<HttpResponse, SepError> {
    let about = about(&uploads.params)?;
    let values = uploads.params.scalars(&ABOUT)?;
    let sent = Sent { values, files: uploads.files };
    let _turn = state.limits.turn()?;
    let stored = customer::put(&state.anchor, &user.subject, &about, &sent).await.map_err(refused)?;
    let stored = stored.customer.ok_or_else(|| SepError::not_found("there is no such customer"))?;
    Ok(fresh(HttpResponse::Accepted()).json(IdWire { id: stored.id }))
}

/// Of whoever the token speaks for, or of one of the users who share its account.
pub(super) async fn erase(
    KnownUser(user): KnownUser,
    state: web::Data<WebState>,
    path: web::Path<String>,
    OptionalParams(params): OptionalParams,
) -> Result<HttpResponse, SepError> {
    let account: Account = path.parse().map_err(|error: anchor_core::account::AccountError| {
        SepError::bad_request(format!("the account in the path is not valid: {error}"))
    })?;
    let own = user.subject.account();
    if account != own && own.ledger_account().map(Account::Classic) != Some(account) {
        return Err(SepError::unauthorized("the token was issued for another account"));
    }
    let text = |name| params.scalar(name).map(|text| text.map(str::to_owned));
    let about =
        CustomerRequest { memo: text("memo")?, memo_type: text("memo_type")?, ..CustomerRequest::default() };
    let _turn = state.limits.turn()?;
    let resolved = customer::resolve(&state.anchor, &user.subject, &about).await.map_err(refused)?;
    customer::delete(&state.anchor, &resolved).await.map_err(refused)?;
    Ok(fresh(HttpResponse::Ok()).json(serde_json::json!({})))
}
