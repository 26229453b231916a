//! The rules that every [`Store`] has to keep, to be run against your own.
//!
//! Each rule is an async function that panics where the rule is broken. [`store_conformance!`](crate::store_conformance)
//! stamps all of them as tests:
//!
//! ```
//! # mod example {
//! use anchor_core::testing::store::Fresh;
//!
//! async fn fresh() -> Option<Fresh> {
//!     let folder = tempfile::tempdir().ok()?;
//!     let url = format!("sqlite://{}", folder.path().join("anchor.sqlite3").display());
//!     let store = anchor_core::store::diesel::DieselStore::open(&url).ok()?;
//!     store.migrate().await.ok()?;
//!     Some(Fresh::new(store, folder))
//! }
//!
//! anchor_core::store_conformance!(fresh);
//! # }
//! ```
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a rule panics where it is broken")]

use std::any::Any;
use std::fmt;

use crate::store::Store;

pub mod answers;
pub mod attempts;
pub mod begin;
mod bench;
pub mod broken;
pub mod changes;
pub mod claims;
pub mod custody;
pub mod customers;
pub mod documents;
pub mod history;
pub mod memory;
pub mod outbox;
pub mod payments;
pub mod quotes;
pub mod requests;
pub mod sessions;
pub mod set_asides;
pub mod signings;
pub mod suspense;
pub mod transactions;
pub mod watches;

/// A store with an empty, migrated database, and whatever has to live as long.
pub struct Fresh {
    store: Box<dyn Store>,
    _keep: Box<dyn Any + Send + Sync>,
}

impl Fresh {
    /// `keep` is dropped after the store: a temporary folder, for example.
    pub fn new(store: impl Store + 'static, keep: impl Any + Send + Sync) -> Self {
        Self { store: Box::new(store), _keep: Box::new(keep) }
    }

    /// The store.
    pub fn store(&self) -> &dyn Store {
        &*self.store
    }

    /// The same database behind a wrapper.
    #[must_use]
    pub fn wrapped<W: Store + 'static>(self, wrap: impl FnOnce(Box<dyn Store>) -> W) -> Self {
        Self { store: Box::new(wrap(self.store)), _keep: self._keep }
    }
}

impl fmt::Debug for Fresh {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Fresh").field(&self.store).finish()
    }
}

/// Stamps every rule of [`testing::store`](crate::testing::store) as a test of its own.
///
/// `$fresh` is an `async fn() -> Option<Fresh>`: a new, empty, migrated store for each test, or `None` where there
/// is no database to test on.
#[macro_export]
macro_rules! store_conformance {
    ($fresh:path) => {
        $crate::store_conformance! { @ $fresh;
            answers::answers_are_replaced
            answers::last_answers_come_with_the_terms
            answers::answers_go_with_their_user_and_not_before_the_end
            answers::answers_go_with_the_customer_that_they_name
            answers::answers_are_sealed_anew
            begin::transaction_begins_with_what_was_decided_at_once
            begin::transaction_that_may_not_begin_leaves_nothing_behind
            begin::of_many_that_begin_at_once_one_uses_the_quote
            attempts::envelope_pays_for_several_transactions
            attempts::group_is_written_whole_or_not_at_all
            attempts::groups_do_not_depend_on_each_other
            attempts::many_changes_are_written_at_once
            attempts::many_changes_end_each_group_for_itself
            attempts::attempt_is_closed_with_all_its_transactions
            attempts::claims_never_share_an_attempt
            attempts::released_attempt_is_due_when_told
            attempts::wrapping_is_kept_with_its_attempt
            attempts::void_attempts_are_listed_by_transaction
            attempts::void_attempt_is_known_to_be_superseded
            attempts::attempt_without_transactions_is_opened_and_closed
            attempts::channels_are_claimed_once
            attempts::stand_in_is_claimed_by_name_beside_a_pool
            attempts::channel_is_busy_while_its_attempt_is_open
            attempts::number_of_a_failed_envelope_is_known_to_be_used
            attempts::channel_that_is_gone_has_no_number
            attempts::number_of_a_stand_in_is_not_remembered
            changes::applied_change_is_there_with_all_that_belongs_to_it
            changes::peer_lost_update_is_refused
            changes::of_two_writers_at_once_one_is_stale
            changes::second_open_attempt_of_a_transaction_is_refused
            changes::second_open_attempt_of_a_source_account_is_refused
            changes::source_account_is_free_again_after_its_attempt
            changes::of_two_attempts_at_once_on_a_source_account_one_is_busy
            changes::peer_r_me_006_memo_collision_is_refused
            changes::memo_of_an_ended_transaction_is_never_given_again
            changes::receipt_of_the_rails_funds_one_transaction
            changes::of_two_transactions_at_once_one_gets_the_receipt
            changes::order_follows_its_reports
            changes::change_whose_effect_is_impossible_leaves_nothing_behind
            changes::refused_change_leaves_nothing_behind
            changes::hash_of_an_envelope_is_stored_once
            claims::due_transactions_are_claimed_oldest_first
            claims::claims_never_share_a_transaction
            claims::lapsed_lease_is_claimed_again_with_a_higher_token
            claims::released_transaction_is_due_when_told
            claims::lost_lease_releases_nothing
            claims::change_ends_the_lease_unless_it_is_kept
            claims::claim_takes_no_more_than_asked
            claims::overdue_transactions_are_claimed_while_they_can_expire
            claims::overdue_transaction_that_was_given_back_is_claimed_again_when_it_is_due
            claims::states_nobody_works_on_are_in_no_queue
            custody::order_to_the_custodian_is_kept_with_its_end
            custody::one_operation_stands_for_one_order
            custody::disputed_order_stays_open_and_is_closed_once
            customers::customer_is_what_was_put
            customers::owner_is_registered_once
            customers::of_many_registrations_at_once_one_is_written
            customers::acceptance_ends_with_a_change_and_rejection_does_not
            customers::refused_field_comes_again
            customers::erased_customer_leaves_nothing_behind
            customers::file_belongs_to_whom_it_was_sent_for
            customers::file_that_is_replaced_is_deleted
            customers::files_that_wait_are_limited_and_end
            customers::code_is_tried_so_often_and_used_once
            customers::codes_are_limited_by_field_and_by_address
            customers::request_that_is_refused_leaves_nothing_behind
            customers::claims_never_share_a_callback
            customers::callback_that_is_replaced_or_due_anew_is_not_ended_by_an_old_claim
            customers::everything_sealed_is_found_and_sealed_anew
            customers::customers_are_listed_newest_first
            documents::store_answers
            documents::asset_is_replaced_under_its_identifier
            documents::callbacks_take_the_place_of_others
            documents::whoever_uses_an_account_first_decides_how
            documents::of_many_first_users_at_once_one_decides
            documents::latest_heartbeat_of_each_job_stays
            history::history_is_in_order_with_anomalies
            history::same_anomaly_is_kept_once
            history::anomalies_at_once_are_kept_once
            outbox::news_is_delivered_in_order
            outbox::news_is_claimed_once
            outbox::deferred_news_keeps_its_progress
            outbox::late_acknowledgement_has_no_effect
            outbox::marked_news_keeps_lease_and_mark
            outbox::news_of_one_transaction_does_not_wait_for_another
            payments::peer_second_payment_with_the_same_memo_is_kept
            payments::peer_two_operations_of_one_transaction_are_two_payments
            payments::known_movement_is_skipped_with_its_change
            payments::movements_changes_and_cursor_are_one_commit
            payments::stale_reader_is_fenced
            payments::cursor_is_compared_before_it_is_moved
            payments::two_movements_match_two_transactions
            payments::unreadable_record_is_kept_once
            payments::suspense_is_listed_newest_first
            payments::every_kind_of_memo_and_account_is_kept_exactly
            quotes::stored_quote_is_what_was_given
            quotes::promise_is_in_reserve_until_its_end
            quotes::ended_quotes_are_listed_in_the_order_of_their_ends
            quotes::limits_of_promises_are_kept
            quotes::limits_hold_under_concurrency
            quotes::quote_is_used_once
            quotes::quote_of_an_account_that_is_used_otherwise_stays_unused
            quotes::quote_is_used_once_under_concurrency
            quotes::ended_quote_is_not_used
            quotes::released_quote_is_not_used
            requests::request_that_comes_again_begins_nothing
            requests::one_request_begins_under_concurrency
            requests::request_that_came_to_nothing_is_not_known
            requests::request_with_a_quote_is_known_after_the_quote
            sessions::url_token_opens_one_session
            sessions::session_opens_with_its_callbacks
            sessions::session_keeps_callbacks_that_are_known
            sessions::url_token_opens_one_session_under_concurrency
            sessions::url_token_ends
            sessions::session_ends
            sessions::challenge_is_used_once
            sessions::challenge_is_used_once_under_concurrency
            sessions::replay_among_many_log_ins_is_refused
            sessions::log_in_that_is_given_up_holds_up_nobody
            sessions::what_has_ended_is_deleted
            set_asides::balance_is_there_once_its_attempt_is_applied
            set_asides::nothing_else_has_a_record
            set_asides::balance_is_claimed_when_it_may_be_taken_back
            set_asides::one_attempt_at_a_time_takes_a_balance_back
            set_asides::balance_that_is_gone_is_closed_once
            set_asides::what_came_back_is_written_with_the_cursor
            signings::unsigned_envelope_is_kept_apart_until_it_is_signed
            signings::signed_attempt_is_due_at_once
            signings::claims_never_share_a_signing
            signings::released_signing_is_due_when_told
            signings::signatures_under_a_lost_lease_are_dropped
            signings::signatures_for_a_closed_attempt_are_thrown_away
            signings::refusal_is_kept_and_nobody_is_asked_again
            signings::wrapping_is_signed_elsewhere_too
            signings::attempt_without_transactions_may_wait_for_signatures
            suspense::returned_payment_leaves_suspense_with_its_transaction
            suspense::payment_leaves_suspense_once
            suspense::of_two_decisions_at_once_one_is_written
            suspense::stale_credit_leaves_the_payment_in_suspense
            suspense::credited_payment_is_not_settled_again
            suspense::payment_may_go_back_from_the_commit_in_which_it_is_recorded
            suspense::returning_transaction_is_of_no_protocol
            suspense::suspense_is_listed_by_reason
            suspense::suspense_is_counted_by_reason
            transactions::stored_transaction_is_what_was_given
            transactions::transaction_is_found_by_its_user_only
            transactions::all_given_references_have_to_fit
            transactions::list_pages_through_equal_times
            transactions::list_is_filtered
            transactions::list_is_filtered_by_state_and_by_foreign_names
            transactions::list_has_a_cap
            transactions::page_after_a_transaction_of_another_user_is_empty
            transactions::transaction_is_found_by_its_memo_in_any_state
            transactions::memo_types_are_told_apart
            transactions::several_memos_are_looked_up_at_once
            transactions::largest_memo_id_is_exact
            transactions::states_are_counted
            transactions::transaction_that_cannot_be_inserted_fails_alone
            watches::watch_has_one_reader
            watches::of_many_readers_at_once_one_gets_the_watch
            watches::same_reader_renews_its_lease
            watches::released_watch_goes_to_the_next_reader
            watches::lapsed_watch_goes_to_the_next_reader
            watches::watch_begins_where_it_was_first_told_to
            watches::forgotten_watch_begins_anew
        }
    };
    (@ $fresh:path; $($module:ident :: $rule:ident)+) => {
        $(
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $rule() {
                if let Some(fresh) = $fresh().await {
                    $crate::testing::store::$module::$rule(fresh.store()).await;
                }
            }
        )+
    };
}
