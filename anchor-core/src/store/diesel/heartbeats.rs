//! When jobs last did their work.

use chrono::NaiveDateTime;
use diesel::prelude::*;

use super::connection::AnyConnection;
use super::fault::Fault;
use super::rows::codec::time;
use super::schema::job_heartbeats;
use crate::store::Heartbeat;

/// Jobs that are listed: far more than there are.
const LIST_MAX: i64 = 200;

/// Workers' clocks differ: the latest time stays.
pub(super) fn put(connection: &mut AnyConnection, job: &str, at: NaiveDateTime) -> Result<(), Fault> {
    let this = || job_heartbeats::table.filter(job_heartbeats::job.eq(job));
    // one statement, so that of two writers the later time wins whoever comes first
    let later = |connection: &mut AnyConnection| {
        let older = this().filter(job_heartbeats::beaten_at.lt(at));
        diesel::update(older).set(job_heartbeats::beaten_at.eq(at)).execute(connection)
    };
    if later(connection)? > 0 {
        return Ok(());
    }
    if this().count().get_result::<i64>(connection)? > 0 {
        // perhaps it came between the two, with an earlier time
        later(connection)?;
        return Ok(());
    }
    diesel::insert_into(job_heartbeats::table)
        .values((job_heartbeats::job.eq(job), job_heartbeats::beaten_at.eq(at)))
        .execute(connection)?;
    Ok(())
}

pub(super) fn list(connection: &mut AnyConnection) -> Result<Vec<Heartbeat>, Fault> {
    let rows: Vec<(String, NaiveDateTime)> =
        job_heartbeats::table.order(job_heartbeats::job).limit(LIST_MAX).load(connection)?;
    Ok(rows.into_iter().map(|(job, at)| Heartbeat { job, at: time(at) }).collect())
}
