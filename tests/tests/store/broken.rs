//! The rules find what is broken.

use anchor_core::store::Store;
use anchor_core::testing::store::broken::{Broken, Defect};
use anchor_core::testing::store::{
    attempts, changes, claims, customers, history, outbox, payments, quotes, requests, sessions, signings,
    suspense, transactions,
};

use super::sqlite::fresh;

/// Runs one rule on a broken store, on a task of its own, because it has to panic.
macro_rules! found_by {
    ($defect:expr, $rule:path) => {{
        let fresh = fresh().await.expect("SQLite is always there");
        let fresh = fresh.wrapped(|store| Broken::new(store, $defect));
        let ended = tokio::spawn(async move {
            let store: &dyn Store = fresh.store();
            $rule(store).await
        });
        ended.await.is_err_and(|error| error.is_panic())
    }};
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_defect_of_a_store_is_found_by_a_rule() {
    for defect in Defect::ALL {
        let found = match defect {
            Defect::SharedClaims => found_by!(defect, claims::claims_never_share_a_transaction),
            Defect::SharedNews => found_by!(defect, outbox::news_is_delivered_in_order),
            Defect::LostUpdates => found_by!(defect, changes::peer_lost_update_is_refused),
            Defect::SharedMemos => found_by!(defect, changes::peer_r_me_006_memo_collision_is_refused),
            Defect::SharedReceipts => {
                found_by!(defect, changes::receipt_of_the_rails_funds_one_transaction)
            }
            Defect::SharedSources => {
                found_by!(defect, changes::second_open_attempt_of_a_source_account_is_refused)
            }
            Defect::UnfencedReaders => found_by!(defect, payments::stale_reader_is_fenced),
            Defect::DroppedSuspense => {
                found_by!(defect, payments::peer_second_payment_with_the_same_memo_is_kept)
            }
            Defect::TwinRequests => found_by!(defect, requests::request_that_comes_again_begins_nothing),
            Defect::ReplayableChallenges => found_by!(defect, sessions::challenge_is_used_once),
            Defect::OpenTransactions => {
                found_by!(defect, transactions::transaction_is_found_by_its_user_only)
            }
            Defect::ForgottenAnomalies => found_by!(defect, history::history_is_in_order_with_anomalies),
            Defect::TornGroups => found_by!(defect, attempts::group_is_written_whole_or_not_at_all),
            Defect::SharedAttempts => found_by!(defect, attempts::claims_never_share_an_attempt),
            Defect::SharedChannels => found_by!(defect, attempts::channels_are_claimed_once),
            Defect::SharedPayments => found_by!(defect, suspense::payment_leaves_suspense_once),
            Defect::SharedSignings => found_by!(defect, signings::claims_never_share_a_signing),
            Defect::LateSignatures => {
                found_by!(defect, signings::signatures_for_a_closed_attempt_are_thrown_away)
            }
            Defect::ReusableQuotes => found_by!(defect, quotes::quote_is_used_once),
            Defect::BoundlessPromises => found_by!(defect, quotes::limits_of_promises_are_kept),
            Defect::CarelessCustomers => found_by!(defect, customers::owner_is_registered_once),
            Defect::SharedCallbacks => found_by!(defect, customers::claims_never_share_a_callback),
            Defect::EndlessTries => found_by!(defect, customers::code_is_tried_so_often_and_used_once),
            other => panic!("no rule is known to find {other:?}"),
        };
        assert!(found, "{defect:?} was not found");
    }
}
