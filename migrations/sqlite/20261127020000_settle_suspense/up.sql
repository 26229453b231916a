-- What returns a payment that was nobody's is a transaction too, which no wallet sees. SQLite changes the CHECK of a column
-- by making another column; so far all have the same value.
ALTER TABLE transactions ADD COLUMN protocol_and_suspense TEXT NOT NULL DEFAULT 'sep24'
    CHECK (protocol_and_suspense IN ('sep24', 'suspense'));
ALTER TABLE transactions DROP COLUMN protocol;
ALTER TABLE transactions RENAME COLUMN protocol_and_suspense TO protocol;

-- Everything that arrived on a watched account. With `suspense`, nobody was credited for it when it came; `settled_by` is the
-- transaction that returned it or was credited for it since.
CREATE TEMPORARY TABLE payments_before AS SELECT * FROM payments;
DROP TABLE payments;
CREATE TABLE payments (
    operation_id TEXT PRIMARY KEY NOT NULL,
    account TEXT NOT NULL REFERENCES watches (account),
    transaction_hash TEXT NOT NULL,
    ledger INTEGER NOT NULL CHECK (ledger >= 0),
    ledger_closed_at TEXT NOT NULL,
    sender TEXT NOT NULL,
    receiver TEXT NOT NULL,
    asset TEXT NOT NULL,
    amount INTEGER NOT NULL CHECK (amount >= 0),
    memo_type TEXT NOT NULL CHECK (memo_type IN ('none', 'text', 'id', 'hash', 'return')),
    memo TEXT NOT NULL,
    transaction_id TEXT REFERENCES transactions (id),
    suspense TEXT CHECK (suspense IN (
        'unmatched', 'wrong_asset', 'duplicate', 'unexpected', 'late', 'underpaid', 'overpaid'
    )),
    recorded_at TEXT NOT NULL,
    settled_by TEXT REFERENCES transactions (id),
    settled_at TEXT,
    CHECK ((settled_by IS NULL) = (settled_at IS NULL)),
    CHECK (settled_by IS NULL OR suspense IS NOT NULL)
) STRICT;
INSERT INTO payments (operation_id, account, transaction_hash, ledger, ledger_closed_at, sender, receiver, asset, amount,
    memo_type, memo, transaction_id, suspense, recorded_at)
SELECT operation_id, account, transaction_hash, ledger, ledger_closed_at, sender, receiver, asset, amount, memo_type, memo,
    transaction_id, suspense, recorded_at
FROM payments_before;
DROP TABLE payments_before;
CREATE INDEX payments_transaction ON payments (transaction_id) WHERE transaction_id IS NOT NULL;
CREATE INDEX payments_suspense ON payments (recorded_at, operation_id) WHERE suspense IS NOT NULL AND settled_by IS NULL;
CREATE UNIQUE INDEX payments_settled ON payments (settled_by) WHERE settled_by IS NOT NULL;
CREATE TRIGGER payments_no_delete BEFORE DELETE ON payments
BEGIN
    SELECT RAISE(ABORT, 'payments does not allow DELETE');
END;
-- A payment is settled once.
CREATE TRIGGER payments_settled_once BEFORE UPDATE ON payments WHEN OLD.settled_by IS NOT NULL
BEGIN
    SELECT RAISE(ABORT, 'payments does not allow UPDATE');
END;
