//! A business that decides on requests by API as a test tells it to.

use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;

use crate::integration::form::Agreement;
use crate::integration::{
    DepositIntegration, IntegrationError, StartStep, StartView, WithdrawalIntegration, start_step,
};

/// Says the same to every request until it is told to say something else. At first it agrees to everything: deposits go to
/// bank account `4711`, withdrawals to an account that ends with `678`.
#[derive(Debug, Clone, Default)]
pub struct ScriptedTerms(Arc<Mutex<Script>>);

#[derive(Debug, Default)]
struct Script {
    answer: Option<Result<StartStep, &'static str>>,
    asked: Vec<StartView>,
}

impl ScriptedTerms {
    /// From now on.
    pub fn say(&self, step: StartStep) {
        self.script(|script| script.answer = Some(Ok(step)));
    }

    /// From now on nobody knows.
    pub fn fail(&self) {
        self.script(|script| script.answer = Some(Err("nobody is at the desk")));
    }

    /// From now on as at first.
    pub fn agree(&self) {
        self.script(|script| script.answer = None);
    }

    /// Every question so far.
    pub fn asked(&self) -> Vec<StartView> {
        self.script(|script| script.asked.clone())
    }

    fn script<T>(&self, look: impl FnOnce(&mut Script) -> T) -> T {
        look(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn answer(
        &self,
        view: &StartView,
        more: impl FnOnce(Agreement) -> Agreement,
    ) -> Result<StartStep, IntegrationError> {
        let told = self.script(|script| {
            script.asked.push(view.clone());
            script.answer.clone()
        });
        match told {
            Some(answer) => answer.map_err(IntegrationError::transient),
            None => Ok(match start_step(view) {
                StartStep::Agreed(agreement) => StartStep::Agreed(more(agreement)),
                other => other,
            }),
        }
    }
}

#[async_trait]
impl DepositIntegration for ScriptedTerms {
    async fn start(&self, view: &StartView) -> Result<StartStep, IntegrationError> {
        let reference = view.transaction.id.to_string();
        self.answer(view, |agreement| {
            agreement
                .field("bank_account_number", "Account number", "4711")
                .field("external_transfer_memo", "Reference", reference)
                .instruction("Bank", "Test Bank")
        })
    }
}

#[async_trait]
impl WithdrawalIntegration for ScriptedTerms {
    async fn start(&self, view: &StartView) -> Result<StartStep, IntegrationError> {
        self.answer(view, |agreement| agreement.counterpart("***678"))
    }
}
