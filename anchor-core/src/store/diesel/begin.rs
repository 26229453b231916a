//! A transaction that begins with all that was decided about it at once: everything, or nothing.

use super::connection::AnyConnection;
use super::fault::Fault;
use super::pool::End;
use super::rows::codec::stamp;
use super::start::{self, Start};
use super::{answers, changes, documents, quotes, requests};
use crate::store::{Begin, Begun, Callbacks, QuoteUsed, RequestKey, Stored};

pub(super) fn begin(connection: &mut AnyConnection, begin: &Begin) -> Result<End<Begun>, Fault> {
    // first of all: whoever asks again gets the same answer, whatever became of the quote meanwhile
    if let Some(RequestKey { subject, key, .. }) = &begin.key
        && let Some(known) = requests::find(connection, subject, key)?
    {
        return Ok(End::Rollback(Begun::Known(known)));
    }
    if let Some(refused) = insert(connection, begin)? {
        return Ok(End::Rollback(refused));
    }
    let id = begin.transaction.id;
    if let Some(key) = &begin.key {
        requests::put(connection, key, id)?;
    }
    if let Some(told) = &begin.answers {
        answers::put(connection, id, told)?;
    }
    if begin.callbacks != Callbacks::default() {
        documents::callbacks_insert(connection, id, &begin.callbacks)?;
    }
    let Some(first) = &begin.first else { return Ok(End::Commit(Begun::Begun)) };
    if first.transaction().id != id {
        return Err(Fault::Corrupt(format!("transactions {id}: begins with another one's change")));
    }
    match changes::apply(connection, &[std::slice::from_ref(first)], false)? {
        Stored::Applied => Ok(End::Commit(Begun::Begun)),
        Stored::MemoTaken => Ok(End::Rollback(Begun::MemoTaken)),
        Stored::Stale | Stored::SourceBusy | Stored::ReceiptTaken => {
            Err(Fault::Corrupt(format!("transactions {id}: does not begin with this change")))
        }
    }
}

/// Why not, if it is not inserted.
fn insert(connection: &mut AnyConnection, begin: &Begin) -> Result<Option<Begun>, Fault> {
    let sharing = begin.sharing.map(|(account, wanted)| (account.to_string(), wanted));
    let start = Start { transaction: begin.transaction.clone(), url_token: None, sharing };
    if let Some(quote) = begin.quote {
        let (End::Commit(used) | End::Rollback(used)) =
            quotes::use_for(connection, quote, &start, stamp(begin.at))?;
        return Ok(match used {
            QuoteUsed::Used => None,
            QuoteUsed::Taken => Some(Begun::QuoteTaken),
            QuoteUsed::Ended => Some(Begun::QuoteEnded),
            QuoteUsed::NotAdmitted(wanted) => Some(Begun::NotAdmitted(wanted)),
        });
    }
    let decided = start::insert(connection, std::slice::from_ref(&start))?;
    Ok(match (&start.sharing, decided.first()) {
        (Some((_, wanted)), Some(Some(decided))) if !decided.admits(*wanted) => {
            Some(Begun::NotAdmitted(*wanted))
        }
        _ => None,
    })
}
