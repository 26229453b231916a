//! Our own envelopes: built, signed and read again before anybody else sees them.
