//! What the account that pays has to have.

use super::*;

#[test]
fn issuer_as_distribution_mints_without_a_trust_line() {
    let case = Case { distribution: account(9, 100 * RESERVE, vec![]), ..Case::default() };
    assert_eq!(case.plan(), case.pays());
}

#[test]
fn distribution_without_usable_trust_line_is_held() {
    let case = Case { distribution: account(2, 100 * RESERVE, vec![]), ..Case::default() };
    assert_eq!(case.plan(), Plan::Hold(HoldReason::DistributionTrust));
    let mut line = trust_line(1_000_000, i64::MAX);
    line.authorized = false;
    let case = Case { distribution: account(2, 100 * RESERVE, vec![line]), ..Case::default() };
    assert_eq!(case.plan(), Plan::Hold(HoldReason::DistributionTrust));
}

#[test]
fn distribution_pays_only_what_it_holds_beyond_its_offers() {
    let with = |balance, reserved| {
        let mut line = trust_line(balance, i64::MAX);
        line.selling_liabilities = stroops(reserved);
        Case { distribution: account(2, 100 * RESERVE, vec![line]), ..Case::default() }
    };
    assert_eq!(with(100, 0).plan(), with(100, 0).pays());
    for case in [with(99, 0), with(100, 1), with(100, 101)] {
        assert_eq!(case.plan(), Plan::Hold(HoldReason::DistributionAsset));
    }
}

#[test]
fn distribution_keeps_its_minimum_balance() {
    // 2 for the account, 1 for the trust line
    let with = |lumens| Case {
        distribution: account(2, lumens, vec![trust_line(1000, i64::MAX)]),
        ..Case::default()
    };
    let exact = 3 * RESERVE + 1000;
    assert_eq!(with(exact).plan(), with(exact).pays());
    assert_eq!(with(exact - 1).plan(), Plan::Hold(HoldReason::DistributionLumens));

    let lumens = |amount| Case { ..native(amount) };
    let free = 100 * RESERVE - exact;
    assert_eq!(lumens(free).plan(), lumens(free).pays());
    assert_eq!(lumens(free + 1).plan(), Plan::Hold(HoldReason::DistributionLumens));
}

#[test]
fn offers_and_sponsorships_count_towards_the_minimum_balance() {
    let exact = 3 * RESERVE + 1000;
    let with = |edit: fn(&mut AccountSnapshot)| {
        let mut distribution = account(2, exact, vec![trust_line(1000, i64::MAX)]);
        edit(&mut distribution);
        Case { distribution, ..Case::default() }.plan()
    };
    assert_eq!(with(|account| account.sponsoring = 1), Plan::Hold(HoldReason::DistributionLumens));
    assert_eq!(
        with(|account| account.selling_liabilities = stroops(1)),
        Plan::Hold(HoldReason::DistributionLumens)
    );
    assert!(matches!(
        with(|account| {
            account.sponsoring = 1;
            account.sponsored = 1;
        }),
        Plan::Pay(_)
    ));
    assert!(matches!(with(|account| account.sponsored = 9), Plan::Pay(_)));
}

#[test]
fn r_cb_001_every_claimant_costs_a_reserve() {
    let with = |lumens, reclaim_from| {
        let distribution = account(2, lumens, vec![trust_line(1000, i64::MAX)]);
        Case { distribution, reclaim_from, claimables: true, ..Case::default() }.without_line()
    };
    let one = 4 * RESERVE + 1000;
    assert_eq!(with(one, None).plan(), with(one, None).sets_aside());
    assert_eq!(with(one - 1, None).plan(), Plan::Hold(HoldReason::DistributionLumens));
    assert_eq!(with(one, Some(5)).plan(), Plan::Hold(HoldReason::DistributionLumens));
    let two = one + RESERVE;
    assert_eq!(with(two, Some(5)).plan(), with(two, Some(5)).sets_aside());
}

#[test]
fn waiting_for_trust_needs_no_funds() {
    let case = Case { distribution: account(2, 0, vec![]), ..Case::default() }.without_line();
    assert_eq!(case.plan(), Plan::AwaitTrust(TrustGap::Missing));
}
