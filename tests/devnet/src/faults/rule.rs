//! What can go wrong, and where.

use serde::{Deserialize, Serialize};

/// One way in which the network misbehaves.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Fault {
    /// The request times out before it has had any effect; a submission is not accepted.
    TimeoutBefore {
        /// How the client learns of it.
        #[serde(default)]
        by: Timeout,
    },
    /// The request takes effect, a submission is accepted and will land, but the client is not told.
    TimeoutAfter {
        /// How the client learns of it.
        #[serde(default)]
        by: Timeout,
    },
    /// 429 with `Retry-After` in seconds.
    RateLimit {
        /// Seconds the client shall wait.
        #[serde(default = "one_second")]
        retry_after: u64,
    },
    /// An answer with a 5xx status and nothing done.
    ServerError {
        /// The status, 500 to 599.
        #[serde(default = "internal_server_error")]
        status: u16,
    },
    /// The answer comes late.
    Slow {
        /// How late, in milliseconds.
        delay_ms: u64,
    },
    /// Reads are answered from the past, as by a replica that lags behind. Submissions are not affected.
    Stale {
        /// How many ledgers behind, 64 at most.
        ledgers: u32,
    },
    /// Open streams break off without a farewell.
    DropStream,
    /// Open streams stay open and say nothing more, not even heartbeats.
    SilentStream,
    /// Ledgers that are due do not close. An explicit close still does.
    Stall,
}

/// How a timeout shows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Timeout {
    /// A 504 answer.
    #[default]
    Answer,
    /// No answer; the connection stays open until the client gives up.
    Hang,
    /// No answer; the connection is cut.
    Cut,
}

/// A fault with its filter, chance and count.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FaultRule {
    /// What goes wrong.
    #[serde(flatten)]
    pub fault: Fault,
    /// Path pattern: `*` stands for one segment, a final `**` for any rest. `None` is every path.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub route: Option<String>,
    /// Method the fault is limited to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub method: Option<String>,
    /// How often it fires before it is gone. `None` is until removed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub count: Option<u64>,
    /// Chance in a hundred that it fires where it could.
    #[serde(default = "always")]
    pub percent: u8,
}

/// A fault rule in force.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InstalledFault {
    /// Names the fault for removal.
    pub id: u64,
    /// How often it has fired.
    pub fired: u64,
    /// The rule.
    #[serde(flatten)]
    pub rule: FaultRule,
}

impl FaultRule {
    /// A fault that hits everything it can, for ever.
    pub fn new(fault: Fault) -> Self {
        Self { fault, route: None, method: None, count: None, percent: always() }
    }

    /// Limits it to paths; see [`FaultRule::route`].
    pub fn route(mut self, pattern: &str) -> Self {
        self.route = Some(pattern.to_owned());
        self
    }

    /// Limits it to a method.
    pub fn method(mut self, method: &str) -> Self {
        self.method = Some(method.to_owned());
        self
    }

    /// Limits how often it fires.
    pub fn times(mut self, count: u64) -> Self {
        self.count = Some(count);
        self
    }

    /// Lets it fire by chance only.
    pub fn percent(mut self, percent: u8) -> Self {
        self.percent = percent;
        self
    }

    /// Why the rule makes no sense, if it does not.
    pub(crate) fn defect(&self) -> Option<&'static str> {
        match self.fault {
            Fault::ServerError { status } if !(500..=599).contains(&status) => {
                Some("status has to be between 500 and 599")
            }
            _ if self.percent > 100 => Some("percent has to be between 0 and 100"),
            _ if self.count == Some(0) => Some("count has to be at least 1"),
            _ => None,
        }
    }

    pub(crate) fn matches(&self, method: &str, path: &str) -> bool {
        let method_fits = self.method.as_deref().is_none_or(|wanted| wanted.eq_ignore_ascii_case(method));
        method_fits && self.route.as_deref().is_none_or(|pattern| path_fits(pattern, path))
    }
}

impl Fault {
    /// The faults that a client has to survive on any day.
    pub(crate) fn chaos() -> [Self; 8] {
        [
            Self::TimeoutBefore { by: Timeout::Answer },
            Self::TimeoutAfter { by: Timeout::Answer },
            Self::TimeoutAfter { by: Timeout::Cut },
            Self::RateLimit { retry_after: one_second() },
            Self::ServerError { status: 503 },
            Self::Slow { delay_ms: 200 },
            Self::Stale { ledgers: 2 },
            Self::DropStream,
        ]
    }

    pub(crate) fn concerns_streams(&self) -> bool {
        matches!(self, Self::DropStream | Self::SilentStream)
    }

    pub(crate) fn concerns_requests(&self) -> bool {
        !self.concerns_streams() && !matches!(self, Self::Stall)
    }
}

fn path_fits(pattern: &str, path: &str) -> bool {
    let segments = |text: &str| text.trim_matches('/').split('/').map(str::to_owned).collect::<Vec<_>>();
    let (pattern, path) = (segments(pattern), segments(path));
    let (pattern, open) = match pattern.split_last() {
        Some((last, rest)) if last == "**" => (rest.to_vec(), true),
        _ => (pattern, false),
    };
    let long_enough = if open { path.len() >= pattern.len() } else { path.len() == pattern.len() };
    long_enough && pattern.iter().zip(&path).all(|(wanted, segment)| wanted == "*" || wanted == segment)
}

fn one_second() -> u64 {
    1
}

fn internal_server_error() -> u16 {
    500
}

fn always() -> u8 {
    100
}
