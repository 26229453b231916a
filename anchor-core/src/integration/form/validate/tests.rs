#![allow(clippy::unwrap_used, reason = "tests")]

use proptest::prelude::*;

use super::*;
use crate::integration::form::Answers;

fn one(field: Field, answer: &str) -> Result<ValidForm, FieldProblem> {
    let sent = BTreeMap::from([(field.name.clone(), answer.to_owned())]);
    let mut errors = match Page::new("page", "").field(field).validate(&sent) {
        Ok(form) => return Ok(form),
        Err(errors) => errors,
    };
    assert_eq!(errors.len(), 1);
    Err(errors.remove(0).problem)
}

fn text() -> Field {
    Field::text("x", "X", 5)
}

fn kind(kind: FieldKind) -> Field {
    Field::new("x", "X", kind)
}

#[test]
fn answers_are_trimmed_and_counted_in_characters() {
    assert_eq!(one(text(), "  añb  ").unwrap().text("x"), Some("añb"));
    assert!(one(text(), "äöüßé").is_ok());
    assert_eq!(one(text(), "äöüßéx"), Err(FieldProblem::TooLong(5)));
    let unlimited = Field::text("x", "X", usize::MAX);
    assert_eq!(one(unlimited, &"a".repeat(4097)), Err(FieldProblem::TooLong(4096)));
}

#[test]
fn blank_answer_is_missing_or_absent() {
    assert_eq!(one(text(), " \t "), Err(FieldProblem::Missing));
    let form = one(text().optional(), "").unwrap();
    assert_eq!(
        (form.text("x"), form.amount("x"), form.date("x"), form.checked("x")),
        (None, None, None, false)
    );
}

#[test]
fn text_that_could_deceive_its_reader_is_refused() {
    for hidden in ["a\u{0}", "a\nb", "a\u{202e}b", "\u{2066}a", "a\u{2028}b", "a\u{feff}b", "a\u{1b}[1m"] {
        assert_eq!(one(Field::text("x", "X", 50), hidden), Err(FieldProblem::Unprintable), "{hidden:?}");
    }
    // joiners belong to scripts and faces
    assert!(one(Field::text("x", "X", 50), "می\u{200c}خواهم 👩\u{200d}🚀").is_ok());
}

#[test]
fn r_24_072_amount_keeps_its_limits_and_decimals() {
    let limits = (Some("5".parse().unwrap()), Some("100".parse().unwrap()));
    let field = || Field::amount("x", "X", 2).limits(limits.0, limits.1);
    assert_eq!(one(field(), "5.00").unwrap().amount("x"), Some("5".parse().unwrap()));
    assert_eq!(one(field(), "100").unwrap().amount("x"), limits.1);
    assert_eq!(one(field(), "4.99"), Err(FieldProblem::TooSmall(limits.0.unwrap())));
    assert_eq!(one(field(), "100.01"), Err(FieldProblem::TooLarge(limits.1.unwrap())));
    assert_eq!(one(field(), "5.001"), Err(FieldProblem::TooPrecise(2)));
    assert_eq!(one(Field::amount("x", "X", 2), "0.00"), Err(FieldProblem::TooSmall(Amount::zero(2))));
    for wrong in ["1e2", "1,5", "1.5.5", "+1", "-1", "NaN", "inf", "0x10", "1 000", "½", "９", ".5", "5."] {
        assert_eq!(one(field(), wrong), Err(FieldProblem::NotANumber), "{wrong}");
    }
}

#[test]
fn choice_is_one_of_those_offered_byte_for_byte() {
    let field = || Field::select("x", "X", [("US", "United States"), ("ID", "Indonesia")]);
    assert_eq!(one(field(), "ID").unwrap().text("x"), Some("ID"));
    for wrong in ["id", "Indonesia", "US,ID"] {
        assert_eq!(one(field(), wrong), Err(FieldProblem::NotAChoice), "{wrong}");
    }
}

#[test]
fn date_is_a_day_of_the_calendar_as_browsers_send_it() {
    let day = NaiveDate::from_ymd_opt(2024, 2, 29);
    assert_eq!(one(kind(FieldKind::Date), "2024-02-29").unwrap().date("x"), day);
    for wrong in ["2023-02-29", "29.02.2024", "2024-2-29", "+2024-02-29", "12024-02-29", "2024-02-29T00:00"] {
        assert_eq!(one(kind(FieldKind::Date), wrong), Err(FieldProblem::NotADate), "{wrong}");
    }
}

#[test]
fn email_address_has_a_user_and_a_domain() {
    for right in ["a@b.c", "first.last+tag@sub.example.org", "用户@例子.中国"] {
        assert_eq!(one(kind(FieldKind::Email), right).unwrap().text("x"), Some(right));
    }
    for wrong in ["a", "a@b", "@b.c", "a@.c", "a@b.", "a@b..c", "a b@c.d", "a@b@c.d"] {
        assert_eq!(one(kind(FieldKind::Email), wrong), Err(FieldProblem::NotAnEmail), "{wrong}");
    }
    let long = format!("{}@example.org", "a".repeat(250));
    assert_eq!(one(kind(FieldKind::Email), &long), Err(FieldProblem::TooLong(254)));
}

#[test]
fn required_checkbox_has_to_be_ticked() {
    assert!(one(kind(FieldKind::Checkbox), "true").unwrap().checked("x"));
    assert!(one(kind(FieldKind::Checkbox), "on").unwrap().checked("x"));
    assert_eq!(one(kind(FieldKind::Checkbox), ""), Err(FieldProblem::Missing));
    assert_eq!(one(kind(FieldKind::Checkbox), "false"), Err(FieldProblem::Missing));
    assert!(!one(kind(FieldKind::Checkbox).optional(), "no").unwrap().checked("x"));
}

#[test]
fn all_errors_are_told_in_the_order_of_the_fields_and_foreign_names_are_ignored() {
    let page =
        Page::new("page", "").field(text()).field(Field::text("y", "Y", 5)).field(Field::text("a", "A", 1));
    let sent = BTreeMap::from([("a".to_owned(), "1".to_owned()), ("admin".to_owned(), "true".to_owned())]);
    let errors = page.validate(&sent).unwrap_err();
    let names: Vec<_> = errors.iter().map(|error| error.field.as_str()).collect();
    assert_eq!(names, ["x", "y"]);
    let sent = BTreeMap::from(["x", "y", "a", "admin"].map(|name| (name.to_owned(), "1".to_owned())));
    assert_eq!(page.validate(&sent).unwrap().text("admin"), None);
}

#[test]
fn personal_data_is_not_in_debug_output() {
    let form = one(text(), "Ana").unwrap();
    let mut answers = Answers::default();
    answers.record("page", &form);
    assert_eq!(answers.text("page", "x"), Some("Ana"));
    assert!(!format!("{form:?} {answers:?}").contains("Ana"));
}

proptest! {
    #[test]
    fn whatever_is_sent_is_answered_and_what_is_accepted_stays_accepted(answer in ".{0,80}", which in 0_usize..5) {
        let field = || match which {
            0 => Field::text("x", "X", 40),
            1 => Field::amount("x", "X", 2),
            2 => kind(FieldKind::Date),
            3 => kind(FieldKind::Email),
            _ => Field::select("x", "X", [("a", "A"), ("b", "B")]),
        };
        if let Ok(form) = one(field(), &answer) {
            let stored = form.to_texts();
            let again = one(field(), &stored["x"]).unwrap();
            prop_assert_eq!(again.to_texts(), stored);
        }
    }
}
