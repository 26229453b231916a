//! Which test asserts what the official test suite and real wallets assert, fact by fact.
//!
//! A test does so if its name begins with `interop_` and goes on with what it asserts: `sep24_5_to_8` for the suite's
//! tests of SEP-24 in their order, `fact_6` for one of the twelve general facts, `part_8_1` for what a wallet does. What
//! concerns no SEP that is served stands with its reason in `docs/reference/interop.toml`.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use anchor_tests::found::workspace;
use anyhow::{Result, ensure};

use crate::conformance::{proofs, row};
use crate::source::Source;

/// What facts are called in names and in the table, and how many there are.
const GROUPS: [(&str, &str, u16); 10] = [
    ("sep1", "suite, SEP-1, test", 5),
    ("sep6", "suite, SEP-6, test", 38),
    ("sep10", "suite, SEP-10, test", 16),
    ("sep12", "suite, SEP-12, test", 9),
    ("sep24", "suite, SEP-24, test", 40),
    ("sep31", "suite, SEP-31, test", 11),
    ("sep31quotes", "suite, SEP-31 with SEP-38, test", 3),
    ("sep38", "suite, SEP-38, test", 15),
    ("fact", "fact", 12),
    ("part", "part 8.", 4),
];

type Fact = (&'static str, u16);

/// The part of the page of all proofs that is about other people's clients.
pub(crate) fn chapter(page: &mut String, sources: &[Source]) -> Result<()> {
    let proofs = proofs(sources, facts);
    let argued = std::fs::read_to_string(workspace().join("docs/reference/interop.toml"))?;
    let argued: BTreeMap<String, String> = toml::from_str(&argued)?;
    page.push_str(
        "\n## The official test suite and real wallets\n\n\
         The suite's tests in its own order, general facts about it, and what wallets do (8.1 the wallet SDK, 8.2 the\n\
         domain in the challenge, 8.3 the demo wallet, 8.4 the Horizon that they need).\n\n\
         | fact | proof |\n|---|---|\n",
    );
    let mut reasons = 0;
    for (group, title, count) in GROUPS {
        for number in 1..=count {
            let label = label(title, number);
            let (tests, reason) = (proofs.get(&(group, number)), argued.get(&label));
            ensure!(tests.is_some() != reason.is_some(), "{label} has to be either tested or argued");
            reasons += usize::from(reason.is_some());
            row(page, &label, tests, reason)?;
        }
    }
    ensure!(reasons == argued.len(), "interop.toml argues about facts that do not exist");
    writeln!(page)?;
    page.truncate(page.trim_end().len());
    page.push('\n');
    Ok(())
}

fn label(title: &str, number: u16) -> String {
    if title.ends_with('.') { format!("{title}{number}") } else { format!("{title} {number}") }
}

/// What the name of a test says that it asserts.
fn facts(test: &str) -> Vec<Fact> {
    let Some(rest) = test.strip_prefix("interop_") else { return Vec::new() };
    let mut facts = Vec::new();
    let mut group = None;
    let mut words = rest.split('_').peekable();
    while let Some(word) = words.next() {
        if let Some((known, ..)) = GROUPS.iter().find(|(known, ..)| *known == word) {
            group = Some(*known);
            if *known == "part" {
                words.next_if_eq(&"8");
            }
        } else if let (Some(group), Ok(number)) = (group, word.parse()) {
            facts.push((group, number));
        } else if let (Some(group), "to", Some(Ok(last))) =
            (group, word, words.peek().map(|next| next.parse::<u16>()))
        {
            let first = facts.last().map_or(last, |(_, first)| first + 1);
            facts.extend((first..last).map(|number| (group, number)));
        } else {
            break;
        }
    }
    facts
}

#[test]
fn names_are_read_as_facts() {
    assert_eq!(facts("interop_sep1_1_to_3_file_4"), [("sep1", 1), ("sep1", 2), ("sep1", 3)]);
    assert_eq!(
        facts("interop_sep10_4_5_fact_6_8_are_400"),
        [("sep10", 4), ("sep10", 5), ("fact", 6), ("fact", 8)]
    );
    assert_eq!(facts("interop_part_8_2_fact_7_x"), [("part", 2), ("fact", 7)]);
    assert_eq!(facts("r_24_001_interop_sep1_1"), []);
}
