-- Only before the first payment in suspense was settled: what was paid back is not forgotten.
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
    suspense TEXT CHECK (suspense IN ('unmatched', 'wrong_asset', 'duplicate', 'unexpected')),
    recorded_at TEXT NOT NULL
) STRICT;
INSERT INTO payments
SELECT operation_id, account, transaction_hash, ledger, ledger_closed_at, sender, receiver, asset, amount, memo_type, memo,
    transaction_id, CASE WHEN suspense IN ('late', 'underpaid', 'overpaid') THEN 'unexpected' ELSE suspense END, recorded_at
FROM payments_now;
DROP TABLE payments_now;
CREATE INDEX payments_transaction ON payments (transaction_id) WHERE transaction_id IS NOT NULL;
CREATE INDEX payments_suspense ON payments (recorded_at, operation_id) WHERE suspense IS NOT NULL;
CREATE TRIGGER payments_no_delete BEFORE DELETE ON payments
BEGIN
    SELECT RAISE(ABORT, 'payments does not allow DELETE');
END;
ALTER TABLE transactions ADD COLUMN protocol_before TEXT NOT NULL DEFAULT 'sep24' CHECK (protocol_before IN ('sep24'));
UPDATE transactions SET protocol_before = protocol;
ALTER TABLE transactions DROP COLUMN protocol;
ALTER TABLE transactions RENAME COLUMN protocol_before TO protocol;
