//! Values of personal data: an accepted value is in its one form.
#![no_main]

use anchor_core::customer::fields::{all, check};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (u8, &str)| {
    let (which, sent) = input;
    let Some(field) = all().nth(which.into()) else { return };
    if let Ok(value) = check(field.check, sent) {
        assert_eq!(check(field.check, &value), Ok(value));
    }
});
