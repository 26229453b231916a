use chrono::{TimeDelta, TimeZone};
use proptest::prelude::*;

use super::*;

fn at(text: &str) -> DateTime<Utc> {
    parse_utc(text).expect("a time")
}

#[test]
fn r_24_098_the_printed_precision_is_the_compared_precision() {
    let clock = ManualClock::new(Utc.timestamp_opt(1_800_000_000, 123_456_789).single().expect("a time"));
    assert_eq!(format_utc(clock.now()), "2027-01-15T08:00:00.123456Z");
    assert_eq!(parse_utc(&format_utc(clock.now())), Ok(clock.now()));
    let now = SystemClock.now();
    assert_eq!(parse_utc(&format_utc(now)), Ok(now));
}

#[test]
fn r_24_098_times_end_in_z_and_always_show_six_decimals() {
    assert_eq!(format_utc(at("2026-01-31T12:00:00Z")), "2026-01-31T12:00:00.000000Z");
    assert_eq!(format_utc(at("2026-01-31T12:00:00.5+02:30")), "2026-01-31T09:30:00.500000Z");
}

#[test]
fn decimals_beyond_microseconds_are_cut_when_read() {
    assert_eq!(at("2026-01-31T12:00:00.123456999Z"), at("2026-01-31T12:00:00.123456Z"));
}

#[test]
fn texts_that_are_no_time_are_refused() {
    for text in [
        "",
        "now",
        "2026-01-31",
        "2026-01-31T12:00:00",
        "2026-02-30T12:00:00Z",
        "1800000000",
        "2026-01-31T25:00:00Z",
    ] {
        assert_eq!(parse_utc(text), Err(TimeError), "{text}");
    }
}

#[test]
fn a_manual_clock_moves_only_when_told() {
    let clock = ManualClock::new(at("2026-01-01T00:00:00Z"));
    let shared = clock.clone();
    clock.advance(Duration::from_millis(1500));
    assert_eq!(shared.now(), at("2026-01-01T00:00:01.5Z"));
    shared.set(at("2025-01-01T00:00:00Z"));
    assert_eq!(clock.now(), at("2025-01-01T00:00:00Z"));
}

#[test]
fn a_told_clock_runs_from_what_it_was_told_whatever_this_machine_shows() {
    let long_ago = at("2001-01-01T00:00:00Z");
    let clock = ToldClock::new(long_ago);
    let passed = clock.now() - long_ago;
    assert!((TimeDelta::zero()..TimeDelta::minutes(5)).contains(&passed), "{passed}");
    clock.set(clock.now() - TimeDelta::milliseconds(20));
    assert!(clock.now() - long_ago >= passed, "a slow answer turns no clock back");
    clock.set(at("1999-01-01T00:00:00Z"));
    assert!(clock.now() < at("1999-01-01T00:05:00Z"));
}

#[test]
fn a_manual_clock_stops_at_the_end_of_time() {
    let clock = ManualClock::new(at("2026-01-01T00:00:00Z"));
    clock.advance(Duration::MAX);
    clock.advance(Duration::from_secs(1));
    assert_eq!(clock.now(), DateTime::<Utc>::MAX_UTC.trunc_subsecs(6));
}

proptest! {
    #[test]
    fn printed_times_parse_to_the_same_time_and_sort_like_it(
        a in 0_i64..253_402_300_800_000_000, b in 0_i64..253_402_300_800_000_000,
    ) {
        let time = |micros| Utc.timestamp_micros(micros).single().expect("a time");
        let (a, b) = (time(a), time(b));
        prop_assert_eq!(parse_utc(&format_utc(a)), Ok(a));
        prop_assert_eq!(format_utc(a).cmp(&format_utc(b)), a.cmp(&b));
    }
}
