//! The process with the keys.

use std::path::PathBuf;
use std::sync::Arc;

use actix_web::dev::Server;
use actix_web::http::header::AUTHORIZATION;
use actix_web::{App, HttpRequest, HttpResponse, HttpServer, web};
use anchor_core::account::AccountId;
use anchor_core::keys::SigningKey;
use anchor_core::stellar::Network;
use anchor_core::stellar::envelope::{hash_of, needed};
use anchor_core::transaction::TransactionHash;
use subtle::ConstantTimeEq as _;

use crate::policy;
use crate::wire::{Answer, Question, Signature};

/// Keys, and who may use them for what.
pub struct Vault {
    /// The only account that it signs for.
    pub account: AccountId,
    /// All of them sign.
    pub keys: Vec<SigningKey>,
    /// The only network that it signs for.
    pub network: Network,
    /// Whoever asks has to know it.
    pub token: String,
    /// Up to so many stroops an envelope is signed without asking anybody.
    pub limit: i128,
    /// What people decided: a line for each, `approve HASH` or `refuse HASH reason`. The first line about a hash counts.
    pub decisions: PathBuf,
}

/// Without keys and token.
impl std::fmt::Debug for Vault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Vault").field("account", &self.account).finish_non_exhaustive()
    }
}

/// How a question is answered.
enum Verdict {
    Signed(TransactionHash),
    Undecided,
    Refused(String),
}

impl Vault {
    /// Serves until it is stopped.
    ///
    /// # Errors
    /// When it cannot listen there.
    pub fn serve(self, listen: &str) -> std::io::Result<Server> {
        let vault = web::Data::from(Arc::new(self));
        let app = move || {
            App::new()
                .app_data(vault.clone())
                .app_data(web::JsonConfig::default().limit(256 * 1024))
                .route("/sign", web::post().to(sign))
        };
        Ok(HttpServer::new(app).workers(1).bind(listen)?.run())
    }

    fn decide(&self, question: &Question) -> std::io::Result<Verdict> {
        // computed, not believed
        let hash = match hash_of(&self.network, &question.envelope) {
            Ok(hash) if hash.to_string() == question.hash => hash,
            Ok(_) => return Ok(Verdict::Refused("the hash is not the envelope's".to_owned())),
            Err(error) => return Ok(Verdict::Refused(error.to_string())),
        };
        let needs = match needed(&question.envelope) {
            Ok(needs) => needs,
            Err(error) => return Ok(Verdict::Refused(error.to_string())),
        };
        let is_ours = question.accounts.iter().all(|account| *account == self.account.to_string());
        if question.accounts.is_empty() || !is_ours || !needs.accounts().contains(&self.account) {
            return Ok(Verdict::Refused("not an account of ours".to_owned()));
        }
        let wish = match policy::read(&question.envelope) {
            Ok(wish) => wish,
            Err(reason) => return Ok(Verdict::Refused(reason)),
        };
        Ok(match self.decision(hash)? {
            Some(Ok(())) => Verdict::Signed(hash),
            Some(Err(reason)) => Verdict::Refused(reason),
            None if wish.is_small(self.limit) => Verdict::Signed(hash),
            None => {
                println!("waits for a person: {hash} {wish}");
                Verdict::Undecided
            }
        })
    }

    /// What a person decided.
    fn decision(&self, hash: TransactionHash) -> std::io::Result<Option<Result<(), String>>> {
        let text = match std::fs::read_to_string(&self.decisions) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        let hash = hash.to_string();
        for line in text.lines() {
            let mut words = line.splitn(3, ' ');
            match (words.next(), words.next(), words.next()) {
                (Some("approve"), Some(of), None) if of == hash => return Ok(Some(Ok(()))),
                (Some("refuse"), Some(of), reason) if of == hash => {
                    return Ok(Some(Err(reason.unwrap_or("refused by a person").to_owned())));
                }
                _ => {}
            }
        }
        Ok(None)
    }

    fn knows(&self, request: &HttpRequest) -> bool {
        let given = request.headers().get(AUTHORIZATION).map(|value| value.as_bytes());
        let wanted = format!("Bearer {}", self.token);
        given.is_some_and(|given| bool::from(given.ct_eq(wanted.as_bytes())))
    }
}

async fn sign(
    vault: web::Data<Vault>,
    request: HttpRequest,
    question: web::Json<Question>,
) -> actix_web::Result<HttpResponse> {
    if !vault.knows(&request) {
        return Ok(HttpResponse::Unauthorized().finish());
    }
    // what cannot be read is no decision: 500, and the anchor asks again
    Ok(match vault.decide(&question)? {
        Verdict::Signed(hash) => {
            let signature = |key: &SigningKey| Signature {
                signer: key.account().to_string(),
                signature: hex::encode(key.sign(hash.as_bytes())),
            };
            let signatures = vault.keys.iter().map(signature).collect();
            HttpResponse::Ok().json(Answer { signatures, reason: None })
        }
        Verdict::Undecided => HttpResponse::Accepted().json(Answer::default()),
        Verdict::Refused(reason) => {
            HttpResponse::Forbidden().json(Answer { signatures: Vec::new(), reason: Some(reason) })
        }
    })
}
