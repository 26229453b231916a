//! Released migrations never change: databases that applied them would differ from new ones.

use std::collections::BTreeMap;
use std::path::Path;

use sha2::{Digest as _, Sha256};

/// Backend, migration, and the first half of the SHA-256 of `up.sql`. To change the schema, add a migration.
const RELEASED: &[(&str, &str, &str)] = &[
    ("postgres", "20261123000000_create_schema", "47c8f76da2a63316f8ee060e0b305cb9"),
    ("postgres", "20261124000000_remember_sharing", "007bab6ffe2c28b38b56dab4d7cfb183"),
    ("postgres", "20261124010000_receipts_fund_once", "fc5d12f6304451ceffb927429afcee72"),
    ("postgres", "20261124020000_attempts_by_sequence", "8502a8069358eb07da1d29d176724dd1"),
    ("postgres", "20261124030000_remember_heartbeats", "8242090b9f073d2dfce2837f8bd76c26"),
    ("postgres", "20261127000000_pool_channels", "7709fcb9a8c9044659a682c2c5141d92"),
    ("postgres", "20261127020000_settle_suspense", "6ba489a8eb7339445d3e609abb74f8b9"),
    ("postgres", "20261127030000_remember_ledgers", "818f4aa3962224d8ca1cf0d1dbd91258"),
    ("postgres", "20261127040000_sign_elsewhere", "8eb7f0b5c9e64f0a85cf39de23aa6ec8"),
    ("postgres", "20261127040001_order_from_custody", "d751d1ca18753821ad3c81fba1570b4f"),
    ("postgres", "20261127060000_make_quotes", "5afd457d11df61c56eaab995916af55c"),
    ("postgres", "20261127070000_keep_customers", "0067b70d9cc5636e833a59bd210b69d3"),
    ("postgres", "20261127080000_decide_terms", "2a555e8e482527ff57386e4b697c12f2"),
    ("postgres", "20261127090000_receive_payments", "09564aeadfcc562c016f2438755b2ee3"),
    ("postgres", "20261128010000_sum_fees", "2e17dfce0cff46a64225ffc4e9af0c3b"),
    ("postgres", "20261128015000_take_back", "4b477f71a524f0f3c05722bcc9c59d60"),
    ("postgres", "20261128030000_seal_answers", "bf0a41e81a5ae4aacc4e7d2f167e462d"),
    ("sqlite", "20261123000000_create_schema", "f988f6f17890ad259e8a6a50d3103eab"),
    ("sqlite", "20261124000000_remember_sharing", "312d542cb713e2b1c5bc4d8492e1cfa8"),
    ("sqlite", "20261124010000_receipts_fund_once", "556714d3c3967a7b504dc416358e194a"),
    ("sqlite", "20261124020000_attempts_by_sequence", "8502a8069358eb07da1d29d176724dd1"),
    ("sqlite", "20261124030000_remember_heartbeats", "2233fe49afb6d58e06a41394318b0a21"),
    ("sqlite", "20261127000000_pool_channels", "7150234e7f4a261593d39419871bfc48"),
    ("sqlite", "20261127020000_settle_suspense", "387decad61c94793bd35d717b1ad6281"),
    ("sqlite", "20261127030000_remember_ledgers", "84d5a2a33ef3a78a921a8da46cb994b1"),
    ("sqlite", "20261127040000_sign_elsewhere", "5f205154d2638acb8a2e8d7deb5155d6"),
    ("sqlite", "20261127040001_order_from_custody", "4116a3abafcb7e0e1c36d3f6f9fa2a32"),
    ("sqlite", "20261127060000_make_quotes", "0fee2bb3129c7c6ccb43c3dfad8c39f0"),
    ("sqlite", "20261127070000_keep_customers", "ccc76b493854bd0f7fc1ce844b9113ba"),
    ("sqlite", "20261127080000_decide_terms", "111f5b59be0a8d411ddeff0eceafbbdb"),
    ("sqlite", "20261127090000_receive_payments", "524952aa911b8f06c66b7e1b54bcc149"),
    ("sqlite", "20261128010000_sum_fees", "2e17dfce0cff46a64225ffc4e9af0c3b"),
    ("sqlite", "20261128015000_take_back", "328b64f367f0ade846d9bf12c1037940"),
    ("sqlite", "20261128030000_seal_answers", "d6d5d91a1cdd64c2b7d4025f4ee6a16a"),
];

#[test]
fn released_migrations_are_immutable() {
    let mut found = Vec::new();
    for backend in ["postgres", "sqlite"] {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations").join(backend);
        let mut names: Vec<_> = std::fs::read_dir(&folder)
            .expect("the folder is there")
            .map(|entry| entry.expect("readable").file_name().into_string().expect("UTF-8"))
            .collect();
        names.sort();
        for name in names {
            let up = std::fs::read(folder.join(&name).join("up.sql")).expect("every migration has an up.sql");
            assert!(folder.join(&name).join("down.sql").is_file(), "{backend} {name} can be taken back");
            let hash = hex::encode(Sha256::digest(&up));
            found.push((backend, name, hash[..32].to_owned()));
        }
    }
    let found: Vec<_> =
        found.iter().map(|(backend, name, hash)| (*backend, name.as_str(), hash.as_str())).collect();
    assert_eq!(found, RELEASED);
}

#[test]
fn both_backends_have_the_same_migrations() {
    let mut backends: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (backend, name, _) in RELEASED {
        backends.entry(backend).or_default().push(name);
    }
    assert_eq!(backends["sqlite"], backends["postgres"]);
}
