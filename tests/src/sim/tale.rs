//! One deposit or withdrawal: what its user does, what must become of it.

use std::time::Duration;

use anchor_core::account::{Account, AccountId};
use anchor_core::amount::{Amount, StellarAmount};
use anchor_core::asset::StellarAsset;
use anchor_core::id::TransactionId;
use anchor_core::integration::FundsOutcome;
use anchor_core::memo::Memo;
use anchor_core::ops::info::tell;
use anchor_core::ops::{Committed, commit};
use anchor_core::store::{Begin, Begun, Callbacks};
use anchor_core::testing::fakes::samples;
use anchor_core::transaction::{
    Actor, Applied, ApplyContext, Fact, Kind, Protocol, State, Terms, Transaction,
};
use anyhow::{Context as _, Result, bail};

use super::bank::Manner;
use super::chance::Chance;
use super::story::World;

/// What a user does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Plot {
    /// A deposit as agreed, to an account that can hold the token.
    Deposit,
    /// As above; the trust line comes later.
    LateTrust,
    /// As above; not even the account exists.
    NewAccount,
    /// The wallet takes a claimable balance.
    Claimable,
    /// As above, and nobody ever claims it: the anchor takes it back.
    Unclaimed,
    /// As above; the user claims it when the anchor may, too.
    ClaimedLate,
    /// As above; another program that has the key of the anchor's account claims it then.
    ClaimedElsewhere,
    /// The bank gets another amount than was agreed.
    OtherAmount,
    /// The bank gets more than is allowed: it goes back.
    TooMuch,
    /// The bank sees the money coming first.
    InTransit,
    /// The money never comes.
    NoMoney,
    /// The bank reports another deposit's credit.
    SharedCredit,
    /// A withdrawal as agreed.
    Withdrawal,
    /// To the muxed account instead of with the memo.
    Muxed,
    /// The tokens come after the deadline: they go back.
    LateTokens,
    /// The user pays twice.
    TwoPayments,
    /// Another token of the same name comes first.
    WrongAsset,
    /// More or less than was agreed.
    OtherTokens,
    /// Less than the fee: it goes back.
    TooFewTokens,
    /// The tokens never come.
    NoTokens,
    /// The bank refuses: the tokens go back.
    Refused,
    /// The bank takes its time.
    SlowBank,
    /// The user fetches the money.
    Counter,
    /// Asked for by API; the bank wants to know more when the tokens are here.
    AsksMore,
}

impl Plot {
    const ALL: [Self; 20] = [
        Self::Deposit,
        Self::LateTrust,
        Self::NewAccount,
        Self::Claimable,
        Self::OtherAmount,
        Self::TooMuch,
        Self::InTransit,
        Self::NoMoney,
        Self::SharedCredit,
        Self::Withdrawal,
        Self::Muxed,
        Self::LateTokens,
        Self::TwoPayments,
        Self::WrongAsset,
        Self::OtherTokens,
        Self::TooFewTokens,
        Self::NoTokens,
        Self::Refused,
        Self::SlowBank,
        Self::Counter,
    ];

    pub(super) fn kind(self) -> Kind {
        match self {
            Self::Deposit
            | Self::LateTrust
            | Self::NewAccount
            | Self::Claimable
            | Self::Unclaimed
            | Self::ClaimedLate
            | Self::ClaimedElsewhere
            | Self::OtherAmount
            | Self::TooMuch
            | Self::InTransit
            | Self::NoMoney
            | Self::SharedCredit => Kind::Deposit,
            _ => Kind::Withdrawal,
        }
    }

    /// The wallet takes a claimable balance, which the anchor may take back.
    pub(super) const fn may_come_back(self) -> bool {
        matches!(self, Self::Unclaimed | Self::ClaimedLate | Self::ClaimedElsewhere)
    }

    /// Where it has to end.
    pub(super) fn ends(self) -> &'static [&'static str] {
        match self {
            Self::Deposit
            | Self::LateTrust
            | Self::NewAccount
            | Self::Claimable
            | Self::Unclaimed
            | Self::ClaimedLate
            | Self::ClaimedElsewhere
            | Self::OtherAmount
            | Self::InTransit => &["paid"],
            // whichever of the two the bank is asked about first
            Self::SharedCredit => &["paid", "awaiting_funds"],
            Self::NoMoney | Self::NoTokens => &["expired"],
            Self::TooMuch | Self::LateTokens | Self::TooFewTokens | Self::Refused => &["refunded"],
            Self::Withdrawal
            | Self::Muxed
            | Self::TwoPayments
            | Self::WrongAsset
            | Self::OtherTokens
            | Self::SlowBank
            | Self::Counter
            | Self::AsksMore => &["paid_out"],
        }
    }
}

/// One user's story.
#[derive(Debug, Clone)]
pub(super) struct Tale {
    pub(super) plot: Plot,
    pub(super) id: TransactionId,
    /// The user's account, and nobody else's.
    pub(super) account: AccountId,
    pub(super) number: u64,
    pub(super) agreed: Amount,
    /// What really comes.
    pub(super) comes: Amount,
    begins: Duration,
    pays: Duration,
    extra: Duration,
}

/// Chosen and numbered, so that accounts, memos and amounts differ.
pub(super) fn invent(world: &World, chance: &mut Chance, number: u64) -> Result<Tale> {
    let plot = match chance.pick(&Plot::ALL).context("there are plots")? {
        // not drawn, so that all other stories stay as they are
        Plot::Withdrawal if number % 3 == 1 => Plot::AsksMore,
        // no custodian sets balances aside
        Plot::Claimable if world.sim.has_custodian() => Plot::LateTrust,
        Plot::Deposit | Plot::LateTrust | Plot::Claimable if world.sim.takes_back_after().is_some() => {
            match number % 3 {
                0 => Plot::Unclaimed,
                1 => Plot::ClaimedLate,
                _ => Plot::ClaimedElsewhere,
            }
        }
        plot => plot,
    };
    let agreed = 10 + number;
    let comes = match plot {
        Plot::OtherAmount | Plot::OtherTokens => format!("{}.5", chance.between(5, 60)),
        Plot::TooMuch => format!("{}", 2000 + number),
        Plot::TooFewTokens => "0.1".to_owned(),
        _ => agreed.to_string(),
    };
    let seconds = |low, high| (Duration::from_secs(low), Duration::from_secs(high));
    let mut pause = |(low, high)| chance.pause(low, high);
    Ok(Tale {
        plot,
        id: world.new_id(),
        account: AccountId::from_bytes([u8::try_from(number)? + 10; 32]),
        number,
        agreed: agreed.to_string().parse()?,
        comes: comes.parse()?,
        begins: pause(seconds(0, 90)),
        pays: pause(seconds(1, 60)),
        extra: pause(seconds(1, 90)),
    })
}

impl Tale {
    /// Long enough for the money, short enough for those that wait for none.
    fn window(&self) -> Duration {
        match self.plot {
            Plot::NoMoney | Plot::NoTokens | Plot::LateTokens => Duration::from_secs(120),
            _ => Duration::from_secs(3600),
        }
    }

    /// What the wallet posts to.
    pub(super) fn address(&self) -> String {
        format!("https://wallet.example/{}", self.number)
    }

    /// The whole story. `twin`: whose credit the bank reports for this deposit.
    pub(super) async fn happens(self, world: &World, twin: Option<TransactionId>) -> Result<()> {
        tokio::time::sleep(self.begins).await;
        self.prepares(world);
        self.agrees(world).await?;
        tokio::time::sleep(self.pays).await;
        match self.plot.kind() {
            Kind::Deposit => self.pays_money(world, twin).await,
            Kind::Withdrawal => self.pays_tokens(world).await,
        }
    }

    fn prepares(&self, world: &World) {
        let ledger = &world.network;
        match self.plot {
            Plot::NewAccount => {}
            Plot::LateTrust
            | Plot::Claimable
            | Plot::Unclaimed
            | Plot::ClaimedLate
            | Plot::ClaimedElsewhere => ledger.fund(self.account, lumens(10)),
            _ => {
                ledger.fund(self.account, lumens(10));
                ledger.trust(self.account, &samples::token(), lumens(0));
            }
        }
        match self.plot {
            Plot::Refused => world.bank.treat(self.id, Manner::Refuses),
            Plot::SlowBank => world.bank.treat(self.id, Manner::TakesTime),
            Plot::Counter => world.bank.treat(self.id, Manner::Counter),
            Plot::AsksMore => world.bank.treat(self.id, Manner::AsksFirst),
            _ => {}
        }
    }

    async fn agrees(&self, world: &World) -> Result<()> {
        let now = world.sim.now();
        let kind = self.plot.kind();
        let mut started = samples::started(self.id, kind);
        started.request.account = self.account.into();
        started.request.claimable_balances = self.plot == Plot::Claimable || self.plot.may_come_back();
        (started.started_at, started.updated_at) = (now, now);
        started.deadline = Some(now + self.window());
        let mut terms = samples::terms(kind, &self.agreed.to_string(), self.number + 1);
        terms.deadline = started.deadline;
        if self.plot == Plot::AsksMore {
            return self.begins(world, started, terms).await;
        }
        let store = world.web.store();
        store.transaction_insert(&started, None).await?;
        let callbacks = Callbacks { finished: Some(self.address()), on_change: None };
        store.callbacks_put(self.id, &callbacks).await?;
        self.tell(world, &started, Fact::TermsAgreed { terms }).await
    }

    /// Decided in the commit that makes it.
    async fn begins(&self, world: &World, mut started: Transaction, terms: Terms) -> Result<()> {
        (started.protocol, started.state) = (Protocol::Sep6, State::first(Protocol::Sep6));
        let context = ApplyContext { ids: world.web.ids(), actor: Actor::User, at: world.sim.now() };
        let Applied::Changed(first) = started.apply(Fact::TermsAgreed { terms }, &context) else {
            bail!("{:?} does not begin", self.plot)
        };
        let begin = Begin { first: Some(first), ..Begin::new(started) };
        match world.web.store().transaction_begin(&begin).await? {
            Begun::Begun => Ok(()),
            other => bail!("{:?}: {other:?}", self.plot),
        }
    }

    /// Whatever the anchor asks, until it is over.
    async fn answers(&self, world: &World) -> Result<()> {
        loop {
            tokio::time::sleep(Duration::from_secs(5)).await;
            let found = world.web.store().transaction_fetch(self.id).await?.context("it is there")?;
            if found.state.is_final() {
                return Ok(());
            }
            if matches!(found.state, State::AwaitingInfo { .. }) {
                let told = [("bank_account_number".to_owned(), "12".to_owned())].into();
                tell(&world.web, &found, &told).await?;
            }
        }
    }

    async fn tell(&self, world: &World, transaction: &Transaction, fact: Fact) -> Result<()> {
        let committed = commit(&world.web, transaction, fact, Actor::User, false).await?;
        let Committed::Moved(_) = committed else { bail!("{:?}: {committed:?}", self.plot) };
        Ok(())
    }

    async fn pays_money(&self, world: &World, twin: Option<TransactionId>) -> Result<()> {
        let of = twin.unwrap_or(self.id);
        let credit =
            FundsOutcome::Received { amount: self.comes, reference: format!("credit-{of}"), from: None };
        match self.plot {
            Plot::NoMoney => return Ok(()),
            Plot::InTransit => {
                world.bank.report(self.id, FundsOutcome::InTransit { reference: None });
                tokio::time::sleep(self.extra).await;
            }
            _ => {}
        }
        world.bank.report(self.id, credit);
        match self.plot {
            Plot::LateTrust => {
                tokio::time::sleep(self.extra).await;
                world.network.trust(self.account, &samples::token(), lumens(0));
            }
            Plot::ClaimedLate => self.claims(world, self.account).await?,
            Plot::ClaimedElsewhere => self.claims(world, samples::distribution().account()).await?,
            Plot::NewAccount => {
                while world.network.balance(&self.account, &StellarAsset::Native).is_zero() {
                    tokio::time::sleep(Duration::from_secs(5)).await;
                }
                tokio::time::sleep(self.extra).await;
                world.network.trust(self.account, &samples::token(), lumens(0));
            }
            _ => {}
        }
        Ok(())
    }

    /// Somebody claims what was set aside, at about the time at which the anchor's account may.
    async fn claims(&self, world: &World, by: AccountId) -> Result<()> {
        let made = loop {
            let made = world.web.store().set_aside_list().await?;
            if let Some(made) = made.into_iter().find(|one| one.transaction == self.id) {
                break made;
            }
            tokio::time::sleep(Duration::from_secs(1)).await;
        };
        if by == self.account {
            world.network.trust(by, &samples::token(), lumens(0));
        }
        let hurry = self.extra.as_secs() % 12;
        while world.sim.seconds() + hurry < made.from + 6 {
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
        let claimed = world.network.claims(by, &made.balance, Memo::None);
        world.sim.note("users", || format!("claim {:.16} for {by}: {claimed}", made.balance));
        Ok(())
    }

    async fn pays_tokens(&self, world: &World) -> Result<()> {
        let number = self.number + 1;
        let distribution = samples::distribution().account();
        let (to, memo) = match self.plot {
            Plot::Muxed => (Account::Muxed { account: distribution, id: number }, Memo::None),
            _ => (distribution.into(), Memo::Id(number)),
        };
        let pay = |asset| -> Result<()> {
            let amount = self.comes.to_stellar()?;
            world.arrives(self.account.into(), to, asset, amount, memo.clone());
            Ok(())
        };
        match self.plot {
            Plot::NoTokens => return Ok(()),
            Plot::LateTokens => {
                while world
                    .web
                    .store()
                    .transaction_fetch(self.id)
                    .await?
                    .is_some_and(|t| t.state.can_expire())
                {
                    tokio::time::sleep(Duration::from_secs(5)).await;
                }
            }
            Plot::WrongAsset => pay(StellarAsset::Native)?,
            _ => {}
        }
        pay(samples::token())?;
        if self.plot == Plot::AsksMore {
            return self.answers(world).await;
        }
        if self.plot == Plot::TwoPayments {
            tokio::time::sleep(self.extra).await;
            pay(samples::token())?;
        }
        Ok(())
    }
}

pub(super) fn lumens(units: i64) -> StellarAmount {
    StellarAmount::from_stroops(units * 10_000_000).unwrap_or_default()
}
