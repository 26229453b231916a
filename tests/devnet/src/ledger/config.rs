//! The parameters a network is born with.

/// Parameters of a [`Network`](super::Network). They belong to its identity: a log written under one
/// configuration cannot be opened under another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LedgerConfig {
    /// Network passphrase; its SHA-256 is the network id and the seed of the root account.
    pub passphrase: String,
    /// Minimum fee of one operation, in stroops.
    pub base_fee: u32,
    /// Reserve of one ledger entry, in stroops; an account itself counts two.
    pub base_reserve: u32,
    /// Operations a ledger can hold. When more wait, the best-paying ones go first (surge pricing).
    pub capacity: u32,
    /// The queue holds this many ledgers full of operations; what comes then has to pay more than what waits.
    pub ledgers_queued: u32,
    /// Protocol version the ledger headers announce.
    pub protocol_version: u32,
    /// Seconds between two closes that submission reckons with: like stellar-core, an envelope whose upper time
    /// bound lies within two of them is refused as too late, because it would hardly make it into a ledger.
    pub close_seconds: u32,
}

impl Default for LedgerConfig {
    /// The public network's fees, reserves and capacity under a passphrase of this devnet's own.
    fn default() -> Self {
        Self {
            passphrase: "Anchor Devnet ; in one process".to_owned(),
            base_fee: 100,
            base_reserve: 5_000_000,
            capacity: 1_000,
            ledgers_queued: 2,
            protocol_version: 23,
            close_seconds: 5,
        }
    }
}
