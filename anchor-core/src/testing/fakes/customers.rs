//! Customers as a test wants them.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;

use crate::customer::fields::FieldType;
use crate::customer::{CustomerRole, CustomerType, WantedField};
use crate::id::CustomerId;
use crate::integration::{
    CodeToSend, CustomerIntegration, CustomerView, FileVerdict, IntegrationError, Review,
};

/// Asks for a few things, thinks what it is told to, and remembers what it was asked to do. Clones share that.
#[derive(Debug, Clone)]
pub struct ScriptedCustomers {
    types: Arc<Vec<CustomerType>>,
    script: Arc<Mutex<Script>>,
}

#[derive(Debug, Default)]
struct Script {
    review: Option<Review>,
    codes: Vec<(String, String, String)>,
    erased: Vec<CustomerId>,
    refuses_files: bool,
    is_silent: bool,
}

impl Default for ScriptedCustomers {
    fn default() -> Self {
        Self::new()
    }
}

impl ScriptedCustomers {
    /// `sep6`: names and an e-mail address, an address if somebody likes. `large`: a photo and a colour too. `called`: a
    /// mobile number that is verified. `sep31-receiver`: a name.
    pub fn new() -> Self {
        let sep9 =
            |names: &[&str]| names.iter().filter_map(|name| WantedField::sep9(name)).collect::<Vec<_>>();
        let basic = ["first_name", "last_name", "email_address"];
        let mut small = sep9(&basic);
        small.extend(WantedField::sep9("address").map(WantedField::optional));
        let mut large = sep9(&["family_name", "given_name", "photo_id_front"]);
        let colour =
            WantedField::custom("colour", FieldType::String, Some("Your favourite colour".to_owned()));
        large.push(colour.choices(["red", "green"]));
        let called: Vec<_> =
            WantedField::sep9("mobile_number").map(WantedField::verified).into_iter().collect();
        let types = vec![
            CustomerType::new("sep6", "people", [CustomerRole::Sep6], small).automatic(),
            CustomerType::new("large", "people with much", [CustomerRole::Sep6], large),
            CustomerType::new("called", "people to call", [], called).automatic(),
            CustomerType::new("sep31-receiver", "receivers", [CustomerRole::Receiver], sep9(&["last_name"])),
        ];
        Self::asking(types)
    }

    /// These types, and no others.
    pub fn asking(types: Vec<CustomerType>) -> Self {
        Self { types: Arc::new(types), script: Arc::default() }
    }

    /// From now on this is what it thinks of everybody; without it, of those whose type is automatic that they are good.
    pub fn think(&self, review: Option<Review>) {
        self.script().review = review;
    }

    /// Whether files are refused from now on.
    pub fn refuse_files(&self, refuses: bool) {
        self.script().refuses_files = refuses;
    }

    /// Whether it does not answer from now on.
    pub fn fall_silent(&self, is_silent: bool) {
        self.script().is_silent = is_silent;
    }

    /// Codes that were sent, oldest first: for which field, to what, and the code.
    pub fn codes(&self) -> Vec<(String, String, String)> {
        self.script().codes.clone()
    }

    /// Who was to be forgotten.
    pub fn erased(&self) -> Vec<CustomerId> {
        self.script().erased.clone()
    }

    fn script(&self) -> MutexGuard<'_, Script> {
        self.script.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn answer(&self) -> Result<(), IntegrationError> {
        if self.script().is_silent { Err(IntegrationError::transient("silent")) } else { Ok(()) }
    }
}

#[async_trait]
impl CustomerIntegration for ScriptedCustomers {
    fn types(&self) -> &[CustomerType] {
        &self.types
    }

    async fn review(&self, view: &CustomerView<'_>) -> Result<Review, IntegrationError> {
        self.answer()?;
        let usual = match view.customer_type().automatic {
            true => Review::Accepted,
            false => Review::Processing { message: None },
        };
        Ok(self.script().review.clone().unwrap_or(usual))
    }

    async fn send_code(&self, code: CodeToSend<'_>) -> Result<(), IntegrationError> {
        self.answer()?;
        let sent = (code.field.to_owned(), code.to.to_owned(), code.code.to_owned());
        self.script().codes.push(sent);
        Ok(())
    }

    async fn check_file(&self, _content: &[u8]) -> Result<FileVerdict, IntegrationError> {
        self.answer()?;
        Ok(if self.script().refuses_files { FileVerdict::Refused } else { FileVerdict::Clean })
    }

    async fn erase(&self, customer: CustomerId) -> Result<(), IntegrationError> {
        self.answer()?;
        self.script().erased.push(customer);
        Ok(())
    }
}
