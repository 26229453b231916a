-- When each job, on whatever machine, last came to its end without an error.
CREATE TABLE job_heartbeats (
    job TEXT PRIMARY KEY NOT NULL,
    beaten_at TEXT NOT NULL
) STRICT;
