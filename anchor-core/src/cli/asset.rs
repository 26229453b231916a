//! The assets on offer.

use std::time::Duration;

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::CliError;
use super::output::{Format, note, say};
use crate::account::AccountId;
use crate::amount::Amount;
use crate::asset::{
    Asset, AssetDescription, AssetId, Authorization, Offer, OtherAmount, Remedy, StellarAsset, SuspensePolicy,
};
use crate::fee::{FeeSchedule, Percent};
use crate::store::Store;

mod receive;

use receive::ReceiveArgs;

/// The assets on offer.
#[derive(Debug, Subcommand)]
pub enum AssetCommand {
    /// Offer an asset, or change its terms. Running servers and workers read it at their next start.
    Add(AddArgs),
    /// Show what is offered.
    List {
        #[command(flatten)]
        format: Format,
    },
}

/// An asset whose accounts exist already.
#[derive(Debug, Args)]
pub struct AddArgs {
    /// The token: CODE:ISSUER, or native.
    id: StellarAsset,
    /// Account that pays deposits and receives withdrawals (its seed goes to DISTRIBUTION_SEEDS).
    #[arg(long)]
    distribution: AccountId,
    #[command(flatten)]
    terms: Box<TermsArgs>,
}

/// Limits and fees, the same in both directions.
#[derive(Debug, Clone, Args)]
pub(super) struct TermsArgs {
    /// The money that the token stands for (SEP-38).
    #[arg(long, default_value = "iso4217:USD")]
    off_chain: AssetId,
    /// Decimals of that money.
    #[arg(long, default_value_t = 2)]
    decimals: u8,
    /// Smallest amount.
    #[arg(long, default_value = "1")]
    min: Amount,
    /// Largest amount.
    #[arg(long, default_value = "10000")]
    max: Amount,
    /// Fixed fee.
    #[arg(long, default_value = "1")]
    fee_fixed: Amount,
    /// Fee in per cent.
    #[arg(long, default_value = "0")]
    fee_percent: Percent,
    /// A way in which users pay or are paid, such as SEPA or cash; can be repeated. What has any is offered by API (SEP-6)
    /// too.
    #[arg(long)]
    funding_method: Vec<String>,
    /// Whether you authorise the trust lines that deposits are paid to, where the issuer wants that: never, always, or
    /// if your integration agrees. Needs the issuer's key in ISSUER_SEEDS.
    #[arg(long, value_enum, default_value = "never")]
    authorize: Authorization,
    #[command(flatten)]
    receive: ReceiveArgs,
    #[command(flatten)]
    suspense: SuspenseArgs,
}

/// What becomes of payments to the distribution account that are not what was agreed.
#[derive(Debug, Clone, Args)]
struct SuspenseArgs {
    /// Payments whose memo belongs to no transaction.
    #[arg(long, value_enum, default_value = "hold")]
    unmatched: Remedy,
    /// Payments in this asset for transactions about another one.
    #[arg(long, value_enum, default_value = "hold")]
    wrong_asset: Remedy,
    /// Second payments for one transaction.
    #[arg(long, value_enum, default_value = "hold")]
    duplicate: Remedy,
    /// Payments for transactions that have expired or failed.
    #[arg(long, value_enum, default_value = "refund")]
    late: Remedy,
    /// Payments of another amount than was agreed; credited means: within the limits, with the fee computed anew.
    #[arg(long, value_enum, default_value = "credit")]
    other_amount: OtherAmount,
    /// What you keep of what goes back for one of these reasons.
    #[arg(long, default_value = "0")]
    refund_fee: Amount,
}

impl SuspenseArgs {
    const fn policy(&self) -> SuspensePolicy {
        SuspensePolicy {
            unmatched: self.unmatched,
            wrong_asset: self.wrong_asset,
            duplicate: self.duplicate,
            late: self.late,
            other_amount: self.other_amount,
            refund_fee: self.refund_fee,
        }
    }
}

impl TermsArgs {
    /// The asset with these terms.
    pub(super) fn asset(&self, id: StellarAsset, distribution: AccountId) -> Asset {
        let fee = FeeSchedule { fixed: self.fee_fixed, percent: self.fee_percent, minimum: None };
        let funding_methods = self.funding_method.clone();
        let offer = Offer { min: Some(self.min), max: Some(self.max), fee, funding_methods };
        let money = match &self.off_chain {
            AssetId::Iso4217(currency) => currency.as_str().to_owned(),
            other => other.to_string(),
        };
        Asset {
            description: AssetDescription {
                name: Some(id.code().to_owned()),
                desc: format!("{} redeemable one to one for {money}", id.code()),
                status: "test".into(),
                display_decimals: self.decimals,
                anchor_asset_type: "fiat".into(),
                anchor_asset: Some(money),
                redemption_instructions: Some("Redeemable through this anchor (SEP-24).".into()),
                image: None,
            },
            id,
            off_chain: self.off_chain.clone(),
            off_chain_scale: self.decimals,
            distribution,
            receive: self.receive.offer(&offer),
            deposit: Some(offer.clone()),
            withdrawal: Some(offer),
            funding_window: Duration::from_secs(24 * 60 * 60),
            suspense: self.suspense.policy(),
            authorization: self.authorize,
        }
    }
}

impl AssetCommand {
    pub(super) async fn run(self, store: &dyn Store) -> Result<(), CliError> {
        match self {
            Self::Add(add) => {
                let asset = add.terms.asset(add.id, add.distribution);
                asset.validate().map_err(|error| CliError::Refused(error.to_string()))?;
                store.asset_put(&asset).await?;
                note(format_args!("{} is on offer.", asset.id));
            }
            Self::List { format } => {
                for asset in store.asset_list().await? {
                    if format.json { say(listed(&asset))? } else { show(&asset)? }
                }
            }
        }
        Ok(())
    }
}

fn show(asset: &Asset) -> Result<(), CliError> {
    say(format_args!("{}\n  pays {} from {}", asset.id, asset.off_chain, asset.distribution))?;
    for (direction, offer) in [("deposit", &asset.deposit), ("withdrawal", &asset.withdrawal)] {
        say(format_args!("  {direction}: {}", describe(offer.as_ref())))?;
    }
    if let Some(receive) = &asset.receive {
        say(format_args!("  from other anchors: {}", receive::describe(receive)))?;
    }
    say(format_args!("  suspense: {}", describe_policy(&asset.suspense)))?;
    say(format_args!("  authorize trust lines: {}", authorize(asset.authorization)))
}

const fn authorize(authorization: Authorization) -> &'static str {
    match authorization {
        Authorization::Never => "never",
        Authorization::Always => "always",
        Authorization::Ask => "ask",
    }
}

fn listed(asset: &Asset) -> Value {
    let limit = |limit: Option<Amount>| limit.map(|limit| limit.to_string());
    let offer = |offer: &Offer| {
        json!({
            "min": limit(offer.min),
            "max": limit(offer.max),
            "fee_fixed": offer.fee.fixed.to_string(),
            "fee_percent": offer.fee.percent.to_string(),
            "funding_methods": offer.funding_methods,
        })
    };
    json!({
        "asset": asset.id.to_string(),
        "off_chain": asset.off_chain.to_string(),
        "decimals": asset.off_chain_scale,
        "distribution": asset.distribution.to_string(),
        "deposit": asset.deposit.as_ref().map(offer),
        "withdrawal": asset.withdrawal.as_ref().map(offer),
        "from_other_anchors": asset.receive.as_ref().map(receive::describe),
        "suspense": describe_policy(&asset.suspense),
        "authorize": authorize(asset.authorization),
    })
}

fn describe(offer: Option<&Offer>) -> String {
    let Some(offer) = offer else { return "off".into() };
    let limit = |limit: Option<Amount>| limit.map_or_else(|| "no limit".into(), |limit| limit.to_string());
    let fee = &offer.fee;
    let by = match offer.funding_methods.as_slice() {
        [] => String::new(),
        methods => format!(", by API through {}", methods.join(" or ")),
    };
    format!("from {} to {}, fee {} + {} %{by}", limit(offer.min), limit(offer.max), fee.fixed, fee.percent)
}

fn describe_policy(policy: &SuspensePolicy) -> String {
    let word = |remedy: Remedy| match remedy {
        Remedy::Hold => "hold",
        Remedy::Refund => "refund",
    };
    let other_amount = match policy.other_amount {
        OtherAmount::Credit => "credit",
        OtherAmount::Refund => "refund",
        OtherAmount::Hold => "hold",
    };
    format!(
        "unmatched {}, wrong asset {}, duplicate {}, late {}, other amount {other_amount}; refund fee {}",
        word(policy.unmatched),
        word(policy.wrong_asset),
        word(policy.duplicate),
        word(policy.late),
        policy.refund_fee,
    )
}
