//! Payments that are announced with a firm quote: it says everything, and whatever else is said has to agree.

use super::{ReceiveError, ReceiveRefusal, ReceiveRequest};
use crate::account::Subject;
use crate::anchor::Anchor;
use crate::ops::OpsError;
use crate::ops::start::{Quoted, read_quote};
use crate::quote::{Quote, QuoteContext};
use crate::transaction::Kind;

/// The quote that the sending anchor names, if it names one.
pub(super) async fn find(
    anchor: &Anchor,
    subject: &Subject,
    request: &ReceiveRequest,
) -> Result<Option<Quoted>, ReceiveError> {
    let Some(id) = request.quote_id.as_deref().filter(|id| !id.is_empty()) else { return Ok(None) };
    let id = id.parse().map_err(|_| ReceiveRefusal::UnknownQuote)?;
    let found = anchor.store().quote_fetch(id).await.map_err(OpsError::from)?;
    let quote = found.filter(|quote| is_of(quote, subject)).ok_or(ReceiveRefusal::UnknownQuote)?;
    Ok(Some(read_quote(&quote, QuoteContext::Sep31, Kind::Withdrawal, anchor.clock().now())?))
}

/// A sending anchor's own, or made by its account itself: whoever has the account's key made the promise possible, and tells
/// its customers apart by memos only afterwards. What one customer was promised is no other's.
fn is_of(quote: &Quote, subject: &Subject) -> bool {
    let own_account = subject.account().ledger_account();
    let by_account = quote.subject.memo().is_none()
        && quote.subject.account().muxed_id().is_none()
        && quote.subject.account().ledger_account() == own_account
        && own_account.is_some();
    quote.subject.key() == subject.key() || by_account
}
