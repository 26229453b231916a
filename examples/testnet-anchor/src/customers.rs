//! What we have to know of customers: a pretended KYC desk that decides by the last name.

use anchor_core::customer::{CustomerRole, CustomerType, WantedField};
use anchor_core::integration::{
    AskedField, CodeToSend, CustomerIntegration, CustomerView, IntegrationError, Review,
};
use async_trait::async_trait;

// ANCHOR: customers
/// Accepts everybody, but for a few names: `Wait` is looked at for ever, `More` has to show a document, `Reject` is not
/// wanted.
pub(crate) struct TestDesk(Vec<CustomerType>);

impl TestDesk {
    pub(crate) fn new() -> Self {
        let ask =
            |names: &[&str]| names.iter().filter_map(|name| WantedField::sep9(name)).collect::<Vec<_>>();
        let mut names = ask(&["first_name", "last_name", "email_address"]);
        names.extend(WantedField::sep9("address").map(WantedField::optional));
        let person = |name: &str, text: &str, role| CustomerType::new(name, text, [role], names.clone());
        Self(vec![
            person("sep6", "People who deposit and withdraw", CustomerRole::Sep6),
            person("sep31-sender", "People who send money", CustomerRole::Sender),
            person("sep31-receiver", "People who receive money", CustomerRole::Receiver),
        ])
    }
}

#[async_trait]
impl CustomerIntegration for TestDesk {
    fn types(&self) -> &[CustomerType] {
        &self.0
    }

    async fn review(&self, view: &CustomerView<'_>) -> Result<Review, IntegrationError> {
        let name = view.text("last_name").map_err(IntegrationError::permanent)?;
        Ok(match name.as_deref() {
            Some("Wait") => Review::Processing { message: Some("We are looking at it.".to_owned()) },
            Some("More") if view.received_at("id_number").is_none() => {
                let fields = WantedField::sep9("id_number").map(|field| AskedField::new(field, None));
                let message = Some("Please show us a document.".to_owned());
                Review::NeedsInfo { fields: fields.into_iter().collect(), message }
            }
            Some("Reject") => Review::Rejected { message: "We cannot serve you.".to_owned() },
            _ => Review::Accepted,
        })
    }

    /// Nobody has a phone on a test network.
    async fn send_code(&self, code: CodeToSend<'_>) -> Result<(), IntegrationError> {
        println!("to {}: your code is {}", code.to, code.code);
        Ok(())
    }
}
// ANCHOR_END: customers
