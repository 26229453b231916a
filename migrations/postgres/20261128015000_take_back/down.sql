-- Only while no balance can be taken back: afterwards nobody would know whose it was.
DROP TABLE set_asides;
DROP TRIGGER payments_settled_once ON payments;
UPDATE payments SET suspense = 'unmatched' WHERE suspense = 'reclaimed';
CREATE TRIGGER payments_settled_once BEFORE UPDATE ON payments
    FOR EACH ROW WHEN (OLD.settled_by IS NOT NULL) EXECUTE FUNCTION anchor_refuse();
ALTER TABLE payments DROP CONSTRAINT payments_suspense_check;
ALTER TABLE payments ADD CONSTRAINT payments_suspense_check CHECK (suspense IN (
    'unmatched', 'wrong_asset', 'duplicate', 'unexpected', 'late', 'underpaid', 'overpaid'
));
UPDATE attempts SET purpose = 'channels' WHERE purpose = 'reclaim';
ALTER TABLE attempts DROP CONSTRAINT attempts_purpose_check;
ALTER TABLE attempts ADD CONSTRAINT attempts_purpose_check
    CHECK (purpose IN ('payment', 'create_account', 'refund', 'channels'));
