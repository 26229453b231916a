//! Some hundred seeds of the simulation, and that it finds what is planted. More: `--bin sim -- --seeds 10000`.

use anchor_tests::sim::{Bug, Report, Settings, run};

fn story(seed: u64, bug: Option<Bug>) -> Report {
    run(Settings { seed, bug, trace: false }).unwrap_or_else(|error| panic!("seed {seed}: {error:?}"))
}

/// Half of them each, so that two processors are busy.
fn are_all_well(seeds: impl Iterator<Item = u64>) {
    let (mut calls, mut deaths) = (0, 0);
    for seed in seeds {
        let report = story(seed, None);
        assert!(
            report.violations.is_empty(),
            "look at it with `--bin sim -- --seed {seed} --trace`\n{report}"
        );
        (calls, deaths) = (calls + report.calls, deaths + report.deaths);
    }
    assert!(calls > 50_000 && deaths > 100, "a storm in a teacup: {calls} calls, {deaths} deaths");
}

#[test]
fn even_seeds_end_well() {
    are_all_well((0..200).step_by(2));
}

#[test]
fn odd_seeds_end_well() {
    are_all_well((1..200).step_by(2));
}

#[test]
fn same_seed_tells_the_same_story() {
    for seed in [7, 8, 9] {
        let (one, other) = (story(seed, None), story(seed, None));
        assert_eq!((one.digest, one.calls), (other.digest, other.calls), "seed {seed}");
    }
    assert_ne!(story(7, None).digest, story(8, None).digest);
}

/// A tenth of all stories.
fn with_a_custodian() -> impl Iterator<Item = u64> {
    (0_u64..).filter(|seed| Settings { seed: *seed, bug: None, trace: false }.has_custodian())
}

#[test]
fn stories_of_a_custodian_end_well() {
    are_all_well(with_a_custodian().skip_while(|seed| *seed < 200).take(60));
}

#[test]
fn custodian_who_is_asked_under_another_key_instead_of_about_the_first_pays_twice() {
    let violations = with_a_custodian().take(100).map(|seed| story(seed, Some(Bug::AnotherKey)).violations);
    let found = violations.flatten().find(|what| what.starts_with("paid twice"));
    assert!(found.is_some(), "nobody was paid twice");
}

#[test]
fn every_planted_bug_is_found() {
    for bug in Bug::ALL {
        let found = (0..1000).find(|seed| !story(*seed, Some(bug)).violations.is_empty());
        assert!(found.is_some(), "{bug} was not found");
    }
}
