//! What requests carry.
