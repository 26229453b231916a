-- Claimable balances that the anchor may take back from a time on. The row is written with the attempt that makes the
-- balance; its `balance_id` and `ledger` are known when that is applied. `claimed`: the user has it. `reclaimed`: a claim of
-- the claimant's was read on the ledger.
CREATE TABLE set_asides (
    attempt_id TEXT PRIMARY KEY NOT NULL REFERENCES attempts (id),
    transaction_id TEXT NOT NULL REFERENCES transactions (id),
    claimant TEXT NOT NULL,
    asset TEXT NOT NULL,
    amount BIGINT NOT NULL CHECK (amount > 0),
    reclaim_from BIGINT NOT NULL CHECK (reclaim_from >= 0),
    state TEXT NOT NULL CHECK (state IN ('making', 'open', 'claimed', 'reclaimed')),
    balance_id TEXT,
    ledger BIGINT CHECK (ledger >= 0),
    reclaim_id TEXT REFERENCES attempts (id),
    due_at TIMESTAMP NOT NULL,
    CHECK ((state = 'making') = (balance_id IS NULL)),
    CHECK ((ledger IS NULL) = (balance_id IS NULL))
);
CREATE UNIQUE INDEX set_asides_balance ON set_asides (balance_id) WHERE balance_id IS NOT NULL;
CREATE INDEX set_asides_transaction ON set_asides (transaction_id);
CREATE INDEX set_asides_reclaims ON set_asides (reclaim_id) WHERE reclaim_id IS NOT NULL;
CREATE INDEX set_asides_due ON set_asides (due_at, attempt_id) WHERE state = 'open';
CREATE TRIGGER set_asides_no_delete BEFORE DELETE ON set_asides
    FOR EACH ROW EXECUTE FUNCTION anchor_refuse();

-- One more purpose, and one more reason.
ALTER TABLE attempts DROP CONSTRAINT attempts_purpose_check;
ALTER TABLE attempts ADD CONSTRAINT attempts_purpose_check
    CHECK (purpose IN ('payment', 'create_account', 'refund', 'channels', 'reclaim'));
ALTER TABLE payments DROP CONSTRAINT payments_suspense_check;
ALTER TABLE payments ADD CONSTRAINT payments_suspense_check CHECK (suspense IN (
    'unmatched', 'wrong_asset', 'duplicate', 'unexpected', 'late', 'underpaid', 'overpaid', 'reclaimed'
));
