#![allow(clippy::unwrap_used, reason = "tests")]

use async_trait::async_trait;

use super::*;
use crate::quote::Ratio;
use crate::testing::fakes::{AmountForms, samples};
use crate::testing::ledger::FakeLedger;
use crate::testing::rails::ScriptedRails;
use crate::testing::store::memory::MemoryStore;

/// Takes this long for each price.
struct Slow(Duration);

#[async_trait]
impl QuoteIntegration for Slow {
    async fn price(&self, _: &PriceQuestion) -> Result<PriceAnswer, IntegrationError> {
        tokio::time::sleep(self.0).await;
        Ok(PriceAnswer::Offered(Offer::new(Ratio::new(2, 1).unwrap(), "a test")))
    }
}

async fn anchor(quotes: Slow) -> Anchor {
    let config = samples::config();
    let now = u64::try_from(samples::start().timestamp()).unwrap();
    Anchor::builder(config.clone())
        .store(MemoryStore::new())
        .ledger(FakeLedger::new(config.network, now))
        .rails(ScriptedRails::new())
        .deposit(AmountForms)
        .withdrawal(AmountForms)
        .asset(samples::asset())
        .quotes(samples::quote_desk(), quotes)
        .build()
        .await
        .unwrap()
}

fn selling() -> Wish {
    let (asset, amount) = (AssetId::from(samples::token()).to_string(), "100".to_owned());
    Wish { sell_asset: Some(asset), sell_amount: Some(amount), ..Wish::default() }
}

#[tokio::test(start_paused = true)]
async fn list_of_prices_has_one_deadline_however_many_it_has() {
    let anchor = anchor(Slow(Duration::from_secs(2))).await;
    let begin = Instant::now();
    let answer = prices(&anchor, None, &selling()).await;
    assert!(matches!(answer, Err(QuoteError::Failed(OpsError::Integration(_)))), "{answer:?}");
    assert_eq!(begin.elapsed(), PRICE_DEADLINE);
}

#[tokio::test(start_paused = true)]
async fn list_of_prices_is_whole_if_all_of_them_come_in_time() {
    let anchor = anchor(Slow(Duration::from_secs(1))).await;
    let Prices::ToBuy(items) = prices(&anchor, None, &selling()).await.unwrap() else { panic!() };
    assert_eq!(items.len(), 4);
}
