-- Claimable balances that the anchor may take back from a time on. The row is written with the attempt that makes the
-- balance; its `balance_id` and `ledger` are known when that is applied. `claimed`: the user has it. `reclaimed`: a claim of
-- the claimant's was read on the ledger.
CREATE TABLE set_asides (
    attempt_id TEXT PRIMARY KEY NOT NULL REFERENCES attempts (id),
    transaction_id TEXT NOT NULL REFERENCES transactions (id),
    claimant TEXT NOT NULL,
    asset TEXT NOT NULL,
    amount INTEGER NOT NULL CHECK (amount > 0),
    reclaim_from INTEGER NOT NULL CHECK (reclaim_from >= 0),
    state TEXT NOT NULL CHECK (state IN ('making', 'open', 'claimed', 'reclaimed')),
    balance_id TEXT,
    ledger INTEGER CHECK (ledger >= 0),
    reclaim_id TEXT REFERENCES attempts (id),
    due_at TEXT NOT NULL,
    CHECK ((state = 'making') = (balance_id IS NULL)),
    CHECK ((ledger IS NULL) = (balance_id IS NULL))
) STRICT;
CREATE UNIQUE INDEX set_asides_balance ON set_asides (balance_id) WHERE balance_id IS NOT NULL;
CREATE INDEX set_asides_transaction ON set_asides (transaction_id);
CREATE INDEX set_asides_reclaims ON set_asides (reclaim_id) WHERE reclaim_id IS NOT NULL;
CREATE INDEX set_asides_due ON set_asides (due_at, attempt_id) WHERE state = 'open';
CREATE TRIGGER set_asides_no_delete BEFORE DELETE ON set_asides
BEGIN
    SELECT RAISE(ABORT, 'set_asides does not allow DELETE');
END;

-- One more purpose. SQLite changes the CHECK of a column by making another column.
ALTER TABLE attempts ADD COLUMN purpose_now TEXT NOT NULL DEFAULT 'payment'
    CHECK (purpose_now IN ('payment', 'create_account', 'refund', 'channels', 'reclaim'));
UPDATE attempts SET purpose_now = purpose;
ALTER TABLE attempts DROP COLUMN purpose;
ALTER TABLE attempts RENAME COLUMN purpose_now TO purpose;

-- One more reason.
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
        'unmatched', 'wrong_asset', 'duplicate', 'unexpected', 'late', 'underpaid', 'overpaid', 'reclaimed'
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
    transaction_id, suspense, recorded_at, settled_by, settled_at
FROM payments_before;
DROP TABLE payments_before;
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
