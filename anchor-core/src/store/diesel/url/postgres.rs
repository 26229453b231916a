//! `postgres://` URLs, and what must not be shown of them.

use url::Url;

use super::UrlError;
use crate::secret::Secret;

/// A connection string that may hold a password.
#[derive(Clone)]
pub(in crate::store::diesel) struct PostgresUrl {
    text: Secret<String>,
    passwords: Vec<Secret<String>>,
}

impl PostgresUrl {
    pub(super) fn parse(text: &str) -> Result<Self, UrlError> {
        let url = Url::parse(text).map_err(|_| UrlError::Postgres)?;
        let authority = text.split_once("://").map_or("", |(_, rest)| rest);
        let authority = authority.split(['/', '?', '#']).next().unwrap_or_default();
        // libpq takes the first @ for the end of the password, and shows what it finds behind it as the host
        let ambiguous = authority.matches('@').count() > 1 || url.path().contains('@') || text.contains('#');
        if ambiguous || !percent::is_escaped(text) || text.contains('\0') {
            return Err(UrlError::Postgres);
        }
        let in_front = authority.split_once('@').and_then(|(user, _)| user.split_once(':'));
        let in_query = url.query().unwrap_or_default().split('&').filter_map(|pair| pair.split_once('='));
        let in_query = in_query.filter(|(name, _)| name.ends_with("password"));
        // as written, and as libpq reads it
        let mut passwords: Vec<String> = in_front
            .into_iter()
            .chain(in_query)
            .flat_map(|(_, password)| [password.to_owned(), percent::decode(password)])
            .collect();
        passwords.retain(|password| !password.is_empty());
        passwords.sort_by_key(|password| std::cmp::Reverse(password.len()));
        Ok(Self {
            text: Secret::new(text.to_owned()),
            passwords: passwords.into_iter().map(Secret::new).collect(),
        })
    }

    /// With the password in it.
    pub(in crate::store::diesel) fn expose(&self) -> &str {
        self.text.expose()
    }

    /// What the server or its library said, without the password.
    pub(in crate::store::diesel) fn redact(&self, message: &str) -> String {
        self.passwords.iter().fold(message.trim().to_owned(), |message, password| {
            message.replace(password.expose(), "[redacted]")
        })
    }
}

mod percent {
    /// Every `%` starts two hex digits.
    pub(super) fn is_escaped(text: &str) -> bool {
        text.split('%')
            .skip(1)
            .all(|after| after.len() >= 2 && after.as_bytes().iter().take(2).all(u8::is_ascii_hexdigit))
    }

    pub(super) fn decode(text: &str) -> String {
        let mut pieces = text.split('%');
        let mut bytes = pieces.next().unwrap_or_default().as_bytes().to_vec();
        for piece in pieces {
            let (digits, rest) = piece.split_at_checked(2).unwrap_or(("", piece));
            bytes.extend(u8::from_str_radix(digits, 16));
            bytes.extend_from_slice(rest.as_bytes());
        }
        String::from_utf8_lossy(&bytes).into_owned()
    }
}
