//! What makes asking again the same request.

use sha2::{Digest as _, Sha256};

use super::{ReceiveRefusal, ReceiveRequest};
use crate::account::Subject;
use crate::customer::Vault;
use crate::id::QuoteId;
use crate::store::RequestKey;

/// Longest key that a sending anchor may choose, in bytes.
const KEY_MAX: usize = 255;

/// By the key that the sending anchor chose, or else by the quote, which can be used once. Nothing else in a request says that
/// it is the same one.
///
/// What was asked for has personal data in it, which could be guessed from a plain digest: it is compared by a fingerprint.
pub(super) fn of(
    vault: &Vault,
    subject: &Subject,
    request: &ReceiveRequest,
) -> Result<Option<RequestKey>, ReceiveRefusal> {
    let given = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
    let name = match (&request.idempotency_key, given(&request.quote_id)) {
        (Some(key), _) => {
            let is_key =
                (1..=KEY_MAX).contains(&key.len()) && key.bytes().all(|byte| byte.is_ascii_graphic());
            if !is_key {
                return Err(ReceiveRefusal::Key);
            }
            format!("key {key}")
        }
        (None, Some(quote)) => match quote.parse::<QuoteId>() {
            Ok(quote) => format!("quote {quote}"),
            // nobody's, which is found out soon
            Err(_) => return Ok(None),
        },
        (None, None) => return Ok(None),
    };
    let key = Sha256::digest(name.as_bytes()).into();
    let digest = vault.fingerprint(&hex::encode(digest(request)));
    Ok(Some(RequestKey { subject: subject.key(), key, digest }))
}

/// Whether this was asked for before, when another key was the first, or by a version that kept the digest itself.
pub(super) fn is_same(vault: &Vault, request: &ReceiveRequest, known: &[u8; 32]) -> bool {
    let digest = digest(request);
    digest == *known || vault.has_fingerprint(&hex::encode(digest), known)
}

/// Of everything that is asked for, each with its length: no two requests run into each other.
fn digest(request: &ReceiveRequest) -> [u8; 32] {
    let ReceiveRequest {
        asset_code,
        asset_issuer,
        amount,
        destination_asset,
        quote_id,
        funding_method,
        sender_id,
        receiver_id,
        language,
        refund_memo,
        refund_memo_type,
        fields,
        idempotency_key: _,
    } = request;
    let members = [
        asset_code,
        asset_issuer,
        amount,
        destination_asset,
        quote_id,
        funding_method,
        sender_id,
        receiver_id,
        language,
        refund_memo,
        refund_memo_type,
    ];
    let mut digest = Sha256::new();
    let mut add = |text: &str| {
        digest.update(text.len().to_string());
        digest.update(b":");
        digest.update(text);
    };
    for member in members {
        add(member.as_deref().unwrap_or_default());
    }
    for (name, value) in fields {
        add(name);
        add(value);
    }
    digest.finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::account::Account;
    use crate::customer::CustomerKey;
    use crate::testing::fakes::samples;

    fn subject() -> Subject {
        Account::from(samples::user().account()).into()
    }

    fn request(key: Option<&str>) -> ReceiveRequest {
        ReceiveRequest {
            asset_code: Some("USDC".into()),
            amount: Some("10".into()),
            idempotency_key: key.map(str::to_owned),
            ..ReceiveRequest::default()
        }
    }

    #[test]
    fn request_without_a_key_or_a_quote_is_another_one_each_time() {
        assert_eq!(of(&Vault::default(), &subject(), &request(None)), Ok(None));
    }

    #[test]
    fn key_is_the_senders_own_and_whatever_differs_is_another_request() {
        let first = of(&Vault::default(), &subject(), &request(Some("a"))).unwrap().unwrap();
        assert_eq!(of(&Vault::default(), &subject(), &request(Some("a"))).unwrap().unwrap(), first);
        assert_ne!(of(&Vault::default(), &subject(), &request(Some("b"))).unwrap().unwrap().key, first.key);
        let mut changed = Vec::new();
        for change in [
            |request: &mut ReceiveRequest| request.amount = Some("11".into()),
            |request: &mut ReceiveRequest| request.asset_issuer = Some("10".into()),
            |request: &mut ReceiveRequest| {
                (request.asset_code, request.asset_issuer) = (None, Some("USDC".into()))
            },
            |request: &mut ReceiveRequest| drop(request.fields.insert("a".into(), "bc".into())),
            |request: &mut ReceiveRequest| drop(request.fields.insert("ab".into(), "c".into())),
        ] {
            let mut other = request(Some("a"));
            change(&mut other);
            let other = of(&Vault::default(), &subject(), &other).unwrap().unwrap();
            assert_eq!(other.key, first.key);
            changed.push(other.digest);
        }
        changed.push(first.digest);
        let distinct: std::collections::BTreeSet<_> = changed.iter().collect();
        assert_eq!(distinct.len(), changed.len());
    }

    #[test]
    fn request_is_the_same_after_the_keys_have_changed_and_is_not_kept_as_it_is() {
        let vault = |names: &[&str]| Vault::new(names.iter().map(|key| key.parse().unwrap()).collect());
        let (one, two) = (samples::CUSTOMER_KEY, &CustomerKey::generate("new"));
        let asked = request(Some("a"));
        let kept = of(&vault(&[one]), &subject(), &asked).unwrap().unwrap().digest;
        assert_ne!(kept, digest(&asked));
        assert!(is_same(&vault(&[one]), &asked, &kept) && is_same(&vault(&[two, one]), &asked, &kept));
        assert!(!is_same(&vault(&[two]), &asked, &kept));
        assert!(is_same(&vault(&[two]), &asked, &digest(&asked)), "as older versions kept it");
        let other = ReceiveRequest { amount: Some("11".into()), ..asked };
        assert!(!is_same(&vault(&[one]), &other, &kept));
    }

    #[test]
    fn what_is_no_key_is_refused() {
        for wrong in ["", "a b", "\u{e9}", "a\nb", &"x".repeat(256)] {
            assert_eq!(
                of(&Vault::default(), &subject(), &request(Some(wrong))),
                Err(ReceiveRefusal::Key),
                "{wrong:?}"
            );
        }
        assert!(of(&Vault::default(), &subject(), &request(Some(&"x".repeat(255)))).is_ok());
    }
}
