//! Envelopes that somebody else has to sign.

use std::collections::HashMap;

use chrono::{DateTime, NaiveDateTime, Utc};
use diesel::dsl::exists;
use diesel::prelude::*;

use super::bulk::insert_all;
use super::claims::{Lease, candidates, readable};
use super::connection::AnyConnection;
use super::fault::Fault;
use super::pool::End;
use super::rows::attempt::AttemptRow;
use super::rows::codec::{free_text, stamp};
use super::rows::signing::SigningRow;
use super::schema::{attempt_bumps, attempts, signings};
use crate::id::AttemptId;
use crate::store::{Bump, Claim, ClaimedSigning, LeaseToken, Signing, SigningEnd};
use crate::transaction::{Attempt, TransactionHash};

/// In the commit that opens the attempt.
pub(super) fn open<'a>(
    connection: &mut AnyConnection,
    attempts: impl IntoIterator<Item = &'a Attempt>,
    at: DateTime<Utc>,
) -> Result<(), Fault> {
    let row = |attempt: &Attempt| {
        let unsigned = attempt.unsigned.as_ref()?;
        Some(SigningRow::open(&attempt.hash, attempt.id, unsigned, at))
    };
    let rows: Vec<SigningRow> = attempts.into_iter().filter_map(row).collect::<Result<_, _>>()?;
    insert_all!(connection, signings::table, rows);
    Ok(())
}

/// In the commit that stores the wrapping.
pub(super) fn open_bump(
    connection: &mut AnyConnection,
    attempt: AttemptId,
    bump: &Bump,
) -> Result<(), Fault> {
    let Some(unsigned) = &bump.unsigned else { return Ok(()) };
    let row = SigningRow::open(&bump.hash, attempt, unsigned, bump.opened_at)?;
    diesel::insert_into(signings::table).values(row).execute(connection)?;
    Ok(())
}

pub(super) fn claim(connection: &mut AnyConnection, claim: &Claim) -> Result<Vec<ClaimedSigning>, Fault> {
    let lease = Lease::from(claim);
    sweep(connection, lease.now)?;
    let due = || {
        signings::closed_at
            .is_null()
            .and(signings::due_at.le(lease.now))
            .and(signings::lease_until.is_null().or(signings::lease_until.le(lease.now)))
    };
    let search = signings::table
        .filter(due())
        .order((signings::due_at, signings::hash))
        .limit(lease.limit)
        .select(signings::hash);
    let hashes = candidates!(connection, search)?;
    if hashes.is_empty() {
        return Ok(Vec::new());
    }
    let found = signings::table.filter(signings::hash.eq_any(hashes)).filter(due());
    let mut rows: Vec<(SigningRow, i64)> = diesel::update(found)
        .set((
            signings::lease_owner.eq(&lease.owner),
            signings::lease_until.eq(lease.until),
            signings::lease_token.eq(signings::lease_token + 1),
        ))
        .returning((SigningRow::columns(), signings::lease_token))
        .get_results(connection)?;
    rows.sort_by(|(one, _), (other, _)| one.place().cmp(&other.place()));
    let ids: Vec<&str> = rows.iter().map(|(row, _)| row.attempt_id()).collect();
    let found: Vec<AttemptRow> =
        attempts::table.filter(attempts::id.eq_any(ids)).select(AttemptRow::columns()).load(connection)?;
    let mut attempts: HashMap<String, Attempt> = HashMap::with_capacity(found.len());
    for row in found {
        let id = row.id().to_owned();
        attempts.extend(readable([row.read()])?.into_iter().map(|attempt| (id.clone(), attempt)));
    }
    let read = |(row, token): (SigningRow, i64)| {
        let attempt = attempts.get(row.attempt_id()).cloned();
        let attempt = attempt.ok_or_else(|| Fault::Corrupt("signings: without an attempt".to_owned()))?;
        row.claimed(attempt, token)
    };
    readable(rows.into_iter().map(read))
}

/// Closed attempts want no signatures any more. Here, so that whoever closes an attempt has nothing more to write.
fn sweep(connection: &mut AnyConnection, now: NaiveDateTime) -> QueryResult<()> {
    let closed = attempts::table
        .filter(attempts::id.eq(signings::attempt_id))
        .filter(attempts::closed_at.is_not_null())
        .select(attempts::id);
    let over = signings::table.filter(signings::closed_at.is_null()).filter(exists(closed));
    diesel::update(over)
        .set((
            signings::closed_at.eq(now),
            signings::lease_owner.eq(None::<String>),
            signings::lease_until.eq(None::<NaiveDateTime>),
        ))
        .execute(connection)
        .map(|_| ())
}

pub(super) fn release(
    connection: &mut AnyConnection,
    claims: &[(TransactionHash, LeaseToken, DateTime<Utc>)],
) -> Result<(), Fault> {
    for (hash, lease, due) in claims {
        let held = signings::table
            .filter(signings::hash.eq(hash.to_string()))
            .filter(signings::lease_token.eq(lease.0))
            .filter(signings::lease_owner.is_not_null());
        diesel::update(held)
            .set((
                signings::due_at.eq(stamp(*due)),
                signings::lease_owner.eq(None::<String>),
                signings::lease_until.eq(None::<NaiveDateTime>),
            ))
            .execute(connection)?;
    }
    Ok(())
}

pub(super) fn close(
    connection: &mut AnyConnection,
    hash: &TransactionHash,
    lease: LeaseToken,
    end: &SigningEnd,
    at: DateTime<Utc>,
) -> Result<End<bool>, Fault> {
    let hash = hash.to_string();
    let refused = match end {
        SigningEnd::Refused { reason } => Some(free_text(reason)),
        SigningEnd::Signed { .. } => None,
    };
    let held = signings::table
        .filter(signings::hash.eq(&hash))
        .filter(signings::lease_token.eq(lease.0))
        .filter(signings::closed_at.is_null());
    let attempt: Option<String> = diesel::update(held)
        .set((
            signings::closed_at.eq(stamp(at)),
            signings::refused.eq(refused),
            signings::lease_owner.eq(None::<String>),
            signings::lease_until.eq(None::<NaiveDateTime>),
        ))
        .returning(signings::attempt_id)
        .get_result(connection)
        .optional()?;
    let Some(attempt) = attempt else { return Ok(End::Rollback(false)) };
    // locks the row: nobody closes the attempt in between
    let open = attempts::table.filter(attempts::id.eq(&attempt)).filter(attempts::closed_at.is_null());
    if diesel::update(open).set(attempts::due_at.eq(stamp(at))).execute(connection)? == 0 {
        return Ok(End::Rollback(false));
    }
    let SigningEnd::Signed { envelope } = end else { return Ok(End::Commit(true)) };
    let own = attempts::table.filter(attempts::id.eq(&attempt)).filter(attempts::hash.eq(&hash));
    let mut written = diesel::update(own).set(attempts::envelope.eq(&**envelope)).execute(connection)?;
    if written == 0 {
        let wrapping = attempt_bumps::table
            .filter(attempt_bumps::hash.eq(&hash))
            .filter(attempt_bumps::attempt_id.eq(&attempt));
        written =
            diesel::update(wrapping).set(attempt_bumps::envelope.eq(&**envelope)).execute(connection)?;
    }
    if written == 1 {
        Ok(End::Commit(true))
    } else {
        Err(Fault::Corrupt(format!("signings {hash}: of no envelope")))
    }
}

pub(super) fn fetch(
    connection: &mut AnyConnection,
    hash: &TransactionHash,
) -> Result<Option<Signing>, Fault> {
    let row: Option<SigningRow> = signings::table
        .filter(signings::hash.eq(hash.to_string()))
        .select(SigningRow::columns())
        .first(connection)
        .optional()?;
    row.map(SigningRow::read).transpose()
}
