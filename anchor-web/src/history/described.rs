//! What is asked of the history, the same for SEP-6 and SEP-24.

use crate::error::SepError;
use crate::openapi::{Operation, shapes};

pub(crate) fn asks_for_one(operation: Operation) -> Operation {
    operation
        .about("One of the user's transactions: one of the three ids is needed")
        .may::<shapes::Id>("id", "The anchor's id")
        .may::<shapes::Hash>("stellar_transaction_id", "A hash on the ledger")
        .may::<String>("external_transaction_id", "An id outside the ledger")
        .may::<String>("lang", "Not looked at")
        .refuses(&SepError::not_found(""))
}

pub(crate) fn asks_for_list(operation: Operation, codes: Vec<String>) -> Operation {
    operation
        .about("The user's transactions")
        .has_to_be("asset_code", codes, "The asset on the ledger")
        .may::<shapes::Time>("no_older_than", "Begun then or later")
        .may::<shapes::Limit>("limit", "At most so many, and never more than 200")
        .may::<shapes::Id>("paging_id", "Those before this one")
        .may::<String>("lang", "Not looked at")
}
