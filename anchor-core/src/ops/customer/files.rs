//! Files that come before the request that refers to them.

use chrono::Duration;

use super::refusal::{CustomerError, CustomerRefusal};
use super::{REVIEW_DEADLINE, by_id};
use crate::account::Subject;
use crate::anchor::Anchor;
use crate::customer::upload::{Inspected, inspect};
use crate::customer::{CustomerOwner, Place};
use crate::id::FileId;
use crate::integration::{CustomerIntegration, FileVerdict};
use crate::ops::OpsError;
use crate::ops::ask::ask;
use crate::store::{FileRecord, NewFile};

/// How long a file waits to be referred to.
const WAITS: Duration = Duration::hours(24);
/// So many files of one user wait at once.
const WAITING_MAX: u32 = 20;

/// What a file is, and whether the business takes it.
pub(super) async fn inspected(
    business: &dyn CustomerIntegration,
    name: &str,
    content: &[u8],
) -> Result<Inspected, CustomerError> {
    let invalid = |fault| CustomerRefusal::File { name: name.to_owned(), fault };
    let inspected = inspect(content).map_err(invalid)?;
    let verdict = ask(REVIEW_DEADLINE, business.check_file(&inspected.content)).await;
    match verdict.map_err(|unanswered| OpsError::Integration(unanswered.into()))? {
        FileVerdict::Clean => Ok(inspected),
        FileVerdict::Refused => Err(CustomerRefusal::FileRefused(name.to_owned()).into()),
    }
}

/// Keeps a file for a later request.
///
/// # Errors
/// See [`CustomerError`].
pub async fn upload(anchor: &Anchor, subject: &Subject, content: &[u8]) -> Result<FileRecord, CustomerError> {
    let business = anchor.customers().ok_or(CustomerRefusal::NoCustomers)?;
    let inspected = inspected(business, "file", content).await?;
    let now = anchor.clock().now();
    let id = FileId::new(anchor.ids().next());
    let record = FileRecord {
        id,
        owner: CustomerOwner::of(subject).key(),
        customer: None,
        content_type: inspected.kind.media_type().to_owned(),
        size: i64::try_from(inspected.content.len()).unwrap_or(i64::MAX),
        created_at: now,
        expires_at: Some(now.checked_add_signed(WAITS).unwrap_or(now)),
    };
    let content = anchor.vault().seal(&Place::File(id), &inspected.content)?;
    let file = NewFile { record, content };
    if !anchor.store().customer_file_insert(&file, WAITING_MAX).await? {
        return Err(CustomerRefusal::TooManyFiles.into());
    }
    tracing::info!(file.id = %id, size = file.record.size, "a file was kept");
    Ok(file.record)
}

/// What can be known of files: one, those of a customer, or the one if it is the customer's. Others' are as unknown as
/// those that nobody has.
///
/// # Errors
/// See [`CustomerError`].
pub async fn files(
    anchor: &Anchor,
    subject: &Subject,
    file: Option<&str>,
    customer: Option<&str>,
) -> Result<Vec<FileRecord>, CustomerError> {
    let found = match (file, customer) {
        (None, None) => return Err(CustomerRefusal::Missing("file_id or customer_id").into()),
        (file, Some(customer)) => {
            let Some(customer) = by_id(anchor, subject, customer).await? else { return Ok(Vec::new()) };
            let mut files = anchor.store().customer_file_list(customer.id).await?;
            files.retain(|found| file.is_none_or(|file| found.id.to_string() == file));
            files
        }
        (Some(file), None) => {
            let Ok(id) = file.parse() else { return Ok(Vec::new()) };
            let found = anchor.store().customer_file_fetch(id).await?;
            let mut own = Vec::new();
            if let Some(found) = found
                && is_own(anchor, subject, &found).await?
            {
                own.push(found);
            }
            own
        }
    };
    let now = anchor.clock().now();
    Ok(found.into_iter().filter(|file| file.expires_at.is_none_or(|end| end > now)).collect())
}

/// A file is whose customer it is, and until then whose token sent it.
async fn is_own(anchor: &Anchor, subject: &Subject, file: &FileRecord) -> Result<bool, CustomerError> {
    match file.customer {
        Some(customer) => Ok(by_id(anchor, subject, &customer.to_string()).await?.is_some()),
        None => Ok(file.owner == CustomerOwner::of(subject).key()),
    }
}
