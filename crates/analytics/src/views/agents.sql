-- view: agents
-- doc: Agents of accounts. The last write counts.
-- source: domain specification §2.4, §3.2
-- key: account_id, agent_id
-- reference: accounts | account_id
-- column: account_id | TEXT | Account (platform organization).
-- column: agent_id | TEXT | Agent inside the account.
-- column: name | TEXT | Name of the agent.
-- column: email | TEXT | E-mail address of the agent.
-- column: role | TEXT | owner, admin, member or agent.
SELECT
  account_id,
  agent_id,
  name,
  email,
  role
FROM stored.agents
QUALIFY row_number() OVER (PARTITION BY account_id, agent_id ORDER BY ingest_seq DESC) = 1
