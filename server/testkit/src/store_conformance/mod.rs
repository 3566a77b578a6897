//! What every store has to do, as cases that any implementation of the store port runs.
//!
//! A room runs them by implementing [`Database`] and writing `store_conformance!(crate::fresh);`
//! in a test file, where `fresh` is an `async fn` that makes a database nobody else uses. Each case
//! becomes a test of its own.

mod attempts;
mod audit;
mod batches;
mod chats;
mod contacts;
mod deliveries;
mod early;
mod events;
mod failures;
mod fixtures;
mod idempotency;
mod keys;
mod labels;
mod leases;
mod messages;
mod messages_changed;
mod reactions;
mod rules;
mod search;
mod sessions;
mod statistics;
mod syncs;
mod templates;
mod units;
mod vault;
mod webhooks;

use std::sync::Arc;

use async_trait::async_trait;
use openwa_model::store::Store;

/// One database, empty at first.
#[async_trait]
pub trait Database: Send + Sync {
    /// Opens it; a second time, too, while the first is open or after it was let go.
    async fn open(&self) -> Arc<dyn Store>;
}

macro_rules! cases {
    ($($group:ident: $($case:ident)+;)*) => {
        /// Runs one case, by its group and name, on an empty database.
        pub async fn run(case: &str, database: &dyn Database) {
            match case {
                $($(concat!(stringify!($group), "::", stringify!($case)) => $group::$case(database).await,)+)*
                _ => panic!("there is no case {case}"),
            }
        }

        /// Makes each case of the store's suite a test. Takes the path of an `async fn() -> impl Database`.
        #[macro_export]
        macro_rules! store_conformance {
            ($fresh:path) => {
                $(mod $group {$(
                    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                    async fn $case() {
                        let database = $fresh().await;
                        let case = concat!(stringify!($group), "::", stringify!($case));
                        openwa_testkit::store_conformance::run(case, &database).await;
                    }
                )+})*
            };
        }
    };
}

cases! {
    units:
        a_committed_unit_survives_reopening
        a_dropped_unit_leaves_nothing
        a_unit_reads_what_it_wrote_and_others_do_not
        a_dropped_unit_between_kept_ones_is_undone_alone
        many_units_at_once_all_land
        units_follow_one_another
        whoever_gives_up_waiting_blocks_nobody
        a_unit_dropped_in_the_middle_of_anything_blocks_nobody
        an_abandoned_commit_blocks_nobody
        a_kept_view_blocks_nobody
        the_database_answers;
    sessions:
        one_comes_back_as_it_was_stored
        a_taken_name_is_a_conflict_and_the_unit_goes_on
        saving_replaces_all_but_lease_and_log
        renaming_to_a_taken_name_is_a_conflict
        what_is_not_there_is_said_not_to_be
        they_are_listed_newest_first_by_filter_and_page
        those_wanted_come_oldest_first
        deletion_takes_all_that_is_its_own;
    leases:
        only_one_holder_at_a_time
        a_lease_that_ran_out_is_taken_over
        an_older_number_is_refused
        renewal_prolongs_all_of_an_owner
        a_lease_is_given_back_only_by_its_holder;
    chats:
        a_message_makes_and_moves_its_chat
        an_older_message_only_counts
        a_name_is_set_and_stays
        unread_is_set_where_there_is_a_chat
        a_mark_makes_the_chat_or_changes_that_alone
        clearing_takes_what_was_sent_until_then
        a_deleted_chat_is_gone
        the_newest_come_first;
    labels:
        one_is_made_changed_and_deleted
        a_chat_carries_its_labels
        labels_belong_to_sessions;
    contacts:
        one_person_is_found_by_both_ids
        what_is_not_said_stays
        two_that_are_one_person_become_one
        a_hidden_id_may_move_to_another_number
        a_hidden_chat_moves_to_the_number
        a_message_kept_under_both_ids_is_kept_once
        people_are_listed_by_id
        a_name_of_the_address_book_is_forgotten
        who_is_blocked_is_kept
        a_merge_says_what_moved
        what_a_person_confirmed_in_groups_counts_once
        many_people_are_found_at_once
        sessions_know_different_people;
    messages:
        one_comes_back_as_it_was_stored
        a_duplicate_changes_nothing
        the_same_id_of_another_sender_is_another_message
        they_are_listed_newest_stored_first
        a_page_goes_on_where_the_last_ended
        filters_narrow_list_and_count
        pending_ones_come_oldest_first
        statuses_expire_wherever_they_are
        unread_ones_are_marked
        known_ones_are_told_from_unknown_ones
        one_of_the_past_counts_as_read_until_it_comes_by_itself
        another_session_sees_none_of_it;
    messages_changed:
        a_status_never_goes_back
        sent_and_beyond_drop_what_was_to_be_sent
        only_own_messages_advance_and_in_order
        a_receipt_counts_once
        everybody_has_to_confirm
        the_servers_time_is_taken_over
        an_edit_replaces_the_text_unless_a_newer_one_did
        revoking_empties_and_answers_what_was
        deletion_takes_what_hangs_on_it
        a_file_is_noted_unless_the_message_was_revoked
        what_people_answer_is_kept_unless_the_message_was_revoked;
    early:
        it_is_taken_once_and_in_order
        the_same_said_twice_is_held_once
        beyond_the_bound_the_oldest_of_a_kind_go
        what_is_old_is_forgotten
        old_reactions_are_found_and_taken
        it_moves_with_its_chat;
    reactions:
        one_person_has_one_per_message
        an_older_one_changes_nothing
        one_taken_back_is_not_revived_by_an_older_one;
    templates:
        one_comes_back_as_it_was_stored
        a_taken_name_is_a_conflict_and_the_unit_goes_on
        renaming_to_a_taken_name_is_a_conflict
        saving_replaces_all_but_session_and_making
        they_are_listed_newest_first_and_counted
        what_is_not_there_is_said_not_to_be
        deletion_of_the_session_takes_them;
    syncs:
        how_it_stands_comes_back_as_it_was_stored
        chats_are_asked_about_in_turn
        a_run_is_counted_and_ended
        links_that_are_up_are_noted
        a_new_link_forgets_all_of_it
        deletion_of_the_session_takes_them;
    batches:
        one_comes_back_as_it_was_stored
        a_taken_name_is_a_conflict_and_the_unit_goes_on
        a_message_begins_once_and_only_while_its_batch_goes_on
        a_message_that_was_not_sent_waits_again
        a_message_ends_once_and_is_counted
        ending_cancels_what_waits_and_leaves_what_is_begun
        due_ones_are_found_by_session_and_time
        old_ones_are_forgotten
        deletion_takes_their_messages;
    rules:
        one_comes_back_as_it_was_stored
        they_are_listed_oldest_first
        saving_replaces_all_but_session_and_making
        the_last_answer_in_a_chat_is_kept
        answers_move_with_their_chat
        old_answers_are_forgotten
        what_is_not_there_is_said_not_to_be
        deletion_takes_their_answers;
    events:
        numbers_are_gapless_from_one
        a_dropped_unit_leaves_no_gap
        concurrent_units_leave_no_gap
        one_comes_back_as_it_was_appended
        a_stretch_of_time_is_found
        kinds_and_limits_narrow_a_log
        positions_are_given_in_order_and_once
        a_busy_log_does_not_starve_another
        the_deployments_log_is_read_by_position
        positions_are_never_given_again;
    webhooks:
        one_comes_back_as_it_was_stored
        saving_replaces_all_but_the_last_attempt
        what_is_not_there_is_said_not_to_be
        they_are_listed_oldest_first
        deletion_takes_its_deliveries
        health_is_noted_and_outlives_a_change;
    deliveries:
        one_comes_back_as_it_was_queued
        one_that_is_not_due_waits
        a_lane_goes_one_after_another
        lanes_do_not_wait_for_one_another
        the_oldest_come_first_whatever_the_order_of_queueing
        the_limit_and_the_cap_per_webhook_hold
        a_slow_webhook_gets_one_at_a_time
        a_lease_that_ran_out_is_claimed_again
        claims_are_given_back
        a_retry_keeps_its_place_in_the_lane
        a_failed_one_lets_the_next_go
        one_per_webhook_and_position
        the_next_due_time_is_known
        concurrent_claims_never_share
        an_attempt_is_noted_on_the_webhook
        a_paused_webhook_gets_none_and_then_one
        one_is_replayed_unless_it_still_waits
        what_waits_for_a_receiver_that_is_gone_is_given_up;
    attempts:
        they_are_listed_newest_first
        only_the_newest_are_kept
        those_of_a_webhook_that_is_gone_are_left_out;
    failures:
        they_are_listed_newest_first
        one_can_be_noted_without_an_attempt
        revived_ones_go_first_in_their_lane
        only_those_with_a_body_are_revived
        they_are_bounded_by_time_and_number;
    keys:
        one_comes_back_as_it_was_stored
        a_taken_hash_is_a_conflict
        saving_replaces_all_but_hash_prefix_and_use
        use_adds_up
        what_is_not_there_is_said_not_to_be;
    idempotency:
        one_comes_back_as_it_was_stored
        an_unexpired_key_is_a_conflict
        an_expired_key_is_free_again
        an_answer_is_kept
        an_answer_may_be_empty
        a_freed_key_is_free
        keys_belong_to_sessions
        keys_belong_to_api_keys_too;
    audit:
        one_comes_back_as_it_was_stored
        filters_narrow_list_and_count
        old_ones_are_forgotten;
    search:
        words_are_found_and_marked
        filters_and_pages_narrow_what_is_found
        what_is_changed_or_gone_is_not_found;
    statistics:
        messages_are_counted_from_several_sides
        an_empty_store_counts_nothing;
    vault:
        what_is_put_comes_back_after_reopening
        a_second_put_replaces
        records_are_found_by_key_and_prefix
        deletions_say_how_many
        old_records_expire_by_stamp
        all_changes_land_or_none
        sessions_and_spaces_do_not_mix
        wiping_leaves_nothing
        many_writers_at_once_all_land;
}
