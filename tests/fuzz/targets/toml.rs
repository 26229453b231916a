//! A wallet's stellar.toml.
#![no_main]

use anchor_core::stellar::toml_file::signing_key;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    if let Ok(key) = signing_key(text) {
        assert!(text.contains(&key.to_string()) || text.contains('\\'), "{key} is not in the file");
    }
});
