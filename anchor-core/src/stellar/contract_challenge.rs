//! SEP-45 web authentication of contract accounts, without input or output: challenges are issued, read back, and made
//! into the transaction whose simulation decides.
//!
//! A challenge is a call of the web authentication contract that is never sent, and what authorises it: an entry of ours,
//! signed, and one of the client's (and one of the client domain's), to be signed. Nothing of it is stored: our signature
//! covers all arguments, so that a list that comes back with it is what we issued, and the nonce says until when it is good.
//!
//! Only the network can tell whether a contract agrees with what was signed for it. It is asked by simulation, and simulation
//! has holes of its own: an empty list, credentials of the transaction's source, or a contract that asks nobody pass it. So
//! [`read`] refuses everything but the expected entries, and [`ReadContractChallenge::verify_simulation`] wants to see that
//! the network really used each of them.

use crate::account::{ContractId, Subject};
use crate::stellar::challenge::ClientDomain;

mod arguments;
mod build;
mod nonce;
mod read;
mod simulation;

pub use build::{ContractChallengeSpec, Entropy};
pub use read::{ContractReadRules, read};
pub use simulation::SimulationFindings;

/// How many ledgers our own signature is good for: 15 minutes of five seconds each.
pub const CHALLENGE_LEDGERS: u32 = 180;

/// Why a challenge is refused: issuing one, or accepting a signed one. The text is for the client.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ContractChallengeError {
    /// The web authentication contract itself, or a client domain with our key.
    #[error("the account belongs to this server or to the client domain")]
    ReservedAccount,
    /// Domains are written as they are known.
    #[error("{0} is not a domain name of suitable length")]
    Domain(&'static str),
    /// The challenge, or its transaction, could not be built.
    #[error("the challenge could not be built")]
    Build(String),
    /// Not standard base64.
    #[error("authorization_entries is not standard, padded base64")]
    Base64,
    /// A form whose `+` arrived as spaces.
    #[error("authorization_entries contains spaces: in a form, + has to be written %2B")]
    Spaces,
    /// Longer than any challenge.
    #[error("authorization_entries is too long")]
    TooLong,
    /// Not the XDR of a list of entries.
    #[error("authorization_entries is not the XDR of a list of authorization entries")]
    Xdr,
    /// Simulation of an empty list succeeds.
    #[error("authorization_entries is empty")]
    Empty,
    /// Not one entry for each of those who have to agree.
    #[error(
        "there has to be one entry for the account, for this server, and for the client domain if any; and no other"
    )]
    Entries,
    /// Nobody would have to sign those.
    #[error(
        "an entry has the credentials of a transaction's source account: they have to be those of an address"
    )]
    SourceAccount,
    /// More than any account needs.
    #[error("an entry has too many delegates")]
    Delegates,
    /// Not a call of a contract.
    #[error("an entry does not authorize the call of a contract")]
    Invocation,
    /// Whoever signed it would have agreed to something else as well.
    #[error("an entry has sub-invocations")]
    SubInvocations,
    /// Another contract than ours.
    #[error("an entry is not for the WEB_AUTH_CONTRACT_ID of this server")]
    Contract,
    /// Another function.
    #[error("an entry is not for the function web_auth_verify")]
    Function,
    /// Entries of several challenges.
    #[error("the entries have different arguments")]
    DifferentArguments,
    /// Not what a challenge contains.
    #[error("the arguments are not those of a challenge: {0}")]
    Arguments(&'static str),
    /// For a home domain that is not ours.
    #[error("the challenge is not for a home domain of this server")]
    HomeDomain,
    /// Issued for another server.
    #[error("the challenge was not issued for this web authentication domain")]
    WebAuthDomain,
    /// Issued by another server.
    #[error("the challenge was not issued by this server's account")]
    Server,
    /// One without the other.
    #[error("client_domain and client_domain_account have to be there both, or not at all")]
    ClientDomain,
    /// Too old, or from the future.
    #[error("the challenge is too old; ask for a new one")]
    Expired,
    /// Not issued by us, or altered.
    #[error("the entry of this server's account is not as it was issued")]
    ServerSignature,
    /// The wallet did not prove its domain.
    #[error("the entry of the client domain's account is not signed")]
    ClientDomainSignature,
    /// As it was issued.
    #[error("the entry of the account is not signed: its signature_expiration_ledger is 0")]
    NotSigned,
    /// Signed for ledgers that have passed.
    #[error(
        "a signature expired with ledger {expired}, and ledger {latest} has closed: sign again, with a later expiration"
    )]
    SignatureExpired {
        /// The last ledger that the signature was good for.
        expired: u32,
        /// The last closed one.
        latest: u32,
    },
    /// The network does not accept the signatures.
    #[error("the network does not accept the signatures: the account did not authorize the challenge")]
    NotAuthorized,
    /// The web authentication contract did not ask the account.
    #[error("the web authentication contract did not verify the account")]
    NotAsked,
    /// The web authentication contract did not ask the client domain.
    #[error("the web authentication contract did not verify the client domain")]
    ClientDomainNotAsked,
}

/// A challenge that this server issued and that is still good, before the network was asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadContractChallenge {
    /// Who wants in.
    pub client: ContractId,
    /// Which of our domains the token is for.
    pub home_domain: String,
    /// The wallet that wants to be known, to be believed only after
    /// [`verify_simulation`](Self::verify_simulation).
    pub client_domain: Option<ClientDomain>,
    /// Hash of the invocation: the same for all entries, and different for each challenge.
    pub hash: [u8; 32],
    /// Until when it is good, in Unix seconds, inclusive.
    pub max_time: u64,
    /// Ours first, then the client's, then the client domain's.
    entries: Vec<read::Entry>,
}

impl ReadContractChallenge {
    /// Whom the token will speak for.
    pub fn subject(&self) -> Subject {
        crate::account::Account::Contract(self.client).into()
    }

    /// Refuses signatures that no ledger from now on accepts, in words that tell the client what to do.
    ///
    /// # Errors
    /// [`ContractChallengeError::Expired`] for ours, [`ContractChallengeError::SignatureExpired`] for theirs.
    pub fn verify_expirations(&self, latest: u32) -> Result<(), ContractChallengeError> {
        let mut expirations = self.entries.iter().map(read::Entry::expiration_ledger);
        if expirations.next().is_none_or(|ours| ours < latest) {
            return Err(ContractChallengeError::Expired);
        }
        match expirations.find(|theirs| *theirs < latest) {
            Some(expired) => Err(ContractChallengeError::SignatureExpired { expired, latest }),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests;
