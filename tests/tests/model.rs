//! Every interleaving of the protocol of attempts, and that each of its rules is needed.

use anchor_tests::model::{Demand, Rules, explore};

#[test]
fn in_no_interleaving_is_anything_delivered_twice_or_left_lying() {
    let explored = explore(Rules::ALL, Demand::Everything);
    assert_eq!(explored.violation, None);
    assert!(explored.states > 100_000, "only {} states", explored.states);
}

fn goes_wrong(rules: Rules) -> bool {
    explore(rules, Demand::Everything).violation.is_some()
}

#[test]
fn without_a_time_bound_it_goes_wrong() {
    assert!(goes_wrong(Rules { bounded: false, ..Rules::ALL }));
}

#[test]
fn with_the_look_up_before_the_question_how_far_it_goes_wrong() {
    assert!(goes_wrong(Rules { latest_first: false, ..Rules::ALL }));
}

#[test]
fn with_an_envelope_that_is_sent_before_it_is_stored_it_goes_wrong() {
    assert!(goes_wrong(Rules { stored_first: false, ..Rules::ALL }));
}

#[test]
fn without_the_agreement_of_the_sequence_number_it_goes_wrong() {
    assert!(goes_wrong(Rules { sequence_agrees: false, ..Rules::ALL }));
}

#[test]
fn with_a_fee_bump_that_hides_its_envelope_it_goes_wrong() {
    assert!(goes_wrong(Rules { found_inside: false, ..Rules::ALL }));
}

#[test]
fn without_versions_it_goes_wrong() {
    assert!(goes_wrong(Rules { versioned: false, ..Rules::ALL }));
}

#[test]
fn looking_again_stops_the_second_payment_where_the_first_was_given_up_wrongly() {
    let hasty = Rules { sequence_agrees: false, ..Rules::ALL };
    let careless = Rules { looked_for_again: false, ..hasty };
    assert_eq!(explore(hasty, Demand::NothingTwice).violation, None);
    assert!(explore(careless, Demand::NothingTwice).violation.is_some());
}
