//! Codes that prove that somebody reads what is sent to a number or an address: six digits, sealed, for ten minutes and
//! five tries, used once.

use std::fmt;

use chrono::{DateTime, Duration, Utc};

use super::REVIEW_DEADLINE;
use super::refusal::{CustomerError, CustomerRefusal};
use crate::anchor::Anchor;
use crate::customer::{Place, VaultError};
use crate::id::CustomerId;
use crate::integration::{CodeToSend, CustomerIntegration, IntegrationError};
use crate::ops::ask::ask;
use crate::ops::work::chain;
use crate::secret::Secret;
use crate::store::{CodeLimits, CodeWrite};

/// Tries at one code.
const TRIES_MAX: u32 = 5;
/// How long a code is worth something.
const LIFETIME: Duration = Duration::minutes(10);
/// So many codes within an hour, of one customer's field and to one address.
const SENT_MAX: u32 = 5;

/// A code on its way.
pub(super) struct Code {
    field: String,
    to: Secret<String>,
    code: Secret<String>,
}

/// Neither address nor code.
impl fmt::Debug for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Code for {}", self.field)
    }
}

pub(super) fn limits(now: DateTime<Utc>) -> CodeLimits {
    CodeLimits { since: now.checked_sub_signed(Duration::hours(1)).unwrap_or(now), most: SENT_MAX }
}

impl Code {
    pub(super) fn new(field: &str, to: &str) -> Self {
        let code = format!("{:06}", rand::random_range(0..1_000_000_u32));
        Self { field: field.to_owned(), to: Secret::new(to.to_owned()), code: Secret::new(code) }
    }

    pub(super) fn to_write(
        &self,
        anchor: &Anchor,
        customer: CustomerId,
        stored: &str,
    ) -> Result<CodeWrite, VaultError> {
        let now = anchor.clock().now();
        let place = Place::Code(customer, stored.to_owned());
        Ok(CodeWrite {
            field: stored.to_owned(),
            code: anchor.vault().seal(&place, self.code.expose().as_bytes())?,
            expires_at: now.checked_add_signed(LIFETIME).unwrap_or(now),
            to: anchor.vault().fingerprint(self.to.expose()),
        })
    }
}

/// Codes are stored already. One that is not sent is not missed: the field can be sent again.
pub(super) async fn send(business: &dyn CustomerIntegration, customer: CustomerId, codes: &[Code]) {
    for code in codes {
        let to_send = CodeToSend::new(customer, &code.field, code.to.expose(), code.code.expose());
        if let Err(unanswered) = ask(REVIEW_DEADLINE, business.send_code(to_send)).await {
            let error = chain(&IntegrationError::from(unanswered));
            tracing::warn!(customer.id = %customer, field = code.field, error, "a code was not sent");
        }
    }
}

/// Whether there is a code that still can be sent back.
pub(super) async fn is_open(
    anchor: &Anchor,
    customer: CustomerId,
    stored: &str,
) -> Result<bool, CustomerError> {
    let now = anchor.clock().now();
    Ok(anchor.store().customer_code_is_open(customer, stored, TRIES_MAX, now).await?)
}

/// Counts a try, and compares. A right code is used up by the commit of what it proves.
pub(super) async fn try_code(
    anchor: &Anchor,
    customer: CustomerId,
    stored: &str,
    name: &str,
    code: &str,
) -> Result<(), CustomerError> {
    let now = anchor.clock().now();
    let right = anchor.store().customer_code_try(customer, stored, TRIES_MAX, now).await?;
    let right = right.ok_or_else(|| CustomerRefusal::CodeEnded(name.to_owned()))?;
    let right = anchor.vault().open(&Place::Code(customer, stored.to_owned()), &right)?;
    if is_same(&right, code.as_bytes()) {
        Ok(())
    } else {
        Err(CustomerRefusal::WrongCode(name.to_owned()).into())
    }
}

/// Takes as long for every code of this length.
fn is_same(right: &[u8], sent: &[u8]) -> bool {
    right.len() == sent.len() && right.iter().zip(sent).fold(0, |sum, (one, other)| sum | (one ^ other)) == 0
}
