//! What credentials sign, and how an account's signature is written.

use ed25519_dalek::{Signature, VerifyingKey};
use sha2::{Digest, Sha256};
use stellar_xdr::{
    Hash, HashIdPreimage, HashIdPreimageSorobanAuthorization, HashIdPreimageSorobanAuthorizationWithAddress,
    Limits, ScVal, SorobanAddressCredentials, SorobanAuthorizedInvocation, SorobanCredentials, WriteXdr,
};

/// The address and the rest, whatever the kind; `None` for those of a transaction's source.
pub(super) fn address_credentials(credentials: &SorobanCredentials) -> Option<&SorobanAddressCredentials> {
    match credentials {
        SorobanCredentials::SourceAccount => None,
        SorobanCredentials::Address(it) | SorobanCredentials::AddressV2(it) => Some(it),
        SorobanCredentials::AddressWithDelegates(it) => Some(&it.address_credentials),
    }
}

/// The hash that is signed.
pub(super) fn payload(
    network_id: [u8; 32],
    credentials: &SorobanCredentials,
    invocation: &SorobanAuthorizedInvocation,
) -> Option<[u8; 32]> {
    let it = address_credentials(credentials)?;
    let (network_id, invocation) = (Hash(network_id), invocation.clone());
    let (nonce, signature_expiration_ledger) = (it.nonce, it.signature_expiration_ledger);
    let preimage = match credentials {
        SorobanCredentials::Address(_) => {
            HashIdPreimage::SorobanAuthorization(HashIdPreimageSorobanAuthorization {
                network_id,
                nonce,
                signature_expiration_ledger,
                invocation,
            })
        }
        _ => HashIdPreimage::SorobanAuthorizationWithAddress(HashIdPreimageSorobanAuthorizationWithAddress {
            network_id,
            nonce,
            signature_expiration_ledger,
            address: it.address.clone(),
            invocation,
        }),
    };
    Some(Sha256::digest(preimage.to_xdr(Limits::none()).ok()?).into())
}

/// Keys and signatures of an account's entry: keys in ascending order, each once.
pub(super) fn signatures(written: &ScVal) -> Option<Vec<([u8; 32], [u8; 64])>> {
    let ScVal::Vec(Some(list)) = written else { return None };
    let mut found: Vec<([u8; 32], [u8; 64])> = Vec::new();
    for each in list.0.iter() {
        let ScVal::Map(Some(map)) = each else { return None };
        let [key, signature] = map.0.as_slice() else { return None };
        let is_named = |key: &ScVal, name: &str| matches!(key, ScVal::Symbol(symbol) if symbol.0.as_slice() == name.as_bytes());
        if !is_named(&key.key, "public_key") || !is_named(&signature.key, "signature") {
            return None;
        }
        let (ScVal::Bytes(key), ScVal::Bytes(signature)) = (&key.val, &signature.val) else { return None };
        let (key, signature) = (key.0.as_slice().try_into().ok()?, signature.0.as_slice().try_into().ok()?);
        if found.last().is_some_and(|(before, _)| *before >= key) {
            return None;
        }
        found.push((key, signature));
    }
    Some(found)
}

pub(super) fn verifies(key: &[u8; 32], payload: &[u8; 32], signature: &[u8; 64]) -> bool {
    let signature = Signature::from_bytes(signature);
    VerifyingKey::from_bytes(key).is_ok_and(|key| key.verify_strict(payload, &signature).is_ok())
}
