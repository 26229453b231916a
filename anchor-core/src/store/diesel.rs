//! The store on SQLite and PostgreSQL: one copy of every query.
