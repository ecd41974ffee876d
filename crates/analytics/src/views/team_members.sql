-- view: team_members
-- doc: Which agent is in which team.
-- source: domain specification §2.4, §3.2
-- key: account_id, team_id, agent_id
-- reference: teams | account_id, team_id
-- reference: agents | account_id, agent_id
-- column: account_id | TEXT | Account (platform organization).
-- column: team_id | TEXT | Team inside the account.
-- column: agent_id | TEXT | Agent who is a member of the team.
SELECT DISTINCT
  account_id,
  team_id,
  agent_id
FROM stored.team_members
