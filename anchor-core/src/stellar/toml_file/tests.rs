use super::*;
use crate::account::{Account, ContractId};
use crate::keys::SigningKey;

fn account() -> AccountId {
    SigningKey::from_seed([9; 32]).account()
}

#[test]
fn r_01_026_only_the_signing_key_of_anothers_file_is_read() {
    let text = format!(
        "VERSION = 7\nCURRENCIES = \"none\"\nSIGNING_KEY = \"{}\"\n[X]\nSIGNING_KEY = 1\n",
        account()
    );
    assert_eq!(signing_key(&text), Ok(account()));
    assert_eq!(signing_key(&format!("\u{feff}{text}")), Ok(account()));
}

#[test]
fn t_01_08_r_10_022_key_that_is_no_account_is_none() {
    let muxed = Account::Muxed { account: account(), id: 1 }.to_string();
    let contract = ContractId::from_bytes([7; 32]).to_string();
    let seed = SigningKey::from_seed([9; 32]).to_strkey().expose().clone();
    for key in [muxed, contract, seed, String::new(), account().to_string().to_lowercase()] {
        assert_eq!(signing_key(&format!("SIGNING_KEY = \"{key}\"")), Err(ReadError::SigningKey));
    }
    assert_eq!(signing_key("SIGNING_KEY = 5"), Err(ReadError::SigningKey));
    assert_eq!(signing_key(&format!("[TABLE]\nSIGNING_KEY = \"{}\"", account())), Err(ReadError::SigningKey));
    assert_eq!(signing_key(""), Err(ReadError::SigningKey));
    assert_eq!(signing_key("<html>404</html>"), Err(ReadError::Toml));
}

#[test]
fn r_01_027_hostile_nesting_is_an_error() {
    for open in ["[", "{a="] {
        let text = format!("a = {}", open.repeat(BYTES_MAX / open.len() - 4));
        assert_eq!(signing_key(&text), Err(ReadError::Toml));
    }
    let dotted = format!("a{} = 1", ".a".repeat(40_000));
    assert!(signing_key(&dotted).is_err());
}
