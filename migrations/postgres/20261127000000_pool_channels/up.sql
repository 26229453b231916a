-- One envelope may pay for several transactions: one operation each.
CREATE TABLE attempt_items (
    attempt_id TEXT NOT NULL REFERENCES attempts (id),
    position BIGINT NOT NULL CHECK (position >= 0),
    transaction_id TEXT NOT NULL REFERENCES transactions (id),
    closed_at TIMESTAMP,
    PRIMARY KEY (attempt_id, position)
);
INSERT INTO attempt_items (attempt_id, position, transaction_id, closed_at)
SELECT id, 0, transaction_id, closed_at FROM attempts;
CREATE UNIQUE INDEX attempt_items_open ON attempt_items (transaction_id) WHERE closed_at IS NULL;
CREATE INDEX attempt_items_transaction ON attempt_items (transaction_id);

-- Attempts are worked on by themselves, under leases of their own.
ALTER TABLE attempts DROP COLUMN transaction_id;
ALTER TABLE attempts DROP CONSTRAINT attempts_purpose_check;
ALTER TABLE attempts ADD CONSTRAINT attempts_purpose_check
    CHECK (purpose IN ('payment', 'create_account', 'refund', 'channels'));
ALTER TABLE attempts ADD COLUMN fee BIGINT NOT NULL DEFAULT 0 CHECK (fee >= 0);
ALTER TABLE attempts ADD COLUMN due_at TIMESTAMP;
UPDATE attempts SET due_at = opened_at;
ALTER TABLE attempts ALTER COLUMN due_at SET NOT NULL;
ALTER TABLE attempts ADD COLUMN lease_owner TEXT;
ALTER TABLE attempts ADD COLUMN lease_token BIGINT NOT NULL DEFAULT 0 CHECK (lease_token >= 0);
ALTER TABLE attempts ADD COLUMN lease_until TIMESTAMP;
ALTER TABLE attempts ADD CHECK ((lease_owner IS NULL) = (lease_until IS NULL));
CREATE INDEX attempts_due ON attempts (due_at, id) WHERE closed_at IS NULL;
CREATE INDEX attempts_opened ON attempts (opened_at);

-- The same envelope in a dearer wrapping: whichever lands uses the attempt's sequence number.
CREATE TABLE attempt_bumps (
    hash TEXT PRIMARY KEY NOT NULL,
    attempt_id TEXT NOT NULL REFERENCES attempts (id),
    envelope TEXT NOT NULL,
    fee BIGINT NOT NULL CHECK (fee >= 0),
    opened_at TIMESTAMP NOT NULL
);
CREATE INDEX attempt_bumps_attempt ON attempt_bumps (attempt_id);

-- Accounts whose sequence numbers envelopes use, one open attempt each. `sequence` is the last used one where that is proved.
CREATE TABLE channels (
    account TEXT PRIMARY KEY NOT NULL,
    position BIGINT UNIQUE CHECK (position >= 0),
    retired BOOLEAN NOT NULL,
    sequence BIGINT CHECK (sequence >= 0),
    attempt_id TEXT REFERENCES attempts (id),
    lease_owner TEXT,
    lease_token BIGINT NOT NULL DEFAULT 0 CHECK (lease_token >= 0),
    lease_until TIMESTAMP,
    CHECK ((lease_owner IS NULL) = (lease_until IS NULL))
);
