//! The figures as a table.

use std::fmt;
use std::time::Duration;

use super::client::Sample;

/// What was found.
#[derive(Debug)]
pub struct Report {
    /// In the order of measuring.
    pub(super) figures: Vec<Figure>,
    /// The anchor's resident memory before the first request, in KiB.
    pub(super) memory_rest: u64,
    /// The most it had, in KiB.
    pub(super) memory_peak: u64,
    /// From the start of the program to its first answer, on the full database: the median.
    pub(super) start_up: Duration,
}

/// One endpoint.
#[derive(Debug)]
pub(super) struct Figure {
    /// Which.
    pub(super) name: &'static str,
    /// The anchor's.
    pub(super) anchor: Measured,
    /// The least that it could cost.
    pub(super) ceiling: Option<Measured>,
}

/// What was counted on one server.
#[derive(Debug, Clone)]
pub(super) struct Measured {
    /// What the client saw.
    pub(super) sample: Sample,
    /// The server's own processor time.
    pub(super) cpu: Duration,
}

impl Measured {
    /// Processor time of one request, in microseconds.
    fn cpu_micros(&self) -> u128 {
        self.cpu.as_micros() / u128::from(self.sample.answers.max(1))
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "| request | per second | p50 ms | p99 ms | CPU µs | ceiling per second | ceiling CPU µs | share |"
        )?;
        writeln!(f, "|---|--:|--:|--:|--:|--:|--:|--:|")?;
        for figure in &self.figures {
            figure.fmt(f)?;
        }
        writeln!(f)?;
        writeln!(f, "memory at rest {} MB, at most {} MB", self.memory_rest / 1024, self.memory_peak / 1024)?;
        writeln!(f, "start-up {} ms", self.start_up.as_millis())
    }
}

impl fmt::Display for Figure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sample = &self.anchor.sample;
        let (per_second, cpu) = (sample.per_second(), self.anchor.cpu_micros());
        let (p50, p99) = (Millis(sample.percentile(50)), Millis(sample.percentile(99)));
        write!(f, "| {} | {per_second} | {p50} | {p99} | {cpu} |", self.name)?;
        match &self.ceiling {
            None => writeln!(f, " | | |"),
            Some(ceiling) => {
                let best = ceiling.sample.per_second();
                let share = per_second.saturating_mul(100) / best.max(1);
                writeln!(f, " {best} | {} | {share} % |", ceiling.cpu_micros())
            }
        }
    }
}

struct Millis(Duration);

impl fmt::Display for Millis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let micros = self.0.as_micros();
        write!(f, "{}.{:02}", micros / 1000, micros % 1000 / 10)
    }
}
