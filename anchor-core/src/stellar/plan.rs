//! How to pay somebody, decided from a snapshot of their account. Pure.
