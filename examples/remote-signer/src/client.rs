//! The anchor's side.

use std::time::Duration;

use anchor_core::account::AccountId;
use anchor_core::integration::{AccountSignature, IntegrationError, Signer, SigningOutcome, SigningRequest};
use anyhow::{Context as _, Result};
use async_trait::async_trait;
use reqwest::StatusCode;
use url::Url;

use crate::wire::{Answer, Question, Signature};

/// The process at `REMOTE_SIGNER_URI`.
#[derive(Clone)]
pub struct RemoteSigner {
    http: reqwest::Client,
    sign: Url,
    token: String,
    accounts: Vec<AccountId>,
}

/// Without the token.
impl std::fmt::Debug for RemoteSigner {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RemoteSigner").field("accounts", &self.accounts).finish_non_exhaustive()
    }
}

impl RemoteSigner {
    /// The process at `url` signs for these accounts.
    ///
    /// # Errors
    /// When no client can be made.
    pub fn new(url: &Url, token: impl Into<String>, accounts: Vec<AccountId>) -> Result<Self> {
        let http = reqwest::Client::builder().timeout(Duration::from_secs(10)).build()?;
        Ok(Self { http, sign: url.join("sign")?, token: token.into(), accounts })
    }

    /// From `REMOTE_SIGNER_URI`, `REMOTE_SIGNER_TOKEN` and `REMOTE_SIGNER_ACCOUNTS`; `None` without the first.
    ///
    /// # Errors
    /// What is missing or wrong.
    pub fn from_settings(get: impl Fn(&str) -> Option<String>) -> Result<Option<Self>> {
        let Some(url) = get("REMOTE_SIGNER_URI") else { return Ok(None) };
        let url = url.parse().context("REMOTE_SIGNER_URI is not an address")?;
        let token = get("REMOTE_SIGNER_TOKEN").context("REMOTE_SIGNER_TOKEN is missing")?;
        let accounts = get("REMOTE_SIGNER_ACCOUNTS").context("REMOTE_SIGNER_ACCOUNTS is missing")?;
        let accounts: Result<Vec<AccountId>, _> = accounts.split(',').map(|one| one.trim().parse()).collect();
        Ok(Some(Self::new(&url, token, accounts.context("REMOTE_SIGNER_ACCOUNTS: not accounts")?)?))
    }

    async fn ask(&self, question: &Question) -> Result<(StatusCode, Answer), reqwest::Error> {
        let request = self.http.post(self.sign.clone()).bearer_auth(&self.token).json(question);
        let response = request.send().await?;
        let status = response.status();
        let answer = if status.is_success() || status == StatusCode::FORBIDDEN {
            response.json().await?
        } else {
            Answer::default()
        };
        Ok((status, answer))
    }
}

#[async_trait]
impl Signer for RemoteSigner {
    fn accounts(&self) -> Vec<AccountId> {
        self.accounts.clone()
    }

    async fn sign(&self, request: &SigningRequest) -> Result<SigningOutcome, IntegrationError> {
        let question = Question {
            hash: request.hash.to_string(),
            envelope: request.envelope.to_string(),
            accounts: request.accounts.iter().map(ToString::to_string).collect(),
        };
        match self.ask(&question).await.map_err(IntegrationError::transient)? {
            (StatusCode::OK, answer) => {
                let signatures: Option<Vec<_>> = answer.signatures.iter().map(read).collect();
                let signatures = signatures.ok_or_else(|| IntegrationError::transient("no signatures"))?;
                Ok(SigningOutcome::Signed(signatures))
            }
            (StatusCode::ACCEPTED, _) => Ok(SigningOutcome::Pending),
            (StatusCode::FORBIDDEN, Answer { reason: Some(reason), .. }) => {
                Ok(SigningOutcome::Refused { reason })
            }
            // a proxy's answer, a wrong token: not a word about this envelope
            (status, _) => Err(IntegrationError::transient(format!("the signer answered {status}"))),
        }
    }
}

fn read(one: &Signature) -> Option<AccountSignature> {
    let signature = hex::decode(&one.signature).ok()?.try_into().ok()?;
    Some(AccountSignature { signer: one.signer.parse().ok()?, signature })
}
