//! Prices as a test wants them.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;

use super::lock;
use crate::account::Subject;
use crate::asset::AssetId;
use crate::fee::FeeSchedule;
use crate::integration::{Admission, IntegrationError, Offer, PriceAnswer, PriceQuestion, QuoteIntegration};
use crate::quote::{QuoteFee, Ratio, Side};

/// Says the prices that it was told, and remembers what it was asked. Clones share everything.
#[derive(Debug, Clone)]
pub struct ScriptedQuotes(Arc<Mutex<Script>>);

#[derive(Debug)]
struct Script {
    prices: BTreeMap<(AssetId, AssetId), Ratio>,
    fee: QuoteFee,
    fee_side: Side,
    is_down: bool,
    refuses_users: Option<String>,
    refuses_prices: Option<String>,
    holds_for: Option<std::time::Duration>,
    asked: Vec<PriceQuestion>,
}

impl Default for ScriptedQuotes {
    /// Knows no price, and charges nothing.
    fn default() -> Self {
        Self(Arc::new(Mutex::new(Script {
            prices: BTreeMap::new(),
            fee: QuoteFee::Schedule(FeeSchedule::default()),
            fee_side: Side::Sell,
            is_down: false,
            refuses_users: None,
            refuses_prices: None,
            holds_for: None,
            asked: Vec::new(),
        })))
    }
}

impl ScriptedQuotes {
    /// From now on, this price.
    pub fn price(&self, sell: AssetId, buy: AssetId, price: Ratio) {
        lock(&self.0).prices.insert((sell, buy), price);
    }

    /// From now on, this fee.
    pub fn charge(&self, fee: QuoteFee, side: Side) {
        let mut script = lock(&self.0);
        (script.fee, script.fee_side) = (fee, side);
    }

    /// Every question is answered by "I do not know", or no longer.
    pub fn go_down(&self, is_down: bool) {
        lock(&self.0).is_down = is_down;
    }

    /// Nobody gets a promise, for this reason; or everybody again.
    pub fn refuse_users(&self, reason: Option<&str>) {
        lock(&self.0).refuses_users = reason.map(str::to_owned);
    }

    /// Nobody gets a price, for this reason; or everybody again.
    pub fn refuse_prices(&self, reason: Option<&str>) {
        lock(&self.0).refuses_prices = reason.map(str::to_owned);
    }

    /// Prices are promised for this long.
    pub fn hold_for(&self, time: std::time::Duration) {
        lock(&self.0).holds_for = Some(time);
    }

    /// What was asked, oldest first.
    pub fn asked(&self) -> Vec<PriceQuestion> {
        lock(&self.0).asked.clone()
    }
}

#[async_trait]
impl QuoteIntegration for ScriptedQuotes {
    async fn price(&self, question: &PriceQuestion) -> Result<PriceAnswer, IntegrationError> {
        let mut script = lock(&self.0);
        script.asked.push(question.clone());
        if script.is_down {
            return Err(IntegrationError::transient("the market cannot be reached"));
        }
        if let Some(reason) = &script.refuses_prices {
            return Ok(PriceAnswer::Refused { reason: reason.clone() });
        }
        let price = script.prices.get(&(question.sell.id.clone(), question.buy.id.clone()));
        let Some(price) = price.cloned() else { return Ok(PriceAnswer::NotOffered) };
        let offer = Offer::new(price, "a script").charging(script.fee.clone(), script.fee_side);
        Ok(PriceAnswer::Offered(match script.holds_for {
            Some(time) => offer.holding_for(time),
            None => offer,
        }))
    }

    async fn admit(&self, _user: &Subject) -> Result<Admission, IntegrationError> {
        let script = lock(&self.0);
        if script.is_down {
            return Err(IntegrationError::transient("nobody knows who is known"));
        }
        Ok(match &script.refuses_users {
            Some(reason) => Admission::Refused { reason: reason.clone() },
            None => Admission::Admitted,
        })
    }
}
