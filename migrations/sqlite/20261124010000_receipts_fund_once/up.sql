-- Which transaction a credit on the rails has funded: one report for two deposits pays one of them.
CREATE TABLE receipts (
    asset TEXT NOT NULL,
    reference TEXT NOT NULL,
    transaction_id TEXT NOT NULL REFERENCES transactions (id),
    PRIMARY KEY (asset, reference)
) STRICT;
CREATE TRIGGER receipts_no_update BEFORE UPDATE ON receipts
BEGIN
    SELECT RAISE(ABORT, 'receipts does not allow UPDATE');
END;
CREATE TRIGGER receipts_no_delete BEFORE DELETE ON receipts
BEGIN
    SELECT RAISE(ABORT, 'receipts does not allow DELETE');
END;

-- where an earlier release let one credit fund several, the oldest has it
INSERT INTO receipts (asset, reference, transaction_id)
SELECT json_extract(receipt, '$.amount.asset'), json_extract(receipt, '$.reference'), id
FROM transactions
WHERE kind = 'deposit' AND receipt IS NOT NULL
ORDER BY started_at, id
ON CONFLICT DO NOTHING;
