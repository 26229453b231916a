DROP TABLE quote_sums;
DROP TABLE quote_uses;
DROP TABLE quote_reserves;
DROP TABLE quotes;
ALTER TABLE transactions DROP COLUMN quote;
