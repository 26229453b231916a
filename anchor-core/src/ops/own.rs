//! The anchor's own accounts. A deposit to one of them would reach nobody: what the anchor pays itself is nobody's.

use super::OpsError;
use crate::account::AccountId;
use crate::anchor::Anchor;
use crate::asset::Asset;
use crate::keys::SigningKey;

/// An account that pays or issues one of the assets.
pub(super) fn deals(assets: &[Asset], account: &AccountId) -> bool {
    assets.iter().any(|asset| asset.distribution == *account || asset.id.issuer() == Some(account))
}

/// As far as can be said without asking anybody: not which accounts are channels.
pub(super) fn is_known(anchor: &Anchor, account: &AccountId) -> bool {
    let fee_account = anchor.config().fee_key.as_ref().map(SigningKey::account);
    deals(anchor.assets(), account) || fee_account == Some(*account)
}

/// Pays, issues, lends its sequence numbers, or did. What another process made a channel a moment ago may not be known
/// yet: a deposit that was started a moment before that is no different.
pub(super) async fn is_own(anchor: &Anchor, account: &AccountId) -> Result<bool, OpsError> {
    let is_channel =
        async || anchor.channels_seen().contains(account, anchor.store(), anchor.clock().now()).await;
    Ok(is_known(anchor, account) || is_channel().await?)
}
