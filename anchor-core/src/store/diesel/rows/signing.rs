//! An envelope that somebody else has to sign.

use chrono::{DateTime, NaiveDateTime, Utc};
use diesel::prelude::*;

use super::codec::{Reader, stamp, time};
use crate::id::AttemptId;
use crate::store::diesel::bulk::in_columns;
use crate::store::diesel::connection::AnyBackend;
use crate::store::diesel::fault::Fault;
use crate::store::diesel::schema::signings;
use crate::store::{ClaimedSigning, LeaseToken, Signing};
use crate::transaction::{Attempt, TransactionHash, Unsigned};

#[derive(Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = signings, treat_none_as_default_value = false)]
pub(in crate::store::diesel) struct SigningRow {
    hash: String,
    attempt_id: String,
    envelope: String,
    since: i64,
    opened_at: NaiveDateTime,
    due_at: NaiveDateTime,
    refused: Option<String>,
}

in_columns!(SigningRow of "signings": hash, attempt_id, envelope, since, opened_at, due_at, refused);

impl SigningRow {
    pub(in crate::store::diesel) fn columns() -> <Self as Selectable<AnyBackend>>::SelectExpression {
        <Self as Selectable<AnyBackend>>::construct_selection()
    }

    /// Due at once.
    pub(in crate::store::diesel) fn open(
        hash: &TransactionHash,
        attempt: AttemptId,
        unsigned: &Unsigned,
        at: DateTime<Utc>,
    ) -> Result<Self, Fault> {
        let since = i64::try_from(unsigned.since);
        Ok(Self {
            hash: hash.to_string(),
            attempt_id: attempt.to_string(),
            envelope: unsigned.envelope.to_string(),
            since: since.map_err(|_| Fault::Corrupt("a ledger without a time".to_owned()))?,
            opened_at: stamp(at),
            due_at: stamp(at),
            refused: None,
        })
    }

    pub(in crate::store::diesel) fn attempt_id(&self) -> &str {
        &self.attempt_id
    }

    /// Its place in the queue.
    pub(in crate::store::diesel) fn place(&self) -> (NaiveDateTime, &str) {
        (self.due_at, &self.hash)
    }

    pub(in crate::store::diesel) fn claimed(
        self,
        attempt: Attempt,
        token: i64,
    ) -> Result<ClaimedSigning, Fault> {
        let reader = Reader { table: "signings", id: &self.hash };
        Ok(ClaimedSigning {
            hash: reader.parse("hash", &self.hash)?,
            attempt,
            envelope: self.envelope.into(),
            opened_at: time(self.opened_at),
            lease: LeaseToken(token),
        })
    }

    pub(in crate::store::diesel) fn read(self) -> Result<Signing, Fault> {
        let reader = Reader { table: "signings", id: &self.hash };
        Ok(Signing { since: reader.number("since", self.since)?, refused: self.refused })
    }
}
