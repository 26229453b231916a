ALTER TABLE attempts DROP COLUMN ledger;
