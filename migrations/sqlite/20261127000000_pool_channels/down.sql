DROP TABLE channels;
DROP TABLE attempt_bumps;
CREATE TEMPORARY TABLE attempts_before AS
SELECT attempts.*, attempt_items.transaction_id FROM attempts
JOIN attempt_items ON attempt_items.attempt_id = attempts.id AND attempt_items.position = 0;
DROP TABLE attempt_items;
DROP TABLE attempts;
CREATE TABLE attempts (
    id TEXT PRIMARY KEY NOT NULL,
    transaction_id TEXT NOT NULL REFERENCES transactions (id),
    purpose TEXT NOT NULL CHECK (purpose IN ('payment', 'create_account', 'refund')),
    hash TEXT NOT NULL UNIQUE,
    envelope TEXT NOT NULL,
    source TEXT NOT NULL,
    sequence INTEGER NOT NULL CHECK (sequence >= 0),
    max_time INTEGER NOT NULL CHECK (max_time >= 0),
    status TEXT NOT NULL CHECK (status IN ('open', 'applied', 'void')),
    note TEXT,
    opened_at TEXT NOT NULL,
    closed_at TEXT,
    CHECK ((status = 'open') = (closed_at IS NULL))
) STRICT;
INSERT INTO attempts (id, transaction_id, purpose, hash, envelope, source, sequence, max_time, status, note, opened_at, closed_at)
SELECT id, transaction_id, purpose, hash, envelope, source, sequence, max_time, status, note, opened_at, closed_at
FROM attempts_before;
DROP TABLE attempts_before;
CREATE INDEX attempts_transaction ON attempts (transaction_id);
CREATE UNIQUE INDEX attempts_open_transaction ON attempts (transaction_id) WHERE closed_at IS NULL;
CREATE UNIQUE INDEX attempts_open_source ON attempts (source) WHERE closed_at IS NULL;
CREATE INDEX attempts_sequence ON attempts (source, sequence);
