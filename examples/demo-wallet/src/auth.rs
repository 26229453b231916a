//! SEP-10: proves to the anchor whose key this is.

use anchor_core::keys::{SigningKey, verify};
use anyhow::{Result, bail, ensure};
use serde::Deserialize;
use stellar_xdr::{
    DecoratedSignature, Limits, MuxedAccount, OperationBody, ReadXdr as _, Signature, SignatureHint,
    TransactionEnvelope, TransactionV1Envelope, Uint256, WriteXdr as _,
};

use crate::anchor::{AnchorClient, answer};

/// Far more than any challenge needs.
const LIMITS: Limits = Limits { depth: 100, len: 64 * 1024 };

/// Gets a challenge, checks that it is harmless, signs it, and returns the token.
pub async fn authenticate(anchor: &AnchorClient, key: &SigningKey) -> Result<String> {
    #[derive(Deserialize)]
    struct Challenge {
        transaction: String,
    }
    #[derive(Deserialize)]
    struct Token {
        token: String,
    }
    let account = key.account().to_string();
    let query = [("account", &account), ("home_domain", &anchor.toml.home_domain)];
    let sent = anchor.http.get(anchor.toml.web_auth.clone()).query(&query).send().await?;
    let challenge: Challenge = answer(sent).await?;
    let signed = sign(&challenge.transaction, anchor, key)?;
    let body = serde_json::json!({ "transaction": signed });
    let sent = anchor.http.post(anchor.toml.web_auth.clone()).json(&body).send().await?;
    Ok(answer::<Token>(sent).await?.token)
}

fn sign(challenge: &str, anchor: &AnchorClient, key: &SigningKey) -> Result<String> {
    let TransactionEnvelope::Tx(TransactionV1Envelope { tx, signatures }) =
        TransactionEnvelope::from_xdr_base64(challenge, LIMITS)?
    else {
        bail!("the challenge is not a transaction");
    };
    // sequence 0 can never be submitted: whatever it says, it moves nothing
    ensure!(tx.seq_num.0 == 0, "the challenge could be submitted");
    let server = anchor.toml.signing_key;
    let from_server =
        matches!(&tx.source_account, MuxedAccount::Ed25519(Uint256(bytes)) if bytes == server.as_bytes());
    ensure!(from_server, "the challenge is not the anchor's");
    for operation in tx.operations.iter() {
        ensure!(matches!(operation.body, OperationBody::ManageData(_)), "the challenge does more than ask");
    }
    let hash = tx.hash(*anchor.toml.network.id())?;
    let by_server = signatures.iter().any(|signature| verify(&server, &hash, &signature.signature.0));
    ensure!(by_server, "the anchor did not sign its challenge");

    let [.., a, b, c, d] = *key.account().as_bytes();
    let mut signatures = signatures.to_vec();
    signatures.push(DecoratedSignature {
        hint: SignatureHint([a, b, c, d]),
        signature: Signature(key.sign(&hash).to_vec().try_into()?),
    });
    let signed = TransactionV1Envelope { tx, signatures: signatures.try_into()? };
    Ok(TransactionEnvelope::Tx(signed).to_xdr_base64(LIMITS)?)
}
