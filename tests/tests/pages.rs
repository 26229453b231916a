//! The hosted pages, asked as browsers and attackers ask them.
#![allow(clippy::unwrap_used, reason = "tests")]

#[path = "pages/branding.rs"]
mod branding;
#[path = "pages/callbacks.rs"]
mod callbacks;
#[path = "pages/entering.rs"]
mod entering;
#[path = "pages/forms.rs"]
mod forms;
#[path = "pages/own_pages.rs"]
mod own_pages;
#[path = "pages/papers.rs"]
mod papers;
#[path = "pages/status.rs"]
mod status;
#[path = "pages/support.rs"]
mod support;
