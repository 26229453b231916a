//! What was found.

use std::fmt;
use std::time::Duration;

use super::stand::{Rhythm, Used};

/// How fast deposits were paid.
#[derive(Debug)]
#[expect(clippy::exhaustive_structs, reason = "test support, not an API that is versioned")]
pub struct Paid {
    /// Deposits.
    pub count: u32,
    /// From the workers' start to the last payment on the ledger.
    pub on_ledger: Duration,
    /// From the workers' start until the books knew of the last one.
    pub in_books: Duration,
    /// The workers' processor time, with their side of the database.
    pub cpu: Duration,
    /// The processor time of the database's server, if it has one.
    pub server: Option<Duration>,
    /// The ledgers from the first payment to the last.
    pub ledgers: Used,
    /// How often they closed.
    pub rhythm: Rhythm,
}

impl fmt::Display for Paid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let count = u128::from(self.count);
        writeln!(f, "deposits paid          {} (each once, with the right amount)", self.count)?;
        writeln!(
            f,
            "last one on the ledger {} ms: {}/s",
            self.on_ledger.as_millis(),
            rate(count, self.on_ledger)
        )?;
        writeln!(
            f,
            "last one in the books  {} ms: {}/s",
            self.in_books.as_millis(),
            rate(count, self.in_books)
        )?;
        writeln!(
            f,
            "ledgers                {}, {} transactions",
            self.ledgers.ledgers, self.ledgers.transactions
        )?;
        if let Rhythm::Every(_) = self.rhythm {
            let room = u64::from(self.ledgers.ledgers) * u64::from(self.ledgers.capacity);
            let percent = (self.ledgers.operations * 100).checked_div(room).unwrap_or_default();
            writeln!(f, "capacity used          {percent} % of {room} operations")?;
        }
        write!(f, "workers' processor     {}", processor(self.cpu, count))?;
        server(f, self.server, count)
    }
}

/// How fast a history was read.
#[derive(Debug)]
#[expect(clippy::exhaustive_structs, reason = "test support, not an API that is versioned")]
pub struct CaughtUp {
    /// Payments in the history.
    pub payments: u32,
    /// Those of them that belong to a withdrawal.
    pub matching: u32,
    /// From the job's start until the books knew of the last one.
    pub time: Duration,
    /// The job's processor time, with its side of the database.
    pub cpu: Duration,
    /// The processor time of the database's server, if it has one.
    pub server: Option<Duration>,
    /// The most memory that the job's process had, in KiB; `None` where the network was in the same process.
    pub memory: Option<u64>,
}

impl fmt::Display for CaughtUp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let payments = u128::from(self.payments);
        writeln!(f, "payments read          {}, {} matched, none missed", self.payments, self.matching)?;
        writeln!(f, "time                   {} ms: {}/s", self.time.as_millis(), rate(payments, self.time))?;
        write!(f, "job's processor        {}", processor(self.cpu, payments))?;
        server(f, self.server, payments)?;
        match self.memory {
            Some(memory) => write!(f, "\njob's memory at most   {} MB", memory / 1024),
            None => Ok(()),
        }
    }
}

fn server(f: &mut fmt::Formatter<'_>, server: Option<Duration>, count: u128) -> fmt::Result {
    match server {
        Some(cpu) => write!(f, "\ndatabase's processor   {}", processor(cpu, count)),
        None => Ok(()),
    }
}

fn processor(cpu: Duration, count: u128) -> String {
    let each = cpu.as_micros().checked_div(count).unwrap_or_default();
    format!("{} ms, {each} µs a payment", cpu.as_millis())
}

fn rate(count: u128, time: Duration) -> u128 {
    (count * 1_000_000).checked_div(time.as_micros()).unwrap_or_default()
}
