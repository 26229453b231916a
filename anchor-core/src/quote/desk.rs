//! What is quoted: assets, pairs, and how much is promised at once.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use crate::amount::{Amount, STELLAR_SCALE};
use crate::asset::AssetId;
use crate::customer::fields::is_country2;

/// How long a firm quote holds unless the desk says otherwise.
const LIFETIME: Duration = Duration::from_secs(60);
/// How far into the future a client may ask for.
const LIFETIME_MAX: Duration = Duration::from_secs(60 * 60);
/// Open quotes of one user.
const OPEN_OF_USER: u32 = 10;
/// Longest name of a delivery method, in bytes.
const NAME_MAX: usize = 100;

/// A way in which money outside the ledger changes hands. The same names are SEP-6's and SEP-31's `funding_methods`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeliveryMethod {
    /// What clients send.
    pub name: String,
    /// For people.
    pub description: String,
}

impl DeliveryMethod {
    /// A method.
    pub fn new(name: impl Into<String>, description: impl Into<String>) -> Self {
        Self { name: name.into(), description: description.into() }
    }
}

/// Not a code of ISO 3166-2, nor the two letters of ISO 3166-1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "a country code is two capital letters (ISO 3166-1), or those and a region (ISO 3166-2) such as BR-SP"
)]
#[non_exhaustive]
pub struct CountryCodeError;

/// `BR` or `BR-SP`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CountryCode(String);

impl CountryCode {
    /// The two letters.
    pub fn country(&self) -> &str {
        self.0.get(..2).unwrap_or_default()
    }

    /// Whether one of the two is the other, or the whole country of the other.
    pub fn covers(&self, other: &Self) -> bool {
        let is_country = |code: &Self| code.0.len() == 2;
        self == other || (self.country() == other.country() && (is_country(self) || is_country(other)))
    }
}

impl FromStr for CountryCode {
    type Err = CountryCodeError;

    fn from_str(text: &str) -> Result<Self, CountryCodeError> {
        let (country, region) = text.split_once('-').map_or((text, None), |(one, two)| (one, Some(two)));
        let is_region = |region: &str| {
            let fits = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit();
            (1..=3).contains(&region.len()) && region.bytes().all(fits)
        };
        // regions come and go several times a year: only their form is looked at
        let valid = is_country2(country) && region.is_none_or(is_region);
        if valid { Ok(Self(text.to_owned())) } else { Err(CountryCodeError) }
    }
}

impl fmt::Display for CountryCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

serde_text!(CountryCode);

/// An asset that is quoted.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct QuoteAsset {
    /// Which.
    pub id: AssetId,
    /// Decimals that it is counted in: 7 or fewer on the ledger, 2 for dollars, 0 for yen.
    pub decimals: u8,
    /// How clients give it. None on the ledger.
    pub sell_delivery_methods: Vec<DeliveryMethod>,
    /// How clients get it. None on the ledger.
    pub buy_delivery_methods: Vec<DeliveryMethod>,
    /// Where it is taken and given. None on the ledger.
    pub country_codes: Vec<CountryCode>,
    /// The most of it that is promised in open quotes of all users together; no limit if absent.
    pub open_max: Option<Amount>,
    /// The most of it that is promised in open quotes of one user; no limit if absent.
    pub open_max_of_user: Option<Amount>,
}

impl QuoteAsset {
    /// An asset without delivery methods, countries and limits.
    pub const fn new(id: AssetId, decimals: u8) -> Self {
        Self {
            id,
            decimals,
            sell_delivery_methods: Vec::new(),
            buy_delivery_methods: Vec::new(),
            country_codes: Vec::new(),
            open_max: None,
            open_max_of_user: None,
        }
    }

    /// How clients give it.
    #[must_use]
    pub fn sold_by(mut self, methods: impl IntoIterator<Item = DeliveryMethod>) -> Self {
        self.sell_delivery_methods.extend(methods);
        self
    }

    /// How clients get it.
    #[must_use]
    pub fn bought_by(mut self, methods: impl IntoIterator<Item = DeliveryMethod>) -> Self {
        self.buy_delivery_methods.extend(methods);
        self
    }

    /// Where it is taken and given.
    #[must_use]
    pub fn countries(mut self, codes: impl IntoIterator<Item = CountryCode>) -> Self {
        self.country_codes.extend(codes);
        self
    }

    /// The most that is promised at once: to all users, and to one.
    #[must_use]
    pub const fn promised_at_most(mut self, all: Option<Amount>, one: Option<Amount>) -> Self {
        (self.open_max, self.open_max_of_user) = (all, one);
        self
    }

    fn validate(&self) -> Result<(), DeskProblem> {
        let (sold, bought) = (&self.sell_delivery_methods, &self.buy_delivery_methods);
        if self.decimals > STELLAR_SCALE {
            return Err(DeskProblem::Decimals);
        }
        let is_bare = sold.is_empty() && bought.is_empty() && self.country_codes.is_empty();
        if self.id.as_stellar().is_some() && !is_bare {
            return Err(DeskProblem::OnLedger);
        }
        for methods in [sold, bought] {
            let names: BTreeSet<_> = methods.iter().map(|method| method.name.as_str()).collect();
            let named = |method: &DeliveryMethod| (1..=NAME_MAX).contains(&method.name.len());
            if names.len() != methods.len() || !methods.iter().all(named) {
                return Err(DeskProblem::Methods);
            }
        }
        let counted = |limit: Option<Amount>| {
            let units = |limit: Amount| Some(limit.rescale_exact(self.decimals)?.minor());
            limit.is_none_or(|limit| units(limit).is_some_and(|units| i64::try_from(units).is_ok()))
        };
        if counted(self.open_max) && counted(self.open_max_of_user) {
            Ok(())
        } else {
            Err(DeskProblem::Limits)
        }
    }
}

/// What is wrong with one asset or pair.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DeskProblem {
    /// Stellar counts seven.
    #[error("an asset has at most 7 decimals")]
    Decimals,
    /// Only money outside the ledger is handed over.
    #[error("an asset on the ledger has no delivery methods and no countries")]
    OnLedger,
    /// Empty, long or the same twice.
    #[error("the delivery methods of a direction have names of 1 to 100 bytes, each once")]
    Methods,
    /// Finer than the asset, or more than can be counted.
    #[error("a limit does not fit the decimals of its asset")]
    Limits,
    /// Twice in the list.
    #[error("it is listed twice")]
    Twice,
    /// A pair of something that is not listed.
    #[error("the pair has an asset that is not listed")]
    Unlisted,
    /// Money against money is no business of an anchor's.
    #[error("one of a pair has to be on the ledger, and the other one another asset")]
    Pair,
}

/// Why there is no desk.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DeskError {
    /// One asset or pair.
    #[error("{what}: {problem}")]
    Problem {
        /// Which.
        what: String,
        /// Why.
        problem: DeskProblem,
    },
    /// Wallets want both.
    #[error("at least one asset on the ledger and one outside of it are quoted")]
    OneSided,
    /// Nothing lasts for no time.
    #[error("a quote holds for at least a second, and not longer than the longest that may be asked for")]
    Lifetime,
}

/// What an anchor quotes, and how much it promises at once.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct QuoteDesk {
    /// What is quoted.
    pub assets: Vec<QuoteAsset>,
    /// Which asset is taken for which; each direction by itself.
    pub pairs: Vec<(AssetId, AssetId)>,
    /// How long a firm quote holds; a minute if not said.
    pub lifetime: Duration,
    /// How far into the future a client may ask for; an hour if not said.
    pub lifetime_max: Duration,
    /// How many open quotes one user has at most; 10 if not said.
    pub open_of_user: u32,
    /// Refuses `context=sep24` for indicative prices, of which the protocol's text does not speak.
    pub strict_contexts: bool,
}

impl QuoteDesk {
    /// A desk for these assets and pairs (sold, bought), with the usual limits.
    ///
    /// # Errors
    /// See [`DeskError`].
    pub fn new(
        assets: impl IntoIterator<Item = QuoteAsset>,
        pairs: impl IntoIterator<Item = (AssetId, AssetId)>,
    ) -> Result<Self, DeskError> {
        let desk = Self {
            assets: assets.into_iter().collect(),
            pairs: pairs.into_iter().collect(),
            lifetime: LIFETIME,
            lifetime_max: LIFETIME_MAX,
            open_of_user: OPEN_OF_USER,
            strict_contexts: false,
        };
        desk.validate()?;
        Ok(desk)
    }

    /// How long quotes hold, and how far into the future a client may ask for.
    ///
    /// # Errors
    /// [`DeskError::Lifetime`].
    pub fn lasting(mut self, lifetime: Duration, lifetime_max: Duration) -> Result<Self, DeskError> {
        (self.lifetime, self.lifetime_max) = (lifetime, lifetime_max);
        self.validate()?;
        Ok(self)
    }

    /// How many open quotes one user has at most.
    #[must_use]
    pub const fn open_of_user(mut self, quotes: u32) -> Self {
        self.open_of_user = quotes;
        self
    }

    /// Refuses `context=sep24` for indicative prices.
    #[must_use]
    pub const fn strict_contexts(mut self) -> Self {
        self.strict_contexts = true;
        self
    }

    /// One asset.
    pub fn asset(&self, id: &AssetId) -> Option<&QuoteAsset> {
        self.assets.iter().find(|asset| asset.id == *id)
    }

    /// Whether the first is taken for the second.
    pub fn trades(&self, sell: &AssetId, buy: &AssetId) -> bool {
        self.pairs.iter().any(|(one, other)| one == sell && other == buy)
    }

    fn validate(&self) -> Result<(), DeskError> {
        let mut seen = BTreeSet::new();
        for asset in &self.assets {
            let problem = |problem| DeskError::Problem { what: asset.id.to_string(), problem };
            asset.validate().map_err(problem)?;
            if !seen.insert(&asset.id) {
                return Err(problem(DeskProblem::Twice));
            }
        }
        let on_ledger = self.assets.iter().filter(|asset| asset.id.as_stellar().is_some()).count();
        if on_ledger == 0 || on_ledger == self.assets.len() {
            return Err(DeskError::OneSided);
        }
        let mut pairs = BTreeSet::new();
        for pair @ (sell, buy) in &self.pairs {
            let problem = |problem| DeskError::Problem { what: format!("{sell} for {buy}"), problem };
            if !(seen.contains(sell) && seen.contains(buy)) {
                return Err(problem(DeskProblem::Unlisted));
            }
            if sell == buy || (sell.as_stellar().is_none() && buy.as_stellar().is_none()) {
                return Err(problem(DeskProblem::Pair));
            }
            if !pairs.insert(pair) {
                return Err(problem(DeskProblem::Twice));
            }
        }
        if self.lifetime.as_secs() == 0 || self.lifetime > self.lifetime_max {
            return Err(DeskError::Lifetime);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
