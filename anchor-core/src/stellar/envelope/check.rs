//! Everything that the building library would let through, or that the network would refuse.

use super::{Claimant, EnvelopeError, EnvelopeSpec, OPERATIONS_MAX, Operation, Payment};
use crate::account::Account;
use crate::amount::StellarAmount;
use crate::asset::StellarAsset;
use crate::memo::Memo;
use crate::stellar::codec;

/// The network's minimum.
const BASE_FEE: u32 = 100;

/// As far as the building library's calendar goes with ease: the year 9999.
const MAX_TIME_MAX: u64 = 253_402_300_799;

const HOME_DOMAIN_MAX: usize = 32;

const DATA_MAX: usize = 64;

const CLAIMANTS_MAX: usize = 10;

pub(super) fn check(spec: &EnvelopeSpec<'_>) -> Result<(), EnvelopeError> {
    if spec.operations.is_empty() || spec.operations.len() > OPERATIONS_MAX {
        return Err(EnvelopeError::Operations);
    }
    if spec.sequence <= 0 {
        return Err(EnvelopeError::Sequence);
    }
    if spec.max_time == 0 || spec.max_time > MAX_TIME_MAX {
        return Err(EnvelopeError::MaxTime);
    }
    if spec.fee_per_operation < BASE_FEE || fee(spec).is_none() {
        return Err(EnvelopeError::Fee);
    }
    if let Memo::Text(text) = &spec.memo
        && std::str::from_utf8(text.as_bytes()).is_err()
    {
        return Err(EnvelopeError::Memo);
    }
    spec.operations.iter().try_for_each(|operation| check_operation(operation, spec))
}

/// The whole transaction's fee, if the network's field can hold it; the building library would cut it off.
pub(super) fn fee(spec: &EnvelopeSpec<'_>) -> Option<u32> {
    u32::try_from(spec.operations.len()).ok()?.checked_mul(spec.fee_per_operation)
}

fn check_operation(operation: &Operation, spec: &EnvelopeSpec<'_>) -> Result<(), EnvelopeError> {
    match operation {
        Operation::Pay(payment) => check_payment(payment, &spec.memo),
        Operation::ChangeTrust { asset, .. } => {
            let source = spec.operation_source.unwrap_or(spec.transaction_source);
            match asset {
                StellarAsset::Credit { issuer, .. } if *issuer != source => Ok(()),
                StellarAsset::Credit { .. } | StellarAsset::Native => Err(EnvelopeError::TrustLine),
            }
        }
        Operation::AuthorizeTrust { holder, asset } => match asset {
            StellarAsset::Credit { issuer, .. } if issuer != holder => Ok(()),
            StellarAsset::Credit { .. } | StellarAsset::Native => Err(EnvelopeError::TrustLine),
        },
        Operation::Merge { into } => {
            let source = spec.operation_source.unwrap_or(spec.transaction_source);
            if *into == source { Err(EnvelopeError::Merge) } else { Ok(()) }
        }
        Operation::Claim { balance } => {
            codec::balance_id(balance).map(|_| ()).map_err(|_| EnvelopeError::Balance)
        }
        Operation::SetHomeDomain(domain) => check_text(domain, 0, HOME_DOMAIN_MAX),
        Operation::SetData { name, value } => {
            let is_length = |value: &Vec<u8>| (1..=DATA_MAX).contains(&value.len());
            check_text(name, 1, DATA_MAX)?;
            if value.as_ref().is_none_or(is_length) { Ok(()) } else { Err(EnvelopeError::Text) }
        }
    }
}

fn check_payment(payment: &Payment, memo: &Memo) -> Result<(), EnvelopeError> {
    match payment {
        Payment::Pay { destination, amount, .. } => {
            check_amount(*amount)?;
            match destination {
                Account::Contract(_) => Err(EnvelopeError::ContractDestination),
                Account::Muxed { .. } if *memo != Memo::None => Err(EnvelopeError::MuxedWithMemo),
                Account::Muxed { .. } | Account::Classic(_) => Ok(()),
            }
        }
        Payment::CreateAccount { starting_balance, .. } => check_amount(*starting_balance),
        Payment::ClaimableBalance { claimants, amount, .. } => {
            check_amount(*amount)?;
            check_claimants(claimants)
        }
    }
}

fn check_amount(amount: StellarAmount) -> Result<(), EnvelopeError> {
    if amount.is_zero() { Err(EnvelopeError::Amount) } else { Ok(()) }
}

fn check_claimants(claimants: &[Claimant]) -> Result<(), EnvelopeError> {
    let mut accounts: Vec<_> = claimants.iter().map(|claimant| claimant.account).collect();
    accounts.sort_unstable();
    accounts.dedup();
    if accounts.len() != claimants.len() || !(1..=CLAIMANTS_MAX).contains(&claimants.len()) {
        return Err(EnvelopeError::Claimants);
    }
    if claimants.iter().any(|claimant| claimant.from.is_some_and(|from| from > MAX_TIME_MAX)) {
        return Err(EnvelopeError::MaxTime);
    }
    Ok(())
}

/// Printable ASCII only: the building library writes anything else in another form than it was given.
fn check_text(text: &str, min: usize, max: usize) -> Result<(), EnvelopeError> {
    let is_plain = |byte: u8| (byte.is_ascii_graphic() || byte == b' ') && byte != b'\\';
    if (min..=max).contains(&text.len()) && text.bytes().all(is_plain) {
        Ok(())
    } else {
        Err(EnvelopeError::Text)
    }
}
