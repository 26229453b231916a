//! From the single-use token in the address to a cookie that is good for one transaction.
//!
//! Token and cookie are 256 random bits; the store keeps only their SHA-256, and consumes the token in the commit
//! that opens the session: it works once, whatever the number of browsers and replicas. Killed before that commit, nothing
//! happened and the link is good; killed after it, the session has all that belongs to it.

use actix_web::HttpRequest;
use actix_web::cookie::{Cookie, SameSite, time};
use anchor_core::id::TransactionId;
use anchor_core::store::{Callbacks, Session, StoreError};
use anchor_core::transaction::Transaction;
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use sha2::{Digest as _, Sha256};

use super::messages::Language;
use super::notice::Notice;
use super::query::Query;
use crate::config::{INTERACTIVE_PATH, SESSION_LIFETIME};
use crate::state::WebState;

pub(super) const COOKIE: &str = "anchor_visit";

/// Longer ones are not even hashed.
const TOKEN_BYTES_MAX: usize = 128;

/// A browser that may see and fill in the pages of this transaction.
pub(super) struct Visit {
    pub(super) transaction: Transaction,
    pub(super) session: Session,
    pub(super) language: Language,
}

/// 256 bits as text that needs no escaping anywhere.
pub(super) fn random_token() -> String {
    BASE64_URL_SAFE_NO_PAD.encode(rand::random::<[u8; 32]>())
}

/// What the store keeps of a token.
pub(super) fn hash(token: &str) -> [u8; 32] {
    Sha256::digest(token.as_bytes()).into()
}

/// Consumes the token of an address, and keeps with it where the wallet wants to hear of the transaction. `None`: it was used
/// before, has ended, or never was one of ours.
pub(super) async fn open(
    state: &WebState,
    id: TransactionId,
    token: &str,
    callbacks: &Callbacks,
) -> Result<Option<Cookie<'static>>, StoreError> {
    if token.len() > TOKEN_BYTES_MAX {
        return Ok(None);
    }
    let (secret, csrf) = (random_token(), random_token());
    let now = state.anchor.clock().now();
    let ends = now + SESSION_LIFETIME;
    let store = state.anchor.store();
    let opened = store.session_open(&hash(token), &hash(&secret), &csrf, callbacks, now, ends).await?;
    // a token of another transaction is spent by now, and opens nothing
    Ok(opened.filter(|session| session.transaction == id).map(|_| cookie(state, id, secret)))
}

/// The visit that the request's cookie stands for. Knowing the id is not enough.
pub(super) async fn visit(
    state: &WebState,
    request: &HttpRequest,
    id: &str,
    query: &Query,
) -> Result<Visit, Notice> {
    let id: TransactionId = id.parse().map_err(|_| Notice::NoSession)?;
    let cookie = request.cookie(COOKIE).ok_or(Notice::NoSession)?;
    if cookie.value().len() > TOKEN_BYTES_MAX {
        return Err(Notice::NoSession);
    }
    let store = state.anchor.store();
    let session = store.session_fetch(&hash(cookie.value()), state.anchor.clock().now()).await?;
    let session = session.filter(|session| session.transaction == id).ok_or(Notice::NoSession)?;
    let transaction = store.transaction_fetch(id).await?.ok_or(Notice::NoSession)?;
    let language = language(state, request, query, Some(&transaction));
    Ok(Visit { transaction, session, language })
}

/// What the visitor reads.
pub(super) fn language(
    state: &WebState,
    request: &HttpRequest,
    query: &Query,
    transaction: Option<&Transaction>,
) -> Language {
    let asked = transaction.and_then(|transaction| transaction.request.language.as_deref());
    let header = request.headers().get("accept-language").and_then(|header| header.to_str().ok());
    state.pages.languages.negotiate([query.first("lang"), asked, header])
}

/// `Lax`, because the wallet's site opens the page: `Strict` would not send it then.
fn cookie(state: &WebState, id: TransactionId, secret: String) -> Cookie<'static> {
    let lifetime = time::Duration::try_from(SESSION_LIFETIME).unwrap_or(time::Duration::HOUR);
    Cookie::build(COOKIE, secret)
        .path(format!("{INTERACTIVE_PATH}/{id}"))
        .http_only(true)
        .same_site(SameSite::Lax)
        .secure(state.anchor.config().host.scheme() == "https")
        .max_age(lifetime)
        .finish()
}
