//! Sealing everything anew under the first key, so that the others can go.

use super::refusal::CustomerError;
use crate::customer::{Vault, VaultError};
use crate::store::Store;

/// Rows that are read at once.
const AT_ONCE: u32 = 50;

/// Seals everything under the first key that another one has sealed, or none. Killed at any point, it goes on where it was. Answers
/// how much was sealed anew.
///
/// # Errors
/// When something does not open: the key that sealed it is missing, and has to stay until this is done.
pub async fn reseal(store: &dyn Store, vault: &Vault) -> Result<u64, CustomerError> {
    let current = vault.current().ok_or(VaultError::NoKey)?;
    let mut count = 0_u64;
    loop {
        let rows = store.customer_sealed_list(current, AT_ONCE).await?;
        if rows.is_empty() {
            return Ok(count);
        }
        for row in &rows {
            let plain = vault.read(&row.place, &row.kept)?;
            let sealed = vault.seal(&row.place, &plain)?;
            // false: somebody replaced it meanwhile, under the first key
            if store.customer_reseal(row, &sealed).await? {
                count = count.saturating_add(1);
            }
        }
    }
}
