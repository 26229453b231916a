//! DATABASE_URL, read by ourselves: diesel would take a mistyped address for the name of a SQLite file and create it.

use std::fmt;

#[cfg(feature = "postgres")]
mod postgres;

#[cfg(feature = "postgres")]
pub(super) use postgres::PostgresUrl;

/// Why a text is not the address of a database. Never repeats the text: it may hold a password.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum UrlError {
    /// Neither `sqlite://` nor `postgres://`.
    #[error("a database URL is written sqlite://FILE or postgres://USER:PASSWORD@HOST:PORT/NAME")]
    Scheme,
    /// `sqlite://` without a usable file name.
    #[error("sqlite:// is followed by the path of a file, without ? or #")]
    SqlitePath,
    /// A database in memory.
    #[error("SQLite in memory is one database for each connection: give the path of a file")]
    SqliteMemory,
    /// `postgres://` followed by something that is not a URL.
    #[error("not a valid postgres:// URL; special characters of a password have to be percent-encoded")]
    Postgres,
    /// The program was built without this backend.
    #[error("this program was built without the feature \"{0}\"")]
    NotBuilt(&'static str),
}

/// The address of a database, valid in form.
#[derive(Clone)]
pub(super) enum DatabaseUrl {
    /// Path of the file, as written.
    #[cfg(feature = "sqlite")]
    Sqlite(String),
    /// As written, for libpq.
    #[cfg(feature = "postgres")]
    Postgres(PostgresUrl),
}

impl DatabaseUrl {
    pub(super) fn parse(text: &str) -> Result<Self, UrlError> {
        if text == "sqlite::memory:" {
            return Err(UrlError::SqliteMemory);
        }
        match text.split_once("://") {
            #[cfg(feature = "sqlite")]
            Some(("sqlite", path)) => sqlite(path),
            #[cfg(not(feature = "sqlite"))]
            Some(("sqlite", _)) => Err(UrlError::NotBuilt("sqlite")),
            #[cfg(feature = "postgres")]
            Some(("postgres" | "postgresql", _)) => PostgresUrl::parse(text).map(Self::Postgres),
            #[cfg(not(feature = "postgres"))]
            Some(("postgres" | "postgresql", _)) => Err(UrlError::NotBuilt("postgres")),
            _ => Err(UrlError::Scheme),
        }
    }
}

#[cfg(feature = "sqlite")]
fn sqlite(path: &str) -> Result<DatabaseUrl, UrlError> {
    if path.contains(":memory:") || path.contains("mode=memory") {
        return Err(UrlError::SqliteMemory);
    }
    // SQLite reads a name that starts with file: as a URL of its own
    let usable = !path.is_empty() && !path.starts_with("file:") && !path.contains(['?', '#', '\0']);
    if usable { Ok(DatabaseUrl::Sqlite(path.to_owned())) } else { Err(UrlError::SqlitePath) }
}

impl fmt::Debug for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            #[cfg(feature = "sqlite")]
            Self::Sqlite(path) => f.debug_tuple("Sqlite").field(path).finish(),
            #[cfg(feature = "postgres")]
            Self::Postgres(_) => f.write_str("Postgres"),
        }
    }
}

#[cfg(test)]
mod tests;
