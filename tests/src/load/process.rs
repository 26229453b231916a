//! What the operating system says of a process (Linux).

use std::time::Duration;

use anyhow::{Context as _, Result};

/// `USER_HZ`: a hundred ticks a second on every Linux.
const TICK: Duration = Duration::from_millis(10);

/// The processor time that it has used so far, in user space and in the kernel.
///
/// # Errors
/// When there is no such process.
pub(crate) fn cpu_time(process: u32) -> Result<Duration> {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat"))?;
    // the program's name, in parentheses, may contain spaces
    let (_, fields) = stat.rsplit_once(')').context("no name in stat")?;
    let mut fields = fields.split_whitespace().skip(11);
    let mut ticks = || fields.next().context("stat is too short").and_then(|field| Ok(field.parse::<u32>()?));
    Ok(TICK.saturating_mul(ticks()?.saturating_add(ticks()?)))
}

/// Its resident memory, in KiB.
///
/// # Errors
/// When there is no such process.
pub(crate) fn memory(process: u32) -> Result<u64> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).context("no VmRSS")?;
    Ok(line.trim().trim_end_matches("kB").trim().parse()?)
}

/// The most that it ever had resident, in KiB.
///
/// # Errors
/// When there is no such process.
pub(crate) fn memory_peak(process: u32) -> Result<u64> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).context("no VmHWM")?;
    Ok(line.trim().trim_end_matches("kB").trim().parse()?)
}
