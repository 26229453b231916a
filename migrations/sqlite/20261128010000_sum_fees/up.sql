-- The fees of a day are summed up before every round of payments where there is a budget: out of the index alone.
CREATE INDEX attempts_fees ON attempts (opened_at, fee);
DROP INDEX attempts_opened;
CREATE INDEX attempt_bumps_fees ON attempt_bumps (opened_at, fee);
