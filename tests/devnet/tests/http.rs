//! The devnet as its clients see it: over HTTP.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "helpers of tests fail as the tests do")]

mod http {
    mod accounts;
    mod faults;
    mod friendbot;
    mod history;
    mod market;
    mod rpc;
    mod runtime;
    mod streams;
    mod submission;
    mod support;
}
