-- The ledger that holds an envelope, applied or failed: its sequence number is used. NULL where none does, where that is not
-- known, and where it was closed before this was written down.
ALTER TABLE attempts ADD COLUMN ledger BIGINT CHECK (ledger >= 0);

-- A claim changes no column with an index. Where its page has room for the new versions, no index is touched.
ALTER TABLE transactions SET (fillfactor = 50);
ALTER TABLE attempts SET (fillfactor = 50);
ALTER TABLE channels SET (fillfactor = 50);
-- Keys, amounts and signatures: packing them takes longer than writing them.
ALTER TABLE attempts ALTER COLUMN envelope SET STORAGE EXTERNAL;
