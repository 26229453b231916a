use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use chrono::DateTime;
use stellar_xdr::{
    DataValue, ManageDataOp, Memo, MuxedAccount, MuxedAccountMed25519, Operation, OperationBody,
    Preconditions, SequenceNumber, String64, TimeBounds, TimePoint, Transaction, TransactionEnvelope,
    TransactionExt, TransactionV1Envelope, Uint256, VecM,
};

use super::{AUTH, CLIENT_DOMAIN, ChallengeError, ClientDomain, DATA_MAX, WEB_AUTH_DOMAIN};
use crate::account::{Account, AccountId};
use crate::keys::SigningKey;
use crate::stellar::{Network, envelope};

/// A challenge is never submitted, so its fee means nothing.
const FEE: u32 = 100;

/// Everything that goes into a challenge (SEP-10, "Challenge").
#[derive(Debug, Clone)]
pub struct ChallengeSpec<'a> {
    /// The network whose passphrase signatures cover.
    pub network: &'a Network,
    /// `SIGNING_KEY` of our stellar.toml.
    pub server: &'a SigningKey,
    /// Who wants in: `G…` or `M…`.
    pub client: Account,
    /// The user of a shared `G…`; 0 is a user too.
    pub memo: Option<u64>,
    /// The domain that the token will be for; at most 59 bytes.
    pub home_domain: &'a str,
    /// Host (and port) of the endpoint, as clients see it.
    pub web_auth_domain: &'a str,
    /// The wallet that wants to be known.
    pub client_domain: Option<ClientDomain>,
    /// Fresh random bytes, never used twice.
    pub nonce: [u8; 48],
    /// Unix seconds.
    pub now: u64,
    /// How long it can be signed; see [`CHALLENGE_SECONDS`](super::CHALLENGE_SECONDS).
    pub ttl: u64,
}

impl ChallengeSpec<'_> {
    /// The challenge, signed by the server: a base64 envelope for the `transaction` field of the answer.
    ///
    /// # Errors
    /// An account, memo or domain that cannot be challenged.
    pub fn build(&self) -> Result<String, ChallengeError> {
        self.check()?;
        let tx = self.transaction()?;
        let hash = envelope::hash(&tx, self.network).map_err(failed)?;
        let signature = envelope::decorate(&self.server.account(), &self.server.sign(&hash));
        let signatures = VecM::try_from([signature.map_err(failed)?]).map_err(failed)?;
        envelope::write(&TransactionEnvelope::Tx(TransactionV1Envelope { tx, signatures })).map_err(failed)
    }

    fn check(&self) -> Result<(), ChallengeError> {
        let account = self.client.ledger_account().ok_or(ChallengeError::Contract)?;
        if self.client.muxed_id().is_some() && self.memo.is_some() {
            return Err(ChallengeError::MuxedWithMemo);
        }
        let server = self.server.account();
        let wallet = self.client_domain.as_ref().map(|domain| domain.account);
        if account == server || wallet.is_some_and(|wallet| wallet == account || wallet == server) {
            return Err(ChallengeError::ReservedAccount);
        }
        check_domain("home_domain", self.home_domain, DATA_MAX - AUTH.len())?;
        check_domain("web_auth_domain", self.web_auth_domain, DATA_MAX)?;
        match &self.client_domain {
            Some(wallet) => check_domain("client_domain", &wallet.domain, DATA_MAX),
            None => Ok(()),
        }
    }

    fn transaction(&self) -> Result<Transaction, ChallengeError> {
        let max_time = self.now.checked_add(self.ttl).filter(|max_time| is_in_calendar(*max_time));
        let max_time = max_time.ok_or(ChallengeError::TimeBounds)?;
        let server = || source(&self.server.account());
        let client = client(&self.client)?;
        let nonce = BASE64_STANDARD.encode(self.nonce);
        let mut operations = vec![
            data(client, &format!("{}{AUTH}", self.home_domain), &nonce)?,
            data(server(), WEB_AUTH_DOMAIN, self.web_auth_domain)?,
        ];
        if let Some(wallet) = &self.client_domain {
            operations.push(data(source(&wallet.account), CLIENT_DOMAIN, &wallet.domain)?);
        }
        let bounds = TimeBounds { min_time: TimePoint(self.now), max_time: TimePoint(max_time) };
        Ok(Transaction {
            source_account: server(),
            fee: FEE,
            seq_num: SequenceNumber(0),
            cond: Preconditions::Time(bounds),
            memo: self.memo.map_or(Memo::None, Memo::Id),
            operations: operations.try_into().map_err(failed)?,
            ext: TransactionExt::V0,
        })
    }
}

/// Later seconds have no date, and libraries of clients would fail on them.
fn is_in_calendar(seconds: u64) -> bool {
    i64::try_from(seconds).is_ok_and(|seconds| DateTime::from_timestamp(seconds, 0).is_some())
}

fn source(account: &AccountId) -> MuxedAccount {
    MuxedAccount::Ed25519(Uint256(*account.as_bytes()))
}

fn client(account: &Account) -> Result<MuxedAccount, ChallengeError> {
    match account {
        Account::Classic(account) => Ok(source(account)),
        Account::Muxed { account, id } => Ok(MuxedAccount::MuxedEd25519(MuxedAccountMed25519 {
            id: *id,
            ed25519: Uint256(*account.as_bytes()),
        })),
        Account::Contract(_) => Err(ChallengeError::Contract),
    }
}

fn data(source: MuxedAccount, name: &str, value: &str) -> Result<Operation, ChallengeError> {
    let data_name = String64(name.as_bytes().try_into().map_err(failed)?);
    let data_value = Some(DataValue(value.as_bytes().try_into().map_err(failed)?));
    let body = OperationBody::ManageData(ManageDataOp { data_name, data_value });
    Ok(Operation { source_account: Some(source), body })
}

/// A host, with a port in development. Nothing that would be written in another form than it was given.
fn check_domain(what: &'static str, domain: &str, max: usize) -> Result<(), ChallengeError> {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_' | b':');
    if (1..=max).contains(&domain.len()) && domain.bytes().all(is_plain) {
        Ok(())
    } else {
        Err(ChallengeError::Domain(what))
    }
}

fn failed(error: impl ToString) -> ChallengeError {
    ChallengeError::Build(error.to_string())
}
