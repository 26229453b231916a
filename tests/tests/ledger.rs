//! The Horizon adapter on a Stellar network in one process.

use std::time::Duration;

use anchor_core::account::AccountId;
use anchor_core::stellar::horizon::{HorizonLedger, HorizonOptions};
use anchor_core::stellar::{Ledger, Network};
use anchor_core::testing::ledger::conformance::TestNetwork;
use anchor_devnet::{CloseMode, Devnet};
use async_trait::async_trait;

/// A devnet that closes ledgers when told, and the adapter that speaks to it.
struct Horizon {
    devnet: Devnet,
    ledger: HorizonLedger,
}

async fn horizon() -> Horizon {
    let devnet = Devnet::builder().close(CloseMode::Manual).start().await.unwrap();
    let url = devnet.url().parse().unwrap();
    let options = HorizonOptions { backoff: Duration::from_millis(20), ..HorizonOptions::default() };
    let ledger = HorizonLedger::new(&url, Network::new(devnet.passphrase()), options).unwrap();
    Horizon { devnet, ledger }
}

#[async_trait]
impl TestNetwork for Horizon {
    fn ledger(&self) -> &dyn Ledger {
        &self.ledger
    }

    async fn fund(&self, account: AccountId) {
        let address = account.to_string();
        self.devnet.fund(&address.parse().unwrap()).await.unwrap();
    }

    async fn close(&self, seconds: u64) {
        self.devnet.clock().advance(seconds);
        self.devnet.close_ledger().unwrap();
    }
}

anchor_core::ledger_conformance!(horizon);
