//! The transaction whose simulation decides, and what the answer has to show.

use stellar_xdr::{
    ContractDataDurability, HostFunction, InvokeHostFunctionOp, LedgerKey, LedgerKeyContractData, Memo,
    MuxedAccount, Operation, OperationBody, Preconditions, ScNonceKey, ScVal, SequenceNumber,
    SorobanAuthorizedFunction, SorobanTransactionData, Transaction, TransactionEnvelope, TransactionExt,
    TransactionV1Envelope, Uint256, VecM,
};

use super::{ContractChallengeError, ReadContractChallenge};
use crate::account::{AccountId, ContractId};
use crate::keys::SigningKey;
use crate::stellar::{codec, envelope};

/// The transaction is never sent, so its fee means nothing.
const FEE: u32 = 100;

/// What is worth knowing of a simulation that succeeded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct SimulationFindings {
    /// The web authentication contract would have to be restored first: its time to live has to be extended.
    pub archived: bool,
    /// So many other entries of the ledger would have been written: an account that does more than to verify signatures.
    pub writes: usize,
}

impl ReadContractChallenge {
    /// The call of the web authentication contract with the entries, as an unsigned base64 envelope to be simulated.
    ///
    /// Its source is an account that nobody has, made up for this one: simulation does not look at an envelope's
    /// signatures, so a source that is one of the accounts in question might stand for itself.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn transaction(&self) -> Result<String, ContractChallengeError> {
        let failed = |error: stellar_xdr::Error| ContractChallengeError::Build(error.to_string());
        let ours = self.entries.first();
        let Some(SorobanAuthorizedFunction::ContractFn(called)) =
            ours.map(|entry| &entry.0.root_invocation.function)
        else {
            return Err(ContractChallengeError::Invocation);
        };
        let entries: Vec<_> = self.entries.iter().map(|entry| entry.0.clone()).collect();
        let call = InvokeHostFunctionOp {
            host_function: HostFunction::InvokeContract(called.clone()),
            auth: entries.try_into().map_err(failed)?,
        };
        let operation = Operation { source_account: None, body: OperationBody::InvokeHostFunction(call) };
        let tx = Transaction {
            source_account: MuxedAccount::Ed25519(Uint256(*self.nobody().as_bytes())),
            fee: FEE,
            seq_num: SequenceNumber(1),
            cond: Preconditions::None,
            memo: Memo::None,
            operations: [operation].try_into().map_err(failed)?,
            ext: TransactionExt::V0,
        };
        let envelope = TransactionEnvelope::Tx(TransactionV1Envelope { tx, signatures: VecM::default() });
        envelope::write(&envelope).map_err(|error| ContractChallengeError::Build(error.to_string()))
    }

    /// An account whose key is forgotten at once; none of those that have to agree.
    fn nobody(&self) -> AccountId {
        loop {
            let nobody = SigningKey::generate().account();
            let address = super::build::account(&nobody);
            let is_free = |entry: &super::read::Entry| {
                entry.credentials().is_some_and(|credentials| credentials.address != address)
            };
            if self.entries.iter().all(is_free) {
                return nobody;
            }
        }
    }

    /// That the network used every entry: whoever authorises uses up the nonce of their entry, which the transaction would
    /// write to the ledger. `data` is the base64 XDR of the resources that a successful simulation reports; `contract` the web
    /// authentication contract.
    ///
    /// # Errors
    /// [`ContractChallengeError::NotAsked`] and [`ContractChallengeError::ClientDomainNotAsked`]: a contract that asks nobody
    /// lets everybody in.
    pub fn verify_simulation(
        &self,
        data: &str,
        contract: &ContractId,
    ) -> Result<SimulationFindings, ContractChallengeError> {
        let data: SorobanTransactionData =
            codec::read(data).map_err(|error| ContractChallengeError::Build(error.to_string()))?;
        let written = &data.resources.footprint.read_write;
        let nonces: Vec<_> = self.entries.iter().filter_map(nonce_key).collect();
        let [server, client, wallet @ ..] = nonces.as_slice() else {
            return Err(ContractChallengeError::NotAsked);
        };
        if !written.contains(server) || !written.contains(client) {
            return Err(ContractChallengeError::NotAsked);
        }
        if wallet.iter().any(|wallet| !written.contains(wallet)) {
            return Err(ContractChallengeError::ClientDomainNotAsked);
        }
        let instance = instance_key(contract);
        let others = written.iter().filter(|key| !nonces.contains(key) && **key != instance);
        Ok(SimulationFindings { archived: written.contains(&instance), writes: others.count() })
    }
}

/// Where the ledger keeps that a nonce was used.
pub(super) fn nonce_key(entry: &super::read::Entry) -> Option<LedgerKey> {
    let credentials = entry.credentials()?;
    Some(LedgerKey::ContractData(LedgerKeyContractData {
        contract: credentials.address.clone(),
        key: ScVal::LedgerKeyNonce(ScNonceKey { nonce: credentials.nonce }),
        durability: ContractDataDurability::Temporary,
    }))
}

pub(super) fn instance_key(contract: &ContractId) -> LedgerKey {
    LedgerKey::ContractData(LedgerKeyContractData {
        contract: super::build::contract(contract),
        key: ScVal::LedgerKeyContractInstance,
        durability: ContractDataDurability::Persistent,
    })
}
