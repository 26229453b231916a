//! Which payments share an envelope.

use super::super::signing::Issuer;
use super::decide::Send;
use crate::account::AccountId;
use crate::memo::Memo;
use crate::stellar::envelope::{Operation, Payment};
use crate::transaction::{AttemptPurpose, Reclaim};

/// The payments of one envelope, with their places in the round.
#[derive(Debug, Clone)]
pub(super) struct Parcel {
    pub(super) payer: AccountId,
    pub(super) purpose: AttemptPurpose,
    pub(super) memo: Memo,
    /// What has to happen in the same envelope, and first.
    pub(super) before: Vec<Operation>,
    /// Who signs for that.
    pub(super) issuer: Option<Issuer>,
    pub(super) payments: Vec<(usize, Payment)>,
}

impl Parcel {
    /// What its envelope may cost, in stroops.
    pub(super) fn fee(&self, per_operation: u32) -> i64 {
        let operations = self.before.len().saturating_add(self.payments.len());
        i64::try_from(operations).unwrap_or(i64::MAX).saturating_mul(i64::from(per_operation))
    }

    /// What its envelope does: the operation of each payment, after those that prepare it.
    pub(super) fn operations(&self) -> Vec<Operation> {
        let payments = self.payments.iter().map(|(_, payment)| payment.clone().into());
        self.before.iter().cloned().chain(payments).collect()
    }

    /// What it sets aside, if the anchor may take that back.
    pub(super) fn reclaim(&self) -> Option<Reclaim> {
        self.payments.iter().find_map(|(_, payment)| match payment {
            Payment::ClaimableBalance { claimants, asset, amount } => {
                let anchor = claimants.iter().find(|claimant| claimant.account == self.payer)?;
                Some(Reclaim {
                    by: anchor.account,
                    asset: asset.clone(),
                    amount: *amount,
                    from: anchor.from?,
                })
            }
            _ => None,
        })
    }

    /// The places of its payments, in their order.
    pub(super) fn places(&self) -> impl Iterator<Item = usize> + '_ {
        self.payments.iter().map(|(place, _)| *place)
    }
}

/// Packs payments, oldest first: up to `most` of one payer and purpose that have no memo, create no account and failed
/// in no envelope before; all others alone. In the order of the oldest payment of each.
pub(super) fn parcels(sends: Vec<(usize, Send)>, most: usize) -> Vec<Parcel> {
    let mut parcels: Vec<Parcel> = Vec::new();
    // the parcel that still has room, for each payer and purpose
    let mut open: Vec<usize> = Vec::new();
    for (place, send) in sends {
        let shares = most > 1
            && !send.was_tried
            && send.authorize.is_none()
            && send.memo == Memo::None
            && matches!(send.payment, Payment::Pay { .. });
        if shares {
            let fits = |at: &&usize| {
                parcels.get(**at).is_some_and(|parcel| {
                    parcel.payer == send.payer
                        && parcel.purpose == send.purpose
                        && parcel.payments.len() < most
                })
            };
            if let Some(parcel) = open.iter().rev().find(fits).copied().and_then(|at| parcels.get_mut(at)) {
                parcel.payments.push((place, send.payment));
                continue;
            }
            open.push(parcels.len());
        }
        parcels.push(Parcel {
            payer: send.payer,
            purpose: send.purpose,
            memo: send.memo,
            before: send.authorize.as_ref().and_then(|_| authorization(&send.payment)).into_iter().collect(),
            issuer: send.authorize,
            payments: vec![(place, send.payment)],
        });
    }
    parcels
}

/// What lets the recipient receive.
fn authorization(payment: &Payment) -> Option<Operation> {
    let Payment::Pay { destination, asset, .. } = payment else { return None };
    let holder = destination.ledger_account()?;
    Some(Operation::AuthorizeTrust { holder, asset: asset.clone() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::asset::StellarAsset;

    fn account(number: u8) -> AccountId {
        AccountId::from_bytes([number; 32])
    }

    fn send(payer: u8) -> Send {
        Send {
            payment: Payment::Pay {
                destination: account(9).into(),
                asset: StellarAsset::Native,
                amount: "1".parse().unwrap(),
            },
            purpose: AttemptPurpose::Payment,
            memo: Memo::None,
            payer: account(payer),
            authorize: None,
            was_tried: false,
        }
    }

    fn packed(sends: Vec<Send>, most: usize) -> Vec<Vec<usize>> {
        let parcels = parcels(sends.into_iter().enumerate().collect(), most);
        parcels.iter().map(|parcel| parcel.places().collect()).collect()
    }

    #[test]
    fn payments_without_a_memo_share_envelopes_up_to_the_limit() {
        assert_eq!(packed(vec![send(1); 5], 2), [vec![0, 1], vec![2, 3], vec![4]]);
        assert_eq!(packed(vec![send(1); 3], 1), [vec![0], vec![1], vec![2]]);
        assert!(packed(Vec::new(), 100).is_empty());
    }

    #[test]
    fn memo_account_creation_and_earlier_failure_each_go_alone() {
        let memo = Send { memo: Memo::Id(0), ..send(1) };
        let creation =
            Payment::CreateAccount { destination: account(8), starting_balance: "2".parse().unwrap() };
        let creation = Send { payment: creation, ..send(1) };
        let tried = Send { was_tried: true, ..send(1) };
        let authorized = Send { authorize: Some(Issuer::named(account(7))), ..send(1) };
        let packed = packed(vec![send(1), memo, creation, tried, authorized, send(1)], 100);
        assert_eq!(packed, [vec![0, 5], vec![1], vec![2], vec![3], vec![4]]);
    }

    #[test]
    fn payers_and_purposes_are_not_mixed() {
        let refund = Send { purpose: AttemptPurpose::Refund, ..send(1) };
        let packed = packed(vec![send(1), send(2), refund, send(1), send(2)], 100);
        assert_eq!(packed, [vec![0, 3], vec![1, 4], vec![2]]);
    }
}
