//! What came back, as the watcher reads it.

use crate::account::AccountId;
use crate::anchor::Anchor;
use crate::ops::OpsError;
use crate::stellar::{BalanceClaim, Movement};
use crate::store::{Disposition, Observed, SetAside};

/// What came back with these claims, as the watcher writes it: as if the one had paid whom it was set aside for, so that
/// whoever sends it back, sends it there. Not every server tells what a claim brought; what the balance was made with is known
/// here, and cannot have changed.
///
/// # Errors
/// The store's. [`OpsError::Contended`] if one of them may be of a balance that is just being made: `confirm` has to close
/// its attempt first.
pub(in crate::ops) async fn taken_back(
    anchor: &Anchor,
    account: &AccountId,
    claims: &[BalanceClaim],
) -> Result<Vec<Observed>, OpsError> {
    let Some(latest) = claims.iter().map(|claim| claim.at).max() else { return Ok(Vec::new()) };
    let store = anchor.store();
    // asked first: what is made after this cannot be claimed by the anchor for long
    let until = u64::try_from(latest.timestamp()).unwrap_or_default();
    let is_pending = store.set_aside_is_pending(account, until).await?;
    let balances: Vec<String> = claims.iter().map(|claim| claim.balance.clone()).collect();
    let known = store.set_aside_find(&balances).await?;
    let mut observed = Vec::with_capacity(known.len());
    for claim in claims {
        let of_ours =
            |one: &&SetAside| one.balance == claim.balance && claim.by.ledger_account() == Some(one.by);
        let Some(one) = known.iter().find(of_ours) else {
            if is_pending {
                tracing::error!(
                    %account,
                    balance = claim.balance,
                    "a balance was claimed while deposits that may have made it are not confirmed: reading waits for that"
                );
                return Err(OpsError::Contended);
            }
            continue;
        };
        let deposit = store.transaction_fetch(one.transaction).await?.ok_or(OpsError::Contended)?;
        let movement = Movement {
            id: claim.id.clone(),
            hash: claim.hash,
            ledger: claim.ledger,
            at: claim.at,
            from: deposit.request.account,
            to: claim.by,
            asset: one.asset.clone(),
            amount: one.amount,
            memo: claim.memo.clone(),
        };
        let balance = one.balance.clone();
        let disposition = Disposition::Reclaimed { balance, transaction: one.transaction };
        observed.push(Observed { movement, disposition });
    }
    Ok(observed)
}
