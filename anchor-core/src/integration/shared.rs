//! What several share, or what is chosen at run time, is an integration too: `Arc<T>` and `Box<dyn Trait>`.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;

use super::form::{FlowStep, FlowView, Page, ValidForm};
use super::{
    Admission, CodeToSend, CustodyIntegration, CustodyOutcome, CustomerIntegration, CustomerView,
    DepositIntegration, EventSink, FeeInput, FeeIntegration, FileVerdict, FundsOutcome, IntegrationError,
    PayoutOrder, PayoutOutcome, PendingDeposit, PriceAnswer, PriceQuestion, QuoteIntegration,
    RailsIntegration, ReceiveOutcome, ReceiveView, ReceiverIntegration, Review, Signer, SigningOutcome,
    SigningRequest, StartStep, StartView, TomlIntegration, TransactionDocuments, TrustIntegration,
    TrustOutcome, TrustRequest, UpdateOutcome, WithdrawalIntegration,
};
use crate::account::{AccountId, Subject};
use crate::customer::{Answer, CustomerType};
use crate::fee::{FeeBreakdown, FeeError};
use crate::id::{CustomerId, OrderId, TransactionId};
use crate::transaction::{CustodyOrder, Event, InfoField, Transaction};

/// Every method is handed on, also those that have a default: what is inside may do better.
macro_rules! pointers {
    ($($(#[$attribute:meta])* impl $name:ident { $($methods:tt)* })*) => {$(
        $(#[$attribute])*
        impl<T: $name + ?Sized> $name for Arc<T> { $($methods)* }

        $(#[$attribute])*
        impl<T: $name + ?Sized> $name for Box<T> { $($methods)* }
    )*};
}

pointers! {
    #[async_trait]
    impl RailsIntegration {
        async fn poll_pending_deposit(
            &self,
            deposit: &PendingDeposit,
        ) -> Result<FundsOutcome, IntegrationError> {
            (**self).poll_pending_deposit(deposit).await
        }

        async fn poll_pending_deposits(
            &self,
            deposits: &[PendingDeposit],
        ) -> Result<Vec<(TransactionId, Result<FundsOutcome, IntegrationError>)>, IntegrationError> {
            (**self).poll_pending_deposits(deposits).await
        }

        async fn execute_outgoing_transaction(
            &self,
            order: &PayoutOrder,
        ) -> Result<PayoutOutcome, IntegrationError> {
            (**self).execute_outgoing_transaction(order).await
        }

        async fn find_outgoing_transaction(
            &self,
            order: &PayoutOrder,
        ) -> Result<PayoutOutcome, IntegrationError> {
            (**self).find_outgoing_transaction(order).await
        }

        async fn poll_outgoing_transactions(
            &self,
            orders: &[PayoutOrder],
        ) -> Result<Vec<(OrderId, Result<PayoutOutcome, IntegrationError>)>, IntegrationError> {
            (**self).poll_outgoing_transactions(orders).await
        }
    }

    #[async_trait]
    impl DepositIntegration {
        async fn page(&self, view: &FlowView) -> Result<Page, IntegrationError> {
            (**self).page(view).await
        }

        async fn submit(&self, view: &FlowView, form: ValidForm) -> Result<FlowStep, IntegrationError> {
            (**self).submit(view, form).await
        }

        async fn start(&self, view: &StartView) -> Result<StartStep, IntegrationError> {
            (**self).start(view).await
        }
    }

    #[async_trait]
    impl WithdrawalIntegration {
        async fn page(&self, view: &FlowView) -> Result<Page, IntegrationError> {
            (**self).page(view).await
        }

        async fn submit(&self, view: &FlowView, form: ValidForm) -> Result<FlowStep, IntegrationError> {
            (**self).submit(view, form).await
        }

        fn fields(&self) -> &[InfoField] {
            (**self).fields()
        }

        async fn start(&self, view: &StartView) -> Result<StartStep, IntegrationError> {
            (**self).start(view).await
        }
    }

    #[async_trait]
    impl CustomerIntegration {
        fn types(&self) -> &[CustomerType] {
            (**self).types()
        }

        async fn review(&self, view: &CustomerView<'_>) -> Result<Review, IntegrationError> {
            (**self).review(view).await
        }

        async fn send_code(&self, code: CodeToSend<'_>) -> Result<(), IntegrationError> {
            (**self).send_code(code).await
        }

        async fn check_file(&self, content: &[u8]) -> Result<FileVerdict, IntegrationError> {
            (**self).check_file(content).await
        }

        async fn erase(&self, customer: CustomerId) -> Result<(), IntegrationError> {
            (**self).erase(customer).await
        }
    }

    #[async_trait]
    impl QuoteIntegration {
        async fn price(&self, question: &PriceQuestion) -> Result<PriceAnswer, IntegrationError> {
            (**self).price(question).await
        }

        async fn admit(&self, user: &Subject) -> Result<Admission, IntegrationError> {
            (**self).admit(user).await
        }
    }

    impl FeeIntegration {
        fn fee(&self, input: &FeeInput<'_>) -> Result<FeeBreakdown, FeeError> {
            (**self).fee(input)
        }
    }

    #[async_trait]
    impl ReceiverIntegration {
        async fn accept(&self, view: &ReceiveView) -> Result<ReceiveOutcome, IntegrationError> {
            (**self).accept(view).await
        }

        async fn update(
            &self,
            view: &ReceiveView,
            fields: &BTreeMap<String, String>,
        ) -> Result<UpdateOutcome, IntegrationError> {
            (**self).update(view, fields).await
        }
    }

    #[async_trait]
    impl CustodyIntegration {
        async fn hand_over(&self, order: &CustodyOrder) -> Result<CustodyOutcome, IntegrationError> {
            (**self).hand_over(order).await
        }

        async fn find(&self, order: &CustodyOrder) -> Result<CustodyOutcome, IntegrationError> {
            (**self).find(order).await
        }
    }

    impl TomlIntegration {
        fn amend(&self, document: &mut toml::Table) {
            (**self).amend(document);
        }
    }

    #[async_trait]
    impl TrustIntegration {
        async fn may_hold(&self, request: &TrustRequest) -> Result<TrustOutcome, IntegrationError> {
            (**self).may_hold(request).await
        }
    }

    #[async_trait]
    impl EventSink {
        async fn deliver(&self, event: &Event) -> Result<(), IntegrationError> {
            (**self).deliver(event).await
        }
    }

    impl TransactionDocuments {
        fn document(&self, transaction: &Transaction) -> serde_json::Value {
            (**self).document(transaction)
        }

        fn customer(&self, answer: &Answer) -> serde_json::Value {
            (**self).customer(answer)
        }
    }

    #[async_trait]
    impl Signer {
        fn accounts(&self) -> Vec<AccountId> {
            (**self).accounts()
        }

        async fn sign(&self, request: &SigningRequest) -> Result<SigningOutcome, IntegrationError> {
            (**self).sign(request).await
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HANDED_ON: &str = include_str!("shared.rs");

    const TRAITS: [(&str, &str); 13] = [
        ("RailsIntegration", include_str!("rails.rs")),
        ("DepositIntegration", include_str!("deposit.rs")),
        ("WithdrawalIntegration", include_str!("withdrawal.rs")),
        ("CustomerIntegration", include_str!("customer.rs")),
        ("QuoteIntegration", include_str!("quote.rs")),
        ("FeeIntegration", include_str!("fee.rs")),
        ("ReceiverIntegration", include_str!("receiver.rs")),
        ("CustodyIntegration", include_str!("custody.rs")),
        ("TomlIntegration", include_str!("toml.rs")),
        ("TrustIntegration", include_str!("trust.rs")),
        ("EventSink", include_str!("events.rs")),
        ("TransactionDocuments", include_str!("documents.rs")),
        ("Signer", include_str!("signer.rs")),
    ];

    /// Names of the methods between this head and the brace that closes it, which stands `indent` to the right.
    fn methods(source: &str, head: &str, indent: &str) -> Vec<String> {
        let (_, body) = source.split_once(head).unwrap();
        let (body, _) = body.split_once(&format!("\n{indent}}}")).unwrap();
        let heads = body.lines().filter_map(|line| {
            let line = line.strip_prefix(indent)?.strip_prefix("    ")?;
            line.strip_prefix("async ").unwrap_or(line).strip_prefix("fn ")
        });
        heads.map(|head| head.split('(').next().unwrap().to_owned()).collect()
    }

    #[test]
    fn no_method_is_forgotten_where_one_has_a_default() {
        for (name, source) in TRAITS {
            let declared = methods(source, &format!("\npub trait {name}: Send + Sync {{"), "");
            assert!(!declared.is_empty(), "{name}");
            assert_eq!(methods(HANDED_ON, &format!("\n    impl {name} {{"), "    "), declared, "{name}");
        }
    }

    #[test]
    fn what_is_shared_and_what_is_boxed_is_an_integration() {
        struct Asking([InfoField; 1]);
        #[async_trait]
        impl WithdrawalIntegration for Asking {
            fn fields(&self) -> &[InfoField] {
                &self.0
            }
        }
        fn fields(of: &impl WithdrawalIntegration) -> usize {
            of.fields().len()
        }
        let shared = Arc::new(Asking([InfoField::new("dest", "where the money goes")]));
        let boxed: Box<dyn WithdrawalIntegration> = Box::new(Arc::clone(&shared));
        assert_eq!((fields(&shared), fields(&boxed)), (1, 1));
    }
}
