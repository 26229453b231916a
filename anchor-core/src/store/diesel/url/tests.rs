#![cfg(feature = "postgres")]

use super::{DatabaseUrl, UrlError};

#[test]
#[cfg(feature = "sqlite")]
fn form_of_a_database_url_is_checked() {
    use UrlError::{Postgres, Scheme, SqliteMemory, SqlitePath};
    let refused = [
        ("", Scheme),
        ("anchor.sqlite3", Scheme),
        ("pg.example.com", Scheme),
        ("mysql://host/db", Scheme),
        ("postgre://host/db", Scheme),
        ("POSTGRES://host/db", Scheme),
        ("sqlite:anchor.sqlite3", Scheme),
        ("file:anchor.sqlite3", Scheme),
        ("host=localhost dbname=anchor", Scheme),
        ("sqlite::memory:", SqliteMemory),
        ("sqlite://:memory:", SqliteMemory),
        ("sqlite://file::memory:?cache=shared", SqliteMemory),
        ("sqlite://", SqlitePath),
        ("sqlite://file:anchor.sqlite3", SqlitePath),
        ("sqlite://anchor.sqlite3?mode=ro", SqlitePath),
        ("sqlite://a#b", SqlitePath),
        ("sqlite://a\0b", SqlitePath),
        ("postgres://user:pa@ss@host/db", Postgres),
        ("postgres://user:pa/ss@host/db", Postgres),
        ("postgres://user:pa#ss@host/db", Postgres),
        ("postgres://user:100%@host/db", Postgres),
        ("postgres://user:%zz@host/db", Postgres),
        ("postgres://host:port/db", Postgres),
        ("postgres://host:99999/db", Postgres),
    ];
    for (text, error) in refused {
        assert_eq!(DatabaseUrl::parse(text).map(|_| ()), Err(error), "{text}");
    }
    for path in ["anchor.sqlite3", "/var/lib/anchor/anchor.sqlite3", "./with space", "a%20b", "ä.db"] {
        let parsed = DatabaseUrl::parse(&format!("sqlite://{path}"));
        assert!(matches!(parsed, Ok(DatabaseUrl::Sqlite(same)) if same == path), "{path}");
    }
}

#[test]
fn forms_of_postgres_urls_are_taken() {
    for text in [
        "postgres://user@localhost/db",
        "postgresql://user:secret@127.0.0.1:5432/db?sslmode=require",
        "postgres://user:p%40ss%2F@db.example/db",
        "postgres:///db?host=/var/run/postgresql",
        "postgres://user@[::1]:5433/db",
    ] {
        assert!(matches!(DatabaseUrl::parse(text), Ok(DatabaseUrl::Postgres(_))), "{text}");
    }
}

#[test]
fn password_is_shown_nowhere() {
    for text in ["postgres://user:p%40ssword@host/db", "postgres://user@host/db?password=p%40ssword"] {
        let Ok(DatabaseUrl::Postgres(url)) = DatabaseUrl::parse(text) else { panic!("{text}") };
        assert!(!format!("{:?}", DatabaseUrl::parse(text)).contains("ssword"));
        let said = url.redact("no host \"p%40ssword\", or \"p@ssword\"");
        assert!(!said.contains("ssword"), "{said}");
        assert!(said.contains("no host"));
    }
    for wrong in ["postgres://user:hunter2@ss@host/db", "postgres://u:hunter2%@host/db", "hunter2"] {
        let error = DatabaseUrl::parse(wrong).unwrap_err();
        assert!(!format!("{error} {error:?}").contains("hunter2"));
    }
}
