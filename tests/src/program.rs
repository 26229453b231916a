//! Finds the programs of this workspace.

use std::path::PathBuf;
use std::process::Command;
use std::sync::Mutex;

use anyhow::{Context as _, Result, ensure};

/// The path of a program of this workspace, built for this profile if it is not there.
///
/// # Errors
/// When it cannot be built.
pub fn program(package: &str) -> Result<PathBuf> {
    // one build at a time, also for tests that run side by side
    static BUILD: Mutex<()> = Mutex::new(());
    let _guard = BUILD.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let exe = std::env::current_exe()?;
    let folder = exe
        .ancestors()
        .skip(1)
        .find(|folder| !folder.ends_with("deps"))
        .context("this program lies in no folder")?;
    let path = folder.join(package);
    if !path.exists() {
        let mut build = Command::new(option_env!("CARGO").unwrap_or("cargo"));
        build.current_dir(crate::found::workspace()).args(["build", "-p", package]);
        if folder.ends_with("release") {
            build.arg("--release");
        }
        ensure!(build.status()?.success(), "{package} could not be built");
    }
    Ok(path)
}
