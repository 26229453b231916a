//! Query parameters, checked as Horizon checks them.

use actix_web::web;
use stellar_xdr::{AccountId, Asset};

use super::{asset, problem::Problem, toid::Toid};

const DEFAULT_LIMIT: usize = 10;
const MAX_LIMIT: usize = 200;

/// The decoded query string, later also the form fields, of one request.
#[derive(Debug, Clone, Default)]
pub(crate) struct Query(Vec<(String, String)>);

impl Query {
    pub(crate) fn parse(encoded: &str) -> Result<Self, Problem> {
        let pairs = web::Query::<Vec<(String, String)>>::from_query(encoded);
        pairs
            .map(|pairs| Self(pairs.into_inner()))
            .map_err(|_| Problem::bad_request("The query string cannot be decoded."))
    }

    /// The parameter's value; an empty one counts as absent.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(key, value)| key == name && !value.is_empty()).map(|(_, value)| value.as_str())
    }

    pub(crate) fn pairs(&self) -> &[(String, String)] {
        &self.0
    }

    pub(crate) fn account(&self, name: &str) -> Result<Option<AccountId>, Problem> {
        self.text(name).map(|text| account_id(name, text)).transpose()
    }

    /// `native` or `CODE:ISSUER`.
    pub(crate) fn asset(&self, name: &str) -> Result<Option<Asset>, Problem> {
        self.text(name)
            .map(|text| {
                asset::parse(text).ok_or_else(|| {
                    Problem::invalid_field(name, "an asset is \"native\" or of the form CODE:ISSUER")
                })
            })
            .transpose()
    }

    /// A comma-separated list of canonical assets.
    pub(crate) fn assets(&self, name: &str) -> Result<Vec<Asset>, Problem> {
        let listed = self.text(name).unwrap_or_default();
        let bad = || Problem::invalid_field(name, "a list of \"native\" and CODE:ISSUER is expected");
        listed
            .split(',')
            .filter(|text| !text.is_empty())
            .map(|text| asset::parse(text).ok_or_else(bad))
            .collect()
    }

    /// An asset in the three-field form, required.
    pub(crate) fn asset_fields(&self, prefix: &str) -> Result<Asset, Problem> {
        let field = |name: &str| format!("{prefix}{name}");
        let (kind, code, issuer) = (field("asset_type"), field("asset_code"), field("asset_issuer"));
        let longest = match self.text(&kind) {
            Some("native") if self.text(&code).is_some() => {
                return Err(Problem::invalid_field(&code, "the native asset has no code"));
            }
            Some("native") if self.text(&issuer).is_some() => {
                return Err(Problem::invalid_field(&issuer, "the native asset has no issuer"));
            }
            Some("native") => return Ok(Asset::Native),
            Some("credit_alphanum4") => 4,
            Some("credit_alphanum12") => 12,
            _ => {
                let reason = "an asset type is native, credit_alphanum4 or credit_alphanum12";
                return Err(Problem::invalid_field(&kind, reason));
            }
        };
        let text = self.text(&code).unwrap_or_default();
        let issuer_id =
            self.account(&issuer)?.ok_or_else(|| Problem::invalid_field(&issuer, "missing parameter"))?;
        asset::credit(text, issuer_id)
            .filter(|_| text.len() <= longest)
            .ok_or_else(|| Problem::invalid_field(&code, "an asset code is 1-12 letters and digits"))
    }

    pub(crate) fn flag(&self, name: &str) -> Result<bool, Problem> {
        match self.text(name) {
            None | Some("false" | "0") => Ok(false),
            Some("true" | "1") => Ok(true),
            Some(_) => Err(Problem::invalid_field(name, "true or false is expected")),
        }
    }

    /// Whether `join=transactions` is asked for.
    pub(crate) fn joins_transactions(&self) -> Result<bool, Problem> {
        match self.text("join") {
            None => Ok(false),
            Some("transactions") => Ok(true),
            Some(_) => Err(Problem::invalid_field("join", "Accepted values: transactions")),
        }
    }

    /// Cursor, order and limit; `last_event_id` is what a reconnecting stream has seen and wins over the cursor.
    pub(crate) fn page(&self, last_event_id: Option<&str>) -> Result<Page, Problem> {
        let order = match self.text("order") {
            None | Some("asc") => Order::Ascending,
            Some("desc") => Order::Descending,
            Some(_) => return Err(Problem::invalid_field("order", "order: invalid value")),
        };
        let limit = match self.text("limit") {
            None => DEFAULT_LIMIT,
            Some(text) => match text.parse::<i64>().map(usize::try_from) {
                Ok(Ok(limit @ 1..=MAX_LIMIT)) => limit,
                Ok(_) => return Err(Problem::invalid_field("limit", "the limit is between 1 and 200")),
                Err(_) => return Err(Problem::invalid_field("limit", "unparseable value")),
            },
        };
        let cursor = last_event_id.or(self.text("cursor")).map(str::to_owned);
        Ok(Page { cursor, order, limit })
    }
}

/// Reads a `G…` address.
pub(crate) fn account_id(field: &str, text: &str) -> Result<AccountId, Problem> {
    text.parse().map_err(|_| {
        Problem::invalid_field(field, "Account ID must start with `G` and contain 56 alphanum characters")
    })
}

/// Direction of a listing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Order {
    Ascending,
    Descending,
}

impl Order {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Ascending => "asc",
            Self::Descending => "desc",
        }
    }

    pub(crate) fn inverted(self) -> Self {
        match self {
            Self::Ascending => Self::Descending,
            Self::Descending => Self::Ascending,
        }
    }

    /// Whether `token` lies beyond `cursor` in this direction.
    pub(crate) fn passes<T: Ord + ?Sized>(self, token: &T, cursor: &T) -> bool {
        match self {
            Self::Ascending => token > cursor,
            Self::Descending => token < cursor,
        }
    }
}

/// What part of a listing is wanted.
#[derive(Debug, Clone)]
pub(crate) struct Page {
    pub(crate) cursor: Option<String>,
    pub(crate) order: Order,
    pub(crate) limit: usize,
}

impl Page {
    /// The cursor as a position in history: `now`, a number, or a number and a sub-index. `None` begins at the
    /// end the order begins at.
    ///
    /// A descending listing from before the first ledger is "gone", as nothing can be below it.
    pub(crate) fn position(&self, first: u32, latest: u32) -> Result<Option<Toid>, Problem> {
        let position = match self.cursor.as_deref() {
            None => return Ok(None),
            Some("now") => Toid::after_ledger(latest),
            Some(text) => {
                let (number, sub) = text.split_once('-').unwrap_or((text, "0"));
                let number: Result<i64, _> = number.parse();
                match (number, sub.parse::<i64>()) {
                    (Ok(number @ 0..), Ok(0..)) => Toid(number),
                    _ => return Err(Problem::invalid_field("cursor", "cursor: invalid value")),
                }
            }
        };
        if self.order == Order::Descending && position <= Toid::new(first, 0, 0) {
            return Err(Problem::before_history());
        }
        Ok(Some(position))
    }

    /// Takes this page out of everything, given in ascending order of its tokens.
    ///
    /// For resources that are a state, not a history: `key` compares as the API's order does.
    pub(crate) fn cut<T, K: Ord>(&self, all: Vec<T>, cursor: Option<K>, key: impl Fn(&T) -> K) -> Vec<T> {
        let beyond = |item: &T| cursor.as_ref().is_none_or(|cursor| self.order.passes(&key(item), cursor));
        let mut kept: Vec<T> = all.into_iter().filter(beyond).collect();
        kept.sort_by_key(&key);
        if self.order == Order::Descending {
            kept.reverse();
        }
        kept.truncate(self.limit);
        kept
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(encoded: &str) -> Result<Page, Problem> {
        Query::parse(encoded).unwrap().page(None)
    }

    #[test]
    fn limits_outside_1_to_200_are_refused() {
        assert_eq!(page("").unwrap().limit, 10);
        assert_eq!(page("limit=200").unwrap().limit, 200);
        for bad in ["limit=0", "limit=201", "limit=-1", "limit=x", "limit=99999999999999999999"] {
            assert!(page(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn the_last_event_id_wins_over_the_cursor() {
        let query = Query::parse("cursor=5").unwrap();
        assert_eq!(query.page(Some("9")).unwrap().cursor.as_deref(), Some("9"));
    }

    #[test]
    fn a_cursor_is_a_number_a_pair_or_now() {
        let position = |text: &str| page(text).unwrap().position(1, 7);
        assert_eq!(position("cursor=now").unwrap(), Some(Toid::after_ledger(7)));
        assert_eq!(position("cursor=12").unwrap(), Some(Toid(12)));
        assert_eq!(position("cursor=12-3").unwrap(), Some(Toid(12)));
        for bad in ["cursor=-1", "cursor=x", "cursor=1-x"] {
            assert!(position(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn descending_from_before_the_first_ledger_is_gone() {
        let gone = page("cursor=1&order=desc").unwrap().position(1, 7).unwrap_err();
        assert_eq!(gone.body()["status"], 410);
        assert!(page("cursor=1&order=asc").unwrap().position(1, 7).is_ok());
    }
}
