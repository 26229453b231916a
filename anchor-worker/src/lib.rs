//! The jobs of a Stellar anchor: pays, watches and confirms, as restartable reconcilers.
