//! The SEP-10 challenge: built with our key, read with suspicion.
