//! Customers: they try again until they are served.

use std::time::Duration;

use anchor_core::amount::StellarAmount;
use anchor_core::keys::SigningKey;
use anchor_devnet::Devnet;
use anyhow::{Result, bail};
use demo_wallet::anchor::{AnchorClient, Kind, Transaction};
use demo_wallet::ledger::Account;
use demo_wallet::{auth, pages};

use super::Siege;
use super::killer::Dice;
use crate::anchor_process::AnchorProgram;

/// Between two tries.
const PAUSE: Duration = Duration::from_millis(100);

/// A customer who has been served.
#[derive(Debug)]
pub(super) struct Customer {
    /// With the wallet's key.
    pub(super) account: Account,
    /// How to reach the anchor.
    pub(super) client: AnchorClient,
    /// What they paid to the anchor: ledger transaction and amount.
    pub(super) paid: Vec<(String, StellarAmount)>,
}

/// Serves all customers, a few at a time.
pub(super) async fn crowd(siege: &Siege, anchor: &AnchorProgram, devnet: &Devnet) -> Result<Vec<Customer>> {
    let mut customers = Vec::new();
    for _ in 0..siege.customers {
        customers.push(arrive(anchor).await?);
    }
    // from here on the network misbehaves; the accounts exist
    devnet.faults().add_chaos(siege.chaos);
    let served = customers.into_iter().zip(0_u32..).map(|(customer, number)| {
        let dice = Dice(siege.seed.wrapping_add(u64::from(number).wrapping_mul(7_919)));
        let share = |all: u32| all / siege.customers + u32::from(number < all % siege.customers);
        serve(customer, dice, share(siege.deposits), share(siege.withdrawals))
    });
    futures_util::future::try_join_all(served).await
}

async fn arrive(anchor: &AnchorProgram) -> Result<Customer> {
    let client = again("discover", async || AnchorClient::discover(&anchor.url, "TEST", None).await).await;
    let account = Account::with_key(SigningKey::generate(), &client.toml).await?;
    account.trust(&client.toml.asset).await?;
    Ok(Customer { account, client, paid: Vec::new() })
}

/// Deposits and withdraws in turn. No withdrawal is larger than a deposit, so there is always enough to pay it from.
async fn serve(mut customer: Customer, mut dice: Dice, deposits: u32, withdrawals: u32) -> Result<Customer> {
    for round in 0..deposits.max(withdrawals) {
        if round < deposits {
            let amount = amount(dice.between(50, 100))?;
            move_value(&mut customer, Kind::Deposit, amount).await?;
        }
        if round < withdrawals {
            let amount = amount(dice.between(10, 40))?;
            move_value(&mut customer, Kind::Withdraw, amount).await?;
        }
    }
    Ok(customer)
}

fn amount(units: u64) -> Result<StellarAmount> {
    Ok(units.to_string().parse()?)
}

/// One deposit or withdrawal until it is completed. A flow that broke is left behind and begun anew.
async fn move_value(customer: &mut Customer, kind: Kind, amount: StellarAmount) -> Result<()> {
    let token = token(customer).await;
    let id = loop {
        let account = customer.account.key.account();
        let started =
            again("start", async || customer.client.start(kind, &token, &account, amount).await).await;
        if pages::fill(&started.url, amount).await.is_ok() {
            break started.id;
        }
        // perhaps the last page was stored and only its answer was lost
        if look(customer, &token, &started.id).await.status != "incomplete" {
            break started.id;
        }
    };
    let mut paid = false;
    loop {
        let transaction = look(customer, &token, &id).await;
        match transaction.status.as_str() {
            "completed" => return Ok(()),
            "pending_user_transfer_start" if kind == Kind::Withdraw && !paid => {
                // an error comes before anything was sent, or with proof that it never lands
                let asset = &customer.client.toml.asset;
                let hash = again("pay", async || customer.account.pay(asset, &transaction).await).await;
                customer.paid.push((hash, amount));
                paid = true;
            }
            "error" | "expired" | "refunded" | "no_market" | "too_small" | "too_large" => {
                bail!("{id} ended as {}: {:?}", transaction.status, transaction.message)
            }
            _ => tokio::time::sleep(PAUSE).await,
        }
    }
}

/// A token for the customer.
pub(super) async fn token(customer: &Customer) -> String {
    again("authenticate", async || auth::authenticate(&customer.client, &customer.account.key).await).await
}

async fn look(customer: &Customer, token: &str, id: &str) -> Transaction {
    again("transaction", async || customer.client.transaction(token, id).await).await
}

/// Until it works. The siege's own limit ends it if it never does.
pub(super) async fn again<T>(what: &str, mut attempt: impl AsyncFnMut() -> Result<T>) -> T {
    let mut tries = 0_u32;
    loop {
        match attempt().await {
            Ok(done) => return done,
            Err(error) => {
                tries = tries.saturating_add(1);
                if tries.is_multiple_of(100) {
                    eprintln!("{what} failed {tries} times: {error:#}");
                }
                tokio::time::sleep(PAUSE).await;
            }
        }
    }
}
