//! The processor time of some threads of this process (Linux).

use std::time::Duration;

use anyhow::{Context as _, Result};

/// Name of the threads on which workers run, and with them their database's client.
pub(super) const WORKER: &str = "pace-worker";

/// `USER_HZ`: a hundred ticks a second on every Linux.
const TICK: Duration = Duration::from_millis(10);

/// What the living threads of this name have used so far.
///
/// # Errors
/// When the system does not say.
pub(super) fn cpu_time(name: &str) -> Result<Duration> {
    let mut sum = Duration::ZERO;
    for task in std::fs::read_dir("/proc/self/task")? {
        // a thread may end while the list is read
        let Ok(stat) = std::fs::read_to_string(task?.path().join("stat")) else { continue };
        let (head, fields) = stat.rsplit_once(')').context("no name in stat")?;
        if head.split_once('(').is_some_and(|(_, own)| own == name) {
            let mut fields = fields.split_whitespace().skip(11);
            let mut ticks = || fields.next().context("stat is too short").and_then(|f| Ok(f.parse::<u32>()?));
            sum += TICK.saturating_mul(ticks()?.saturating_add(ticks()?));
        }
    }
    Ok(sum)
}
