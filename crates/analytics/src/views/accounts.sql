-- view: accounts
-- doc: Accounts (platform organizations). The last write counts.
-- source: domain specification §2.4, §3.2
-- key: account_id
-- column: account_id | TEXT | Account (platform organization).
-- column: name | TEXT | Name of the account.
-- column: timezone | TEXT | IANA time zone that decides the account's calendar days; UTC by default.
-- column: business_hours | JSON | Weekly opening hours: a list of {dow 1 to 7 with Monday 1, open, close}.
SELECT
  account_id,
  name,
  coalesce(timezone, 'UTC') AS timezone,
  business_hours
FROM stored.accounts
QUALIFY row_number() OVER (PARTITION BY account_id ORDER BY ingest_seq DESC) = 1
