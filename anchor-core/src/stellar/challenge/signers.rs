use super::read::is_signature_of;
use super::{ChallengeError, ReadChallenge};
use crate::account::AccountId;
use crate::stellar::{AccountSnapshot, SignerKey};

impl ReadChallenge {
    /// Checks that whoever signed may move the client account's funds. `account` is `None` **only** if the ledger
    /// proved that the account does not exist: then its master key has to have signed.
    ///
    /// Signatures of the server and of the client domain never count for the client, even if they are among its
    /// signers; every signature has to be of a signer, each signer counts once.
    ///
    /// # Errors
    /// The first rule that the signatures break.
    pub fn verify_signers(&self, account: Option<&AccountSnapshot>) -> Result<(), ChallengeError> {
        let client = self.ledger_account().ok_or(ChallengeError::Contract)?;
        let wallet = self.client_domain.as_ref().map(|wallet| wallet.account);
        let is_wallets = |(hint, signature): &&([u8; 4], Vec<u8>)| {
            wallet.is_some_and(|wallet| is_signature_of(&wallet, &self.hash, hint, signature))
        };
        let (wallets, clients): (Vec<_>, Vec<_>) = self.signatures.iter().partition(is_wallets);
        if wallets.len() != usize::from(wallet.is_some()) {
            return Err(ChallengeError::ClientDomainSignature);
        }
        if clients.is_empty() {
            return Err(ChallengeError::NoClientSignature);
        }
        let Some(account) = account else {
            return match clients.as_slice() {
                [(hint, signature)] if is_signature_of(&client, &self.hash, hint, signature) => Ok(()),
                _ => Err(ChallengeError::MissingAccountSignatures),
            };
        };
        if account.id != client {
            return Err(ChallengeError::WrongSnapshot);
        }
        let mut signers = self.signers(account, wallet);
        let mut weight = 0_u64;
        for (hint, signature) in clients {
            let signed =
                signers.iter().position(|(key, _)| is_signature_of(key, &self.hash, hint, signature));
            let (_, of_signer) =
                signed.map(|at| signers.swap_remove(at)).ok_or(ChallengeError::UnknownSignature)?;
            weight = weight.saturating_add(u64::from(of_signer));
        }
        if weight < u64::from(account.medium_threshold) {
            return Err(ChallengeError::Weight);
        }
        Ok(())
    }

    /// Those that can count, each once.
    fn signers(&self, account: &AccountSnapshot, wallet: Option<AccountId>) -> Vec<(AccountId, u32)> {
        let mut signers: Vec<(AccountId, u32)> = Vec::with_capacity(account.signers.len());
        for (key, weight) in &account.signers {
            let SignerKey::Ed25519(key) = key else { continue };
            let counts = *weight > 0 && !self.servers.contains(key) && Some(*key) != wallet;
            if counts && !signers.iter().any(|(earlier, _)| earlier == key) {
                signers.push((*key, *weight));
            }
        }
        signers
    }
}
