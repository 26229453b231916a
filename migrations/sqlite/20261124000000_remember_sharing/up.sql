-- Accounts by how they are used: by one user, or by several that memos tell apart (SEP-24). Whoever comes first decides.
CREATE TABLE account_sharing (
    account TEXT PRIMARY KEY NOT NULL,
    sharing TEXT NOT NULL CHECK (sharing IN ('single', 'shared', 'both'))
) STRICT;
