//! The assets on offer.

use clap::{Args, Subcommand};
use serde_json::{Map, Value, json};

use super::CliError;
use super::output::{Format, note, say};
use crate::account::AccountId;
use crate::asset::{Asset, StellarAsset};
use crate::store::Store;

mod described;
mod receive;
mod suspense;
mod terms;

use terms::SwitchArgs;
pub(super) use terms::TermsArgs;

/// The assets on offer.
#[derive(Debug, Subcommand)]
pub enum AssetCommand {
    /// Offer an asset that is not on offer yet. Running servers and workers read it at their next start.
    Add(AddArgs),
    /// Change terms of an asset that is on offer: only those that are given. Running servers and workers read them at their
    /// next start.
    Set(SetArgs),
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

/// What is different from now on.
#[derive(Debug, Args)]
pub struct SetArgs {
    /// The token: CODE:ISSUER, or native.
    id: StellarAsset,
    /// Account that pays deposits and receives withdrawals (its seed goes to DISTRIBUTION_SEEDS). The former one is still
    /// watched.
    #[arg(long)]
    distribution: Option<AccountId>,
    #[command(flatten)]
    switches: SwitchArgs,
    #[command(flatten)]
    terms: Box<TermsArgs>,
}

impl AssetCommand {
    /// `is_public`: whether it is the public network.
    pub(super) async fn run(self, store: &dyn Store, is_public: bool) -> Result<(), CliError> {
        match self {
            Self::Add(add) => {
                if known(store, &add.id).await?.is_some() {
                    let refused = format!("{} is on offer already: change it with `asset set`", add.id);
                    return Err(CliError::Refused(refused));
                }
                let asset = add.terms.asset(add.id, add.distribution, is_public);
                put(store, &asset).await?;
                note(format_args!("{} is on offer.", asset.id));
            }
            Self::Set(set) => {
                let before = known(store, &set.id).await?.ok_or_else(|| {
                    CliError::Refused(format!("{} is not on offer: begin with `asset add`", set.id))
                })?;
                let mut after = before.clone();
                after.distribution = set.distribution.unwrap_or(after.distribution);
                // a direction that is switched on has the terms that are given with it
                set.switches.apply(&mut after);
                set.terms.apply(&mut after);
                put(store, &after).await?;
                for line in described::differences(&before, &after) {
                    note(line);
                }
            }
            Self::List { format } => {
                for asset in store.asset_list().await? {
                    let terms = described::terms(&asset);
                    if format.json {
                        let terms: Map<String, Value> = terms
                            .into_iter()
                            .map(|(term, value)| (term.replace(' ', "_"), value.into()))
                            .collect();
                        say(json!({ "asset": asset.id.to_string(), "terms": terms }))?;
                        continue;
                    }
                    say(&asset.id)?;
                    for (term, value) in terms {
                        say(format_args!("  {term}: {value}"))?;
                    }
                }
            }
        }
        Ok(())
    }
}

/// The asset as it is stored.
pub(super) async fn known(store: &dyn Store, id: &StellarAsset) -> Result<Option<Asset>, CliError> {
    Ok(store.asset_list().await?.into_iter().find(|asset| asset.id == *id))
}

/// Stores what can be offered.
pub(super) async fn put(store: &dyn Store, asset: &Asset) -> Result<(), CliError> {
    asset
        .validate()
        .and_then(|()| asset.check_fees())
        .map_err(|error| CliError::Refused(error.to_string()))?;
    Ok(store.asset_put(asset).await?)
}
