//! The assets that an anchor offers, with limits, fees and what stellar.toml says of them.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{AssetId, Authorization, ReceiveOffer, StellarAsset, SuspensePolicy};
use crate::account::AccountId;
use crate::amount::{Amount, Rounding, STELLAR_SCALE};
use crate::fee::FeeSchedule;
use crate::transaction::Kind;

/// What may be moved in one direction, and what it costs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Offer {
    /// Smallest amount that the user gives; no limit if absent.
    pub min: Option<Amount>,
    /// Largest amount that the user gives; no limit if absent.
    pub max: Option<Amount>,
    /// What is charged, in the asset that the user gives.
    #[serde(default)]
    pub fee: FeeSchedule,
    /// How the user pays, or is paid (SEP-6 `funding_method`): `SEPA`, `cash`. **Only what has any is offered by API**: by then
    /// nobody asks the user anything on a page.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub funding_methods: Vec<String>,
}

/// What `[[CURRENCIES]]` of stellar.toml says beyond code and issuer (SEP-1).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AssetDescription {
    /// Short name, at most 20 characters.
    pub name: Option<String>,
    /// What it is.
    pub desc: String,
    /// `live`, `test`, `private` or `dead`.
    pub status: String,
    /// Decimals that wallets show, 0 to 7.
    pub display_decimals: u8,
    /// What redeems it: `fiat`, `crypto`, ….
    pub anchor_asset_type: String,
    /// Code of what redeems it.
    pub anchor_asset: Option<String>,
    /// How to redeem it.
    pub redemption_instructions: Option<String>,
    /// Logo.
    pub image: Option<String>,
}

/// A token that the anchor issues or redeems, and the money it stands for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Asset {
    /// The token.
    pub id: StellarAsset,
    /// The money, of equal value.
    pub off_chain: AssetId,
    /// Decimals of that money: 2 for dollars, 0 for yen. At most 7.
    pub off_chain_scale: u8,
    /// The anchor's account that pays deposits and receives withdrawals.
    pub distribution: AccountId,
    /// `None`: deposits are off.
    pub deposit: Option<Offer>,
    /// `None`: withdrawals are off.
    pub withdrawal: Option<Offer>,
    /// `None`: nothing is taken from sending anchors.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub receive: Option<ReceiveOffer>,
    /// How long an agreed transaction waits for the user's money before it expires.
    pub funding_window: Duration,
    /// What becomes of payments of the token that nobody can be credited for.
    #[serde(default)]
    pub suspense: SuspensePolicy,
    /// Who may hold the token, where the issuer wants to be asked.
    #[serde(default)]
    pub authorization: Authorization,
    /// For stellar.toml.
    pub description: AssetDescription,
}

/// Why an [`Asset`] cannot be offered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum OfferError {
    /// Stellar counts seven decimals, so more would be lost.
    #[error("off-chain money has at most 7 decimals")]
    Scale,
    /// `min` or `max` is finer than what is given has decimals.
    #[error("the {limit} amount of {direction} has more than {decimals} decimals")]
    LimitScale {
        /// `smallest` or `largest`.
        limit: &'static str,
        /// `deposits`, `withdrawals`, or `what is received`.
        direction: &'static str,
        /// So many are possible.
        decimals: u8,
    },
    /// `min` is above `max`.
    #[error("the smallest amount of {direction} ({min}) is above the largest ({max})")]
    LimitOrder {
        /// `deposits`, `withdrawals`, or `what is received`.
        direction: &'static str,
        /// The smallest.
        min: Amount,
        /// The largest.
        max: Amount,
    },
    /// Whoever gives `min` would get nothing: it would be refused although it is offered.
    #[error(
        "nothing is left of the smallest amount of {direction} ({min}) after its fee ({fee}): it has to be larger, or the \
         fee smaller"
    )]
    Fee {
        /// `deposits` or `withdrawals`.
        direction: &'static str,
        /// The smallest.
        min: Amount,
        /// What is charged for it.
        fee: Amount,
    },
    /// What is taken from sending anchors has no way to be paid out, or one without a name.
    #[error("what is received needs ways to pay with different names of 1 to 64 bytes")]
    Receive,
    /// Stellar counts seven decimals.
    #[error("the fee for sending back has at most 7 decimals")]
    RefundFee,
    /// SEP-1 limits: name of 20 characters, display decimals 0 to 7.
    #[error("the description of the asset exceeds the limits of SEP-1")]
    Description,
    /// Token and money must be two different assets.
    #[error("the off-chain asset is on the ledger")]
    OffChain,
}

impl Offer {
    /// Limits that amounts with so many decimals can have, and that leave something between them.
    pub(super) fn check_limits(&self, direction: &'static str, decimals: u8) -> Result<(), OfferError> {
        for (limit, amount) in [("smallest", self.min), ("largest", self.max)] {
            if amount.is_some_and(|amount| amount.rescale_exact(decimals).is_none()) {
                return Err(OfferError::LimitScale { limit, direction, decimals });
            }
        }
        match (self.min, self.max) {
            (Some(min), Some(max)) if min > max => Err(OfferError::LimitOrder { direction, min, max }),
            _ => Ok(()),
        }
    }
}

const fn direction(kind: Kind) -> &'static str {
    match kind {
        Kind::Deposit => "deposits",
        Kind::Withdrawal => "withdrawals",
    }
}

impl Asset {
    /// Checks what the types cannot.
    ///
    /// # Errors
    /// See [`OfferError`].
    pub fn validate(&self) -> Result<(), OfferError> {
        if self.off_chain.as_stellar().is_some() {
            return Err(OfferError::OffChain);
        }
        if self.off_chain_scale > STELLAR_SCALE {
            return Err(OfferError::Scale);
        }
        for kind in [Kind::Deposit, Kind::Withdrawal] {
            let Some(offer) = self.offer(kind) else { continue };
            offer.check_limits(direction(kind), self.scale_in(kind))?;
        }
        if let Some(receive) = &self.receive {
            receive.validate()?;
        }
        if self.suspense.refund_fee.rescale_exact(STELLAR_SCALE).is_none() {
            return Err(OfferError::RefundFee);
        }
        let description = &self.description;
        let name_fits = description.name.as_ref().is_none_or(|name| name.chars().count() <= 20);
        if name_fits && description.display_decimals <= STELLAR_SCALE {
            Ok(())
        } else {
            Err(OfferError::Description)
        }
    }

    /// Whether the schedule leaves anything of the smallest amount on offer. No part of [`validate`](Self::validate): a
    /// [`FeeIntegration`](crate::integration::FeeIntegration) of your own may charge something else. What is taken from sending
    /// anchors is left out: where quotes are given, their fee counts.
    ///
    /// # Errors
    /// [`OfferError::Fee`] with the first direction for which it does not.
    pub fn check_fees(&self) -> Result<(), OfferError> {
        [Kind::Deposit, Kind::Withdrawal].into_iter().try_for_each(|kind| match self.offer(kind) {
            Some(offer) => self.check_fee(kind, offer),
            None => Ok(()),
        })
    }

    fn check_fee(&self, kind: Kind, offer: &Offer) -> Result<(), OfferError> {
        let Some(min) = offer.min else { return Ok(()) };
        // what cannot be computed is refused when it is asked for
        let Ok(fee) = offer.fee.fee(&min, self.scale_in(kind)) else { return Ok(()) };
        let rest = min.checked_sub(fee.total);
        let paid = rest.and_then(|rest| rest.rescale(self.scale_out(kind), Rounding::Down).ok());
        match paid {
            Some(paid) if !paid.is_zero() => Ok(()),
            _ => Err(OfferError::Fee { direction: direction(kind), min, fee: fee.total }),
        }
    }

    /// The terms of one direction; `None` if it is off.
    pub const fn offer(&self, kind: Kind) -> Option<&Offer> {
        match kind {
            Kind::Deposit => self.deposit.as_ref(),
            Kind::Withdrawal => self.withdrawal.as_ref(),
        }
    }

    /// The asset that the user gives.
    pub fn asset_in(&self, kind: Kind) -> AssetId {
        match kind {
            Kind::Deposit => self.off_chain.clone(),
            Kind::Withdrawal => self.id.clone().into(),
        }
    }

    /// The asset that the user gets.
    pub fn asset_out(&self, kind: Kind) -> AssetId {
        match kind {
            Kind::Deposit => self.id.clone().into(),
            Kind::Withdrawal => self.off_chain.clone(),
        }
    }

    /// Decimals of what the user gives.
    pub const fn scale_in(&self, kind: Kind) -> u8 {
        match kind {
            Kind::Deposit => self.off_chain_scale,
            Kind::Withdrawal => STELLAR_SCALE,
        }
    }

    /// Decimals of what the user gets.
    pub const fn scale_out(&self, kind: Kind) -> u8 {
        match kind {
            Kind::Deposit => STELLAR_SCALE,
            Kind::Withdrawal => self.off_chain_scale,
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::fakes::samples;

    fn refused(min: &str, max: &str, fixed: &str) -> String {
        let mut asset = samples::asset();
        let offer = asset.withdrawal.as_mut().unwrap();
        (offer.min, offer.max) = (Some(min.parse().unwrap()), Some(max.parse().unwrap()));
        offer.fee.fixed = fixed.parse().unwrap();
        let checked = asset.validate().and_then(|()| asset.check_fees());
        checked.map_or_else(|error| error.to_string(), |()| String::new())
    }

    #[test]
    fn smallest_amount_that_its_fee_eats_is_not_offered() {
        assert_eq!(refused("1.01", "5", "1"), "");
        for min in ["0.5", "1", "1.001"] {
            let said = refused(min, "5", "1");
            assert!(
                said.contains("withdrawals") && said.contains(min) && said.contains("after its fee"),
                "{said}"
            );
        }
    }

    #[test]
    fn limits_that_do_not_fit_are_said_with_the_direction() {
        assert!(
            refused("6", "5", "1").contains("smallest amount of withdrawals (6) is above the largest (5)")
        );
        assert!(
            refused("2", "5.00000001", "1").contains("the largest amount of withdrawals has more than 7")
        );
    }
}
