-- Only while no balance can be taken back: afterwards nobody would know whose it was.
DROP TABLE set_asides;
CREATE TEMPORARY TABLE payments_now AS SELECT * FROM payments;
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
    memo_type, memo, transaction_id, suspense, recorded_at, settled_by, settled_at)
SELECT operation_id, account, transaction_hash, ledger, ledger_closed_at, sender, receiver, asset, amount, memo_type, memo,
    transaction_id, CASE suspense WHEN 'reclaimed' THEN 'unmatched' ELSE suspense END, recorded_at, settled_by, settled_at
FROM payments_now;
DROP TABLE payments_now;
CREATE INDEX payments_transaction ON payments (transaction_id) WHERE transaction_id IS NOT NULL;
CREATE INDEX payments_suspense ON payments (recorded_at, operation_id) WHERE suspense IS NOT NULL AND settled_by IS NULL;
CREATE UNIQUE INDEX payments_settled ON payments (settled_by) WHERE settled_by IS NOT NULL;
CREATE TRIGGER payments_no_delete BEFORE DELETE ON payments
BEGIN
    SELECT RAISE(ABORT, 'payments does not allow DELETE');
END;
CREATE TRIGGER payments_settled_once BEFORE UPDATE ON payments WHEN OLD.settled_by IS NOT NULL
BEGIN
    SELECT RAISE(ABORT, 'payments does not allow UPDATE');
END;
ALTER TABLE attempts ADD COLUMN purpose_before TEXT NOT NULL DEFAULT 'payment'
    CHECK (purpose_before IN ('payment', 'create_account', 'refund', 'channels'));
UPDATE attempts SET purpose_before = CASE purpose WHEN 'reclaim' THEN 'channels' ELSE purpose END;
ALTER TABLE attempts DROP COLUMN purpose;
ALTER TABLE attempts RENAME COLUMN purpose_before TO purpose;
