//! Models, state machine, integration traits, store and ledger adapters of a Stellar anchor.
