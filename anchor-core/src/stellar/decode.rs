//! From the ledger's own bytes to movements and failures.
