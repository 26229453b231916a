use proptest::prelude::*;

use super::*;

/// From SEP-7, with the account that `stellar-base` derives from it too.
const SEED: &str = "SBPOVRVKTTV7W3IOX2FJPSMPCJ5L2WU2YKTP3HCLYPXNI5MDIGREVNYC";

#[test]
fn seeds_round_trip() {
    let key: SigningKey = SEED.parse().expect("a seed");
    assert_eq!(key.to_strkey().expose(), SEED);
    assert_eq!(SigningKey::from_seed(key.dalek().to_bytes()), key);
}

#[test]
fn the_account_of_a_seed_is_the_one_other_libraries_derive() {
    let key: SigningKey = SEED.parse().expect("a seed");
    let theirs = stellar_base::crypto::DalekKeyPair::from_secret_seed(SEED).expect("a seed");
    assert_eq!(key.account().to_string(), theirs.public_key().account_id());

    let counting = SigningKey::from_seed(std::array::from_fn(|at| u8::try_from(at + 1).expect("small")));
    assert_eq!(counting.account().to_string(), "GB43KVROR7TFJ6KAPCYRF2FJROTZAH4FHLTJLPWX4DRZCC5NASLGITR6");
}

#[test]
fn debug_shows_the_account_and_nothing_of_the_seed() {
    let key: SigningKey = SEED.parse().expect("a seed");
    let shown = format!("{key:?} {key:#?}");
    assert!(shown.contains(&key.account().to_string()));
    assert!(!shown.contains(&SEED[..8]));
    let seed = key.dalek().to_bytes();
    assert!(!shown.contains(&hex::encode(&seed[..4])));
    assert!(!shown.contains(&format!("{}, {}", seed[0], seed[1])));
}

#[test]
fn r_23_008_a_mistyped_seed_is_never_repeated() {
    let mistyped = format!("{}D", &SEED[..55]);
    for text in [
        mistyped.as_str(),
        &SEED.to_lowercase(),
        &SEED[..55],
        "",
        "GA7QYNF7SOWQ3GLR2BGMZEHXAVIRZA4KVWLTJJFC7MGXUA74P7UJVSGZ",
    ] {
        let error = text.parse::<SigningKey>().expect_err("not a seed");
        assert_eq!(error.to_string(), "not a valid Stellar secret seed (S…)");
        assert_eq!(format!("{error:?}"), "SeedError");
    }
}

#[test]
fn generated_keys_differ() {
    assert_ne!(SigningKey::generate().account(), SigningKey::generate().account());
}

#[test]
fn one_signature_for_every_message_is_refused() {
    let identity = AccountId::from_bytes(std::array::from_fn(|at| u8::from(at == 0)));
    let signature: [u8; 64] = std::array::from_fn(|at| u8::from(at == 0));
    let key = VerifyingKey::from_bytes(identity.as_bytes()).expect("a point of the curve");
    let lax = ed25519_dalek::Verifier::verify(&key, b"any", &Signature::from_bytes(&signature));
    assert!(lax.is_ok(), "the plain check accepts it, so this test can fail");
    assert!(!verify(&identity, b"any", &signature));
}

#[test]
fn keys_off_the_curve_and_odd_signatures_are_false_not_a_panic() {
    let key = SigningKey::from_seed([1; 32]);
    let signature = key.sign(b"message");
    assert!(!verify(&AccountId::from_bytes([0xff; 32]), b"message", &signature));
    assert!(!verify(&key.account(), b"message", &signature[..63]));
    assert!(!verify(&key.account(), b"message", &[]));
    assert!(!verify(&key.account(), b"message", &[signature.as_slice(), &[0]].concat()));
    assert!(!verify(&SigningKey::from_seed([2; 32]).account(), b"message", &signature));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn a_signature_fits_its_message_only(seed in any::<[u8; 32]>(), message in any::<Vec<u8>>(), bit in 0_usize..512) {
        let key = SigningKey::from_seed(seed);
        let mut signature = key.sign(&message);
        prop_assert!(verify(&key.account(), &message, &signature));
        prop_assert!(!verify(&key.account(), &[message.as_slice(), b"!"].concat(), &signature));
        signature[bit / 8] ^= 1 << (bit % 8);
        prop_assert!(!verify(&key.account(), &message, &signature));
        prop_assert_eq!(key.to_strkey().expose().parse(), Ok(key));
    }
}
