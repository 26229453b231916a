//! Listings of history: a page of JSON, or a stream of everything from the cursor on.

use super::{
    call::{Answer, Call, Format},
    hal::{self, Record},
    problem::Problem,
    query::{Page, Query},
    stream::{self, Event, Source},
};
use crate::replica::View;

/// Something that can be listed page by page.
pub(crate) trait Listing: Send + 'static {
    /// The records of one page.
    fn page(&self, base: &str, query: &Query, view: &View, page: &Page) -> Result<Vec<Record>, Problem>;
}

/// Answers in the form the client accepts.
pub(crate) async fn serve(call: Call, listing: impl Listing) -> Answer {
    let page = call.query.page(call.last_event_id.as_deref())?;
    match call.format {
        Format::Json => {
            let records = listing.page(&call.base, &call.query, &call.view, &page)?;
            Ok(hal::page(&call, &resolved(page, &call.view), records))
        }
        Format::EventStream => {
            let page = resolved(page, &call.view);
            let limit = page.limit;
            stream::serve(&call.clone(), limit, Follow { call, listing, page })
        }
        Format::Raw | Format::Other => Err(Problem::not_acceptable()),
    }
}

/// Turns `now` into the position it means at this moment, so that later pages go on from there.
fn resolved(mut page: Page, view: &View) -> Page {
    if page.cursor.as_deref() == Some("now") {
        page.cursor = Some(super::toid::Toid::after_ledger(view.latest()).to_string());
    }
    page
}

/// Reads on from the last record sent. Position and data come from the same history, so nothing is missed or
/// repeated however ledgers close meanwhile.
struct Follow<L> {
    call: Call,
    listing: L,
    page: Page,
}

impl<L: Listing> Source for Follow<L> {
    fn next(&mut self, view: &View, room: usize) -> Result<Vec<Event>, Problem> {
        self.page.limit = room;
        let records = self.listing.page(&self.call.base, &self.call.query, view, &self.page)?;
        if let Some(last) = records.last() {
            self.page.cursor = Some(last.token.clone());
        }
        Ok(records.into_iter().map(|Record { token, body }| Event { id: Some(token), body }).collect())
    }
}
