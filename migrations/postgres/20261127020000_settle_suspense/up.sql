-- What returns a payment that was nobody's is a transaction too, which no wallet sees.
ALTER TABLE transactions DROP CONSTRAINT transactions_protocol_check;
ALTER TABLE transactions ADD CONSTRAINT transactions_protocol_check CHECK (protocol IN ('sep24', 'suspense'));

-- Everything that arrived on a watched account. With `suspense`, nobody was credited for it when it came; `settled_by` is the
-- transaction that returned it or was credited for it since.
ALTER TABLE payments DROP CONSTRAINT payments_suspense_check;
ALTER TABLE payments ADD CONSTRAINT payments_suspense_check CHECK (suspense IN (
    'unmatched', 'wrong_asset', 'duplicate', 'unexpected', 'late', 'underpaid', 'overpaid'
));
ALTER TABLE payments ADD COLUMN settled_by TEXT REFERENCES transactions (id);
ALTER TABLE payments ADD COLUMN settled_at TIMESTAMP;
ALTER TABLE payments ADD CONSTRAINT payments_settled_check CHECK ((settled_by IS NULL) = (settled_at IS NULL));
ALTER TABLE payments ADD CONSTRAINT payments_settled_suspense_check CHECK (settled_by IS NULL OR suspense IS NOT NULL);
DROP INDEX payments_suspense;
CREATE INDEX payments_suspense ON payments (recorded_at, operation_id) WHERE suspense IS NOT NULL AND settled_by IS NULL;
CREATE UNIQUE INDEX payments_settled ON payments (settled_by) WHERE settled_by IS NOT NULL;
-- A payment is settled once.
CREATE TRIGGER payments_settled_once BEFORE UPDATE ON payments
    FOR EACH ROW WHEN (OLD.settled_by IS NOT NULL) EXECUTE FUNCTION anchor_refuse();
