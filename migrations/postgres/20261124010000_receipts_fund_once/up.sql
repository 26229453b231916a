-- Which transaction a credit on the rails has funded: one report for two deposits pays one of them.
CREATE TABLE receipts (
    asset TEXT NOT NULL,
    reference TEXT NOT NULL,
    transaction_id TEXT NOT NULL REFERENCES transactions (id),
    PRIMARY KEY (asset, reference)
);
CREATE TRIGGER receipts_no_update BEFORE UPDATE ON receipts
    FOR EACH ROW EXECUTE FUNCTION anchor_refuse();
CREATE TRIGGER receipts_no_delete BEFORE DELETE ON receipts
    FOR EACH ROW EXECUTE FUNCTION anchor_refuse();

-- where an earlier release let one credit fund several, the oldest has it
INSERT INTO receipts (asset, reference, transaction_id)
SELECT receipt::jsonb -> 'amount' ->> 'asset', receipt::jsonb ->> 'reference', id
FROM transactions
WHERE kind = 'deposit' AND receipt IS NOT NULL
ORDER BY started_at, id
ON CONFLICT DO NOTHING;
