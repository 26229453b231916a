DROP TABLE account_sharing;
