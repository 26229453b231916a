//! What is kept as a whole: assets, callbacks, how accounts are used.

use diesel::prelude::*;

use super::connection::AnyConnection;
use super::fault::Fault;
use super::rows::codec::{Reader, free_text, to_json};
use super::schema::{account_sharing, assets, callbacks};
use crate::account::Sharing;
use crate::asset::Asset;
use crate::id::TransactionId;
use crate::store::Callbacks;

pub(super) fn asset_put(connection: &mut AnyConnection, asset: &Asset) -> Result<(), Fault> {
    let values = (
        assets::off_chain_asset.eq(asset.off_chain.to_string()),
        assets::distribution.eq(asset.distribution.to_string()),
        assets::definition.eq(to_json(asset)?),
    );
    let id = asset.id.to_string();
    let stored = assets::table.filter(assets::id.eq(&id));
    if diesel::update(stored).set(values.clone()).execute(connection)? == 0 {
        let (off_chain, distribution, definition) = values;
        diesel::insert_into(assets::table)
            .values((assets::id.eq(&id), off_chain, distribution, definition))
            .execute(connection)?;
    }
    Ok(())
}

pub(super) fn asset_list(connection: &mut AnyConnection) -> Result<Vec<Asset>, Fault> {
    let rows: Vec<(String, String)> =
        assets::table.select((assets::id, assets::definition)).load(connection)?;
    let read = |(id, definition): (String, String)| {
        let reader = Reader { table: "assets", id: &id };
        let asset: Asset = reader.json("definition", &definition)?;
        if asset.id.to_string() == id {
            Ok(asset)
        } else {
            Err(reader.corrupt("definition: of another asset"))
        }
    };
    let mut assets: Vec<Asset> = rows.into_iter().map(read).collect::<Result<_, Fault>>()?;
    // here, because the databases sort capitals differently
    assets.sort_by(|one, other| one.id.cmp(&other.id));
    Ok(assets)
}

pub(super) fn sharing_fetch(connection: &mut AnyConnection, account: &str) -> Result<Option<Sharing>, Fault> {
    let word: Option<String> = account_sharing::table
        .filter(account_sharing::account.eq(account))
        .select(account_sharing::sharing)
        .get_result(connection)
        .optional()?;
    let reader = Reader { table: "account_sharing", id: account };
    word.map(|word| reader.parse("sharing", &word)).transpose()
}

pub(super) fn sharing_put(
    connection: &mut AnyConnection,
    account: &str,
    sharing: Sharing,
) -> Result<(), Fault> {
    let stored = account_sharing::table.filter(account_sharing::account.eq(account));
    let changed = diesel::update(stored).set(account_sharing::sharing.eq(sharing.as_str()));
    if changed.execute(connection)? == 0 {
        sharing_insert(connection, account, sharing)?;
    }
    Ok(())
}

fn sharing_insert(connection: &mut AnyConnection, account: &str, sharing: Sharing) -> Result<(), Fault> {
    diesel::insert_into(account_sharing::table)
        .values((account_sharing::account.eq(account), account_sharing::sharing.eq(sharing.as_str())))
        .execute(connection)?;
    Ok(())
}

pub(super) fn callbacks_insert(
    connection: &mut AnyConnection,
    transaction: TransactionId,
    callbacks: &Callbacks,
) -> Result<(), Fault> {
    let id = transaction.to_string();
    let stored = callbacks::table.filter(callbacks::transaction_id.eq(&id)).count();
    if stored.get_result::<i64>(connection)? == 0 {
        diesel::insert_into(callbacks::table)
            .values((
                callbacks::transaction_id.eq(&id),
                callbacks::finished.eq(callbacks.finished.as_deref().map(free_text)),
                callbacks::on_change.eq(callbacks.on_change.as_deref().map(free_text)),
            ))
            .execute(connection)?;
    }
    Ok(())
}

pub(super) fn callbacks_put(
    connection: &mut AnyConnection,
    transaction: TransactionId,
    callbacks: &Callbacks,
) -> Result<(), Fault> {
    let id = transaction.to_string();
    let stored = callbacks::table.filter(callbacks::transaction_id.eq(&id));
    let changed = diesel::update(stored).set((
        callbacks::finished.eq(callbacks.finished.as_deref().map(free_text)),
        callbacks::on_change.eq(callbacks.on_change.as_deref().map(free_text)),
    ));
    if changed.execute(connection)? == 0 {
        callbacks_insert(connection, transaction, callbacks)?;
    }
    Ok(())
}

pub(super) fn callbacks_fetch(
    connection: &mut AnyConnection,
    transaction: TransactionId,
) -> Result<Callbacks, Fault> {
    let row: Option<(Option<String>, Option<String>)> = callbacks::table
        .filter(callbacks::transaction_id.eq(transaction.to_string()))
        .select((callbacks::finished, callbacks::on_change))
        .first(connection)
        .optional()?;
    let (finished, on_change) = row.unwrap_or_default();
    Ok(Callbacks { finished, on_change })
}
