//! Customers' files. Contents are large: they are read only where they are asked for.

use chrono::NaiveDateTime;
use diesel::prelude::*;

use super::connection::AnyConnection;
use super::fault::Fault;
use super::pool::End;
use super::rows::codec::{Reader, stamp, time};
use super::schema::customer_files as files;
use crate::customer::Sealed;
use crate::store::{FileRecord, NewFile};

type FileRow = (String, String, Option<String>, String, i64, NaiveDateTime, Option<NaiveDateTime>);

macro_rules! columns {
    () => {
        (
            files::id,
            files::owner_key,
            files::customer_id,
            files::content_type,
            files::size,
            files::created_at,
            files::expires_at,
        )
    };
}

/// Several at the same moment may be one too many: the limit keeps a disk from being filled, and nothing else.
pub(super) fn insert(connection: &mut AnyConnection, file: &NewFile, most: u32) -> Result<End<bool>, Fault> {
    write(connection, file)?;
    let waiting =
        files::table.filter(files::owner_key.eq(&file.record.owner)).filter(files::customer_id.is_null());
    let fits = waiting.count().get_result::<i64>(connection)? <= i64::from(most);
    Ok(if fits { End::Commit(true) } else { End::Rollback(false) })
}

pub(super) fn write(connection: &mut AnyConnection, file: &NewFile) -> Result<(), Fault> {
    let record = &file.record;
    diesel::insert_into(files::table)
        .values((
            files::id.eq(record.id.to_string()),
            files::owner_key.eq(&record.owner),
            files::customer_id.eq(record.customer.map(|customer| customer.to_string())),
            files::content_type.eq(&record.content_type),
            files::size.eq(record.size),
            files::key_name.eq(&file.content.key),
            files::sealed.eq(&file.content.text),
            files::created_at.eq(stamp(record.created_at)),
            files::expires_at.eq(record.expires_at.map(stamp)),
        ))
        .execute(connection)?;
    Ok(())
}

/// False if it is not there, has ended, was sent by nobody of these, or is another customer's.
pub(super) fn attach(
    connection: &mut AnyConnection,
    customer: &str,
    file: &str,
    senders: &[String],
    now: NaiveDateTime,
) -> Result<bool, Fault> {
    let waiting = files::table
        .filter(files::id.eq(file))
        .filter(files::owner_key.eq_any(senders))
        .filter(files::customer_id.eq(customer).or(files::customer_id.is_null()))
        .filter(files::expires_at.is_null().or(files::expires_at.gt(now)));
    let attached = diesel::update(waiting)
        .set((files::customer_id.eq(customer), files::expires_at.eq(None::<NaiveDateTime>)))
        .execute(connection)?;
    Ok(attached == 1)
}

pub(super) fn fetch(connection: &mut AnyConnection, id: &str) -> Result<Option<FileRecord>, Fault> {
    let row: Option<FileRow> =
        files::table.filter(files::id.eq(id)).select(columns!()).first(connection).optional()?;
    row.map(read).transpose()
}

pub(super) fn list(connection: &mut AnyConnection, customer: &str) -> Result<Vec<FileRecord>, Fault> {
    let rows: Vec<FileRow> = files::table
        .filter(files::customer_id.eq(customer))
        .order((files::created_at, files::id))
        .select(columns!())
        .load(connection)?;
    rows.into_iter().map(read).collect()
}

pub(super) fn content(connection: &mut AnyConnection, id: &str) -> Result<Option<Sealed>, Fault> {
    let row: Option<(String, String)> = files::table
        .filter(files::id.eq(id))
        .select((files::key_name, files::sealed))
        .first(connection)
        .optional()?;
    Ok(row.map(|(key, text)| Sealed { key, text }))
}

fn read(row: FileRow) -> Result<FileRecord, Fault> {
    let (id, owner, customer, content_type, size, created_at, expires_at) = row;
    let reader = Reader { table: "customer_files", id: &id };
    let customer = customer.map(|customer| reader.parse("customer_id", &customer)).transpose()?;
    Ok(FileRecord {
        id: reader.parse("id", &id)?,
        owner,
        customer,
        content_type,
        size,
        created_at: time(created_at),
        expires_at: expires_at.map(time),
    })
}

/// Those of one owner that no field refers to.
pub(super) fn forget(connection: &mut AnyConnection, owner: &str) -> Result<bool, Fault> {
    let waiting = files::table.filter(files::owner_key.eq(owner)).filter(files::customer_id.is_null());
    Ok(diesel::delete(waiting).execute(connection)? > 0)
}

/// Those that no field ever referred to.
pub(super) fn delete_old(connection: &mut AnyConnection, now: NaiveDateTime) -> Result<usize, Fault> {
    Ok(diesel::delete(files::table.filter(files::expires_at.le(now))).execute(connection)?)
}
