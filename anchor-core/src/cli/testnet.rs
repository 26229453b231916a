//! Accounts and assets on a test network. Every step looks first and does only what is missing, so that a command
//! that was interrupted is simply repeated.

use std::time::Duration;

use clap::{Args, Subcommand};
use url::Url;

use super::asset::{self, TermsArgs};
use super::output::note;
use super::{CliError, Parts, Settings};
use crate::account::AccountId;
use crate::amount::StellarAmount;
use crate::asset::{AssetCode, StellarAsset};
use crate::keys::SigningKey;
use crate::memo::Memo;
use crate::stellar::envelope::{EnvelopeSpec, Operation, Payment};
use crate::stellar::horizon::fund;
use crate::stellar::{AccountSnapshot, Ledger, Lookup, Network, Submission};
use crate::store::Store;

/// Stroops per operation: setting up is not worth a queue.
const FEE: u32 = 10_000;

/// How long one set-up transaction may land, in seconds of ledger time.
const LIFETIME: u64 = 120;

/// SEP-29: payments to this account need a memo.
const MEMO_REQUIRED: &str = "config.memo_required";

/// Accounts and assets on a test network.
#[derive(Debug, Subcommand)]
pub enum TestnetCommand {
    /// Make an issuer and a distribution account, issue an asset, and offer it.
    Issue(IssueArgs),
    /// After the test network was wiped: make the accounts of all assets again and read the ledger from the start.
    Reset,
}

/// What to issue.
#[derive(Debug, Clone, Args)]
pub struct IssueArgs {
    /// The asset's code.
    #[arg(long, default_value = "TEST")]
    asset: AssetCode,
    /// How much to issue to the distribution account.
    #[arg(long, default_value = "1000000000")]
    supply: StellarAmount,
    #[command(flatten)]
    terms: Box<TermsArgs>,
}

impl TestnetCommand {
    pub(super) async fn run(self, settings: &mut Settings) -> Result<(), CliError> {
        require_test_network(settings)?;
        match self {
            Self::Issue(args) => {
                let asset = issue(settings, &args).await?;
                note(format_args!("{asset} is issued and on offer."));
                note("Its keys are in the settings' file; restart servers and workers.");
            }
            Self::Reset => reset(settings).await?,
        }
        Ok(())
    }
}

/// Makes sure that the asset exists on the network and in the database, with keys in the settings' file. Of one that is on
/// offer already, only the terms that are given change.
///
/// # Errors
/// On the public network, before anything is written. What stood in the way; repeating is safe.
pub async fn issue(settings: &mut Settings, args: &IssueArgs) -> Result<StellarAsset, CliError> {
    require_test_network(settings)?;
    let issuer = key(settings, &issuer_seed(&args.asset))?;
    let distribution = key(settings, &format!("{}_DISTRIBUTION_SEED", args.asset))?;
    add_distribution(settings, &distribution)?;

    let context = Parts::open(settings)?;
    let id = StellarAsset::Credit { code: args.asset.clone(), issuer: issuer.account() };
    establish(&context, settings, &id, &issuer, &distribution, args.supply).await?;

    context.store.migrate().await?;
    let asset = match asset::known(&context.store, &id).await? {
        Some(mut known) => {
            known.distribution = distribution.account();
            args.terms.apply(&mut known);
            known
        }
        None => args.terms.asset(id.clone(), distribution.account(), false),
    };
    asset::put(&context.store, &asset).await?;
    Ok(id)
}

fn require_test_network(settings: &Settings) -> Result<(), CliError> {
    if settings.is_public() {
        return Err(CliError::Refused("nothing is issued on the public network: use `asset add`".into()));
    }
    Ok(())
}

/// Issues the asset with the default terms, unless the database offers any asset already. Brings the database's tables up to
/// date.
///
/// # Errors
/// As for [`issue`]; also where `HOST_URL` is not this machine, before any key is made.
pub async fn ensure_asset(settings: &mut Settings, code: AssetCode) -> Result<(), CliError> {
    let context = Parts::open(settings)?;
    // tables that are not there yet hold none
    if !context.store.asset_list().await.is_ok_and(|assets| !assets.is_empty()) {
        settings.require_playground("there is no asset yet (see `asset add`): none is issued")?;
    }
    context.store.migrate().await?;
    if context.store.asset_list().await?.is_empty() {
        let asset = issue(settings, &IssueArgs::defaults(code)).await?;
        tracing::info!(%asset, "asset issued");
    }
    Ok(())
}

async fn reset(settings: &Settings) -> Result<(), CliError> {
    let context = Parts::open(settings)?;
    for asset in context.store.asset_list().await? {
        let StellarAsset::Credit { code, .. } = &asset.id else { continue };
        let missing = || CliError::Refused(format!("{code} was not issued from here: its keys are missing"));
        let issuer: SigningKey =
            settings.get(&issuer_seed(code)).and_then(|seed| seed.parse().ok()).ok_or_else(missing)?;
        let keys = context.config.distribution_keys.iter();
        let distribution =
            keys.clone().find(|key| key.account() == asset.distribution).ok_or_else(missing)?;
        let supply = IssueArgs::defaults(code.clone()).supply;
        establish(&context, settings, &asset.id, &issuer, distribution, supply).await?;
        // nobody has been told to pay these accounts yet: reading begins now
        let start = context.ledger.movements_start(&asset.distribution).await?;
        context.store.watch_forget(&asset.distribution).await?;
        context.store.watch_start(&asset.distribution, &start).await?;
        note(format_args!("{} exists again.", asset.id));
    }
    Ok(())
}

impl IssueArgs {
    /// This asset, with the terms that the command line has by default.
    pub fn defaults(asset: AssetCode) -> Self {
        #[derive(clap::Parser)]
        struct Defaults {
            #[command(flatten)]
            args: IssueArgs,
        }
        let Defaults { args } = clap::Parser::parse_from(["issue"]);
        Self { asset, ..args }
    }
}

fn issuer_seed(code: &AssetCode) -> String {
    format!("{code}_ISSUER_SEED")
}

/// The key under this name; a new one is stored before anything depends on it.
fn key(settings: &mut Settings, name: &str) -> Result<SigningKey, CliError> {
    if let Some(seed) = settings.get(name) {
        return seed.parse().map_err(|_| CliError::Refused(format!("{name} is not a Stellar seed")));
    }
    let key = SigningKey::generate();
    settings.store(name, key.to_strkey().expose())?;
    Ok(key)
}

fn add_distribution(settings: &mut Settings, key: &SigningKey) -> Result<(), CliError> {
    let seed = key.to_strkey();
    let known = settings.get("DISTRIBUTION_SEEDS").unwrap_or_default();
    if known.split(',').any(|other| other.trim() == seed.expose()) {
        return Ok(());
    }
    let joined = if known.is_empty() { seed.expose().clone() } else { format!("{known},{}", seed.expose()) };
    settings.store("DISTRIBUTION_SEEDS", &joined)
}

/// Accounts, trust line, supply, home domain, memo flag: whatever of it is missing.
async fn establish(
    context: &Parts,
    settings: &Settings,
    asset: &StellarAsset,
    issuer: &SigningKey,
    distribution: &SigningKey,
    supply: StellarAmount,
) -> Result<(), CliError> {
    let ledger = &context.ledger;
    ledger.expect_assets(std::slice::from_ref(asset));
    let issuer_account = funded(context, settings, &issuer.account()).await?;
    let distribution_account = funded(context, settings, &distribution.account()).await?;

    let mut wanted = Vec::new();
    let trust = distribution_account.trust_lines.iter().find(|line| line.asset == *asset);
    if trust.is_none() {
        wanted.push(Operation::ChangeTrust { asset: asset.clone(), limit: StellarAmount::MAX });
    }
    if !distribution_account.memo_required {
        wanted.push(Operation::SetData { name: MEMO_REQUIRED.into(), value: Some(b"1".to_vec()) });
    }
    submit(ledger, distribution, wanted).await?;

    let mut wanted = Vec::new();
    let domain = context.config.home_domain();
    if issuer_account.home_domain.as_deref() != Some(&domain) {
        wanted.push(Operation::SetHomeDomain(domain));
    }
    if trust.is_none_or(|line| line.balance.is_zero()) {
        wanted.push(Operation::Pay(Payment::Pay {
            destination: distribution.account().into(),
            asset: asset.clone(),
            amount: supply,
        }));
    }
    submit(ledger, issuer, wanted).await
}

/// The account; the network's friendbot makes it if it does not exist.
async fn funded(
    context: &Parts,
    settings: &Settings,
    account: &AccountId,
) -> Result<AccountSnapshot, CliError> {
    if let Some(snapshot) = context.ledger.account(account).await? {
        return Ok(snapshot);
    }
    fund(&friendbot(context, settings)?, account).await?;
    let found = context.ledger.account(account).await?;
    found.ok_or_else(|| CliError::Refused(format!("friendbot did not make the account {account}")))
}

fn friendbot(context: &Parts, settings: &Settings) -> Result<Url, CliError> {
    if context.config.network.passphrase() == Network::PUBLIC {
        return Err(CliError::Refused("there is no friendbot on the public network".into()));
    }
    let horizon = context.config.horizon.first();
    let beside = horizon.map(|horizon| format!("{}/friendbot", horizon.as_str().trim_end_matches('/')));
    let address = settings.get("FRIENDBOT_URI").or(beside).unwrap_or_default();
    Url::parse(&address).map_err(|_| CliError::Refused("FRIENDBOT_URI is not an address".into()))
}

/// Sends one transaction and waits for proof of what became of it.
async fn submit(ledger: &dyn Ledger, key: &SigningKey, operations: Vec<Operation>) -> Result<(), CliError> {
    if operations.is_empty() {
        return Ok(());
    }
    let refused = |reason: String| CliError::Refused(reason);
    let missing = || refused(format!("account {} does not exist", key.account()));
    let source = ledger.account(&key.account()).await?.ok_or_else(missing)?;
    let max_time = ledger.latest().await?.closed_at.saturating_add(LIFETIME);
    let spec = EnvelopeSpec {
        network: ledger.network(),
        transaction_source: key.account(),
        sequence: source.sequence.saturating_add(1),
        operation_source: None,
        operations,
        memo: Memo::None,
        fee_per_operation: FEE,
        max_time,
    };
    let unsigned = spec.build().map_err(|error| refused(error.to_string()))?;
    let hash = unsigned.hash();
    let signature = (key.account(), key.sign(hash.as_bytes()));
    let envelope = unsigned.sign(&[signature]).map_err(|error| refused(error.to_string()))?;
    loop {
        if let Submission::Rejected(failure) = ledger.submit(&envelope.xdr).await? {
            tracing::debug!(codes = failure.codes, "the server refused the envelope for now");
        }
        match ledger.lookup(&hash).await? {
            Lookup::Succeeded { .. } => return Ok(()),
            Lookup::Failed { failure, .. } => {
                return Err(refused(format!("the ledger says {}", failure.codes)));
            }
            Lookup::NotFound { checked } if checked.closed_at > max_time => {
                return Err(refused("the transaction did not land in time; try again".into()));
            }
            Lookup::NotFound { .. } => tokio::time::sleep(Duration::from_millis(500)).await,
        }
    }
}
