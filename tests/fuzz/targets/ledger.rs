//! What a ledger server sends: envelopes and results.
#![no_main]

use anchor_core::keys::SigningKey;
use anchor_core::stellar::Network;
use anchor_core::stellar::decode::{ForeignTransaction, movements, outcome};
use anchor_core::transaction::TransactionHash;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::DateTime;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (&[u8], &[u8])| {
    let (envelope, result) = (STANDARD.encode(input.0), STANDARD.encode(input.1));
    let _ = outcome(&result);
    let transaction = ForeignTransaction {
        hash: TransactionHash::from_bytes([1; 32]),
        ledger: 1,
        at: DateTime::from_timestamp(1_800_000_000, 0).expect("a time"),
        id: 1 << 32,
        envelope: &envelope,
        result: &result,
        meta: None,
    };
    let network = Network::new("Test SDF Network ; September 2015");
    let account = SigningKey::from_seed([7; 32]).account();
    assert!(movements(&transaction, &account, &network).is_err(), "the hash is not the envelope's");
});
