//! The jobs on SQLite, with a network and a bank in memory: every road, every crash point, two workers.
#![expect(clippy::unwrap_used, reason = "helpers of tests are tests too")]

#[path = "jobs/authorize.rs"]
mod authorize;
#[path = "jobs/channels.rs"]
mod channels;
#[path = "jobs/crash.rs"]
mod crash;
#[path = "jobs/custody.rs"]
mod custody;
#[path = "jobs/destinations.rs"]
mod destinations;
#[path = "jobs/driver.rs"]
mod driver;
#[path = "jobs/flapping.rs"]
mod flapping;
#[path = "jobs/given_up.rs"]
mod given_up;
#[path = "jobs/kill.rs"]
mod kill;
#[path = "jobs/lag.rs"]
mod lag;
#[path = "jobs/many.rs"]
mod many;
#[path = "jobs/merging.rs"]
mod merging;
#[path = "jobs/moments.rs"]
mod moments;
#[path = "jobs/peers.rs"]
mod peers;
#[path = "jobs/quotes.rs"]
mod quotes;
#[path = "jobs/reclaim.rs"]
mod reclaim;
#[path = "jobs/reclaim_trouble.rs"]
mod reclaim_trouble;
#[path = "jobs/roads.rs"]
mod roads;
#[path = "jobs/rpc.rs"]
mod rpc;
#[path = "jobs/sep24.rs"]
mod sep24;
#[path = "jobs/sep31.rs"]
mod sep31;
#[path = "jobs/sep6.rs"]
mod sep6;
#[path = "jobs/signing.rs"]
mod signing;
#[path = "jobs/suspense.rs"]
mod suspense;
#[path = "jobs/world.rs"]
mod world;

/// Where every scenario of this file keeps its books; `jobs_postgres.rs` runs the same texts elsewhere.
fn database() -> anchor_tests::database::TestDatabase {
    anchor_tests::database::TestDatabase::migrated_sqlite()
}
