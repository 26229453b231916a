//! What an envelope does to the fake ledger.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use sha2::{Digest as _, Sha256};

use super::envelope::ReceivedEnvelope;
use super::max_amount;
use super::world::{Entry, World, new_account};
use crate::account::{Account, AccountId};
use crate::amount::StellarAmount;
use crate::asset::StellarAsset;
use crate::stellar::envelope::{Operation, Payment};
use crate::stellar::{AccountSnapshot, Failure, FailureKind, Lookup, Movement, TrustLine};

/// In stroops per operation.
const FEE: i64 = 100;

/// Applies it whole or not at all; `forced` makes it fail.
pub(super) fn apply(world: &mut World, received: &ReceivedEnvelope, forced: Option<Failure>) {
    let ledger = world.point.sequence;
    let Some(source) = world.accounts.get_mut(&received.source) else { return };
    if source.sequence.checked_add(1) != Some(received.sequence) {
        return; // never enters a ledger
    }
    let payer = received.wrapping.map_or(received.source, |(_, payer)| payer);
    let operations = received.operations.len() + usize::from(received.wrapping.is_some());
    let fee = i64::try_from(operations).unwrap_or(i64::MAX).saturating_mul(FEE);
    let fee = StellarAmount::from_stroops(fee).unwrap_or_default();
    let Some(account) = world.accounts.get_mut(&payer) else { return };
    let Some(rest) = account.balance.checked_sub(fee) else { return };
    account.balance = rest;
    if let Some(source) = world.accounts.get_mut(&received.source) {
        source.sequence = received.sequence;
    }

    let mut trial = world.clone();
    let mut claimable_balances = Vec::new();
    let mut failure = forced;
    for (index, (source, operation)) in received.operations.iter().enumerate() {
        if failure.is_some() {
            break;
        }
        match apply_operation(&mut trial, received, index, *source, operation) {
            Ok(created) => claimable_balances.extend(created),
            Err(reason) => {
                let mut operations = vec![None; received.operations.len()];
                if let Some(blamed) = operations.get_mut(index) {
                    *blamed = Some(reason.kind);
                }
                failure = Some(Failure { operations, ..reason });
            }
        }
    }
    let outcome = match failure {
        Some(failure) => Lookup::Failed { ledger, failure },
        None => {
            *world = trial;
            Lookup::Succeeded { ledger, claimable_balances }
        }
    };
    if let Some((hash, _)) = received.wrapping {
        world.outcomes.insert(hash, outcome.clone());
    }
    world.outcomes.insert(received.hash, outcome);
}

fn apply_operation(
    world: &mut World,
    received: &ReceivedEnvelope,
    index: usize,
    source: AccountId,
    operation: &Operation,
) -> Result<Option<String>, Failure> {
    match operation {
        Operation::Pay(Payment::Pay { destination, asset, amount }) => {
            take(world, source, asset, *amount)?;
            let to = destination.ledger_account();
            let to = to.and_then(|id| world.accounts.get_mut(&id));
            let to = to.ok_or_else(|| failed(FailureKind::NoDestination, "op_no_destination"))?;
            credit(to, asset, *amount)?;
            record(world, received, index, source, *destination, asset, *amount);
            Ok(None)
        }
        Operation::Pay(Payment::CreateAccount { destination, starting_balance }) => {
            if world.accounts.contains_key(destination) {
                return Err(failed(FailureKind::AlreadyExists, "op_already_exists"));
            }
            take(world, source, &StellarAsset::Native, *starting_balance)?;
            let mut account = new_account(*destination, i64::from(world.point.sequence) << 32);
            account.balance = *starting_balance;
            world.accounts.insert(*destination, account);
            let to = Account::Classic(*destination);
            record(world, received, index, source, to, &StellarAsset::Native, *starting_balance);
            Ok(None)
        }
        Operation::Pay(Payment::ClaimableBalance { claimants, asset, amount }) => {
            take(world, source, asset, *amount)?;
            let id = digest(&[received.hash.as_bytes(), &index.to_be_bytes()]);
            let id = format!("00000000{}", hex::encode(id));
            world.set_aside(&id, claimants, asset, *amount);
            Ok(Some(id))
        }
        Operation::Claim { balance } => {
            world.claim(source, balance, received.hash, received.memo.clone())?;
            Ok(None)
        }
        Operation::AuthorizeTrust { holder, asset } => {
            let line = world.accounts.get_mut(holder).map(|account| &mut account.trust_lines);
            let line = line.and_then(|lines| lines.iter_mut().find(|line| line.asset == *asset));
            let line = line.ok_or_else(|| failed(FailureKind::CannotReceive, "op_no_trust_line"))?;
            if line.limited {
                return Err(failed(FailureKind::Other, "op_invalid_state"));
            }
            line.authorized = true;
            Ok(None)
        }
        Operation::Merge { into } => {
            let merged = world.accounts.get(&source).cloned();
            let merged = merged.ok_or_else(|| failed(FailureKind::Other, "op_no_source_account"))?;
            if !merged.trust_lines.is_empty() {
                return Err(failed(FailureKind::Other, "op_has_sub_entries"));
            }
            if merged.sequence >= i64::from(world.point.sequence) << 32 {
                return Err(failed(FailureKind::Other, "op_seqnum_too_far"));
            }
            let heir = world.accounts.get_mut(into);
            let heir = heir.ok_or_else(|| failed(FailureKind::Other, "op_no_account"))?;
            credit(heir, &StellarAsset::Native, merged.balance)?;
            world.accounts.remove(&source);
            let to = Account::Classic(*into);
            record(world, received, index, source, to, &StellarAsset::Native, merged.balance);
            Ok(None)
        }
        Operation::ChangeTrust { asset, limit } => {
            let requires = asset.issuer().and_then(|issuer| world.accounts.get(issuer));
            let authorized = requires.is_none_or(|issuer| !issuer.auth_required);
            let account = account(world, source)?;
            let line = account.trust_lines.iter_mut().find(|line| line.asset == *asset);
            match line {
                Some(line) if line.balance > *limit => {
                    return Err(failed(FailureKind::Other, "op_invalid_limit"));
                }
                Some(line) => line.limit = *limit,
                None => account.trust_lines.push(TrustLine {
                    asset: asset.clone(),
                    balance: StellarAmount::ZERO,
                    limit: *limit,
                    buying_liabilities: StellarAmount::ZERO,
                    selling_liabilities: StellarAmount::ZERO,
                    authorized,
                    limited: false,
                }),
            }
            account.trust_lines.retain(|line| !line.limit.is_zero());
            Ok(None)
        }
        Operation::SetHomeDomain(domain) => {
            account(world, source)?.home_domain = Some(domain.clone());
            Ok(None)
        }
        Operation::SetData { name, value } => {
            if name == "config.memo_required" {
                account(world, source)?.memo_required = value.as_deref() == Some(b"1");
            }
            Ok(None)
        }
    }
}

fn account(world: &mut World, id: AccountId) -> Result<&mut AccountSnapshot, Failure> {
    world.accounts.get_mut(&id).ok_or_else(|| failed(FailureKind::Other, "op_no_source_account"))
}

fn record(
    world: &mut World,
    received: &ReceivedEnvelope,
    index: usize,
    from: AccountId,
    to: Account,
    asset: &StellarAsset,
    amount: StellarAmount,
) {
    let number = world.history.len() as u64;
    world.history.push(Entry::Movement(Arc::new(Movement {
        id: (u64::from(world.point.sequence) << 32 | number << 12 | (index as u64 + 1)).to_string(),
        hash: received.hash,
        ledger: world.point.sequence,
        at: time(world.point.closed_at),
        from: from.into(),
        to,
        asset: asset.clone(),
        amount,
        memo: received.memo.clone(),
    })));
}

fn take(
    world: &mut World,
    id: AccountId,
    asset: &StellarAsset,
    amount: StellarAmount,
) -> Result<(), Failure> {
    let underfunded = || failed(FailureKind::Underfunded, "op_underfunded");
    let account = account(world, id)?;
    let held = match asset {
        StellarAsset::Native => &mut account.balance,
        StellarAsset::Credit { issuer, .. } if *issuer == id => return Ok(()),
        StellarAsset::Credit { .. } => {
            let line = account.trust_lines.iter_mut().find(|line| line.asset == *asset && line.authorized);
            &mut line.ok_or_else(underfunded)?.balance
        }
    };
    *held = held.checked_sub(amount).ok_or_else(underfunded)?;
    Ok(())
}

pub(super) fn credit(
    account: &mut AccountSnapshot,
    asset: &StellarAsset,
    amount: StellarAmount,
) -> Result<(), Failure> {
    let cannot = |code| failed(FailureKind::CannotReceive, code);
    let (held, limit) = match asset {
        StellarAsset::Native => (&mut account.balance, max_amount()),
        StellarAsset::Credit { issuer, .. } if *issuer == account.id => return Ok(()),
        StellarAsset::Credit { .. } => {
            let line = account.trust_lines.iter_mut().find(|line| line.asset == *asset);
            let line = line.ok_or_else(|| cannot("op_no_trust"))?;
            if !line.authorized {
                return Err(cannot("op_not_authorized"));
            }
            (&mut line.balance, line.limit)
        }
    };
    let sum = held.checked_add(amount).filter(|sum| *sum <= limit);
    *held = sum.ok_or_else(|| cannot("op_line_full"))?;
    Ok(())
}

pub(super) fn balance(account: &AccountSnapshot, asset: &StellarAsset) -> Option<StellarAmount> {
    match asset {
        StellarAsset::Native => Some(account.balance),
        StellarAsset::Credit { .. } => {
            account.trust_lines.iter().find(|line| line.asset == *asset).map(|line| line.balance)
        }
    }
}

pub(super) fn digest(parts: &[&[u8]]) -> [u8; 32] {
    let mut hasher = Sha256::new();
    for part in parts {
        hasher.update(part);
    }
    hasher.finalize().into()
}

pub(super) fn time(seconds: u64) -> DateTime<Utc> {
    let seconds = i64::try_from(seconds).unwrap_or(i64::MAX);
    DateTime::from_timestamp(seconds, 0).unwrap_or(DateTime::<Utc>::MAX_UTC)
}

pub(super) fn failed(kind: FailureKind, code: &str) -> Failure {
    Failure::new(kind, format!("tx_failed: {code}"))
}
