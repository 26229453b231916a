//! Which test proves which numbered requirement, written down in `docs/reference/conformance.md`.
//!
//! A test proves R-24-023 if its name says `r_24_023`. What no test can prove stands with its reason in
//! `docs/reference/argued.toml`.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use anchor_tests::found::workspace;
use anyhow::{Context as _, Result};

use crate::source::{Source, Token, read_all};

/// SEPs that are served, with how many requirements their checklists have.
const SERVED: [(u8, u16); 3] = [(1, 28), (10, 101), (24, 140)];

/// SEP and number.
type Requirement = (u8, u16);

/// Where each test is that names a requirement.
type Proofs = BTreeMap<Requirement, BTreeSet<(String, String)>>;

#[test]
fn every_requirement_is_tested_or_argued() -> Result<()> {
    let proofs = proofs(&read_all(workspace())?);
    let argued = argued(&std::fs::read_to_string(workspace().join("docs/reference/argued.toml"))?)?;
    let open: Vec<String> = required()
        .filter(|requirement| !proofs.contains_key(requirement) && !argued.contains_key(requirement))
        .map(label)
        .collect();
    assert!(open.is_empty(), "neither tested nor argued: {open:?}");
    let both: Vec<String> =
        argued.keys().filter(|argued| proofs.contains_key(argued)).copied().map(label).collect();
    assert!(both.is_empty(), "tested, so nothing has to be argued: {both:?}");

    let page = page(&proofs, &argued)?;
    let path = workspace().join("docs/reference/conformance.md");
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(&path, &page)?;
    }
    let written = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(written == page, "docs/reference/conformance.md is out of date: run with UPDATE_DOCS=1");
    Ok(())
}

fn required() -> impl Iterator<Item = Requirement> {
    SERVED.into_iter().flat_map(|(sep, count)| (1..=count).map(move |number| (sep, number)))
}

fn label((sep, number): Requirement) -> String {
    format!("R-{sep:02}-{number:03}")
}

fn page(proofs: &Proofs, argued: &BTreeMap<Requirement, String>) -> Result<String> {
    let mut page = String::from(
        "# Conformance\n\n\
         Each numbered requirement of the SEPs that are served: the tests that prove it, or why none does. Generated\n\
         by `UPDATE_DOCS=1 cargo test -p anchor-tests --test tidy` and checked in every test run.\n",
    );
    for (sep, _) in SERVED {
        write!(page, "\n## SEP-{sep}\n\n| requirement | proof |\n|---|---|\n")?;
        for requirement in required().filter(|requirement| requirement.0 == sep) {
            let proof = match (proofs.get(&requirement), argued.get(&requirement)) {
                (Some(tests), _) => {
                    let tests = tests.iter().map(|(file, test)| format!("`{test}` ({file})"));
                    tests.collect::<Vec<_>>().join("<br>")
                }
                (None, Some(reason)) => reason.replace('|', "\\|"),
                (None, None) => continue,
            };
            writeln!(page, "| {} | {proof} |", label(requirement))?;
        }
    }
    Ok(page)
}

fn argued(text: &str) -> Result<BTreeMap<Requirement, String>> {
    let reasons: BTreeMap<String, String> = toml::from_str(text)?;
    reasons
        .into_iter()
        .map(|(label, reason)| {
            let read = requirement(&label.to_lowercase().replace('-', "_"));
            Ok((read.with_context(|| format!("{label} is no requirement"))?, reason))
        })
        .collect()
}

fn proofs(sources: &[Source]) -> Proofs {
    let mut proofs = Proofs::new();
    for source in sources.iter().filter(|source| source.is_rust()) {
        for test in functions(&source.tokens) {
            for found in requirements(test) {
                proofs.entry(found).or_default().insert((source.path.clone(), test.to_owned()));
            }
        }
    }
    proofs
}

fn requirements(test: &str) -> impl Iterator<Item = Requirement> {
    test.match_indices("r_").filter_map(|(at, _)| test.get(at..).and_then(requirement))
}

/// `r_24_023` at the start.
fn requirement(text: &str) -> Option<Requirement> {
    let (sep, rest) = text.strip_prefix("r_")?.split_once('_')?;
    let number = rest.get(..3)?;
    let digits = |text: &str, length| text.len() == length && text.bytes().all(|byte| byte.is_ascii_digit());
    if digits(sep, 2) && digits(number, 3) { Some((sep.parse().ok()?, number.parse().ok()?)) } else { None }
}

fn functions(tokens: &[Token]) -> impl Iterator<Item = &str> {
    let named = tokens.iter().zip(tokens.iter().skip(1));
    named.filter(|(word, _)| word.text == "fn" && !word.is_literal).map(|(_, name)| name.text.as_str())
}

#[test]
fn names_are_read_as_requirements() -> Result<()> {
    let text = "async fn r_24_023_unknown() {}\nfn other_r_10_001_and_r_10_002<T>() {}\nfn r_1_2() {} // fn";
    let source = Source::parse("some.rs", text)?;
    let read: Vec<_> = functions(&source.tokens).flat_map(requirements).collect();
    assert_eq!(read, [(24, 23), (10, 1), (10, 2)]);
    Ok(())
}
