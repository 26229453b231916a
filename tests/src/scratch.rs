//! Where tests put what need not survive the machine.

use std::path::Path;
use std::process::Command;
use std::sync::OnceLock;

use tempfile::TempDir;

/// A folder in memory, on Linux.
const MEMORY: &str = "/dev/shm";

/// Has to be free there; the databases of all tests together take a fraction of it.
const ROOM_KIB: u64 = 2 * 1024 * 1024;

/// A folder in memory, if there is one with plenty of room: nobody waits there for a disk that nobody will read.
pub fn in_memory() -> Option<&'static Path> {
    static HAS_ROOM: OnceLock<bool> = OnceLock::new();
    HAS_ROOM.get_or_init(|| free_kib().is_some_and(|free| free >= ROOM_KIB)).then(|| Path::new(MEMORY))
}

/// A folder of its own, in memory if there is room.
///
/// # Errors
/// When there is no room for a temporary folder anywhere.
pub fn folder() -> std::io::Result<TempDir> {
    in_memory().map_or_else(tempfile::tempdir, tempfile::tempdir_in)
}

fn free_kib() -> Option<u64> {
    let told = Command::new("df").args(["-k", "--output=avail", MEMORY]).output().ok()?;
    let text = String::from_utf8(told.stdout).ok()?;
    text.lines().last()?.trim().parse().ok()
}
