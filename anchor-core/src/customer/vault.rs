//! Personal data at rest: sealed by XChaCha20-Poly1305 under a key that the database does not have.
//!
//! What is sealed is bound to its place: a row that somebody moves to another customer or field does not open.

use std::fmt;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use chacha20poly1305::aead::{Aead as _, Payload};
use chacha20poly1305::{KeyInit as _, XChaCha20Poly1305, XNonce};
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use crate::id::{CustomerId, FileId, TransactionId};
use crate::secret::Secret;

/// Longest name of a key.
const NAME_MAX: usize = 32;
const NONCE_LEN: usize = 24;

/// One key of `CUSTOMER_KEYS`, with the name that is stored beside everything it seals.
#[derive(Clone)]
pub struct CustomerKey {
    name: String,
    key: Secret<[u8; 32]>,
}

/// The key is not shown.
impl fmt::Debug for CustomerKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CustomerKey").field("name", &self.name).finish_non_exhaustive()
    }
}

/// Not `name:key`, a short name and 32 bytes in base64.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a key is written NAME:KEY, a name of letters and digits and 32 random bytes in base64")]
pub struct CustomerKeyError;

impl std::str::FromStr for CustomerKey {
    type Err = CustomerKeyError;

    fn from_str(text: &str) -> Result<Self, CustomerKeyError> {
        let (name, key) = text.split_once(':').ok_or(CustomerKeyError)?;
        let named =
            (1..=NAME_MAX).contains(&name.len()) && name.bytes().all(|byte| byte.is_ascii_alphanumeric());
        let bytes = Zeroizing::new(BASE64_STANDARD.decode(key).map_err(|_| CustomerKeyError)?);
        let key: [u8; 32] = bytes.as_slice().try_into().map_err(|_| CustomerKeyError)?;
        if named { Ok(Self { name: name.to_owned(), key: Secret::new(key) }) } else { Err(CustomerKeyError) }
    }
}

impl CustomerKey {
    /// A fresh one, as it stands in the settings.
    pub fn generate(name: &str) -> String {
        format!("{name}:{}", BASE64_STANDARD.encode(rand::random::<[u8; 32]>()))
    }
}

/// Something sealed, as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sealed {
    /// The name of the key.
    pub key: String,
    /// Nonce and ciphertext in base64.
    pub text: String,
}

/// Something personal, as it is stored.
#[derive(Clone, PartialEq, Eq)]
pub enum Kept {
    /// As it is: by a version that sealed less, or under `LOCAL_MODE` without a key.
    Clear(String),
    /// Sealed.
    Sealed(Sealed),
}

/// Not what lies open.
impl fmt::Debug for Kept {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Clear(_) => f.write_str("Clear(..)"),
            Self::Sealed(sealed) => f.debug_tuple("Sealed").field(sealed).finish(),
        }
    }
}

/// Where something sealed belongs.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Place {
    /// A customer's field.
    Field(CustomerId, String),
    /// A file's content.
    File(FileId),
    /// The code that was sent to what stands in a field.
    Code(CustomerId, String),
    /// What was told about a transaction.
    Answers(TransactionId),
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Field(customer, name) => write!(f, "field/{customer}/{name}"),
            Self::File(file) => write!(f, "file/{file}"),
            Self::Code(customer, name) => write!(f, "code/{customer}/{name}"),
            Self::Answers(transaction) => write!(f, "answers/{transaction}"),
        }
    }
}

/// Something cannot be sealed or opened. Says nothing of what it is.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum VaultError {
    /// There is no key at all.
    #[error("there is no key for customers' data: set CUSTOMER_KEYS")]
    NoKey,
    /// The key that sealed it is not in the settings any more.
    #[error("customers' data is sealed with the key {0}, which is not in CUSTOMER_KEYS")]
    UnknownKey(String),
    /// Another key of the same name, another row, or changed bytes.
    #[error("what is stored at {0} does not open: it was changed, moved, or sealed with another key")]
    Forged(Place),
    /// Too much at once.
    #[error("customers' data could not be sealed")]
    Seal,
}

/// The keys: the first seals, all open.
#[derive(Debug, Clone, Default)]
pub struct Vault(Vec<CustomerKey>);

impl Vault {
    /// In the order of the settings.
    pub const fn new(keys: Vec<CustomerKey>) -> Self {
        Self(keys)
    }

    /// Whether anything can be sealed.
    pub const fn has_key(&self) -> bool {
        !self.0.is_empty()
    }

    /// The name of the key that seals.
    pub fn current(&self) -> Option<&str> {
        self.0.first().map(|key| key.name.as_str())
    }

    /// Seals something for its place.
    ///
    /// # Errors
    /// [`VaultError::NoKey`].
    pub fn seal(&self, place: &Place, plain: &[u8]) -> Result<Sealed, VaultError> {
        let key = self.0.first().ok_or(VaultError::NoKey)?;
        let nonce: [u8; NONCE_LEN] = rand::random();
        let aad = place.to_string();
        let payload = Payload { msg: plain, aad: aad.as_bytes() };
        let sealed = cipher(key)?.encrypt(&XNonce::from(nonce), payload).map_err(|_| VaultError::Seal)?;
        let text = BASE64_STANDARD.encode([nonce.as_slice(), &sealed].concat());
        Ok(Sealed { key: key.name.clone(), text })
    }

    /// Opens what was sealed for this place.
    ///
    /// # Errors
    /// See [`VaultError`].
    pub fn open(&self, place: &Place, sealed: &Sealed) -> Result<Zeroizing<Vec<u8>>, VaultError> {
        let known = self.0.iter().find(|key| key.name == sealed.key);
        let key = known.ok_or_else(|| VaultError::UnknownKey(sealed.key.clone()))?;
        let forged = || VaultError::Forged(place.clone());
        let bytes = BASE64_STANDARD.decode(&sealed.text).map_err(|_| forged())?;
        let (nonce, sealed) = bytes.split_first_chunk::<NONCE_LEN>().ok_or_else(forged)?;
        let aad = place.to_string();
        let payload = Payload { msg: sealed, aad: aad.as_bytes() };
        let plain = cipher(key)?.decrypt(&XNonce::from(*nonce), payload).map_err(|_| forged())?;
        Ok(Zeroizing::new(plain))
    }

    /// Seals something for its place; without any key it stays as it is.
    ///
    /// # Errors
    /// See [`VaultError`].
    pub fn keep(&self, place: &Place, plain: &str) -> Result<Kept, VaultError> {
        if self.has_key() {
            Ok(Kept::Sealed(self.seal(place, plain.as_bytes())?))
        } else {
            Ok(Kept::Clear(plain.to_owned()))
        }
    }

    /// What was kept for this place.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub fn read(&self, place: &Place, kept: &Kept) -> Result<Zeroizing<Vec<u8>>, VaultError> {
        match kept {
            Kept::Clear(plain) => Ok(Zeroizing::new(plain.clone().into_bytes())),
            Kept::Sealed(sealed) => self.open(place, sealed),
        }
    }

    /// Opens a text.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub fn open_text(&self, place: &Place, sealed: &Sealed) -> Result<String, VaultError> {
        let plain = self.open(place, sealed)?;
        String::from_utf8(plain.to_vec()).map_err(|_| VaultError::Forged(place.clone()))
    }

    /// The same for the same text as long as the first key stays, and of no use to somebody without it: to count or compare
    /// by what must not be stored.
    pub fn fingerprint(&self, text: &str) -> [u8; 32] {
        fingerprint(self.0.first(), text)
    }

    /// Whether this is a [`fingerprint`](Self::fingerprint) of a text, under whichever key was the first then.
    pub fn has_fingerprint(&self, text: &str, known: &[u8; 32]) -> bool {
        let under_keys = self.0.iter().map(|key| fingerprint(Some(key), text));
        under_keys.chain([fingerprint(None, text)]).any(|one| one == *known)
    }
}

fn fingerprint(key: Option<&CustomerKey>, text: &str) -> [u8; 32] {
    let mut hash = Sha256::new();
    if let Some(key) = key {
        hash.update(key.key.expose());
    }
    hash.update(b"fingerprint/");
    hash.update(text.as_bytes());
    hash.finalize().into()
}

fn cipher(key: &CustomerKey) -> Result<XChaCha20Poly1305, VaultError> {
    XChaCha20Poly1305::new_from_slice(key.key.expose()).map_err(|_| VaultError::Seal)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::{IdSource as _, SequentialIds};

    fn key(name: &str) -> CustomerKey {
        CustomerKey::generate(name).parse().unwrap()
    }

    #[test]
    fn r_09_104_what_is_sealed_opens_in_its_place_only() {
        let ids = SequentialIds::default();
        let (one, other) = (CustomerId::new(ids.next()), CustomerId::new(ids.next()));
        let vault = Vault::new(vec![key("a")]);
        let place = Place::Field(one, "tax_id".to_owned());
        let sealed = vault.seal(&place, b"123-45-6789").unwrap();
        assert!(!sealed.text.contains("123") && !format!("{sealed:?} {vault:?}").contains("123-45"));
        assert_eq!(vault.open_text(&place, &sealed).unwrap(), "123-45-6789");
        for elsewhere in [
            Place::Field(other, "tax_id".to_owned()),
            Place::Field(one, "id_number".to_owned()),
            Place::Code(one, "tax_id".to_owned()),
        ] {
            assert_eq!(vault.open(&elsewhere, &sealed), Err(VaultError::Forged(elsewhere.clone())));
        }
        let mut bytes = BASE64_STANDARD.decode(&sealed.text).unwrap();
        *bytes.last_mut().unwrap() ^= 1;
        let changed = Sealed { text: BASE64_STANDARD.encode(bytes), ..sealed.clone() };
        assert_eq!(vault.open(&place, &changed), Err(VaultError::Forged(place.clone())));
        // the same twice looks different
        assert_ne!(vault.seal(&place, b"123-45-6789").unwrap(), sealed);
    }

    #[test]
    fn first_key_seals_and_all_open() {
        let place = Place::Field(CustomerId::new(SequentialIds::default().next()), "city".to_owned());
        let (old, new) = (key("old"), key("new"));
        let sealed = Vault::new(vec![old.clone()]).seal(&place, b"Lima").unwrap();
        let both = Vault::new(vec![new.clone(), old]);
        assert_eq!(both.open_text(&place, &sealed).unwrap(), "Lima");
        assert_eq!(both.seal(&place, b"Lima").unwrap().key, "new");
        let print = Vault::new(vec![both.0[1].clone()]).fingerprint("Lima");
        assert!(both.has_fingerprint("Lima", &print) && both.fingerprint("Lima") != print);
        assert!(!both.has_fingerprint("Limb", &print));
        let without = Vault::new(vec![new]).open(&place, &sealed);
        assert_eq!(without, Err(VaultError::UnknownKey("old".to_owned())));
        assert_eq!(Vault::default().seal(&place, b"Lima"), Err(VaultError::NoKey));
    }

    #[test]
    fn what_is_kept_without_a_key_lies_open_and_is_read_with_one() {
        let ids = SequentialIds::default();
        let (one, other) = (TransactionId::new(ids.next()), TransactionId::new(ids.next()));
        let vault = Vault::new(vec![key("a")]);
        let open = Vault::default().keep(&Place::Answers(one), "Lima").unwrap();
        assert_eq!(format!("{open:?}"), "Clear(..)");
        assert_eq!(vault.read(&Place::Answers(one), &open).unwrap().as_slice(), b"Lima");
        let sealed = vault.keep(&Place::Answers(one), "Lima").unwrap();
        assert_eq!(vault.read(&Place::Answers(one), &sealed).unwrap().as_slice(), b"Lima");
        let elsewhere = Place::Answers(other);
        assert_eq!(vault.read(&elsewhere, &sealed), Err(VaultError::Forged(elsewhere.clone())));
        assert!(!format!("{sealed:?}").contains("Lima"));
    }

    #[test]
    fn keys_are_read_and_never_shown() {
        let text = CustomerKey::generate("2026a");
        let key: CustomerKey = text.parse().unwrap();
        assert!(!format!("{key:?}").contains(text.split_once(':').unwrap().1));
        for wrong in ["", "a", "a:", ":AAAA", "a:AAAA", &format!("a b{}", &text[5..])] {
            assert_eq!(wrong.parse::<CustomerKey>().err(), Some(CustomerKeyError), "{wrong}");
        }
    }
}
