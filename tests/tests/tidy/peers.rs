//! Defects that other anchors had: each is a named test here, written down in `docs/reference/peers.md`.
//!
//! The defects stand in `docs/reference/peers.toml` with the tests that would find them, or with the reason why there is
//! none. The name of such a test begins with `peer_`.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use anchor_tests::found::workspace;
use anyhow::{Result, ensure};
use serde::Deserialize;

use crate::conformance::{assert_written, proofs};
use crate::source::read_all;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Defects {
    money: Vec<Defect>,
    availability: Vec<Defect>,
    security: Vec<Defect>,
    bad_input: Vec<Defect>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Defect {
    what: String,
    /// Who had it.
    peer: String,
    /// Names of tests.
    #[serde(default)]
    tests: Vec<String>,
    /// Why there is no test, or not for all of it.
    reason: Option<String>,
}

#[test]
fn every_defect_of_a_peer_has_a_test_or_a_reason() -> Result<()> {
    let text = std::fs::read_to_string(workspace().join("docs/reference/peers.toml"))?;
    let defects: Defects = toml::from_str(&text)?;
    let named = |test: &str| if test.starts_with("peer_") { vec![test.to_owned()] } else { Vec::new() };
    let tests: BTreeMap<String, BTreeSet<(String, String)>> = proofs(&read_all(workspace())?, named);
    let mut page = String::from(
        "# What went wrong elsewhere\n\n\
         Defects of other anchors, and the test that would find each of them here. Generated from `peers.toml` by\n\
         `UPDATE_DOCS=1 cargo test -p anchor-tests --test tidy` and checked in every test run.\n",
    );
    let mut listed = BTreeSet::new();
    for (title, defects) in [
        ("Money", &defects.money),
        ("Availability", &defects.availability),
        ("Security", &defects.security),
        ("Bad input", &defects.bad_input),
    ] {
        write!(page, "\n## {title}\n\n| defect | whose | here |\n|---|---|---|\n")?;
        for defect in defects {
            ensure!(
                !defect.tests.is_empty() || defect.reason.is_some(),
                "neither test nor reason: {}",
                defect.what
            );
            let mut here = Vec::new();
            for test in &defect.tests {
                let places = tests.get(test);
                ensure!(
                    places.is_some(),
                    "no test {test} (whose name has to begin with `peer_`) for: {}",
                    defect.what
                );
                let files = places.into_iter().flatten().map(|(file, _)| file.as_str());
                here.push(format!("`{test}` ({})", files.collect::<Vec<_>>().join(", ")));
                listed.insert(test.clone());
            }
            here.extend(defect.reason.clone());
            writeln!(page, "| {} | {} | {} |", defect.what, defect.peer, here.join("<br>"))?;
        }
    }
    let forgotten: Vec<_> = tests.keys().filter(|test| !listed.contains(*test)).collect();
    ensure!(forgotten.is_empty(), "tests of no defect in peers.toml: {forgotten:?}");
    assert_written("docs/reference/peers.md", &page)
}
