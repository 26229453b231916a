//! Friendbot: funds new accounts through real transactions.
//!
//! The lumens come from the root account. So that many can ask at once (a ledger takes one transaction of an
//! account at a time), payments go through a few *minions*, accounts that the network is given at its start.

use std::sync::Arc;

use actix_web::{http::StatusCode, web};
use ed25519_dalek::SigningKey;
use sha2::{Digest, Sha256};
use stellar_xdr::{AccountId, Hash, PublicKey, TransactionEnvelope, Uint256};
use tokio::sync::Mutex;

use crate::{
    core::Core,
    devnet::CloseMode,
    horizon::{
        account,
        call::{Answer, Call},
        codes, hal,
        landed::Landed,
        problem::Problem,
        query::{self, Query},
        transaction, xdr,
    },
    ledger::{
        LogError, Submitted,
        build::{self, Draft},
    },
};

/// What a new account gets, in stroops: 10,000 lumens.
const STARTING_BALANCE: i64 = 100_000_000_000;
const MINIONS: u8 = 16;
const MINION_BALANCE: i64 = 1_000_000_000_000_000_000 / 100;
/// Well above the base fee, so that a full ledger does not keep newcomers out.
const FEE_PER_OPERATION: u32 = 100_000;
const VALID_SECONDS: u64 = 300;

/// The accounts that fund, each free for one transaction at a time.
#[derive(Debug)]
pub(crate) struct Friendbot {
    network_id: [u8; 32],
    minions: Vec<Mutex<SigningKey>>,
}

/// Why an account was not funded.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FriendbotError {
    /// The account exists already.
    #[error("account already funded to starting balance")]
    AlreadyFunded {
        /// Base64 of the `TransactionResult` that says so.
        result_xdr: String,
    },
    /// The network did not take or include the transaction in time.
    #[error("the network did not include the funding transaction: {0}")]
    NotIncluded(String),
}

impl Friendbot {
    /// Creates the minions unless they are there; this closes a ledger.
    pub(crate) fn install(core: &Core) -> Result<Self, LogError> {
        let root = build::key_from_seed(core.network_id);
        let keys: Vec<SigningKey> = (0..MINIONS).map(|number| minion(&core.network_id, number)).collect();
        let view = core.replica.view();
        let missing: Vec<AccountId> =
            keys.iter().map(build::account).filter(|id| account::entry(&view, id).is_none()).collect();
        if let (false, Some(source)) = (missing.is_empty(), account::entry(&view, &build::account(&root))) {
            let creations = missing.iter().map(|id| build::create_account(id, MINION_BALANCE));
            let draft = creations.fold(draft(&root, source.seq_num.0, 0), Draft::operation);
            core.network().submit(draft.sign(core.network_id, &[&root]), core.clock.now());
            core.close()?;
        }
        Ok(Self { network_id: core.network_id, minions: keys.into_iter().map(Mutex::new).collect() })
    }

    /// Creates the account with 10,000 lumens. On a network that closes by hand, this closes a ledger.
    pub(crate) async fn fund(&self, core: &Arc<Core>, id: &AccountId) -> Result<Landed, FriendbotError> {
        let minion = self.free_minion(id).await;
        let view = core.replica.view();
        let last_sequence =
            account::entry(&view, &build::account(&minion)).map_or(0, |source| source.seq_num.0);
        let envelope = draft(&minion, last_sequence, core.clock.now() + VALID_SECONDS)
            .operation(build::create_account(id, STARTING_BALANCE))
            .sign(self.network_id, &[&minion]);
        let hash = Hash(envelope.hash(self.network_id).unwrap_or_default());
        let mut closed = core.replica.subscribe();
        submit(core, envelope).await?;
        let included = async {
            loop {
                closed.borrow_and_update();
                if let Some(record) = core.replica.view().transaction(&hash) {
                    return Some(Landed::new(&record));
                }
                closed.changed().await.ok()?;
            }
        };
        let waited = tokio::time::timeout(core.timing.submission_timeout, included);
        let record = waited.await.ok().flatten();
        let record = record.ok_or_else(|| FriendbotError::NotIncluded("timeout".to_owned()))?;
        if record.successful {
            return Ok(record);
        }
        let result_xdr = xdr::base64(&record.result);
        let operations = codes::result_codes(&record.result, false)["operations"].to_string();
        match operations.contains("op_already_exists") {
            true => Err(FriendbotError::AlreadyFunded { result_xdr }),
            false => Err(FriendbotError::NotIncluded(operations)),
        }
    }

    /// A minion without a transaction under way, else one to wait for.
    async fn free_minion(&self, id: &AccountId) -> tokio::sync::MutexGuard<'_, SigningKey> {
        for minion in &self.minions {
            if let Ok(free) = minion.try_lock() {
                return free;
            }
        }
        let PublicKey::PublicKeyTypeEd25519(Uint256(key)) = &id.0;
        self.minions[usize::from(key[0]) % self.minions.len()].lock().await
    }
}

async fn submit(core: &Arc<Core>, envelope: TransactionEnvelope) -> Result<(), FriendbotError> {
    let core = Arc::clone(core);
    let submitted = tokio::task::spawn_blocking(move || {
        let submitted = core.submit(envelope);
        if core.mode == CloseMode::Manual {
            let _ = core.close();
        }
        submitted
    });
    match submitted.await {
        Ok(Submitted::Pending { .. } | Submitted::Duplicate { .. }) => Ok(()),
        Ok(Submitted::Rejected { result, .. }) => {
            Err(FriendbotError::NotIncluded(codes::result_codes(&result, false).to_string()))
        }
        Ok(Submitted::TryAgainLater { .. }) => Err(FriendbotError::NotIncluded("try again later".to_owned())),
        Err(_) => Err(FriendbotError::NotIncluded("the devnet is stopping".to_owned())),
    }
}

/// `GET|POST /friendbot?addr=G…`.
pub(crate) async fn handle(call: Call, friendbot: web::Data<Friendbot>, body: web::Bytes) -> Answer {
    let form = std::str::from_utf8(&body).ok().and_then(|body| Query::parse(body).ok()).unwrap_or_default();
    let address = call.query.text("addr").or(form.text("addr"));
    let address = address.ok_or_else(|| Problem::invalid_field("addr", "missing parameter"))?;
    let id = query::account_id("addr", address)?;
    match friendbot.fund(&call.core, &id).await {
        Ok(record) => {
            let hash = Hash(record.hash);
            Ok(hal::object(&transaction::render(&call.base, &record, &hash)))
        }
        // clients look for the code name in the text
        Err(FriendbotError::AlreadyFunded { result_xdr }) => Err(Problem::bad_request(&format!(
            "account already funded to starting balance: createAccountAlreadyExist ({result_xdr})"
        ))),
        Err(error) => Err(Problem::new(
            "bad_request",
            "Funding Failed",
            StatusCode::SERVICE_UNAVAILABLE,
            &error.to_string(),
        )),
    }
}

fn minion(network_id: &[u8; 32], number: u8) -> SigningKey {
    let seed =
        Sha256::new().chain_update(network_id).chain_update(b"friendbot minion").chain_update([number]);
    build::key_from_seed(seed.finalize().into())
}

/// A transaction of `key`, valid until `until` (0 is without bound).
fn draft(key: &SigningKey, last_sequence: i64, until: u64) -> Draft {
    Draft::new(&build::account(key), last_sequence + 1)
        .fee_per_operation(FEE_PER_OPERATION)
        .time_bounds(0, until)
}
