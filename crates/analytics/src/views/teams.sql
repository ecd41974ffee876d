-- view: teams
-- doc: Teams of agents. The last write counts.
-- source: domain specification §2.4, §3.2
-- key: account_id, team_id
-- reference: accounts | account_id
-- column: account_id | TEXT | Account (platform organization).
-- column: team_id | TEXT | Team inside the account.
-- column: name | TEXT | Name of the team.
SELECT
  account_id,
  team_id,
  name
FROM stored.teams
QUALIFY row_number() OVER (PARTITION BY account_id, team_id ORDER BY ingest_seq DESC) = 1
