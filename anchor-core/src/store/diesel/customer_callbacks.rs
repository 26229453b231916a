//! Where owners want to hear of their customers.

use chrono::{DateTime, NaiveDateTime, Utc};
use diesel::prelude::*;

use super::claims::{Lease, candidates, readable};
use super::connection::AnyConnection;
use super::fault::Fault;
use super::rows::codec::{Reader, stamp};
use super::schema::{customer_callbacks as callbacks, customers};
use crate::id::CustomerId;
use crate::store::{CallbackEnd, Claim, ClaimedCallback, CustomerCallback, LeaseToken};

/// Whoever delivers the replaced one loses its lease.
pub(super) fn put(
    connection: &mut AnyConnection,
    id: CustomerId,
    callback: &CustomerCallback,
    now: DateTime<Utc>,
) -> Result<bool, Fault> {
    let id = id.to_string();
    let customer = customers::table.filter(customers::id.eq(&id));
    // writes nothing new: it keeps the customer from being deleted meanwhile
    if diesel::update(customer).set(customers::updated_at.eq(customers::updated_at)).execute(connection)? == 0
    {
        return Ok(false);
    }
    let values = || {
        (
            callbacks::url.eq(callback.url.as_str()),
            callbacks::customer_type.eq(callback.customer_type.as_deref()),
            callbacks::told.eq(callback.told.as_deref()),
            callbacks::tries.eq(0),
            callbacks::due_at.eq(stamp(now)),
            callbacks::lease_owner.eq(None::<String>),
            callbacks::lease_until.eq(None::<NaiveDateTime>),
        )
    };
    let stored = callbacks::table.filter(callbacks::customer_id.eq(&id));
    let token = callbacks::lease_token.eq(callbacks::lease_token + 1);
    if diesel::update(stored).set((values(), token)).execute(connection)? == 0 {
        let key = (callbacks::customer_id.eq(&id), callbacks::lease_token.eq(0));
        diesel::insert_into(callbacks::table).values((key, values())).execute(connection)?;
    }
    Ok(true)
}

type CallbackRow = (String, String, Option<String>, Option<String>, i64, i64);

pub(super) fn claim(connection: &mut AnyConnection, claim: &Claim) -> Result<Vec<ClaimedCallback>, Fault> {
    let lease = Lease::from(claim);
    let due = || {
        callbacks::due_at
            .le(lease.now)
            .and(callbacks::lease_until.is_null().or(callbacks::lease_until.le(lease.now)))
    };
    let search = callbacks::table
        .filter(due())
        .order((callbacks::due_at, callbacks::customer_id))
        .limit(lease.limit)
        .select(callbacks::customer_id);
    let ids = candidates!(connection, search)?;
    let rows: Vec<CallbackRow> =
        diesel::update(callbacks::table.filter(callbacks::customer_id.eq_any(ids)).filter(due()))
            .set((
                callbacks::lease_owner.eq(&lease.owner),
                callbacks::lease_until.eq(lease.until),
                callbacks::lease_token.eq(callbacks::lease_token + 1),
            ))
            .returning((
                callbacks::customer_id,
                callbacks::url,
                callbacks::customer_type,
                callbacks::told,
                callbacks::tries,
                callbacks::lease_token,
            ))
            .get_results(connection)?;
    readable(rows.into_iter().map(read))
}

fn read((customer, url, customer_type, told, tries, lease): CallbackRow) -> Result<ClaimedCallback, Fault> {
    let reader = Reader { table: "customer_callbacks", id: &customer };
    // its own error would repeat the address
    let url = url::Url::parse(&url).map_err(|_| reader.corrupt("url: not an address"))?;
    Ok(ClaimedCallback {
        customer: reader.parse("customer_id", &customer)?,
        callback: CustomerCallback { url, customer_type, told },
        tries: reader.number("tries", tries)?,
        lease: LeaseToken(lease),
    })
}

pub(super) fn end(
    connection: &mut AnyConnection,
    id: CustomerId,
    lease: LeaseToken,
    end: &CallbackEnd,
) -> Result<(), Fault> {
    let held = callbacks::table
        .filter(callbacks::customer_id.eq(id.to_string()))
        .filter(callbacks::lease_token.eq(lease.0))
        .filter(callbacks::lease_owner.is_not_null());
    match end {
        CallbackEnd::Done => {
            diesel::delete(held).execute(connection)?;
        }
        CallbackEnd::Again { told, tries, due } => {
            diesel::update(held)
                .set((
                    callbacks::told.eq(told.as_deref()),
                    callbacks::tries.eq(i64::from(*tries)),
                    callbacks::due_at.eq(stamp(*due)),
                    callbacks::lease_owner.eq(None::<String>),
                    callbacks::lease_until.eq(None::<NaiveDateTime>),
                ))
                .execute(connection)?;
        }
    }
    Ok(())
}
