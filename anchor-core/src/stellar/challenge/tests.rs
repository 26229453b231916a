use stellar_xdr::{
    BytesM, DataValue, DecoratedSignature, Duration, FeeBumpTransaction, FeeBumpTransactionEnvelope,
    FeeBumpTransactionExt, FeeBumpTransactionInnerTx, ManageDataOp, Memo, MuxedAccount, MuxedAccountMed25519,
    Operation, OperationBody, Preconditions, PreconditionsV2, SequenceNumber, SignatureHint, String64,
    TimeBounds, TimePoint, Transaction, TransactionEnvelope, TransactionV0, TransactionV0Envelope,
    TransactionV0Ext, TransactionV1Envelope, Uint256, VecM, WriteXdr as _,
};

use super::*;
use crate::amount::StellarAmount;
use crate::keys::SigningKey;
use crate::stellar::{AccountSnapshot, Network, SignerKey, codec, envelope};

mod issue;
mod sign;
mod verify;

const NOW: u64 = 1_800_000_000;
const HOME: &str = "anchor.example";
const AUTH_DOMAIN: &str = "auth.anchor.example";
const WALLET: &str = "wallet.example";

const SERVER: u8 = 1;
const CLIENT: u8 = 2;
const WALLET_KEY: u8 = 3;

fn key(seed: u8) -> SigningKey {
    SigningKey::from_seed([seed; 32])
}

fn id(seed: u8) -> AccountId {
    key(seed).account()
}

fn muxed(number: u64) -> Account {
    Account::Muxed { account: id(CLIENT), id: number }
}

fn testnet() -> Network {
    Network::new(Network::TESTNET)
}

fn wallet() -> ClientDomain {
    ClientDomain { domain: WALLET.into(), account: id(WALLET_KEY) }
}

/// A challenge that is issued, to be changed in one respect.
struct Issue {
    client: Account,
    memo: Option<u64>,
    home_domain: String,
    web_auth_domain: String,
    client_domain: Option<ClientDomain>,
    now: u64,
}

impl Default for Issue {
    fn default() -> Self {
        Self {
            client: id(CLIENT).into(),
            memo: None,
            home_domain: HOME.into(),
            web_auth_domain: AUTH_DOMAIN.into(),
            client_domain: None,
            now: NOW,
        }
    }
}

impl Issue {
    fn build(&self) -> Result<String, ChallengeError> {
        let (network, server) = (testnet(), key(SERVER));
        ChallengeSpec {
            network: &network,
            server: &server,
            client: self.client,
            memo: self.memo,
            home_domain: &self.home_domain,
            web_auth_domain: &self.web_auth_domain,
            client_domain: self.client_domain.clone(),
            nonce: [7; 48],
            now: self.now,
            ttl: CHALLENGE_SECONDS,
        }
        .build()
    }

    /// The transaction, to be tampered with before it is signed again.
    fn transaction(&self) -> Transaction {
        decode(&self.build().unwrap()).tx
    }
}

fn decode(text: &str) -> TransactionV1Envelope {
    match codec::read(text).unwrap() {
        TransactionEnvelope::Tx(envelope) => envelope,
        other => panic!("{other:?}"),
    }
}

fn encode(envelope: TransactionEnvelope) -> String {
    envelope.to_xdr_base64(codec::limits()).unwrap()
}

fn signature(seed: u8, transaction: &Transaction) -> DecoratedSignature {
    let hash = envelope::hash(transaction, &testnet()).unwrap();
    envelope::decorate(&id(seed), &key(seed).sign(&hash)).unwrap()
}

/// The transaction, signed by these keys and nobody else.
fn signed(transaction: Transaction, seeds: &[u8]) -> String {
    let signatures: Vec<_> = seeds.iter().map(|seed| signature(*seed, &transaction)).collect();
    let signatures = signatures.try_into().unwrap();
    encode(TransactionEnvelope::Tx(TransactionV1Envelope { tx: transaction, signatures }))
}

fn read_at(text: &str, now: u64) -> Result<ReadChallenge, ChallengeError> {
    read_by(text, &[id(SERVER)], now)
}

/// By a server that has, and had, these signing accounts.
fn read_by(text: &str, servers: &[AccountId], now: u64) -> Result<ReadChallenge, ChallengeError> {
    let home_domains = format!("other.example,{HOME},*.below.example").parse().unwrap();
    let network = testnet();
    let rules = ReadRules {
        network: &network,
        servers,
        home_domains: &home_domains,
        web_auth_domain: AUTH_DOMAIN,
        now,
    };
    read(text, &rules)
}

fn read_now(text: &str) -> Result<ReadChallenge, ChallengeError> {
    read_at(text, NOW)
}

/// The challenge as the client returns it, tampered with; the server's signature fits, so that only what is
/// tested can be wrong.
fn tampered(change: impl FnOnce(&mut Transaction)) -> ChallengeError {
    tampered_with(&Issue::default(), change)
}

fn tampered_with(issue: &Issue, change: impl FnOnce(&mut Transaction)) -> ChallengeError {
    let mut transaction = issue.transaction();
    change(&mut transaction);
    read_now(&signed(transaction, &[SERVER, CLIENT])).unwrap_err()
}

fn edit_operations(transaction: &mut Transaction, edit: impl FnOnce(&mut Vec<Operation>)) {
    let mut operations = transaction.operations.to_vec();
    edit(&mut operations);
    transaction.operations = operations.try_into().unwrap();
}

fn plain(account: AccountId) -> MuxedAccount {
    MuxedAccount::Ed25519(Uint256(*account.as_bytes()))
}

fn data(source: Option<MuxedAccount>, name: &[u8], value: Option<&[u8]>) -> Operation {
    let value = value.map(|value| DataValue(BytesM::try_from(value).unwrap()));
    let name = String64(name.try_into().unwrap());
    let body = OperationBody::ManageData(ManageDataOp { data_name: name, data_value: value });
    Operation { source_account: source, body }
}

fn snapshot(signers: &[(u8, u32)], medium_threshold: u32) -> AccountSnapshot {
    AccountSnapshot {
        id: id(CLIENT),
        as_of: None,
        sequence: 1,
        balance: StellarAmount::ZERO,
        selling_liabilities: StellarAmount::ZERO,
        subentries: 0,
        sponsoring: 0,
        sponsored: 0,
        signers: signers.iter().map(|(seed, weight)| (SignerKey::Ed25519(id(*seed)), *weight)).collect(),
        low_threshold: 0,
        medium_threshold,
        trust_lines: Vec::new(),
        memo_required: false,
        auth_required: false,
        home_domain: None,
    }
}
