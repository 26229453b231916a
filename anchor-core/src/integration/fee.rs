//! What the anchor charges.

use crate::amount::Amount;
use crate::asset::Asset;
use crate::fee::{FeeBreakdown, FeeError, FeeSchedule};
use crate::transaction::Kind;

/// What a fee may depend on.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct FeeInput<'a> {
    /// Which way the value moves.
    pub kind: Kind,
    /// What is moved.
    pub asset: &'a Asset,
    /// What the user gives (agreed at first, received later), in the asset that the user gives.
    pub amount: Amount,
}

impl<'a> FeeInput<'a> {
    /// For calls outside the framework, such as tests of your own implementation.
    pub const fn new(kind: Kind, asset: &'a Asset, amount: Amount) -> Self {
        Self { kind, asset, amount }
    }
}

/// The business's prices. The default, [`ScheduledFee`], takes them from the asset.
///
/// # Example
/// ```
/// use anchor_core::fee::{FeeBreakdown, FeeError};
/// use anchor_core::integration::{FeeInput, FeeIntegration};
///
/// /// One unit, whatever is moved.
/// struct OneUnit;
///
/// impl FeeIntegration for OneUnit {
///     fn fee(&self, input: &FeeInput<'_>) -> Result<FeeBreakdown, FeeError> {
///         FeeBreakdown::new("1".parse()?, Vec::new())
///     }
/// }
/// ```
pub trait FeeIntegration: Send + Sync {
    /// The fee, in the asset that the user gives, with at most that asset's decimals.
    ///
    /// # When it is called
    /// For previews, when terms are agreed, and again whenever the received amount differs from the agreed one.
    /// # What to return
    /// The fee for exactly `input.amount`. More than the amount means: too small to be worth it.
    /// # If it is called twice
    /// Must be pure: the same input, the same fee.
    /// # If it fails
    /// The page shows an error. Money that has arrived in the agreed amount is accepted with the agreed fee; another
    /// amount goes back to the user, as the asset's policy wants it.
    ///
    /// # Errors
    /// When there is no fee for this amount.
    fn fee(&self, input: &FeeInput<'_>) -> Result<FeeBreakdown, FeeError>;
}

/// Fixed part, percentage and minimum of the asset's [`FeeSchedule`].
#[derive(Debug, Clone, Copy, Default)]
pub struct ScheduledFee;

impl FeeIntegration for ScheduledFee {
    fn fee(&self, input: &FeeInput<'_>) -> Result<FeeBreakdown, FeeError> {
        let free = FeeSchedule::default();
        let schedule = input.asset.offer(input.kind).map_or(&free, |offer| &offer.fee);
        schedule.fee(&input.amount, input.asset.scale_in(input.kind))
    }
}
