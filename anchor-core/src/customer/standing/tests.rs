use chrono::DateTime;

use super::*;
use crate::account::Subject;
use crate::customer::{CustomerOwner, CustomerRole, KeptField, Sealed};
use crate::id::{IdSource as _, SequentialIds};
use crate::integration::AskedField;
use crate::testing::fakes::samples;

fn people() -> CustomerType {
    let fields = ["family_name", "city"].into_iter().filter_map(WantedField::sep9);
    let optional = WantedField::sep9("address").map(WantedField::optional);
    CustomerType::new("sep6", "people", [CustomerRole::Sep6], fields.chain(optional))
}

fn customer(fields: &[(&str, FieldState)]) -> Customer {
    let subject: Subject = samples::user().account().to_string().parse().unwrap();
    let id = CustomerId::new(SequentialIds::default().next());
    let mut customer = Customer::new(id, CustomerOwner::of(&subject), DateTime::UNIX_EPOCH);
    customer.fields = fields
        .iter()
        .map(|(name, state)| KeptField {
            name: (*name).to_owned(),
            state: *state,
            error: None,
            value: Some(Sealed { key: "k".to_owned(), text: "secret".to_owned() }),
            file: None,
            received_at: DateTime::UNIX_EPOCH,
        })
        .collect();
    customer
}

const ALL: [(&str, FieldState); 2] = [("city", FieldState::Received), ("last_name", FieldState::Received)];

fn names(fields: &[WantedField]) -> Vec<&str> {
    fields.iter().map(|field| &*field.name).collect()
}

fn decided(decision: Decision) -> Customer {
    let mut customer = customer(&ALL);
    customer.decisions.insert("sep6".to_owned(), decision);
    customer
}

#[test]
fn stranger_is_asked_for_everything() {
    let answer = weigh(None, &people(), None);
    assert_eq!((answer.id, names(&answer.fields)), (None, vec!["family_name", "city", "address"]));
    let needed = vec!["family_name".to_owned(), "city".to_owned()];
    assert_eq!(answer.standing, Standing::NeedsInfo { fields: needed, message: None });
}

#[test]
fn r_12_038_r_12_042_r_12_049_accepted_customer_is_asked_for_nothing_that_is_required() {
    let answer = weigh(Some(&customer(&ALL)), &people(), Some(Review::Accepted));
    assert_eq!((&answer.standing, names(&answer.fields)), (&Standing::Accepted, vec!["address"]));
    assert!(answer.fields.iter().all(|field| field.optional));
    assert!(answer.provided.iter().all(|provided| provided.status == FieldStatus::Accepted));
    let told: Vec<_> = answer.provided.iter().map(|provided| &*provided.field.name).collect();
    assert_eq!(told, ["city", "family_name"], "as it was asked for");
}

#[test]
fn r_12_050_refused_field_is_here_and_asked_for_again() {
    let fields = [("city", FieldState::Rejected), ("last_name", FieldState::Received)];
    let answer = weigh(Some(&customer(&fields)), &people(), None);
    assert_eq!(names(&answer.fields), ["city", "address"]);
    assert_eq!(answer.provided[0].status, FieldStatus::Rejected);
    assert!(matches!(answer.standing, Standing::NeedsInfo { .. }));
    let city = WantedField::sep9("city").unwrap();
    let fields = vec![AskedField::new(city, Some("another one".to_owned()))];
    let review = Review::NeedsInfo { fields, message: Some("please".to_owned()) };
    let answer = weigh(Some(&customer(&ALL)), &people(), Some(review));
    assert_eq!((names(&answer.fields), answer.standing.message()), (vec!["city", "address"], Some("please")));
    assert_eq!(answer.provided[0].error.as_deref(), Some("another one"));
}

#[test]
fn code_that_has_to_come_back_needs_no_field() {
    let fields = [("city", FieldState::VerificationRequired), ("last_name", FieldState::Received)];
    let answer = weigh(Some(&customer(&fields)), &people(), None);
    assert_eq!(answer.standing, Standing::NeedsInfo { fields: Vec::new(), message: None });
    assert_eq!(answer.provided[0].status, FieldStatus::VerificationRequired);
}

#[test]
fn decision_counts_before_anybody_is_asked() {
    let rejected = Decision::Rejected { message: "no".to_owned() };
    let answer = weigh(Some(&decided(rejected)), &people(), None);
    assert_eq!(answer.standing, Standing::Rejected { message: "no".to_owned() });
    assert!(answer.fields.is_empty());
    let waiting = Decision::Processing { message: Some("soon".to_owned()) };
    assert_eq!(weigh(Some(&decided(waiting)), &people(), None).standing.message(), Some("soon"));
    assert_eq!(weigh(Some(&decided(Decision::Accepted)), &people(), None).standing, Standing::Accepted);
    // asked for something that is not here
    let asked = Decision::NeedsInfo { fields: vec!["tax_id".to_owned()], message: None };
    let mut customer = decided(asked);
    let answer = weigh(Some(&customer), &people(), None);
    assert_eq!(names(&answer.fields), ["address", "tax_id"]);
    let mut answered = customer.fields[0].clone();
    answered.name = "tax_id".to_owned();
    customer.fields.push(answered);
    let answer = weigh(Some(&customer), &people(), None);
    assert_eq!(answer.standing, Standing::Processing { message: None }, "whoever asked decides");
}

#[test]
fn accepted_customer_who_lacks_something_new_is_not_accepted() {
    let mut of = people();
    of.fields.extend(WantedField::sep9("tax_id"));
    let answer = weigh(Some(&decided(Decision::Accepted)), &of, None);
    assert!(matches!(answer.standing, Standing::NeedsInfo { .. }));
}
