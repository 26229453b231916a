//! Single channels: which accounts are some, and what is no longer known of one.

use diesel::prelude::*;

use super::connection::AnyConnection;
use super::fault::Fault;
use super::rows::attempt::ChannelRow;
use super::schema::channels;
use crate::account::AccountId;
use crate::store::Channel;

pub(super) fn find(connection: &mut AnyConnection, accounts: &[AccountId]) -> Result<Vec<Channel>, Fault> {
    let accounts: Vec<String> = accounts.iter().map(ToString::to_string).collect();
    let rows: Vec<ChannelRow> = channels::table
        .filter(channels::account.eq_any(accounts))
        .order(channels::account)
        .select(ChannelRow::columns())
        .load(connection)?;
    rows.into_iter().map(ChannelRow::read).collect()
}

pub(super) fn forget(connection: &mut AnyConnection, accounts: &[AccountId]) -> Result<(), Fault> {
    let accounts: Vec<String> = accounts.iter().map(ToString::to_string).collect();
    let idle =
        channels::table.filter(channels::account.eq_any(accounts)).filter(channels::attempt_id.is_null());
    diesel::update(idle).set(channels::sequence.eq(None::<i64>)).execute(connection)?;
    Ok(())
}
