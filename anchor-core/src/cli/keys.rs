//! Secrets for the settings.

use clap::Subcommand;

use super::{CliError, Settings};
use crate::customer::CustomerKey;
use crate::keys::SigningKey;

/// Secrets for the settings.
#[derive(Debug, Subcommand)]
pub enum KeysCommand {
    /// Print fresh values for SIGNING_SEED, SERVER_JWT_KEY, CHANNEL_SEED and CUSTOMER_KEYS, in the form of a .env file.
    Generate,
}

impl KeysCommand {
    pub(super) fn run(self) -> Result<(), CliError> {
        let Self::Generate = self;
        let key = SigningKey::generate();
        println!("# signing account: {}", key.account());
        println!("SIGNING_SEED=\"{}\"", key.to_strkey().expose());
        println!("SERVER_JWT_KEY=\"{}\"", jwt_key());
        println!("CUSTOMER_KEYS=\"{}\"", CustomerKey::generate("1"));
        println!("CHANNEL_SEED=\"{}\"", SigningKey::generate().to_strkey().expose());
        Ok(())
    }
}

/// Generates SIGNING_SEED, SERVER_JWT_KEY and CUSTOMER_KEYS where they are missing, and stores them in the settings' file. An
/// anchor on the public network, or with another host than this machine, gets no keys that nobody asked for: it has to
/// have the first two, and customers' data are sealed only if the third is there.
///
/// # Errors
/// Keys that are missing there; then nothing was written. When the file cannot be written.
pub fn ensure_keys(settings: &mut Settings) -> Result<(), CliError> {
    let lacks = |name: &&str| settings.get(name).is_none();
    let missing: Vec<_> = ["SIGNING_SEED", "SERVER_JWT_KEY"].into_iter().filter(lacks).collect();
    if missing.is_empty() && settings.require_playground("").is_err() {
        return Ok(());
    }
    let what = format!("{} missing (see `keys generate`): keys are not made", missing.join(" and "));
    settings.require_playground(&what)?;
    if settings.get("SIGNING_SEED").is_none() {
        settings.store("SIGNING_SEED", SigningKey::generate().to_strkey().expose())?;
    }
    if settings.get("SERVER_JWT_KEY").is_none() {
        settings.store("SERVER_JWT_KEY", &jwt_key())?;
    }
    if settings.get("CUSTOMER_KEYS").is_none() {
        settings.store("CUSTOMER_KEYS", &CustomerKey::generate("1"))?;
    }
    Ok(())
}

/// 256 bits from the operating system's generator.
fn jwt_key() -> String {
    hex::encode(rand::random::<[u8; 32]>())
}
