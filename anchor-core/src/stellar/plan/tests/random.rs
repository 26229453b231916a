//! Rules that every plan keeps.

use proptest::prelude::*;

use super::*;

fn cases() -> impl Strategy<Value = Case> {
    let any_amount = || prop_oneof![0..=10_i64, 0..=i64::MAX, Just(i64::MAX), 0..=100 * RESERVE];
    let line = (any_amount(), any_amount(), any_amount(), any::<bool>()).prop_map(
        |(balance, limit, reserved, authorized)| TrustLine {
            authorized,
            buying_liabilities: stroops(reserved),
            selling_liabilities: stroops(reserved),
            ..trust_line(balance, limit)
        },
    );
    let holder = move |byte| {
        (any_amount(), prop::option::of(line.clone()), any::<(u32, u32, bool)>()).prop_map(
            move |(lumens, line, (sponsoring, sponsored, memo_required))| AccountSnapshot {
                sponsoring,
                sponsored,
                memo_required,
                ..account(byte, lumens, line.into_iter().collect())
            },
        )
    };
    let destination = prop_oneof![
        Just(id(1).into()),
        Just(muxed()),
        Just(id(2).into()),
        Just(ContractId::from_bytes([1; 32]).into())
    ];
    (
        (destination, prop::option::of(holder.clone()(1)), any::<bool>(), any_amount()),
        (any::<bool>(), holder(2), any::<bool>(), any::<bool>(), any::<bool>()),
        (any_amount(), any_amount(), prop::option::of(any::<u64>())),
    )
        .prop_map(|(a, b, c)| Case {
            destination: a.0,
            snapshot: a.1,
            asset: if a.2 { usd() } else { StellarAsset::Native },
            amount: a.3,
            memo: if b.0 { Memo::Id(5) } else { Memo::None },
            distribution: b.1,
            creates: b.2,
            claimables: b.3,
            authorizes: b.4,
            starting_balance: c.0,
            fee: c.1,
            reclaim_from: c.2,
        })
}

proptest! {
    #[test]
    fn every_plan_sends_at_most_what_was_asked_and_keeps_the_rules(case in cases()) {
        let plan = case.plan();
        let asked = stroops(case.amount);
        match &plan {
            Plan::Pay(Payment::Pay { destination, asset, amount }) => {
                prop_assert_eq!(*destination, case.destination);
                prop_assert_eq!(asset, &case.asset);
                prop_assert_eq!(*amount, asked);
                let snapshot = case.snapshot.as_ref().unwrap();
                let has_memo = case.memo != Memo::None || case.destination.muxed_id().is_some();
                prop_assert!(has_memo || !snapshot.memo_required);
            }
            Plan::CreateAccount { payment: Payment::CreateAccount { destination, starting_balance }, delivers } => {
                prop_assert!(case.snapshot.is_none() && case.creates);
                prop_assert_eq!(Some(*destination), case.destination.ledger_account());
                let lumens = if *delivers { case.amount } else { case.starting_balance };
                prop_assert_eq!(*delivers, case.asset == StellarAsset::Native);
                prop_assert_eq!(*starting_balance, stroops(lumens));
                prop_assert!(lumens >= 2 * RESERVE);
            }
            Plan::FundTrust(Payment::Pay { destination, asset: StellarAsset::Native, amount }) => {
                prop_assert!(case.creates && case.asset != StellarAsset::Native);
                prop_assert!(!case.claimables || case.authorizes);
                prop_assert_eq!(destination.ledger_account(), case.destination.ledger_account());
                prop_assert!(!amount.is_zero() && *amount <= stroops(case.starting_balance));
            }
            Plan::ClaimableBalance(Payment::ClaimableBalance { claimants, asset, amount }) => {
                prop_assert!(case.claimables && case.asset != StellarAsset::Native);
                prop_assert_eq!(Some(claimants[0].account), case.destination.ledger_account());
                prop_assert_eq!((asset, *amount), (&case.asset, asked));
            }
            Plan::AwaitTrust(_) => {
                prop_assert!(case.snapshot.is_some() && (!case.claimables || case.authorizes));
            }
            Plan::Authorize(Payment::Pay { destination, asset, amount }) => {
                prop_assert!(case.authorizes);
                prop_assert_eq!((*destination, asset, *amount), (case.destination, &case.asset, asked));
                let line = &case.snapshot.as_ref().unwrap().trust_lines[0];
                prop_assert!(!line.authorized && !line.limited && line.balance.is_zero());
                prop_assert!(line.limit.stroops() - line.buying_liabilities.stroops() >= case.amount);
            }
            Plan::Hold(_) => {}
            other => prop_assert!(false, "{other:?}"),
        }
    }
}
