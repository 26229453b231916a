//! Terms of an asset as flags: what is not given stays as it is, or is the default of a new one.

use std::time::Duration;

use clap::builder::PossibleValuesParser;
use clap::{Args, ValueEnum};

use super::receive::ReceiveArgs;
use super::suspense::SuspenseArgs;
use crate::account::AccountId;
use crate::amount::Amount;
use crate::asset::{
    Asset, AssetDescription, AssetId, Authorization, CurrencyCode, Offer, StellarAsset, SuspensePolicy,
};
use crate::fee::{FeeSchedule, Percent};

/// What a token may be backed by (SEP-1 `anchor_asset_type`).
const ASSET_TYPES: [&str; 8] = ["fiat", "crypto", "nft", "stock", "bond", "commodity", "realestate", "other"];
/// What SEP-1 knows (`status`).
const STATUSES: [&str; 4] = ["live", "test", "private", "dead"];

/// How long a user has to pay.
const FUNDING_HOURS: u16 = 24;

/// Limits and fees, the same in both directions, and what wallets are told.
#[derive(Debug, Clone, Default, Args)]
pub(in super::super) struct TermsArgs {
    /// The money that the token stands for (SEP-38) (default: iso4217:USD).
    #[arg(long)]
    off_chain: Option<AssetId>,
    /// Decimals of that money (default: 2).
    #[arg(long)]
    decimals: Option<u8>,
    /// Smallest amount, in each direction that is on. It has to be more than its fee (default: 2).
    #[arg(long)]
    min: Option<Amount>,
    /// Largest amount, in each direction that is on (default: 10000).
    #[arg(long)]
    max: Option<Amount>,
    /// Fixed fee, in each direction that is on (default: 1).
    #[arg(long)]
    fee_fixed: Option<Amount>,
    /// Fee in per cent, in each direction that is on (default: 0).
    #[arg(long)]
    fee_percent: Option<Percent>,
    /// A way in which users pay or are paid, such as SEPA or cash; can be repeated. What has any is offered by API (SEP-6)
    /// too. `off` takes all of them away.
    #[arg(long)]
    funding_method: Vec<String>,
    /// How many hours an agreed transaction waits for the user's money before it expires; of those that are agreed from now
    /// on (default: 24).
    #[arg(long, value_name = "HOURS", value_parser = clap::value_parser!(u16).range(1..=8760))]
    funding_window: Option<u16>,
    /// Whether you authorise the trust lines that deposits are paid to, where the issuer wants that: never, always, or
    /// if your integration agrees. Needs the issuer's key in ISSUER_SEEDS (default: never).
    #[arg(long, value_enum)]
    authorize: Option<Authorization>,
    #[command(flatten)]
    receive: ReceiveArgs,
    #[command(flatten)]
    suspense: SuspenseArgs,
    #[command(flatten)]
    description: DescriptionArgs,
}

/// What stellar.toml says of the asset (SEP-1).
#[derive(Debug, Clone, Default, Args)]
struct DescriptionArgs {
    /// What wallets are told of the asset (default: live on the public network, test elsewhere).
    #[arg(long, value_parser = PossibleValuesParser::new(STATUSES))]
    status: Option<String>,
    /// Short name, at most 20 characters (default: the code).
    #[arg(long)]
    name: Option<String>,
    /// What it is (default: that it can be redeemed for the money).
    #[arg(long)]
    desc: Option<String>,
    /// Address of a logo.
    #[arg(long)]
    image: Option<String>,
    /// What redeems it (default: fiat).
    #[arg(long, value_parser = PossibleValuesParser::new(ASSET_TYPES))]
    anchor_asset_type: Option<String>,
    /// How to redeem it (default: "Redeemable through this anchor.").
    #[arg(long)]
    redemption: Option<String>,
}

/// Directions that are switched on and off.
#[derive(Debug, Clone, Default, Args)]
pub(super) struct SwitchArgs {
    /// Whether deposits are offered. What is under way is finished.
    #[arg(long, value_enum)]
    deposit: Option<Switch>,
    /// Whether withdrawals are offered. What is under way is finished.
    #[arg(long, value_enum)]
    withdrawal: Option<Switch>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Switch {
    On,
    Off,
}

impl SwitchArgs {
    /// What is switched on has the terms of the other direction, or the defaults.
    pub(super) fn apply(&self, asset: &mut Asset) {
        let model = asset.deposit.clone().or_else(|| asset.withdrawal.clone()).unwrap_or_else(standard);
        for (switch, offer) in [(self.deposit, &mut asset.deposit), (self.withdrawal, &mut asset.withdrawal)]
        {
            match switch {
                Some(Switch::On) => *offer = offer.take().or_else(|| Some(model.clone())),
                Some(Switch::Off) => *offer = None,
                None => {}
            }
        }
    }
}

impl TermsArgs {
    /// A new asset with these terms, and the defaults for what is not given.
    pub(in super::super) fn asset(
        &self,
        id: StellarAsset,
        distribution: AccountId,
        is_public: bool,
    ) -> Asset {
        let off_chain = self.off_chain.clone().unwrap_or_else(dollars);
        let money = money(&off_chain);
        let decimals = self.decimals.unwrap_or(2);
        let mut asset = Asset {
            description: AssetDescription {
                name: Some(id.code().to_owned()),
                desc: format!("{} redeemable one to one for {money}", id.code()),
                status: if is_public { "live".into() } else { "test".into() },
                display_decimals: decimals,
                anchor_asset_type: "fiat".into(),
                anchor_asset: Some(money),
                redemption_instructions: Some("Redeemable through this anchor.".into()),
                image: None,
            },
            id,
            off_chain,
            off_chain_scale: decimals,
            distribution,
            receive: None,
            deposit: Some(standard()),
            withdrawal: Some(standard()),
            funding_window: hours(FUNDING_HOURS),
            suspense: SuspensePolicy::default(),
            authorization: Authorization::Never,
        };
        self.apply(&mut asset);
        asset
    }

    /// Changes what is given, and nothing else.
    pub(in super::super) fn apply(&self, asset: &mut Asset) {
        if let Some(off_chain) = &self.off_chain {
            asset.description.anchor_asset = Some(money(off_chain));
            asset.off_chain = off_chain.clone();
        }
        if let Some(decimals) = self.decimals {
            asset.off_chain_scale = decimals;
            asset.description.display_decimals = decimals;
        }
        for offer in [&mut asset.deposit, &mut asset.withdrawal].into_iter().flatten() {
            self.limit(offer);
            if !self.funding_method.is_empty() {
                offer.funding_methods = named(&self.funding_method);
            }
        }
        if let Some(receive) = &mut asset.receive {
            self.limit(&mut receive.offer);
        }
        let mut model = asset.withdrawal.clone().or_else(|| asset.deposit.clone()).unwrap_or_else(standard);
        self.limit(&mut model);
        self.receive.apply(asset, &model);
        asset.funding_window = self.funding_window.map_or(asset.funding_window, hours);
        asset.authorization = self.authorize.unwrap_or(asset.authorization);
        self.suspense.apply(&mut asset.suspense);
        self.description.apply(&mut asset.description);
    }

    fn limit(&self, offer: &mut Offer) {
        offer.min = self.min.or(offer.min);
        offer.max = self.max.or(offer.max);
        offer.fee.fixed = self.fee_fixed.unwrap_or(offer.fee.fixed);
        offer.fee.percent = self.fee_percent.unwrap_or(offer.fee.percent);
    }
}

impl DescriptionArgs {
    fn apply(&self, description: &mut AssetDescription) {
        let given = |given: &Option<String>, held: &mut String| {
            if let Some(given) = given {
                held.clone_from(given);
            }
        };
        given(&self.status, &mut description.status);
        given(&self.desc, &mut description.desc);
        given(&self.anchor_asset_type, &mut description.anchor_asset_type);
        for (given, held) in [
            (&self.name, &mut description.name),
            (&self.image, &mut description.image),
            (&self.redemption, &mut description.redemption_instructions),
        ] {
            if given.is_some() {
                held.clone_from(given);
            }
        }
    }
}

/// Names of ways to pay; none of them for the word that takes them away.
pub(super) fn named(given: &[String]) -> Vec<String> {
    if matches!(given, [only] if only == "off") { Vec::new() } else { given.to_vec() }
}

fn standard() -> Offer {
    let whole = |units| Amount::new(units, 0).ok();
    let fee = FeeSchedule { fixed: whole(1).unwrap_or(Amount::zero(0)), ..FeeSchedule::default() };
    Offer { min: whole(2), max: whole(10_000), fee, funding_methods: Vec::new() }
}

fn dollars() -> AssetId {
    CurrencyCode::usd().into()
}

fn money(off_chain: &AssetId) -> String {
    match off_chain {
        AssetId::Iso4217(currency) => currency.as_str().to_owned(),
        other => other.to_string(),
    }
}

fn hours(hours: u16) -> Duration {
    Duration::from_secs(u64::from(hours).saturating_mul(3600))
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::testing::fakes::samples;

    #[derive(Parser)]
    struct Cli {
        #[command(flatten)]
        switches: SwitchArgs,
        #[command(flatten)]
        terms: TermsArgs,
    }

    fn changed(before: &Asset, flags: &[&str]) -> Asset {
        let cli = Cli::try_parse_from([&["set"], flags].concat()).unwrap();
        let mut after = before.clone();
        cli.switches.apply(&mut after);
        cli.terms.apply(&mut after);
        after
    }

    fn fresh(is_public: bool) -> Asset {
        TermsArgs::default().asset(samples::token(), samples::distribution().account(), is_public)
    }

    #[test]
    fn only_the_term_that_is_given_changes() {
        let before = Asset {
            suspense: SuspensePolicy { refund_fee: "0.5".parse().unwrap(), ..SuspensePolicy::default() },
            ..changed(
                &samples::received_asset(),
                &["--min", "7", "--funding-method", "SEPA", "--status", "live"],
            )
        };
        assert_eq!(changed(&before, &[]), before);
        let mut expected = before.clone();
        for offer in [&mut expected.deposit, &mut expected.withdrawal].into_iter().flatten() {
            offer.fee.fixed = "3".parse().unwrap();
        }
        expected.receive.as_mut().unwrap().offer.fee.fixed = "3".parse().unwrap();
        assert_eq!(changed(&before, &["--fee-fixed", "3"]), expected);
        let renamed = changed(&before, &["--name", "Token", "--funding-window", "2"]);
        assert_eq!(renamed.description.name.as_deref(), Some("Token"));
        assert_eq!((renamed.funding_window, renamed.deposit), (Duration::from_secs(7200), before.deposit));
    }

    #[test]
    fn direction_is_switched_off_and_on_again_with_the_other_ones_terms() {
        let before = fresh(false);
        let off = changed(&before, &["--withdrawal", "off"]);
        assert_eq!((&off.withdrawal, &off.deposit), (&None, &before.deposit));
        assert_eq!(changed(&off, &["--withdrawal", "on"]), before);
        let on = changed(&off, &["--withdrawal", "on", "--max", "20"]);
        assert_eq!(on.withdrawal.unwrap().max, Some("20".parse().unwrap()));
    }

    #[test]
    fn asset_is_live_on_the_public_network_and_a_test_elsewhere_unless_it_is_told() {
        assert_eq!((&*fresh(true).description.status, &*fresh(false).description.status), ("live", "test"));
        let told =
            changed(&fresh(true), &["--status", "private", "--redemption", "Ask us.", "--desc", "Money"]);
        assert_eq!(told.description.status, "private");
        assert_eq!(told.description.redemption_instructions.as_deref(), Some("Ask us."));
        assert!(Cli::try_parse_from(["set", "--status", "great"]).is_err());
    }

    #[test]
    fn defaults_can_be_offered() {
        for public in [true, false] {
            fresh(public).validate().unwrap();
        }
        changed(&fresh(false), &["--receive", "SEPA"]).validate().unwrap();
    }
}
