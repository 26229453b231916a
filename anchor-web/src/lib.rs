//! Mounts the SEP endpoints and hosted pages of a Stellar anchor on an actix-web App.
