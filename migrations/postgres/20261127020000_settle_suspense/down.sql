-- Only before the first payment in suspense was settled: what was paid back is not forgotten.
DROP TRIGGER payments_settled_once ON payments;
DROP INDEX payments_settled;
DROP INDEX payments_suspense;
CREATE INDEX payments_suspense ON payments (recorded_at, operation_id) WHERE suspense IS NOT NULL;
ALTER TABLE payments DROP CONSTRAINT payments_settled_suspense_check;
ALTER TABLE payments DROP CONSTRAINT payments_settled_check;
ALTER TABLE payments DROP COLUMN settled_at;
ALTER TABLE payments DROP COLUMN settled_by;
UPDATE payments SET suspense = 'unexpected' WHERE suspense IN ('late', 'underpaid', 'overpaid');
ALTER TABLE payments DROP CONSTRAINT payments_suspense_check;
ALTER TABLE payments ADD CONSTRAINT payments_suspense_check
    CHECK (suspense IN ('unmatched', 'wrong_asset', 'duplicate', 'unexpected'));
ALTER TABLE transactions DROP CONSTRAINT transactions_protocol_check;
ALTER TABLE transactions ADD CONSTRAINT transactions_protocol_check CHECK (protocol IN ('sep24'));
