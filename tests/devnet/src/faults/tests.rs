use super::*;

fn timeouts(faults: &Faults, path: &str) -> bool {
    faults.judge("GET", path).outcome.is_some()
}

#[test]
fn a_counted_fault_is_gone_after_its_count() {
    let faults = Faults::new(0);
    faults.add(FaultRule::new(Fault::ServerError { status: 500 }).times(2));
    let hits: Vec<bool> = (0..4).map(|_| timeouts(&faults, "/ledgers")).collect();
    assert_eq!(hits, [true, true, false, false]);
    assert!(faults.list().is_empty());
}

#[test]
fn a_route_pattern_matches_segment_by_segment() {
    let faults = Faults::new(0);
    faults.add(FaultRule::new(Fault::ServerError { status: 500 }).route("/accounts/*/payments"));
    assert!(timeouts(&faults, "/accounts/GA/payments"));
    assert!(!timeouts(&faults, "/accounts/GA"));
    faults.clear();
    faults.add(FaultRule::new(Fault::ServerError { status: 500 }).route("/accounts/**"));
    assert!(timeouts(&faults, "/accounts") && timeouts(&faults, "/accounts/GA/payments"));
    assert!(!timeouts(&faults, "/ledgers"));
}

#[test]
fn a_method_filter_spares_other_methods() {
    let faults = Faults::new(0);
    faults.add(FaultRule::new(Fault::TimeoutAfter { by: Timeout::Hang }).method("POST"));
    assert!(faults.judge("GET", "/transactions").outcome.is_none());
    assert!(faults.judge("POST", "/transactions").outcome.is_some());
}

#[test]
fn the_same_seed_meets_the_same_faults() {
    let run = |seed| {
        let faults = Faults::new(seed);
        faults.add_chaos(30);
        (0..200).map(|_| faults.judge("GET", "/ledgers").outcome).collect::<Vec<_>>()
    };
    assert_eq!(run(7), run(7));
    assert_ne!(run(7), run(8));
}

#[test]
fn chances_are_met_about_as_often_as_said() {
    let faults = Faults::new(1);
    faults.add(FaultRule::new(Fault::ServerError { status: 500 }).percent(25));
    let hits = (0..4_000).filter(|_| timeouts(&faults, "/")).count();
    assert!((800..1_200).contains(&hits), "{hits}");
}

#[test]
fn delay_and_lag_go_together_with_an_outcome() {
    let faults = Faults::new(0);
    faults.add(FaultRule::new(Fault::Slow { delay_ms: 5 }));
    faults.add(FaultRule::new(Fault::Stale { ledgers: 3 }));
    faults.add(FaultRule::new(Fault::RateLimit { retry_after: 1 }));
    let verdict = faults.judge("GET", "/");
    assert_eq!((verdict.delay, verdict.lag), (Duration::from_millis(5), 3));
    assert_eq!(verdict.outcome, Some(Fault::RateLimit { retry_after: 1 }));
}

#[test]
fn stream_and_ledger_faults_leave_requests_alone() {
    let faults = Faults::new(0);
    for fault in [Fault::Stall, Fault::DropStream, Fault::SilentStream] {
        faults.add(FaultRule::new(fault).times(1));
    }
    assert!(!timeouts(&faults, "/"));
    assert!(faults.stalls_close() && !faults.stalls_close());
    assert_eq!(faults.judge_stream("/ledgers"), StreamVerdict::Drops);
    assert_eq!(faults.judge_stream("/ledgers"), StreamVerdict::FallsSilent);
    assert_eq!(faults.judge_stream("/ledgers"), StreamVerdict::GoesOn);
}

#[test]
fn rules_read_from_json_with_defaults() {
    let rule: FaultRule = serde_json::from_str(r#"{"kind":"rate_limit","count":3}"#).unwrap();
    assert_eq!(rule, FaultRule::new(Fault::RateLimit { retry_after: 1 }).times(3));
    assert!(serde_json::from_str::<FaultRule>(r#"{"kind":"meteor"}"#).is_err());
    let rule: FaultRule = serde_json::from_str(r#"{"kind":"server_error","status":200}"#).unwrap();
    assert!(rule.defect().is_some());
}
