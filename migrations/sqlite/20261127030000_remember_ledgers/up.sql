-- The ledger that holds an envelope, applied or failed: its sequence number is used. NULL where none does, where that is not
-- known, and where it was closed before this was written down.
ALTER TABLE attempts ADD COLUMN ledger INTEGER CHECK (ledger >= 0);
