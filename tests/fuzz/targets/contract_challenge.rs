//! SEP-45 entries: raw text, and bytes as base64, of which none is ours.
#![no_main]

use std::sync::LazyLock;

use anchor_core::account::{AccountId, ContractId};
use anchor_core::domain::{Domain, HomeDomains};
use anchor_core::keys::SigningKey;
use anchor_core::stellar::Network;
use anchor_core::stellar::contract_challenge::{ContractReadRules, read};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use libfuzzer_sys::fuzz_target;

static SERVER: LazyLock<AccountId> = LazyLock::new(|| SigningKey::from_seed([7; 32]).account());
static NETWORK: LazyLock<Network> = LazyLock::new(|| Network::new("Test SDF Network ; September 2015"));
static DOMAINS: LazyLock<HomeDomains> = LazyLock::new(|| {
    let domain: Domain = "anchor.example".parse().expect("a domain");
    HomeDomains::only(domain).expect("a home domain")
});

fuzz_target!(|bytes: &[u8]| {
    let rules = ContractReadRules {
        network: &NETWORK,
        servers: std::slice::from_ref(&*SERVER),
        contract: ContractId::from_bytes([45; 32]),
        home_domains: &DOMAINS,
        web_auth_domain: "anchor.example",
        now: 1_800_000_000,
    };
    let texts = [String::from_utf8_lossy(bytes).into_owned(), STANDARD.encode(bytes)];
    for text in texts {
        assert!(read(&text, &rules).is_err(), "nobody signed this");
    }
});
