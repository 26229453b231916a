use super::*;

fn json(text: &str) -> Result<Params, SepError> {
    json::parse(text.as_bytes())
}

fn form(text: &str) -> Result<Params, SepError> {
    urlencoded::parse(text.as_bytes())
}

#[test]
fn json_numbers_keep_every_digit() {
    for digits in ["0.1", "922337203685.4775807", "1e400", "-0.0", "100000000000000000000000000001"] {
        let params = json(&format!("{{\"amount\": {digits} }}")).unwrap();
        assert_eq!(params.decimal("amount").unwrap(), Some(digits));
    }
}

#[test]
fn json_null_is_nothing_and_empty_text_is_absent() {
    let params = json(r#"{"a": null, "b": "", "a": "x"}"#).unwrap();
    assert_eq!(params.text("a").unwrap(), Some("x"));
    assert_eq!((params.text("b").unwrap(), params.raw_text("b").unwrap()), (None, Some("")));
    assert_eq!((params.text("c").unwrap(), params.raw_text("c").unwrap()), (None, None));
}

#[test]
fn json_escapes_are_read_and_may_not_hide_a_second_name() {
    assert_eq!(json(r#"{"a": "\u00f6\n"}"#).unwrap().text("a").unwrap(), Some("ö\n"));
    assert!(json(r#"{"a": "1", "\u0061": "2"}"#).is_err());
}

#[test]
fn json_lists_and_objects_are_refused_where_they_are_looked_at() {
    let params = json(r#"{"a": [1, {"b": []}], "c": {"d": 1}, "e": "x"}"#).unwrap();
    assert!(params.text("a").is_err() && params.decimal("a").is_err() && params.flag("c").is_err());
    assert_eq!(params.text("e").unwrap(), Some("x"));
}

#[test]
fn form_is_decoded_once() {
    let params = form("a=%2525&b=1+2&c=&d&=e&f=g=h").unwrap();
    assert_eq!(params.text("a").unwrap(), Some("%25"));
    assert_eq!(params.text("b").unwrap(), Some("1 2"));
    assert_eq!((params.text("c").unwrap(), params.text("d").unwrap()), (None, None));
    assert_eq!(params.text("f").unwrap(), Some("g=h"));
}

#[test]
fn form_that_is_not_utf8_is_refused() {
    for text in ["a=%ff", "%ff=a", "a=%c3%28"] {
        assert!(form(text).is_err(), "{text}");
    }
}

#[test]
fn names_come_once_and_there_are_not_too_many() {
    assert!(form("a=1&b=2").is_ok());
    for text in ["a=1&a=1", "a=1&%61=1", "a&a", "=1&=2"] {
        assert!(form(text).is_err(), "{text}");
    }
    let names = |count: usize| (0..count).map(|name| format!("n{name}=")).collect::<Vec<_>>().join("&");
    assert!(form(&names(FIELDS_MAX)).is_ok());
    assert!(form(&names(FIELDS_MAX + 1)).is_err());
}

#[test]
fn long_texts_are_refused_where_they_are_looked_at() {
    let params =
        form(&format!("a={}&b={}", "x".repeat(FIELD_BYTES_MAX), "x".repeat(FIELD_BYTES_MAX + 1))).unwrap();
    assert!(params.text("a").is_ok());
    assert!(params.text("b").is_err() && params.decimal("b").is_err());
    assert_eq!(params.raw_text("b").unwrap().map(str::len), Some(FIELD_BYTES_MAX + 1));
}

#[test]
fn debug_shows_names_only() {
    assert_eq!(format!("{:?}", form("first_name=Ada").unwrap()), r#"{"first_name"}"#);
}
