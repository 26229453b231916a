//! Finds the programs of this workspace.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::Command;
use std::sync::{Mutex, PoisonError};

use anyhow::{Context as _, Result, ensure};

/// The path of the program of this workspace's package, up to date with the sources.
///
/// # Errors
/// When it cannot be built.
pub fn program(package: &str) -> Result<PathBuf> {
    // built once by each process of tests, also when they run side by side
    static BUILT: Mutex<BTreeMap<String, PathBuf>> = Mutex::new(BTreeMap::new());
    let mut built = BUILT.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(path) = built.get(package) {
        return Ok(path.clone());
    }
    let path = build(package)?;
    built.insert(package.to_owned(), path.clone());
    Ok(path)
}

fn build(package: &str) -> Result<PathBuf> {
    let exe = std::env::current_exe()?;
    let mut folders = exe.ancestors().skip(1);
    let folder =
        folders.find(|folder| !folder.ends_with("deps")).context("this program lies in no folder")?;
    let mut build = Command::new(option_env!("CARGO").unwrap_or("cargo"));
    build.current_dir(crate::found::workspace()).args(["build", "--quiet"]);
    // beside a test of the whole workspace, so that the features of `cargo test --workspace` are on and no library is
    // compiled anew
    build.args(["--workspace", "--bin", package, "--test", "tidy"]);
    if folder.ends_with("release") {
        build.arg("--release");
    }
    build.arg("--target-dir").arg(folder.parent().context("the folder lies in no other")?);
    ensure!(build.status()?.success(), "{package} could not be built");
    Ok(folder.join(package))
}
