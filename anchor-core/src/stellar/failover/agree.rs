//! What several servers' answers about one transaction mean together. Pure.

use super::FailoverOptions;
use crate::stellar::{LedgerError, LedgerPoint, Lookup};

/// What one server said.
#[derive(Debug, Clone)]
pub(super) struct Said {
    /// It is in good standing: its silence counts.
    pub(super) is_trusted: bool,
    pub(super) answer: Result<Lookup, LedgerError>,
}

/// What is concluded.
#[derive(Debug)]
pub(super) struct Verdict {
    pub(super) answer: Result<Lookup, LedgerError>,
    /// One of them is wrong.
    pub(super) is_contradicted: bool,
}

/// The ledger that a transaction was found in.
pub(super) const fn found_in(lookup: &Lookup) -> Option<u32> {
    match lookup {
        Lookup::Succeeded { ledger, .. } | Lookup::Failed { ledger, .. } => Some(*ledger),
        Lookup::NotFound { .. } => None,
    }
}

/// Found, if anybody found it; not found only if nobody did, nobody in good standing was silent, and enough of them
/// have read far enough.
///
/// Somebody who says "found" shows the transaction's result; "not found" is also what a server says whose history was
/// pruned or has a hole. So the first prevails, with an alarm if the other has read that ledger.
pub(super) fn agree(said: &[Said], options: &FailoverOptions) -> Verdict {
    let (mut found, mut points, mut unknown): (Option<&Lookup>, Vec<LedgerPoint>, _) =
        (None, Vec::new(), None);
    for one in said {
        match &one.answer {
            Ok(Lookup::NotFound { checked }) => points.push(*checked),
            Ok(lookup) => match found {
                Some(before) if !is_same(before, lookup) => return disputed("what became of a transaction"),
                _ => found = Some(lookup),
            },
            // the others' history may be longer
            Err(LedgerError::HistoryGone { .. }) => {}
            Err(LedgerError::Unfinished) => unknown = Some(LedgerError::Unfinished),
            Err(error) if one.is_trusted => unknown = unknown.or_else(|| Some(error.clone())),
            Err(_) => {}
        }
    }
    if let Some(found) = found {
        let is_contradicted =
            found_in(found).is_some_and(|ledger| points.iter().any(|point| point.sequence >= ledger));
        return Verdict { answer: Ok(found.clone()), is_contradicted };
    }
    if let Some(two) = contradiction(&points) {
        return two;
    }
    Verdict { answer: unknown.map_or_else(|| absent(points, said, options), Err), is_contradicted: false }
}

/// The least of the points of those that have not fallen far behind.
fn absent(
    mut points: Vec<LedgerPoint>,
    said: &[Said],
    options: &FailoverOptions,
) -> Result<Lookup, LedgerError> {
    let latest = points.iter().map(|point| point.sequence).max().unwrap_or_default();
    points.retain(|point| point.sequence.saturating_add(options.lag_max) >= latest);
    match points.iter().min() {
        Some(_) if points.len() < options.quorum => {
            Err(LedgerError::NoQuorum { said: points.len(), wanted: options.quorum })
        }
        Some(checked) => Ok(Lookup::NotFound { checked: *checked }),
        None => Err(said
            .iter()
            .find_map(|one| one.answer.as_ref().err().cloned())
            .unwrap_or(LedgerError::NoQuorum { said: 0, wanted: options.quorum })),
    }
}

/// One ledger closes at one time only.
pub(super) fn is_contradictory(points: &[LedgerPoint]) -> bool {
    let other = |one: &LedgerPoint, other: &LedgerPoint| {
        one.sequence == other.sequence && one.closed_at != other.closed_at
    };
    points.iter().any(|one| points.iter().any(|two| other(one, two)))
}

fn contradiction(points: &[LedgerPoint]) -> Option<Verdict> {
    is_contradictory(points).then(|| disputed("when a ledger closed"))
}

fn disputed(what: &str) -> Verdict {
    Verdict { answer: Err(LedgerError::Disagreement(what.to_owned())), is_contradicted: true }
}

/// The words of a failure are each adapter's own.
fn is_same(one: &Lookup, other: &Lookup) -> bool {
    match (one, other) {
        (Lookup::Failed { ledger: one, .. }, Lookup::Failed { ledger: other, .. }) => one == other,
        _ => one == other,
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::stellar::{Failure, FailureKind};

    fn point(sequence: u32) -> LedgerPoint {
        LedgerPoint { sequence, closed_at: u64::from(sequence) * 5 }
    }

    fn missing(sequence: u32) -> Said {
        Said { is_trusted: true, answer: Ok(Lookup::NotFound { checked: point(sequence) }) }
    }

    fn found(ledger: u32) -> Said {
        let answer = Ok(Lookup::Succeeded { ledger, claimable_balances: Vec::new() });
        Said { is_trusted: true, answer }
    }

    fn silent(is_trusted: bool) -> Said {
        Said { is_trusted, answer: Err(LedgerError::Timeout(Duration::from_secs(20))) }
    }

    fn verdict(said: &[Said]) -> Verdict {
        agree(said, &FailoverOptions::default())
    }

    #[test]
    fn not_found_is_what_all_say_up_to_the_least_of_their_points() {
        assert_eq!(
            verdict(&[missing(9), missing(7), missing(8)]).answer.unwrap(),
            missing(7).answer.unwrap()
        );
        assert_eq!(verdict(&[missing(9), silent(false)]).answer.unwrap(), missing(9).answer.unwrap());
    }

    #[test]
    fn silence_of_a_server_in_good_standing_is_no_proof_of_absence() {
        assert!(matches!(verdict(&[missing(9), silent(true)]).answer, Err(LedgerError::Timeout(_))));
        assert!(verdict(&[silent(false)]).answer.is_err());
        assert!(verdict(&[]).answer.is_err());
    }

    #[test]
    fn whoever_found_it_prevails_with_an_alarm_if_the_other_has_read_that_ledger() {
        let lagging = verdict(&[missing(7), found(8), silent(true)]);
        assert_eq!((lagging.answer.unwrap(), lagging.is_contradicted), (found(8).answer.unwrap(), false));
        let lying = verdict(&[found(8), missing(8)]);
        assert_eq!((lying.answer.unwrap(), lying.is_contradicted), (found(8).answer.unwrap(), true));
    }

    #[test]
    fn two_different_outcomes_are_an_error_and_an_alarm() {
        let failure = Failure::new(FailureKind::Fee, "tx_insufficient_fee");
        let failed = Said { is_trusted: true, answer: Ok(Lookup::Failed { ledger: 8, failure }) };
        for said in [[found(8), found(9)], [found(8), failed]] {
            let verdict = verdict(&said);
            assert!(matches!(verdict.answer, Err(LedgerError::Disagreement(_))) && verdict.is_contradicted);
        }
    }

    #[test]
    fn two_close_times_of_one_ledger_are_an_error_and_an_alarm() {
        let other = LedgerPoint { sequence: 9, closed_at: 1 };
        let other = Said { is_trusted: true, answer: Ok(Lookup::NotFound { checked: other }) };
        let verdict = verdict(&[missing(9), other]);
        assert!(matches!(verdict.answer, Err(LedgerError::Disagreement(_))) && verdict.is_contradicted);
    }

    #[test]
    fn server_that_fell_far_behind_does_not_hold_up_the_others_and_counts_for_no_quorum() {
        assert_eq!(verdict(&[missing(900), missing(7)]).answer.unwrap(), missing(900).answer.unwrap());
        let options = FailoverOptions { quorum: 2, ..FailoverOptions::default() };
        let alone = agree(&[missing(900), missing(7)], &options).answer;
        assert!(matches!(alone, Err(LedgerError::NoQuorum { said: 1, wanted: 2 })), "{alone:?}");
        assert!(agree(&[missing(900), missing(899)], &options).answer.is_ok());
    }

    #[test]
    fn pruned_server_abstains_and_an_unfinished_search_goes_on() {
        let gone = Err(LedgerError::HistoryGone { cursor: "7".to_owned() });
        let pruned = Said { is_trusted: true, answer: gone };
        assert_eq!(verdict(&[pruned.clone(), missing(9)]).answer.unwrap(), missing(9).answer.unwrap());
        assert!(matches!(
            verdict(std::slice::from_ref(&pruned)).answer,
            Err(LedgerError::HistoryGone { .. })
        ));
        let unfinished = Said { is_trusted: true, answer: Err(LedgerError::Unfinished) };
        let verdict = verdict(&[pruned, unfinished, missing(9)]);
        assert!(matches!(verdict.answer, Err(LedgerError::Unfinished)));
    }
}
