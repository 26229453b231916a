use super::*;
use crate::account::ContractId;

mod distribution;
mod random;

const RESERVE: i64 = 5_000_000;
const STARTING: i64 = 20_100_000;

fn id(byte: u8) -> AccountId {
    AccountId::from_bytes([byte; 32])
}

fn stroops(stroops: i64) -> StellarAmount {
    StellarAmount::from_stroops(stroops).unwrap()
}

fn usd() -> StellarAsset {
    StellarAsset::Credit { code: "USD".parse().unwrap(), issuer: id(9) }
}

fn trust_line(balance: i64, limit: i64) -> TrustLine {
    TrustLine {
        asset: usd(),
        balance: stroops(balance),
        limit: stroops(limit),
        buying_liabilities: StellarAmount::ZERO,
        selling_liabilities: StellarAmount::ZERO,
        authorized: true,
        limited: false,
    }
}

fn account(byte: u8, lumens: i64, trust_lines: Vec<TrustLine>) -> AccountSnapshot {
    AccountSnapshot {
        id: id(byte),
        as_of: None,
        sequence: 1,
        balance: stroops(lumens),
        selling_liabilities: StellarAmount::ZERO,
        subentries: u32::try_from(trust_lines.len()).unwrap(),
        sponsoring: 0,
        sponsored: 0,
        signers: Vec::new(),
        low_threshold: 0,
        medium_threshold: 0,
        trust_lines,
        memo_required: false,
        auth_required: false,
        home_domain: None,
    }
}

/// A case that pays, to be changed in one respect.
#[derive(Debug)]
struct Case {
    destination: Account,
    snapshot: Option<AccountSnapshot>,
    asset: StellarAsset,
    amount: i64,
    memo: Memo,
    distribution: AccountSnapshot,
    creates: bool,
    claimables: bool,
    authorizes: bool,
    starting_balance: i64,
    fee: i64,
    reclaim_from: Option<u64>,
}

impl Default for Case {
    fn default() -> Self {
        Self {
            destination: id(1).into(),
            snapshot: Some(account(1, 5 * RESERVE, vec![trust_line(10, 1000)])),
            asset: usd(),
            amount: 100,
            memo: Memo::None,
            distribution: account(2, 100 * RESERVE, vec![trust_line(1_000_000, i64::MAX)]),
            creates: true,
            claimables: false,
            authorizes: false,
            starting_balance: STARTING,
            fee: 1000,
            reclaim_from: None,
        }
    }
}

impl Case {
    fn plan(&self) -> Plan {
        plan(&PlanInput {
            destination: self.destination,
            snapshot: self.snapshot.as_ref(),
            asset: &self.asset,
            amount: stroops(self.amount),
            memo: &self.memo,
            distribution: &self.distribution,
            features: PlanFeatures {
                account_creation: self.creates,
                claimable_balances: self.claimables,
                authorization: self.authorizes,
            },
            base_reserve: stroops(RESERVE),
            starting_balance: stroops(self.starting_balance),
            fee: stroops(self.fee),
            reclaim_from: self.reclaim_from,
        })
    }

    fn pays(&self) -> Plan {
        let (destination, asset) = (self.destination, self.asset.clone());
        Plan::Pay(Payment::Pay { destination, asset, amount: stroops(self.amount) })
    }

    fn creates(&self, lumens: i64, delivers: bool) -> Plan {
        let destination = self.destination.ledger_account().unwrap();
        let payment = Payment::CreateAccount { destination, starting_balance: stroops(lumens) };
        Plan::CreateAccount { payment, delivers }
    }

    fn sets_aside(&self) -> Plan {
        let account = self.destination.ledger_account().unwrap();
        let mut claimants = vec![Claimant { account, from: None }];
        claimants.extend(self.reclaim_from.map(|from| Claimant { account: id(2), from: Some(from) }));
        let (asset, amount) = (self.asset.clone(), stroops(self.amount));
        Plan::ClaimableBalance(Payment::ClaimableBalance { claimants, asset, amount })
    }

    fn edit_line(mut self, edit: impl FnOnce(&mut TrustLine)) -> Self {
        edit(&mut self.snapshot.as_mut().unwrap().trust_lines[0]);
        self
    }

    fn without_line(mut self) -> Self {
        let snapshot = self.snapshot.as_mut().unwrap();
        snapshot.trust_lines.clear();
        snapshot.subentries = 0;
        self
    }

    fn holding(mut self, lumens: i64) -> Self {
        self.snapshot.as_mut().unwrap().balance = stroops(lumens);
        self
    }

    fn require_memo(mut self) -> Self {
        self.snapshot.as_mut().unwrap().memo_required = true;
        self
    }
}

fn native(amount: i64) -> Case {
    Case { asset: StellarAsset::Native, amount, ..Case::default() }
}

fn muxed() -> Account {
    Account::Muxed { account: id(1), id: 0 }
}

#[test]
fn account_that_can_hold_the_asset_is_paid() {
    let case = Case::default();
    assert_eq!(case.plan(), case.pays());
    let case = Case { claimables: true, creates: false, ..Case::default() };
    assert_eq!(case.plan(), case.pays());
    let case = native(1);
    assert_eq!(case.plan(), case.pays());
}

#[test]
fn r_mx_006_r_06_072_muxed_destination_is_paid_as_it_is_written() {
    let case = Case { destination: muxed(), ..Case::default() };
    assert_eq!(case.plan(), case.pays());
    let case = Case { memo: Memo::Id(0), ..case };
    assert_eq!(case.plan(), Plan::Hold(HoldReason::MuxedWithMemo));
}

#[test]
fn r_24_039_missing_account_is_created_with_the_starting_balance() {
    for claimables in [false, true] {
        let case = Case { snapshot: None, claimables, ..Case::default() };
        assert_eq!(case.plan(), case.creates(STARTING, false));
    }
}

#[test]
fn r_24_040_missing_account_is_not_created_where_that_is_switched_off() {
    let case = Case { snapshot: None, creates: false, ..Case::default() };
    assert_eq!(case.plan(), Plan::Hold(HoldReason::NoDestination));
    let case = Case { claimables: true, ..case };
    assert_eq!(case.plan(), case.sets_aside());
    let case = Case { snapshot: None, creates: false, claimables: true, ..native(2 * RESERVE) };
    assert_eq!(case.plan(), Plan::Hold(HoldReason::NoDestination));
}

#[test]
fn r_24_043_lumens_to_a_missing_account_create_it() {
    let case = Case { snapshot: None, ..native(2 * RESERVE) };
    assert_eq!(case.plan(), case.creates(2 * RESERVE, true));
    let case = Case { snapshot: None, ..native(2 * RESERVE - 1) };
    assert_eq!(case.plan(), Plan::Hold(HoldReason::BelowReserve));
    let case = Case { snapshot: None, destination: muxed(), ..native(2 * RESERVE) };
    assert_eq!(case.plan(), case.creates(2 * RESERVE, true));
}

#[test]
fn starting_balance_below_the_reserve_is_held() {
    let case = Case { snapshot: None, starting_balance: 2 * RESERVE - 1, ..Case::default() };
    assert_eq!(case.plan(), Plan::Hold(HoldReason::BelowReserve));
}

#[test]
fn r_24_043_r_29_005_r_06_073_contract_is_held() {
    let case = Case { destination: ContractId::from_bytes([1; 32]).into(), ..Case::default() };
    assert_eq!(case.plan(), Plan::Hold(HoldReason::ContractDestination));
}

#[test]
fn r_24_046_missing_trust_line_is_awaited() {
    let case = Case::default().without_line();
    assert_eq!(case.plan(), Plan::AwaitTrust(TrustGap::Missing));
}

#[test]
fn r_24_044_account_that_cannot_afford_a_trust_line_gets_what_it_lacks() {
    let poor = || Case::default().without_line().holding(2 * RESERVE + 7);
    let amount = stroops(RESERVE + 100_000 - 7);
    let payment = Payment::Pay { destination: id(1).into(), asset: StellarAsset::Native, amount };
    assert_eq!(poor().plan(), Plan::FundTrust(payment.clone()));
    // the ledger account gets it, whatever its user's number
    assert_eq!(Case { destination: muxed(), ..poor() }.plan(), Plan::FundTrust(payment));
    let missing = Plan::AwaitTrust(TrustGap::Missing);
    assert_eq!(poor().holding(3 * RESERVE + 100_000).plan(), missing, "it can afford it");
    assert_eq!(Case { creates: false, ..poor() }.plan(), missing, "it is switched off");
    assert_eq!(poor().require_memo().plan(), missing, "lumens without the memo would be lost");
    let far = Case { starting_balance: RESERVE, ..poor() };
    assert_eq!(far.plan(), missing, "no more than for a new account");
    let set_aside = Case { claimables: true, ..poor() };
    assert_eq!(set_aside.plan(), set_aside.sets_aside(), "a claimable balance needs none");
}

#[test]
fn r_24_047_trust_line_must_match_code_and_issuer() {
    let others = [("USD", 8), ("usd", 9), ("USDC", 9)];
    for (code, issuer) in others {
        let asset = StellarAsset::Credit { code: code.parse().unwrap(), issuer: id(issuer) };
        let case = Case::default().edit_line(|line| line.asset = asset);
        assert_eq!(case.plan(), Plan::AwaitTrust(TrustGap::Missing), "{code}");
    }
}

#[test]
fn r_24_047_unauthorized_trust_line_is_awaited() {
    let case = Case::default().edit_line(|line| line.authorized = false);
    assert_eq!(case.plan(), Plan::AwaitTrust(TrustGap::Unauthorized));
}

/// An account whose trust line nobody has authorised yet, for an anchor that does.
fn unauthorized() -> Case {
    Case { authorizes: true, ..Case::default() }.edit_line(|line| {
        line.authorized = false;
        line.balance = StellarAmount::ZERO;
    })
}

#[test]
fn trust_line_that_nobody_decided_about_is_authorized_with_the_payment() {
    let pays = |case: &Case| match case.pays() {
        Plan::Pay(payment) => Plan::Authorize(payment),
        other => other,
    };
    for claimables in [false, true] {
        let case = Case { claimables, ..unauthorized() };
        assert_eq!(case.plan(), pays(&case));
        let case = Case { destination: muxed(), claimables, ..unauthorized() }.require_memo();
        assert_eq!(case.plan(), pays(&case));
    }
    let case = Case { authorizes: false, ..unauthorized() };
    assert_eq!(case.plan(), Plan::AwaitTrust(TrustGap::Unauthorized));
    assert_eq!(unauthorized().require_memo().plan(), Plan::Hold(HoldReason::MemoRequired));
    assert_eq!(native(7).plan(), native(7).pays());
    let authorized = Case { authorizes: true, ..Case::default() };
    assert_eq!(authorized.plan(), authorized.pays());
}

#[test]
fn trust_line_that_was_revoked_or_has_no_room_is_not_authorized() {
    let decided: [fn(&mut TrustLine); 5] = [
        |line| line.limited = true,
        |line| line.balance = stroops(1),
        |line| line.selling_liabilities = stroops(1),
        |line| line.limit = stroops(99),
        |line| line.buying_liabilities = stroops(901),
    ];
    for (number, decided) in decided.into_iter().enumerate() {
        for claimables in [false, true] {
            let case = Case { claimables, ..unauthorized() }.edit_line(decided);
            assert_eq!(case.plan(), Plan::AwaitTrust(TrustGap::Unauthorized), "{number}");
        }
    }
}

#[test]
fn nothing_is_set_aside_that_could_not_be_claimed_without_an_authorization() {
    let missing = Case { claimables: true, authorizes: true, ..Case::default() }.without_line();
    assert_eq!(missing.plan(), Plan::AwaitTrust(TrustGap::Missing));
    let nobody =
        Case { snapshot: None, creates: false, claimables: true, authorizes: true, ..Case::default() };
    assert_eq!(nobody.plan(), Plan::Hold(HoldReason::NoDestination));
    let full = Case { claimables: true, authorizes: true, ..Case::default() };
    let full = full.edit_line(|line| line.limit = stroops(10));
    assert_eq!(full.plan(), full.sets_aside(), "it is authorised already");
}

#[test]
fn authorization_costs_an_operation() {
    let short = 3 * RESERVE + 1999;
    let distribution = |lumens| account(2, lumens, vec![trust_line(1000, i64::MAX)]);
    let case = Case { distribution: distribution(short), ..unauthorized() };
    assert_eq!(case.plan(), Plan::Hold(HoldReason::DistributionLumens));
    let case = Case { distribution: distribution(short + 1), ..unauthorized() };
    assert!(matches!(case.plan(), Plan::Authorize(_)));
}

#[test]
fn r_24_047_full_trust_line_is_awaited() {
    let fits = Case::default().edit_line(|line| line.balance = stroops(900));
    assert_eq!(fits.plan(), fits.pays());
    let full = Case::default().edit_line(|line| line.balance = stroops(901));
    assert_eq!(full.plan(), Plan::AwaitTrust(TrustGap::Full));
    let reserved = fits.edit_line(|line| line.buying_liabilities = stroops(1));
    assert_eq!(reserved.plan(), Plan::AwaitTrust(TrustGap::Full));
    let lowered = Case::default().edit_line(|line| line.limit = stroops(9));
    assert_eq!(lowered.plan(), Plan::AwaitTrust(TrustGap::Full));
}

#[test]
fn r_24_048_lumens_and_issuers_need_no_trust_line() {
    let case = native(100).without_line();
    assert_eq!(case.plan(), case.pays());
    let issuer = Some(account(9, 3 * RESERVE, vec![]));
    let case = Case { destination: id(9).into(), snapshot: issuer, ..Case::default() };
    assert_eq!(case.plan(), case.pays());
}

#[test]
fn r_24_049_r_24_050_balance_is_set_aside_only_if_both_sides_support_it() {
    let gaps: [fn() -> Case; 3] = [
        || Case::default().without_line(),
        || Case::default().edit_line(|line| line.authorized = false),
        || Case::default().edit_line(|line| line.limit = stroops(10)),
    ];
    for gap in gaps {
        assert!(matches!(gap().plan(), Plan::AwaitTrust(_)));
        let case = Case { claimables: true, ..gap() };
        assert_eq!(case.plan(), case.sets_aside());
    }
}

#[test]
fn r_24_051_claimants_are_plain_accounts_and_the_anchor_may_reclaim() {
    let case = Case { claimables: true, destination: muxed(), reclaim_from: Some(77), ..Case::default() };
    let case = case.without_line();
    assert_eq!(case.plan(), case.sets_aside());
}

#[test]
fn r_29_001_required_memo_that_is_missing_holds_the_payment() {
    let case = Case::default().require_memo();
    assert_eq!(case.plan(), Plan::Hold(HoldReason::MemoRequired));
    let case = native(1).require_memo();
    assert_eq!(case.plan(), Plan::Hold(HoldReason::MemoRequired));
    let case = Case { memo: Memo::Id(0), ..Case::default() }.require_memo();
    assert_eq!(case.plan(), case.pays());
}

#[test]
fn r_29_003_muxed_destination_needs_no_memo() {
    let case = Case { destination: muxed(), ..Case::default() }.require_memo();
    assert_eq!(case.plan(), case.pays());
}

#[test]
fn r_29_005_claimable_balance_needs_no_memo() {
    let case = Case { claimables: true, ..Case::default() }.require_memo().without_line();
    assert_eq!(case.plan(), case.sets_aside());
}

#[test]
fn zero_is_never_paid() {
    assert_eq!(native(0).plan(), Plan::Hold(HoldReason::ZeroAmount));
}

#[test]
fn own_account_and_foreign_snapshot_are_held() {
    let case = Case { destination: id(2).into(), ..Case::default() };
    assert_eq!(case.plan(), Plan::Hold(HoldReason::OwnAccount));
    let case = Case { destination: id(3).into(), ..Case::default() };
    assert_eq!(case.plan(), Plan::Hold(HoldReason::WrongSnapshot));
}

#[test]
fn balance_beyond_what_the_ledger_counts_is_held() {
    let snapshot = Some(account(1, i64::MAX, vec![]));
    let case = Case { snapshot, ..native(1) };
    assert_eq!(case.plan(), Plan::Hold(HoldReason::TooMuch));
}
