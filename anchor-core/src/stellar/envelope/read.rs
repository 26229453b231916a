//! Our own operations, read from XDR: to compare what was built with what was asked for.

use stellar_xdr::{
    ChangeTrustAsset, ClaimPredicate, Claimant as XdrClaimant, CreateClaimableBalanceOp, MuxedAccount,
    OperationBody, Preconditions, SetOptionsOp, Transaction, TransactionExt, TrustLineFlags,
};

use super::{Claimant, EnvelopeError, EnvelopeSpec, Operation, Payment, check};
use crate::account::AccountId;
use crate::asset::StellarAsset;
use crate::stellar::codec::{self, DecodeError};

/// Errors name the first field that differs.
pub(super) fn compare(transaction: &Transaction, spec: &EnvelopeSpec<'_>) -> Result<(), EnvelopeError> {
    let same = |is_same: bool, field| if is_same { Ok(()) } else { Err(EnvelopeError::Mismatch(field)) };
    same(codec::account(&transaction.source_account) == spec.transaction_source.into(), "source account")?;
    same(Some(transaction.fee) == check::fee(spec), "fee")?;
    same(transaction.seq_num.0 == spec.sequence, "sequence number")?;
    same(bounds(transaction) == Some((0, spec.max_time)), "time bounds")?;
    same(codec::memo(&transaction.memo)? == spec.memo, "memo")?;
    same(transaction.operations.len() == spec.operations.len(), "number of operations")?;
    same(transaction.ext == TransactionExt::V0, "extension")?;
    for (built, wanted) in transaction.operations.iter().zip(&spec.operations) {
        let source = built.source_account.as_ref().map(codec::account);
        same(source == spec.source_of(wanted).map(Into::into), "source of an operation")?;
        same(operation(&built.body)? == *wanted, "operation")?;
    }
    Ok(())
}

/// Plain time bounds, the only precondition that we use.
pub(in crate::stellar) const fn bounds(transaction: &Transaction) -> Option<(u64, u64)> {
    match &transaction.cond {
        Preconditions::Time(bounds) => Some((bounds.min_time.0, bounds.max_time.0)),
        Preconditions::None | Preconditions::V2(_) => None,
    }
}

/// Only the kinds of operation that we build.
pub(super) fn operation(body: &OperationBody) -> Result<Operation, DecodeError> {
    match body {
        OperationBody::Payment(payment) => Ok(Operation::Pay(Payment::Pay {
            destination: codec::account(&payment.destination),
            asset: codec::asset(&payment.asset)?,
            amount: codec::amount(payment.amount)?,
        })),
        OperationBody::CreateAccount(create) => Ok(Operation::Pay(Payment::CreateAccount {
            destination: codec::account_id(&create.destination),
            starting_balance: codec::amount(create.starting_balance)?,
        })),
        OperationBody::CreateClaimableBalance(create) => claimable_balance(create).map(Operation::Pay),
        OperationBody::ChangeTrust(change) => {
            Ok(Operation::ChangeTrust { asset: line(&change.line)?, limit: codec::amount(change.limit)? })
        }
        OperationBody::SetTrustLineFlags(flags)
            if (flags.clear_flags, flags.set_flags) == (0, AUTHORIZED) =>
        {
            Ok(Operation::AuthorizeTrust {
                holder: codec::account_id(&flags.trustor),
                asset: codec::asset(&flags.asset)?,
            })
        }
        OperationBody::AccountMerge(MuxedAccount::Ed25519(into)) => {
            Ok(Operation::Merge { into: AccountId::from_bytes(into.0) })
        }
        OperationBody::ClaimClaimableBalance(claim) => {
            Ok(Operation::Claim { balance: codec::balance_text(&claim.balance_id) })
        }
        OperationBody::SetOptions(options) => home_domain(options),
        OperationBody::ManageData(data) => Ok(Operation::SetData {
            name: String::from_utf8(data.data_name.0.to_vec()).map_err(|_| UNEXPECTED)?,
            value: data.data_value.as_ref().map(|value| value.0.to_vec()),
        }),
        _ => Err(UNEXPECTED),
    }
}

const AUTHORIZED: u32 = 1;
const _: () = assert!(TrustLineFlags::AuthorizedFlag as i32 == 1, "the ledger's own number");

pub(super) const UNEXPECTED: DecodeError = DecodeError::Content("not one of our operations");

fn claimable_balance(create: &CreateClaimableBalanceOp) -> Result<Payment, DecodeError> {
    let claimants: Result<_, _> = create.claimants.iter().map(claimant).collect();
    Ok(Payment::ClaimableBalance {
        claimants: claimants?,
        asset: codec::asset(&create.asset)?,
        amount: codec::amount(create.amount)?,
    })
}

fn claimant(claimant: &XdrClaimant) -> Result<Claimant, DecodeError> {
    let XdrClaimant::ClaimantTypeV0(claimant) = claimant;
    let from = match &claimant.predicate {
        ClaimPredicate::Unconditional => None,
        ClaimPredicate::Not(Some(not)) => match **not {
            ClaimPredicate::BeforeAbsoluteTime(time) => Some(u64::try_from(time).map_err(|_| UNEXPECTED)?),
            _ => return Err(UNEXPECTED),
        },
        _ => return Err(UNEXPECTED),
    };
    Ok(Claimant { account: codec::account_id(&claimant.destination), from })
}

fn line(line: &ChangeTrustAsset) -> Result<StellarAsset, DecodeError> {
    match line {
        ChangeTrustAsset::CreditAlphanum4(credit) => codec::alphanum4(credit),
        ChangeTrustAsset::CreditAlphanum12(credit) => codec::alphanum12(credit),
        ChangeTrustAsset::Native | ChangeTrustAsset::PoolShare(_) => Err(UNEXPECTED),
    }
}

fn home_domain(options: &SetOptionsOp) -> Result<Operation, DecodeError> {
    let domain = options.home_domain.clone().ok_or(UNEXPECTED)?;
    let nothing_else = SetOptionsOp { home_domain: Some(domain.clone()), ..SetOptionsOp::default() };
    if *options != nothing_else {
        return Err(UNEXPECTED);
    }
    String::from_utf8(domain.0.to_vec()).map(Operation::SetHomeDomain).map_err(|_| UNEXPECTED)
}
