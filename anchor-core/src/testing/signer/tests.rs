use super::conformance::{SignerHarness, check};
use super::*;
use crate::integration::LocalSigner;

struct Harness<T>(T, Option<ScriptedSigner>);

#[async_trait]
impl<T: Signer> SignerHarness for Harness<T> {
    fn signer(&self) -> &dyn Signer {
        &self.0
    }

    async fn approve(&self, hash: TransactionHash) {
        if let Some(scripted) = &self.1 {
            scripted.approve(hash);
        }
    }
}

fn key(number: u8) -> SigningKey {
    SigningKey::from_seed([number; 32])
}

async fn broken_rules(signer: impl Signer) -> Vec<&'static str> {
    let mut rules: Vec<_> =
        check(&Harness(signer, None)).await.into_iter().map(|violation| violation.rule).collect();
    // for several accounts the same
    rules.sort_unstable();
    rules.dedup();
    rules
}

#[tokio::test]
async fn scripted_and_local_signers_keep_all_rules() {
    let several = ScriptedSigner::of([key(1)]).with(key(2).account(), [key(2), key(3), key(4)]);
    several.takes(2);
    assert_eq!(check(&Harness(several.clone(), None)).await, []);
    several.hold(true);
    assert_eq!(check(&Harness(several.clone(), Some(several.clone()))).await, []);
    assert_eq!(broken_rules(several).await, ["an envelope that was approved is signed"], "nobody approves");
    assert_eq!(broken_rules(LocalSigner::new([key(1), key(2)])).await, [""; 0]);
}

/// Signs whatever hash it is shown.
struct Blind;

#[async_trait]
impl Signer for Blind {
    fn accounts(&self) -> Vec<AccountId> {
        vec![key(1).account()]
    }

    async fn sign(&self, request: &SigningRequest) -> Result<SigningOutcome, IntegrationError> {
        let signature = key(1).sign(request.hash.as_bytes());
        Ok(SigningOutcome::Signed(vec![AccountSignature { signer: key(1).account(), signature }]))
    }
}

#[tokio::test]
async fn suite_finds_a_signer_that_signs_blindly() {
    let expected = [
        "a hash that is not the envelope's is not signed",
        "an account that is not among its own is not signed for",
        "an envelope of another network is not signed",
    ];
    assert_eq!(broken_rules(Blind).await, expected);
}

/// Answers every question like the first one, and forgets that now and then.
#[derive(Default)]
struct Forgetful(Mutex<(u32, Option<AccountSignature>)>);

#[async_trait]
impl Signer for Forgetful {
    fn accounts(&self) -> Vec<AccountId> {
        vec![key(1).account()]
    }

    async fn sign(&self, request: &SigningRequest) -> Result<SigningOutcome, IntegrationError> {
        let mut book = self.0.lock().unwrap();
        book.0 += 1;
        if book.0.is_multiple_of(3) || request.check().is_err() || request.accounts != self.accounts() {
            return Ok(SigningOutcome::Pending);
        }
        let signature = key(1).sign(request.hash.as_bytes());
        let one = *book.1.get_or_insert(AccountSignature { signer: key(1).account(), signature });
        Ok(SigningOutcome::Signed(vec![one]))
    }
}

#[tokio::test]
async fn suite_finds_a_signer_that_mixes_up_envelopes_and_forgets() {
    let broken = broken_rules(Forgetful::default()).await;
    assert!(broken.contains(&"each envelope gets signatures of its own"), "{broken:?}");
    assert!(broken.contains(&"what is signed stays signed, by the same signers"), "{broken:?}");
}
