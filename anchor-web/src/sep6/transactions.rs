//! `GET /transaction` and `GET /transactions` of what was started by API.

use actix_web::{HttpRequest, HttpResponse, web};
use anchor_core::account::Account;
use anchor_core::id::TransactionId;
use anchor_core::store::TransactionLookup;
use anchor_core::transaction::{Protocol, Variant};

use crate::auth::User;
use crate::error::SepError;
use crate::extract::Params;
use crate::history;
use crate::state::WebState;

pub(super) async fn one(
    user: User,
    state: web::Data<WebState>,
    request: HttpRequest,
) -> Result<HttpResponse, SepError> {
    history::one(&user, &state, &request, Protocol::Sep6).await
}

pub(super) async fn list(
    user: User,
    state: web::Data<WebState>,
    request: HttpRequest,
) -> Result<HttpResponse, SepError> {
    let (params, kinds) = Params::from_query_with(&request, "kind")?;
    let account = params.text("account")?.ok_or_else(|| SepError::bad_request("account is required"))?;
    let account: Account =
        account.parse().map_err(|_| SepError::bad_request("account is not a valid Stellar account"))?;
    if account != user.subject.account() {
        return Err(SepError::forbidden("account is not the account that authenticated"));
    }
    let mut variants = Vec::new();
    for word in kinds.iter().filter(|word| !word.is_empty()) {
        let variant = Variant::parse(word).ok_or_else(|| {
            SepError::bad_request(
                "kind has to be deposit, deposit-exchange, withdrawal or withdrawal-exchange",
            )
        })?;
        variants.push(variant);
    }
    if let Some(before) = params.text("paging_id")? {
        let unknown = || SepError::bad_request("paging_id is not the id of one of your transactions");
        let id: TransactionId = before.parse().map_err(|_| unknown())?;
        let lookup = TransactionLookup { id: Some(id), ..TransactionLookup::default() };
        let key = user.subject.key();
        let found = state.anchor.store().transaction_find(&key, Protocol::Sep6, &lookup).await?;
        found.ok_or_else(unknown)?;
    }
    history::list(&user, &state, &params, Protocol::Sep6, variants).await
}
