//! Balances that were set aside and may be taken back.

use chrono::DateTime;
use serde_json::{Value, json};

use crate::cli::CliError;
use crate::cli::output::{Format, say};
use crate::clock::format_utc;
use crate::store::SetAside;

pub(super) fn print(one: &SetAside, format: Format) -> Result<(), CliError> {
    if format.json { say(as_json(one)) } else { say(line(one)) }
}

fn as_json(one: &SetAside) -> Value {
    json!({
        "id": one.balance,
        "amount": one.amount.to_string(),
        "asset": one.asset.to_string(),
        "transaction": one.transaction.to_string(),
        "state": one.state.as_str(),
        "claimant": one.by.to_string(),
        "from": from(one),
        "attempt": one.attempt.map(|last| json!({"id": last.id.to_string(), "status": last.status.as_str()})),
    })
}

/// When it may be taken back.
fn from(one: &SetAside) -> Option<String> {
    let from = i64::try_from(one.from).ok()?;
    DateTime::from_timestamp(from, 0).map(|from| format_utc(from).to_string())
}

fn line(one: &SetAside) -> String {
    let from = from(one).unwrap_or_default();
    let attempt = one.attempt.map(|last| format!("  attempt {} {}", last.id, last.status.as_str()));
    format!(
        "{}  {} {}  for {}  {}  by {} from {from}{}",
        one.balance,
        one.amount,
        one.asset,
        one.transaction,
        one.state.as_str(),
        one.by,
        attempt.unwrap_or_default(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::{AttemptId, TransactionId};
    use crate::store::{LastReclaim, SetAsideState};
    use crate::testing::fakes::samples;
    use crate::transaction::AttemptStatus;

    #[test]
    fn line_of_a_balance_says_whose_it_is_and_what_became_of_it() {
        let id = uuid::Uuid::nil();
        let last = LastReclaim {
            id: AttemptId::new(id),
            status: AttemptStatus::Void,
            max_time: 1_767_225_600,
            ledger: Some(7),
        };
        let mut one = SetAside {
            balance: "00".repeat(36),
            transaction: TransactionId::new(id),
            by: samples::distribution().account(),
            asset: samples::token(),
            amount: "9.75".parse().unwrap(),
            from: 1_767_225_600,
            ledger: 5,
            state: SetAsideState::Open,
            attempt: None,
        };
        let (balance, token, account) =
            ("00".repeat(36), samples::token(), samples::distribution().account());
        let begins =
            format!("{balance}  9.75 {token}  for {id}  open  by {account} from 2026-01-01T00:00:00");
        assert!(line(&one).starts_with(&begins), "{}", line(&one));
        (one.state, one.attempt) = (SetAsideState::Claimed, Some(last));
        let said = line(&one);
        assert!(said.contains("  claimed  ") && said.ends_with(&format!("  attempt {id} void")), "{said}");
    }
}
