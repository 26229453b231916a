//! The only place that speaks to stellar-base. It gets checked values and never foreign bytes.

use chrono::{DateTime, Utc};
use stellar_base::account::{DataValue, TrustLineFlags};
use stellar_base::amount::Stroops;
use stellar_base::claim::{ClaimPredicate, ClaimableBalanceId as BaseBalanceId, Claimant as BaseClaimant};
use stellar_base::crypto::{MuxedAccount, PublicKey};
use stellar_base::error::Error as BaseError;
use stellar_base::operations::Operation as BaseOperation;
use stellar_base::time_bounds::TimeBounds;
use stellar_base::transaction::Transaction;
use stellar_base::xdr::XDRSerialize as _;
use stellar_base::{Asset, Memo as BaseMemo, Network as BaseNetwork};
use stellar_xdr::ClaimableBalanceId;

use super::super::{Network, codec};
use super::{Claimant, EnvelopeError, EnvelopeSpec, Operation, Payment};
use crate::account::{Account, AccountId};
use crate::amount::StellarAmount;
use crate::asset::StellarAsset;
use crate::memo::Memo;

impl From<BaseError> for EnvelopeError {
    fn from(error: BaseError) -> Self {
        Self::Build(error.to_string())
    }
}

pub(super) fn transaction(spec: &EnvelopeSpec<'_>) -> Result<Transaction, EnvelopeError> {
    let bounds = time_bounds(0, spec.max_time)?;
    let fee = Stroops::new(i64::from(spec.fee_per_operation));
    let mut builder = Transaction::builder(key(&spec.transaction_source), spec.sequence, fee)
        .with_memo(memo(&spec.memo)?)
        .with_time_bounds(bounds);
    for wanted in &spec.operations {
        let mut built = operation(wanted)?;
        *built.source_account_mut() = spec.source_of(wanted).map(|source| key(&source).into());
        builder = builder.add_operation(built);
    }
    Ok(builder.into_transaction()?)
}

/// The XDR of the envelope around it.
pub(in crate::stellar) fn bytes(transaction: &Transaction) -> Result<Vec<u8>, BaseError> {
    transaction.to_envelope().xdr_bytes()
}

/// The hash, as stellar-base computes it.
pub(in crate::stellar) fn hash(transaction: &Transaction, network: &Network) -> Result<Vec<u8>, BaseError> {
    transaction.hash(&BaseNetwork::new(network.passphrase().to_owned()))
}

/// `G…` only by its bytes: stellar-base reads keys more loosely than we do, and `M…` wrongly.
pub(in crate::stellar) const fn key(account: &AccountId) -> PublicKey {
    PublicKey(*account.as_bytes())
}

/// A contract has no such form.
pub(in crate::stellar) fn muxed(account: &Account) -> Option<MuxedAccount> {
    match account {
        Account::Classic(account) => Some(key(account).into()),
        Account::Muxed { account, id } => Some(key(account).into_muxed_account(*id)),
        Account::Contract(_) => None,
    }
}

/// A lower bound of 0 is none.
pub(in crate::stellar) fn time_bounds(min: u64, max: u64) -> Result<TimeBounds, EnvelopeError> {
    let bounds = TimeBounds::always_valid();
    let bounds = if min == 0 { bounds } else { bounds.with_lower(time(min)?)? };
    Ok(bounds.with_upper(time(max)?)?)
}

fn time(seconds: u64) -> Result<DateTime<Utc>, EnvelopeError> {
    let seconds = i64::try_from(seconds).map_err(|_| EnvelopeError::MaxTime)?;
    DateTime::from_timestamp(seconds, 0).ok_or(EnvelopeError::MaxTime)
}

fn memo(memo: &Memo) -> Result<BaseMemo, EnvelopeError> {
    Ok(match memo {
        Memo::None => BaseMemo::new_none(),
        Memo::Text(text) => {
            let text = std::str::from_utf8(text.as_bytes()).map_err(|_| EnvelopeError::Memo)?;
            BaseMemo::new_text(text)?
        }
        Memo::Id(id) => BaseMemo::new_id(*id),
        Memo::Hash(hash) => BaseMemo::new_hash(hash)?,
        Memo::Return(hash) => BaseMemo::new_return(hash)?,
    })
}

fn stroops(amount: StellarAmount) -> Stroops {
    Stroops::new(amount.stroops())
}

fn asset(asset: &StellarAsset) -> Result<Asset, BaseError> {
    match asset {
        StellarAsset::Native => Ok(Asset::new_native()),
        StellarAsset::Credit { code, issuer } => Asset::new_credit(code.as_str(), key(issuer)),
    }
}

fn operation(operation: &Operation) -> Result<BaseOperation, EnvelopeError> {
    match operation {
        Operation::Pay(payment) => payment_operation(payment),
        Operation::ChangeTrust { asset: trusted, limit } => {
            let trust = BaseOperation::new_change_trust().with_asset(asset(trusted)?.into());
            Ok(trust.with_limit(Some(stroops(*limit)))?.build()?)
        }
        Operation::AuthorizeTrust { holder, asset: trusted } => Ok(BaseOperation::new_set_trustline_flags()
            .with_trustor(key(holder))
            .with_asset(asset(trusted)?)
            .with_set_flags(TrustLineFlags::AUTHORIZED)
            .build()?),
        Operation::Merge { into } => {
            Ok(BaseOperation::new_account_merge().with_destination(key(into).into()).build()?)
        }
        Operation::Claim { balance } => {
            let ClaimableBalanceId::ClaimableBalanceIdTypeV0(id) = codec::balance_id(balance)?;
            let id = BaseBalanceId::new(id.0.to_vec())?;
            Ok(BaseOperation::new_claim_claimable_balance().with_claimable_balance_id(id).build()?)
        }
        Operation::SetHomeDomain(domain) => {
            let mut options = BaseOperation::new_set_options().build()?;
            if let Some(options) = options.as_set_options_mut() {
                *options.home_domain_mut() = Some(domain.clone());
            }
            Ok(options)
        }
        Operation::SetData { name, value } => {
            let value = value.as_deref().map(DataValue::from_slice).transpose()?;
            Ok(BaseOperation::new_manage_data()
                .with_data_name(name.clone())
                .with_data_value(value)
                .build()?)
        }
    }
}

fn payment_operation(payment: &Payment) -> Result<BaseOperation, EnvelopeError> {
    Ok(match payment {
        Payment::Pay { destination, asset: paid, amount } => BaseOperation::new_payment()
            .with_destination(muxed(destination).ok_or(EnvelopeError::ContractDestination)?)
            .with_asset(asset(paid)?)
            .with_amount(stroops(*amount))?
            .build()?,
        Payment::CreateAccount { destination, starting_balance } => BaseOperation::new_create_account()
            .with_destination(key(destination))
            .with_starting_balance(stroops(*starting_balance))?
            .build()?,
        Payment::ClaimableBalance { claimants, asset: paid, amount } => {
            let claimants: Result<_, _> = claimants.iter().map(claimant).collect();
            BaseOperation::new_create_claimable_balance()
                .with_claimants(claimants?)
                .with_asset(asset(paid)?)
                .with_amount(stroops(*amount))?
                .build()?
        }
    })
}

fn claimant(claimant: &Claimant) -> Result<BaseClaimant, EnvelopeError> {
    let predicate = match claimant.from {
        None => ClaimPredicate::new_unconditional(),
        Some(from) => ClaimPredicate::new_not(ClaimPredicate::new_before_absolute_time(time(from)?)),
    };
    Ok(BaseClaimant::new(key(&claimant.account), predicate))
}
