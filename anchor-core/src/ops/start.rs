//! Starts transactions: everything that a wallet said is checked here, once, and written down.
//!
//! [`start`] begins a hosted one (SEP-24), [`by_api`] one that the business decides on (SEP-6).

use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use chrono::{DateTime, Utc};
use sha2::{Digest as _, Sha256};

use super::OpsError;
use crate::Anchor;
use crate::account::{Sharing, Subject};
use crate::asset::Asset;
use crate::id::TransactionId;
use crate::quote::QuoteContext;
use crate::secret::Secret;
use crate::transaction::{Kind, NewTransaction, Protocol, Transaction};

mod api;
mod check;
mod quoted;
mod refusal;

pub use api::{ApiRequest, DECISION_WINDOW, Told, by_api};
pub use refusal::{StartError, StartRefusal};

pub(super) use check::{check, find_asset, limits};
pub(super) use quoted::{Quoted, read as read_quote};

use check::given;
use refusal::not_admitted;

/// How long the user may take for the interactive flow before the transaction expires.
pub const FLOW_WINDOW: Duration = Duration::from_secs(24 * 60 * 60);
/// How long the address of the interactive flow can be opened: once, and soon.
pub const URL_TOKEN_LIFETIME: Duration = Duration::from_secs(5 * 60);

/// What a wallet asks for, in its own words. Absent and empty are the same.
#[derive(Debug, Clone, Default)]
pub struct StartRequest {
    /// `native`, or the code of an asset.
    pub asset_code: Option<String>,
    /// Needed where two assets share a code.
    pub asset_issuer: Option<String>,
    /// Deposit: `source_asset`, withdrawal: `destination_asset`.
    pub off_chain_asset: Option<String>,
    /// Plain decimal, of what the user gives.
    pub amount: Option<String>,
    /// A firm quote.
    pub quote_id: Option<String>,
    /// Deposit: where the tokens go. Withdrawal: where they come from. The token's account if absent.
    pub account: Option<String>,
    /// Deposit: `memo`, withdrawal: `refund_memo`.
    pub memo: Option<String>,
    /// Deposit: `memo_type`, withdrawal: `refund_memo_type`.
    pub memo_type: Option<String>,
    /// RFC 4646; anything else counts as absent.
    pub language: Option<String>,
    /// Deposit: the wallet can claim a claimable balance.
    pub claimable_balances: bool,
    /// The anchor's id of the customer, unverified.
    pub customer_id: Option<String>,
    /// One asset is exchanged for another, by endpoints of their own (SEP-6).
    pub exchange: bool,
}

/// What the protocol calls things, for texts.
struct Names {
    asset: &'static str,
    off_chain: &'static str,
    memo: &'static str,
}

impl StartRequest {
    const fn names(&self, kind: Kind) -> Names {
        let (asset, off_chain, memo) = match kind {
            Kind::Deposit => ("destination_asset", "source_asset", "memo"),
            Kind::Withdrawal => ("source_asset", "destination_asset", "refund_memo"),
        };
        Names { asset: if self.exchange { asset } else { "asset_code" }, off_chain, memo }
    }
}

/// A transaction that exists from now on, and the one way into its pages.
#[derive(Debug)]
#[non_exhaustive]
pub struct Started {
    /// As stored.
    pub transaction: Transaction,
    /// Goes into the address of the interactive flow, and nowhere else: only its hash is stored.
    pub url_token: Secret<String>,
}

/// Checks `request` and stores a new transaction of `subject`, `incomplete` until the user has been through the
/// flow. Nothing of the request travels through the browser afterwards.
///
/// Sending the same request twice starts two transactions, as SEP-24 has no idempotency key.
///
/// # Errors
/// [`StartError::Refused`] for what the wallet should correct, [`StartError::Failed`] if it can only try again.
pub async fn start(
    anchor: &Anchor,
    kind: Kind,
    subject: Subject,
    client_domain: Option<String>,
    request: &StartRequest,
) -> Result<Started, StartError> {
    let quoted = quoted::find(anchor, QuoteContext::Sep24, kind, &subject, request).await?;
    let asset = find_asset(anchor.assets().iter(), kind, request, quoted.as_ref())?;
    let mut request = check(anchor, asset, kind, subject, request, quoted.as_ref())?;
    // the wallet names none here: what was quoted is for the business's pages
    request.funding_method = quoted.as_ref().and_then(|quoted| quoted.delivery_method.clone());
    if kind == Kind::Deposit {
        check::destination(anchor, asset, &request).await?;
    }
    let now = anchor.clock().now();
    let deadline = now.checked_add_signed(seconds(FLOW_WINDOW)).unwrap_or(now);
    let transaction = Transaction::start(NewTransaction {
        id: TransactionId::new(anchor.ids().next()),
        kind,
        protocol: Protocol::Sep24,
        asset: asset.id.clone(),
        off_chain_asset: quoted.as_ref().map_or(&asset.off_chain, |quoted| &quoted.off_chain).clone(),
        subject,
        client_domain,
        request,
        at: now,
        deadline,
    });
    let bytes: [u8; 32] = rand::random();
    let url_token = Secret::new(BASE64_URL_SAFE_NO_PAD.encode(bytes));
    let hash = url_token_hash(url_token.expose());
    let url_deadline = now.checked_add_signed(seconds(URL_TOKEN_LIFETIME)).unwrap_or(now);
    let url_token_stored = (&hash, url_deadline);
    let transaction = match quoted {
        Some(quoted) => quoted.start(anchor, transaction, url_token_stored, now).await?,
        None => {
            store(anchor, &transaction, url_token_stored).await?;
            transaction
        }
    };
    tracing::info!(transaction.id = %transaction.id, transaction.asset = %transaction.asset, ?kind, "transaction started");
    Ok(Started { transaction, url_token })
}

/// Under which hash a URL token is stored.
pub fn url_token_hash(token: &str) -> [u8; 32] {
    Sha256::digest(token).into()
}

/// The configured asset that `code` and `issuer` mean, whatever directions it is offered in. Several if two
/// issuers share the code.
pub fn assets_named<'a>(assets: &'a [Asset], code: &str) -> Vec<&'a Asset> {
    assets.iter().filter(|asset| asset.id.code() == code).collect()
}

/// Whoever came first decided whether the account is shared. Here and not where tokens are given out: there nobody
/// knows yet which protocol the token is for, and only this one has the rule.
async fn store(
    anchor: &Anchor,
    transaction: &Transaction,
    url_token: (&[u8; 32], DateTime<Utc>),
) -> Result<(), StartError> {
    let store = anchor.store();
    let Some((account, wanted)) = Sharing::of(&transaction.subject) else {
        store.transaction_insert(transaction, Some(url_token)).await.map_err(OpsError::from)?;
        return Ok(());
    };
    let decided = store.transaction_start(transaction, url_token, &account, wanted).await;
    let decided = decided.map_err(OpsError::from)?;
    if decided.admits(wanted) { Ok(()) } else { Err(not_admitted(wanted).into()) }
}

fn seconds(duration: Duration) -> chrono::Duration {
    chrono::Duration::from_std(duration).unwrap_or(chrono::Duration::MAX)
}
