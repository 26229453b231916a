//! Signed tokens that come back from browsers: none of these was signed.
#![no_main]

use anchor_core::secret::Secret;
use anchor_web::own_pages::HandOver;
use chrono::DateTime;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|token: &str| {
    let key = Secret::new("a key of at least thirty-two bytes, not a real one".to_owned());
    let now = DateTime::from_timestamp(1_800_000_000, 0).expect("a time");
    assert!(HandOver::read(token, &key, now).is_err(), "nobody signed this");
});
