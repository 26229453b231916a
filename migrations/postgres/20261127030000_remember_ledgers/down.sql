ALTER TABLE attempts ALTER COLUMN envelope SET STORAGE EXTENDED;
ALTER TABLE channels RESET (fillfactor);
ALTER TABLE attempts RESET (fillfactor);
ALTER TABLE transactions RESET (fillfactor);
ALTER TABLE attempts DROP COLUMN ledger;
