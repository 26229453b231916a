//! Codes on their way to customers.

use chrono::NaiveDateTime;
use diesel::prelude::*;

use super::connection::AnyConnection;
use super::fault::Fault;
use super::rows::codec::{hex32, stamp};
use super::schema::customer_codes as codes;
use crate::customer::Sealed;
use crate::store::{CodeLimits, CodeWrite};

/// The code of a field that can still be sent back; whether it has ended is asked beside it.
macro_rules! open {
    ($customer:expr, $field:expr) => {
        codes::table
            .filter(codes::customer_id.eq($customer))
            .filter(codes::field.eq($field))
            .filter(codes::is_open.eq(1))
    };
}

/// False if too many were sent.
pub(super) fn insert(
    connection: &mut AnyConnection,
    customer: &str,
    write: &CodeWrite,
    limits: &CodeLimits,
    now: NaiveDateTime,
) -> Result<bool, Fault> {
    let (since, to) = (stamp(limits.since), hex32(&write.to));
    let of_field = codes::table
        .filter(codes::customer_id.eq(customer))
        .filter(codes::field.eq(&write.field))
        .filter(codes::sent_at.gt(since));
    let of_address = codes::table.filter(codes::sent_to.eq(&to)).filter(codes::sent_at.gt(since));
    let most = i64::from(limits.most);
    if of_field.count().get_result::<i64>(connection)? >= most
        || of_address.count().get_result::<i64>(connection)? >= most
    {
        return Ok(false);
    }
    diesel::update(open!(customer, &write.field)).set(codes::is_open.eq(0)).execute(connection)?;
    let last: Option<i64> = codes::table
        .filter(codes::customer_id.eq(customer))
        .filter(codes::field.eq(&write.field))
        .order(codes::position.desc())
        .select(codes::position)
        .first(connection)
        .optional()?;
    diesel::insert_into(codes::table)
        .values((
            codes::customer_id.eq(customer),
            codes::field.eq(&write.field),
            codes::position.eq(last.unwrap_or(0).saturating_add(1)),
            codes::key_name.eq(&write.code.key),
            codes::sealed.eq(&write.code.text),
            codes::sent_to.eq(&to),
            codes::tries.eq(0),
            codes::is_open.eq(1),
            codes::sent_at.eq(now),
            codes::expires_at.eq(stamp(write.expires_at)),
        ))
        .execute(connection)?;
    Ok(true)
}

/// False if it is used up already, or another one was sent.
pub(super) fn use_up(connection: &mut AnyConnection, customer: &str, field: &str) -> Result<bool, Fault> {
    Ok(diesel::update(open!(customer, field)).set(codes::is_open.eq(0)).execute(connection)? == 1)
}

pub(super) fn try_one(
    connection: &mut AnyConnection,
    customer: &str,
    field: &str,
    most: u32,
    now: NaiveDateTime,
) -> Result<Option<Sealed>, Fault> {
    let open =
        open!(customer, field).filter(codes::expires_at.gt(now)).filter(codes::tries.lt(i64::from(most)));
    let code: Option<(String, String)> = diesel::update(open)
        .set(codes::tries.eq(codes::tries + 1))
        .returning((codes::key_name, codes::sealed))
        .get_result(connection)
        .optional()?;
    Ok(code.map(|(key, text)| Sealed { key, text }))
}

pub(super) fn is_open(
    connection: &mut AnyConnection,
    customer: &str,
    field: &str,
    most: u32,
    now: NaiveDateTime,
) -> Result<bool, Fault> {
    let open =
        open!(customer, field).filter(codes::expires_at.gt(now)).filter(codes::tries.lt(i64::from(most)));
    Ok(open.count().get_result::<i64>(connection)? > 0)
}

/// Those that are not counted any more.
pub(super) fn delete_old(connection: &mut AnyConnection, now: NaiveDateTime) -> Result<usize, Fault> {
    let counted = chrono::Duration::hours(2);
    let before = now.checked_sub_signed(counted).unwrap_or(now);
    Ok(diesel::delete(codes::table.filter(codes::sent_at.le(before))).execute(connection)?)
}
