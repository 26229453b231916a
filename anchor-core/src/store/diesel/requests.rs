//! The keys of requests that may come again.

use diesel::prelude::*;

use super::connection::AnyConnection;
use super::fault::Fault;
use super::rows::codec::{Reader, hex32};
use super::schema::request_keys;
use crate::id::TransactionId;
use crate::store::{KnownRequest, RequestKey};

/// Of two at the same moment the second fails here, and finds the first when it is done once more.
pub(super) fn put(
    connection: &mut AnyConnection,
    request: &RequestKey,
    transaction: TransactionId,
) -> Result<(), Fault> {
    diesel::insert_into(request_keys::table)
        .values((
            request_keys::subject_key.eq(&request.subject),
            request_keys::key_hash.eq(hex32(&request.key)),
            request_keys::digest.eq(hex32(&request.digest)),
            request_keys::transaction_id.eq(transaction.to_string()),
        ))
        .execute(connection)?;
    Ok(())
}

pub(super) fn find(
    connection: &mut AnyConnection,
    subject: &str,
    key: &[u8; 32],
) -> Result<Option<KnownRequest>, Fault> {
    let row: Option<(String, String)> = request_keys::table
        .filter(request_keys::subject_key.eq(subject))
        .filter(request_keys::key_hash.eq(hex32(key)))
        .select((request_keys::transaction_id, request_keys::digest))
        .first(connection)
        .optional()?;
    let Some((transaction, digest)) = row else { return Ok(None) };
    let reader = Reader { table: "request_keys", id: &transaction };
    let mut bytes = [0; 32];
    hex::decode_to_slice(&digest, &mut bytes).map_err(|_| reader.corrupt("digest: not 32 bytes"))?;
    Ok(Some(KnownRequest { transaction: reader.parse("transaction_id", &transaction)?, digest: bytes }))
}
