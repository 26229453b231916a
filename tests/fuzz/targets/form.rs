//! Answers to a page of questions: accepted amounts and dates are what the questions allow.
#![no_main]

use std::collections::BTreeMap;

use anchor_core::amount::Amount;
use anchor_core::integration::{Field, FieldKind, Page};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|sent: BTreeMap<String, String>| {
    let limit = |text| Amount::parse(text, 2).ok();
    let mut page = Page::new("details", "Your details");
    page.fields = vec![
        Field::amount("a", "Amount", 2).limits(limit("1"), limit("1000")),
        Field::text("b", "Name", 20),
        Field::select("c", "Country", [("de", "Germany"), ("fr", "France")]),
        Field::new("d", "Born", FieldKind::Date),
        Field::new("e", "E-mail", FieldKind::Email),
        Field::new("f", "Agreed", FieldKind::Checkbox),
    ];
    if let Ok(form) = page.validate(&sent) {
        let amount = form.amount("a").expect("it is required");
        assert!((100..=100_000).contains(&amount.minor()));
        assert!(form.text("b").is_some_and(|text| text.chars().count() <= 20));
        assert!(form.checked("f"));
    }
});
