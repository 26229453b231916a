use super::*;

const CANONICAL: &str = "0192f0c1-2b3c-7d4e-8f50-61728394a5b6";

#[test]
fn ids_round_trip_in_their_canonical_form() {
    let id: TransactionId = CANONICAL.parse().expect("an id");
    assert_eq!(id.to_string(), CANONICAL);
    assert_eq!(TransactionId::new(id.as_uuid()), id);
    let json = serde_json::to_string(&id).expect("json");
    assert_eq!(json, format!("\"{CANONICAL}\""));
    assert_eq!(serde_json::from_str::<TransactionId>(&json).expect("json"), id);
}

#[test]
fn other_spellings_of_a_uuid_are_no_ids() {
    let upper = CANONICAL.to_uppercase();
    let simple = CANONICAL.replace('-', "");
    let (braced, urn, padded) =
        (format!("{{{CANONICAL}}}"), format!("urn:uuid:{CANONICAL}"), format!(" {CANONICAL}"));
    for text in ["", "1", "not-an-id", &upper, &simple, &braced, &urn, &padded, &CANONICAL[..35]] {
        assert_eq!(text.parse::<OrderId>(), Err(IdError), "{text}");
    }
}

#[test]
fn random_ids_increase() {
    let ids: Vec<Uuid> = std::iter::repeat_with(|| RandomIds.next()).take(10_000).collect();
    assert!(ids.windows(2).all(|pair| pair[0] < pair[1]));
    assert!(ids.iter().all(|id| id.get_version_num() == 7));
}

#[test]
fn sequential_ids_repeat_from_run_to_run() {
    let (one, two) = (SequentialIds::default(), SequentialIds::default());
    let ids: Vec<Uuid> = std::iter::repeat_with(|| one.next()).take(1000).collect();
    assert!(ids.iter().all(|id| *id == two.next() && id.get_version_num() == 7));
    assert!(ids.windows(2).all(|pair| pair[0] < pair[1]));
    assert_eq!(ids[0].to_string(), "00000000-0001-7000-8000-000000000000");
}

#[test]
fn sources_can_be_shared_between_threads() {
    let ids: &dyn IdSource = &SequentialIds::default();
    let mut all: Vec<Uuid> = std::thread::scope(|scope| {
        let threads: Vec<_> =
            (0..4).map(|_| scope.spawn(|| (0..100).map(|_| ids.next()).collect::<Vec<_>>())).collect();
        threads.into_iter().flat_map(|thread| thread.join().expect("no panic")).collect()
    });
    all.sort_unstable();
    all.dedup();
    assert_eq!(all.len(), 400);
}
