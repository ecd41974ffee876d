-- page: conversation_sessions
-- doc: One row per session of a conversation, the first one first: from its first touch to 24 hours after the first resolve that nothing followed.
-- source: domain specification §5.4, §5.5, §6.3
-- class: entity
-- period: none
-- argument: conversation_id | TEXT | The conversation.
-- column: session_no | BIGINT | Number of the session in its conversation, from 1.
-- column: started_at | TIMESTAMP | First touch.
-- column: is_incoming | BOOLEAN | Whether the first touch is an inbound message or was opened by the customer.
-- column: reopens | BIGINT | Touches that reopened it after a resolve.
-- column: resolved_at | TIMESTAMP | When it was resolved, if nothing touched it since; else NULL.
-- column: ended_at | TIMESTAMP | 24 hours after resolved_at; from then on a touch starts a new session.
-- column: status | TEXT | resolved, else assigned to an agent or a team, else unassigned.
-- column: is_active | BOOLEAN | Whether it is not resolved, or was resolved less than 24 hours before as_of.
-- column: agent_id | TEXT | Agent who is assigned last.
-- column: team_id | TEXT | Team that is assigned last.
-- extra: agent_name | TEXT | Name of that agent.
-- extra: team_name | TEXT | Name of that team.
-- example: SELECT session_no, started_at, resolved_at, status, is_active FROM conversation_sessions('cb_1', 'c5', '{"as_of":"2026-03-12T16:00:00Z"}');
SELECT
  sessions.session_no,
  sessions.started_at,
  sessions.is_incoming,
  sessions.reopens,
  sessions.resolved_at,
  sessions.ended_at,
  sessions.status,
  sessions.is_active,
  sessions.agent_id,
  sessions.team_id,
  agents.name AS agent_name,
  teams.name AS team_name
FROM sessions
LEFT JOIN agents
  ON agents.account_id = $account_id
  AND agents.agent_id = sessions.agent_id
LEFT JOIN teams
  ON teams.account_id = $account_id
  AND teams.team_id = sessions.team_id
WHERE sessions.conversation_id = $conversation_id
ORDER BY sessions.session_no
