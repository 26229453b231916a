//! `GET /transaction` and `GET /transactions`, the same for SEP-6 and SEP-24: a user's own, and nobody else's.

use actix_web::http::header::{self, ContentType};
use actix_web::{HttpRequest, HttpResponse};
use anchor_core::clock::parse_utc;
use anchor_core::id::TransactionId;
use anchor_core::ops::start::assets_named;
use anchor_core::store::{Store, StoreError, TransactionFilter, TransactionLookup};
use anchor_core::transaction::{Protocol, Transaction, Variant};
use chrono::{DateTime, Utc};
use serde::{Serialize, Serializer};

use crate::auth::User;
use crate::documents::{DocumentWire, transaction_wire};
use crate::error::SepError;
use crate::extract::Params;
use crate::links::Links;
use crate::state::WebState;

mod described;

pub(crate) use described::{asks_for_list, asks_for_one};

/// Most transactions in one answer, and as many as there are without `limit`.
const LIMIT_MAX: u32 = 200;

/// Few transactions take more bytes in an answer; a list that grows bit by bit is copied again and again.
const WIRE_ROOM: usize = 1536;

#[derive(Debug, Serialize)]
struct OneWire<'a> {
    transaction: DocumentWire<'a>,
}

#[derive(Debug, Serialize)]
struct ListWire<'a> {
    transactions: Each<'a>,
}

/// Each is written as soon as it is made: hundreds at once would only take room.
#[derive(Debug)]
struct Each<'a> {
    transactions: &'a [Transaction],
    links: &'a Links,
    now: DateTime<Utc>,
}

impl Serialize for Each<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let wire = |transaction| transaction_wire(self.links, transaction, self.now);
        serializer.collect_seq(self.transactions.iter().map(wire))
    }
}

/// One of the three ids, or several of them that mean the same transaction. What is not the user's own does not
/// exist: the same 404 as for an id that nobody has.
pub(crate) async fn one(
    user: &User,
    state: &WebState,
    request: &HttpRequest,
    protocol: Protocol,
) -> Result<HttpResponse, SepError> {
    let params = Params::from_query(request)?;
    let (id, stellar) = (params.text("id")?, params.text("stellar_transaction_id")?);
    let external = params.text("external_transaction_id")?;
    if id.is_none() && stellar.is_none() && external.is_none() {
        let message = "one of id, stellar_transaction_id and external_transaction_id is required";
        return Err(SepError::bad_request(message));
    }
    let lookup = TransactionLookup {
        // what is no id at all was never given to a transaction
        id: id.map(str::parse).transpose().map_err(|_| not_found())?,
        stellar: stellar
            .map(|hash| hash.to_ascii_lowercase().parse())
            .transpose()
            .map_err(|_| not_found())?,
        external: external.map(str::to_owned),
    };
    let _turn = state.limits.turn()?;
    let found = state.anchor.store().transaction_find(&user.subject.key(), protocol, &lookup).await?;
    Ok(document(state, &found.ok_or_else(not_found)?))
}

/// `{"transaction": {…}}`.
pub(crate) fn document(state: &WebState, transaction: &Transaction) -> HttpResponse {
    let now = state.anchor.clock().now();
    fresh().json(OneWire { transaction: transaction_wire(&state.links, transaction, now) })
}

pub(crate) fn not_found() -> SepError {
    SepError::not_found("there is no such transaction")
}

/// Newest first. `variants`: only these kinds, all if there are none.
pub(crate) async fn list(
    user: &User,
    state: &WebState,
    params: &Params,
    protocol: Protocol,
    variants: Vec<Variant>,
) -> Result<HttpResponse, SepError> {
    let code = params.text("asset_code")?.ok_or_else(|| SepError::bad_request("asset_code is required"))?;
    let assets = assets_named(state.anchor.assets(), code);
    if assets.is_empty() {
        return Err(SepError::bad_request("asset_code names no asset of this anchor"));
    }
    let filter = filter(params, user, protocol, variants)?;
    let _turn = state.limits.turn()?;
    let transactions = match assets.as_slice() {
        [asset] => {
            let filter = TransactionFilter { asset: Some(asset.id.clone()), ..filter };
            state.anchor.store().transaction_list(&filter).await?
        }
        _ => list_of_code(state.anchor.store(), code, filter).await?,
    };
    let now = state.anchor.clock().now();
    let each = Each { transactions: &transactions, links: &state.links, now };
    let mut body = Vec::with_capacity(transactions.len().saturating_mul(WIRE_ROOM).saturating_add(WIRE_ROOM));
    serde_json::to_writer(&mut body, &ListWire { transactions: each }).map_err(|_| SepError::internal())?;
    Ok(fresh().content_type(ContentType::json()).body(body))
}

/// Several issuers share the code: all assets of the user are read, page by page, until enough have the code.
async fn list_of_code(
    store: &dyn Store,
    code: &str,
    mut filter: TransactionFilter,
) -> Result<Vec<Transaction>, StoreError> {
    let wanted = usize::try_from(filter.limit.unwrap_or(LIMIT_MAX)).unwrap_or(usize::MAX);
    filter.limit = Some(LIMIT_MAX);
    let mut found = Vec::new();
    while found.len() < wanted {
        let page = store.transaction_list(&filter).await?;
        let Some(last) = page.last() else { break };
        filter.before = Some(last.id);
        found.extend(page.into_iter().filter(|transaction| transaction.asset.code() == code));
    }
    found.truncate(wanted);
    Ok(found)
}

fn filter(
    params: &Params,
    user: &User,
    protocol: Protocol,
    variants: Vec<Variant>,
) -> Result<TransactionFilter, SepError> {
    let limit = params.text("limit")?.map(limit).transpose()?;
    let no_older_than = params.text("no_older_than")?.map(parse_utc).transpose();
    let before = params.text("paging_id")?.map(str::parse::<TransactionId>).transpose();
    Ok(TransactionFilter {
        subject: Some(user.subject.key()),
        protocol: Some(protocol),
        variants,
        no_older_than: no_older_than
            .map_err(|error| SepError::bad_request(format!("no_older_than is not valid: {error}")))?,
        before: before.map_err(|_| SepError::bad_request("paging_id is not the id of a transaction"))?,
        limit: Some(limit.unwrap_or(LIMIT_MAX)),
        ..TransactionFilter::default()
    })
}

fn limit(text: &str) -> Result<u32, SepError> {
    let is_number = text.bytes().all(|byte| byte.is_ascii_digit());
    let limit = is_number.then(|| text.parse::<u32>().ok()).flatten().filter(|limit| *limit > 0);
    let limit = limit.ok_or_else(|| SepError::bad_request("limit has to be a whole number from 1"))?;
    Ok(limit.min(LIMIT_MAX))
}

fn fresh() -> actix_web::HttpResponseBuilder {
    let mut response = HttpResponse::Ok();
    response.insert_header((header::CACHE_CONTROL, "no-store"));
    response
}
