//! Who may use the anchor, as far as only the business knows.

use async_trait::async_trait;

use super::IntegrationError;
use crate::customer::{Customer, CustomerType, Place, Vault, VaultError, WantedField};
use crate::id::CustomerId;
use crate::transaction::Transaction;

/// What the business thinks of a customer who gave everything that a type asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Review {
    /// Good for what the type is for.
    Accepted,
    /// Not known yet. Asked again whenever somebody wants to know, until it is decided.
    Processing {
        /// For the customer.
        message: Option<String>,
    },
    /// More is needed than the type asks, or something again.
    NeedsInfo {
        /// What. Asked for as long as the answer stays this one: look at [`CustomerView::received_at`] to see whether
        /// something came again.
        fields: Vec<AskedField>,
        /// For the customer.
        message: Option<String>,
    },
    /// Never.
    Rejected {
        /// For the customer: say no more than the law allows.
        message: String,
    },
}

/// One thing that is needed, or needed again.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct AskedField {
    /// What.
    pub field: WantedField,
    /// What was wrong with what came; for the customer.
    pub error: Option<String>,
}

impl AskedField {
    /// Asks for a field; `error` says what was wrong with the one that came.
    pub const fn new(field: WantedField, error: Option<String>) -> Self {
        Self { field, error }
    }
}

/// A customer as the business sees it. Values are opened when they are asked for, and nowhere else.
#[derive(Debug)]
pub struct CustomerView<'a> {
    customer: &'a Customer,
    customer_type: &'a CustomerType,
    transaction: Option<&'a Transaction>,
    vault: &'a Vault,
}

impl<'a> CustomerView<'a> {
    /// For calls outside the framework, such as tests of your own implementation.
    pub const fn new(
        customer: &'a Customer,
        customer_type: &'a CustomerType,
        transaction: Option<&'a Transaction>,
        vault: &'a Vault,
    ) -> Self {
        Self { customer, customer_type, transaction, vault }
    }

    /// Who, with the names of what is known; values are sealed.
    pub const fn customer(&self) -> &'a Customer {
        self.customer
    }

    /// For what.
    pub const fn customer_type(&self) -> &'a CustomerType {
        self.customer_type
    }

    /// The transaction that it is about, if it is about one: a larger amount may need more.
    pub const fn transaction(&self) -> Option<&'a Transaction> {
        self.transaction
    }

    /// The value of a field, under any of its names; `None` if there is none, or it is a file.
    ///
    /// # Errors
    /// When it does not open.
    pub fn text(&self, name: &str) -> Result<Option<String>, VaultError> {
        let Some(field) = self.customer.field(name) else { return Ok(None) };
        let place = Place::Field(self.customer.id, field.name.clone());
        field.value.as_ref().map(|sealed| self.vault.open_text(&place, sealed)).transpose()
    }

    /// When a field came, under any of its names.
    pub fn received_at(&self, name: &str) -> Option<chrono::DateTime<chrono::Utc>> {
        self.customer.field(name).map(|field| field.received_at)
    }
}

/// Whether a file may be kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum FileVerdict {
    /// It may.
    Clean,
    /// It may not: it is harmful, or not what it says.
    Refused,
}

/// A code on its way to a customer.
#[derive(Clone, Copy)]
#[non_exhaustive]
pub struct CodeToSend<'a> {
    /// Who gets it.
    pub customer: CustomerId,
    /// `mobile_number`, `email_address` or another field that is to be verified.
    pub field: &'a str,
    /// What stands in it: where the code goes.
    pub to: &'a str,
    /// The code. Send it, and keep it nowhere.
    pub code: &'a str,
}

impl<'a> CodeToSend<'a> {
    /// For calls outside the framework, such as tests of your own implementation.
    pub const fn new(customer: CustomerId, field: &'a str, to: &'a str, code: &'a str) -> Self {
        Self { customer, field, to, code }
    }
}

/// Neither address nor code.
impl std::fmt::Debug for CodeToSend<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CodeToSend")
            .field("customer", &self.customer)
            .field("field", &self.field)
            .finish_non_exhaustive()
    }
}

/// Who may use the anchor, and what has to be known of them (SEP-12).
///
/// The framework keeps the data, sealed, and asks for what is missing. The business says what has to be known, and what
/// it thinks of who gave it: at once here, or later by [`ops::customer::decide`](crate::ops::customer::decide) or the
/// operator's `customer accept`. What was decided there counts, and [`review`](Self::review) is not asked any more.
///
/// Without code, [`FileCustomers`](crate::customer::file::FileCustomers) does it from the file of `CUSTOMERS`.
///
/// ```
/// use anchor_core::customer::{CustomerRole, CustomerType, WantedField};
/// use anchor_core::integration::{CustomerIntegration, CustomerView, IntegrationError, Review};
///
/// /// Whoever is named like somebody on our list is looked at.
/// struct Desk(Vec<CustomerType>);
///
/// #[async_trait::async_trait]
/// impl CustomerIntegration for Desk {
///     fn types(&self) -> &[CustomerType] {
///         &self.0
///     }
///
///     async fn review(&self, view: &CustomerView<'_>) -> Result<Review, IntegrationError> {
///         let name = view.text("last_name").map_err(IntegrationError::permanent)?;
///         Ok(match name.as_deref() {
///             Some("Listed") => Review::Processing { message: Some("We will look at it.".to_owned()) },
///             _ => Review::Accepted,
///         })
///     }
/// }
///
/// let names = ["first_name", "last_name"].into_iter().filter_map(WantedField::sep9);
/// let desk = Desk(vec![CustomerType::new("sep6", "people", [CustomerRole::Sep6], names)]);
/// # let _: Box<dyn CustomerIntegration> = Box::new(desk);
/// ```
#[async_trait]
pub trait CustomerIntegration: Send + Sync {
    /// What customers have to be known for; the first is meant where a wallet names none.
    ///
    /// # When it is called
    /// With every request, and for the `/info` of other protocols.
    ///
    /// # What to return
    /// The same list every time; at least one type. Wallets name `sep6`, `sep31-sender` and `sep31-receiver` where a
    /// transaction waits for information.
    ///
    /// # If it is called twice
    /// It is, all the time.
    ///
    /// # If it fails
    /// It cannot.
    fn types(&self) -> &[CustomerType];

    /// What the business thinks of somebody who gave everything that the type asks for.
    ///
    /// # When it is called
    /// Whenever somebody wants to know how the customer stands (a wallet, a transaction that waits, a callback that is
    /// due), unless something is missing or it was decided. So often: answer from memory or your own database.
    ///
    /// # What to return
    /// See [`Review`]. To look at somebody for longer, answer [`Review::Processing`] and decide later.
    ///
    /// # If it is called twice
    /// It changes nothing: it is a question.
    ///
    /// # If it fails
    /// The customer is [`Standing::Processing`](crate::customer::Standing::Processing) for the moment.
    async fn review(&self, view: &CustomerView<'_>) -> Result<Review, IntegrationError>;

    /// Sends a code to what stands in a field.
    ///
    /// # When it is called
    /// After a field that has to be [verified](WantedField::verified) came, and its code was stored.
    ///
    /// # What to return
    /// `Ok` once the code is on its way.
    ///
    /// # If it is called twice
    /// The second code is another one, and the first is worth nothing any more.
    ///
    /// # If it fails
    /// The customer sends the field again, and another code is made. The default fails: without a way to send codes
    /// nothing can be verified.
    async fn send_code(&self, code: CodeToSend<'_>) -> Result<(), IntegrationError> {
        let _ = code;
        Err(IntegrationError::permanent("no way to send codes is attached"))
    }

    /// Looks at a file before it is kept: the place for a scanner.
    ///
    /// # When it is called
    /// With every file, after its kind was recognised and what it says of the camera was taken out of it.
    ///
    /// # What to return
    /// See [`FileVerdict`]. The default keeps it: a picture of one of the known kinds is data, and is never opened here.
    ///
    /// # If it is called twice
    /// The file came twice.
    ///
    /// # If it fails
    /// Nothing is kept, and the wallet is told to try again.
    async fn check_file(&self, content: &[u8]) -> Result<FileVerdict, IntegrationError> {
        let _ = content;
        Ok(FileVerdict::Clean)
    }

    /// Forgets a customer wherever the business keeps something of it.
    ///
    /// # When it is called
    /// Before the framework deletes what it has.
    ///
    /// # What to return
    /// `Ok` once nothing is left that does not have to be. The default has nothing to forget.
    ///
    /// # If it is called twice
    /// The first answer was lost: there is nothing left to forget, and that is `Ok`.
    ///
    /// # If it fails
    /// Nothing is deleted, and the wallet is told to try again.
    async fn erase(&self, customer: CustomerId) -> Result<(), IntegrationError> {
        let _ = customer;
        Ok(())
    }
}
