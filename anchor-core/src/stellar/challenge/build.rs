use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use stellar_base::account::DataValue;
use stellar_base::amount::Stroops;
use stellar_base::crypto::MuxedAccount;
use stellar_base::error::Error as BaseError;
use stellar_base::memo::Memo;
use stellar_base::operations::Operation;
use stellar_base::transaction::Transaction;
use stellar_xdr::{TransactionEnvelope, TransactionV1Envelope, VecM};

use super::{AUTH, CLIENT_DOMAIN, ChallengeError, ClientDomain, DATA_MAX, WEB_AUTH_DOMAIN, read};
use crate::account::Account;
use crate::keys::SigningKey;
use crate::stellar::envelope::{self, EnvelopeError, base};
use crate::stellar::{DecodeError, Network, codec};

/// A challenge is never submitted, so its fee means nothing.
const FEE: i64 = 100;

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
        let built = self.transaction()?;
        let bytes = base::bytes(&built).map_err(failed)?;
        let TransactionEnvelope::Tx(TransactionV1Envelope { tx, .. }) =
            codec::read_bytes(&bytes).map_err(unreadable)?
        else {
            return Err(ChallengeError::EnvelopeType);
        };
        // What we issue is what we accept: the same code reads it that will read the answer.
        let home_domains = [self.home_domain.to_owned()];
        let rules = read::ReadRules {
            network: self.network,
            server: self.server.account(),
            home_domains: &home_domains,
            web_auth_domain: self.web_auth_domain,
            now: self.now,
        };
        let content = read::content(&tx, &rules)?;
        let is_same = content.client == self.client
            && content.memo == self.memo
            && content.home_domain == self.home_domain
            && content.client_domain == self.client_domain;
        let hash = envelope::hash(&tx, self.network).map_err(unreadable)?;
        if !is_same || base::hash(&built, self.network).map_err(failed)? != hash {
            return Err(ChallengeError::Build("it differs from what was asked for".into()));
        }
        let signature = envelope::decorate(&self.server.account(), &self.server.sign(&hash));
        let signatures = VecM::try_from([signature.map_err(unreadable)?]).map_err(failed)?;
        envelope::write(&TransactionEnvelope::Tx(TransactionV1Envelope { tx, signatures }))
            .map_err(unreadable)
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
        let server = base::key(&self.server.account());
        let client = base::muxed(&self.client).ok_or(ChallengeError::Contract)?;
        let nonce = BASE64_STANDARD.encode(self.nonce);
        let max_time = self.now.checked_add(self.ttl).ok_or(ChallengeError::TimeBounds)?;
        let bounds = base::time_bounds(self.now, max_time).map_err(|_| ChallengeError::TimeBounds)?;
        let memo = self.memo.map_or_else(Memo::new_none, Memo::new_id);
        let mut builder = Transaction::builder(server, 0, Stroops::new(FEE))
            .with_time_bounds(bounds)
            .with_memo(memo)
            .add_operation(data(client, format!("{}{AUTH}", self.home_domain), &nonce).map_err(failed)?)
            .add_operation(
                data(server.into(), WEB_AUTH_DOMAIN.into(), self.web_auth_domain).map_err(failed)?,
            );
        if let Some(wallet) = &self.client_domain {
            let source = base::key(&wallet.account).into();
            builder =
                builder.add_operation(data(source, CLIENT_DOMAIN.into(), &wallet.domain).map_err(failed)?);
        }
        builder.into_transaction().map_err(failed)
    }
}

fn data(source: MuxedAccount, name: String, value: &str) -> Result<Operation, BaseError> {
    Operation::new_manage_data()
        .with_source_account(source)
        .with_data_name(name)
        .with_data_value(Some(DataValue::from_slice(value.as_bytes())?))
        .build()
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

fn unreadable(error: DecodeError) -> ChallengeError {
    failed(EnvelopeError::from(error))
}
