//! Customers and what is known of them. Whoever changes a customer holds its row until the end.

use std::collections::BTreeMap;

use chrono::NaiveDateTime;
use diesel::prelude::*;

use super::answers;
use super::connection::AnyConnection;
use super::customer_codes;
use super::customer_files;
use super::fault::Fault;
use super::pool::End;
use super::rows::codec::{Reader, free_text, stamp, time, to_json, to_word};
use super::schema::{customer_callbacks, customer_codes as codes, customer_decisions, customer_fields};
use super::schema::{customer_files as files, customers};
use crate::account::Account;
use crate::customer::{Customer, CustomerOwner, Decision, FieldState, Kept, KeptField, Place, Sealed};
use crate::id::CustomerId;
use crate::memo::Memo;
use crate::store::{CustomerKeyed, CustomerStored, CustomerWrite, DecisionWrite, FieldWrite, SealedRow};

/// Most customers of one list.
const LIST_MAX: u32 = 200;

type CustomerRow = (String, String, String, String, Option<String>, NaiveDateTime, NaiveDateTime);
type FieldRow =
    (String, String, Option<String>, Option<String>, Option<String>, Option<String>, NaiveDateTime);

pub(super) fn fetch(connection: &mut AnyConnection, key: &CustomerKeyed) -> Result<Option<Customer>, Fault> {
    let row: Option<CustomerRow> = match key {
        CustomerKeyed::Id(id) => {
            customers::table.filter(customers::id.eq(id.to_string())).first(connection).optional()?
        }
        CustomerKeyed::Owner(owner) => {
            customers::table.filter(customers::owner_key.eq(owner.key())).first(connection).optional()?
        }
    };
    row.map(|row| complete(connection, row)).transpose()
}

pub(super) fn list(
    connection: &mut AnyConnection,
    before: Option<CustomerId>,
    limit: u32,
) -> Result<Vec<Customer>, Fault> {
    // ids are in the order of their making
    let newest = customers::table.order(customers::id.desc()).limit(limit.min(LIST_MAX).into());
    let rows: Vec<CustomerRow> = match before {
        Some(before) => newest.filter(customers::id.lt(before.to_string())).load(connection)?,
        None => newest.load(connection)?,
    };
    rows.into_iter().map(|row| complete(connection, row)).collect()
}

fn complete(connection: &mut AnyConnection, row: CustomerRow) -> Result<Customer, Fault> {
    let (id, owner_key, account, memo, last_type, created_at, updated_at) = row;
    let reader = Reader { table: "customers", id: &id };
    let (account, memo): (Account, Memo) = (reader.parse("account", &account)?, reader.parse("memo", &memo)?);
    let owner = CustomerOwner::with_memo(account, memo).filter(|owner| owner.key() == owner_key);
    let owner = owner.ok_or_else(|| reader.corrupt("owner_key: of another account or memo"))?;
    let mut customer = Customer::new(reader.parse("id", &id)?, owner, time(created_at));
    customer.last_type = last_type;
    customer.updated_at = time(updated_at);
    let rows: Vec<FieldRow> = customer_fields::table
        .filter(customer_fields::customer_id.eq(&id))
        .order(customer_fields::name)
        .select((
            customer_fields::name,
            customer_fields::state,
            customer_fields::error,
            customer_fields::key_name,
            customer_fields::sealed,
            customer_fields::file_id,
            customer_fields::received_at,
        ))
        .load(connection)?;
    customer.fields = rows.into_iter().map(|row| field(&reader, row)).collect::<Result<_, _>>()?;
    customer.fields.sort_by(|one, other| one.name.cmp(&other.name));
    let rows: Vec<(String, String)> = customer_decisions::table
        .filter(customer_decisions::customer_id.eq(&id))
        .select((customer_decisions::customer_type, customer_decisions::decision))
        .load(connection)?;
    let read = |(of, decision): (String, String)| Ok((of, reader.json("decision", &decision)?));
    customer.decisions = rows.into_iter().map(read).collect::<Result<BTreeMap<String, Decision>, Fault>>()?;
    Ok(customer)
}

fn field(reader: &Reader<'_>, row: FieldRow) -> Result<KeptField, Fault> {
    let (name, state, error, key, sealed, file, received_at) = row;
    let value = key.zip(sealed).map(|(key, text)| Sealed { key, text });
    let file = file.map(|file| reader.parse("file_id", &file)).transpose()?;
    let state = reader.word("state", &state)?;
    Ok(KeptField { name, state, error, value, file, received_at: time(received_at) })
}

pub(super) fn put(
    connection: &mut AnyConnection,
    write: &CustomerWrite,
) -> Result<End<CustomerStored>, Fault> {
    let (id, now) = (write.id.to_string(), stamp(write.at));
    if write.is_new {
        let owner = write.owner.key();
        let taken = customers::table.filter(customers::owner_key.eq(&owner)).count();
        if taken.get_result::<i64>(connection)? > 0 {
            return Ok(End::Rollback(CustomerStored::OwnerTaken));
        }
        diesel::insert_into(customers::table)
            .values((
                customers::id.eq(&id),
                customers::owner_key.eq(&owner),
                customers::account.eq(write.owner.account().to_string()),
                customers::memo.eq(write.owner.memo().to_string()),
                customers::last_type.eq(write.last_type.as_deref()),
                customers::created_at.eq(now),
                customers::updated_at.eq(now),
            ))
            .execute(connection)?;
    } else {
        let row = customers::table.filter(customers::id.eq(&id));
        if diesel::update(row).set(customers::updated_at.eq(now)).execute(connection)? == 0 {
            return Ok(End::Rollback(CustomerStored::Gone));
        }
        if let Some(last_type) = &write.last_type {
            let row = customers::table.filter(customers::id.eq(&id));
            diesel::update(row).set(customers::last_type.eq(last_type)).execute(connection)?;
        }
    }
    for field in &write.verified {
        if !customer_codes::use_up(connection, &id, field)? {
            return Ok(End::Rollback(CustomerStored::CodeGone));
        }
    }
    for code in &write.codes {
        if !customer_codes::insert(connection, &id, code, &write.code_limits, now)? {
            return Ok(End::Rollback(CustomerStored::TooManyCodes));
        }
    }
    for file in &write.files {
        customer_files::write(connection, file)?;
    }
    for file in &write.attach {
        if !customer_files::attach(connection, &id, &file.to_string(), &write.senders, now)? {
            return Ok(End::Rollback(CustomerStored::FileGone));
        }
    }
    for field in &write.fields {
        field_put(connection, &id, field, now)?;
    }
    if !write.fields.is_empty() {
        let accepted = customer_decisions::table
            .filter(customer_decisions::customer_id.eq(&id))
            .filter(customer_decisions::verdict.eq(Decision::Accepted.as_str()));
        diesel::delete(accepted).execute(connection)?;
    }
    callback_due(connection, &id, now)?;
    Ok(End::Commit(CustomerStored::Stored))
}

fn field_put(
    connection: &mut AnyConnection,
    customer: &str,
    field: &FieldWrite,
    now: NaiveDateTime,
) -> Result<(), Fault> {
    let row = || {
        customer_fields::table
            .filter(customer_fields::customer_id.eq(customer))
            .filter(customer_fields::name.eq(&field.name))
    };
    let before: Option<Option<String>> =
        row().select(customer_fields::file_id).get_result(connection).optional()?;
    let file = field.file.map(|file| file.to_string());
    let values = (
        customer_fields::state.eq(to_word(&field.state)?),
        customer_fields::error.eq(None::<String>),
        customer_fields::key_name.eq(field.value.as_ref().map(|sealed| sealed.key.clone())),
        customer_fields::sealed.eq(field.value.as_ref().map(|sealed| sealed.text.clone())),
        customer_fields::file_id.eq(file.clone()),
        customer_fields::received_at.eq(now),
    );
    match before {
        Some(before) => {
            diesel::update(row()).set(values).execute(connection)?;
            if let Some(before) = before.filter(|before| file.as_ref() != Some(before)) {
                diesel::delete(files::table.filter(files::id.eq(before))).execute(connection)?;
            }
        }
        None => {
            let key = (customer_fields::customer_id.eq(customer), customer_fields::name.eq(&field.name));
            diesel::insert_into(customer_fields::table).values((key, values)).execute(connection)?;
        }
    }
    Ok(())
}

/// Whoever looks at it now looks again.
fn callback_due(connection: &mut AnyConnection, customer: &str, now: NaiveDateTime) -> Result<(), Fault> {
    let row = customer_callbacks::table.filter(customer_callbacks::customer_id.eq(customer));
    diesel::update(row)
        .set((
            customer_callbacks::due_at.eq(now),
            customer_callbacks::lease_token.eq(customer_callbacks::lease_token + 1),
            customer_callbacks::lease_owner.eq(None::<String>),
            customer_callbacks::lease_until.eq(None::<NaiveDateTime>),
        ))
        .execute(connection)?;
    Ok(())
}

pub(super) fn decide(
    connection: &mut AnyConnection,
    id: CustomerId,
    write: &DecisionWrite,
) -> Result<bool, Fault> {
    let (id, now) = (id.to_string(), stamp(write.at));
    let row = customers::table.filter(customers::id.eq(&id));
    // writes nothing new: nobody else changes the customer until the end
    if diesel::update(row).set(customers::updated_at.eq(customers::updated_at)).execute(connection)? == 0 {
        return Ok(false);
    }
    let before = customer_decisions::table
        .filter(customer_decisions::customer_id.eq(&id))
        .filter(customer_decisions::customer_type.eq(&write.customer_type));
    diesel::delete(before).execute(connection)?;
    if let Some(decision) = &write.decision {
        diesel::insert_into(customer_decisions::table)
            .values((
                customer_decisions::customer_id.eq(&id),
                customer_decisions::customer_type.eq(&write.customer_type),
                customer_decisions::verdict.eq(decision.as_str()),
                customer_decisions::decision.eq(free_text(&to_json(decision)?)),
                customer_decisions::decided_at.eq(now),
            ))
            .execute(connection)?;
    }
    for (name, error) in &write.refused {
        let field = customer_fields::table
            .filter(customer_fields::customer_id.eq(&id))
            .filter(customer_fields::name.eq(name));
        diesel::update(field)
            .set((
                customer_fields::state.eq(to_word(&FieldState::Rejected)?),
                customer_fields::error.eq(error.as_deref().map(free_text)),
            ))
            .execute(connection)?;
    }
    callback_due(connection, &id, now)?;
    Ok(true)
}

pub(super) fn delete(
    connection: &mut AnyConnection,
    customer: CustomerId,
    now: NaiveDateTime,
) -> Result<bool, Fault> {
    let id = customer.to_string();
    let row = customers::table.filter(customers::id.eq(&id));
    // first, so that nobody adds anything meanwhile
    if diesel::update(row).set(customers::updated_at.eq(customers::updated_at)).execute(connection)? == 0 {
        return Ok(false);
    }
    if let Some(found) = fetch(connection, &CustomerKeyed::Id(customer))? {
        forget(connection, &found.owner, Some(customer), now)?;
    }
    diesel::delete(customer_fields::table.filter(customer_fields::customer_id.eq(&id)))
        .execute(connection)?;
    diesel::delete(files::table.filter(files::customer_id.eq(&id))).execute(connection)?;
    diesel::delete(customer_decisions::table.filter(customer_decisions::customer_id.eq(&id)))
        .execute(connection)?;
    diesel::delete(customer_callbacks::table.filter(customer_callbacks::customer_id.eq(&id)))
        .execute(connection)?;
    // only that codes were sent stays for a while
    diesel::update(codes::table.filter(codes::customer_id.eq(&id)))
        .set((codes::is_open.eq(0), codes::sealed.eq(""), codes::key_name.eq("")))
        .execute(connection)?;
    diesel::delete(customers::table.filter(customers::id.eq(&id))).execute(connection)?;
    Ok(true)
}

/// What is kept of somebody elsewhere than with the customer.
pub(super) fn forget(
    connection: &mut AnyConnection,
    owner: &CustomerOwner,
    customer: Option<CustomerId>,
    now: NaiveDateTime,
) -> Result<bool, Fault> {
    let files = customer_files::forget(connection, &owner.key())?;
    let answers = answers::forget(connection, owner, customer, now)?;
    Ok(files || answers)
}

pub(super) fn sealed_list(
    connection: &mut AnyConnection,
    current: &str,
    limit: u32,
) -> Result<Vec<SealedRow>, Fault> {
    let limit = i64::from(limit.min(LIST_MAX));
    // less or greater: by the index, where nearly all may be under the present key
    let rows: Vec<(String, String, Option<String>, Option<String>)> = customer_fields::table
        .filter(customer_fields::key_name.lt(current).or(customer_fields::key_name.gt(current)))
        .limit(limit)
        .select((
            customer_fields::customer_id,
            customer_fields::name,
            customer_fields::key_name,
            customer_fields::sealed,
        ))
        .load(connection)?;
    let mut found = Vec::new();
    for (customer, name, key, text) in rows {
        let reader = Reader { table: "customer_fields", id: &customer };
        let place = Place::Field(reader.parse("customer_id", &customer)?, name);
        let sealed = Sealed { key: key.unwrap_or_default(), text: text.unwrap_or_default() };
        found.push(SealedRow { place, kept: Kept::Sealed(sealed) });
    }
    if found.is_empty() {
        found = answers::sealed_list(connection, current, limit)?;
    }
    if found.is_empty() {
        // each may be as large as a film
        let rows: Vec<(String, String, String)> = files::table
            .filter(files::key_name.lt(current).or(files::key_name.gt(current)))
            .limit(limit.min(4))
            .select((files::id, files::key_name, files::sealed))
            .load(connection)?;
        for (id, key, text) in rows {
            let place = Place::File(Reader { table: "customer_files", id: &id }.parse("id", &id)?);
            found.push(SealedRow { place, kept: Kept::Sealed(Sealed { key, text }) });
        }
    }
    Ok(found)
}

pub(super) fn reseal(connection: &mut AnyConnection, row: &SealedRow, by: &Sealed) -> Result<bool, Fault> {
    let changed = match (&row.place, &row.kept) {
        (Place::Field(customer, name), Kept::Sealed(sealed)) => {
            let stored = customer_fields::table
                .filter(customer_fields::customer_id.eq(customer.to_string()))
                .filter(customer_fields::name.eq(name))
                .filter(customer_fields::sealed.eq(&sealed.text));
            let by = (customer_fields::key_name.eq(&by.key), customer_fields::sealed.eq(&by.text));
            diesel::update(stored).set(by).execute(connection)?
        }
        (Place::File(file), Kept::Sealed(sealed)) => {
            // a content is never changed: the key says enough, and the comparison would read it all again
            let stored =
                files::table.filter(files::id.eq(file.to_string())).filter(files::key_name.eq(&sealed.key));
            let by = (files::key_name.eq(&by.key), files::sealed.eq(&by.text));
            diesel::update(stored).set(by).execute(connection)?
        }
        (Place::Answers(transaction), kept) => answers::reseal(connection, *transaction, kept, by)?,
        // codes are worth nothing before anybody could, and these never lay open
        (Place::Code(..) | Place::Field(..) | Place::File(_), _) => 0,
    };
    Ok(changed == 1)
}
