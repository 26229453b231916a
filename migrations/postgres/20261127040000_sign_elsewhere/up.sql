-- Envelopes that somebody else has to sign, stored in the commit that opens their attempts, before anybody sees them. The
-- envelope of the attempt (or of the wrapping) is empty until it is signed: what is not there cannot be sent.
CREATE TABLE signings (
    hash TEXT PRIMARY KEY NOT NULL,
    attempt_id TEXT NOT NULL REFERENCES attempts (id),
    envelope TEXT NOT NULL CHECK (envelope <> ''),
    since BIGINT NOT NULL CHECK (since >= 0),
    opened_at TIMESTAMP NOT NULL,
    due_at TIMESTAMP NOT NULL,
    refused TEXT,
    closed_at TIMESTAMP,
    lease_owner TEXT,
    lease_token BIGINT NOT NULL DEFAULT 0 CHECK (lease_token >= 0),
    lease_until TIMESTAMP,
    CHECK ((lease_owner IS NULL) = (lease_until IS NULL)),
    CHECK (refused IS NULL OR closed_at IS NOT NULL)
);
CREATE INDEX signings_due ON signings (due_at, hash) WHERE closed_at IS NULL;
