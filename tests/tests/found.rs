//! A missing program is never silent: each case runs a test of this file in a process that finds no program at all.

use std::process::{Command, Output};

use anchor_tests::found::{self, REQUIRE_ALL_VARIABLE, SKIPS_FILE_VARIABLE};
use anchor_tests::postgres::URL_VARIABLE;
use anyhow::Result;

/// Does nothing in an ordinary run: see [`without_programs`].
#[test]
fn needs_a_program() {
    match std::env::var("ANCHOR_TEST_NEEDS").as_deref() {
        Ok("postgres") => drop(found::postgres()),
        Ok("node") => drop(found::node()),
        Ok("chromium") => drop(found::chromium()),
        _ => {}
    }
}

fn without_programs(needs: &str) -> Result<Command> {
    let mut command = Command::new(std::env::current_exe()?);
    command.args(["--exact", "needs_a_program"]).env("ANCHOR_TEST_NEEDS", needs).env("PATH", "/nowhere");
    command.env_remove(REQUIRE_ALL_VARIABLE).env_remove(SKIPS_FILE_VARIABLE).env_remove(URL_VARIABLE);
    Ok(command)
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn skipped_test_says_so_past_the_capture_and_in_the_file() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("skips");
    for needs in ["postgres", "node", "chromium"] {
        let output = without_programs(needs)?.env(SKIPS_FILE_VARIABLE, &file).output()?;
        assert!(output.status.success(), "{output:?}");
        assert!(said(&output).contains("SKIPPED needs_a_program: no "), "{needs}: {output:?}");
    }
    assert_eq!(std::fs::read_to_string(file)?.lines().count(), 3);
    Ok(())
}

#[test]
fn missing_program_fails_the_test_when_all_are_required() -> Result<()> {
    for needs in ["postgres", "node", "chromium"] {
        let output = without_programs(needs)?.env(REQUIRE_ALL_VARIABLE, "1").output()?;
        assert!(!output.status.success(), "{needs} was not required: {output:?}");
    }
    Ok(())
}
