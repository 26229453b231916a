DROP TABLE channels;
DROP TABLE attempt_bumps;
DROP INDEX attempts_opened;
DROP INDEX attempts_due;
ALTER TABLE attempts ADD COLUMN transaction_id TEXT REFERENCES transactions (id);
UPDATE attempts SET transaction_id = (
    SELECT transaction_id FROM attempt_items WHERE attempt_id = attempts.id AND position = 0
);
ALTER TABLE attempts DROP COLUMN lease_until, DROP COLUMN lease_token, DROP COLUMN lease_owner, DROP COLUMN due_at,
    DROP COLUMN fee;
DROP TABLE attempt_items;
DELETE FROM attempts WHERE transaction_id IS NULL;
ALTER TABLE attempts ALTER COLUMN transaction_id SET NOT NULL;
ALTER TABLE attempts DROP CONSTRAINT attempts_purpose_check;
ALTER TABLE attempts ADD CONSTRAINT attempts_purpose_check
    CHECK (purpose IN ('payment', 'create_account', 'refund'));
CREATE INDEX attempts_transaction ON attempts (transaction_id);
CREATE UNIQUE INDEX attempts_open_transaction ON attempts (transaction_id) WHERE closed_at IS NULL;
