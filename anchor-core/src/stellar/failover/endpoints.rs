//! What operators and metrics see of several servers.

use crate::stellar::LedgerPoint;

/// How several servers are.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Endpoints {
    /// Each of them, as they were given.
    pub each: Vec<Endpoint>,
    /// How often two of them contradicted each other. Never forgotten by this process: an alarm.
    pub contradictions: u64,
}

impl Endpoints {
    /// How many answer, from the present.
    pub fn well(&self) -> usize {
        self.each.iter().filter(|endpoint| endpoint.state == EndpointState::Well).count()
    }
}

/// One of several servers.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Endpoint {
    /// As it was given a name; never its address, which may hold a key.
    pub name: String,
    /// How it is.
    pub state: EndpointState,
    /// How far it had read when it last said so.
    pub reached: Option<LedgerPoint>,
    /// How often it gave no answer.
    pub errors: u64,
}

/// How a server is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum EndpointState {
    /// It answers.
    Well,
    /// It answers from the past.
    Behind,
    /// It does not answer.
    Down,
    /// It belongs to another network.
    OtherNetwork,
}

impl EndpointState {
    /// For a metric's label.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Well => "well",
            Self::Behind => "behind",
            Self::Down => "down",
            Self::OtherNetwork => "other_network",
        }
    }
}
