//! Names of hosts as the SEPs write them, and patterns that stand for several.

use std::fmt;
use std::str::FromStr;

/// Why a text is no domain, or no pattern of domains. Never repeats the input.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DomainError {
    /// Not a bare host: something before, behind or inside it does not belong there.
    #[error("a domain is a host in ASCII (punycode), and a port in development: no scheme, path or spaces")]
    Domain,
    /// Not a domain, `*.` and a domain, or `*`.
    #[error("a pattern of domains is a domain, *. and a domain, or *")]
    Pattern,
    /// The name of a challenge's first operation holds 64 bytes, 5 of which are taken.
    #[error("a home domain has at most 59 bytes")]
    Long,
    /// What a client gets that names no home domain cannot be a pattern.
    #[error("the first home domain has no wildcard: it is the one of clients that name none")]
    Default,
}

/// A host, and a port in development: lower-case ASCII without a trailing dot, so that equal domains are equal texts.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Domain(String);

impl Domain {
    /// Longer ones do not fit into a challenge's data entry.
    pub const BYTES_MAX: usize = 64;

    /// Host and port.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Without the port.
    pub fn host(&self) -> &str {
        self.0.split_once(':').map_or(&*self.0, |(host, _)| host)
    }

    /// Only if it is written.
    pub fn port(&self) -> Option<u16> {
        self.0.split_once(':').and_then(|(_, port)| port.parse().ok())
    }
}

impl FromStr for Domain {
    type Err = DomainError;

    fn from_str(text: &str) -> Result<Self, DomainError> {
        let (host, port) = text.split_once(':').map_or((text, None), |(host, port)| (host, Some(port)));
        let is_label = |label: &str| {
            let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
            !label.is_empty()
                && label.bytes().all(is_plain)
                && !label.starts_with('-')
                && !label.ends_with('-')
        };
        // digits only, or a sign would pass
        let is_port = |port: &str| {
            port.bytes().all(|byte| byte.is_ascii_digit()) && port.parse::<u16>().is_ok_and(|port| port > 0)
        };
        let is_domain =
            text.len() <= Self::BYTES_MAX && host.split('.').all(is_label) && port.is_none_or(is_port);
        if is_domain { Ok(Self(text.to_ascii_lowercase())) } else { Err(DomainError::Domain) }
    }
}

impl fmt::Display for Domain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// One domain, or all below one (`*.anchor.example`, at any depth, but not `anchor.example` itself), or all (`*`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DomainPattern(Pattern);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Pattern {
    Any,
    Only(Domain),
    /// With the dot in front.
    Below(String),
}

impl DomainPattern {
    /// Whether it stands for this domain.
    pub fn matches(&self, domain: &Domain) -> bool {
        match &self.0 {
            Pattern::Any => true,
            Pattern::Only(only) => only == domain,
            Pattern::Below(parent) => domain.as_str().ends_with(&**parent),
        }
    }
}

impl FromStr for DomainPattern {
    type Err = DomainError;

    fn from_str(text: &str) -> Result<Self, DomainError> {
        if text == "*" {
            return Ok(Self(Pattern::Any));
        }
        let pattern = match text.strip_prefix("*.") {
            Some(parent) => parent.parse().map(|parent: Domain| Pattern::Below(format!(".{parent}"))),
            None => text.parse().map(Pattern::Only),
        };
        pattern.map(Self).map_err(|_| DomainError::Pattern)
    }
}

/// The domains whose users one server authenticates (SEP-10, `home_domain`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HomeDomains {
    default: Domain,
    patterns: Vec<DomainPattern>,
}

impl HomeDomains {
    /// What `" auth"` leaves of the name of a challenge's first operation.
    pub const BYTES_MAX: usize = 59;

    /// A single one.
    ///
    /// # Errors
    /// [`DomainError::Long`].
    pub fn only(domain: Domain) -> Result<Self, DomainError> {
        if domain.as_str().len() > Self::BYTES_MAX {
            return Err(DomainError::Long);
        }
        Ok(Self { patterns: vec![DomainPattern(Pattern::Only(domain.clone()))], default: domain })
    }

    /// The one of clients that name none.
    pub const fn default_domain(&self) -> &Domain {
        &self.default
    }

    /// Those that are listed one by one, the default first.
    pub fn listed(&self) -> impl Iterator<Item = &Domain> {
        self.patterns.iter().filter_map(|pattern| match &pattern.0 {
            Pattern::Only(domain) => Some(domain),
            Pattern::Any | Pattern::Below(_) => None,
        })
    }

    /// The home domain that a client asks for; `None` if it is not served.
    pub fn find(&self, wanted: &str) -> Option<Domain> {
        let wanted: Domain = wanted.parse().ok()?;
        let is_ours = self.patterns.iter().any(|pattern| pattern.matches(&wanted));
        (is_ours && wanted.as_str().len() <= Self::BYTES_MAX).then_some(wanted)
    }

    /// Whether this is exactly what is written in a challenge or token for one of them.
    pub fn covers(&self, written: &str) -> bool {
        written == self.default.as_str() || self.find(written).is_some_and(|ours| ours.as_str() == written)
    }
}

/// Separated by commas; the first is the default.
impl FromStr for HomeDomains {
    type Err = DomainError;

    fn from_str(text: &str) -> Result<Self, DomainError> {
        let patterns: Vec<DomainPattern> =
            text.split(',').map(|pattern| pattern.trim().parse()).collect::<Result<_, _>>()?;
        let default = match patterns.first().map(|first| &first.0) {
            Some(Pattern::Only(domain)) => domain.clone(),
            _ => return Err(DomainError::Default),
        };
        let home_domains = Self { default, patterns };
        if home_domains.listed().any(|domain| domain.as_str().len() > Self::BYTES_MAX) {
            return Err(DomainError::Long);
        }
        Ok(home_domains)
    }
}

#[cfg(test)]
mod tests;
