-- Only while no attempt is open: one that waits for its signatures would wait for ever.
DROP TABLE signings;
