//! SEP-10 web authentication, without input or output: challenges are issued, read back and verified.
//!
//! A signed challenge is checked in two steps, because the second needs the ledger: [`read`] checks everything that
//! the transaction itself says and who issued it, [`ReadChallenge::verify_signers`] checks that the client's signers
//! have the weight to move its funds.

use crate::account::{Account, AccountId, Subject};

mod build;
mod read;
mod signers;

pub use build::ChallengeSpec;
pub use read::{ReadRules, read};

/// The name of the operation that says where the challenge was issued.
const WEB_AUTH_DOMAIN: &str = "web_auth_domain";

/// The name of the operation that says which wallet wants to be known.
const CLIENT_DOMAIN: &str = "client_domain";

/// What follows the home domain in the name of the first operation.
const AUTH: &str = " auth";

/// Names and values of data entries are at most this long.
const DATA_MAX: usize = 64;

/// How long a challenge can be signed: 15 minutes, as SEP-10 recommends.
pub const CHALLENGE_SECONDS: u64 = 900;

/// Why a challenge is refused: issuing one, or accepting a signed one. The text is for the client.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ChallengeError {
    /// `C…` accounts authenticate by SEP-45.
    #[error("the account has to be a G… or M… account")]
    Contract,
    /// An `M…` has its number inside.
    #[error("a memo is allowed only with a G… account")]
    MuxedWithMemo,
    /// The server's own signature, or that of the client domain, would count as the client's.
    #[error("the account belongs to this server or to the client domain")]
    ReservedAccount,
    /// Domains go into data entries, which are short.
    #[error("{0} is not a domain name of suitable length")]
    Domain(&'static str),
    /// The challenge could not be built.
    #[error("the challenge could not be built")]
    Build(String),
    /// Not standard base64.
    #[error("the transaction is not standard, padded base64")]
    Base64,
    /// A form whose `+` arrived as spaces.
    #[error("the transaction contains spaces: in a form, + has to be written %2B")]
    Spaces,
    /// Longer than any challenge.
    #[error("the transaction is too long")]
    TooLong,
    /// Not the XDR of a transaction envelope.
    #[error("the transaction is not the XDR of a transaction envelope")]
    Xdr,
    /// An old envelope or a fee bump.
    #[error("the transaction is not a version 1 transaction envelope")]
    EnvelopeType,
    /// Not one of ours.
    #[error("the transaction's source account is not this server's account")]
    Source,
    /// Anything else could be submitted to the network.
    #[error("the transaction's sequence number is not 0")]
    Sequence,
    /// No bounds, or other preconditions.
    #[error("the transaction has no time bounds, or other preconditions as well")]
    TimeBounds,
    /// Too old or from the future.
    #[error("the transaction is not within its time bounds")]
    Expired,
    /// Not a challenge's first operation.
    #[error("the first operation is not the manage data operation of a challenge")]
    FirstOperation,
    /// For a home domain that is not ours.
    #[error("the challenge is not for a home domain of this server")]
    HomeDomain,
    /// Not what a challenge contains.
    #[error("the nonce of the challenge is not 48 bytes in base64")]
    Nonce,
    /// Something else than a challenge's operations.
    #[error("the transaction has an operation that is not part of a challenge")]
    Operation,
    /// Issued for another server, or not by us.
    #[error("the challenge was not issued for this web authentication domain")]
    WebAuthDomain,
    /// Several, without value, or with a strange source.
    #[error("the client domain operation is not valid")]
    ClientDomain,
    /// Only ids identify users.
    #[error("the memo of a challenge has to be of type id")]
    Memo,
    /// Not issued by us.
    #[error("the transaction is not signed by this server, exactly once")]
    ServerSignature,
    /// The wallet did not prove its domain.
    #[error("the transaction is not signed by the client domain's signing key, exactly once")]
    ClientDomainSignature,
    /// Nobody signed for the client.
    #[error("the transaction has no signature of the client account")]
    NoClientSignature,
    /// A signature that counts for nothing.
    #[error("the transaction has a signature that is not of a signer of the client account, or one twice")]
    UnknownSignature,
    /// A missing account's key signs once, and nobody else.
    #[error("the client account does not exist, so its master key alone has to sign")]
    MissingAccountSignatures,
    /// Below the medium threshold.
    #[error("the signers' weight is below the client account's medium threshold")]
    Weight,
    /// Our own fault: another account was looked up.
    #[error("the wrong account was looked up")]
    WrongSnapshot,
}

/// A wallet's domain, and the key that its stellar.toml names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientDomain {
    /// Host, as the wallet gave it.
    pub domain: String,
    /// `SIGNING_KEY` of its stellar.toml.
    pub account: AccountId,
}

/// A challenge that this server issued and that is still good, before the client's signatures are checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadChallenge {
    /// Who wants in: `G…` or `M…`.
    pub client: Account,
    /// The user of a shared `G…`; 0 is a user too.
    pub memo: Option<u64>,
    /// Which of our domains the token is for.
    pub home_domain: String,
    /// The wallet that wants to be known, to be believed only after
    /// [`verify_signers`](Self::verify_signers).
    pub client_domain: Option<ClientDomain>,
    /// Hash of the transaction: what was signed, and what makes the challenge unique.
    pub hash: [u8; 32],
    /// When it was issued, in Unix seconds.
    pub min_time: u64,
    /// Until when it is good, in Unix seconds, inclusive.
    pub max_time: u64,
    servers: Vec<AccountId>,
    /// All but the server's: hint and signature.
    signatures: Vec<([u8; 4], Vec<u8>)>,
}

impl ReadChallenge {
    /// Whom the token will speak for.
    pub fn subject(&self) -> Subject {
        // read() refused a memo with anything but a G…
        Subject::new(self.client, self.memo).unwrap_or_else(|_| self.client.into())
    }

    /// Refuses what nobody can have signed for the client, before the ledger is asked: who posts such challenges
    /// costs only us.
    ///
    /// # Errors
    /// [`ChallengeError::NoClientSignature`].
    pub fn verify_count(&self) -> Result<(), ChallengeError> {
        match self.signatures.len() > usize::from(self.client_domain.is_some()) {
            true => Ok(()),
            false => Err(ChallengeError::NoClientSignature),
        }
    }

    /// The account whose signers count; look it up before [`verify_signers`](Self::verify_signers).
    pub const fn ledger_account(&self) -> Option<AccountId> {
        self.client.ledger_account()
    }
}

#[cfg(test)]
mod tests;
