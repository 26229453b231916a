use std::collections::BTreeSet;

use super::Reader;

/// A protocol that the anchor speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Sep {
    /// stellar.toml.
    Sep1,
    /// Deposit and withdrawal by API, of the assets that have a funding method.
    Sep6,
    /// Web authentication.
    Sep10,
    /// Customers' data, as far as anything is asked of them.
    Sep12,
    /// Hosted deposit and withdrawal.
    Sep24,
    /// Payments from other anchors, as far as any asset is taken from them.
    Sep31,
    /// Prices and quotes, as far as any are attached.
    Sep38,
    /// Web authentication of contract accounts, as far as there is a contract for it.
    Sep45,
}

impl Sep {
    /// Those that this version can serve.
    pub const ALL: [Self; 8] = [
        Self::Sep1,
        Self::Sep6,
        Self::Sep10,
        Self::Sep12,
        Self::Sep24,
        Self::Sep31,
        Self::Sep38,
        Self::Sep45,
    ];

    fn parse(text: &str) -> Option<Self> {
        match text.trim().to_ascii_lowercase().trim_start_matches("sep-").trim_start_matches("sep") {
            "1" => Some(Self::Sep1),
            "6" => Some(Self::Sep6),
            "10" => Some(Self::Sep10),
            "12" => Some(Self::Sep12),
            "24" => Some(Self::Sep24),
            "31" => Some(Self::Sep31),
            "38" => Some(Self::Sep38),
            "45" => Some(Self::Sep45),
            _ => None,
        }
    }
}

impl Reader<'_> {
    pub(super) fn seps(&mut self) -> BTreeSet<Sep> {
        let Some(text) = self.text("ACTIVE_SEPS") else { return Sep::ALL.into() };
        let seps: Option<BTreeSet<_>> = text.split(',').map(Sep::parse).collect();
        seps.unwrap_or_else(|| {
            self.problem("ACTIVE_SEPS", "some of sep-1,sep-6,sep-10,sep-12,sep-24,sep-31,sep-38,sep-45");
            BTreeSet::new()
        })
    }
}
