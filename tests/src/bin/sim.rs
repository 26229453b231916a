//! Runs simulations and prints what went wrong: see [`anchor_tests::sim`].
//!
//! ```sh
//! cargo run --release -p anchor-tests --bin sim -- --seeds 10000
//! cargo run --release -p anchor-tests --bin sim -- --seed 4711 --trace
//! cargo run --release -p anchor-tests --bin sim -- --seeds 1000 --plant cursor-first
//! ```

use std::process::ExitCode;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::available_parallelism;
use std::time::Instant;

use anchor_tests::sim::{Bug, Report, Settings, run};
use anyhow::Result;
use clap::Parser;

/// A whole anchor in one process, from one seed: faults, deaths, audits. The same seed is the same story.
#[derive(Parser)]
struct Arguments {
    /// How many seeds.
    #[arg(long, default_value_t = 1000)]
    seeds: u64,
    /// The first one.
    #[arg(long, default_value_t = 0)]
    from: u64,
    /// Only this one.
    #[arg(long, conflicts_with_all = ["seeds", "from"])]
    seed: Option<u64>,
    /// Print every call.
    #[arg(long, requires = "seed")]
    trace: bool,
    /// Break a rule, which then has to be noticed: the first seed that does ends the run, with success.
    #[arg(long)]
    plant: Option<Bug>,
}

fn main() -> Result<ExitCode> {
    let arguments = Arguments::parse();
    let (bug, trace) = (arguments.plant, arguments.trace);
    if let Some(seed) = arguments.seed {
        let report = run(Settings { seed, bug, trace })?;
        println!("{report}");
        return Ok(verdict(report.violations.is_empty()));
    }
    let began = Instant::now();
    let end = arguments.from.saturating_add(arguments.seeds);
    let (next, stop) = (AtomicU64::new(arguments.from), AtomicU64::new(end));
    let work = || -> Result<Vec<Report>> {
        let mut reports = Vec::new();
        loop {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed >= stop.load(Ordering::Relaxed) {
                return Ok(reports);
            }
            let report = run(Settings { seed, bug, trace: false })?;
            if bug.is_some() && !report.violations.is_empty() {
                stop.fetch_min(seed, Ordering::Relaxed);
            }
            reports.push(report);
        }
    };
    let threads = available_parallelism().map_or(1, usize::from);
    let reports = std::thread::scope(|scope| {
        let running: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        let joined = running.into_iter().map(|thread| match thread.join() {
            Ok(reports) => reports,
            Err(panic) => std::panic::resume_unwind(panic),
        });
        joined.collect::<Result<Vec<_>>>()
    })?;
    let mut reports: Vec<Report> = reports.into_iter().flatten().collect();
    reports.sort_by_key(|report| report.seed);
    summarise(&reports, bug, began);
    let violated = reports.iter().any(|report| !report.violations.is_empty());
    Ok(verdict(violated == bug.is_some()))
}

fn summarise(reports: &[Report], bug: Option<Bug>, began: Instant) {
    let violated: Vec<&Report> = reports.iter().filter(|report| !report.violations.is_empty()).collect();
    for report in violated.iter().take(if bug.is_some() { 1 } else { 20 }) {
        println!("{report}");
    }
    let calls: u64 = reports.iter().map(|report| report.calls).sum();
    let deaths: u64 = reports.iter().map(|report| report.deaths).sum();
    let virtual_hours = reports.iter().map(|report| report.lasted.as_secs()).sum::<u64>() / 3600;
    println!(
        "{} seeds in {} s: {calls} calls, {deaths} deaths, {virtual_hours} hours of virtual time; {} violated",
        reports.len(),
        began.elapsed().as_secs(),
        violated.len(),
    );
    match (bug, violated.first()) {
        (Some(bug), Some(found)) => println!("{bug} was found by seed {}", found.seed),
        (Some(bug), None) => println!("{bug} was NOT found"),
        (None, Some(first)) => println!("look at one with: sim --seed {} --trace", first.seed),
        (None, None) => {}
    }
}

fn verdict(good: bool) -> ExitCode {
    if good { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
