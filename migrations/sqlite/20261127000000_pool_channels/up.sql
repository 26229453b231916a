-- One envelope may pay for several transactions: one operation each. Attempts are worked on by themselves, under leases
-- of their own. SQLite changes a table by making another one.
CREATE TEMPORARY TABLE attempts_before AS SELECT * FROM attempts;
DROP TABLE attempts;
CREATE TABLE attempts (
    id TEXT PRIMARY KEY NOT NULL,
    purpose TEXT NOT NULL CHECK (purpose IN ('payment', 'create_account', 'refund', 'channels')),
    hash TEXT NOT NULL UNIQUE,
    envelope TEXT NOT NULL,
    source TEXT NOT NULL,
    sequence INTEGER NOT NULL CHECK (sequence >= 0),
    max_time INTEGER NOT NULL CHECK (max_time >= 0),
    status TEXT NOT NULL CHECK (status IN ('open', 'applied', 'void')),
    note TEXT,
    opened_at TEXT NOT NULL,
    closed_at TEXT,
    fee INTEGER NOT NULL DEFAULT 0 CHECK (fee >= 0),
    due_at TEXT NOT NULL,
    lease_owner TEXT,
    lease_token INTEGER NOT NULL DEFAULT 0 CHECK (lease_token >= 0),
    lease_until TEXT,
    CHECK ((status = 'open') = (closed_at IS NULL)),
    CHECK ((lease_owner IS NULL) = (lease_until IS NULL))
) STRICT;
INSERT INTO attempts (id, purpose, hash, envelope, source, sequence, max_time, status, note, opened_at, closed_at, due_at)
SELECT id, purpose, hash, envelope, source, sequence, max_time, status, note, opened_at, closed_at, opened_at
FROM attempts_before;
CREATE UNIQUE INDEX attempts_open_source ON attempts (source) WHERE closed_at IS NULL;
CREATE INDEX attempts_sequence ON attempts (source, sequence);
CREATE INDEX attempts_due ON attempts (due_at, id) WHERE closed_at IS NULL;
CREATE INDEX attempts_opened ON attempts (opened_at);

CREATE TABLE attempt_items (
    attempt_id TEXT NOT NULL REFERENCES attempts (id),
    position INTEGER NOT NULL CHECK (position >= 0),
    transaction_id TEXT NOT NULL REFERENCES transactions (id),
    closed_at TEXT,
    PRIMARY KEY (attempt_id, position)
) STRICT;
INSERT INTO attempt_items (attempt_id, position, transaction_id, closed_at)
SELECT id, 0, transaction_id, closed_at FROM attempts_before;
CREATE UNIQUE INDEX attempt_items_open ON attempt_items (transaction_id) WHERE closed_at IS NULL;
CREATE INDEX attempt_items_transaction ON attempt_items (transaction_id);
DROP TABLE attempts_before;

-- The same envelope in a dearer wrapping: whichever lands uses the attempt's sequence number.
CREATE TABLE attempt_bumps (
    hash TEXT PRIMARY KEY NOT NULL,
    attempt_id TEXT NOT NULL REFERENCES attempts (id),
    envelope TEXT NOT NULL,
    fee INTEGER NOT NULL CHECK (fee >= 0),
    opened_at TEXT NOT NULL
) STRICT;
CREATE INDEX attempt_bumps_attempt ON attempt_bumps (attempt_id);

-- Accounts whose sequence numbers envelopes use, one open attempt each. `sequence` is the last used one where that is proved.
CREATE TABLE channels (
    account TEXT PRIMARY KEY NOT NULL,
    position INTEGER UNIQUE CHECK (position >= 0),
    retired INTEGER NOT NULL CHECK (retired IN (0, 1)),
    sequence INTEGER CHECK (sequence >= 0),
    attempt_id TEXT REFERENCES attempts (id),
    lease_owner TEXT,
    lease_token INTEGER NOT NULL DEFAULT 0 CHECK (lease_token >= 0),
    lease_until TEXT,
    CHECK ((lease_owner IS NULL) = (lease_until IS NULL))
) STRICT;
