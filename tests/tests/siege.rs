//! Small sieges in every test run; the large ones are `cargo run -p anchor-tests --bin siege`.

use anchor_tests::siege::Siege;

async fn holds(siege: Siege, database: &anchor_tests::database::TestDatabase) -> anyhow::Result<()> {
    let report = siege.run(database).await?;
    assert!(report.violations.is_empty(), "{report}");
    Ok(())
}

anchor_tests::on_each_database! {
    /// A server and every job in processes of their own, undisturbed.
    async fn split_processes_serve_deposits_and_withdrawals(database: TestDatabase) -> anyhow::Result<()> {
        holds(Siege { deposits: 4, withdrawals: 4, customers: 4, split: true, ..Siege::default() }, &database).await
    }

    /// The same network, through Stellar RPC, with faults in one request of six or so.
    async fn anchor_on_stellar_rpc_serves_deposits_and_withdrawals(database: TestDatabase) -> anyhow::Result<()> {
        holds(Siege { deposits: 4, withdrawals: 4, customers: 4, rpc: true, chaos: 2, seed: 7, ..Siege::default() }, &database).await
    }

    /// One process for everything, killed over and over, and a channel account for each payment.
    async fn killed_anchor_loses_nothing_and_pays_nothing_twice(database: TestDatabase) -> anyhow::Result<()> {
        holds(Siege { deposits: 4, withdrawals: 4, customers: 4, kills: true, channels: 3, seed: 3, ..Siege::default() }, &database).await
    }

    /// A network that times out, lies, stalls and drops, in one request of six or so.
    async fn faulty_network_loses_nothing_and_pays_nothing_twice(database: TestDatabase) -> anyhow::Result<()> {
        holds(Siege { deposits: 4, withdrawals: 4, customers: 4, chaos: 2, seed: 5, ..Siege::default() }, &database).await
    }
}
